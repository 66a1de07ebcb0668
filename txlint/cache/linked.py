"""What linking and propagating made of a project's facts, kept until the facts say something else: ``find`` gives it while all files say
what they said then, ``keep`` remembers it.

A file says the same when its facts are the same but for line numbers: a comment, an empty line or a docstring more is no news. The lines
of what was found are then those where the same code stands now (`moved`). Anything else that is different, and all is linked anew: what
one function says may matter to any other.

It is sealed like all that the folder holds (`cache.folder`), so that `marshal` can read it."""

from __future__ import annotations

import dataclasses
import marshal
import zlib
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.cache.facts import FactsCache
from txlint.cache.folder import Unusable, read_sealed, write_sealed
from txlint.model.catalog import Arg, Effect, When
from txlint.model.facts import Class, FileFacts, Function, Ignore, Import
from txlint.model.finding import Assumption
from txlint.model.graph import Misuse
from txlint.model.hazard import EffectSite, Hazard, Hop, Omitted, Origin, Passage, Spot
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.discover import File

MOST_CHANGED = 32  # files of which the facts are compared
_MOST_PER_LINE = 8  # bytes per line of source, as with stored answers
_LEAST = 1 << 16
_LINED = frozenset({"expr", "assign", "ann", "aug", "return", "raise", "assert", "del", "if", "while", "for", "try", "match"})
"""Statements that end in their line."""

Lines = dict[str, dict[int, int]]
"""By the path of a file as reported: where what stood on a line stands now."""


class Linked(NamedTuple):
    """What a report asks of a linked program: hazards; the places of ignore comments that stood in the way of one; how many scopes, effect
    calls and unresolved calls there are; packages that are not known, with the number of calls inside transactions; functions that could
    not be followed (name, path, line, why); which versions were assumed."""

    hazards: tuple[Hazard, ...]
    met: frozenset[tuple[str, int]]
    scopes: int
    effects: int
    unresolved: int
    foreign: tuple[tuple[str, int], ...]
    left_out: tuple[tuple[str, str, int, str], ...]
    versions: tuple[Assumption, ...]


class Kept(NamedTuple):
    """What a run before has left: with what it had asked of the project's other files (question, argument, digest of the answer), and
    whether files say it in other lines by now."""

    linked: Linked
    asked: tuple[tuple[str, str, bytes], ...]
    is_moved: bool


def find(
    cache: FactsCache, basis: str, files: Iterable[File], facts: Iterable[FileFacts], same: Callable[[str, str, bytes], bool]
) -> Kept | None:
    """What was kept for this ``basis``: whatever it rests on besides facts and the answers to questions, of which ``same`` says whether
    they are as they were. To be asked before the cache is saved: the facts of before are gone then."""
    data = read_sealed(cache.folder, _name(cache))
    if data is None:
        return None
    told, digests, asked, packed = marshal.loads(data)
    if told != basis or digests.keys() != cache.used.keys():
        return None
    changed = [key for key, entry in cache.used.items() if entry.digest != digests[key]]
    if len(changed) > MOST_CHANGED or not all(same(*each) for each in asked):
        return None
    lines: Lines = {}
    if changed:
        by_path = {each.path: each for each in facts}
        by_key = {cache.key(file.path): file for file in files}
        for key in changed:
            file, before = by_key[key], cache.digests.get(digests[key])
            old, new = cache.facts_of(before, file) if before is not None else None, by_path.get(file.display)
            where = moved(old, new) if isinstance(old, FileFacts) and new is not None else None
            if where is None:
                return None
            lines[file.display] = where
    return Kept(_unpack(packed, lines), tuple(asked), bool(changed))


def keep(cache: FactsCache, basis: str, asked: Iterable[tuple[str, str, bytes]], linked: Linked) -> None:
    """Remember what was linked of the facts that the cache has given and taken in this run."""
    packed = _pack(linked)
    lines = sum([entry.lines for entry in cache.used.values()])
    if packed is None or len(packed) > max(_LEAST, _MOST_PER_LINE * lines):
        return
    digests = {key: entry.digest for key, entry in cache.used.items()}
    try:
        write_sealed(cache.folder, _name(cache), marshal.dumps((basis, digests, list(asked), packed)))
    except Unusable:
        return  # as with answers: the facts could be kept


def _name(cache: FactsCache) -> str:
    return f"{cache.name}.linked"


# -- facts that say the same ----------------------------------------------------------------------------------------------------------


class _Different(Exception):
    pass


def moved(old: FileFacts, new: FileFacts) -> dict[int, int] | None:
    """Where the lines of a file are now, in which nothing but lines and the text of docstrings has changed; None where more has. The order
    of lines has to be the same, and columns, by which results are told apart. A lambda is called by its line: where that has moved, more
    has changed."""
    lines: dict[int, int] = {}
    try:
        for name, one, two in zip(FileFacts._fields, old, new, strict=True):
            if name in _PLAIN:
                _equal(one, two)
            elif name != "lines":
                _compare(one, two, lines)
    except (_Different, RecursionError):
        return None
    where = [lines[line] for line in sorted(lines)]
    return lines if all(one < two for one, two in pairwise(where)) else None


_PLAIN = frozenset({"path", "module", "is_package", "bound", "words", "global_sets", "put_on"})
_WITH_LINES: dict[type, tuple[str, ...]] = {Import: ("line",), Ignore: ("line", "comment_line"), Function: (), Class: ()}
_WITH_CODE = frozenset({"params", "decorators", "returns", "body", "pos", "name_pos", "bases", "keywords"})


def _equal(one: Any, two: Any) -> None:
    if one != two or one.__class__ is not two.__class__:
        raise _Different


def _line(one: int, two: int, lines: dict[int, int]) -> None:
    if lines.setdefault(one, two) != two:
        raise _Different


def _compare(one: Any, two: Any, lines: dict[int, int]) -> None:
    kind = one.__class__
    if kind is not two.__class__:
        raise _Different
    if kind in _WITH_LINES:
        for name, mine, other in zip(kind._fields, one, two, strict=True):
            if name in _WITH_LINES[kind]:
                _line(mine, other, lines)
            elif name in _WITH_CODE:
                _compare(mine, other, lines)
            else:
                _equal(mine, other)
        return
    if not isinstance(one, tuple):
        _equal(one, two)
        return
    if len(one) != len(two):
        raise _Different
    if kind is tuple and one:
        tag = one[0]
        if tag == "const":
            if repr(one) != repr(two):  # 1, 1.0 and True are equal
                raise _Different
            return
        if len(one) == 4 and all(each.__class__ is int for each in one):
            _line(one[0], two[0], lines)
            _line(one[2], two[2], lines)
            _equal((one[1], one[3]), (two[1], two[3]))
            return
        if tag.__class__ is str and tag in _LINED and one[-1].__class__ is int:
            _line(one[-1], two[-1], lines)
            if _is_text(one) and _is_text(two):
                return
            one, two = one[:-1], two[:-1]
    for mine, other in zip(one, two, strict=True):
        _compare(mine, other, lines)


def _is_text(stmt: tuple[Any, ...]) -> bool:
    """A string that stands alone is there to be read by people."""
    value = stmt[1] if stmt[0] == "expr" else None
    return value.__class__ is tuple and value[0] == "const" and isinstance(value[1], str)


# -- as bytes -------------------------------------------------------------------------------------------------------------------------

_KINDS: tuple[type, ...] = (Hazard, EffectSite, Passage, Hop, Omitted, Origin, Spot, Effect, Misuse, When, Arg, Assumption)
_FIELDS = [tuple(field.name for field in dataclasses.fields(kind)) for kind in _KINDS]
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_SURE = len(_KINDS)


def _pack(linked: Linked) -> bytes | None:
    """None where something is in it that there is no word for."""
    known: dict[int, Any] = {}

    def plain(value: Any) -> Any:
        kind = value.__class__
        if kind in _NUMBERS:
            found = known.get(id(value))
            if found is None:
                number = _NUMBERS[kind]
                found = known[id(value)] = [number, *[plain(getattr(value, name)) for name in _FIELDS[number]]]
            return found
        if kind is tuple:
            return tuple([plain(each) for each in value])
        return [_SURE, int(value)] if kind is Confidence else value

    try:
        return zlib.compress(marshal.dumps(plain(tuple(linked))), 1)
    except ValueError:
        return None


def _unpack(packed: bytes, lines: Lines) -> Linked:
    known: dict[int, Any] = {}

    def built(value: Any) -> Any:
        kind = value.__class__
        if kind is tuple:
            return tuple([built(each) for each in value])
        if kind is not list:
            return value
        found = known.get(id(value))
        if found is None:
            number, *fields = value
            if number == _SURE:
                found = Confidence(fields[0])
            else:
                found = _KINDS[number](**dict(zip(_FIELDS[number], map(built, fields), strict=True)))
                found = _placed(found, lines) if lines else found
            known[id(value)] = found
        return found

    plain = marshal.loads(zlib.decompress(packed))
    linked = Linked._make(map(built, plain))
    if not lines:
        return linked
    met = frozenset((path, _now(lines, path, line)) for path, line in linked.met)
    left_out = tuple((name, path, _now(lines, path, line), why) for name, path, line, why in linked.left_out)
    return linked._replace(met=met, left_out=left_out)


def _placed(value: Any, lines: Lines) -> Any:
    """A place where it is now."""
    if isinstance(value, Spot):
        first, start, last, end = value.pos
        return Spot(value.path, (_now(lines, value.path, first), start, _now(lines, value.path, last), end))
    if isinstance(value, Assumption):
        return dataclasses.replace(value, line=_now(lines, value.path, value.line))
    return value


def _now(lines: Lines, path: str, line: int) -> int:
    return lines.get(path, {}).get(line, line)
