"""Decodes ``libs/*.toml`` and a project's own tables, strictly: whatever is not understood is an error that names the nearest word.

Only the libraries that a project imports are read. The first line of each file says which packages stand for it, so that choosing
costs one small read per file: ``# packages: rest_framework; needs: django`` (``*`` is always read). Of packages that many libraries
share a part is named: ``google.cloud.storage``.

An entry is one table. ``name`` or ``names`` say what it is about, ``of`` (one or several) is put in front of each, so that methods of
a class that behave alike are one entry.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from txlint.catalog.lookup import ITS_CLASS, PROJECT, Catalog
from txlint.catalog.types import TypeExpr, parse_run, parse_type
from txlint.model.catalog import (
    Arg,
    Calls,
    Closer,
    Deferral,
    Effect,
    Entry,
    Hook,
    Library,
    LibraryClass,
    Opener,
    Returns,
    Signature,
    Silent,
    When,
)
from txlint.model.kinds import EFFECT_KINDS, OPENER_KINDS, Confidence

LIBRARIES = Path(__file__).parent / "libs"


class CatalogError(ValueError):
    """A table that cannot be understood; the message names file, entry and, where there is one, the nearest valid word."""


class Header(NamedTuple):
    """What the first line of a library's file says."""

    packages: tuple[str, ...]
    needs: tuple[str, ...]


def load_catalog(imported: Collection[str] | None = None, mine: Library | None = None) -> Catalog:
    """The catalog for a project that imports what has these full names (``google.cloud.storage.Client``; None: all there is), with what its
    own tables say (`decode_project`)."""
    if imported is not None and mine is not None:
        imported = {*imported, *_mentioned(mine)}
    libraries = [read_library(LIBRARIES / f"{name}.toml") for name in choose(imported)]
    return Catalog(libraries if mine is None else [*libraries, mine])


def decode_project(tables: Mapping[str, Any], source: str) -> Library:
    """A project's own tables (``{"effect": [{..}], ..}``), as they stand in the file ``source``: the same words as for any library,
    but for versions, which only a library has."""
    prefix = "" if source.endswith("txlint.toml") else "tool.txlint."
    library = decode({"library": {"name": PROJECT, "distribution": "", "packages": []}, **tables}, source, prefix)
    for entry in library.entries:
        where = f"{source}: [[{prefix}{table_of(entry)}]] {entry.name}"
        if "." not in entry.name:
            raise CatalogError(f"{where}: a name begins with its module, as in 'shop.queue.{entry.name}'")
        if any(when.version is not None for when in entry.when):
            raise CatalogError(f"{where}: when: 'version' asks for a library's version, and the project's own entries have none")
    return library


def names_of(row: Mapping[str, Any]) -> list[str]:
    """The names that a row of a table is about."""
    return list(_names({key: read(row[key]) for key, read in _NAMES.items() if key in row}))


def table_of(entry: Entry) -> str:
    """The table in which an entry of this kind stands."""
    return next(table for table, (make, _, _) in _TABLES.items() if make is type(entry))


def _mentioned(library: Library) -> set[str]:
    """The types that entries name: what a project calls by its own functions alone is imported all the same."""
    named = {node.name for entry in library.entries for _, node in expressions(entry) if node.op in ("instance", "class")}
    return {*library.aliases.values(), *named}


def _packages(names: Iterable[str], headers: Iterable[Header]) -> set[str]:
    """The packages in which dotted names lie: the top-level ones, and of those that many libraries share each part."""
    found: set[str] = set()
    shared = {package.partition(".")[0] for header in headers for package in header.packages if "." in package}
    for name in set(names):
        top = name.partition(".")[0]
        found.add(top)
        while top in shared and name not in found:
            found.add(name)
            name = name.rpartition(".")[0]
    return found


def expressions(entry: Entry) -> Iterator[tuple[str, TypeExpr]]:
    """All parts of the type expressions of an entry, each with its key."""
    texts: list[tuple[str, str]] = []
    if isinstance(entry, Returns):
        texts += (("type", entry.type), ("enter", entry.enter), ("decorated", entry.decorated), ("becomes", entry.becomes))
    elif isinstance(entry, LibraryClass):
        texts += [("attributes", text) for text in entry.attributes.values()] + [("parameters", text) for text in entry.parameters.values()]
        texts += [("bases", text) for text in entry.bases] + [("item", entry.item)]
    pending = [(key, parse_type(text.replace(ITS_CLASS, "self"))) for key, text in texts if text]
    if isinstance(entry, Calls):
        pending += [("runs", target) for text in entry.runs if (target := parse_run(text).target) is not None]
    while pending:
        key, node = pending.pop()
        yield key, node
        pending += [(key, part) for part in node.args]


def choose(imported: Collection[str] | None) -> list[str]:
    """The names of the libraries to read for what has these full names, sorted; those that a chosen one needs are included."""
    headers = read_headers()
    if imported is None:
        return sorted(headers)
    wanted = _packages(imported, headers.values())
    chosen: set[str] = set()
    pending = [name for name, header in headers.items() if "*" in header.packages or not wanted.isdisjoint(header.packages)]
    while pending:
        name = pending.pop()
        if name not in chosen:
            chosen.add(name)
            pending.extend(headers[name].needs)
    return sorted(chosen)


def read_headers() -> dict[str, Header]:
    """The first lines of all files, by library."""
    with os.scandir(LIBRARIES) as found:
        stamp = sorted((each.name, *_stamp(each.stat())) for each in found if each.name.endswith(".toml"))
    lines = _kept(
        LIBRARIES, "all", stamp, lambda: {name.removesuffix(".toml"): tuple(_first_line(LIBRARIES / name)) for name, _, _ in stamp}
    )
    return {name: Header(*line) for name, line in lines.items()}


def _first_line(path: Path) -> Header:
    with path.open("rb") as file:
        return _header(file.readline().decode(), path.name)


def _header(line: str, file: str) -> Header:
    values: dict[str, tuple[str, ...]] = {}
    for part in line.removeprefix("#").split(";"):
        key, colon, text = part.partition(":")
        if not colon or key.strip() not in ("packages", "needs"):
            raise CatalogError(f"{file}: the first line must be '# packages: a, b' and may go on with '; needs: c'")
        values[key.strip()] = tuple(text.replace(",", " ").split())
    return Header(values.get("packages", ()), values.get("needs", ()))


def read_library(path: Path) -> Library:
    """One file, decoded."""
    return decode(_tables(path), path.name)


def _tables(path: Path) -> dict[str, Any]:
    return _kept(path.parent, path.stem, list(_stamp(path.stat())), lambda: _parse(path))


def _stamp(status: os.stat_result) -> tuple[int, int]:
    return status.st_mtime_ns, status.st_size


def _kept(folder: Path, name: str, stamp: list[Any], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What was made of files, from the copy beside them where that has their stamp: parsing TOML takes most of a start's time with the
    catalog, and a run must not open each file to find those that it needs. Kept like Python's own compiled files, and with the same
    switch off."""
    copy = folder / "__pycache__" / f"{name}.{sys.implementation.cache_tag}.tables"
    try:
        kept, made = marshal.loads(copy.read_bytes())
        if kept == stamp:
            return dict(made)
    except (OSError, EOFError, ValueError, TypeError):
        pass
    made = make()
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError, ValueError):  # a read-only installation; a value that cannot be kept
            copy.parent.mkdir(exist_ok=True)
            draft = copy.with_suffix(f".{os.getpid()}")
            draft.write_bytes(marshal.dumps((stamp, made)))
            draft.replace(copy)
    return made


def _parse(path: Path) -> dict[str, Any]:
    import tomllib  # only where there is no copy

    text = path.read_text(encoding="utf-8")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(f"{path.name}: {error}") from None
    header = _header(text.partition("\n")[0], path.name)
    head = tables.get("library", {})
    if header != Header(tuple(head.get("packages", ())), tuple(head.get("needs", ()))):
        raise CatalogError(f"{path.name}: the first line does not say the packages and needs of [library]")
    return tables


def decode(tables: Mapping[str, Any], file: str, prefix: str = "") -> Library:
    """Raw tables, as `tomllib` gives them, to a `Library`. ``prefix`` is what their names begin with in that file, for messages."""
    for key in tables:
        if key not in _TABLES and key not in ("library", "aliases"):
            raise CatalogError(f"{file}: unknown table [{key}]{_nearest(key, (*_TABLES, 'library', 'aliases'))}")
    head = tables.get("library")
    if not isinstance(head, dict):
        raise CatalogError(f"{file}: [library] is missing")
    known = _fields(head, _HEAD, f"{file}: [library]", required=("name", "distribution", "packages"))
    aliases = tables.get("aliases", {})
    for new, old in aliases.items():
        if not isinstance(old, str):
            raise CatalogError(f"{file}: [{prefix}aliases] {new}: expected a name, got {old!r}")
    entries: list[Entry] = []
    for table, (make, fields, required) in _TABLES.items():
        rows = tables.get(table, [])
        if not isinstance(rows, (list, tuple)):
            raise CatalogError(f"{file}: write [[{prefix}{table}]], an array of tables")
        for row in rows:
            entries.extend(_entries(row, f"{file}: [[{prefix}{table}]]", make, fields, required, known["name"]))
    return Library(**known, entries=tuple(entries), aliases=MappingProxyType(dict(aliases)))


def _entries(
    row: Any, table: str, make: Callable[..., Entry], fields: Mapping[str, _Reader], required: tuple[str, ...], library: str
) -> list[Entry]:
    about = _fields({key: row[key] for key in _NAMES if key in row} if isinstance(row, dict) else {}, _NAMES, table)
    names = list(_names(about))
    where = f"{table} {names[0] if names else ''}".rstrip()
    values = _fields({key: value for key, value in row.items() if key not in _NAMES} if isinstance(row, dict) else {}, fields, where)
    if not names or len(about) - ("of" in about) > 1:
        raise CatalogError(f"{where}: expected 'name' or 'names', each a dotted name whose last segment may end in *")
    for name in names:
        if not _is_name(name):
            raise CatalogError(f"{where}: {name!r} is not a dotted name")
    for key in required:
        if key not in values:
            raise CatalogError(f"{where}: {key!r} is missing")
    if values.get("untested"):
        values["confidence"] = min(values.get("confidence", Confidence.CERTAIN), Confidence.LIKELY)
    entries = [make(name=name, library=library, **values) for name in names]
    if unsaid := _unsaid(entries[0]):
        raise CatalogError(f"{where}: {unsaid}")
    return entries


def _names(about: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for prefix in about.get("of", ("",)):
        for name in about.get("names") or about.get("name") or ():
            yield f"{prefix}.{name}" if prefix else name


def _unsaid(entry: Entry) -> str:
    """What an entry has to say besides, so as not to be without effect."""
    match entry:
        case Opener() if "runs" in entry.forms and entry.callback is None:
            return "forms: 'runs' needs 'callback', the argument that it runs"
        case Hook() if entry.by == "register" and entry.callable is None:
            return "by: 'register' needs 'callable', the argument that is registered"
        case Hook() if entry.events and entry.event is None:
            return "'events' needs 'event', the argument that names the event"
        case Returns() if not (entry.type or entry.enter or entry.decorated or entry.becomes):
            return "one of 'type', 'enter', 'decorated' and 'becomes' is missing"
        case Opener() if entry.key == "argument" and entry.alias is None:
            return "key: 'argument' needs 'alias', the argument that it stands for"
        case Signature() if not (entry.keywords or entry.bare or entry.answers):
            return "one of 'keywords', 'bare' and 'answers' is missing"
    return ""


def _is_name(name: str) -> bool:
    *parents, last = name.split(".")
    return all(part.isidentifier() for part in parents) and (last == "*" or last.removesuffix("*").isidentifier())


_Reader = Callable[[Any], Any]


def _fields(row: Mapping[str, Any], fields: Mapping[str, _Reader], where: str, required: Iterable[str] = ()) -> dict[str, Any]:
    values = {}
    for key, value in row.items():
        reader = fields.get(key)
        if reader is None:
            known = [*fields, *_NAMES] if "why" in fields else fields  # an entry's
            raise CatalogError(f"{where}: unknown key {key!r}{_nearest(key, known)}")
        try:
            values[key] = reader(value)
        except (ValueError, TypeError) as error:
            raise CatalogError(f"{where}: {key}: {error}") from None
    for key in required:
        if key not in values:
            raise CatalogError(f"{where}: {key!r} is missing")
    return values


def _nearest(word: str, words: Iterable[str]) -> str:
    import difflib  # only on the way to an error

    close = difflib.get_close_matches(word, list(words), 1, 0.4)
    return f"; did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(sorted(words))}"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a string, got {value!r}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"expected true or false, got {value!r}")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list of strings, got {value!r}")
    return tuple(_text(item) for item in value)


def _text_or_texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else _texts(value)


def _values(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {value!r}")
    return tuple(value)


def _as_is(value: Any) -> Any:
    return value


def _word(*words: str) -> _Reader:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"unknown word {value!r}{_nearest(str(value), words)}")
        return str(value)

    return read


def _words(*words: str) -> _Reader:
    one = _word(*words)

    def read(value: Any) -> tuple[str, ...]:
        return tuple(one(item) for item in _values(value))

    return read


def _type(value: Any) -> str:
    parse_type(_text(value).replace(ITS_CLASS, "its_class"))  # filled in where a name is looked up
    return str(value)


def _types(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise TypeError(f"expected a table, got {value!r}")
    return MappingProxyType({key: _type(item) for key, item in value.items()})


def _releases(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise TypeError(f"expected a table, got {value!r}")
    return MappingProxyType({key: _text(item) for key, item in value.items()})


def _runs(value: Any) -> tuple[str, ...]:
    for item in _texts(value):
        parse_run(item)
    return _texts(value)


def _arg(value: Any) -> Arg:
    """``"using"``, ``0``, or a table with ``name``, ``position``, ``default``, ``key``."""
    if isinstance(value, str):
        return Arg(name=value)
    if isinstance(value, int) and not isinstance(value, bool):
        return Arg(position=value)
    if not isinstance(value, dict):
        raise TypeError(f"expected a name, a position or a table, got {value!r}")
    return Arg(**_fields(value, {"name": _text, "position": _position, "default": _as_is, "key": _text}, "argument"))


def _position(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"expected a number, got {value!r}")
    return value


_TESTS = ("equals", "one_of", "contains_any", "sql", "absent", "present", "truthy", "instance_of", "version", "row", "asked")

_ALONE = ("version", "row", "asked")


def _when(value: Any) -> tuple[When, ...]:
    return tuple(_condition(item) for item in (value if isinstance(value, list) else [value]))


def _condition(value: Any) -> When:
    if not isinstance(value, dict):
        raise TypeError(f"expected a table, got {value!r}")
    tests = [key for key in _TESTS if key in value]
    about = [key for key in ("arg", "setting") if key in value]
    if len(tests) != 1 or len(about) != (tests[0] not in _ALONE):
        raise ValueError(f"expected one of {', '.join(_TESTS)} about an 'arg' or a 'setting' ({', '.join(_ALONE)} alone), got {value!r}")
    return When(**_fields(value, _WHEN, "condition"))


_WHEN: Mapping[str, _Reader] = {
    "arg": _arg,
    "setting": _text,
    "default": _as_is,
    "equals": _as_is,
    "one_of": _values,
    "contains_any": _texts,
    "sql": _texts,
    "absent": _flag,
    "present": _flag,
    "truthy": _flag,
    "instance_of": _texts,
    "version": _text,
    "known": _flag,
    "row": _word("stored", "unsaved"),
    "asked": _texts,
    "unless": _flag,
}

_EVENT_STATES = ("caller", "in", "after", "out")


def _events(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise TypeError(f"expected a table, got {value!r}")
    state = _word(*_EVENT_STATES)
    return MappingProxyType({key: state(item) for key, item in value.items()})


def _confidence(value: Any) -> Confidence:
    return Confidence[_word("certain", "likely", "possible")(value).upper()]


_HEAD: Mapping[str, _Reader] = {
    "name": _text,
    "distribution": _text,
    "packages": _texts,
    "needs": _texts,
    "virtual": _texts,
    "versions": _texts,
    "since": _releases,
}
_NAMES: Mapping[str, _Reader] = {"name": lambda value: (_text(value),), "names": _text_or_texts, "of": _text_or_texts}
_COMMON: Mapping[str, _Reader] = {"when": _when, "confidence": _confidence, "untested": _text, "why": _text}
_FAMILY = _text
_TABLES: Mapping[str, tuple[Callable[..., Entry], Mapping[str, _Reader], tuple[str, ...]]] = {
    "effect": (
        Effect,
        {
            **_COMMON,
            "kind": _word(*EFFECT_KINDS),
            "unless_overridden": _text,
            "irreversible": _flag,
            "reads": _flag,
            "verb": _text,
            "harm": _text,
            "deferred_by": _text,
            "saves": _text,
            "assigns": _flag,
            "awaited": _flag,
            "raises": _flag,
        },
        ("kind", "why"),
    ),
    "silent": (Silent, _COMMON, ()),
    "opener": (
        Opener,
        {
            **_COMMON,
            "forms": _words("with", "decorator", "call", "manual", "asserts", "runs", "body", "autobegin"),
            "key": _word("alias", "receiver", "new", "result", "argument"),
            "family": _FAMILY,
            "alias": _arg,
            "callback": _arg,
            "reads": _flag,
            "statement": _arg,
            "retry": lambda value: _condition(value),
            "durable": lambda value: _condition(value),
            "broken_by": _texts,
            "mode": _word("sync", "async", "both"),
            "shown": _word(*OPENER_KINDS),
        },
        ("forms",),
    ),
    "closer": (
        Closer,
        {
            **_COMMON,
            "how": _word("commit", "rollback", "close"),
            "key": _word("alias", "receiver", "joined"),
            "family": _FAMILY,
            "alias": _arg,
        },
        ("how",),
    ),
    "deferral": (
        Deferral,
        {
            **_COMMON,
            "callable": _arg,
            "alias": _arg,
            "when_runs": _word("commit", "thread", "worker", "exit"),
            "outside": _word("now", "error", "lost"),
        },
        (),
    ),
    "hook": (
        Hook,
        {
            **_COMMON,
            "by": _word("signal", "decorator", "register", "method"),
            "state": _word(*_EVENT_STATES),
            "callable": _arg,
            "sender": _arg,
            "event": _arg,
            "events": _events,
            "opener": _word(*OPENER_KINDS),
            "family": _FAMILY,
        },
        ("by", "state"),
    ),
    "returns": (
        Returns,
        {
            **_COMMON,
            "type": _type,
            "enter": _type,
            "decorated": _type,
            "attribute": _flag,
            "shares_key": _flag,
            "beside": _text,
            "descriptor": _flag,
            "becomes": _type,
            "made": _arg,
            "by_name": _flag,
        },
        (),
    ),
    "class": (
        LibraryClass,
        {
            **_COMMON,
            "bases": _texts,
            "attributes": _types,
            "parameters": _types,
            "item": _type,
            "row": _arg,
            "brief": _flag,
            "mapped": _flag,
            "namespace": _flag,
            "proxy": _text,
        },
        (),
    ),
    "calls": (
        Calls,
        {**_COMMON, "runs": _runs, "state": _word("caller", "in", "own", "end", "after", "never"), "retries": _flag},
        ("runs",),
    ),
    "signature": (Signature, {**_COMMON, "keywords": _texts, "bare": _flag, "answers": _texts}, ("why",)),
}
