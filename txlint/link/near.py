"""Which modules are near to libraries: `near` follows imports from what takes something of them to whoever may get it from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from txlint.link.project import Module, absolute
from txlint.model.catalog import Library, Opener
from txlint.model.facts import Import

if TYPE_CHECKING:
    from txlint.link.linker import Linker


def with_openers(linker: Linker, wanted: Callable[[Opener], bool]) -> list[Library]:
    """The libraries that have such an opener, and those that are built on them."""
    found: dict[str, Library] = {}
    libraries = linker.catalog.libraries.values()
    while more := [
        each
        for each in libraries
        if each.name not in found
        and (not found.keys().isdisjoint(each.needs) or any(isinstance(e, Opener) and wanted(e) for e in each.entries))
    ]:
        found.update((each.name, each) for each in more)
    return list(found.values())


def near(linker: Linker, libraries: list[Library]) -> list[Module]:
    """The modules that take something from these libraries of which the catalog knows, and those that import them, in any number of
    steps: from elsewhere, nothing of the libraries can be named."""
    if not libraries:
        return []
    project, canonical = linker.project, linker.catalog.canonical
    known: set[str] = set()
    for library in libraries:
        for entry in library.entries:
            name = entry.name
            while name not in known and name:
                known.add(name)
                name = name.rpartition(".")[0]
    importers: dict[str, list[Module]] = {}
    reached: dict[str, Module] = {}
    for module in project.ordered:
        if module.name in known:
            reached[module.facts.path] = module
        for item in module.facts.imports:
            target = absolute(module, item.module, item.level)
            names = _taken(target, item)
            for full in (target, *names):
                other = project.find_module(full)
                if other is not None:
                    importers.setdefault(other.facts.path, []).append(module)
            if any(full in known or canonical(full) in known for full in names):
                reached[module.facts.path] = module
    waiting = list(reached.values())
    while waiting:
        for module in importers.get(waiting.pop().facts.path, ()):
            if module.facts.path not in reached:
                reached[module.facts.path] = module
                waiting.append(module)
    return [module for module in project.ordered if module.facts.path in reached]


def _taken(target: str, item: Import) -> list[str]:
    """The full names of what an import statement binds, or gives access to: ``import a.b`` binds ``a``."""
    if item.name is not None and item.name != "*":
        return [f"{target}.{item.name}" if target else item.name]
    return [target, item.binds] if item.name is None and item.binds == item.module.partition(".")[0] else [target]
