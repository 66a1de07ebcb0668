"""Facts as bytes and back: ``decode(encode(facts)) == facts``, and the same for a file that has none.

The bytes are `marshal` of plain tuples. They are bound to the Python version and to ``facts.SCHEMA``, and must only be read from a
place that nobody else can write to: they go between txlint's own processes, and the cache checks its seal before it reads them."""

from __future__ import annotations

import marshal
import sys
from typing import Any

from txlint import __version__
from txlint.model.facts import SCHEMA, Class, FileFacts, Function, Ignore, Import, Param, Unreadable


def bound_to() -> str:
    """What facts that come from another process or machine have to be made by, to be those that this one would make."""
    return f"txlint {__version__} (facts {SCHEMA}), {sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"


def encode(facts: FileFacts | Unreadable) -> bytes:
    """The facts as bytes; ValueError where they are nested deeper than `marshal` goes."""
    if isinstance(facts, Unreadable):
        return marshal.dumps(tuple(facts))
    plain = list(facts)
    plain[5] = [(f[0], f[1], [tuple(p) for p in f[2]], *f[3:]) for f in facts.functions]
    plain[6] = [tuple(c) for c in facts.classes]
    plain[7] = [tuple(i) for i in facts.imports]
    plain[9] = [tuple(i) for i in facts.ignores]
    return marshal.dumps(plain)


def decode(data: bytes, names: tuple[str, str, bool] | None = None) -> FileFacts | Unreadable:
    """What ``encode`` was given; with other ``names`` (path, module, is it a package) where the same bytes stand in another file."""
    plain: Any = marshal.loads(data)
    if plain.__class__ is tuple:
        return Unreadable._make(plain if names is None else (names[0], *plain[1:]))
    if names is not None:
        plain[:3] = names
    param, function = Param._make, Function._make
    plain[5] = tuple([function((f[0], f[1], tuple([param(p) for p in f[2]]), *f[3:])) for f in plain[5]])
    plain[6] = tuple([Class._make(c) for c in plain[6]])
    plain[7] = tuple([Import._make(i) for i in plain[7]])
    plain[9] = tuple([Ignore._make(i) for i in plain[9]])
    return FileFacts._make(plain)
