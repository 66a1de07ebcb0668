"""SQLAlchemy's mapped classes: their tables; what reading ``order.user`` gives where ``user = relationship("User", backref="orders")``,
and ``user.orders``; and which attributes are none of their columns and relations.

Whether a relation is to one row or to many is for the database to say: it is read as both, as neither has the other's methods."""

from __future__ import annotations

from typing import Any

from txlint.frameworks.types import Atom, Framework, Klass, Linker, Module, Value
from txlint.model.shapes import called, calls_in, last_name, speaks_of, statements

LIBRARY = "sqlalchemy"
_RELATION = "sqlalchemy.orm.relationship"
_TABLE = "sqlalchemy.Table"
_CALLED = frozenset({"relationship", "relation"})
_WORD = "backref"
_MAPPED = frozenset({"DynamicMapped", "Mapped", "WriteOnlyMapped"})
_BY_ANNOTATION = "sqlmodel.SQLModel"  # its subclasses have a column for each annotation


class Relations(Framework):
    """The relations, and the tables, of one program's mapped classes."""

    def __init__(self) -> None:
        self._named: dict[str, list[Klass]] | None = None  # mapped classes by their names
        self._backrefs: dict[str, dict[int, Value]] | None = None  # attribute -> class that gets it -> what it gives

    def described(self, linker: Linker, method: str, item: Atom, receiver: Atom | None) -> Value | None:
        if method != f"{_RELATION}.__get__":
            return None
        return _either(linker, self._other_side(linker, item, getattr(getattr(receiver, "klass", None), "module", None)))

    def class_attribute(self, linker: Linker, klass: Klass, name: str) -> Value | None:
        """``Order.__table__``, which the mapping makes of a class that names one."""
        if name != "__table__" or linker.find(klass, name) is not None or linker.find(klass, "__tablename__") is None:
            return None
        return (linker.atoms(linker.ExtObj, _TABLE, (), None),)

    def instance_attribute(self, linker: Linker, klass: Klass, name: str, holder: Atom) -> Value | None:
        if self._backrefs is None:
            self._backrefs = {}
            self._find_backrefs(linker, self._backrefs)
        given = self._backrefs.get(name)
        if given is None:
            return None
        return next((given[base.id] for base in linker.mro(klass) if not isinstance(base, str) and base.id in given), None)

    def is_plain(self, linker: Linker, klass: Klass, name: str) -> bool:
        """A plain annotation or constant, a property whose setter sets nothing else, or what the class and its bases do not declare."""
        if linker.is_a(klass, _BY_ANNOTATION) or self.instance_attribute(linker, klass, name, None):
            return False
        owners = [base for base in linker.mro(klass) if not isinstance(base, str) and name in base.names]
        if not owners:
            return linker.has_known_bases(klass) and linker.find(klass, "__tablename__") is not None
        return all(self._is_plain_in(linker, klass, owner, name, each) for owner in owners for each in owner.names[name])

    def _is_plain_in(self, linker: Linker, klass: Klass, owner: Klass, name: str, bound: Any) -> bool:
        if bound[0] == "value":
            return (bound[1] is None or bound[1][0] == "const") and not _is_mapped(bound[2])
        if bound[0] != "def":
            return False
        funs = [fun for fun in owner.module.funs if fun.klass is owner and fun.fact is not None and fun.fact.name == name]
        if any(last_name(called(expr)) == "cached_property" for fun in funs for expr, _ in fun.fact.decorators):
            return True
        getter = owner.module.funs[bound[1]]
        setter = next((fun for fun in funs if any(expr == f"{name}.setter" for expr, _ in fun.fact.decorators)), None)
        if setter is None or all(expr != "property" for expr, _ in getter.fact.decorators):
            return False
        own = setter.fact.params[0].name
        if any(speaks_of(call, (own,)) for call in calls_in(setter.body)):
            return False
        targets = [each for stmt in statements(setter.body) for each in _targets(stmt) if speaks_of(each, (own,))]
        return all(
            each.__class__ is str
            and each.count(".") == 1
            and each != f"{own}.{name}"
            and self.is_plain(linker, klass, each[len(own) + 1 :])
            for each in targets
        )

    def _find_backrefs(self, linker: Linker, found: dict[str, dict[int, Value]]) -> None:
        """What relations add to the class on their other side."""
        for klass in linker.project.klasses:
            if _CALLED.isdisjoint(klass.module.facts.words):
                continue
            for bound in klass.names.values():
                tag, made = bound[-1][:2]
                if tag != "value" or made.__class__ is not tuple or made[0] != "call" or all(key != _WORD for key, _ in made[3]):
                    continue
                for item in linker.class_expression(klass, made):
                    for added in dict(item.origin[2]).get(_WORD, ()) if _is_relation(linker, item) else ():
                        for other in self._other_side(linker, item, klass.module) if isinstance(added, linker.Const) else ():
                            found.setdefault(added.value, {})[other.klass.id] = _either(linker, (linker.instance(klass, False),))

    def _other_side(self, linker: Linker, item: Atom, module: Module | None) -> Value:
        """Instances of the class that a relation leads to, where several have its name the one of the same ``module``; unknown where the
        annotation beside it says that."""
        if not _is_relation(linker, item):
            return ()
        given = dict(item.origin[2])
        value = item.origin[1][0] if item.origin[1] else given.get("argument", ())
        found = []
        for atom in value:
            if isinstance(atom, linker.Fn):
                value = linker.result(atom.fun, None, True)  # `relationship(lambda: User)`
                found += [each.klass for each in value if isinstance(each, linker.Cls)]
            elif isinstance(atom, linker.Cls):
                found.append(atom.klass)
            elif isinstance(atom, linker.Const) and isinstance(atom.value, str):
                named = self._by_name(linker).get(atom.value.rpartition(".")[2], [])
                beside = [klass for klass in named if klass.module is module]
                found += next((each for each in (named, beside) if len(each) == 1), [])
        return tuple(linker.instance(klass, False) for klass in found)

    def _by_name(self, linker: Linker) -> dict[str, list[Klass]]:
        if self._named is None:
            self._named = {}
            for klass in linker.project.klasses:
                if linker.is_mapped(klass):
                    self._named.setdefault(klass.fact.name, []).append(klass)
        return self._named


def _targets(stmt: Any) -> tuple[Any, ...]:
    if stmt[0] == "assign":
        return stmt[1]  # type: ignore[no-any-return]
    return (stmt[1],) if stmt[0] in ("ann", "aug", "for") else ()


def _is_mapped(annotation: Any) -> bool:
    """``Mapped[int]``, also in quotes."""
    if annotation is None:
        return False
    if annotation.__class__ is tuple and annotation[0] == "const":
        return any(f"{name}[" in str(annotation[1]) for name in _MAPPED)
    return last_name(annotation[1] if annotation.__class__ is tuple and annotation[0] == "sub" else annotation) in _MAPPED


def _is_relation(linker: Linker, item: Atom) -> bool:
    origin = getattr(item, "origin", None)
    return isinstance(item, linker.ExtObj) and item.name == _RELATION and isinstance(origin, tuple) and origin[:1] == ("init",)


def _either(linker: Linker, rows: Value) -> Value:
    return (*rows, linker.atoms(linker.Many, rows)) if rows else ()
