"""The project's modules by name, and which names a statement binds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from txlint.model.facts import Expr, FileFacts, Import, Stmt
from txlint.model.shapes import statements


class Modules:
    """The project's modules by name. A module whose leading folders are no packages may also be imported without them: those folders
    are then an import root that was not known to be one."""

    def __init__(self, project: Mapping[str, FileFacts]) -> None:
        # Facts may be given under several names; their own is the one that counts.
        self.facts = {name: facts for name, facts in project.items() if name == facts.module or facts.module not in project}
        self.learned: list[str] = []
        self._by_tail: dict[str, list[str]] = {}
        self._tops: set[str] = set()
        for module, facts in project.items():
            own = module if module in self.facts else facts.module
            if module != own:
                self._also(module, own)
            self._tops.add(module.partition(".")[0])
            at = module.find(".")
            while at >= 0:
                head = project.get(module[:at])
                if head is not None and head.is_package:
                    break
                self._also(module[at + 1 :], own)
                at = module.find(".", at + 1)

    def _also(self, name: str, module: str) -> None:
        known = self._by_tail.setdefault(name, [])
        if module not in known:
            known.append(module)
        self._tops.add(name.partition(".")[0])

    def locate(self, name: str, path: str = "") -> str | None:
        """A module by a name that is known to be the project's own, such as that of its settings. Where it only fits behind a package,
        that package is a folder on the import path: from now on its modules have their shorter names too."""
        found = self.find(name, path)
        if found is not None or "." not in name:
            return found
        ends = [module for module in self.facts if module.endswith("." + name)]
        if len(ends) != 1:
            return None
        self.learn(ends[0][: -len(name)])
        return ends[0]

    def learn(self, prefix: str) -> None:
        """Modules whose names start so (``"site."``) are also imported without it."""
        self.learned.append(prefix)
        for module in self.facts:
            if module.startswith(prefix):
                self._also(module[len(prefix) :], module)

    def find(self, name: str, path: str = "") -> str | None:
        """A module by the name that a file at ``path`` imports: of several, the one that shares most folders with it."""
        if name in self.facts:
            return name
        found = self._by_tail.get(name)
        if not found:
            return None
        if len(found) == 1:
            return found[0]
        folders = path.split("/")[:-1]

        def shared(module: str) -> int:
            return sum(1 for one, other in zip(folders, self.facts[module].path.split("/"), strict=False) if one == other)

        return min(found, key=lambda module: (-shared(module), len(module), module))

    def is_project(self, name: str) -> bool:
        """Would a module of this name be the project's own, by its first part?"""
        return name.partition(".")[0] in self._tops


def absolute_import(facts: FileFacts, item: Import) -> str:
    """The absolute name of the module that an import names."""
    if not item.level:
        return item.module
    base = facts.module if facts.is_package else facts.module.rpartition(".")[0]
    for _ in range(item.level - 1):
        base = base.rpartition(".")[0]
    return f"{base}.{item.module}" if base and item.module else base or item.module


def names_bound(stmt: Stmt, facts: FileFacts) -> Iterable[str]:
    """Every name that a statement may bind at the module's level."""
    found: list[str] = []

    def target(expr: Expr) -> None:
        if isinstance(expr, str):
            found.append(expr.split(".")[0])
        elif expr[0] in ("tuple", "list"):
            for item in expr[1]:
                target(item)
        elif expr[0] in ("star", "sub"):
            target(expr[1])

    for inner in statements((stmt,)):
        match inner[0]:
            case "def":
                found.append(facts.functions[inner[1]].name)
            case "class":
                found.append(facts.classes[inner[1]].name)
            case "import":
                found.append(facts.imports[inner[1]].binds)
            case "assign":
                for each in inner[1]:
                    target(each)
            case "ann" | "aug" | "for":
                target(inner[1])
            case "with":
                for _, name, _ in inner[1]:
                    if name is not None:
                        target(name)
    return found


def declarations(facts: FileFacts) -> dict[str, Stmt]:
    """What each name at the module's level is, also inside ``if`` and ``try``: its last definition, import, or assignment of a plain
    name."""
    found: dict[str, Stmt] = {}

    def visit(body: Iterable[Stmt]) -> None:
        for stmt in body:
            tag = stmt[0]
            if tag == "def":
                found[facts.functions[stmt[1]].name] = stmt
            elif tag == "class":
                found[facts.classes[stmt[1]].name] = stmt
            elif tag == "import":
                if facts.imports[stmt[1]].name != "*":
                    found[facts.imports[stmt[1]].binds] = stmt
            elif tag == "assign":
                for target in stmt[1]:
                    if isinstance(target, str) and isinstance(stmt[2], str):
                        found[target] = stmt
            elif tag == "if":
                visit(stmt[3])
                visit(stmt[2])
            elif tag == "try":
                for handler in stmt[2]:
                    visit(handler[2])
                visit(stmt[1])
                visit(stmt[3])
            elif tag == "with":
                visit(stmt[2])

    visit(facts.body)
    return found
