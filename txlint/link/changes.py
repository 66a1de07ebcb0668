"""Whether an attribute of a row is still what it was when the row was read: `comparison` and `kept_test` find tests that ask for it,
`assigned` tells what a function does to the row that it calls a method of.

``if self.image != self._image`` where ``__init__`` keeps the one as the other, or where ``old`` is the row read anew. What a function
does to a name is read without regard to order: whatever may change the row elsewhere (it is passed on, kept, known by another name)
makes the answer unknown. Receivers of signals are not looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from txlint.link.holding import row_of
from txlint.link.kept import ADDS
from txlint.link.project import Fun, Klass, Module
from txlint.link.settled import sets_any
from txlint.link.values import Cls, ExtMethod, Obj, Value
from txlint.model.facts import Body, Expr, Stmt
from txlint.model.graph import CHANGED, IDENTITY, KEPT, NEW, STORED, UNSURE, Test
from txlint.model.shapes import last_name, statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame


Place: TypeAlias = tuple[str, int | str]
"""A parameter of whatever function has a name: by its position, without the receiver, or by its own name."""
RECEIVES = -1
"""The position of the receiver."""


class Kept(NamedTuple):
    """What a constructor keeps in an attribute: the value of a field, or of none that is known. ``stored``: nothing for a new row;
    ``never``: nothing for any row."""

    field: str | None
    stored: bool
    never: bool = False


class Uses:
    """What is done to a name in a body."""

    __slots__ = ("assigned", "bindings", "called", "escapes", "handed", "supers", "within")

    def __init__(self) -> None:
        self.assigned: set[str] = set()  # attributes
        self.called: Counter[str] = Counter()  # methods
        self.supers: list[str] = []  # methods of the base classes
        self.within: set[tuple[str, str]] = set()  # attributes of which something is called: (`image`, `storage.delete`)
        self.handed: set[Place] = set()  # functions that it is passed to, and at which place
        self.bindings: list[Expr | None] = []  # what it is bound to; None: not by a plain assignment
        self.escapes = False  # something else may change what it stands for


# -- tests --------------------------------------------------------------------------------------------------------------------------


def saves(linker: Linker, klass: Klass) -> bool:
    """Does a class say itself how its rows are saved? Only of these is it asked what has changed."""
    found = linker.find(klass, "save")
    return found is not None and found.bindings is not None


def kept_test(frame: Frame, name: str) -> Test | bool | None:
    """``self._image``: what makes an attribute true that its constructor leaves empty for new rows; False where it leaves it empty for
    all, and nobody else sets it."""
    kept = _kept_by(frame, name)
    if kept is not None and kept.never:
        return False
    return Test(IDENTITY, "truthy", True, True) if kept is not None and kept.stored else None


def comparison(frame: Frame, left: Expr, op: str, right: Expr) -> Test | None:
    """``self.image != self._image``, ``old.image != self.image``: what holds where it is true."""
    if op not in ("==", "!=") or left.__class__ is not str or right.__class__ is not str or frame.self_name is None:
        return None
    for mine, other in ((left, right), (right, left)):
        head, _, field = mine.partition(".")
        if head != frame.self_name or not field.isidentifier():
            continue
        value: Any = None
        kept = _kept_by(frame, other)
        if kept is not None and kept.field == field:
            value = True if kept.stored else KEPT
        elif other.endswith("." + field) and _is_read_anew(frame, other[: -len(field) - 1]):
            value = True
        klass = frame.klass or frame.fun.klass
        if value is not None and klass is not None and saves(frame.linker, klass):
            own = _on_self(frame.linker, klass, frame.fun)  # what the method that tests may assign itself
            if own is None or field not in own:
                return Test(CHANGED + field, "truthy", value if own is not None else UNSURE, op == "!=")
    return None


def _kept_by(frame: Frame, name: str) -> Kept | None:
    """What ``self._image``, or a local name for it, was given by the constructor and by nobody else."""
    owner = frame.fun.klass
    if owner is None or frame.self_name is None:
        return None
    if "." not in name:
        sources = uses_of(frame.linker, frame.fun, name).bindings if name in frame.fun.scope else []
        if len(sources) != 1 or sources[0].__class__ is not str or "." not in sources[0]:
            return None
        name = sources[0]
    head, _, attribute = name.partition(".")
    if head != frame.self_name or not attribute.isidentifier() or attribute in frame.sets:
        return None
    key = (owner.id, attribute, frame.fun.id)
    known: dict[Any, Kept | None] = frame.linker.kept_fields
    if key not in known:
        known[key] = None  # a property that asks for itself
        known[key] = _kept(frame, owner, attribute)
    return known[key]


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
    if first is None or sets_any(linker, owner):
        return None
    assert init.fact is not None
    own = init.fact.params[0].name
    if first.__class__ is tuple and first[0] == "ifexp" and (always := is_adding(frame, own, first[1])) is not None:
        first = first[2] if always else first[3]
    if _is_empty(first):
        return Kept(field, True, field is None and not _is_set_elsewhere(linker, owner, init, attribute))
    from txlint.link.guards import tests
    from txlint.link.replay import Frame

    inner = Frame(linker, init, owner, False)
    inner.self_name = own
    saved = ("test", Test(IDENTITY, "truthy", True, True))
    if first.__class__ is tuple and first[0] == "ifexp":
        yes, no = tests(inner, first[1])
        if _is_empty(first[3]) and saved in yes:
            return Kept(_field(first[2], own), True)
        if _is_empty(first[2]) and saved in no:
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
        return is_adding(frame, said[0], said[1]) if said is not None and said[1] != test else None
    if test[0] == "not":
        inner = is_adding(frame, own, test[1])
        return None if inner is None else not inner
    return None


def said_by_property(linker: Linker, klass: Klass, name: str) -> tuple[str, Expr] | None:
    """What a property of a class only returns, and what it calls its receiver."""
    found = linker.find(klass, name)
    fun = found.method if found is not None else None
    if fun is None or fun.fact is None or not fun.fact.decorators or len(fun.fact.params) != 1:
        return None
    body = [stmt for stmt in fun.body if stmt[0] != "expr"]
    if len(body) != 1 or body[0][0] != "return" or body[0][1] is None or linker.decoration(fun).role != "property":
        return None
    return fun.fact.params[0].name, body[0][1]


def _when_made(frame: Frame, own: str, body: Body) -> Iterator[Stmt]:
    """The statements of a constructor, without the branches that no row takes there."""
    for stmt in body:
        always = is_adding(frame, own, stmt[1]) if stmt[0] == "if" else None
        if always is None:
            yield stmt
        else:
            yield from _when_made(frame, own, stmt[2] if always else stmt[3])


def _is_set_elsewhere(linker: Linker, owner: Klass, init: Fun, attribute: str) -> bool:
    """May anything but the constructor set an attribute: what reads rows (``from_db``), or code that names it on an object?"""
    reads = linker.find(owner, "from_db")
    if reads is not None and reads.bindings is not None:
        return True
    family = {owner.id, *(k.id for k in linker.mro(owner) if isinstance(k, Klass)), *(k.id for k in owner.subclasses)}
    for module in linker.project.ordered:
        for fun in module.funs if attribute in module.facts.words else ():
            own = fun.fact.params[0].name if fun.fact is not None and fun.fact.params and fun.klass is not None else None
            stranger = f"{own}.{attribute}" if fun.klass is not None and fun.klass.id not in family else None
            if fun is not init and any(t.rpartition(".")[2] == attribute and t != stranger for t in _targets(fun.body)):
                return True
    return False


def _targets(body: Body) -> Iterator[str]:
    """The dotted names that a body assigns to."""
    for stmt in statements(body):
        for target in stmt[1] if stmt[0] == "assign" else (stmt[1],) if stmt[0] in ("ann", "aug") else ():
            if target.__class__ is str:
                yield target


def _is_empty(expr: Expr) -> bool:
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


def _is_read_anew(frame: Frame, name: str) -> bool:
    """Is it the receiver's own row, read from the database once more, and only read: ``type(self).objects.get(pk=self.pk)``?"""
    if "." in name or name not in frame.fun.scope or frame.is_param(name):
        return False
    uses = uses_of(frame.linker, frame.fun, name)
    sources = [source for source in uses.bindings if source is None or not _is_empty(source)]
    if uses.assigned or uses.escapes or uses.handed or len(sources) != 1 or sources[0] is None:
        return False
    source = sources[0]
    if source.__class__ is tuple and source[0] == "ifexp" and _is_empty(source[3]):
        source = source[2]
    klass = frame.klass or frame.fun.klass
    assert klass is not None
    family = {klass.id, *(k.id for k in frame.linker.mro(klass) if isinstance(k, Klass)), *(k.id for k in klass.subclasses)}
    rows = [atom for atom in frame.env.get(name, ()) if isinstance(atom, Obj)]
    return bool(rows) and all(row_of(a) == STORED and a.klass.id in family for a in rows) and _by_key(source, frame.self_name)


def _by_key(expr: Any, own: str | None) -> bool:
    """Is a row asked for by the receiver's key?"""
    if expr.__class__ is not tuple:
        return False
    if len(expr) == 2 and expr[0] in _KEYS and expr[1] in (f"{own}.pk", f"{own}.id"):
        return True
    return any(_by_key(part, own) for part in expr)


_KEYS = frozenset({"pk", "id"})
_FEW = 8  # functions of one name that are looked at
_DEEP = 4  # functions that hand something on to each other


# -- what is done to a row ----------------------------------------------------------------------------------------------------------


def origin_of(values: Value, expr: Expr) -> str | None:
    """Whether a call of these reads a row for whoever calls (`STORED`), or makes one (`NEW`); None where others may have the row."""
    if values and all(isinstance(atom, Cls) for atom in values):
        return NEW
    if writes(expr) or not values or not all(isinstance(a, ExtMethod) and not a.name.startswith("builtins.") for a in values):
        return None
    return STORED


def assigned(linker: Linker, fun: Fun, name: str, klass: Klass, method: str, origin: str | None) -> tuple[frozenset[str], bool]:
    """The attributes that a function may have assigned of a row when it calls ``method`` of it, and whether these are all: since the row
    was read or made (``origin``) there, or since the function was called, of its own receiver."""
    uses = uses_of(linker, fun, name)
    mine = uses.assigned | {first for first, _ in uses.within}  # what a field holds may be changed: `row.image.save(..)`
    handed = _of_others(linker, uses.handed)
    mine |= handed or frozenset()
    complete = not uses.escapes and handed is not None
    if not _is_first(fun, name):
        complete = complete and origin is not None and len(uses.bindings) == 1
        for source in uses.bindings if origin == NEW else ():
            if source.__class__ is tuple and source[0] == "call":
                complete = complete and not source[2] and all(keyword is not None for keyword, _ in source[3])
                mine.update(keyword for keyword, _ in source[3] if keyword is not None)
            else:
                complete = False
    elif uses.bindings:
        complete = False
    for other, times in uses.called.items():
        if other == method and times == 1:
            continue
        found = _of_method(linker, klass, other)
        if found is None:
            complete = False
        else:
            mine |= found
    return frozenset(mine), complete


_MAKES = frozenset({"create", "acreate", "get_or_create", "aget_or_create", "update_or_create", "aupdate_or_create", "save"})


def writes(expr: Expr) -> bool:
    """``order = Order.objects.create(..)``, ``order, _ = manager.get_or_create(..)``, ``order = form.save()``."""
    if expr.__class__ is not str and expr[0] == "await":
        expr = expr[1]
    if expr.__class__ is str or expr[0] != "call":
        return False
    func = expr[1]
    return last_name(func) in _MAKES


def _is_first(fun: Fun, name: str) -> bool:
    return fun.fact is not None and bool(fun.fact.params) and fun.fact.params[0].name == name and fun.klass is not None


def _of_method(linker: Linker, klass: Klass, name: str) -> frozenset[str] | None:
    found = linker.find(klass, name)
    if found is None or found.bindings is None:
        return frozenset()  # a library's
    fun = found.method
    return None if fun is None or linker.overrides(klass, name) else _on_self(linker, klass, fun)


def _on_self(linker: Linker, klass: Klass, fun: Fun, within: frozenset[int] = frozenset()) -> frozenset[str] | None:
    """The attributes that a method assigns of its receiver, itself or by other methods; None where that cannot be told."""
    key = (klass.id, fun.id)
    if key in linker.assigned_fields:
        return linker.assigned_fields[key]
    if fun.fact is None or not fun.fact.params or fun.id in within:
        return frozenset()
    uses = uses_of(linker, fun, fun.fact.params[0].name)
    handed = _of_others(linker, uses.handed)
    result: set[str] | None = None
    if not uses.escapes and not uses.bindings and handed is not None:
        result = uses.assigned | handed | {first for first, rest in uses.within if rest in _MAKES}
    for found in (*(linker.find(klass, other) for other in uses.called), *(linker.find(klass, m, fun.klass) for m in uses.supers)):
        if result is None or found is None or found.bindings is None:
            continue
        method = found.method
        inner = _on_self(linker, klass, method, within | {fun.id}) if method is not None else None
        result = result | inner if inner is not None else None
    answer = frozenset(result) if result is not None else None
    if not within:
        linker.assigned_fields[key] = answer
    return answer


def _of_others(linker: Linker, places: Iterable[Place], within: frozenset[Place] = frozenset()) -> frozenset[str] | None:
    """The attributes that functions of these names may assign of what they are given; None where they may do anything with it."""
    result: set[str] = set()
    for place in places:
        if place in within:
            continue
        if place not in linker.handed_fields:
            if place[0][:1].isupper() or len(within) > _DEEP:
                return None  # an object that keeps it
            linker.handed_fields[place] = _of_function(linker, place, within | {place})
        found = linker.handed_fields[place]
        if found is None:
            return None
        result |= found
    return frozenset(result)


def _of_function(linker: Linker, place: Place, within: frozenset[Place]) -> frozenset[str] | None:
    if not linker.functions_by_name:
        for fun in linker.project.funs:
            if fun.fact is not None:
                linker.functions_by_name.setdefault(fun.fact.name, []).append(fun)
    functions = linker.functions_by_name.get(place[0], ())
    if len(functions) > _FEW:
        return None
    result: set[str] = set()
    for fun in functions:
        assert fun.fact is not None
        at = place[1]
        if isinstance(at, int):
            positional = fun.fact.positional
            at += 1 if fun.klass is not None else 0
            name = positional[at] if 0 <= at < len(positional) else None
        else:
            name = next((param.name for param in fun.fact.params if param.name == at), None)
        if name is None:
            if any(param.kind in ("vararg", "kwarg") for param in fun.fact.params):
                return None
            continue
        uses = uses_of(linker, fun, name)
        inner = _of_others(linker, (*uses.handed, *((called, RECEIVES) for called in uses.called)), within)
        if uses.escapes or inner is None:
            return None
        result |= uses.assigned | inner | {first for first, _ in uses.within}
    return frozenset(result)


def uses_of(linker: Linker, fun: Fun, name: str) -> Uses:
    """What a function does to a name."""
    key = (fun.id, name)
    found = linker.uses.get(key)
    if found is None:
        found = linker.uses[key] = Uses()
        _read(fun.body, name, fun.module, found)
    return found


_LOOKS = frozenset({"bool", "getattr", "hasattr", "hash", "id", "isinstance", "print", "repr", "str", "super", "type"})
"""Builtins that leave what they are given as it is."""
_KEEPS = ADDS | {"partial"}
"""Functions that keep what they are given, for others to do something with."""
_TAGS = frozenset(
    {"assert", "attr", "await", "bin", "break", "class", "comp", "continue", "dict", "expr", "if", "ifexp", "list", "match", "other",
     "pass", "raise", "return", "set", "star", "sub", "try", "tuple", "unary", "while", "yield", "yieldfrom"}
)  # fmt: skip


def _read(node: Any, name: str, module: Module, uses: Uses) -> None:
    if node.__class__ is str:
        uses.escapes = uses.escapes or node == name
        return
    if node.__class__ is not tuple or not node:
        return
    tag = node[0]
    if tag == "const" and len(node) == 2:
        return
    if tag == "call" and len(node) == 5:
        _read_call(node, name, module, uses)
    elif tag in ("assign", "ann", "aug") and len(node) > 3:
        value = node[2] if tag == "assign" else node[3]
        for target in node[1] if tag == "assign" else (node[1],):
            _bound(target, value if tag == "assign" else None, name, module, uses)
        _read(value, name, module, uses)
    elif tag == "named" and len(node) == 3:
        _bound(node[1], None, name, module, uses)
        _read(node[2], name, module, uses)
    elif tag == "for" and len(node) == 7:
        _bound(node[1], node[2], name, module, uses)
        for part in node[2:5]:
            _read(part, name, module, uses)
    elif tag == "with" and len(node) == 5:
        for item, target, _ in node[1]:
            _read(item, name, module, uses)
            _bound(target, None, name, module, uses)
        _read(node[2], name, module, uses)
    elif tag == "del":
        for target in node[1]:
            _bound(target, None, name, module, uses)
    elif tag == "cmp" and len(node) == 4:
        for part in (node[1], *node[3]):
            _look(part, name, module, uses)
    elif tag == "bool" and len(node) == 3:
        for part in node[2][:-1] if node[1] == "and" else ():
            _look(part, name, module, uses)
        for part in node[2][-1:] if node[1] == "and" else node[2]:
            _read(part, name, module, uses)
    elif tag == "fstring" and len(node) == 2:
        for part in node[1]:
            _look(part, name, module, uses)
    elif tag in ("if", "not", "return", "expr") and len(node) > 1:
        _look(node[1], name, module, uses)
        for part in node[2:]:
            _read(part, name, module, uses)
    elif tag in ("def", "lambda") and len(node) == 2:
        inner = module.funs[node[1]]
        if name not in inner.scope:
            _read(inner.body, name, module, uses)
    else:
        for part in node[1:] if tag.__class__ is str and tag in _TAGS else node:
            _read(part, name, module, uses)


def _look(expr: Any, name: str, module: Module, uses: Uses) -> None:
    """An expression that is only looked at: a test, a side of a comparison."""
    if expr.__class__ is tuple and expr and expr[0] in ("bool", "not"):
        for part in expr[2] if expr[0] == "bool" else (expr[1],):
            _look(part, name, module, uses)
    elif expr != name:
        _read(expr, name, module, uses)


def _read_call(node: Any, name: str, module: Module, uses: Uses) -> None:
    func, args = node[1], node[2]
    if func.__class__ is str:
        head, _, path = func.partition(".")
        if head == name and path:
            first, _, rest = path.partition(".")
            if first == "__dict__":
                uses.escapes = uses.escapes or rest != "get"
            elif rest:
                uses.within.add((first, rest))
            else:
                uses.called[first] += 1
        elif func == "setattr" and len(args) == 3 and args[0] == name:
            if args[1].__class__ is tuple and args[1][0] == "const":
                uses.assigned.add(str(args[1][1]))
            else:
                uses.escapes = True
            args = args[2:]
        elif func in _LOOKS:
            args = tuple(arg for arg in args if arg != name)
        elif func == name:
            uses.escapes = True
    elif func[0] == "attr" and func[1].__class__ is tuple and func[1][0] == "call" and func[1][1] == "super":
        uses.supers.append(func[2])
    else:
        _read(func, name, module, uses)
    last = last_name(func)
    for place, arg in (*enumerate(args), *((keyword or "", value) for keyword, value in node[3])):
        if arg != name:
            _read(arg, name, module, uses)
        elif last and last not in _KEEPS:
            uses.handed.add((last, place))
        else:
            uses.escapes = True


def _bound(target: Any, value: Expr | None, name: str, module: Module, uses: Uses) -> None:
    if target.__class__ is str:
        if target == name:
            uses.bindings.append(value)
        elif target.startswith(name + "."):
            uses.assigned.add(target[len(name) + 1 :].partition(".")[0])
    elif target.__class__ is tuple and target:
        if target[0] in ("tuple", "list"):
            for item in target[1]:
                _bound(item, None, name, module, uses)
        elif target[0] == "star":
            _bound(target[1], None, name, module, uses)
        elif target[0] == "sub" and target[1] == f"{name}.__dict__":
            uses.escapes = True
        else:
            _read(target, name, module, uses)
