"""The project's definitions: modules, functions, classes with their MRO, and what a module-level name is bound to.

Nothing is evaluated here; `evaluate` does that with the bindings that this module finds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from txlint.model.facts import Body, Class, Expr, FileFacts, Function, Stmt
from txlint.model.shapes import last_name, speaks_of

Binding = tuple[Any, ...]
"""``("def", n)``, ``("class", n)``, ``("import", n)``, ``("value", expr, annotation)``, ``("unpack", expr, path)``,
``("each", expr)``, ``("enter", expr)``."""


GLOBAL = "global "
"""What the names of a module begin with among those that a function assigns; no attribute's name has a space."""


class Module:
    """A module of the project; ``names`` maps each name bound at module level to its bindings, later ones last."""

    __slots__ = ("body", "facts", "funs", "global_sets", "klasses", "name", "names", "package", "stars")
    body: Fun

    def __init__(self, facts: FileFacts) -> None:
        self.facts = facts
        self.name = facts.module
        self.package = facts.module if facts.is_package else facts.module.rpartition(".")[0]
        self.funs: list[Fun] = []
        self.klasses: list[Klass] = []
        self.stars: list[str] = []
        self.names = bindings(facts, facts.body)
        self.global_sets: dict[str, list[int]] = {}  # names that functions assign, with the functions' numbers in the file
        for name, number in facts.global_sets:
            self.global_sets.setdefault(name, []).append(number)


class Fun:
    """A function, a lambda, or (``fact is None``) the body of a module or class."""

    __slots__ = ("_scope", "body", "fact", "id", "klass", "module", "parent", "qualname")

    def __init__(self, id: int, module: Module, fact: Function | None, klass: Klass | None, parent: Fun | None, body: Body) -> None:
        self.id = id
        self.module = module
        self.fact = fact
        self.klass = klass  # the class in whose body it stands
        self.parent = parent
        self.body = body
        self.qualname = fact.qualname if fact else "<module>"
        self._scope: frozenset[str] | None = None  # made when it is asked for: most functions are never looked at

    @property
    def scope(self) -> frozenset[str]:
        """The names that are local to it."""
        known = self._scope
        if known is None:
            known = self._scope = frozenset(self.fact.bound) if self.fact else frozenset()
        return known

    def owner_of(self, name: str) -> Fun | None:
        """The function to which a name is local that stands in this one: this one, or one around it. None for a name of the module."""
        fun: Fun | None = self
        while fun is not None and name not in fun.scope:
            fun = fun.parent
        return fun

    @property
    def dotted(self) -> str:
        return f"{self.module.name}.{self.qualname}" if self.fact else self.module.name

    @property
    def nested(self) -> Iterator[Fun]:
        """The functions that are defined in it, in each other as well."""
        for fun in self.module.funs:
            parent = fun.parent
            while parent is not None and parent is not self:
                parent = parent.parent
            if parent is self:
                yield fun

    @property
    def returned_call(self) -> Expr | None:
        """The call of a name that the last statement returns (``return cls(session)``), if it does so."""
        last: Any = self.body[-1] if self.body else ("pass",)
        if last[0] != "return" or last[1].__class__ is not tuple or last[1][0] != "call" or last[1][1].__class__ is not str:
            return None
        return last[1]

    def __repr__(self) -> str:
        return f"<Fun {self.dotted}>"


class Klass:
    """A class; ``names`` are the bindings of its body."""

    __slots__ = ("extra", "fact", "id", "module", "mro", "names", "parent", "setters", "subclasses")

    def __init__(self, id: int, module: Module, fact: Class, parent: Fun | None) -> None:
        self.id = id
        self.module = module
        self.fact = fact
        self.parent = parent
        self.names = bindings(module.facts, fact.body)
        self.mro: tuple[Klass | str, ...] | None = None  # project classes and canonical names of library classes
        self.subclasses: list[Klass] = []
        self.setters: dict[str, list[int]] = {}
        for name, method in fact.self_attrs:
            self.setters.setdefault(name, []).append(method)
        self.extra: dict[str, Any] = {}  # room for frameworks: fields, Meta, ...

    @property
    def dotted(self) -> str:
        return f"{self.module.name}.{self.fact.qualname}"

    def __repr__(self) -> str:
        return f"<Klass {self.dotted}>"


def absolute(module: Module, target: str, level: int) -> str:
    """The absolute name of ``from <dots><target>`` in a module."""
    if not level:
        return target
    base = module.package
    for _ in range(level - 1):
        base = base.rpartition(".")[0]
    return f"{base}.{target}" if base and target else base or target


def bindings(facts: FileFacts, body: Body) -> dict[str, list[Binding]]:
    """What the statements of a module or class bind, a name's last unconditional binding replacing the earlier ones."""
    names: dict[str, list[Binding]] = {}
    _collect(facts, body, names, conditional=False)
    return names


def _bind(names: dict[str, list[Binding]], name: str, binding: Binding, conditional: bool) -> None:
    if conditional and name in names:
        names[name].append(binding)
    elif not (name in names and binding[0] == "value" and speaks_of(binding[1], (name,))):
        # What is made of the name itself (`view = csrf_exempt(view)`) leaves it what it was.
        names[name] = [binding]


def _targets(target: Expr, value: Binding, names: dict[str, list[Binding]], conditional: bool, path: tuple[int, ...] = ()) -> None:
    if isinstance(target, str):
        if "." not in target:
            _bind(names, target, ("unpack", value[1], path) if path else value, conditional)
    elif target[0] in ("tuple", "list"):
        for position, item in enumerate(target[1]):
            _targets(item, value, names, conditional, (*path, position))
    elif target[0] == "star":
        _targets(target[1], ("opaque", None), names, conditional)


def _collect(facts: FileFacts, body: Sequence[Stmt], names: dict[str, list[Binding]], conditional: bool) -> None:
    for stmt in body:
        tag = stmt[0]
        if tag == "def":
            fact = facts.functions[stmt[1]]
            # A setter stands beside the getter, under whose name the property is known.
            if fact.name not in names or all(f"{fact.name}.{how}" != expr for expr, _ in fact.decorators for how in ("setter", "deleter")):
                _bind(names, fact.name, stmt, conditional)
        elif tag == "class":
            _bind(names, facts.classes[stmt[1]].name, stmt, conditional)
        elif tag == "import":
            binds = facts.imports[stmt[1]].binds
            _bind(names, binds, stmt, conditional or binds == "*")
        elif tag == "assign":
            for target in stmt[1]:
                _targets(target, ("value", stmt[2], None), names, conditional)
        elif tag == "ann":
            if isinstance(stmt[1], str):
                _bind(names, stmt[1], ("value", stmt[3], stmt[2]), conditional)
        elif tag == "if":
            # Under `if TYPE_CHECKING` the names are what they say.
            _collect(facts, stmt[2], names, True)
            _collect(facts, stmt[3], names, True)
        elif tag == "for":
            _targets(stmt[1], ("each", stmt[2]), names, True)
            _collect(facts, stmt[3], names, True)
            _collect(facts, stmt[4], names, True)
        elif tag == "while":
            _collect(facts, stmt[2], names, True)
        elif tag == "try":
            _collect(facts, stmt[1], names, True)
            for handler in stmt[2]:
                _collect(facts, handler[2], names, True)
            _collect(facts, stmt[3], names, True)
            _collect(facts, stmt[4], names, True)
        elif tag == "with":
            for expr, target, _ in stmt[1]:
                if target is not None:
                    _targets(target, ("enter", expr), names, conditional)
            _collect(facts, stmt[2], names, conditional)
        elif tag == "match":
            for case in stmt[2]:
                _collect(facts, case[3], names, True)


def _finals(module: Module) -> Iterator[tuple[str, bool]]:
    """The names that a module declares never to be bound again, ``LEGACY: Final = False``, and whether they are true."""
    for name, bound in module.names.items():
        if len(bound) == 1 and bound[0][0] == "value" and bound[0][2] is not None and name not in module.global_sets:
            _, expr, annotation = bound[0]
            declared = annotation[1] if annotation.__class__ is tuple and annotation[0] == "sub" else annotation
            if last_name(declared) == "Final" and expr.__class__ is tuple and expr[0] == "const":
                yield name, bool(expr[1])


def _root(module: Module) -> str:
    """The folder under which a module has its name, with a slash at its end; empty for the project's own."""
    parts = module.facts.path.split("/")
    return "".join(f"{part}/" for part in parts[: -module.name.count(".") - 1 - module.facts.is_package])


def _top(module: Module) -> str:
    return module.name.partition(".")[0]


class Project:
    """All modules by name, functions and classes by number."""

    def __init__(self, files: Iterable[FileFacts], libraries: frozenset[str] = frozenset(), also: Mapping[str, str] | None = None) -> None:
        self.modules: dict[str, Module] = {}
        self.funs: list[Fun] = []
        self.klasses: list[Klass] = []
        self.others: dict[str, list[Module]] = {}  # that have the name of a module as well, under other roots
        self.packages: set[str] = set()  # every prefix of a module's name
        self.ordered: list[Module] = []
        self.put_on: set[str] = set()  # attributes that are set from outside of their class
        self.finals: dict[str, bool] = {}  # declared `Final`, by full name: is it true?
        self._imports_of: dict[str, frozenset[str]] = {}
        self._users: dict[str, list[Module]] = {}
        for facts in files:
            self._add(facts)
        self._by_tail: dict[str, str | None] = {}
        own = self._like_libraries(libraries)
        for name in self.modules:
            head = name
            while head:
                self.packages.add(head)
                head = head.rpartition(".")[0]
            # The last segments of a module's name, where unique: another root than the one that was guessed. A name of one segment
            # only for packages, and never one that is a library's, but where all that is imported from that is the project's.
            parts = name.split(".")
            for start in range(1, len(parts)):
                if (parts[start] in libraries and ".".join(parts[: start + 1]) not in own) or (
                    start == len(parts) - 1 and not self.modules[name].facts.is_package
                ):
                    continue
                tail = ".".join(parts[start:])
                self._by_tail[tail] = None if tail in self._by_tail else name
        for longer, name in (also or {}).items():
            # As seen from a folder further up; a folder between them may be named as well (`import backend`).
            if longer not in self.modules and name in self.modules:
                self._by_tail[longer] = name
                if longer.partition(".")[0] not in libraries:  # a folder that is called like one is not what is imported under that name
                    self.packages.update(longer[:end] for end, letter in enumerate(longer) if letter == ".")

    def _like_libraries(self, libraries: frozenset[str]) -> set[str]:
        """The packages of the project, by their full names, that are called like a library, lie in another folder and are what is meant by
        that name: each module that anyone imports by it is there, one further down at least (``apps.payments`` where
        ``from payments.models import Payment`` is all that is imported)."""
        found: dict[str, set[str]] = {}  # the library's name -> packages called like it
        for name in self.modules:
            parts = name.split(".")
            for end in range(2, len(parts)):
                if parts[end - 1] in libraries:
                    found.setdefault(parts[end - 1], set()).add(".".join(parts[:end]))
        asked: dict[str, set[str]] = {}
        for module in self.ordered if found else ():
            for item in module.facts.imports:
                if item.level == 0 and (top := item.module.partition(".")[0]) in found:
                    asked.setdefault(top, set()).add(item.module if "." in item.module or not item.name else f"{top}.{item.name}")
        own: set[str] = set()
        for top, modules in asked.items():
            for package in found[top] if any("." in each for each in modules) else ():
                if all(package + each[len(top) :] in self.modules for each in modules):
                    own.add(package)
        return own

    def _add(self, facts: FileFacts) -> None:
        module = Module(facts)
        names = module.names
        module.stars = [
            absolute(module, facts.imports[b[1]].module, facts.imports[b[1]].level) for b in names.pop("*", ()) if b[0] == "import"
        ]
        self.ordered.append(module)
        self.put_on |= facts.put_on
        if "Final" in facts.words and not module.stars and self.modules.get(module.name, module) is module:
            self.finals.update((f"{module.name}.{name}", holds) for name, holds in _finals(module))
        if facts.module in self.modules:
            self.others.setdefault(facts.module, []).append(module)
        else:
            self.modules[facts.module] = module
        # Classes first without parents, functions next: their numbers in the file refer to each other.
        first = len(self.funs) + 1
        module.body = Fun(len(self.funs), module, None, None, None, facts.body)
        self.funs.append(module.body)
        for defined in facts.classes:
            klass = Klass(len(self.klasses), module, defined, None)
            self.klasses.append(klass)
            module.klasses.append(klass)
        for fact in facts.functions:
            fun = Fun(first + len(module.funs), module, fact, module.klasses[fact.owner] if fact.owner >= 0 else None, None, fact.body)
            self.funs.append(fun)
            module.funs.append(fun)
        for fun in module.funs:
            assert fun.fact is not None
            if fun.fact.parent >= 0:
                fun.parent = module.funs[fun.fact.parent]
        for klass in module.klasses:
            if klass.fact.parent >= 0:
                klass.parent = module.funs[klass.fact.parent]

    def find_module(self, name: str, near: str = "") -> Module | None:
        """A module by its name, or by a unique longer one that ends in it (a project under another root). Of several that of the same root
        as the file ``near``, which imports it, else the first."""
        module = self.modules.get(name)
        if module is not None and near and name in self.others:
            roots = [(_root(each), each) for each in (module, *self.others[name])]
            return max(((root, each) for root, each in roots if near.startswith(root)), key=lambda at: len(at[0]), default=roots[0])[1]
        if module is None:
            full = self._by_tail.get(name)
            if full is not None:
                module = self.modules[full]
        return module

    def knows(self, name: str) -> bool:
        """Is it a module or package (perhaps without ``__init__``) of the project?"""
        return name in self.packages or self._by_tail.get(name) is not None

    def inside(self, full: str, near: str = "") -> tuple[Module | None, str]:
        """A full name as a module of the project (None where it is a library's) and what follows the module's name; ``near`` as above."""
        head, rest = full, ""
        while head:
            module = self.find_module(head, near)
            if module is not None:
                return module, rest
            head, _, last = head.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
        return None, full

    def where_bound(self, module: Module, dotted: str) -> str:
        """The one full name of what a dotted name of a module stands for, whichever way it was imported: ``models.db.session`` and
        ``db.session`` of another module are both ``shop.models.db.session``."""
        seen = set()
        while (module.name, dotted) not in seen:
            seen.add((module.name, dotted))
            head, _, rest = dotted.partition(".")
            bound = module.names.get(head)
            if bound is None:
                near = module.facts.path
                starred = next((m for star in module.stars if (m := self.find_module(star, near)) is not None and head in m.names), None)
                if starred is None:
                    break
                module = starred
                continue
            if bound[-1][0] != "import":
                break
            item = module.facts.imports[bound[-1][1]]
            target = absolute(module, item.module, item.level)
            if item.name is None:
                full = item.binds if item.binds == item.module.partition(".")[0] else target
            else:
                full = f"{target}.{item.name}" if target else item.name
            full = f"{full}.{rest}" if rest else full
            other, dotted = self.inside(full, module.facts.path)
            if other is None or not dotted:
                return full
            module = other
        return f"{module.name}.{dotted}"

    def may_meet(self, module: Module, other: Module) -> bool:
        """May objects of the other module get to this one? Not where they lie in packages that do not import each other: a server and
        the client library beside it."""
        here, there = _top(module), _top(other)
        return here == there or there in self._imported(here) or here in self._imported(there)

    def imports(self, module: Module, package: str) -> bool:
        """Does the top-level package of a module import anything of this one?"""
        return package in self._imported(_top(module))

    def _imported(self, top: str) -> frozenset[str]:
        """The top-level packages that any module of a top-level package imports."""
        known = self._imports_of.get(top)
        if known is None:
            of = [m for m in self.ordered if _top(m) == top]
            known = frozenset(item.module.partition(".")[0] for m in of for item in m.facts.imports if not item.level)
            self._imports_of[top] = known
        return known

    def bindings(self, module: Module, name: str) -> Sequence[Binding] | None:
        """How a name of a module, or of one of its classes (``Kind.PAID``), is bound; None where other code assigns it."""
        head, _, last = name.rpartition(".")
        if last in self.put_on or name in module.global_sets:
            return None
        if not head:
            return module.names.get(name, ())
        return next((klass.names.get(last, ()) for klass in module.klasses if klass.fact.qualname == head), ())

    def using(self, word: str) -> Sequence[Module]:
        """The modules that call something of this name, use an attribute of it or import it, in order."""
        if not self._users:
            for module in self.ordered:
                for each in module.facts.words:
                    self._users.setdefault(each, []).append(module)
        return self._users.get(word, ())

    def methods(self, klass: Klass) -> Iterator[Fun]:
        """The functions defined in the class's own body."""
        for name in klass.names:
            for binding in klass.names[name]:
                if binding[0] == "def":
                    yield klass.module.funs[binding[1]]


def mentions(fun: Fun, names: Collection[str]) -> bool:
    """Does one of the names occur as a name, or as the last attribute of one, in a function's own body?"""
    stack: list[Any] = [fun.body]
    while stack:
        for item in stack.pop():
            kind = item.__class__
            if kind is tuple:
                stack.append(item)
            elif kind is str and (item in names or ("." in item and item.rpartition(".")[2] in names)):
                return True
    return False
