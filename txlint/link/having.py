"""Has the receiver of a method an attribute at all: ``hasattr(self, "owner")`` in a mixin, some of whose classes have an owner?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from txlint.link.project import Klass
from txlint.link.settled import sets_any
from txlint.link.unset import row_of_class

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

_ANSWER = ("__getattr__", "__getattribute__")
_PLAIN = frozenset({"abc.ABC", "builtins.object", "typing.Generic", "typing.Protocol"})
"""Classes of libraries without attributes of their own that anyone asks for."""


def has(frame: Frame, name: str) -> bool | None:
    """Has the receiver an attribute of this name, whoever made it? None where that depends, or is not known."""
    klass = frame.klass
    if klass is None or (klass is frame.fun.klass and not frame.exact):
        return None  # classes of other projects may derive from it
    frame.queries["has", name] = None
    return told(frame.linker, klass, frame.exact, name)


def told(linker: Linker, klass: Klass, exact: bool, name: str) -> bool | None:
    """The same of the instances of a class; unless they are ``exact``, also of those below it."""
    answers = {_has(linker, each, name) for each in ((klass,) if exact else (klass, *klass.subclasses))}
    return answers.pop() if len(answers) == 1 else None


def _has(linker: Linker, klass: Klass, name: str) -> bool | None:
    key = (klass.id, name)
    if key not in linker.having:
        linker.having[key] = _is_there(linker, klass, name)
    return linker.having[key]


def _is_there(linker: Linker, klass: Klass, name: str) -> bool | None:
    found, row = linker.find(klass, name), row_of_class(linker, klass)
    if found is not None:
        method = found.method
        if method is not None and method.fact is not None:
            return None if method.fact.decorators else True  # a property may fail
        field = row.field(name) if row is not None else None
        return True if field is not None and field.keeps and field.names == (name,) else None
    if name in linker.setters(klass) or name in linker.project.put_on or any(linker.find(klass, each) is not None for each in _ANSWER):
        return None
    for base in linker.mro(klass):
        if isinstance(base, str):
            if row is None and base not in _PLAIN:
                return None
        elif base.fact.keywords or base.fact.decorators or not linker.has_known_bases(base) or sets_any(linker, base):
            return None
    return False if row is None or row.never_has(name) else None
