"""The project's own code, where its own tables speak of it. What a table says of a function counts in place of what its body does (an
effect, a deferral, an opener, ..); what it says of a type is added to it. An override in a subclass speaks for itself.

Everything here is asked only where `Linker.taught` is not empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from txlint.catalog.lookup import PROJECT, Catalog, Known
from txlint.catalog.types import parse_type
from txlint.link.project import Fun, Klass, Project
from txlint.link.values import UNKNOWN, Atom, Cls, Opening, Value, union
from txlint.model.catalog import Hook

if TYPE_CHECKING:
    from txlint.link.linker import Linker


def places(project: Project, catalog: Catalog) -> dict[str, str]:
    """What the tables speak of, and the modules and classes in which that stands: the full name of each, and how the tables call it, which
    may be by where it is imported from."""
    library = catalog.libraries.get(PROJECT)
    found = {}
    for entry in library.entries if library is not None else ():
        for name in (entry.name, entry.name.rpartition(".")[0]):
            module, rest = project.inside(name)
            if module is not None:
                found[f"{module.name}.{rest}" if rest else module.name] = name
                if rest:
                    found.setdefault(project.where_bound(module, rest), name)
    return found


def registering(catalog: Catalog) -> frozenset[str]:
    """The last names of the calls by which, as the tables say, something is registered."""
    mine = catalog.libraries[PROJECT].entries
    return frozenset(entry.name.rpartition(".")[2] for entry in mine if isinstance(entry, Hook) and entry.by == "register")


def acting(linker: Linker, owner: str, name: str) -> str | None:
    """The name under which a table says what a member of a module or class does, so that its body is not asked."""
    dotted, known = _known(linker, owner, name)
    if known.effects or known.silent or known.openers or known.closers or known.deferrals or known.calls:
        return dotted
    if any(hook.by in ("decorator", "register") for hook in known.hooks) or any(entry.decorated for entry in known.returns):
        return dotted
    return None


def module_value(linker: Linker, module: str, name: str) -> Value:
    """What a name of a module stands for, where a table says what it does or, as an attribute, what it is."""
    dotted, known = _known(linker, module, name)
    if any(entry.attribute for entry in known.returns) or acting(linker, module, name) is not None:
        return linker.library(dotted)
    return UNKNOWN


def base(linker: Linker, klass: Klass) -> tuple[str, ...]:
    """What stands behind a class in its MRO: its name in the tables and the bases that they give it, if they speak of it at all."""
    name = linker.taught.get(klass.dotted)
    return linker.catalog.bases(name) if name is not None else ()


def own_class(linker: Linker, name: str) -> Value:
    """The class of the project that a table names as a type."""
    module, rest = linker.project.inside(name)
    if module is None or not rest:
        return UNKNOWN
    first, *others = rest.split(".")
    value = linker.module_name(module, first)
    for each in others:
        value = linker.attributes(value, each)
    return tuple(atom for atom in value if isinstance(atom, Cls))


def attribute(linker: Linker, klass: Klass, name: str, receiver: Atom) -> Value:
    """What the tables say that an attribute of an instance is."""
    result = UNKNOWN
    for owner in linker.mro(klass):
        if isinstance(owner, Klass):
            for entry in _known(linker, owner.dotted, name)[1].returns:
                if entry.attribute and entry.type:
                    result = union(result, linker.typed(parse_type(entry.type), receiver, (), {}))
    return result


def holding(linker: Linker, opening: Opening, made: Atom) -> Opening:
    """A context manager that a class of the project is, by the tables, with the instance that it is."""
    fields = {name: getattr(opening, name) for name in Opening.__annotations__}
    return linker.atoms(Opening, *(fields | {"name": opening.entry.name, "kind": "", "bound": opening.bound or (made,)}).values())


def returned(linker: Linker, fun: Fun, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value:
    """What the tables say that a call of a function gives."""
    return _union(linker.typed(parse_type(text), receiver, args, keywords) for text in _types(linker, fun, "type"))


def entered(linker: Linker, fun: Fun, receiver: Atom | None) -> Value:
    """What the tables say that a ``with`` on the result of a function binds."""
    return _union(linker.typed(parse_type(text), receiver, (), {}) for text in _types(linker, fun, "enter"))


def _types(linker: Linker, fun: Fun, field: str) -> Iterator[str]:
    if fun.fact is not None and fun.parent is None:
        owner = fun.klass.dotted if fun.klass is not None else fun.module.name
        for entry in _known(linker, owner, fun.fact.name)[1].returns:
            if not entry.attribute and getattr(entry, field):
                yield getattr(entry, field)


def _known(linker: Linker, owner: str, name: str) -> tuple[str, Known]:
    written = linker.taught.get(owner)
    dotted = linker.taught.get(f"{owner}.{name}") or (f"{written}.{name}" if written is not None else "")
    return dotted, linker.catalog.own(dotted) if dotted else Known()


def home(dotted: str) -> tuple[str, str]:
    """The owner of a name, and the name there."""
    owner, _, name = dotted.rpartition(".")
    return owner, name


def _union(values: Iterator[Value]) -> Value:
    result = UNKNOWN
    for value in values:
        result = union(result, value)
    return result
