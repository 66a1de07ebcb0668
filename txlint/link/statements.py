"""Statements replayed: `STATEMENTS` maps each tag to the function that walks it. Where branches meet, a frame joins what they left."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from txlint.link import misuse
from txlint.link.branches import State, WayOut
from txlint.link.builtin import close_stack, is_stack
from txlint.link.calls import evaluate_call
from txlint.link.changes import field_of, is_only_row, stored_before, writes
from txlint.link.entering import Closing, enter_context, given_back, leave, only_left, own, suspended
from txlint.link.generic import for_frame
from txlint.link.grown import added
from txlint.link.guards import (
    NEVER,
    Facts,
    assume,
    both_constant,
    constant_test,
    constants,
    is_nothing,
    library_test,
    one_of_two,
    only_test,
    parameter_of,
    tests,
)  # fmt: skip
from txlint.link.held import given
from txlint.link.holding import is_kept, via
from txlint.link.iterated import constants_over, fields_over, fills, holds_in, is_entered
from txlint.link.kept import ADDS, CALLABLE, declared, fillable, inside, item_name, outside, places
from txlint.link.keyed import key_of, own_key, with_key
from txlint.link.library import assigned
from txlint.link.members import shared_key
from txlint.link.opening import asserted
from txlint.link.project import GLOBAL
from txlint.link.properties import load, look, write
from txlint.link.putting import put_at
from txlint.link.targets import ended, iterate, left_open
from txlint.link.uses import uses_of
from txlint.link.values import (
    UNKNOWN,
    Cls,
    Const,
    Ext,
    ExtObj,
    Fn,
    Generated,
    Many,
    Obj,
    Param,
    SelfObj,
    Seq,
    Stored,
    Table,
    Value,
    union,
)
from txlint.model.facts import Body, Expr, Pos
from txlint.model.graph import Key, Test
from txlint.model.shapes import bodies, called, calls_in, last_name, speaks_of, statements

if TYPE_CHECKING:
    from txlint.link.replay import Frame


def _expr(frame: Frame, stmt: Any) -> None:
    expr = stmt[1]
    if expr.__class__ is not str:
        tag = expr[0]
        if tag == "call":
            evaluate_call(frame, expr, used=False)
            if frame.never is expr:
                frame.dead = True
            elif frame.back_if[0] is expr:
                assume(frame, frame.back_if[1])
            if frame.guards and expr[1].__class__ is str and expr[1].count(".") == 1 and last_name(expr[1]) in ADDS:
                fills(frame, expr[1].partition(".")[0], expr[4])
        elif tag == "await" and expr[1].__class__ is not str and expr[1][0] == "call":
            evaluate_call(frame, expr[1], used=False)
        else:
            frame.ev(expr)
    elif frame.reads:
        look(frame, expr)


def _assign(frame: Frame, stmt: Any) -> None:
    value = kept(frame, stmt[2])
    named = _named(frame, stmt) if frame.fun.fact is not None else None
    for target in stmt[1]:
        assign(frame, target, value, stmt[2])
        if frame.guards and target.__class__ is tuple and target[0] == "sub" and target[1].__class__ is str:
            fills(frame, target[1], ("fill", stmt[3]))
    if stmt[2].__class__ is tuple and stmt[2][0] in ("call", "await") and stmt[1][0].__class__ is str:
        frame.origins[stmt[1][0]] = (frame.called, stmt[2])
        call = stmt[2][1] if stmt[2][0] == "await" else stmt[2]
        func = call[1] if call[0] == "call" and (call[3] or call[1].__class__ is tuple) else ""
        if func.__class__ is tuple or func.endswith("get"):
            _note_stored(frame, stmt[1][0], stmt[2], call, value)
    if named is not None:
        frame.tested[stmt[1][0]], renamed = named
        if renamed is not None:
            frame.renamed[stmt[1][0]] = renamed
    if writes(stmt[2]):
        for target in stmt[1]:
            first = target if target.__class__ is str else target[1][0] if target[0] in ("tuple", "list") and target[1] else None
            if isinstance(first, str):
                frame.rows.add(first)


def _note_stored(frame: Frame, name: str, source: Expr, call: Expr, value: Value) -> None:
    """What holds where a call has found the row that the function is about: a new one is not there yet."""
    found = stored_before(frame, call, value)
    if found is not None and is_only_row(frame, name, source):
        frame.given_if[name] = [("test", found)]
    if found is not None and last_name(call[1]) in ("aget", "get"):
        assume(frame, [("test", found)])  # else it would have raised


_TESTS = frozenset({"bool", "cmp", "ifexp", "not", "sub"})
_TELLING = frozenset({"bool", "getattr", "hasattr", "isinstance"})
"""Calls that say something of a parameter; the others are most of all that is assigned."""


def _named(frame: Frame, stmt: Any) -> Any:
    """``is_new = self.pk is None``, ``fields = kwargs.get("fields")``: what the one assignment of a name says of parameters; that of a
    parameter itself as well, ``created = created or self.pk is None``."""
    name, source = stmt[1][0], stmt[2]
    if name.__class__ is not str or "." in name or len(stmt[1]) > 1:
        return None
    if is_nothing(source) and frame.is_param(name) and _was_nothing(frame, name):
        return tests(frame, name), None  # `if items is None: items = []`: as empty as before
    if name in frame.env and not (frame.is_param(name) and _is_always_run(frame, stmt)):
        return None
    if source.__class__ is str:
        if "." not in source:
            return None
    elif source[0] == "call":
        if source[1].__class__ is not str or not (
            source[1] in _TELLING or source[1].endswith(".get") or last_name(source[1]) in frame.linker.asking_changes
        ):
            return None
    elif source[0] not in _TESTS:
        return None
    renamed = parameter_of(frame, source)
    yes, no = tests(frame, source)
    yes, no = [fact for fact in yes if fact[0] == "test" or fact == NEVER], [fact for fact in no if fact[0] == "test" or fact == NEVER]
    return ((yes, no), renamed) if yes or no else None


def _was_nothing(frame: Frame, name: str) -> bool:
    return any(
        test.param == name
        and ((test.op in ("is", "==") and test.value is None and test.wanted) or (test.op == "truthy" and not test.wanted))
        for test in frame.guards
    )


def _is_always_run(frame: Frame, stmt: Any) -> bool:
    return frame.fun.fact is not None and any(each is stmt for each in frame.fun.fact.body)


def kept(frame: Frame, expr: Expr) -> Value:
    """An expression whose value is kept under a name."""
    if expr.__class__ is not str:
        if expr[0] == "call":
            return evaluate_call(frame, expr, used=True, bound=True)
        if expr[0] == "comp" and expr[1] == "gen" and not frame.silent:
            frame.silent = True  # nothing of it runs before it is iterated
            value = frame.ev(expr)
            frame.silent = False
            return value
        if expr[0] == "await" and expr[1].__class__ is not str and expr[1][0] == "call":
            return evaluate_call(frame, expr[1], used=True, bound=True)
    return frame.ev(expr)


def _ann(frame: Frame, stmt: Any) -> None:
    value = kept(frame, stmt[3]) if stmt[3] is not None else UNKNOWN
    typed = for_frame(frame, frame.linker.annotation(stmt[2], frame.module, frame.fun.klass, frame.parent))
    if frame.self_name is not None and frame.fun.klass is not None and stmt[1].__class__ is str:
        head, _, name = stmt[1].rpartition(".")
        if head == frame.self_name:
            typed = declared(frame.linker, typed, ("attr", frame.fun.klass.id, name))
    assign(frame, stmt[1], union(value, typed), stmt[3])


def _aug(frame: Frame, stmt: Any) -> None:
    value = frame.ev(stmt[3])
    if value:
        put_at(frame, list(places(_container(frame, stmt[1]))), frame.linker.items(value), stmt[1], None)
    if stmt[1].__class__ is str and "." not in stmt[1]:
        frame.assigned_params[stmt[1]] = None
        frame.env[stmt[1]] = union(frame.env.get(stmt[1], UNKNOWN), value)
        frame.by_test.pop(stmt[1], None)
        frame.listed.pop(stmt[1], None)
    else:
        frame.ev(stmt[1])
        if stmt[1].__class__ is str and last_name(stmt[1]) in frame.writes:
            write(frame, stmt[1], UNKNOWN, None)


def _container(frame: Frame, expr: Expr) -> Value:
    """A container that something is put into: by its name, or under a key of another one."""
    if expr.__class__ is str:
        return frame.looked_at(expr)
    if expr[0] != "sub":
        return UNKNOWN
    return with_key(frame.linker, inside(frame.looked_at(expr[1])), key_of(frame, expr[2], frame.looked_at(expr[2])))


def _keys_of(frame: Frame, value: Value, source: Expr | None) -> dict[str, Key]:
    """The keys of a value and of what it holds, by what is added to its name."""
    if source is None or not value or frame.fun.fact is None or not frame.linker.has_sessions:
        return {}
    if source.__class__ is tuple and source[0] == "bool" and source[1] == "or":
        source = next((each for each in source[2] if each.__class__ is str), source)  # `db = db or Session()`
    if source.__class__ is tuple and source[0] == "sub":
        key = frame.key_of(source, value)
        return {"": key} if key is not None else {}
    if source.__class__ is str:
        key = frame.key_of(source, value)
        keys = {"": key} if key is not None else {}
        keys.update((name[len(source) :], known) for name, known in frame.keys.items() if name.startswith(source + "."))
        return keys
    if any(isinstance(atom, (Obj, SelfObj)) for atom in value):
        return {"." + path: key for path, key in given(frame, source).items()}
    return {}


_NONE = ("const", None)


def assign(frame: Frame, target: Expr, value: Value, source: Expr | None = None) -> None:
    """Binds a target; ``source`` is the expression, where the target becomes another name for it."""
    if target.__class__ is str:
        if "." not in target:
            keys = _keys_of(frame, value, source)
            if value and frame.fun is frame.module.body:
                value = fillable(frame.linker, value, ("global", frame.module.name, target))
            if frame.emptied is not None and source == _NONE and (stood := frame.env.get(target)):
                frame.emptied[target] = union(frame.emptied.get(target, UNKNOWN), stood)
            frame.env[target] = value
            frame.unpacked.pop(target, None)
            if value and target not in frame.fun.scope and target in frame.module.global_sets and frame.fun.fact is not None:
                frame.sets[GLOBAL + target] = union(frame.sets.get(GLOBAL + target, UNKNOWN), value)
            for name in [name for name in frame.keys if name == target or name.startswith(target + ".")]:
                del frame.keys[name]
            frame.switched.pop(target, None)
            if target in frame.tested:
                del frame.tested[target]
                frame.renamed.pop(target, None)
            if target in frame.given_if and source != _NONE:
                del frame.given_if[target]
            if target in frame.by_test:
                del frame.by_test[target]
            if target in frame.listed:
                del frame.listed[target]
            if source.__class__ is tuple and source[0] == "ifexp" and _is_only_bound_so(frame, target, 1):
                if (which := one_of_two(frame, source)) is not None:
                    const = frame.linker.atoms.const
                    frame.by_test[target] = (value, which[0], (const(which[1]),), (const(which[2]),))
                elif (test := only_test(tests(frame, source[1])[0])) is not None:
                    one, other = (frame.looked_at(each) for each in source[2:])
                    if one != other and _are_filled(one, other):
                        frame.by_test[target] = (value, test, one, other)
            if frame.cached:
                frame.cached = {text for text in frame.cached if text.partition(".")[0] != target}
            if frame.each:
                frame.each.pop(target, None)
                if source is not None and (known := field_of(frame, source)) is not None:
                    frame.each[target] = known
            if frame.fun.fact is not None:
                for param in frame.fun.fact.params:
                    if param.name == target:
                        _grow(frame, target, source)
                before = frame.assigned_params.get(target, ())
                constant = source[1:] if source.__class__ is tuple and source[0] == "const" else None
                frame.assigned_params[target] = (*before, *constant) if isinstance(before, tuple) and constant is not None else None
                frame.keys.update((target + path, key) for path, key in keys.items())
            return
        head, _, name = target.rpartition(".")
        if frame.reads and "." in head:
            frame.ev(head)
        if name in frame.writes:
            write(frame, target, value, source)
        if frame.linker.catalog.watched and head != frame.self_name:
            assigned(frame, head, name, value)
        if value and head != frame.self_name:
            _put_on(frame, head, name, value)
        if head == frame.self_name:
            if value and frame.fun.klass is not None:
                value = fillable(frame.linker, value, ("attr", frame.fun.klass.id, name))
            frame.sets[name] = union(frame.sets.get(name, UNKNOWN), value)
            frame.env[target] = value
            if len(value) == 1 and isinstance(value[0], Const):
                frame.switched.setdefault(head, {})[name] = None
            if source.__class__ is str and frame.linker.has_sessions:
                _kept_session(frame, source, value, target)
        elif "." not in head:
            frame.env[target] = value
            if len(value) == 1 and isinstance(value[0], Const):
                frame.switched.setdefault(head, {})[name] = None
            if frame.linker.catalog.namespaces and value:
                _share(frame, target, value, source)
            if head in frame.reads:
                load(frame, target)
            frame.changed(head, attribute=name)
            if name in ("pk", "id"):  # a copy: the row that it stood for is no longer its own
                frame.env[head] = tuple(frame.linker.of_row(atom, None) for atom in frame.env.get(head, UNKNOWN))
        else:
            if frame.linker.catalog.namespaces and value:
                frame.env[target] = value
                _share(frame, target, value, source)
            frame.changed(head)
    else:
        tag = target[0]
        if tag in ("tuple", "list"):
            from_kept = any(type(atom) is Stored for atom in value)
            for position, item in enumerate(target[1]):
                if item.__class__ is not str and item[0] == "star":
                    assign(frame, item[1], UNKNOWN)
                else:
                    assign(frame, item, frame.linker.item_at(value, position) if value else UNKNOWN)
                    if from_kept and item.__class__ is str:
                        frame.unpacked[item] = target, value, position
        elif tag == "sub":
            if target[1].__class__ is str:
                frame.rekey(target[1], (target[2],), True)
            base = frame.ev(target[1])
            key = frame.ev(target[2])
            at = list(places(with_key(frame.linker, inside(base), own_key(target, source) or key_of(frame, target[2], key))))
            put_at(frame, at, value, target[1], source, target)
            if frame.linker.catalog.namespaces and value and not frame.silent:
                item = item_name(target[2])
                for atom in base if item else ():
                    if isinstance(atom, ExtObj) and atom.name in frame.linker.catalog.namespaces:
                        frame.linker.put(("space", atom.name, item), value)
        elif tag == "attr":
            base = frame.ev(target[1])
            if frame.linker.catalog.namespaces and value and not frame.silent:
                for atom in base:
                    if isinstance(atom, ExtObj) and atom.name in frame.linker.catalog.namespaces:
                        frame.linker.put(("space", atom.name, target[2]), value)
            frame.changed(target[1])


def _grow(frame: Frame, param: str, source: Expr | None) -> None:
    """A parameter is assigned: what its caller passed may still be in it."""
    more = added(frame, param, source) if frame.is_param(param) or param in frame.grown else None
    if more is None:
        frame.grown.pop(param, None)
    else:
        frame.grown[param] = frame.grown.get(param, frozenset()) | more


def _put_on(frame: Frame, head: str, name: str, value: Value) -> None:
    """``state.pool = pool``: what is None until then is this from now on, whoever reads it. Of a function: what can be called."""
    for atom in frame.ev(head):
        if type(atom) in _FUNCTIONS and not any(type(each) in CALLABLE for each in value):
            continue
        place = outside(frame.linker, atom, name)
        if place is not None:
            frame.linker.put(place, value)


_FUNCTIONS = frozenset({Fn, Param})


def _kept_session(frame: Frame, source: str, value: Value, target: str) -> None:
    """``self.db = session``: from here on the session that a function made is the one that its receiver's methods use."""
    before = frame.key_of(source, value)
    if before is None or before[:2] != ("session", "local"):
        return
    key = frame.keys[source] = ("session", "self", target.partition(".")[2])
    if before in frame.open:
        frame.open = {key if k == before else k: replace(o, key=key) if k == before else o for k, o in frame.open.items()}
    frame.region = tuple(replace(opened, key=key) if opened.key == before else opened for opened in frame.region)
    frame.snapshot = None


def _share(frame: Frame, target: str, value: Value, source: Expr | None) -> None:
    """``g.db = session``: whoever reads it in the same request has this very session."""
    head, _, name = target.rpartition(".")
    for atom in frame.ev(head):
        if isinstance(atom, (Ext, ExtObj)) and atom.name in frame.linker.catalog.namespaces:
            if not frame.silent:
                frame.linker.put(("space", atom.name, name), value)
            before = frame.key_of(source, value) if source is not None else None
            key = before if before is not None and any(map(is_kept, value)) else shared_key(atom.name, name)
            if any(opened.key == before for opened in frame.region):
                frame.linker.begun.add(key)
                frame.region = tuple(replace(opened, key=key) if opened.key == before else opened for opened in frame.region)
                frame.snapshot = None
            if any(isinstance(a, (ExtObj, Obj)) for a in value):
                frame.keys[target] = key
                if isinstance(source, str):
                    frame.keys[source] = key


def _with(frame: Frame, stmt: Any) -> None:
    region, owners = frame.region, frame.owners
    closers: list[Closing] = []
    for number, (item, target, pos) in enumerate(stmt[1], 1):
        before = len(closers)
        _with_item(frame, item, target, pos, closers, stmt[3])
        if number < len(stmt[1]) and len(closers) > before:  # what later items open is over before this one is
            closers.append(partial(_leave_later, frame, {(opened.key, opened.pos) for opened in frame.region}))
    inside, ways, guards = frame.region, len(frame.returned), frame.guards
    frame.body(stmt[2])
    if frame.guards is not guards and not frame.dead and any(last_name(called(item[0])) == "suppress" for item in stmt[1]):
        frame.guards = guards
    if closers:

        def close_all() -> None:
            for close in reversed(closers):
                close()

        at_end = not frame.dead
        if at_end:
            close_all()
        if len(frame.returned) > ways:
            frame.leave_by(ways, close_all, at_end)
    frame.owners = owners
    # A closer in the block (`commit()` on the very key) has taken it out of the region already.
    around = {(opened.key, opened.pos) for opened in region}
    frame.region = tuple(o for o in frame.region if (o.key, o.pos) in around) if frame.region is not inside else region
    frame.snapshot = None


def _leave_later(frame: Frame, opened_by_then: Container[tuple[Key, Pos]]) -> None:
    frame.region = tuple(opened for opened in frame.region if (opened.key, opened.pos) in opened_by_then)
    frame.snapshot = None


def _with_item(frame: Frame, item: Expr, target: Expr | None, pos: Pos, closers: list[Closing], is_async: bool) -> None:
    first = len(frame.flow.events)
    if item.__class__ is not str and item[0] == "call":
        value = evaluate_call(frame, item, used=True, entering=True)
    elif item.__class__ is not str and item[0] == "await" and item[1].__class__ is not str and item[1][0] == "call":
        value = evaluate_call(frame, item[1], used=True, entering=True)
    else:
        value = frame.ev(item)
    if is_async:
        misuse.entered_async(frame, value, item, pos)
    bound = enter_context(frame, value, item, pos, closers, target)
    if target.__class__ is str and is_stack(value):
        frame.stacks = {**frame.stacks, target: ()}
        closers.append(partial(close_stack, frame, target))
    if target is not None:
        assign(frame, target, bound, item if item.__class__ is not str else None)
    own(frame, value, item, bound, target, pos, closers)
    if target.__class__ is str and "." not in target:
        # What a `with` binds is over when the block is: a session is closed, a connection given back.
        closers.append(partial(given_back, frame, target))
    if any(isinstance(atom, (Generated, Obj)) for atom in value):
        for atom in bound:  # a cursor of a connection that the context manager has made, and that nobody else knows
            made_of = via(atom)
            if made_of is not None and made_of[1:2] == ("local",):
                closers.append(partial(frame.end_begun, made_of))
    if frame.linker.has_sessions and (events := only_left(frame, value, first)):
        closers.append(partial(leave, frame, events, target, pos, {(opened.key, opened.pos) for opened in frame.now_open()}))


_MOST_OF_A_CHAIN = 2
"""Tests that a branch behind ``elif`` counts: its own, and that none before it holds, however many those are."""


def _if(frame: Frame, stmt: Any) -> None:
    test = stmt[1]
    if not _is_plain(test):
        frame.ev(test)
    elif frame.reads and test[0] != "const":
        look(frame, test)
    decided = constant_test(test, frame.constants)
    if decided is None:
        decided = library_test(frame, test)
    yes, no = tests(frame, test)
    before = frame.fork()
    filled = _filled(frame, stmt, yes) if yes and not stmt[3] else None
    exits, ways = frame.exits, len(frame.returned)
    counted = frame.chain[1] if frame.chain[0] is stmt else 0
    adds = decided is None and counted < _MOST_OF_A_CHAIN
    frame.tests += adds
    if decided is not False:
        assume(frame, yes)
        if frame.instead:
            frame.entered(test, True)
        frame.body(stmt[2])
    else:
        frame.dead = True
    after_yes = frame.state()
    if after_yes.dead and len(frame.returned) > ways and frame.linker.has_sessions:
        is_there = _asks_for_kept(frame, test)
        if is_there is None and _is_inside_itself(frame, test, stmt[2]):
            is_there = frame.by_flag = True
        if is_there:
            frame.joining += frame.returned[ways:]
            del frame.returned[ways:]
        elif is_there is False:
            frame.joins_from = len(frame.returned)
    frame.exits = exits
    frame.resume(before)  # the first branch had copies
    if decided is not True:
        assume(frame, no)
        if frame.instead:
            frame.entered(test, False)
        if stmt[3]:
            if len(stmt[3]) == 1:
                frame.chain = stmt[3][0], counted + adds
            frame.body(stmt[3])
    else:
        frame.dead = True
    frame.tests -= adds
    after_no = frame.state()
    frame.exits = exits + (decided is None and ((after_yes.dead and _returns(stmt[2])) or (after_no.dead and _returns(stmt[3]))))
    asked, goes_on = only_test(yes), not (after_yes.dead or after_no.dead)
    chosen = _chosen(frame, stmt, asked, after_yes.env, after_no.env) if asked is not None and goes_on else {}
    frame.join(before, after_yes, after_no, asked)
    if frame.open is not before.open and frame.open and goes_on:
        frame.began(before.open, after_yes.open, after_no.open, test)
    if filled:
        frame.given_if.update(filled)
    for name, which in chosen.items():
        frame.by_test[name] = (frame.env[name], *which)
    if test.__class__ is tuple and test[0] == "not" and stmt[2] and stmt[2][-1][0] == "raise" and not stmt[3]:
        asserted(frame, test[1], stmt[4])  # `if not connection.in_atomic_block: raise RuntimeError`


def _asks_for_kept(frame: Frame, test: Expr) -> bool | None:
    """Whether a test asks for a session that whoever is around has put where everyone finds it, ``if current.get() is not None``: True
    where it holds with one, False where without, None for any other test."""
    wanted = True
    if test.__class__ is tuple and test[0] == "not":
        wanted, test = False, test[1]
    if test.__class__ is tuple and test[0] == "cmp" and len(test[2]) == 1 and is_nothing(test[3][0]) and test[2][0] in ("is", "is not"):
        wanted, test = wanted is (test[2][0] == "is not"), test[1]
    if test.__class__ is tuple and test[0] != "call":
        return None
    found = (via(atom) for atom in frame.looked_at(test) if isinstance(atom, ExtObj) and not is_kept(atom))
    return wanted if any(key is not None and key[1] == "global" for key in found) else None


def _is_inside_itself(frame: Frame, test: Expr, body: Body) -> bool:
    """Does a test ask for a flag that the function sets and takes back around the same call: ``if info.get("inside"): return work()``,
    ``info["inside"] = True``? Then one that runs further out began what is open, and ends it."""
    last, flag = body[-1][1] if body[-1][0] == "return" else None, _flag_asked(test)
    if flag is None or last.__class__ is not tuple or last[0] not in ("await", "call"):
        return False
    given = [bool(stmt[2][1]) for stmt in statements(frame.fun.body) if stmt[0] == "assign" and flag in stmt[1] and stmt[2][0] == "const"]
    run = called(last[1] if last[0] == "await" else last)
    return {True, False} == set(given) and sum(call[1] == run for call in calls_in(frame.fun.body)) > 1


def _flag_asked(test: Expr) -> Expr | None:
    """What a test asks for, as it is assigned: ``info["inside"]`` of ``info.get("inside")``, ``local.inside``."""
    if test.__class__ is str or test[0] == "sub":
        return test
    if test[0] == "call" and test[2]:
        if test[1] == "getattr" and len(test[2]) > 1 and test[2][0].__class__ is str and test[2][1][0] == "const":
            return f"{test[2][0]}.{test[2][1][1]}"
        if test[1].__class__ is str and test[1].endswith(".get"):
            return ("sub", test[1].removesuffix(".get"), test[2][0])
    return None


def _chosen(frame: Frame, stmt: Any, test: Test, yes: dict[str, Value], no: dict[str, Value]) -> dict[str, tuple[Test, Value, Value]]:
    """The names that a test alone binds to one of two constants, containers, or things of a library: in both branches, or in one where
    the statements beside the test have bound it before (``event = PAID``, ``if late: event = LATE``)."""
    found = {}
    in_one, in_other = _bound_in(stmt[2]), _bound_in(stmt[3])
    for name in sorted(in_one | in_other):
        one, other = yes.get(name, UNKNOWN), no.get(name, UNKNOWN)
        are_two = one != other and (_are_filled(one, other) or (_is_made(one) and _is_made(other)))
        if (are_two or both_constant(one, other)) and _is_only_bound_so(frame, name, 2):
            if (name in in_one and name in in_other) or name in _bound_in(_block_of(frame.fun.body, stmt)):
                found[name] = (test, one, other)
    return found


def _is_made(value: Value) -> bool:
    return bool(value) and all(type(atom) is ExtObj for atom in value)


def _bound_in(block: Body) -> set[str]:
    return {name for stmt in block if stmt[0] == "assign" for name in stmt[1] if name.__class__ is str and "." not in name}


def _block_of(body: Body, stmt: Any) -> Body:
    """The statements among which one stands."""
    if any(each is stmt for each in body):
        return body
    return next((found for each in body for block in bodies(each) if (found := _block_of(block, stmt))), ())


def _is_only_bound_so(frame: Frame, name: str, times: int) -> bool:
    """Is a local name bound so often in the whole function, and each time to what an expression gives?"""
    if name not in frame.fun.scope or (frame.fun.fact is not None and any(param.name == name for param in frame.fun.fact.params)):
        return False
    bindings = uses_of(frame.linker, frame.fun, name).bindings
    return len(bindings) == times and None not in bindings


def _returns(body: Body) -> bool:
    """Does a block that is left end like one that has nothing to do, and not by refusing?"""
    last = body[-1] if body else None
    return last is not None and (last[0] in ("return", "continue", "break") or (last[0] in ("if", "with") and _returns(last[2])))


def _filled(frame: Frame, stmt: Any, yes: Facts) -> dict[str, Facts]:
    """Names that are None until a branch binds them, and what holds where they are bound: `old = None`, `if self.pk: old = ..`."""
    facts = [fact for fact in yes if fact[0] == "test"]
    if not facts:
        return {}
    bound = [target for inner in stmt[2] if inner[0] == "assign" for target in inner[1] if target.__class__ is str and "." not in target]
    return {name: facts for name in bound if frame.env.get(name) == (frame.linker.atoms.const(None),)}


def _is_plain(test: Expr) -> bool:
    """Is a test made of names and constants only? Then no call runs, and nobody uses what it gives."""
    if test.__class__ is str or test[0] == "const":
        return True
    if test[0] == "cmp":
        return _is_plain(test[1]) and all(map(_is_plain, test[3]))
    if test[0] == "bool":
        return all(map(_is_plain, test[2]))
    return bool(test[0] == "not" and _is_plain(test[1]))


def _while(frame: Frame, stmt: Any) -> None:
    frame.ev(stmt[1])
    before = frame.fork()
    frame.loops.append((stmt, frame.now_open()))
    _loop(frame, stmt[2], stmt[3], before)
    frame.loops.pop()


def _for(frame: Frame, stmt: Any) -> None:
    """A loop over what a local name has that a test has chosen from two containers is looked at once for each of them."""
    name = next((each for each, known in frame.by_test.items() if speaks_of(stmt[2], (each,)) and _are_filled(*known[2:])), None)
    if name is None:
        _over(frame, stmt)
        return
    chosen = value, test, one, other = frame.by_test.pop(name)
    before = frame.fork()
    assume(frame, [("test", test)])
    frame.env[name] = one
    _over(frame, stmt)
    in_one = frame.state()
    frame.resume(before)
    assume(frame, [("test", test.otherwise())])
    frame.env[name] = other
    _over(frame, stmt)
    frame.join(before, in_one, frame.state(), test)
    frame.env[name], frame.by_test[name] = value, chosen


def _are_filled(*values: Value) -> bool:
    """Are they containers in which something is known to be?"""
    return all(value and all(type(atom) in (Many, Seq, Stored, Table) for atom in value) for value in values)


def _over(frame: Frame, stmt: Any) -> None:
    fields = fields_over(frame, stmt[2]) if frame.self_name is not None else None
    if fields is not None and not fields:
        frame.skipped |= {stmt[6]}
        frame.body(stmt[4])
        return
    value = frame.ev(stmt[2])
    constants = constants_over(frame, stmt[2], value) if stmt[1].__class__ is str and value else None
    if constants == ():
        frame.skipped |= {stmt[6]}
        frame.body(stmt[4])
        return
    called_before = frame.called
    iterate(frame, value, stmt[2])
    region = frame.region
    is_generated = Generated in map(type, value)
    for opened in suspended(frame, value, left_open(frame, value, stmt[2])) if is_generated else ():
        frame.push(opened)
    before = frame.fork()
    if stmt[1].__class__ is str and stmt[2].__class__ is tuple and stmt[2][0] == "call":
        frame.origins[stmt[1]] = (called_before, stmt[2])
    assign(frame, stmt[1], frame.linker.items(value))
    if fields is not None and stmt[1].__class__ is str:
        frame.each[stmt[1]] = None, fields
    if constants is not None:
        frame.listed[stmt[1]] = frame.env[stmt[1]], constants
    if frame.filled and frame.self_name is not None:
        assume(frame, [("test", test) for test in holds_in(frame, stmt[2])])
    frame.loops.append((stmt, frame.now_open()))
    paired, stood_for = frame.paired, frame.stands_for  # those of a loop around this one
    if _registers(frame, stmt):
        silent, frame.silent = frame.silent, True
        frame.stands_for = dict(stood_for)
        for item in stmt[2][1]:
            _stand_for(frame, stmt[1], item)
            frame.body(stmt[3])
        frame.silent, frame.stands_for = silent, stood_for
        frame.restore(before)
        assign(frame, stmt[1], frame.linker.items(value))
        frame.paired = True  # the rounds have said which goes with which
    _loop(frame, stmt[3], stmt[4], before, stmt)
    if is_generated:
        ended(frame, value, stmt[2])
    frame.paired = paired
    frame.loops.pop()
    if frame.region is not region:
        frame.region, frame.snapshot = region, None


def _registers(frame: Frame, stmt: Any) -> bool:
    """Does a loop over what is listed in its head connect one to another: ``for signal, handler in ((paid, tell), (voided, log)):``?"""
    listed = stmt[2]
    if (
        "connect" not in frame.module.facts.words
        or listed.__class__ is str
        or listed[0] not in ("tuple", "list")
        or not 0 < len(listed[1]) <= _MOST_ROUNDS
    ):
        return False
    return any(last_name(call[1]) == "connect" for call in calls_in(stmt[3]))


_MOST_ROUNDS = 16


def _stand_for(frame: Frame, target: Expr, item: Expr) -> None:
    """A loop's target is one of the items of its head, for one round."""
    if target.__class__ is str:
        assign(frame, target, frame.ev(item), item)
        frame.stands_for[target] = item
    elif target[0] in ("tuple", "list") and item.__class__ is not str and item[0] in ("tuple", "list") and len(target[1]) == len(item[1]):
        for each, inner in zip(target[1], item[1], strict=True):
            _stand_for(frame, each, inner)


def _loop(frame: Frame, body: Body, orelse: Body, before: State, loop: Any = None) -> None:
    first = len(frame.flow.events)
    opened, exits = frame.open, frame.exits
    jumped, wrote = len(frame.jumped), len(frame.wrote)
    frame.body(body)
    if frame.open is not opened and not frame.dead and any(key not in opened for key in frame.open):
        # What one round leaves open is open in the next: once more, in place of the first.
        del frame.flow.events[first:]
        frame.ran.clear()
        frame.open = {**opened, **frame.open}
        frame.past = before.past
        frame.snapshot = None
        frame.body(body)
    frame.exits = exits
    if frame.past or len(frame.jumped) > jumped:
        _next_turn(frame, before.past, jumped, wrote)
    ends = frame.open is not before.open or frame.closed is not before.closed
    if loop is not None and ends and not frame.dead and is_entered(frame, loop):
        frame.guards = before.guards
    else:
        after = frame.state()._replace(dead=False)
        frame.restore(before)
        frame.dead = False
        frame.join(before, after, frame.state())
    if orelse:
        frame.body(orelse)


def _next_turn(frame: Frame, before: frozenset[Pos], jumped: int, wrote: int) -> None:
    """At the end of a loop's body: what it has written in may be written in again, behind whatever has led to the next turn. What has led
    out of the loop has led to here too."""
    past = before if frame.dead else frame.past
    frame.past = past.union(*(there for how, there in frame.jumped[jumped:] if how == "continue"))
    for opened in dict.fromkeys(frame.wrote[wrote:]):
        frame.writes_after_all(opened)
    frame.past = frame.past.union(*(there for _, there in frame.jumped[jumped:]))
    del frame.jumped[jumped:]


def _try(frame: Frame, stmt: Any) -> None:
    before = frame.fork()
    scopes, ways, before_exits = frame.flow.scopes, len(frame.returned), frame.exits
    heard = len(frame.flow.events)
    outer, frame.emptied = frame.emptied, {}
    frame.body(stmt[1])
    emptied, frame.emptied = frame.emptied, outer
    if outer is not None:
        outer.update(emptied)
    if stmt[2] and frame.fun.fact is not None and scopes == frame.flow.scopes and not frame.silent:
        misuse.swallowed(frame, stmt)
    if stmt[3] and not frame.dead:
        frame.body(stmt[3])
    ends = [frame.state()]
    first = ends[0]
    middle = before._replace(
        env=_not_yet(first.env, emptied),
        open={**before.open, **first.open},
        closed=before.closed & first.closed,
        dead=False,
        keys=first.keys,
        given=first.given,
        written=before.written if first.written is before.written else None,
        past=first.past.union(event.pos for event in frame.flow.events[heard:] if any(opened.reads for opened in event.region)),
    )
    for _, name, handler in stmt[2]:
        frame.restore(middle)
        if name:
            frame.env[name] = UNKNOWN
        handling, undoing = frame.handling, frame.undoing
        frame.handling, frame.undoing = True, undoing or _raises(handler)
        _on_one_way(frame, handler)
        frame.handling, frame.undoing = handling, undoing
        ends.append(frame.state())
    state = ends[0]
    for other in ends[1:]:
        frame.join(before, state, other)
        state = frame.state()
    if len(ends) == 1:
        frame.resume(state)
        frame.guards = before.guards if not frame.dead else frame.guards
    if stmt[4]:
        dead = frame.dead
        if dead:
            frame.restore(middle)
        entered, returned = frame.state(), len(frame.returned)
        exits, frame.exits = frame.exits, before_exits  # it runs whichever way was taken
        past = frozenset[Pos]().union(*(way.past for way in frame.returned[ways:])) - frame.past
        frame.past |= past
        ended, frame.env = frame.env, _not_yet(frame.env, emptied)
        either = {name: frame.env[name] for name in emptied}
        frame.body(stmt[4])
        frame.env.update((name, ended[name]) for name, value in either.items() if frame.env.get(name) == value and name in ended)
        frame.past -= past
        frame.exits = exits
        if returned > ways and (frame.open is not entered.open or frame.closed is not entered.closed):
            last = frame.returned[returned:]
            del frame.returned[returned:]
            frame.leave_by(ways, partial(frame.body, stmt[4]), True)
            frame.returned.extend(last)
        frame.dead = frame.dead or dead


def _not_yet(env: dict[str, Value], emptied: dict[str, Value]) -> dict[str, Value]:
    """What names stand for where a block that sets them to None may not have come that far."""
    return {**env, **{name: union(value, env.get(name, UNKNOWN)) for name, value in emptied.items()}} if emptied else env


def _raises(handler: Body) -> bool:
    """Does a handler always raise, whatever it does before?"""
    ends = bool(handler) and handler[-1][0] == "raise"
    return ends and not any(stmt[0] in ("return", "break", "continue") for stmt in statements(handler))


def _on_one_way(frame: Frame, body: Body) -> None:
    """A block that runs only where nothing says whether it does."""
    exits = frame.exits
    frame.tests += 1
    frame.body(body)
    frame.tests -= 1
    frame.exits = exits


def _match(frame: Frame, stmt: Any) -> None:
    frame.ev(stmt[1])
    before = frame.fork()
    ends = []
    parameter = parameter_of(frame, stmt[1])
    others: Facts = []  # what the cases before have taken is not it
    for names, patterns, guard, body in stmt[2]:
        frame.restore(before)
        assume(frame, others)
        known = constants([frame.ev(pattern) for pattern in patterns]) if parameter is not None and not names else ()
        if parameter is not None and known:
            assume(frame, [("test", Test(parameter, "in", known, True))])
            others = others if guard is not None else [*others, ("test", Test(parameter, "in", known, False))]
        for name in names:
            frame.env[name] = UNKNOWN
        if stmt[1].__class__ is str and len(patterns) == 1 and "." not in stmt[1]:
            classes = [atom for atom in frame.ev(patterns[0]) if isinstance(atom, Cls)]
            if classes:
                frame.env[stmt[1]] = tuple(frame.linker.instance(atom.klass, False) for atom in classes)
        if guard is not None:
            frame.at = stmt
            frame.ev(guard)
        _on_one_way(frame, body)
        ends.append(frame.state())
    frame.restore(before)
    state = frame.state()
    for end in ends:
        frame.join(before, end, state)
        state = frame.state()


def _return(frame: Frame, stmt: Any) -> None:
    if stmt[1] is not None:
        frame.returns = union(frame.returns, frame.ev(stmt[1]))
    known = stmt[1] if stmt[1].__class__ is tuple and stmt[1][0] == "const" else None
    truth = bool(known[1]) if known is not None else False if stmt[1] is None else None
    frame.returned.append(WayOut(frame.open, frame.closed, truth, frame.handling, frame.given, frame.guards, frame.past))
    frame.dead = True


def _raise(frame: Frame, stmt: Any) -> None:
    if stmt[1] is not None:
        frame.ev(stmt[1])
    frame.dead = True


def _assert(frame: Frame, stmt: Any) -> None:
    frame.ev(stmt[1])
    yes, _ = tests(frame, stmt[1])
    assume(frame, [fact for fact in yes if fact[0] != "test"])
    asserted(frame, stmt[1], stmt[3])


def _del(frame: Frame, stmt: Any) -> None:
    for target in stmt[1]:
        if target.__class__ is str:
            frame.env.pop(target, None)
            frame.cached.discard(target)
        elif target[0] == "sub" and target[1].__class__ is str:
            frame.rekey(target[1], (target[2],), False)


def _jump(frame: Frame, stmt: Any) -> None:
    if frame.past:
        frame.jumped.append((stmt[0], frame.past))
    frame.dead = True


def _def(frame: Frame, stmt: Any) -> None:
    fun = frame.module.funs[stmt[1]]
    assert fun.fact is not None
    if frame.fun.fact is None:
        return
    for param in fun.fact.params:
        if param.default is not None and param.default.__class__ is not str and param.default[0] != "const":
            frame.ev(param.default)
    value = frame.linker.decoration(fun).value if fun.fact.decorators else (frame.linker.atoms(Fn, fun, frame.closure()),)
    frame.env[fun.fact.name] = tuple(
        frame.linker.atoms(Fn, a.fun, frame.closure()) if isinstance(a, Fn) and a.fun is fun else a for a in value
    )


def _class(frame: Frame, stmt: Any) -> None:
    klass = frame.module.klasses[stmt[1]]
    if frame.fun.fact is not None:
        frame.env[klass.fact.name] = (frame.linker.atoms(Cls, klass),)


def _import(frame: Frame, stmt: Any) -> None:
    if frame.fun.fact is None:
        return
    item = frame.module.facts.imports[stmt[1]]
    if item.name == "*":
        return
    frame.env[item.binds] = frame.linker.imported(frame.module, stmt[1])


def _nothing(frame: Frame, stmt: Any) -> None:
    pass


STATEMENTS: dict[str, Callable[[Frame, Any], None]] = {
    "expr": _expr, "assign": _assign, "ann": _ann, "aug": _aug, "with": _with, "if": _if,
    "while": _while, "for": _for, "try": _try, "return": _return, "raise": _raise,
    "assert": _assert, "del": _del, "break": _jump, "continue": _jump, "match": _match,
    "def": _def, "class": _class, "import": _import, "global": _nothing, "pass": _nothing,
}  # fmt: skip
