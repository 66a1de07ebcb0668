"""Are a project's own entries in order? Each name has to be defined where it says, with the parameters that the entry speaks of; what it
repeats or overrules of the catalog is said, and what nothing uses. Nothing of the project or of a library is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from txlint.catalog.loader import expressions, names_of, table_of
from txlint.catalog.lookup import PROJECT, Catalog
from txlint.explain.installed import Answer, Definition, Definitions, Function, Missing, Unseen
from txlint.link.linker import Linker
from txlint.link.project import Klass
from txlint.model.catalog import Arg, Closer, Effect, Entry, Fault, Hook, Library, LibraryClass, Opener, Returns, When

_KEPT = frozenset({"staticmethod", "classmethod", "contextmanager", "asynccontextmanager", "abstractmethod", "override", "overload"})
"""Decorators under which a function takes the arguments that it says."""

_ANSWERS = ("effect", "silent", "deferral")
"""Tables that answer the same question: what does the call do?"""


class Parameters(NamedTuple):
    """What a call may pass, the receiver left out."""

    positional: tuple[str, ...]
    keywords: tuple[str, ...]
    any_position: bool
    any_keyword: bool


def faults(linker: Linker, mine: Library, tables: Mapping[str, Any], built_in: Catalog, definitions: Definitions) -> list[Fault]:
    """What is to be said of each entry, in the order in which they stand. ``linker`` has seen the whole project; ``tables`` are those of
    its configuration, as written."""
    rows = _rows(tables)
    families = sorted({each.family for each in built_in.entries if isinstance(each, Opener | Closer | Hook)})
    seen: dict[tuple[str, str, Any], None] = {}
    found: list[Fault] = []
    for entry in mine.entries:
        table = table_of(entry)
        row = next(rows[table, entry.name], 0)

        def fault(severity: str, key: str, text: str, table: str = table, name: str = entry.name, row: int = row) -> Fault:
            return Fault(severity, table, row, name, key, text)

        again = (table, entry.name, entry.when)
        if again in seen:
            found.append(fault("error", "name", "is said twice"))
            continue
        seen[again] = None
        found += [fault("note", "name", text) for text in _known_already(entry, built_in)]
        answer = definitions.find(linker.catalog.canonical(entry.name)) if entry.untested is None else Unseen(entry.untested)
        if isinstance(answer, Unseen):
            answer = definitions.find(entry.name) if entry.untested is None else answer
        if isinstance(answer, Missing):
            found.append(fault("error", "name", f"not found: {answer.reason}{_nearest(answer.word, answer.near)}"))
            continue
        if isinstance(answer, Unseen) and entry.untested is None:
            found.append(fault("note", "name", f"cannot be looked up: {answer.reason}"))
        if isinstance(answer, Definition):
            found += [fault("error", key, text) for key, text in _of_definition(entry, answer, definitions)]
        found += [fault("error", key, text) for key, text in _types(entry, linker, built_in, definitions)]
        found += [fault("warning", "family", text) for text in _family(entry, families)]
        if not _is_used(entry, linker):
            found.append(fault("warning", "name", "nothing in the project uses it"))
    return [*found, *_aliases(mine, built_in, definitions)]


def _aliases(mine: Library, built_in: Catalog, definitions: Definitions) -> Iterator[Fault]:
    """Homes that are said to be another name's, where there is no such name."""
    for home, name in mine.aliases.items():
        if built_in.is_known(name) or any(f"{entry.name}.".startswith(f"{name}.") for entry in (*built_in.entries, *mine.entries)):
            continue
        answer = definitions.find(name)
        if isinstance(answer, Missing):
            text = f"not found: {answer.reason}{_nearest(answer.word, answer.near)}"
            yield Fault("error", "aliases", 0, home, "name", text)


def _rows(tables: Mapping[str, Any]) -> dict[tuple[str, str], Iterator[int]]:
    """(table, name) -> the numbers of the rows about it in their table, from 0."""
    found: dict[tuple[str, str], list[int]] = {}
    for table, rows in tables.items():
        for number, row in enumerate(rows if isinstance(rows, list) else ()):
            for name in names_of(row):
                found.setdefault((table, name), []).append(number)
    return {key: iter(numbers) for key, numbers in found.items()}


def _known_already(entry: Entry, built_in: Catalog) -> Iterator[str]:
    about = _ANSWERS if table_of(entry) in _ANSWERS else (table_of(entry),)
    for field in built_in.at(entry.name):
        for other in field:
            if table_of(other) in about:
                said = "repeats" if _without_words(entry) == _without_words(other) else "overrules"
                yield f"{said} what txlint/catalog/libs/{other.library}.toml says of it"
                return


def _without_words(entry: Entry) -> tuple[Any, ...]:
    said = (getattr(entry, name) for name in entry.__dataclass_fields__ if name not in ("name", "library", "why", "untested"))
    return (type(entry), *said)


# -- the definition --


def _of_definition(entry: Entry, found: Definition, definitions: Definitions) -> Iterator[tuple[str, str]]:
    is_property = isinstance(found.node, Function) and any(_last(each).endswith("property") for each in found.node.decorator_list)
    if isinstance(entry, Returns):
        if entry.attribute and isinstance(found.node, Function) and not is_property:
            yield "attribute", "it is a function: without `attribute`, the type is what a call of it gives"
        elif is_property and not entry.attribute:
            yield "attribute", "it is a property: `attribute = true` says what reading it gives"
    if isinstance(entry, LibraryClass) and isinstance(found.node, Function):
        yield "name", "it is a function, and no class"
    if isinstance(entry, Hook) and entry.by == "method" and found.owner is None:
        yield "by", "it is no method of a class"
    if isinstance(entry, Effect) and entry.unless_overridden and found.owner is not None:
        owner = Definition(found.path, found.owner)
        answer = definitions.method(owner, entry.unless_overridden)
        if isinstance(answer, Missing):
            yield "unless_overridden", f"{answer.reason}{_nearest(entry.unless_overridden, answer.near)}"
    parameters = _parameters(found, definitions)
    if parameters is not None:
        for key, arg in _arguments(entry):
            if problem := _mismatch(arg, parameters):
                yield key, problem


def _parameters(found: Definition, definitions: Definitions) -> Parameters | None:
    """What may be passed to a function or to the constructor of a class; None where that cannot be told."""
    node, is_method = found.node, found.owner is not None
    if isinstance(node, ast.ClassDef):
        if node.decorator_list or node.keywords:
            return None  # a dataclass, or made by a metaclass
        made: Answer = definitions.method(found, "__init__")
        if not isinstance(made, Definition):
            return Parameters((), (), False, False) if isinstance(made, Missing) and not node.bases else None
        node, is_method = made.node, True
    if not isinstance(node, Function) or any(_last(each) not in _KEPT for each in node.decorator_list):
        return None
    positional = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
    if is_method and not any(_last(each) == "staticmethod" for each in node.decorator_list):
        positional = positional[1:]
    keywords = [*positional[max(0, len(node.args.posonlyargs) - is_method) :], *(arg.arg for arg in node.args.kwonlyargs)]
    return Parameters(tuple(positional), tuple(keywords), node.args.vararg is not None, node.args.kwarg is not None)


def _last(node: ast.expr) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _arguments(entry: Entry) -> Iterator[tuple[str, Arg]]:
    """The arguments of the call that an entry speaks of, each with the key that does."""
    whens: list[tuple[str, When]] = [("when", when) for when in entry.when]
    for key in entry.__dataclass_fields__:
        value = getattr(entry, key)
        if isinstance(value, Arg):
            yield key, value
        elif isinstance(value, When):
            whens.append((key, value))
    for key, when in whens:
        if when.arg is not None:
            yield key, when.arg
    if isinstance(entry, Effect) and entry.deferred_by:
        yield "deferred_by", Arg(name=entry.deferred_by)
    if isinstance(entry, Effect) and entry.saves:
        yield "saves", Arg(name=entry.saves)
    for key, node in expressions(entry):
        if node.op == "arg" and not (isinstance(entry, Returns) and entry.decorated):
            yield key, Arg(node.name or None, node.position)


def _mismatch(arg: Arg, parameters: Parameters) -> str:
    """Why a call cannot pass such an argument; empty where it can."""
    known = parameters.positional
    listed = f"({', '.join((*known, *(name for name in parameters.keywords if name not in known)))})"
    if arg.name is not None and arg.name not in parameters.keywords and not parameters.any_keyword:
        return f"{arg.name!r} is no parameter of it: {listed}{_nearest(arg.name, parameters.keywords)}"
    if arg.position is not None:
        if arg.position >= len(known) and not parameters.any_position:
            return f"it takes no argument at position {arg.position}: {listed}"
        if arg.name in known and known.index(arg.name) != arg.position:
            return f"{arg.name!r} is at position {known.index(arg.name)}, not {arg.position}: {listed}"
    return ""


def _family(entry: Entry, families: Sequence[str]) -> Iterator[str]:
    """A word of its own is a family as well; one that is nearly another's is hardly meant so."""
    if isinstance(entry, Opener | Closer | Hook) and entry.family not in families and (nearest := _nearest(entry.family, families)):
        yield f"no library's transactions are of the family {entry.family!r}{nearest}"


# -- types --


def _types(entry: Entry, linker: Linker, built_in: Catalog, definitions: Definitions) -> Iterator[tuple[str, str]]:
    """Classes that are named as a type and are nowhere."""
    known = {each.name for each in linker.catalog.libraries[PROJECT].entries}
    for key, node in expressions(entry):
        if node.op not in ("instance", "class") or any(name.startswith(f"{node.name}.") or name == node.name for name in known):
            continue
        if built_in.library_class(node.name) is not None or built_in.is_known(node.name):
            continue
        answer = definitions.find(node.name)
        if "." not in node.name:
            yield key, f"{node.name!r} is no type: write the full name of a class"
        elif isinstance(answer, Missing):
            yield key, f"not found: {answer.reason}{_nearest(answer.word, answer.near)}"


# -- use --


def _is_used(entry: Entry, linker: Linker) -> bool:
    """Has the project been seen to do something to which the entry applies?"""
    owner, _, last = entry.name.rpartition(".")
    if isinstance(entry, Hook) and entry.by == "method":
        return any(last in klass.names for klass in _derived(linker, owner))
    if isinstance(entry, Hook) and entry.by == "signal":
        return any(connection.signal == entry.name for connection in linker.connected)
    if isinstance(entry, LibraryClass) and any(_derived(linker, entry.name)):
        return True
    return (type(entry), entry.name) in linker.catalog.asked


def _derived(linker: Linker, name: str) -> Iterator[Klass]:
    """The project's classes that derive from one that a table names, not that one itself."""
    return (klass for klass in linker.project.klasses if name in linker.mro(klass) and linker.taught.get(klass.dotted) != name)


def _nearest(word: str, words: Sequence[str]) -> str:
    close = get_close_matches(word, list(words), 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
