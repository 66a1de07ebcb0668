"""What a call does: `evaluate_call` is the one entry for call expressions; `call_atom` is told one alternative of the called value.

A `Site` gathers what the alternatives add; if it matters, one `Event` is left in the flow. Calls of libraries are in `library`, whom
a call runs in `targets`, what it passes in `passing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from txlint.catalog.inert import METHODS
from txlint.catalog.lookup import PROJECT
from txlint.catalog.types import parse_type
from txlint.link import builtin, taught, uploads
from txlint.link.chosen import each_of, is_table, kept_under, tests_of
from txlint.link.conditions import argument, is_given
from txlint.link.guards import parameter_of
from txlint.link.held import LEVELS, asked_by, lasts_briefly, provided, under
from txlint.link.holding import row_of
from txlint.link.kept import ADDS, CALLABLE, MOST_KEPT, one_of, options, put_there
from txlint.link.library import call_library, proxy_method
from txlint.link.opening import opened_within, opening_of, within
from txlint.link.passing import bind, called_with, doubt_states, note_parameters, passed, sent_as, tell_left_open
from txlint.link.project import Klass, mentions
from txlint.link.settled import called_as, flag_of, kept_with, list_of, made_with, sealed_in
from txlint.link.signals import called_own
from txlint.link.site import CERTAIN, LIKELY, POSSIBLE, Site
from txlint.link.started import Started
from txlint.link.targets import FEW, add_overrides, add_targets, iterate
from txlint.link.together import is_left_out, stands_for
from txlint.link.typehints import CALLABLES
from txlint.link.uses import uses_of
from txlint.link.values import (
    CLASS,
    UNKNOWN,
    Atom,
    Chosen,
    Cls,
    Const,
    Ext,
    ExtMethod,
    ExtObj,
    Fn,
    Generated,
    Many,
    Named,
    Obj,
    OneOf,
    Opening,
    Param,
    Part,
    SelfCls,
    SelfObj,
    Seq,
    Stored,
    Table,
    Value,
    Within,
    union,
)
from txlint.model.facts import Expr, Pos
from txlint.model.graph import FLAG, KEY, NEW, NO_CLASS, NOTHING_PASSED, STORED, Event, Key, ParamTarget, Target, Test
from txlint.model.kinds import Confidence
from txlint.model.shapes import calls_in, last_name, speaks_of, statements, times

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.project import Fun
    from txlint.link.replay import Frame


MOST_ITEMS = 32
"""Classes below that of the items of a list that are told apart."""
_CHANGES = frozenset({"pop", "setdefault", "update", "clear", "popitem"})
_SAVES = frozenset({"save", "asave", "insert"})
_OBJECTS = frozenset({Obj, ExtObj, OneOf, Many})
_ENTERING = (".enter_context", ".enter_async_context")


def evaluate_call(frame: Frame, expr: Any, used: bool, bound: bool = False, entering: bool = False) -> Value:
    """Replay one call expression; its value."""
    site = Site(frame, expr, used, bound, entering)
    func = expr[1]
    if func.__class__ is str:
        head, dot, last = func.rpartition(".")
        if dot:
            site.receiver = head
            if last in _CHANGES and frame.rekeyed(head) is not None:
                frame.rekey(head, _keys_changed(last, expr), last in ("setdefault", "update"))
        value = frame.ev(func)
        if func == "super":
            return builtin.super_object(frame, expr)
    else:
        if func[0] == "attr":
            site.receiver = func[1]
            if func[1].__class__ is not str and func[1][0] == "call" and func[1][1] == "super":
                site.kind = "super"
        value = frame.ev(func)
    site.values = value
    spawning = frame.awaiting
    if value:
        for atom in value:
            if isinstance(atom, (Ext, ExtMethod)) and _spawns(frame, atom.name):
                frame.awaiting = True
    _arguments(site, expr[2], expr[3])
    frame.awaiting = spawning
    frame.called = value
    if not value:
        _consume(site)
        site.region, site.closed = frame.now_open(), frame.closed
        name = last_name(func)
        if site.receiver is not None and site.kind != "super" and not frame.silent:  # `super()` runs what is above, and nothing else
            linker = frame.linker
            if frame.region and site.receiver.__class__ is str and (name in linker.method_names() or name in linker.catalog.acting_names()):
                ask_callers(frame, site.receiver)
            _by_method_name(site, name)
            if not site.targets:
                _by_attribute_name(site, name)
            if not site.targets and site.effect is None:
                _by_signature(site, name)
            if site.targets or site.effect is not None or site.result:
                _finish(site)
                return site.result
        _unresolved(site)
        return UNKNOWN
    # What is open when the call is made; what it opens or closes itself comes after.
    site.region, site.closed = frame.now_open(), frame.closed
    if frame.loops and frame.self_name is not None:
        value = _told_apart(site, value)
    given = (_sealed(site, value) or _given_by_callers(site, value)) if len(value) > 1 else None
    if frame.guards and len(value) > 1 and site.receiver is not None:
        value = tuple(atom for atom in value if not _is_left_out(site, atom))
    for atom in value:
        if given and (test := given.get(atom)) is not None:
            _call_for(site, (test,), atom, site.args, site.keywords, CERTAIN, 0)
        else:
            call_atom(site, atom, site.args, site.keywords, 0)
    first = value[0] if value else None  # all of them may be left out
    if type(first) is ExtMethod and not site.targets and type(first.receiver) is ExtObj and first.receiver.name in frame.linker.abstract:
        if site.effect is None and not frame.silent and not any(frame.linker.at(first.name)):
            _by_method_name(site, first.attr, first.receiver.name)  # a row of a model that is not known
    if func.__class__ is not str and func[0] == "sub" and len(value) > 1 and is_table(frame.ev(func[1])):
        site.doubt(LIKELY if len(value) <= FEW else POSSIBLE)
    if not site.targets and site.effect is None:
        if all(type(atom) is Stored for atom in value):
            _unresolved(site)
        elif type(first) is Ext or type(first) is ExtMethod:
            _foreign(site, first.name)
        if site.region and site.receiver is not None and all(type(atom) in (Stored, OneOf) for atom in value):
            _doubt_by_name(site, last_name(func))
    if site.effect is None and not frame.silent and (last := last_name(func)) in uploads.METHODS:
        test = uploads.upload(site, last)
        if test is not None:
            _flush_where(site, test)
    _finish(site)
    if frame.switched and site.receiver is not None and site.receiver == frame.self_name:
        frame.switched.pop(site.receiver, None)  # a method may assign others
    if func.__class__ is str:
        if func.rpartition(".")[2] in _SAVES:
            saved = func.rpartition(".")[0]
            frame.saved(saved)
            frame.rows.add(saved)
            frame.written = True if saved == frame.self_name else frame.written
    elif site.kind == "super" and func[2] in _SAVES:
        frame.written = True
    return site.result


def _keys_changed(method: str, expr: Any) -> Sequence[Expr | None]:
    """The keys that a method of a dict puts there or takes out; None: any."""
    first = expr[2][0] if expr[2] else None
    if method != "update":
        return (first if method in ("pop", "setdefault") else None,)
    named = [("const", name) for name, _ in expr[3]]
    return named if first is None else [*named, *first[1]] if first[0] == "dict" else (None,)


def _passed_as(frame: Frame, expr: Expr) -> str | None:
    """The parameter that an expression is (``row``), or what the receiver was made with (``self.way``), or of which it is an instance
    (``row = model()``, ``self.model()``)."""
    if frame.fun.fact is None:
        return None
    if expr.__class__ is str:
        if "." in expr or frame.is_param(expr):
            return parameter_of(frame, expr)
        expr = frame.origins[expr][1] if expr in frame.origins else ""
    is_made = expr.__class__ is tuple and expr[0] == "call" and expr[1].__class__ is str
    return parameter_of(frame, expr[1]) if is_made and ("." in expr[1] or frame.is_param(expr[1])) else None


def ask_callers(frame: Frame, name: Expr) -> None:
    """What a transaction calls a method of is what callers pass: they are looked at, also where none of them is in a transaction."""
    fact = frame.fun.fact
    if fact is None or name.__class__ is not str or "." in name:
        return
    param = _passed_as(frame, name)
    is_filled = param is None and name in frame.assigned_params and any(each.name == name for each in fact.params)
    for each in stands_for(frame, name) or () if is_filled else (param,):  # `row = row or model()`
        if each is not None and not each.startswith(FLAG):
            frame.linker.kept(("param", frame.fun.id, each))


def _given_by_callers(site: Site, value: Value) -> dict[Atom, Test] | None:
    """Methods of several classes, on what a caller passes (``row.save()``) or on an instance of a class that it passes (``row = model()``),
    managers of such classes, or one of these itself that is called: each where that is passed. The same of what the receiver was made with,
    functions among it, and of the items of a list that it was made with (``for step in self.steps``)."""
    frame, func = site.frame, site.func
    owners: dict[Atom, Atom] = {}
    name = _passed_as(frame, site.receiver) if site.receiver is not None else None
    op = "class"
    if name is None and frame.loops:
        name, op = _list_of(site), "item"
    if name is not None and site.receiver is None:
        owners = {atom: atom for atom in value}
    elif name is not None:
        owners = {
            atom: atom.receiver for atom in value if isinstance(atom, (Fn, ExtMethod)) and isinstance(atom.receiver, (Cls, ExtObj, Obj))
        }
    elif func.__class__ is str and "." in func:
        name = parameter_of(frame, func)
        if name is None:
            owners, name = _of_managers(frame, func)
        else:
            owners = {atom: atom for atom in value}
    if name is None:
        return None
    found: dict[Atom, Test] = {}
    for atom, owner in owners.items():
        if (signal := sent_as(frame.linker, owner)) is not None:
            found[atom] = Test(name, "==", signal, True)
        elif isinstance(owner, (Cls, Obj)):
            below = () if isinstance(owner, Cls) or owner.exact else owner.klass.subclasses
            found[atom] = Test(name, op, (owner.klass.id, *(klass.id for klass in below)), True)
        elif name.startswith(FLAG) and (called := called_as(owner)) is not None:
            found[atom] = Test(name, op, (called,), True)
    return found if len(set(found.values())) > 1 else None


def _sealed(site: Site, value: Value) -> dict[Atom, Test] | None:
    """Functions that a factory of decorators was given: in what it puts around another one, each where that is decorated with it."""
    fun, name = site.frame.fun, site.func
    if fun.parent is None or name.__class__ is not str or name in fun.scope:
        return None
    owner = fun.owner_of(name)
    if owner is None or owner.fact is None or not any(param.name == name for param in owner.fact.params):
        return None
    asked = sealed_in(owner, name)
    single = [(atom, atom.options[0]) for atom in value if type(atom) is OneOf and len(atom.options) == 1]
    return {atom: Test(asked, "has", option.fun.id, True) for atom, option in single if isinstance(option, Fn)}


def _list_of(site: Site) -> str | None:
    """The list of the receiver of which an item is called, or a method of an item."""
    item = site.func if site.receiver is None else site.receiver
    return list_of(site.frame, item) if item.__class__ is str and "." not in item else None


def _told_apart(site: Site, value: Value) -> Value:
    """An item of a list that the receiver was made with, of which an annotation only says a base class, as one of each class below it:
    which of them are in the list, whoever made the receiver may know."""
    linker = site.frame.linker
    result: Value = UNKNOWN
    for atom in value:
        item = atom.receiver if isinstance(atom, Fn) else atom
        below = item.klass.subclasses if isinstance(item, Obj) and not item.exact else ()
        if isinstance(item, Obj) and 0 < len(below) <= MOST_ITEMS and _list_of(site) is not None:
            each: Value = tuple([linker.instance(klass, True) for klass in (item.klass, *below)])
            if isinstance(atom, Fn) and atom.fun.fact is not None:
                each = tuple([method for one in each for method in linker.attribute(one, atom.fun.fact.name)])
            atom = linker.atoms(OneOf, each)
        result = union(result, (atom,))
    return result


def _is_left_out(site: Site, atom: Atom) -> bool:
    receiver = atom.receiver if isinstance(atom, (Fn, ExtMethod)) else None
    return isinstance(receiver, Obj) and is_left_out(site.frame, site.receiver, receiver.klass)


def _of_managers(frame: Frame, func: str) -> tuple[dict[Atom, Atom], str | None]:
    """``model.objects.create``, ``self.model.objects.create``: whose each of the methods is, and what the class was passed as."""
    parts = func.split(".")
    number = 2 if parts[0] == frame.self_name else 1
    base = ".".join(parts[:number])
    name = parameter_of(frame, base) if len(parts) > number + 1 else None
    owners: dict[Atom, Atom] = {}
    for atom in frame.ev(base) if name is not None else ():
        if isinstance(atom, Cls):
            value: Value = (atom,)
            for part in parts[number:]:
                value = frame.linker.attributes(value, part)
            owners.update(dict.fromkeys(value, atom))
    return owners, name


def _spawns(frame: Frame, name: str) -> bool:
    linker = frame.linker
    answer = linker.spawns.get(name)
    if answer is None:
        known = linker.at(name)
        answer = any(effect.kind == "process" for effect in known.effects) or any(d.when_runs != "commit" for d in known.deferrals)
        linker.spawns[name] = answer
    return answer


def _arguments(site: Site, args: tuple[Expr, ...], keywords: tuple[tuple[str | None, Expr], ...]) -> None:
    frame = site.frame
    values: list[Value] = []
    for arg in args:
        if arg.__class__ is str:
            values.append(frame.ev(arg))
        elif arg[0] == "star":
            value = frame.ev(arg[1])
            if len(value) == 1 and isinstance(value[0], Seq) and not site.open_ended:
                values.extend(value[0].items)
            else:
                site.open_ended = True
        elif arg[0] == "call" and site.func.__class__ is str and site.func.endswith(_ENTERING):
            values.append(evaluate_call(frame, arg, used=True, entering=True))
        elif arg[0] == "call" and (given := _coroutine_kept(site, arg, len(values))) is not None:
            values.append(given)
        else:
            values.append(frame.ev(arg))
    site.args = tuple(values)
    for name, arg in keywords:
        value = frame.ev(arg)
        if name is None:
            known = False
            for atom in value:
                if isinstance(atom, Table) and atom.items and not atom.rest:
                    known = True
                    for key, item in atom.items:
                        site.keywords[key] = item
            if not known:
                site.open_ended = True
        else:
            site.keywords[name] = value


def _coroutine_kept(site: Site, arg: Any, place: int) -> Value | None:
    """A coroutine that is not awaited, and given to a function that only keeps it (``uow.on_commit(store(key))``), is yet to run: it
    stands for its function with these arguments."""
    keeper = site.values[0] if len(site.values) == 1 else None
    if type(keeper) is not Fn or site.open_ended:
        return None
    kept = _only_keeps(site.frame.linker, keeper.fun)
    if not kept or place + (keeper.receiver is not None) not in kept:
        return None
    frame = site.frame
    value = frame.looked_at(arg[1])
    if len(value) != 1 or type(value[0]) is not Fn or not value[0].fun.fact.is_async or value[0].fun.fact.is_generator:  # type: ignore[union-attr]
        return None
    inner = Site(frame, arg, True, False, False)
    frame.ev(arg[1])
    _arguments(inner, arg[2], arg[3])
    keywords = tuple((name, given) for name, given in inner.keywords.items() if name is not None)
    return (frame.linker.atoms(Part, value, inner.args, keywords),)


def _only_keeps(linker: Linker, fun: Fun) -> frozenset[int]:
    """The places of the parameters with which a function does nothing but to put them into a container: ``self.hooks.append(hook)``."""
    known = linker.keeps.get(fun.id)
    if known is None:
        body = [stmt for stmt in fun.body if stmt[0] != "expr" or stmt[1].__class__ is str or stmt[1][0] != "const"]
        calls = [stmt[1] for stmt in body if stmt[0] == "expr" and stmt[1].__class__ is tuple and stmt[1][0] == "call"]
        names = fun.fact.params if fun.fact is not None and not fun.fact.is_async and len(calls) == len(body) else ()
        speaking = [(place, param.name, [call for call in calls if speaks_of(call, (param.name,))]) for place, param in enumerate(names)]
        known = linker.keeps[fun.id] = frozenset(
            place for place, name, those in speaking if those and all(call[2] == (name,) and last_name(call[1]) in ADDS for call in those)
        )
    return known


def _consume(site: Site) -> None:
    """Generators that are passed on are taken to be iterated by whoever gets them."""
    for value in site.args:
        for atom in value:
            if type(atom) is Generated:
                iterate(site.frame, (atom,), site.expr)


def _doubt_by_name(site: Site, name: str, of: str | None = None) -> list[Fun]:
    """Those in the project who define a method of this (uncommon) name, in classes that derive from a library's or that such classes
    derive from: one of them may end what is open."""
    linker = site.frame.linker
    named = linker.definitions_of(name)
    if of is not None:
        named = [
            fun for fun in named if fun.klass is not None and any(linker.is_a(each, of) for each in (fun.klass, *fun.klass.subclasses))
        ]
    if named and (site.frame.open or site.frame.region):
        doubt_states(site, [(fun, fun.klass) for fun in named])
    return named


def _by_method_name(site: Site, name: str, of: str | None = None) -> None:
    """An unknown receiver: whoever in the project defines a method of this (uncommon) name. ``of``: it is an instance of this class of a
    library."""
    linker = site.frame.linker
    named = _doubt_by_name(site, name, of)
    found = [
        fun for fun in named if linker.project.may_meet(site.frame.module, fun.module) and _takes(linker, fun, site.expr[2], site.expr[3])
    ]
    found = _of_that_name(linker, site.func, found)
    # Overrides of one method are one thing to be called.
    families = {next(base for base in reversed(linker.mro(fun.klass)) if isinstance(base, Klass)).id for fun in found if fun.klass}
    sure = LIKELY if len(families) <= 2 else POSSIBLE
    gives = _given_by_any(site, found) if site.used and sure is LIKELY and not site.entering else UNKNOWN
    entered: Value = UNKNOWN
    for fun in found:
        klass = fun.klass
        assert klass is not None
        if linker.taught and (dotted := taught.acting(linker, klass.dotted, name)) is not None:
            call_library(site, dotted, linker.instance(klass, False), site.args, site.keywords, 0)
            site.confidence = min(site.confidence, sure)
            continue
        if linker.decoration(fun).deferred:
            site.frame.flow.deferred.add(name)
            continue
        site.targets.append(Target(fun.id, klass.id, "call", sure, (), 1, False))
        if site.entering:
            entered = union(entered, _manager(linker, fun, klass))
    if entered and sure is LIKELY:
        site.result = (linker.atoms(OneOf, entered),)
    elif gives:
        site.result = union(site.result, one_of(linker, gives))


def _of_that_name(linker: Linker, func: Expr, methods: list[Fun]) -> list[Fun]:
    """Of methods of one name those of the class, and of what derives from it, that the receiver is called after: `self.order.close_all()`
    is most likely one of an `Order`; all where none is."""
    receiver = func.rpartition(".")[0].rpartition(".")[2] if func.__class__ is str else last_name(func[1])
    wanted = receiver.replace("_", "").lower()
    owned = [(fun, fun.klass) for fun in methods if fun.klass is not None]
    named = {klass.id for _, klass in owned if wanted and klass.fact.name.replace("_", "").lower() == wanted}
    mine = [fun for fun, klass in owned if any(isinstance(base, Klass) and base.id in named for base in linker.mro(klass))]
    return mine or methods


def _takes(linker: Linker, fun: Fun, args: tuple[Expr, ...], keywords: tuple[tuple[str | None, Expr], ...]) -> bool:
    """Can a method be called with these arguments: has it parameters for them, and are those among them that it must have? What is around
    it may have others."""
    fact = fun.fact
    role = linker.decoration(fun).role if fact is not None and len(fact.decorators) == 1 else ""
    if fact is None or (fact.decorators and role not in ("static", "class")):
        return True
    starred = any(arg.__class__ is not str and arg[0] == "star" for arg in args)
    given = {name for name, _ in keywords}
    place = len(args) - starred + (role != "static")  # positions that are filled, the receiver's among them: at least so many
    for param in fact.params:
        if param.kind == "vararg":
            place = 0
        elif param.kind == "kwarg":
            given &= {None}
        elif param.kind != "kwonly" and place > 0:
            place -= 1
        elif param.kind != "pos" and param.name in given:
            given.discard(param.name)
        elif param.default is None and None not in given and (param.kind == "kwonly" or not starred):
            return False
    return place <= 0 and given <= {None}


def _given_by_any(site: Site, methods: list[Fun]) -> Value:
    """The objects that methods give of which one is called; nothing where it is not known of each that gives anything."""
    linker = site.frame.linker
    gives: Value = UNKNOWN
    for fun in methods:
        klass = fun.klass
        assert klass is not None and fun.fact is not None
        if fun.fact.is_generator:
            return UNKNOWN
        bound = bind(fun, site.args, site.keywords, 0 if linker.decoration(fun).role == "static" else 1)
        value = linker.substitute(linker.result(fun, klass, False), linker.instance(klass, False), bound, fun)
        objects = tuple(atom for atom in value if type(atom) in _OBJECTS)
        if not objects and any(stmt[0] == "return" and stmt[1] is not None for stmt in statements(fun.body)):
            return UNKNOWN
        gives = union(gives, objects)
    return gives


def _manager(linker: Linker, fun: Fun, klass: Klass) -> Value:
    """The context managers that a method gives."""
    if linker.decoration(fun).role == "manager":
        return (linker.atoms(Generated, fun, linker.instance(klass, False), True, ()),)
    return tuple(atom for atom in linker.result(fun, klass, False) if type(atom) in (Opening, Generated))


def _by_attribute_name(site: Site, name: str) -> None:
    """``unknown.attribute.method()``, the attribute by a name of its own as well: it is what the only class says that has one of this
    (uncommon) name, or what a library says that has one; the method is that of a library of which this is told by its name."""
    linker = site.frame.linker
    method = linker.catalog.by_name.get(name)
    if method is not None and not method.attribute:
        if linker.project.imports(site.frame.module, method.name.partition(".")[0]):
            receiver_class = method.name.rpartition(".")[0]
            call_library(site, method.name, linker.atoms(ExtObj, receiver_class, UNKNOWN, None), site.args, site.keywords, 0)
            site.confidence = min(site.confidence, LIKELY)
            site.doubt(LIKELY)
        return
    receiver: Any = site.receiver
    if receiver.__class__ is str and "." not in receiver:
        receiver = _attributes_named(linker, site.frame.fun).get(receiver, "")
    if receiver.__class__ is str:
        attribute = receiver.rpartition(".")[2] if "." in receiver else ""
    else:
        attribute = receiver[2] if receiver[0] == "attr" else ""
    klass = linker.holder_of(attribute) if attribute else None
    entry = linker.catalog.by_name.get(attribute)
    if klass is not None and linker.project.may_meet(site.frame.module, klass.module):
        given = linker.attribute(linker.instance(klass, False), attribute)
    elif entry is not None and linker.project.imports(site.frame.module, entry.name.partition(".")[0]):
        given = linker.typed(parse_type(entry.type), None, (), {})
    else:
        return
    value = linker.attributes(given, name)
    for atom in value:
        call_atom(site, atom, site.args, site.keywords, 0)
    site.confidence = min(site.confidence, LIKELY)
    site.doubt(LIKELY)


def _attributes_named(linker: Linker, fun: Fun) -> dict[str, str]:
    """The names that a function binds once, to an attribute of an uncommon name: ``client = site.settings.partner_client``."""
    known = linker.attributes_named.get(fun.id)
    if known is None:
        assigns = ((stmt[1][0], stmt[2]) for stmt in statements(fun.body) if stmt[0] == "assign" and len(stmt[1]) == 1)
        named = {name: value for name, value in assigns if name.__class__ is str and value.__class__ is str and "." in value}
        held = {name: value for name, value in named.items() if linker.holder_of(value.rpartition(".")[2]) is not None}
        known = {name: value for name, value in held.items() if uses_of(linker, fun, name).bindings == [value]}
        linker.attributes_named[fun.id] = known
    return known


def _by_signature(site: Site, name: str) -> None:
    """An unknown receiver, but arguments that only one method of a library takes, or a result that only one gives."""
    linker = site.frame.linker
    for entry in linker.catalog.signatures.get(name, ()):
        mine = linker.parameters_of(name)
        bare = entry.bare and not mine and not site.args and not site.keywords and not site.open_ended
        said = bare or any(keyword in site.keywords and keyword not in mine for keyword in entry.keywords)
        if said or (entry.answers and _is_asked(site, entry.answers)):
            receiver = linker.atoms(ExtObj, entry.name.rpartition(".")[0], UNKNOWN, None)
            call_library(site, entry.name, receiver, site.args, site.keywords, 0)
            site.confidence = min(site.confidence, LIKELY)
            return


def _is_asked(site: Site, answers: tuple[str, ...]) -> bool:
    """Does the function call one of these methods of what the call gives, at once or by the name that it gives it?"""
    fun = site.frame.fun
    if not mentions(fun, answers):
        return False
    made = (site.expr, ("await", site.expr))
    named = next((stmt[1] for stmt in statements(fun.body) if stmt[0] == "assign" and stmt[2] in made), ())
    asking: set[Expr] = {f"{name}.{answer}" for name in named if name.__class__ is str for answer in answers}
    asking.update(("attr", each, answer) for each in made for answer in answers)
    return any(call[1] in asking for call in calls_in(fun.body))


_PLAIN = frozenset(name for kind in (str, bytes, list, dict, set, int, float, date, datetime) for name in dir(kind) if name[0] != "_")
"""Methods of plain values."""


def _unresolved(site: Site) -> None:
    """Nothing is known of what is called. Not counted: what does nothing to the outside whoever has it, what can only be a method of a
    plain value (``name.pop()``: neither the project nor the catalog has one of this name that matters; ``data.get("total", 0)``), what
    makes an instance, and what a class inherits from a library that the catalog does not know."""
    frame, name = site.frame, last_name(site.func)
    if frame.silent or name in METHODS or name[:1].isupper():
        return
    if site.receiver is not None and name in _PLAIN and name not in frame.linker.catalog.acting_names():
        if name not in frame.linker.method_names():
            return
    if site.receiver is not None and name == "get" and _is_key(site.expr[2]):
        return
    if name == "write" and site.func.__class__ is str and site.func.rpartition(".")[0].endswith(("stdout", "stderr")):
        return
    if not _is_inherited(frame, site.receiver):
        frame.flow.unresolved.append((site.pos, site.func, frame.now_open()))


def _foreign(site: Site, name: str) -> None:
    """What is called is a library's; noted where the catalog knows nothing of the package and it is more than an instance that is made."""
    package = name.partition(".")[0]
    if package in site.frame.linker.catalog.roots or site.frame.silent or site.frame.linker.project.knows(package):
        return
    if not last_name(site.func)[:1].isupper():
        site.frame.flow.foreign.append((site.pos, site.func, package, bool(site.region)))


def _is_key(args: tuple[Expr, ...]) -> bool:
    """A word, as mappings have for keys, and at most what is given instead; what clients ask for has a path."""
    first = args[0] if 0 < len(args) < 3 else ""
    return first.__class__ is tuple and first[0] == "const" and isinstance(first[1], str) and "/" not in first[1]


def _is_inherited(frame: Frame, receiver: Expr | None) -> bool:
    """Is it an instance of a class, or a class, that has a library's class above it, or `super()` in one?"""
    linker = frame.linker
    if receiver.__class__ is tuple and receiver[:2] == ("call", "super"):
        return frame.klass is not None and any(isinstance(k, str) for k in linker.mro(frame.klass))
    if receiver is None or (receiver.__class__ is not str and receiver[0] != "attr"):
        return False
    return any(isinstance(atom, (Cls, Obj)) and any(isinstance(k, str) for k in linker.mro(atom.klass)) for atom in frame.ev(receiver))


def call(site: Site, atom: Atom) -> None:
    """Add to a site what calling one atom without arguments does."""
    call_atom(site, atom, (), {}, 0)


def run_at_end(frame: Frame) -> None:
    """What runs when the function has returned, and finds open what it has written through its dependencies and not committed: what it
    has asked to be called then, with what its dependencies keep open around it, and what these do behind their ``yield``."""
    shared = {name: key for name, key in frame.keys.items() if key[1:2] == ("global",)}
    ways = [way for way in frame.returned if not way.handling] if shared else []
    left = {key: o for way in ways for o in way.open.values() if not o.reads and (key := _shared(o.key, shared)) is not None}
    lasting = (opened for key, opened in (*((o.key, o) for o in frame.region), *left.items()) if not lasts_briefly(key))
    region = tuple(lasting) if frame.at_end else ()
    guards = frame.guards
    for expr, args, keywords, held, sure in frame.at_end if region else ():
        frame.guards = held
        for atom in args[0] if args else ():
            site = Site(frame, expr, False, False, False)
            site.region, site.kind = region, "callback"
            call_atom(site, atom, args[1:], keywords, 1)
            site.confidence = min(site.confidence, sure)
            site.targets = [t._replace(confidence=min(t.confidence, sure)) if isinstance(t, Target) else t for t in site.targets]
            flush(site)
    frame.guards = guards
    ending = _ending(frame.linker, frame.asked) if left and not frame.silent else []
    for fun in ending:
        sessions = [key for inner in asked_by(frame.linker, fun) for key in provided(frame.linker, inner).values()]
        begun = [replace(opened, key=key) for key, opened in left.items() if any(_is_in(key, each) for each in sessions)]
        replay = frame.linker.replay(fun, fun.klass, True)
        if begun and replay.is_quiet:
            below = _ending(frame.linker, list(asked_by(frame.linker, fun)))  # these end behind it, others may end before
            closed = [frame.linker.replay(each, each.klass, True).closes for each in ending if each is not fun and each not in below]
            region = tuple(opened for opened in begun if not any(opened.key in keys for keys in closed))
            target = Target(fun.id, fun.klass.id if fun.klass is not None else NO_CLASS, "callback", CERTAIN, (), 1, True)
            if region and frame.fun.fact is not None:
                pos = frame.fun.fact.name_pos
                frame.heard(Event(pos, fun.qualname, region, frozenset(), (), NOTHING_PASSED, True, (target,)))


def _shared(key: Key, shared: Mapping[str, Key]) -> Key | None:
    """The key by which all who depend on it know what is open, by the names that a function has for what its dependencies give."""
    if key[1:2] == ("global",):
        return key if key in shared.values() else None
    path = str(key[2]) if key[1:2] == ("param",) else ""
    held = next((name for name in shared if path.startswith(f"{name}.")), None)
    return under(shared[held], path[len(held) + 1 :]) if held is not None else None


def _is_in(key: Key, held: Key) -> bool:
    """Is it the key of a session, or of one in what that is the key of?"""
    return key == held or (key[:2] == held[:2] and str(key[2]).startswith(f"{held[2]}."))


def _ending(linker: Linker, asked: Sequence[Fn]) -> list[Fun]:
    """The generators among dependencies and what they depend on: they go on when the function that asks for them has returned."""
    found: dict[int, Fun] = {}
    seen: set[int] = set()
    level = list(asked)
    for _ in range(LEVELS):
        new = [each.fun for each in level if each.fun.id not in seen]
        seen.update(fun.id for fun in new)
        found.update((fun.id, fun) for fun in new if fun.fact is not None and fun.fact.is_generator)
        level = [inner for fun in new for inner in asked_by(linker, fun)]
    return list(found.values())


def applied(frame: Frame, atom: Atom, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value:
    """What calling a value gives; nothing is recorded."""
    nowhere: Pos = (0, 0, 0, 0)
    site = Site(frame, ("call", "", (), (), nowhere), True, False, False)
    site.args, site.keywords = args, keywords
    call_atom(site, atom, args, keywords, 0)
    return site.result


def call_atom(site: Site, atom: Atom, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int) -> None:
    if isinstance(atom, Fn):
        _call_function(site, atom, args, keywords)
        if site.frame.linker.taught:
            site.result = union(taught.returned(site.frame.linker, atom.fun, atom.receiver, args, keywords), site.result)
    elif isinstance(atom, ExtMethod):
        receiver = atom.receiver
        call_library(site, atom.name, receiver, args, keywords, depth)
        if type(receiver) is Obj and not receiver.exact and (overrides := site.frame.linker.overrides(receiver.klass, atom.attr)):
            add_overrides(site, receiver, overrides, 1)
    elif isinstance(atom, Ext):
        call_library(site, atom.name, None, args, keywords, depth)
    elif isinstance(atom, (Cls, SelfCls)):
        _construct(site, atom, args, keywords)
    elif isinstance(atom, (ExtObj, Obj, SelfObj)):
        _call_object(site, atom, args, keywords, depth)
    elif isinstance(atom, Part):
        merged: dict[str | None, Value] = {**dict(atom.keywords), **keywords}
        for inner in atom.func:
            call_atom(site, inner, atom.args + args, merged, depth + 1)
    elif isinstance(atom, Chosen):
        _call_chosen(site, atom, args, keywords, depth)
    elif isinstance(atom, (Stored, OneOf)):
        _call_one(site, atom, args, keywords, depth)
    elif isinstance(atom, Param):
        if _was_kept(site.frame, atom):
            _call_one(site, site.frame.linker.atoms(Stored, ("param", atom.fun.id, atom.name)), args, keywords, depth)
        else:
            site.targets.append(ParamTarget(atom.fun.id, atom.name))
            if not site.frame.silent:
                tell_left_open(site, atom)
        called_with(site.frame.linker, atom, args, keywords)
    elif isinstance(atom, Named):
        known = (o for a in atom.receivers for o in (options(site.frame.linker, a) if isinstance(a, (Stored, OneOf)) else (a,)))
        receivers = tuple(dict.fromkeys((each.klass.id, each.exact) for each in known if isinstance(each, Obj)))
        if receivers:
            site.targets.append(ParamTarget(atom.param.fun.id, atom.param.name, (), receivers))
        elif any(isinstance(each, (Ext, ExtObj)) for each in atom.receivers):
            _call_named(site, atom, args, keywords, depth)
    elif isinstance(atom, Opening):
        for value in args[:1]:
            site.result = union(site.result, within(site, atom, value))
    elif isinstance(atom, Within):
        before, opened = len(site.targets), opened_within(atom)
        for inner in atom.func:
            call_atom(site, inner, args, keywords, depth + 1)
        site.targets[before:] = [target._replace(inner=(opened, *target.inner)) for target in site.targets[before:]]


def _was_kept(frame: Frame, param: Param) -> bool:
    """Was it given to a function that is neither this one nor around it? Then it has been kept: it runs here, not where it is given."""
    fun: Fun | None = frame.fun
    while fun is not None:
        if fun is param.fun:
            return False
        fun = fun.parent
    return True


def _call_named(site: Site, atom: Named, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int) -> None:
    """``getattr(session, method)(..)``: of the methods of a library's class that have an effect one is called, where the caller names
    one. Names are given in either case: ``"POST"`` and ``method.lower()``."""
    linker = site.frame.linker
    for receiver in atom.receivers:
        names = linker.catalog.acting(receiver.name) if isinstance(receiver, (Ext, ExtObj)) else ()
        if names and site.frame.is_param(atom.param.name) and atom.param.fun is site.frame.fun:
            test = Test(atom.param.name, "in", (*names, *(name.upper() for name in names)), True)
            for inner in linker.attribute(receiver, names[-1]):
                _call_for(site, (test,), inner, args, keywords, LIKELY, depth)


def _call_one(site: Site, atom: Stored | OneOf, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int) -> None:
    """One of several is called: each is likely, of many only possible."""
    linker = site.frame.linker
    if isinstance(atom, Stored) and atom.place[0] in ("global", "attr"):
        site.frame.flow.runs_kept = True
    if isinstance(atom, Stored) and (chosen := kept_under(linker, atom)) is not None:
        _call_chosen(site, chosen, args, keywords, depth)
        return
    choices = options(linker, atom)
    given = (_given_by_callers(site, choices) if len(choices) > 1 and depth == 0 else None) or {}
    sure = LIKELY if len(choices) <= FEW else POSSIBLE
    before, result, effect = len(site.targets), site.result, site.effect
    site.result = UNKNOWN
    for inner in choices:
        tests = kept_with(site.frame, atom.place, inner) if isinstance(atom, Stored) else ()
        if inner in given:
            tests = (given[inner], *tests)
        if tests:
            _call_for(site, tests, inner, args, keywords, sure, depth)
        elif not isinstance(inner, (Stored, OneOf)):
            call_atom(site, inner, args, keywords, depth + 1)
    site.doubt(sure, before)
    if site.effect is not effect:
        site.confidence = min(site.confidence, sure)
    site.result = union(result, one_of(linker, site.result))


def _call_chosen(site: Site, atom: Chosen, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int) -> None:
    """What a table has is called where the caller's argument is its key; what it gives depends on that as well."""
    if not any(tests for _, tests in tests_of(site.frame, atom)):
        _call_one(site, atom, args, keywords, depth)
        return
    gives: dict[Atom, Value] = {}
    result = site.result
    sure = CERTAIN if atom.op == KEY else LIKELY if len(atom.options) <= FEW else POSSIBLE
    for option, tests in tests_of(site.frame, atom):
        site.result = UNKNOWN
        if tests:
            _call_for(site, tests, option, args, keywords, sure, depth)
        else:
            _call_one(site, site.frame.linker.atoms(OneOf, (option,)), args, keywords, depth)
        gives[option] = site.result
    site.result = union(result, each_of(site.frame.linker, atom, lambda value: gives[value[0]]))


def _call_for(
    site: Site,
    tests: tuple[Test, ...],
    inner: Atom,
    args: tuple[Value, ...],
    keywords: dict[str | None, Value],
    sure: Confidence,
    depth: int,
) -> None:
    """A call that happens only where a parameter, or a flag, goes with what is called: an event of its own."""
    frame = site.frame
    guards, targets, effect = frame.guards, site.targets, site.effect
    frame.guards, site.targets, site.effect = (*guards, *tests), [], None
    call_atom(site, inner, args, keywords, depth + 1)
    site.doubt(sure)
    before, site.confidence = site.confidence, min(site.confidence, sure)
    flush(site)
    site.confidence = before
    frame.guards, site.targets, site.effect = guards, targets, effect


def _call_function(site: Site, atom: Fn, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    frame, fun = site.frame, atom.fun
    linker = frame.linker
    fact = fun.fact
    assert fact is not None
    decoration = linker.decoration(fun)
    receiver = atom.receiver
    if decoration.deferred:
        frame.flow.deferred.add(fact.name)
        return
    if fact.is_generator and decoration.role != "manager":
        if not frame.silent:
            klass = getattr(receiver, "klass", None) if fun.klass is not None else None
            bound = bind(fun, args, keywords, 1 if klass is not None else 0)
            note_parameters(linker, fun, bound, klass.id if klass is not None else NO_CLASS, not site.open_ended)
        site.result = union(site.result, (linker.atoms(Generated, fun, receiver, False, ()),))
        return
    if decoration.role == "manager":
        # What stands before the `yield` runs when the block is entered.
        bound = bind(fun, args, keywords, 1 if receiver is not None and fun.klass is not None else 0)
        given = tuple((name, value) for name, value in bound.items() if any(type(each) in (Opening, Generated) for each in value))
        site.result = union(site.result, (linker.atoms(Generated, fun, receiver, True, given),))
        add_targets(site, atom, args, keywords, "call")
        return
    if frame.awaiting and fact.is_async:
        return
    add_targets(site, atom, args, keywords, "super" if site.kind == "super" else "call")
    if type(receiver) is Obj and site.receiver is not None:
        frame.changed(site.receiver, fun, known=(receiver,))
    if type(receiver) is Obj and receiver.klass.id in linker.own_signals:
        called_own(site, fun, receiver, args, keywords)


def _construct(site: Site, atom: Cls | SelfCls, args: tuple[Value, ...], keywords: dict[str | None, Value], item: Value = UNKNOWN) -> None:
    frame = site.frame
    linker = frame.linker
    klass = atom.klass
    exact = isinstance(atom, Cls)
    # `cls(..)` makes one more of the receiver's kind.
    if exact:
        flags = made_with(linker, klass, *_as_flags(site, args, keywords), site.open_ended)
        origin = _as_declared(linker, klass, args, keywords) if _is_read_through(frame, klass) else _row_given(site, klass)
        made: Atom = linker.instance(klass, type(atom) is Cls, item, origin, flags)
    else:
        made = linker.atoms(SelfObj, klass, frame.exact)
    opened: Value = UNKNOWN
    for base in linker.mro(klass):
        if isinstance(base, str):
            kind = linker.catalog.library_class(base)
            if kind is not None and kind.item and isinstance(made, Obj) and not made.item:
                made = linker.with_item(made, linker.typed(parse_type(kind.item), made, args, keywords))
            for opener in linker.at(base).openers:
                if "with" in opener.forms:
                    opening = opening_of(site, opener, None, args, keywords, custom=klass.dotted)
                    if opening is not None and linker.teaches and opener.library == PROJECT:
                        opened = union(opened, (taught.holding(linker, opening, made),))
                        continue
                    if opening is not None and linker.find(klass, "__enter__") is None:
                        site.result = union(site.result, (opening,))
                        return
            for entry in linker.at(base).returns:
                if entry.type and not entry.attribute:
                    typed = linker.typed(parse_type(entry.type), None, args, keywords)
                    for inner in typed:
                        if isinstance(inner, ExtObj) and inner.item:
                            made = linker.with_item(made, inner.item)
    if linker.has_own(klass, "__init__"):
        for value in linker.class_attribute(klass, "__init__"):
            if isinstance(value, Fn):
                result = site.result
                add_targets(site, linker.atoms(Fn, value.fun, made), args, keywords, "call")
                site.result = result
    elif args or keywords:
        _keep_fields(site, klass, args, keywords)
    if linker.taught and (dotted := taught.acting(linker, *taught.home(klass.dotted))) is not None:
        result = site.result
        call_library(site, dotted, None, args, keywords, 0)
        site.result = result
    if not exact and frame.fun.fact is not None and frame.fun.fact.name == "__init_subclass__" and klass.subclasses:
        made = linker.atoms(OneOf, tuple(linker.instance(each, True) for each in klass.subclasses[:MOST_KEPT]))  # it runs for each of them
    site.result = union(site.result, opened or (made,))


def _is_read_through(frame: Frame, klass: Klass) -> bool:
    """Is an instance that the body of a class makes what a library gives something else for: a field of a model?"""
    linker = frame.linker
    return frame.static is not None and any(linker.catalog.method(base, "__get__") for base in linker.library_bases(klass))


def _as_declared(linker: Linker, klass: Klass, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> tuple[Any, ...]:
    """What such an instance was made with, for its library; by name what a constructor of the project's takes by position."""
    found = linker.find(klass, "__init__")
    fact = found.method.fact if found is not None and found.method is not None else None
    names = fact.positional[1:] if fact is not None else []
    return ("init", args[len(names) :], (*zip(names, args, strict=False), *keywords.items()))


def _as_flags(site: Site, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> tuple[tuple[Value, ...], dict[str | None, Value]]:
    """Arguments as instances keep them for conditions: of lists those of which nobody else may put anything into."""
    given, named = _in_own_words(site, args, keywords)
    if args is not site.args or keywords is not site.keywords or not any(type(a) is Seq for v in (*given, *named.values()) for a in v[:1]):
        return given, named
    exprs = site.expr[2] if len(site.expr[2]) == len(given) else (None,) * len(given)
    of = dict(site.expr[3])
    return (
        tuple([_unshared(site.frame, value, expr) for value, expr in zip(given, exprs, strict=True)]),
        {name: _unshared(site.frame, value, of.get(name)) for name, value in named.items()},
    )


def _unshared(frame: Frame, value: Value, expr: Expr | None) -> Value:
    """What is passed, unless it is a list that has another name: one that is written here, or bound and not spoken of again, has none."""
    if not value or type(value[0]) is not Seq:
        return value
    is_written = expr.__class__ is tuple and expr[0] in ("list", "tuple")
    if is_written or expr.__class__ is not str or "." in expr:
        return value if is_written else UNKNOWN
    names = frame.linker.times_named
    at = frame.fun.id, expr
    if at not in names:
        names[at] = times(frame.fun.body, expr)
    return value if names[at] == 2 else UNKNOWN


def _in_own_words(
    site: Site, args: tuple[Value, ...], keywords: dict[str | None, Value]
) -> tuple[tuple[Value, ...], dict[str | None, Value]]:
    """Arguments, with what the receiver was made with itself as such: ``Desk(self.way)``."""
    frame = site.frame
    if args is not site.args or keywords is not site.keywords or frame.self_name is None:
        return args, keywords
    own = f"{frame.self_name}."
    given = [*enumerate(site.expr[2]), *site.expr[3]] if len(args) == len(site.expr[2]) else site.expr[3]
    named: dict[int | str | None, Value] = {}
    for place, arg in given:
        if arg.__class__ is str and arg.startswith(own) and (flag := flag_of(frame, arg)) is not None:
            named[place] = (frame.linker.atoms(Param, frame.fun, flag),)
    if not named:
        return args, keywords
    return tuple(named.get(at, value) for at, value in enumerate(args)), {name: named.get(name, value) for name, value in keywords.items()}


def _row_given(site: Site, klass: Klass) -> str | None:
    """What an instance is made for: none yet, where its class does not ask for a row, or the call gives none; None: not known."""
    linker = site.frame.linker
    kinds = [kind for base in linker.library_bases(klass) if (kind := linker.catalog.library_class(base)) is not None and kind.row]
    arg = kinds[0].row if kinds else None
    if arg is None:
        return NEW
    if arg.name not in site.keywords and (not _keeps_order(linker, klass) if site.args else site.open_ended):
        return None
    if not is_given(site, arg, site.args, site.keywords):
        return NEW if not site.open_ended else None
    given = argument(arg, site.args, site.keywords)
    if given and all(isinstance(atom, Const) and atom.value is None for atom in given):
        return NEW
    return STORED if given and all(row_of(atom) == STORED for atom in given) else None


def _keeps_order(linker: Linker, klass: Klass) -> bool:
    """Do arguments by position reach the library's constructor as they are? One of the project's own may take them in another order."""
    for base in linker.mro(klass):
        if isinstance(base, Klass) and (bound := base.names.get("__init__")) is not None:
            fact = base.module.funs[bound[-1][1]].fact if bound[-1][0] == "def" else None
            if fact is None or any(param.kind in ("pos", "arg") for param in fact.params[1:]):
                return False
    return True


def _keep_fields(site: Site, klass: Klass, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    """A class whose constructor is made of its fields: callables and instances that are passed are kept in them."""
    linker = site.frame.linker
    given = dict(keywords)
    if args:
        given.update(zip(linker.fields(klass), args, strict=False))
    for name, value in given.items():
        if name is not None and any(type(atom) in CALLABLE or type(atom) in (Obj, ExtObj) for atom in value):
            found = linker.find(klass, name)
            if found is not None and not isinstance(found.owner, str):
                linker.put(("field", found.owner.id, name), value)


def _call_object(site: Site, atom: ExtObj | Obj | SelfObj, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int) -> None:
    frame = site.frame
    linker = frame.linker
    proxy = proxy_method(linker, atom) if linker.catalog.proxies and isinstance(site.func, str) else ""
    if proxy:
        given = put_there(linker, ("held", linker.where_bound(frame.module, site.func), proxy))
        for inner in given:
            call_atom(site, inner, args, keywords, depth + 1)
        if given:
            return
    if isinstance(atom, ExtObj):
        method = linker.catalog.method(atom.name, "__call__")
        if atom.origin is CLASS:
            site.result = union(site.result, (linker.atoms(ExtObj, atom.name, atom.item, None),))
        elif method is not None:
            call_library(site, method, atom, args, keywords, depth + 1)
        elif atom.name in CALLABLES:
            site.result = union(site.result, atom.item)  # as an annotation says
        elif atom.item and any(type(inner) is Fn for inner in atom.item):
            for inner in atom.item:
                call_atom(site, inner, args, keywords, depth + 1)
        return
    if isinstance(atom, Obj) and atom.origin is CLASS:
        _construct(site, linker.atoms(Cls, atom.klass), args, keywords, atom.item)
        return
    value = frame.getattr((atom,), "__call__")
    for inner in value:
        call_atom(site, inner, args, keywords, depth + 1)
    if isinstance(atom, Obj):
        for inner in atom.item:  # a class of the project that wraps the call still runs what it was made of
            if type(inner) is Fn:
                call_atom(site, inner, args, keywords, depth + 1)


def _finish(site: Site) -> None:
    for value in site.args:
        for atom in value:
            if type(atom) is Generated and not atom.manager and not _keeps(site.values):
                iterate(site.frame, (atom,), site.expr)
    flush(site)


def _keeps(called: Value) -> bool:
    """A library's object keeps what it is given, and may iterate over it when all is over."""
    return all(type(atom) is Ext and atom.name.rpartition(".")[2][:1].isupper() for atom in called)


def _flush_where(site: Site, test: Test) -> None:
    """Leave an event of the effect of a site that it has only where a test of a parameter holds."""
    frame, guards, targets = site.frame, site.frame.guards, site.targets
    frame.guards, site.targets = (*guards, test), []
    flush(site)
    frame.guards, site.targets = guards, targets


def flush(site: Site) -> None:
    """Leave an event of what has been found of a site so far, under the guards that hold now."""
    frame = site.frame
    if frame.silent or not (site.targets or site.effect):
        return
    frame.heard(
        Event(
            site.pos,
            site.func,
            site.region,
            site.closed,
            frame.guards,
            passed(site),
            site.used,
            tuple(dict.fromkeys(site.targets)),
            site.effect,
            site.confidence,
            site.effect is not None and bool(frame.rows) and speaks_of((site.expr[2], site.expr[3]), frame.rows),
            frame.undecided,
        )
    )
    if site.effect is not None and site.effect.awaited:
        frame.started.append(Started(site.effect, site.expr, frame.undecided))
    site.targets, site.effect = [], None
