"""What is put somewhere by one piece of code and called by another: registries, lists of listeners, callables kept in attributes.

A place is ``("global", module, name)``, ``("attr", class number, name)`` for containers that are made empty and filled later,
``("param", function number, name)``, ``("field", class number, name)`` for what callers pass and an attribute keeps,
``("each", function number, name)`` for the items of that, ``("made", function number, name)`` for an instance of a class that callers pass,
``("on", module or class number, name)`` for what is None until code elsewhere assigns it (``state.pool = ..``), or
``("space", library's class, name)`` for what is put on an object that lasts as long as a request, or ``("held", full name, method)`` for
what a proxy of the module is given to stand for. Whoever puts
something there is noted whenever code is replayed (`put`); who reads a place gets what is known so far (`kept`) and is noted as well.
Between the rounds of linking `fill` looks for the code that may put something at the places that were read, and names the readers
that are to be replayed. What is kept is told apart by place, and where a place is read under a key (its fourth part), by that as far as it
is known (`keyed`): of several callables it cannot be said which is called. Where tuples are kept under a key, the fifth part is where in
them something stands that can be called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.frameworks.startup import AT_START
from txlint.link import keyed
from txlint.link.project import mentions
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Chosen,
    Cls,
    Const,
    Ext,
    ExtMethod,
    ExtObj,
    Fn,
    Many,
    Mod,
    Obj,
    OneOf,
    Param,
    Part,
    SelfCls,
    SelfObj,
    Seq,
    Stored,
    Table,
    Value,
    union,
)
from txlint.model.facts import Body
from txlint.model.graph import KEY, Target, Test
from txlint.model.shapes import called, called_on, calls_in, last_name, parts, statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.project import Fun, Klass, Module

Place: TypeAlias = tuple[Any, ...]

CALLABLE = frozenset({Fn, Cls, SelfCls, Part, ExtMethod, Ext})
_KEPT = CALLABLE | {Obj, SelfObj, ExtObj, Seq, Param, Stored, OneOf}
_KEPT_WHOLE = _KEPT | {Many, Table}
MOST_KEPT = 16
ADDS = frozenset({"append", "appendleft", "add", "insert", "extend", "update", "setdefault"})
"""Methods that put something into a container."""
EACH = "each"
"""The kind of the place that each item is at of a list that callers pass: ``("each", function number, name)``."""
ITEM = "["
"""How the names of items begin, among those of attributes."""
OF_CALLERS = frozenset({"param", "field", EACH})
"""The kinds of places at which is what callers pass."""
_OF_GIVEN = frozenset({"made", EACH})
MOST_READERS = 3
"""Replays under way that are told when more is known of a place: who reads it, and whom it answers."""
MOST_MODULES = 12
MOST_CALLERS = 40
"""Modules that use a name, and functions that mention it, that are looked at for what they pass; of more only the code that runs at
import or start."""


def fillable(linker: Linker, value: Value, place: Place) -> Value:
    """A container that is made empty, a table of such, or one of callables: with what is put there later."""
    if len(value) != 1:
        return value
    atom = value[0]
    kind = type(atom)
    if kind is Table:
        if not atom.rest and atom.items and any(_is_empty_table(item) for _, item in atom.items):  # type: ignore[attr-defined]
            return (linker.atoms(Table, tuple(_nested(linker, atom.items, place)), (linker.atoms(Stored, place),)),)  # type: ignore[attr-defined]
        if not atom.rest and atom.items and all(_is_empty(item) for _, item in atom.items):  # type: ignore[attr-defined]
            return (linker.atoms(Table, (), (linker.atoms(Stored, place),)),)
        if not atom.rest and (not atom.items or any(type(a) in CALLABLE for _, item in atom.items for a in item)):  # type: ignore[attr-defined]
            return (linker.atoms(Table, atom.items, (linker.atoms(Stored, place),)),)  # type: ignore[attr-defined]
    elif (kind is Seq and not atom.items) or (kind is Many and not atom.item):  # type: ignore[attr-defined]
        return (linker.atoms(Many, (linker.atoms(Stored, place),)),)
    return value


def _nested(linker: Linker, items: Iterable[tuple[Any, Value]], place: Place) -> Iterator[tuple[Any, Value]]:
    """The items of a table; what is put into those that are empty later is at the same place, under the key of that and its own."""
    for key, item in items:
        there = (linker.atoms(Stored, (*place, ("const", key))),)
        if _is_empty_table(item):
            item = (linker.atoms(Table, (), there),)
        yield key, (linker.atoms(Many, there),) if _is_empty(item) else item


def _is_empty_table(value: Value) -> bool:
    return len(value) == 1 and type(value[0]) is Table and not (value[0].items or value[0].rest)


def _is_empty(value: Value) -> bool:
    return len(value) == 1 and ((type(value[0]) is Seq and not value[0].items) or (type(value[0]) is Many and not value[0].item))


def declared(linker: Linker, typed: Value, place: Place) -> Value:
    """What an annotation says of an attribute; of a container of callables, of instances of several classes, or of whatever, with what is
    put there."""
    result: Value = UNKNOWN
    for atom in typed:
        held = atom.item if isinstance(atom, Many) else atom.rest if isinstance(atom, Table) else None
        several = tuple(each for each in held or () if isinstance(each, Obj) and each.klass.subclasses)
        if held is not None and (several or not any(isinstance(each, Obj) for each in held)):
            put(linker, place, several)  # one of these, where it is not found which
            held = union(tuple(each for each in held if each not in several), (linker.atoms(Stored, place),))
            atom = linker.atoms(Many, held) if isinstance(atom, Many) else linker.atoms(Table, (), held)
        result = union(result, (atom,))
    return result


def places(value: Value) -> Iterator[Place]:
    """The places that a container stands for."""
    for each in inside(value):
        if isinstance(each, Stored) and each.place[0] in ("global", "attr"):
            yield each.place


def inside(value: Value) -> Value:
    """What containers hold that are filled piece by piece; anything else as it is."""
    found: Value = UNKNOWN
    for atom in value:
        found = union(found, atom.rest if isinstance(atom, Table) else atom.item if isinstance(atom, Many) else (atom,))
    return found


def put(
    linker: Linker, place: Place, value: Value, keys: Mapping[Any, Any] | None = None, under: tuple[tuple[int, Test], ...] = ()
) -> None:
    """Something is put at a place, under the key that the place names, or with these; ``under`` tests of parameters, each with the function
    whose it is. What was chosen by that very key (``made[name] = CLASSES[name]()``) is there under the keys by which it is chosen."""
    for chosen in value:
        if isinstance(chosen, Chosen):
            is_same = len(place) == 4 and place[3] == ("param", chosen.param.fun.id, chosen.param.name) and chosen.op == KEY
            for option, by in zip(chosen.options, chosen.keys, strict=True):
                for at in [(*place[:3], ("const", key)) for key in by] if is_same and by is not None else (place,):
                    put(linker, at, (option,), keys, under)
    if len(place) > 3:
        place, keys = place[:3], {keyed.ITS_OWN: (place[3],)}
    elif keys is None and place[0] in ("global", "attr"):
        keys = {keyed.ITS_OWN: (None,)}
    kinds = _KEPT_WHOLE if place[0] == "on" else _KEPT
    kept_atoms = tuple(linker.instance(a.klass, False) if isinstance(a, SelfObj) else a for a in value if type(a) in kinds)
    if kept_atoms:
        known = linker.stores.setdefault(place, {})
        if len(known) < MOST_KEPT:
            for atom in kept_atoms:
                if under or (place, atom) in linker.put_under:
                    before = linker.put_under.get((place, atom), () if atom in known else None)
                    linker.put_under[place, atom] = under if before is None else tuple(test for test in before if test in under)
            known.update(dict.fromkeys(kept_atoms))
            linker.puts += 1
            if keys:
                keyed.keep(linker, place, kept_atoms, keys)


def kept(linker: Linker, place: Place) -> Value:
    """What is at a place, as far as it is known; whoever asks is told again when more is."""
    readers = linker.readers.get(place)
    if readers is None:
        readers = linker.readers[place] = {}
        linker.unfilled.append(place)
    readers.update(dict.fromkeys(key[0] for key in islice(reversed(linker.under_way), MOST_READERS)))
    return linker.contents.get(place, UNKNOWN)


def put_there(linker: Linker, place: Place) -> Value:
    """What is at a place, looked for at once; what is found later is told to whoever asks now."""
    if place not in linker.contents and place not in linker.looked and linker.begin(place):
        linker.looked.add(place)  # once: most names of a request are its own, and nobody puts anything there
        _look(linker, place)
        value = _resolved(linker, place)
        if value:
            linker.contents[place] = value
        linker.done(place, linker.contents, place)
        if value:
            return value
    return kept(linker, place) or (_resolved(linker, place) if place in linker.stores else UNKNOWN)


def unset(value: Value) -> bool:
    """Is it None, or nothing that is known?"""
    return all(isinstance(atom, Const) and atom.value is None for atom in value)


def begins_empty(value: Value) -> bool:
    """Is it a container that is made empty, as far as is known before anybody fills it?"""
    if not all(type(atom) is Many or (type(atom) is Table and not atom.items) for atom in value):
        return False
    held = inside(value)
    return not any(type(atom) in CALLABLE for atom in held) and any(type(a) is Stored and a.place[0] == "attr" for a in held)


def outside(linker: Linker, atom: Atom, name: str) -> Place | None:
    """The place of an attribute that code elsewhere may assign: of a module, a class, a function (or whatever is given for a parameter, as
    to a decorator), or an instance that has it as None before."""
    if isinstance(atom, Mod):
        module = linker.project.find_module(atom.name)
        return ("on", module.name, name) if module is not None else None
    if type(atom) is Fn or type(atom) is Param:
        return ("on", ("def", atom.fun.id, atom.name if type(atom) is Param else ""), name)
    if not isinstance(atom, (Cls, Obj)):
        return None
    found = linker.find(atom.klass, name)
    if found is None or found.bindings is None:
        is_own = isinstance(atom, Cls) or name in linker.setters(atom.klass)
        return ("on", atom.klass.id, name) if is_own else None
    return ("on", found.owner.id, name) if not isinstance(found.owner, str) and unset(linker.class_attribute(atom.klass, name)) else None


def put_on(linker: Linker, atom: Atom, name: str) -> Value:
    """What code elsewhere assigns to an attribute that is None before."""
    place = outside(linker, atom, name) if name in linker.project.put_on else None
    return put_there(linker, place) if place is not None else UNKNOWN


def fill(linker: Linker) -> set[int]:
    """Looks for what is put at the places that were asked for; the functions that asked and now get another answer."""
    while linker.unfilled:
        place = linker.unfilled.pop()
        _look(linker, place)
        place = _argument(place) if place[0] == EACH else place
        for atom in tuple(linker.stores.get(place[:3], ())):
            for inner in filter(None, map(keyed.place_of, keyed.parts(atom, place))):
                if not _is_constructor(linker, place) or _is_constructor(linker, inner):
                    kept(linker, inner)  # what is handed to a constructor is looked for where it is constructed, not further up
    stale: set[int] = set()
    linker.entries = {}
    for place, readers in tuple(linker.readers.items()):  # while what is there is found out, more may be asked for
        if place not in linker.contents:  # all who may put something there have been looked at: it is told once
            value = _resolved(linker, place)
            if value:
                linker.contents[place] = value
                stale.update(readers)
    linker.entries = None
    return stale


def handing_on(linker: Linker) -> set[int]:
    """The functions that pass a parameter of theirs on for one of which it was asked what callers pass."""
    asked = (_argument(place) for place in linker.readers if place[0] in ("param", EACH))
    return {atom.fun.id for place in asked for atom in linker.stores.get(place, ()) if isinstance(atom, Param)}


def _is_constructor(linker: Linker, place: Place) -> bool:
    fact = linker.project.funs[place[1]].fact if place[0] == "param" else None
    return fact is not None and fact.name == "__init__"


def _resolved(linker: Linker, place: Place) -> Value:
    """What is at a place, with what was passed for parameters put in."""
    found: dict[Atom, None] = {}
    _gather(linker, place, found, set())
    told = tuple(found)[:MOST_KEPT]
    in_container = place[0] in ("global", "attr")
    vague = [atom for atom in told if isinstance(atom, Obj) and not atom.exact and atom.klass.subclasses] if in_container else ()
    if vague:  # what an annotation says counts where it is not found what is there
        told = tuple(atom for atom in told if atom not in vague or not any(is_below(other, atom) for other in told))
    return told


def is_below(atom: Atom, other: Obj) -> bool:
    return isinstance(atom, Obj) and atom.klass in other.klass.subclasses


def _gather(linker: Linker, place: Place, found: dict[Atom, None], seen: set[Place]) -> None:
    """Adds what is at a place, and at those that it stands for: at each once, as the ways between them are without number."""
    if place in seen or len(found) >= MOST_KEPT:
        return
    seen.add(place)
    if len(place) > 3:
        entries = keyed.entries(linker, place)
        wanted = {atom: None for atom, key in entries if keyed.fits(key, place[3])}
        if len(place) > 4:
            found.update(wanted)
            return
        there: dict[Atom, None] = {}
        _gather(linker, place[:3], there, set(seen))  # others may have all that is there
        made = {atom.klass for atom in wanted if isinstance(atom, Cls)}
        told_apart = {atom for atom, key in entries if isinstance(atom, Obj) and key is not None}
        asks_class = any(type(atom) is Stored and atom.place[0] == "made" for atom in linker.stores.get(place[:3], ()))
        for atom in tuple(there)[:MOST_KEPT]:
            is_other = type(atom) in CALLABLE or atom in told_apart or (asks_class and isinstance(atom, Obj))
            if atom in wanted or not is_other or (isinstance(atom, Obj) and atom.klass in made):
                found[atom] = None
        return
    if place[0] in _OF_GIVEN:
        given: dict[Atom, None] = {}
        _gather(linker, _argument(place), given, set(seen))
        if place[0] == EACH:
            found.update(dict.fromkeys(linker.items(tuple(given))))
        else:  # what a function makes of a class that it is given
            found.update((linker.instance(atom.klass, True), None) for atom in given if isinstance(atom, Cls))
        return
    found.update((each, None) for atom in keyed.passed(linker, place) for each in (atom.options if isinstance(atom, OneOf) else (atom,)))
    for atom in tuple(linker.stores.get(place, ())):  # finding out what it stands for may put more there
        inner = keyed.place_of(atom)
        if inner is None:
            found.update(dict.fromkeys(keyed.stands_for(linker, atom)))
        elif inner[0] == "param" and (tests := linker.put_under.get((place, atom), ())):
            _gather_passed(linker, inner, tests, found, set(seen))
        else:
            _gather(linker, inner, found, seen)


def _gather_passed(linker: Linker, place: Place, tests: Iterable[tuple[int, Test]], found: dict[Atom, None], seen: set[Place]) -> None:
    """Adds what callers pass where tests of what they pass beside it hold."""
    passed: dict[Atom, None] = {}
    _gather(linker, place, passed, seen)
    refused = {each for owner, test in tests for each in _refused(linker, place, owner, test)}
    found.update((each, None) for each in passed if each not in refused)


def kept_beside(linker: Linker, place: Place, position: int, flag: int, truth: bool) -> Value:
    """What stands at a position of the tuples at a place of which another part is true, or is not."""
    found: dict[Atom, None] = {}
    for atom in tuple(linker.stores.get(place[:3], ())):
        if not isinstance(atom, Seq) or max(position, flag) >= len(atom.items):
            continue
        given = atom.items[flag][0] if len(atom.items[flag]) == 1 else None
        if isinstance(given, Const) and bool(given.value) is not truth:
            continue
        tests = [(given.fun.id, Test(given.name, "truthy", True, truth))] if isinstance(given, Param) else []
        for part in atom.items[position]:
            inner = keyed.place_of(part)
            if inner is None:
                found.update(dict.fromkeys(keyed.stands_for(linker, part)))
            else:
                _gather_passed(linker, inner, tests if inner[0] == "param" else (), found, set())
    return tuple(found)


def _argument(place: Place) -> Place:
    """The place of an argument of which another one tells the items, or what is made of it."""
    return ("param", *place[1:])


def _refused(linker: Linker, place: Place, owner: int, test: Test) -> Iterator[Atom]:
    """What callers pass for a parameter only beside constants with which a test of another one, of that function, fails:
    ``register(f, late=True)``."""
    beside: dict[Atom, bool] = {}
    for atom, tag in keyed.entries(linker, place[:3], (owner, test.param)):
        holds = tag is None or tag[0] != "const" or test.holds(tag[1])
        beside[atom] = holds or beside.get(atom, False)
    return (atom for atom, holds in beside.items() if not holds)


def _look(linker: Linker, place: Place) -> None:
    """Replays whatever may put something at a place."""
    kind, where, name = place[:3]
    if kind == "global":
        home = linker.project.modules.get(where)
        _replay_writers(linker, _in_order([*linker.project.using(name), *([home] if home is not None else [])]), name)
    elif kind == "attr":
        klass = linker.project.klasses[where]
        classes = [*linker.mro(klass), *klass.subclasses[:MOST_CALLERS]]
        near = dict.fromkeys(k.module for k in classes if not isinstance(k, str))
        also = [m for m in linker.project.using(klass.fact.name) if m not in near]
        _replay_writers(linker, [m for m in (*near, *also) if name in m.facts.words], name)
    elif name.startswith(ITEM):
        for module in linker.project.ordered:
            _replay_assigning(linker, module, name)
    elif kind in ("on", "space"):
        for module in linker.project.using(name):
            if name in module.facts.put_on:
                _replay_assigning(linker, module, name)
    elif kind == "held":
        for module in linker.project.using(name):
            for fun in (module.body, *module.funs):
                if mentions(fun, {name}) and _calls(fun.body, name):
                    linker.replay(fun, _owner(fun), fun.fact is None)
    elif kind == "field":
        klass = linker.project.klasses[where]
        _look_for_calls(linker, {klass.fact.name, *(sub.fact.name for sub in klass.subclasses)})
    else:
        _look_for_arguments(linker, linker.project.funs[where], name)


def _in_order(modules: Iterable[Module]) -> list[Module]:
    return sorted(set(modules), key=lambda module: module.body.id)


def _look_for_arguments(linker: Linker, fun: Fun, name: str) -> None:
    """Replays the callers of a function; the parameters of theirs that they hand on are put at the place."""
    top = fun
    while top.parent is not None and top.parent.fact is not None:
        top = top.parent
    if top.fact is None:
        return
    names = {top.fact.name}
    callers: list[Fun] = []
    if top.fact.name == "__init__" and top.klass is not None:
        names = {top.klass.fact.name}
        for sub in top.klass.subclasses:
            found = sub.names.get("__init__")
            if found is None:
                names.add(sub.fact.name)
            elif found[-1][0] == "def":
                callers.append(sub.module.funs[found[-1][1]])
    callers.extend(_look_for_calls(linker, names))
    assert fun.fact is not None
    positions = fun.fact.positional
    for caller in callers:
        for event in linker.replay(caller, _owner(caller), False).flow.events:
            for target in event.targets:
                if isinstance(target, Target) and target.fun == fun.id:
                    by_name = {
                        at if isinstance(at, str) else positions[at + target.skip]: given
                        for at, given in event.passed.values.items()
                        if isinstance(at, str) or at + target.skip < len(positions)
                    }
                    mine = by_name.get(name, ("unknown",))
                    if mine[0] in ("param", "outer"):
                        holder, passed = (caller, mine[1]) if mine[0] == "param" else (linker.project.funs[mine[1]], mine[2])
                        keys = {(fun.id, each): (keyed.tag_passed(caller, given),) for each, given in by_name.items()}
                        put(linker, ("param", fun.id, name), (linker.atoms(Param, holder, passed),), keys)


def _look_for_calls(linker: Linker, names: set[str]) -> list[Fun]:
    """Replays what mentions one of the names, decorators of classes included."""
    from txlint.link.decorate import decorate_class

    modules = _in_order(module for name in names for module in linker.project.using(name))
    for module in modules:
        for klass in module.klasses:
            if any(last_name(called(expr)) in names for expr, _ in klass.fact.decorators):
                decorate_class(linker, klass)
    return _replay(linker, modules, names)


def _replay_writers(linker: Linker, modules: Iterable[Module], name: str) -> None:
    for module in modules:
        for fun, filled in _writers(linker, module):
            if filled is None or name in filled:
                linker.replay(fun, _owner(fun), fun.fact is None)


def _writers(linker: Linker, module: Module) -> list[tuple[Fun, frozenset[str] | None]]:
    """The functions of a module that fill containers, and of which names: looked for once, since every place asks."""
    known = linker.writers.get(module)
    if known is None:
        filled = [(fun, _filled(fun.body)) for fun in (module.body, *module.funs)]
        known = linker.writers[module] = [each for each in filled if each[1] is None or each[1]]
    return known


def is_filled(linker: Linker, klass: Klass, name: str) -> bool:
    """May something be put into the container that is this attribute of instances of a class: ``x.steps.append(v)``?"""
    family = (*linker.mro(klass), *klass.subclasses)
    for module in linker.project.using(name):
        for fun, filled in _writers(linker, module):
            if (filled is None or name in filled) and _fills_attribute(fun, name, fun.klass is None or fun.klass in family):
                return True
    return False


def is_shared(linker: Linker, klass: Klass, name: str) -> bool:
    """Has this attribute of instances of a class another name somewhere, by which something may be put into it: ``mine = self.steps``?"""
    known = linker.shared_lists.get((klass.id, name))
    if known is None:
        funs = (fun for module in linker.project.using(name) for fun in (module.body, *module.funs))
        known = linker.shared_lists[klass.id, name] = any(_hands_out(fun.body, f".{name}") for fun in funs)
    return known


_ONLY_READ = frozenset({"all", "any", "enumerate", "len", "list", "reversed", "sorted", "tuple", "zip"})


def _hands_out(body: Body, attribute: str) -> bool:
    """Does a body bind an attribute to a name, return it or pass it on?"""
    for part in parts(body):
        if part[0] in ("assign", "ann", "return", "yield"):
            given: tuple[Any, ...] = part[1:]
            given = given[1:] if part[0] != "return" and part[0] != "yield" else given
        elif part[0] == "call" and len(part) == 5:
            if part[1] in _ONLY_READ:
                continue
            given = (*part[2], *(value for _, value in part[3]))
        else:
            continue
        if any(each.__class__ is str and each.endswith(attribute) for each in given):
            return True
    return False


def _fills_attribute(fun: Fun, name: str, is_own: bool) -> bool:
    """Does a function put something into a container that is an attribute; of its receiver, only if that is its own?"""
    receiver = fun.fact.params[0].name if fun.fact is not None and fun.fact.params else ""
    for part in parts(fun.body):
        containers: tuple[Any, ...] = ()
        if part[0] == "call" and len(part) == 5 and last_name(part[1]) in ADDS:
            containers = (called_on(part[1]),)
        elif part[0] in ("assign", "aug") and len(part) > 3:
            containers = part[1] if part[0] == "assign" else (part[1],)
            containers = tuple([each for each in containers if part[0] == "aug" or each[0] == "sub"])
        for each in containers:
            while each.__class__ is tuple and each[0] == "sub":
                each = each[1]
            head, dot, last = each.rpartition(".") if each.__class__ is str else ("", each[0] == "attr", each[-1])
            if dot and last == name and (is_own or head != receiver):
                return True
    return False


def fills(linker: Linker, fun: Fun) -> bool:
    """Does a function put something into containers?"""
    known = linker.filling.get(fun.id)
    if known is None:
        filled = _filled(fun.body)
        known = linker.filling[fun.id] = filled is None or bool(filled)
    return known


def _filled(body: Any) -> frozenset[str] | None:
    """The names of containers into which something is put: ``x.name[key] = v``, ``name.append(v)``, ``name[key].add(v)``,
    ``name += [v]``. ``None`` where a container has no name, which may be any."""
    names: set[str] = set()
    stack: list[Any] = [body]
    while stack:
        item = stack.pop()
        if item.__class__ is not tuple or not item:
            continue
        tag = item[0]
        if tag == "call" and len(item) == 5:  # and not a tuple of names of which the first is `call`
            func = item[1]
            if func.__class__ is str:
                base, _, last = func.rpartition(".")
                if last in ADDS:
                    names.add(base.rpartition(".")[2])
            elif func[0] == "attr" and func[2] in ADDS:
                return None
        elif tag in ("assign", "aug") and len(item) > 3 and item[1]:
            targets = [t[1] for t in item[1] if t.__class__ is tuple and t[0] == "sub"] if tag == "assign" else [item[1]]
            names.update(map(_end_of, targets))
        stack.extend(item)
    return frozenset(names)


def _calls(body: Any, name: str) -> bool:
    """Is something of this name called: ``x.name(v)``?"""
    return any(last_name(call[1]) == name for call in calls_in(body))


def item_name(index: Any) -> str:
    """The name under which ``app["pool"]`` and ``app[POOL]`` are kept, of their subscript; nothing where it is neither."""
    if index.__class__ is tuple and index[0] == "const" and index[1].__class__ is str:
        return ITEM + index[1]
    return ITEM + index.rpartition(".")[2] if index.__class__ is str else ""


def _replay_assigning(linker: Linker, module: Module, name: str) -> None:
    """Replays the functions of a module that assign an attribute or item of a name."""
    for fun in assigning(linker, module, name):
        linker.replay(fun, _owner(fun), fun.fact is None)


def assigning(linker: Linker, module: Module, name: str) -> Sequence[Fun]:
    """The functions of a module that assign an attribute or item of this name: ``x.name = v``, ``x["name"] = v``."""
    known = linker.assigning.get(module)
    if known is None:  # looked for once, since many names are asked for
        known = linker.assigning[module] = {}
        for fun in (module.body, *module.funs):
            targets = (target for stmt in statements(fun.body) if stmt[0] == "assign" for target in stmt[1])
            for last in dict.fromkeys(filter(None, map(_assigned_name, targets))):
                known.setdefault(last, []).append(fun)
    return known.get(name, ())


def _assigned_name(target: Any) -> str:
    if target.__class__ is str:
        return target.rpartition(".")[2] if "." in target else ""
    return item_name(target[2]) if target[0] == "sub" else target[2] if target[0] == "attr" else ""


def _end_of(expr: Any) -> str:
    """The name of ``name``, ``x.name``, ``x.name[key]``; empty where there is none."""
    while expr.__class__ is tuple and expr[0] == "sub":
        expr = expr[1]
    return last_name(expr) if expr else ""


def _replay(linker: Linker, modules: list[Module], names: set[str]) -> list[Fun]:
    """Replays what mentions one of the names; of a common name only what runs at import or start."""
    common = len(modules) > MOST_MODULES
    candidates = [
        fun for module in modules for fun in (module.body, *module.funs) if not common or fun.fact is None or fun.fact.name in AT_START
    ]
    chosen = [fun for fun in candidates if mentions(fun, names)]
    if len(chosen) > MOST_CALLERS:
        chosen = [fun for fun in chosen if fun.fact is None or fun.fact.name in AT_START]
    for fun in chosen:
        linker.replay(fun, _owner(fun), fun.fact is None)
    return chosen


def _owner(fun: Fun) -> Klass | None:
    from txlint.link.program import owner

    return owner(fun)


def options(linker: Linker, atom: Atom) -> Value:
    """What a value that cannot be told may be, through choices among choices; a place may well hold what is taken from itself. What
    callers pass is only looked up for a parameter that is asked for itself."""
    found: dict[Atom, None] = {}
    seen = {atom}
    waiting = [atom]
    while waiting:
        choice = waiting.pop()
        for each in choice.options if isinstance(choice, OneOf) else kept(linker, choice.place) if isinstance(choice, Stored) else ():
            if not isinstance(each, (OneOf, Stored)):
                found[each] = None
            elif each not in seen:
                seen.add(each)
                if isinstance(each, Stored) and each.place[0] in OF_CALLERS:
                    if not (isinstance(atom, Stored) and atom.place[0] in OF_CALLERS):
                        found[each] = None
                else:
                    waiting.append(each)
    return tuple(found)


def one_of(linker: Linker, value: Value) -> Value:
    """One of these; a choice among choices is one."""
    flat: Value = UNKNOWN
    for atom in value:
        flat = union(flat, atom.options if isinstance(atom, OneOf) else (atom,))
    return (linker.atoms(OneOf, flat),) if flat else UNKNOWN
