"""Facts as text that may come from anywhere, and back: ``from_text(to_text(facts), names)`` gives the same facts under these names.

The text is JSON on one line, in ASCII, and a pure function of the facts. What JSON has no word for is an object with one key: ``set``
``bytes`` ``int`` ``float`` ``complex`` ``ellipsis``. Reading it runs nothing and builds nothing but facts, unlike `codec`, whose bytes
are for places that nobody else can write to; it takes some three times as long."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from txlint.deep import with_room
from txlint.model.facts import Class, FileFacts, Function, Ignore, Import, Param, Unreadable

_LARGEST = 1 << 64  # what is larger is written in hexadecimal, which takes linear time


def to_text(facts: FileFacts | Unreadable) -> str:
    """The facts without the names that they go by."""
    text: str = _with_depth(lambda: _dump(list(facts[1:] if isinstance(facts, Unreadable) else facts[3:])))
    return text


def from_text(text: str, names: tuple[str, str, bool]) -> FileFacts | Unreadable:
    """The facts under these ``names`` (path, module, is it a package). Raises ``ValueError`` or ``TypeError`` for what are none."""
    plain = _with_depth(lambda: _tuple(json.loads(text, object_hook=_value)))
    if len(plain) == len(Unreadable._fields) - 1:
        return Unreadable(names[0], *plain)
    lines, body, functions, classes, imports, bound, ignores, words, global_sets, put_on = plain
    return FileFacts(
        *names,
        lines,
        body,
        tuple([Function(name, qualname, tuple([Param(*p) for p in params]), *rest) for name, qualname, params, *rest in functions]),
        tuple([Class(*each) for each in classes]),
        tuple([Import(*each) for each in imports]),
        bound,
        tuple([Ignore(*each) for each in ignores]),
        words,
        global_sets,
        put_on,
    )


def _with_depth(work: Callable[[], Any]) -> Any:
    """Facts nest deeper than Python recurses by itself."""
    try:
        return work()
    except RecursionError:
        return with_room(work)


def _dump(plain: Any) -> str:
    try:
        return json.dumps(plain, default=_object, allow_nan=False, separators=(",", ":"))
    except ValueError:  # an infinite number, or an integer of more digits than Python cares to write
        return json.dumps(_tame(plain), default=_object, allow_nan=False, separators=(",", ":"))


def _tame(value: Any) -> Any:
    """The same with numbers that JSON cannot hold as objects."""
    match value:
        case tuple() | list():
            return [_tame(each) for each in value]
        case float() if value - value != 0:
            return {"float": str(value)}
        case int() if abs(value) >= _LARGEST:
            return {"int": hex(value)}
        case _:
            return value


def _object(value: Any) -> dict[str, Any]:
    match value:
        case frozenset():
            return {"set": sorted(value)}
        case bytes():
            return {"bytes": value.hex()}
        case complex():
            return {"complex": [value.real.hex(), value.imag.hex()]}
    assert value is ...
    return {"ellipsis": None}


_VALUES: dict[str, Callable[[Any], Any]] = {
    "set": frozenset,
    "bytes": bytes.fromhex,
    "int": lambda text: int(text, 16),
    "float": float,
    "complex": lambda parts: complex(*map(float.fromhex, parts)),
    "ellipsis": lambda _: ...,
}


def _value(pairs: dict[str, Any]) -> Any:
    if len(pairs) == 1:
        ((kind, value),) = pairs.items()
        if kind in _VALUES:
            return _VALUES[kind](value)
    raise ValueError("an object that is no value of a fact")


def _tuple(value: Any) -> tuple[Any, ...]:
    if value.__class__ is not list:
        raise ValueError("no array")
    return tuple([_tuple(each) if each.__class__ is list else each for each in value])
