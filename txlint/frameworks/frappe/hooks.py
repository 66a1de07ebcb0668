"""What an app's ``hooks.py`` has Frappe call inside the transaction of a document: `entrances` gives the handlers of ``doc_events``.

Jobs and scheduled functions need no entrance: their transaction matters from their first write on, which the catalog knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from txlint.frameworks.frappe.documents import DOCUMENT, FrappeDocuments, hooks_modules
from txlint.frameworks.named import bound_to, strings, table
from txlint.model.graph import NO_CLASS, Entrance

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker


def entrances(linker: Linker, documents: FrappeDocuments) -> Iterator[Entrance]:
    """The functions that ``doc_events`` binds to hooks of documents; their first parameter is a document of the doctype."""
    for module in hooks_modules(linker):
        for doctype, events in table(linker, linker.module_name(module, "doc_events")):
            for event, paths in table(linker, events):
                for dotted in strings(linker, paths):
                    for atom in bound_to(linker, dotted):
                        if isinstance(atom, linker.Fn) and atom.fun.fact is not None:
                            _tell(linker, documents, atom.fun, doctype)
                            yield _entrance(atom.fun, event)


def _entrance(fun: Fun, event: str) -> Entrance:
    fact = fun.fact
    path = fun.module.facts.path
    return Entrance(
        (fun.id, NO_CLASS, True), "implicit", f"{DOCUMENT}.{event}", path, fact.name_pos, fun.dotted, "default", family="frappe"
    )


def _tell(linker: Linker, documents: FrappeDocuments, fun: Fun, doctype: str) -> None:
    """The document that a handler is given."""
    for param in fun.fact.params[:1]:
        klass = documents.controller(linker, doctype)
        document = linker.instance(klass, True) if klass is not None else linker.atoms(linker.ExtObj, DOCUMENT, (), None)
        key = (fun.id, param.name, NO_CLASS)
        linker.params[key] = linker.union(linker.params.get(key, ()), (document,))
