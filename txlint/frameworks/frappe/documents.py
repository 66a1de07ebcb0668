"""Frappe's documents as the linker needs them: the class behind a doctype's name.

A doctype's controller is the class ``SalesOrder`` in ``<app>/<module>/doctype/sales_order/sales_order.py``, unless an app's hooks put
another class in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from txlint.frameworks.named import bound_to, strings, table
from txlint.frameworks.types import Framework

if TYPE_CHECKING:
    from txlint.frameworks.types import Atom, Klass, Linker, Value

LIBRARY = "frappe"
"""The catalog's file: where it is read, the project imports the framework."""
DOCUMENT = "frappe.model.document.Document"
_GIVE_ONE = frozenset(
    {"frappe.get_cached_doc", "frappe.get_doc", "frappe.get_last_doc", "frappe.get_single", "frappe.new_doc", "frappe.copy_doc"}
)
_FOLDER = "doctype"
_OVERRIDES = ("override_doctype_class",)


class FrappeDocuments(Framework):
    """A `Framework` of the linker."""

    def __init__(self) -> None:
        self._controllers: dict[str, Klass] | None = None
        self._replaced: dict[str, Klass] | None = None

    # -- the linker's questions ---------------------------------------------------------------------------------------------------

    def given(self, linker: Linker, dotted: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value | None:
        """A document of the doctype that is named as a constant, in a dict or by keyword; else of an unknown one."""
        if dotted not in _GIVE_ONE:
            return None
        named = [*(args[0] if args else ()), *keywords.get("doctype", ())]
        if any(isinstance(atom, (linker.Obj, linker.ExtObj)) for atom in named):
            return tuple(atom for atom in named if isinstance(atom, (linker.Obj, linker.ExtObj)))  # a document already
        documents: Value = ()
        for name in _names(linker, named):
            klass = self.controller(linker, name)
            if klass is not None:
                documents = linker.union(documents, (linker.instance(klass, True),))
        return documents or (linker.atoms(linker.ExtObj, DOCUMENT, (), None),)

    def assumed_bases(self, dotted: str) -> tuple[str, ...]:
        """A controller of another app is a document, and what apps derive theirs from, in their folders of that name."""
        folders = dotted.split(".")[:-1]
        return (DOCUMENT,) if (_FOLDER in folders and folders[-1:] == folders[-2:-1]) or "controllers" in folders else ()

    # -- doctypes -----------------------------------------------------------------------------------------------------------------

    def controller(self, linker: Linker, doctype: str) -> Klass | None:
        """The project's class of a doctype, if it has one."""
        if self._replaced is None:
            self._replaced = {}  # reading the hooks may ask for documents
            self._replaced = dict(_replaced(linker))
        if doctype in self._replaced:
            return self._replaced[doctype]
        if self._controllers is None:
            self._controllers = {}
            for klass in linker.project.klasses:
                folders = klass.module.name.split(".")
                if folders[-3:-2] == [_FOLDER] and folders[-1] == folders[-2]:
                    if klass.fact.name.lower() == folders[-1].replace("_", ""):
                        self._controllers[folders[-1]] = klass
        return self._controllers.get(doctype.replace(" ", "_").replace("-", "_").lower())


def hooks_modules(linker: Linker) -> Iterator[Any]:
    """The ``hooks.py`` of every app of the project."""
    for module in linker.project.ordered:
        if module.name.rpartition(".")[2] == "hooks" and "app_name" in module.facts.bound:
            yield module


def _names(linker: Linker, value: Sequence[Atom]) -> Iterator[str]:
    yield from strings(linker, tuple(value))
    for key, item in table(linker, tuple(value)):
        if key == "doctype":
            yield from strings(linker, item)


def _replaced(linker: Linker) -> Iterator[tuple[str, Klass]]:
    for module in hooks_modules(linker):
        for name in _OVERRIDES:
            for doctype, paths in table(linker, linker.module_name(module, name)):
                for dotted in strings(linker, paths):
                    for atom in bound_to(linker, dotted):
                        if isinstance(atom, linker.Cls):
                            yield doctype, atom.klass
