"""What the constructor of a row keeps of its fields, in an attribute that nobody else sets: ``self._image = self.image``.

`kept_by` tells which field that is, `kept_test` what holds where the attribute is not empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.link.kept import assigning
from txlint.link.project import Fun, Klass
from txlint.link.settled import is_settled, sets_any
from txlint.link.uses import uses_of
from txlint.link.values import Obj
from txlint.model.facts import Body, Expr, Stmt
from txlint.model.graph import IDENTITY, Test
from txlint.model.shapes import statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame


class Kept(NamedTuple):
    """What a constructor keeps in an attribute: the value of a field, or of none that is known. ``stored``: nothing for a new row;
    ``never``: nothing for any row."""

    field: str | None
    stored: bool
    never: bool = False


def kept_test(frame: Frame, name: str) -> Test | bool | None:
    """``self._image``: what makes an attribute true that its constructor leaves empty for new rows; False where it leaves it empty for
    all, and nobody else sets it."""
    kept = kept_by(frame, name)
    if kept is not None and kept.never:
        return False
    return Test(IDENTITY, "truthy", True, True) if kept is not None and kept.stored else None


def kept_by(frame: Frame, name: str) -> Kept | None:
    """What ``self._image``, or a local name for it, was given by the constructor and by nobody else; ``instance._image`` in a receiver of
    a signal."""
    owner, own = row_in(frame)
    if owner is None or own is None:
        return None
    if "." not in name:
        sources = uses_of(frame.linker, frame.fun, name).bindings if name in frame.fun.scope else []
        if len(sources) != 1 or sources[0].__class__ is not str or "." not in sources[0]:
            return None
        name = sources[0]
    head, _, attribute = name.partition(".")
    if head != own or not attribute.isidentifier() or attribute in frame.sets:
        return None
    if own != frame.self_name and _is_put_elsewhere(frame.linker, frame.fun, owner, attribute):
        return None
    key = (owner.id, attribute, frame.fun.id)
    known: dict[Any, Kept | None] = frame.linker.kept_fields
    if key not in known:
        known[key] = None  # a property that asks for itself
        known[key] = _kept(frame, owner, attribute)
    return known[key]


def row_in(frame: Frame) -> tuple[Klass | None, str | None]:
    """The class of the row that a function is about, and its name there: the receiver of a method, the instance that a receiver of a
    signal gets."""
    if frame.fun.klass is not None:
        return frame.fun.klass, frame.self_name
    rows = {atom.klass for atom in frame.env.get("instance", ()) if isinstance(atom, Obj)} if frame.is_param("instance") else set()
    return (rows.pop(), "instance") if len(rows) == 1 else (None, None)


def _is_put_elsewhere(linker: Linker, fun: Fun, owner: Klass, attribute: str) -> bool:
    """Does any other function than this one and methods of the class assign an attribute of the name?"""
    if attribute not in linker.project.put_on:
        return False
    mine = {fun, *linker.setters(owner).get(attribute, ())}
    modules = (module for module in linker.project.using(attribute) if attribute in module.facts.put_on)
    others = (other for module in modules for other in assigning(linker, module, attribute) if other not in mine)
    return any(not _is_only_its_own(other, attribute) for other in others)


def _is_only_its_own(fun: Fun, attribute: str) -> bool:
    """Does a method assign the attribute of nothing but its receiver?"""
    if fun.klass is None or fun.fact is None or not fun.fact.params:
        return False
    targets = [target for stmt in statements(fun.body) if stmt[0] == "assign" for target in stmt[1]]
    own = f"{fun.fact.params[0].name}.{attribute}"
    return all(target == own for target in targets if target.__class__ is str and target.endswith(f".{attribute}"))


def _kept(frame: Frame, owner: Klass, attribute: str) -> Kept | None:
    linker = frame.linker
    writers = list(linker.setters(owner).get(attribute, ()))
    writers += [k.module.funs[n] for k in owner.subclasses for n in k.setters.get(attribute, ())]
    first: Expr | None = None
    field: str | None = None
    for fun in dict.fromkeys(writers):
        if fun.fact is None or not fun.fact.params:
            return None
        target = f"{fun.fact.params[0].name}.{attribute}"
        if fun.fact.name == "__init__":
            made = tuple(_when_made(frame, fun.fact.params[0].name, fun.body))
            found = [stmt[2] for stmt in made if stmt[0] == "assign" and target in stmt[1]]
            if first is not None or len(found) != 1 or _count(made, target) > 1:
                return None
            first, init = found[0], fun
        elif fun is frame.fun:
            # The method itself keeps the value anew when it is done: for the next time.
            found = [stmt[2] for stmt in fun.body if stmt[0] == "assign" and target in stmt[1]]
            field = _field(found[0], fun.fact.params[0].name) if len(found) == 1 else None
        else:
            return None
    if first is None or sets_any(linker, owner, but="from_db"):  # which sets what it does of stored rows
        return None
    assert init.fact is not None
    own = init.fact.params[0].name
    if first.__class__ is tuple and first[0] == "ifexp" and (always := is_adding(frame, own, first[1])) is not None:
        first = first[2] if always else first[3]
    if is_empty(first):
        return Kept(field, True, field is None and not _reads_rows(linker, owner) and is_settled(linker, owner, attribute))
    from txlint.link.guards import tests
    from txlint.link.replay import Frame

    inner = Frame(linker, init, owner, False)
    inner.self_name = own
    saved = ("test", Test(IDENTITY, "truthy", True, True))
    if first.__class__ is tuple and first[0] == "ifexp":
        yes, no = tests(inner, first[1])
        if is_empty(first[3]) and saved in yes:
            return Kept(_field(first[2], own), True)
        if is_empty(first[2]) and saved in no:
            return Kept(_field(first[3], own), True)
        return None
    if first.__class__ is tuple and first[0] == "bool" and first[1] == "and":
        yes, _ = tests(inner, first)
        return Kept(_field(first[2][-1], own), True) if saved in yes else None
    field = _field(first, own)
    return Kept(field, False) if field is not None else None


_ADDING = "_state.adding"


def is_adding(frame: Frame, own: str, test: Expr) -> bool | None:
    """What a test always gives in the constructor of a row, where it asks whether the row is still to be added; None where it asks for
    anything else. Django says that a row is stored when its constructor is done (``Model.from_db``), so there each one is new."""
    if test.__class__ is str:
        head, _, name = test.partition(".")
        if head != own or not name:
            return None
        if name == _ADDING:
            return True
        klass = frame.klass or frame.fun.klass
        said = said_by_property(frame.linker, klass, name) if klass is not None and name.isidentifier() else None
        return is_adding(frame, said[1], said[2]) if said is not None and said[2] != test else None
    if test[0] == "not":
        inner = is_adding(frame, own, test[1])
        return None if inner is None else not inner
    return None


def said_by_property(linker: Linker, klass: Klass, name: str) -> tuple[Fun, str, Expr] | None:
    """A property of a class that only returns something: its function, what that calls its receiver, and what it returns."""
    found = linker.find(klass, name)
    fun = found.method if found is not None else None
    if fun is None or fun.fact is None or not fun.fact.decorators or len(fun.fact.params) != 1:
        return None
    body = [stmt for stmt in fun.body if stmt[0] != "expr"]
    if len(body) != 1 or body[0][0] != "return" or body[0][1] is None or linker.decoration(fun).role != "property":
        return None
    return fun, fun.fact.params[0].name, body[0][1]


def _when_made(frame: Frame, own: str, body: Body) -> Iterator[Stmt]:
    """The statements of a constructor, without the branches that no row takes there."""
    for stmt in body:
        always = is_adding(frame, own, stmt[1]) if stmt[0] == "if" else None
        if always is None:
            yield stmt
        else:
            yield from _when_made(frame, own, stmt[2] if always else stmt[3])


def _reads_rows(linker: Linker, owner: Klass) -> bool:
    """Does a class say itself how its rows are read (``from_db``), and perhaps what is set on them then?"""
    return linker.has_own(owner, "from_db")


def is_empty(expr: Expr) -> bool:
    return expr.__class__ is tuple and expr[0] == "const" and not expr[1]


def _field(expr: Expr, own: str) -> str | None:
    """The field of which an expression is the value: ``self.image``, ``self.__dict__.get("image")``."""
    if expr.__class__ is str:
        head, _, name = expr.partition(".")
        return name if head == own and name.isidentifier() else None
    key: Expr = None
    if expr[0] == "call" and expr[1] == f"{own}.__dict__.get" and expr[2]:
        key = expr[2][0]
    elif expr[0] == "call" and expr[1] == "getattr" and len(expr[2]) > 1 and expr[2][0] == own:
        key = expr[2][1]
    elif expr[0] == "sub" and expr[1] == f"{own}.__dict__":
        key = expr[2]
    return key[1] if key.__class__ is tuple and key[0] == "const" and isinstance(key[1], str) else None


def _count(body: Any, name: str) -> int:
    """How often a dotted name stands in a body."""
    return (body == name) if body.__class__ is str else sum(_count(part, name) for part in body) if body.__class__ is tuple else 0
