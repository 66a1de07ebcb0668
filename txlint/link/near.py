"""Which functions are near to libraries: `near` follows names from the definitions that take something of them to whoever may get it from
there. A definition is what stands at the top of a module: a function or class with all that is in it, or a name that is assigned to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.generic import unquoted
from txlint.link.project import Fun, Module, absolute
from txlint.model.catalog import Library, Opener
from txlint.model.facts import Class, Expr, FileFacts, Function, Stmt
from txlint.model.shapes import statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker

_Definition: TypeAlias = tuple[str, str]
"""The path of a file and a name at its top level; without a name it is the module as an object."""
_LAMBDA = "<lambda>"  # the name of all lambdas


def with_openers(linker: Linker, wanted: Callable[[Opener], bool]) -> list[Library]:
    """The libraries that have such an opener, and those that are built on them."""
    found: dict[str, Library] = {}
    libraries, openers = linker.catalog.libraries.values(), linker.catalog.openers_by_library
    while more := [
        each
        for each in libraries
        if each.name not in found and (not found.keys().isdisjoint(each.needs) or any(map(wanted, openers[each.name])))
    ]:
        found.update((each.name, each) for each in more)
    return list(found.values())


def takers(linker: Linker, libraries: list[Library]) -> list[Module]:
    """The modules that import something from these libraries of which the catalog knows, or are part of one."""
    known = _known(libraries)
    return [module for module in linker.project.ordered if _takes(linker, module, known)] if known else []


def near(linker: Linker, libraries: list[Library], most: int) -> list[Fun] | None:
    """The functions of all definitions that name something from these libraries of which the catalog knows, or that name such a
    definition, in any number of steps, and the bodies of their modules. From elsewhere nothing of the libraries can be named: it can only
    be handed over, by what is near. None where it is more than ``most``, or where that many are in modules that import a library or
    such a module."""
    starts = takers(linker, libraries)
    search = _Search(linker, _known(libraries), most)
    if not starts or search.is_all_about(starts):
        return None if starts else []
    for module in starts:
        search.look_into(module)
    return search.functions()


def _known(libraries: list[Library]) -> set[str]:
    """The names of all entries, and of what they are in."""
    known: set[str] = set()
    for library in libraries:
        for entry in library.entries:
            name = entry.name
            while name not in known and name:
                known.add(name)
                name = name.rpartition(".")[0]
    return known


def _takes(linker: Linker, module: Module, known: set[str]) -> bool:
    canonical = linker.catalog.canonical
    return module.name in known or any(full in known or canonical(full) in known for _, full, _ in _imported(module))


def _imported(module: Module) -> Iterator[tuple[str, str, str]]:
    """The names that imports bind anywhere in a module, each with its full name and the module that it is taken from, which for a
    module as a whole is that itself. ``import a.b`` binds ``a``; stars bind no name."""
    for item in module.facts.imports:
        target = absolute(module, item.module, item.level)
        if item.name is None:
            full = item.binds if item.binds == target.partition(".")[0] else target
            yield item.binds, full, full
        elif item.name != "*":
            yield item.binds, f"{target}.{item.name}" if target else item.name, target


class _Search:
    """What is near so far. A module is looked into as soon as something that it imports is near."""

    def __init__(self, linker: Linker, known: set[str], most: int) -> None:
        self.linker = linker
        self.known = known
        self.most = most  # functions that may still be near
        self.near: dict[_Definition, None] = {}
        self.waiting: list[_Definition] = []
        self.users: dict[_Definition, list[_Definition]] = {}  # who names it, in the modules that were looked into
        self.looked: set[str] = set()
        self.sizes: Counter[_Definition] = Counter()  # functions in each definition there
        self.importers: dict[str, list[tuple[Module, str]]] = {}  # path -> who imports what of it; "": all of it

    def is_all_about(self, modules: list[Module]) -> bool:
        """Are most functions in these modules and those that import them?"""
        self.index()
        around = {each for module in modules for each, _ in self.importers.get(module.facts.path, ())}
        return sum(1 + len(module.funs) for module in around.union(modules)) > self.most

    def functions(self) -> list[Fun] | None:
        while self.waiting and self.most >= 0:
            path, name = self.waiting.pop()
            for module, wanted in self.importers.get(path, ()):
                if wanted in ("", "*", name):
                    self.look_into(module)
                if wanted == "*":
                    self.add((module.facts.path, name))
            for user in self.users.get((path, name), ()):
                self.add(user)
        return self.chosen() if self.most >= 0 else None

    def index(self) -> None:
        """Who imports from which module of the project."""
        find = self.linker.project.find_module
        for module in self.linker.project.ordered:
            for item in module.facts.imports:
                target = absolute(module, item.module, item.level)
                taken = find(target, module.facts.path)
                if taken is not None:
                    self.importers.setdefault(taken.facts.path, []).append((module, item.name or ""))
                part = find(f"{target}.{item.name}" if target else item.name, module.facts.path) if item.name is not None else None
                if part is not None:
                    self.importers.setdefault(part.facts.path, []).append((module, ""))

    def add(self, definition: _Definition) -> None:
        if definition not in self.near:
            self.near[definition] = None
            self.waiting.append(definition)
            self.most -= self.sizes[definition] if definition[1] else 1  # the body of the module
            if definition[1]:
                self.add((definition[0], ""))

    def names(self, user: _Definition, named: _Definition) -> None:
        if named in self.near:
            self.add(user)
        else:
            self.users.setdefault(named, []).append(user)

    def look_into(self, module: Module) -> None:
        """Note what each definition of a module names; what names something of a library is near."""
        path = module.facts.path
        if path in self.looked:
            return
        self.looked.add(path)
        imported: dict[str, list[tuple[str, str]]] = {}
        for name, full, source in _imported(module):
            imported.setdefault(name, []).append((full, source))
            self.names_fully((path, name), full, "" if full == source else source)
        self.sizes.update((path, _home(module.facts, function)) for function in module.facts.functions)
        heads = None if module.stars else imported.keys() | module.names.keys() | {_LAMBDA}
        for name, texts, changed in _definitions(module):
            definition = (path, name)
            for head in changed & module.names.keys():
                self.names((path, head), definition)
            if module.name in self.known:
                self.add(definition)
            for text in texts:
                head, _, rest = text.partition(".")
                if heads is not None and head not in heads:
                    continue
                for full, source in imported.get(head, ()):
                    self.names_fully(definition, f"{full}.{rest}" if rest else full, source, head in changed)
                if head != name and (head not in imported or any(b[0] != "import" for b in module.names.get(head, ()))):
                    self.names(definition, (path, head))

    def names_fully(self, user: _Definition, full: str, source: str, changed: bool = False) -> None:
        """A definition names something that was imported from (or is an attribute of) a module, or the module itself; ``changed``
        where it also puts something there."""
        canonical = self.linker.catalog.canonical
        part = full
        while len(part) > len(source):
            if part in self.known or canonical(part) in self.known:
                self.add(user)
                return
            part = part.rpartition(".")[0]
        module, rest = self.linker.project.inside(full, user[0])
        if module is not None:
            named = (module.facts.path, rest.partition(".")[0])
            self.names(user, named)
            if changed and named[1]:
                self.names(named, user)

    def chosen(self) -> list[Fun]:
        """The functions of what is near, in the order of the project."""
        found: list[Fun] = []
        for module in self.linker.project.ordered:
            path, facts = module.facts.path, module.facts
            if (path, "") in self.near:
                found.append(module.body)
                found += [fun for fun in module.funs if fun.fact is not None and (path, _home(facts, fun.fact)) in self.near]
        return found


def _home(facts: FileFacts, fact: Function | Class) -> str:
    """The name of the definition at a module's top level in which a function or class stands."""
    while fact.parent >= 0 or fact.owner >= 0:
        fact = facts.functions[fact.parent] if fact.parent >= 0 else facts.classes[fact.owner]
    return fact.name


def _definitions(module: Module) -> Iterator[tuple[str, set[str], set[str]]]:
    """The definitions of a module by name, some in parts, each with the texts in it, and with the first names of what its statements
    assign to besides."""
    facts = module.facts
    for function in facts.functions:
        hints = [unquoted(hint) for hint in (function.returns, *(param.annotation for param in function.params))]
        given = [param.default for param in function.params]
        yield _home(facts, function), texts_in((*hints, *given, function.decorators, function.body)), _changed(function)
    for defined in facts.classes:
        yield _home(facts, defined), texts_in((defined.bases, defined.keywords, defined.decorators, defined.body)), set()
    for targets, made in map(_assigned, statements(facts.body)):
        texts = texts_in(made)
        if "lambda" in texts:
            texts.add(_LAMBDA)
        for name in _heads(targets):
            yield name, texts, set()


def _changed(function: Function) -> set[str]:
    """The first names of what a function's statements assign to, without its own names."""
    found = {name for targets, _ in map(_assigned, statements(function.body)) for name in _heads(targets)}
    return found.difference(function.bound)


def _heads(targets: tuple[Expr | None, ...]) -> set[str]:
    """The first names of targets: ``a`` of ``a.b[c]``, and nothing of the key."""
    found: set[str] = set()
    waiting = list(targets)
    while waiting:
        target = waiting.pop()
        if target.__class__ is str:
            found.add(target.partition(".")[0])
        elif target is not None and target[0] in ("tuple", "list"):
            waiting.extend(target[1])
        elif target is not None and target[0] in ("attr", "sub", "star"):
            waiting.append(target[1])
    return found


def _assigned(stmt: Stmt) -> tuple[tuple[Expr | None, ...], tuple[Expr | None, ...]]:
    """What a statement assigns to, and what of."""
    match stmt[0]:
        case "assign":
            return stmt[1], (stmt[2],)
        case "ann":
            return (stmt[1],), (unquoted(stmt[2]), stmt[3])
        case "aug":
            return (stmt[1],), (stmt[3],)
        case "for":
            return (stmt[1],), (stmt[2],)
        case "with":
            return tuple(target for _, target, _ in stmt[1]), stmt[1]
        case _:
            return (), ()


def texts_in(of: tuple[Any, ...]) -> set[str]:
    """The texts in a body or in expressions: dotted names, and with them tags and constants."""
    found: set[str] = set()
    stack: list[Any] = [of]
    while stack:
        for item in stack.pop():
            if item.__class__ is tuple:
                stack.append(item)
            elif item.__class__ is str:
                found.add(item)
    return found
