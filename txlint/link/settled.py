"""Flags of an instance that are settled when it is made: ``self.eager`` in the methods of a class of which nobody but a constructor
assigns it.

`flag_of` is what a test of such a flag is a test of: a parameter that the receiver brings along. What it is, the class says
(`of_class`), or the call that makes the instance (`made_with`): ``Metrics(eager=False)`` where ``__init__`` keeps ``self.eager = eager``.
``True``, ``False`` and ``None`` count, words and numbers that a method compares, and what methods call: classes, instances, functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from txlint.link.chosen import each_of
from txlint.link.kept import is_filled, is_shared, one_of
from txlint.link.keyed import entries
from txlint.link.project import Fun, Klass, mentions
from txlint.link.uses import uses_in
from txlint.link.values import UNKNOWN, Chosen, Cls, Const, Ext, ExtMethod, Fn, Obj, OneOf, Param, Seq, Value, union
from txlint.model.facts import Expr
from txlint.model.graph import FLAG, Made, Test
from txlint.model.shapes import calls_in, parts

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame
    from txlint.link.values import Atom

Flags: TypeAlias = tuple[tuple[str, "Atom"], ...]
"""Flags of an instance by name: a constant, a class or an instance of it, a function, or a parameter (or a flag of the receiver) of the
function that makes it."""

_ANY = frozenset({"setattr", "__dict__", "vars"})
"""Only methods that mention one of these may set whatever they are told."""


class Source(NamedTuple):
    """Where a constructor takes a flag from: an argument by this name, what is not that (``negated``) or a list of what is in that
    (``listed``), else the default (empty: not known)."""

    argument: str | None
    default: Value
    negated: bool = False
    listed: bool = False


def flag_of(frame: Frame, expr: Expr) -> str | None:
    """The parameter of conditions that ``self.flag`` is; None where it may change, or nothing says what it is."""
    owner = frame.fun.klass or (frame.klass if frame.fun.id in frame.linker.around_methods else None)
    if expr.__class__ is not str or owner is None or frame.self_name is None:
        return None
    if frame.fun.klass is None:
        frame.queries["class", ""] = None
    head, _, name = expr.partition(".")
    if head != frame.self_name or not name.isidentifier():
        return None
    linker = frame.linker
    key = (owner.id, name)
    known = linker.flags.get(key)
    if known is None:
        if is_settled(linker, owner, name):
            known = any(name in _sources(linker, klass) or _class_level(linker, klass, name) for klass in (owner, *owner.subclasses))
        else:
            known = _stays_false(linker, owner, name)
        linker.flags[key] = known
        if known:
            linker.flag_names.setdefault(owner.id, {})[name] = None
    return FLAG + name if known else None


def list_of(frame: Frame, name: str) -> str | None:
    """The parameter of conditions that is the list which a loop around goes through by this name: ``for step in self.steps``; None where
    it goes through something else, or something may be put into the list later."""
    loop = next((stmt for stmt, _ in reversed(frame.loops) if stmt[0] == "for" and stmt[1] == name), None)
    source = loop[2] if loop is not None else ""
    while source.__class__ is tuple and source[0] == "call" and source[1] in SAME and len(source[2]) == 1:
        source = source[2][0]
    flag, owner = flag_of(frame, source), frame.fun.klass
    if loop is None or flag is None or owner is None or uses_in(loop[3], name, frame.module).bindings:
        return None
    attribute = flag.removeprefix(FLAG)
    return None if is_filled(frame.linker, owner, attribute) or is_shared(frame.linker, owner, attribute) else flag


def mark_of(frame: Frame, expr: Expr) -> str | None:
    """The parameter of conditions that ``self._quiet`` is, or ``instance._quiet`` in a receiver of a signal, where callers put that on a
    row before they save it; None where it is no such mark."""
    owner, (head, _, name) = frame.fun.klass, expr.partition(".")
    if name not in frame.linker.project.put_on or not name.isidentifier():
        return None
    if owner is not None and head == frame.self_name:
        return FLAG + name if is_mark(frame.linker, owner, name) else None
    return FLAG + name if head == "instance" and frame.is_param(head) and frame.is_param("sender") else None


def is_mark(linker: Linker, owner: Klass, name: str) -> bool:
    """Is it an attribute that callers assign, and no method?"""
    changed = _changed_by_methods(linker, owner) if name in linker.project.put_on else None
    return changed is not None and name not in changed


def made_with(linker: Linker, klass: Klass, args: tuple[Value, ...], keywords: dict[str | None, Value], open_ended: bool) -> Flags:
    """The flags of an instance that a call of its class with these arguments makes."""
    sources = _sources(linker, klass)
    if not sources:
        return ()
    found = linker.find(klass, "__init__")
    fun = found.method if found is not None else None
    positional = fun.fact.positional[1:] if fun is not None and fun.fact is not None else linker.fields(klass)
    bound: dict[str | None, Value] = {**dict(zip(positional, args, strict=False)), **keywords}
    changed = _changed_by_methods(linker, klass)
    flags: list[tuple[str, Atom]] = []
    for name, (argument, default, negated, is_listed) in sources.items():
        if name in linker.project.put_on:
            continue
        stays = not changed or name not in changed
        value = bound.get(argument) if argument is not None else None
        if value is not None and negated:
            value = _negated(linker, value)
        if value is None:
            is_handed_on = len(args) > len(positional) and argument not in positional
            value = UNKNOWN if argument is not None and (open_ended or is_handed_on) else default
        for atom in value:
            if isinstance(atom, Param) and not is_listed and stays:
                flags.append((name, atom))
                break
        else:
            flag = as_flag(linker, klass, name, value[0]) if len(value) == 1 else None
            if flag is not None and (type(flag) is Seq or not is_listed) and (stays or (type(flag) is Const and flag.value is False)):
                flags.append((name, flag))
    return tuple(flags)


def as_flag(linker: Linker, klass: Klass, name: str, atom: Atom) -> Atom | None:
    """What is kept of what a constructor is given for an attribute, for methods to be told by; None where it says nothing."""
    if isinstance(atom, Const):
        given = atom.value
        is_word = given.__class__ is int or (given.__class__ is str and " " not in given)
        return atom if is_flag(atom) or (is_word and name in _compared(linker, klass)) else None
    if isinstance(atom, Obj):
        return linker.instance(atom.klass, True) if atom.exact else None  # what that was made with is not asked for
    if isinstance(atom, Seq):
        if name not in _compared(linker, klass):
            return None
        items = [as_flag(linker, klass, name, item[0]) if len(item) == 1 else None for item in atom.items]
        is_known = all(isinstance(item, _CALLED) for item in items)
        return linker.atoms(Seq, tuple([(item,) for item in items if item is not None])) if is_known else None
    return atom if isinstance(atom, (Cls, Fn, Ext, ExtMethod)) else None


_CALLED = (Obj, Cls, Fn, Ext, ExtMethod)
_ASKED = {"cmp": 1, "sub": 2, "match": 1, "for": 2}
"""Where in comparisons, subscripts, ``match`` and loops the expression stands that is asked for."""
SAME = frozenset({"list", "tuple", "reversed"})
"""What gives the items of a list as they are."""


def _compared(linker: Linker, klass: Klass) -> frozenset[str]:
    """The attributes of the receiver that methods of a class, or of one above it, compare, look something up by or go through."""
    known = linker.compared.get(klass.id)
    if known is None:
        names: set[str] = set()
        for base in linker.mro(klass):
            for fun in linker.project.methods(base) if isinstance(base, Klass) else ():
                for part in parts(fun.body) if not _is_constructor(fun) else ():
                    asked = part[_ASKED[part[0]]] if part[0] in _ASKED and len(part) > 2 else None
                    while asked.__class__ is tuple and asked[0] == "call" and asked[1] in SAME and len(asked[2]) == 1:
                        asked = asked[2][0]
                    if asked.__class__ is str:
                        names.add(asked)
        known = linker.compared[klass.id] = frozenset(name.partition(".")[2] for name in names)
    return known


def of_class(linker: Linker, klass: Klass, exact: bool) -> dict[str, Any]:
    """What the flags that are asked for are by what the class alone says: parameters of conditions with their constants."""
    found: dict[str, Any] = {}
    asked = (linker.flag_names.get(k.id, ()) for k in linker.mro(klass) if isinstance(k, Klass))
    for name in dict.fromkeys(name for names in asked for name in names):
        value = _class_level(linker, klass, name)
        if value and is_settled(linker, klass, name):
            if exact or all(_class_level(linker, sub, name) == value for sub in klass.subclasses):
                found[FLAG + name] = value[0].value  # type: ignore[attr-defined]
    return found


def kept_with(frame: Frame, place: tuple[Any, ...], atom: Atom) -> tuple[Test, ...]:
    """The flags that go with what the constructor of the receiver was given for a parameter and keeps: that which is called where
    ``self.later`` is false was given beside ``later=False``."""
    klass = frame.klass or frame.fun.klass
    if place[0] != "param" or klass is None or frame.self_name is None or len(place) > 3:
        return ()
    linker = frame.linker
    fun = linker.project.funs[place[1]]
    if not _is_constructor(fun) or fun.klass not in linker.mro(klass):
        return ()
    tests = []
    for name, source in _sources(linker, klass).items():
        is_other = source.argument not in (None, place[2]) and not source.negated and _is_kept(linker, klass, name)
        flag = flag_of(frame, f"{frame.self_name}.{name}") if is_other else None
        if flag is not None:
            given = {key for other, key in entries(linker, place, (fun.id, source.argument)) if other is atom}
            flags = {key[1] for key in given if key is not None and key[0] == "const" and key[1].__class__ is bool}
            if len(flags) == len(given) == 1:
                tests.append(Test(flag, "truthy", True, flags.pop()))
    return tuple(tests)


def constants(flags: Flags) -> tuple[tuple[str, Any], ...]:
    """Those that are known, as parameters of conditions: constants, `Made` for anything else."""
    return tuple((FLAG + name, _constant(atom)) for name, atom in flags if not isinstance(atom, Param))


def _constant(atom: Atom) -> Any:
    if isinstance(atom, Seq):
        return Made(frozenset([_constant(item[0]).of for item in atom.items]))
    return atom.value if isinstance(atom, Const) else Made(atom.klass.id if isinstance(atom, (Cls, Obj)) else called_as(atom))


def called_as(atom: Atom) -> tuple[int] | str | None:
    """A function as conditions have it among classes: by its number in a tuple, or a library's by its name."""
    if isinstance(atom, Fn):
        return (atom.fun.id,)
    return atom.name if isinstance(atom, (Ext, ExtMethod)) else None


def sealed_in(factory: Fun, name: str) -> str:
    """What tests call a parameter of a factory of decorators, in the functions that it puts around others."""
    return f"{FLAG}{factory.dotted}({name})"


def is_flag(atom: Atom) -> bool:
    return isinstance(atom, Const) and (atom.value is None or atom.value.__class__ is bool)


def is_settled(linker: Linker, owner: Klass, name: str) -> bool:
    """Does nobody but constructors assign an attribute: no other method of the class, of those above and below it, and no other code?"""
    return _is_kept(linker, owner, name) and not any(f.may_set(linker, owner, name) for f in linker.frameworks)


def _stays_false(linker: Linker, owner: Klass, name: str) -> bool:
    """Is it a flag that stays false where it is, as methods that assign it return at once then?"""
    source = _sources(linker, owner).get(name)
    if source is None or name in linker.project.put_on or not (source.negated or any(map(is_flag, source.default))):
        return False
    if _changed_by_methods(linker, owner) is None or any(f.may_set(linker, owner, name) for f in linker.frameworks):
        return False
    family = {k for klass in (owner, *owner.subclasses) for k in linker.mro(klass) if isinstance(k, Klass)}
    methods = (klass.module.funs[number] for klass in family for number in klass.setters.get(name, ()))
    return all(_is_constructor(fun) or _refuses(fun, name) for fun in methods)


def _refuses(fun: Fun, name: str) -> bool:
    """Does a method return at once where a flag of its receiver is false: ``if not self.flag``, ``if getattr(self, "flag", None) is
    False``?"""
    first = fun.body[0] if fun.body and fun.fact is not None and fun.fact.params else ("pass",)
    if first[0] != "if" or first[2][-1][0] != "return":
        return False
    test = first[1]
    asked = test[1] if test[0] == "not" or (test[0] == "cmp" and test[2:] == (("is",), (("const", False),))) else ""
    own = fun.fact.params[0].name  # type: ignore[union-attr]
    if asked.__class__ is tuple and asked[:2] == ("call", "getattr"):
        return bool(asked[2][:2] == (own, ("const", name)))
    return bool(asked == f"{own}.{name}")


def is_lasting(linker: Linker, owner: Klass, name: str) -> bool:
    """Does nobody assign an attribute but who makes or reads an instance? It is no property, and no method hands its name and a value, or
    a dict with it, to another one of the receiver (``self.set("paid", True)``)."""
    found = linker.find(owner, name)
    if (found is not None and found.method is not None) or not _is_kept(linker, owner, name):
        return False
    classes = [klass for klass in (*linker.mro(owner), *owner.subclasses) if isinstance(klass, Klass)]
    return not any(_sets_by_name(fun, ("const", name)) for klass in classes for fun in linker.project.methods(klass))


def _sets_by_name(fun: Fun, name: Expr) -> bool:
    own = f"{fun.fact.params[0].name}." if fun.fact is not None and fun.fact.params else " "
    for _, func, args, _, _ in calls_in(fun.body):
        if func.__class__ is str and func.startswith(own):
            if args[:1] == (name,) and len(args) > 1:
                return True
            if any(arg.__class__ is tuple and arg[0] == "dict" and name in arg[1] for arg in args):
                return True
    return False


def _is_kept(linker: Linker, owner: Klass, name: str) -> bool:
    changed = _changed_by_methods(linker, owner) if name not in linker.project.put_on else None
    return changed is not None and name not in changed


def _changed_by_methods(linker: Linker, owner: Klass) -> frozenset[str] | None:
    if owner.id not in linker.changed:
        linker.changed[owner.id] = _changed(linker, owner)
    return linker.changed[owner.id]


def _changed(linker: Linker, owner: Klass) -> frozenset[str] | None:
    """The attributes that methods assign which are no constructors; None: any."""
    family = {k for klass in (owner, *owner.subclasses) for k in linker.mro(klass) if isinstance(k, Klass)}
    names: set[str] = set()
    for klass in family:
        for name, methods in klass.setters.items():
            if any(not _is_constructor(klass.module.funs[method]) for method in methods):
                names.add(name)
        if sets_any(linker, klass):
            return None
    return frozenset(names)


def sets_any(linker: Linker, klass: Klass, but: str = "") -> bool:
    """Does a method of a class, ``but`` for that of this name, set attributes whose names it is told: ``setattr(self, name, value)``,
    ``self.__dict__.update(given)``?"""
    if _ANY.isdisjoint(klass.module.facts.words):
        return False
    known = linker.sets_any.get((klass.id, but))
    if known is None:
        methods = [fun for fun in linker.project.methods(klass) if fun.fact is None or fun.fact.name != but]
        known = any(mentions(fun, _ANY) and any(map(_sets_any, calls_in(fun.body))) for fun in methods)
        linker.sets_any[klass.id, but] = known
    return known


def _sets_any(call: Any) -> bool:
    func, args = call[1], call[2]
    if func == "setattr" and len(args) == 3:
        return not (args[1].__class__ is tuple and args[1][0] == "const")
    if func.__class__ is str:
        return bool(func.endswith(".__dict__.update"))
    return bool(func[0] == "attr" and func[2] == "update" and func[1].__class__ is tuple and func[1][:2] == ("call", "vars"))


def _is_constructor(fun: Fun) -> bool:
    return fun.fact is not None and fun.fact.name == "__init__"


def _class_level(linker: Linker, klass: Klass, name: str) -> Value:
    """The flag that the body of a class, or of one above it, gives a name that no constructor assigns."""
    value = _in_body(linker, klass, name)
    return value if value and is_flag(value[0]) else UNKNOWN


def _in_body(linker: Linker, klass: Klass, name: str) -> Value:
    """The same of any constant."""
    found = linker.find(klass, name)
    if found is None or found.bindings is None or name in linker.setters(klass) or len(found.bindings) != 1:
        return UNKNOWN
    binding = found.bindings[0]
    if binding[0] != "value" or (binding[2] is not None and _is_generated(linker, klass)):
        return UNKNOWN
    value = linker.class_attribute(klass, name)
    return value if len(value) == 1 and isinstance(value[0], Const) else UNKNOWN


def told_apart(linker: Linker, value: Value, name: str, asked: Test, truth: bool) -> Value:
    """What is left of alternatives where a test of their attribute gives this, which the bodies of their classes set:
    ``step.transactional`` of steps of several classes. What callers pass stays, and whatever may have something else there."""
    left: Value = UNKNOWN
    for atom in value:
        if isinstance(atom, Chosen):
            left = union(left, each_of(linker, atom, lambda option: told_apart(linker, option, name, asked, truth)))
        elif isinstance(atom, OneOf):
            left = union(left, one_of(linker, told_apart(linker, atom.options, name, asked, truth)))
        elif not isinstance(atom, (Cls, Obj)) or _may_say(linker, atom, name, asked, truth):
            left = union(left, (atom,))
    return left


def _may_say(linker: Linker, atom: Cls | Obj, name: str, asked: Test, truth: bool) -> bool:
    is_exact = isinstance(atom, Cls) or atom.exact
    given = [_in_body(linker, klass, name) for klass in (atom.klass, *(() if is_exact else atom.klass.subclasses))]
    if not all(given) or not is_settled(linker, atom.klass, name):
        return True
    return any(asked.says(each[0].value) is not (not truth) for each in given)  # type: ignore[attr-defined]


def _is_generated(linker: Linker, klass: Klass) -> bool:
    """May a constructor be made of the annotated names of the class?"""
    return any(isinstance(k, str) or k.fact.decorators or k.fact.keywords for k in linker.mro(klass))


def _sources(linker: Linker, klass: Klass, after: Klass | None = None) -> dict[str, Source]:
    """Where the constructor of a class, or the next one behind that of ``after``, takes what it keeps from."""
    key = (klass.id, after.id if after is not None else None)
    known = linker.constructors.get(key)
    if known is None:
        linker.constructors[key] = {}  # a constructor that calls itself
        found = linker.find(klass, "__init__", after)
        fun = found.method if found is not None else None
        if fun is not None and fun.fact is not None and fun.fact.params:
            known = _kept(linker, klass, fun)
        else:
            known = _of_fields(linker, klass) if found is None or found.bindings is None else {}
        linker.constructors[key] = known
    return known


def kept_by_constructor(linker: Linker, klass: Klass, name: str) -> Source | None:
    """Where the constructor of a class takes an attribute from; None where it does not keep it, or that cannot be told."""
    source = _sources(linker, klass).get(name)
    return source if source is not None and not source.listed else None


def _of_fields(linker: Linker, klass: Klass) -> dict[str, Source]:
    """The fields of a class whose constructor a decorator makes of them."""
    classes = [k for k in linker.mro(klass) if k != "builtins.object"]
    if not klass.fact.decorators or any(isinstance(k, str) for k in classes):
        return {}
    fields = {}
    for name in linker.fields(klass):
        bound = [k.names[name][-1] for k in classes if isinstance(k, Klass) and name in k.names]
        given = bound[0][1] if bound and bound[0][0] == "value" else None
        fields[name] = Source(name, constant_of(linker, given))
    return fields


def _negated(linker: Linker, value: Value) -> Value:
    """``not value`` of a constant; not known otherwise."""
    atom = value[0] if len(value) == 1 else None
    return (linker.atoms.const(not atom.value),) if isinstance(atom, Const) else UNKNOWN


def constant_of(linker: Linker, expr: Expr | None) -> Value:
    """The value of an expression that is a constant; not known otherwise."""
    return (linker.atoms.const(expr[1]),) if expr.__class__ is tuple and expr[0] == "const" else UNKNOWN


def _kept(linker: Linker, klass: Klass, fun: Fun) -> dict[str, Source]:
    """What ``__init__`` keeps as it got it, and what it hands on to the constructor above it for that to keep."""
    fact = fun.fact
    assert fact is not None
    own = fact.params[0].name
    params = {param.name: param for param in fact.params[1:]}
    takes_any = any(param.kind == "kwarg" for param in fact.params)
    kept: dict[str, Source] = {}
    for stmt in fun.body:
        targets = stmt[1] if stmt[0] == "assign" else (stmt[1],) if stmt[0] == "ann" and stmt[3] is not None else ()
        for target in targets:
            head, _, name = target.partition(".") if target.__class__ is str else ("", "", "")
            if head != own or not name.isidentifier():
                continue
            source = _source(linker, params, fun, stmt[2] if stmt[0] == "assign" else stmt[3])
            kept.pop(name, None)
            if source is not None:
                kept[name] = source
        if stmt[0] == "expr" and (args := _handed_up(stmt[1])) is not None:
            kept |= _through(linker, klass, fun, args, params, takes_any)  # whoever assigns last decides
    counted = _assigned(linker, fun, own)
    return {name: source for name, source in kept.items() if counted.get(name, 0) <= 1}


def default_of(linker: Linker, fun: Fun, name: str) -> Value:
    """The constant that a parameter is where nothing is passed for it."""
    params = fun.fact.params if fun.fact is not None else ()
    return next((constant_of(linker, param.default) for param in params if param.name == name), UNKNOWN)


def _source(linker: Linker, params: dict[str, Any], fun: Fun, expr: Expr) -> Source | None:
    if expr.__class__ is str:
        param = params.get(expr)
        if param is None or param.kind in ("vararg", "kwarg") or _assigned(linker, fun, "").get(expr, 0):
            return None
        return Source(expr, constant_of(linker, param.default))
    if (listed := _listed(expr)) is not None:
        inner = _source(linker, params, fun, listed)
        return Source(inner.argument, UNKNOWN, listed=True) if inner is not None and not inner.negated else None
    if expr.__class__ is tuple and expr[0] == "not":
        inner = _source(linker, params, fun, expr[1])
        return Source(inner.argument, _negated(linker, inner.default), not inner.negated) if inner is not None else None
    value = constant_of(linker, expr)
    return Source(None, value) if value else None


def _listed(expr: Expr) -> Expr | None:
    """The list of which an expression makes one anew: ``list(steps)``, ``[step for step in steps if step]``."""
    if expr.__class__ is str:
        return None
    if expr[0] == "call" and expr[1] in SAME and len(expr[2]) == 1 and not expr[3]:
        return expr[2][0]
    if expr[0] == "comp" and expr[1] == "list" and len(expr[2]) == 1 and expr[3] == (expr[2][0][0],):
        return expr[2][0][1]
    return None


def _handed_up(expr: Expr) -> tuple[Any, ...] | None:
    """The arguments of ``super().__init__(..)``."""
    if expr.__class__ is not tuple or expr[0] != "call" or expr[1].__class__ is not tuple or expr[1][0] != "attr":
        return None
    inner = expr[1]
    is_super = inner[2] == "__init__" and inner[1].__class__ is tuple and inner[1][0] == "call" and inner[1][1] == "super"
    return (expr[2], expr[3]) if is_super else None


def _through(linker: Linker, klass: Klass, fun: Fun, args: tuple[Any, ...], params: dict[str, Any], takes_any: bool) -> dict[str, Source]:
    """What the constructor above keeps, by what it is handed."""
    above = _sources(linker, klass, fun.klass)
    found = linker.find(klass, "__init__", fun.klass)
    other = found.method if found is not None else None
    if not above or other is None or other.fact is None:
        return {}
    positions, keywords = args
    given: dict[str, Expr] = {}
    for name, expr in zip(other.fact.positional[1:], positions, strict=False):
        if expr.__class__ is tuple and expr[0] == "star":
            break
        given[name] = expr
    starred = any(expr.__class__ is tuple and expr[0] == "star" for expr in positions)
    given.update((name, expr) for name, expr in keywords if name is not None)
    forwards = any(name is None for name, _ in keywords)
    kept: dict[str, Source] = {}
    for name, (argument, default, negated, is_listed) in above.items():
        if argument is None:
            kept[name] = Source(None, default)
        elif argument in given:
            source = _source(linker, params, fun, ("not", given[argument]) if negated else given[argument])
            if source is not None:
                kept[name] = source._replace(listed=is_listed or source.listed)
        elif forwards and takes_any and argument not in params:
            kept[name] = Source(argument, default, negated, is_listed)
        elif not forwards and not starred:
            kept[name] = Source(None, default)
    return kept


def _assigned(linker: Linker, fun: Fun, own: str) -> dict[str, int]:
    """How often attributes of ``own``, or with no such name plain names, are assigned anywhere in a function's body."""
    known = linker.assigned_names.get((fun.id, own))
    if known is None:
        known = linker.assigned_names[fun.id, own] = {}
        stack: list[Any] = [fun.body]
        while stack:
            item = stack.pop()
            if item.__class__ is not tuple or not item:
                continue
            if item[0] == "assign" and item[1].__class__ is tuple:
                _count(item[1], own, known)
            elif item[0] == "named" or (item[0] in ("aug", "for", "ann") and len(item) > 3):
                _count((item[1],), own, known)
            stack.extend(item)
    return known


def _count(targets: Iterable[Any], own: str, counts: dict[str, int]) -> None:
    for target in targets:
        if target.__class__ is str:
            head, _, name = target.rpartition(".")
            if head == own:
                counts[name] = counts.get(name, 0) + 1
        elif target.__class__ is tuple and target and target[0] in ("tuple", "list"):
            _count(target[1], own, counts)
