"""Which files there are: ``discover(paths, config, root)``, and ``read`` for the bytes of one of them.

``project_root(paths)`` finds the folder that is known as a whole; the given paths only limit what is reported. See ``roots.py`` for
how a file gets its dotted name, ``walk.py`` for what is left out."""

from txlint.discover.read import Stamp, read, read_stamped
from txlint.discover.roots import project_root
from txlint.discover.walk import Discovery, File, Skipped, discover

__all__ = ["Discovery", "File", "Skipped", "Stamp", "discover", "project_root", "read", "read_stamped"]
