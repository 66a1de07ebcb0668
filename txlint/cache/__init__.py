"""What is known from earlier runs: ``open_cache`` gives the facts that are kept in a folder, ``Unusable`` says why there are none.

``folder.py`` says why what is read from there can be believed, ``facts.py`` what is kept and when it is right."""

from txlint.cache.facts import FactsCache, open_cache
from txlint.cache.folder import NAME, Unusable

__all__ = ["NAME", "FactsCache", "Unusable", "open_cache"]
