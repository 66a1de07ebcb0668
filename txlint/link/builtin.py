"""Python's own functions, as far as they pass values on or run callables: `super`, `map`, `partial`, `getattr`, `sorted`, ..."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from txlint.link import texts
from txlint.link.chosen import each_of, entry_of, is_table, lists_keys
from txlint.link.entering import Closing, enter_context, given_back, own
from txlint.link.kept import ADDS, CALLABLE, EACH, one_of, places
from txlint.link.keyed import key_of, with_key
from txlint.link.members import of_options
from txlint.link.properties import asked
from txlint.link.putting import put_at
from txlint.link.targets import callback, consume, iterate, queries
from txlint.link.typehints import or_below
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Chosen,
    Cls,
    Const,
    Ext,
    ExtObj,
    Many,
    Named,
    Obj,
    Param,
    Part,
    Prefix,
    SelfCls,
    SelfObj,
    Seq,
    Stored,
    Super,
    Table,
    Value,
    union,
)

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame
    from txlint.link.site import Site
    from txlint.model.facts import Expr, Pos, Stmt
    from txlint.model.graph import Key, Test

_SAME = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "deque", "aiter"})
_CONTAINERS = frozenset({"defaultdict", "OrderedDict", "deque"})
_CALLED_AT_END = frozenset({"push", "callback", "push_async_callback", "push_async_exit"})
_STACKS = frozenset({"contextlib.ExitStack", "contextlib.AsyncExitStack"})
_RUN_FIRST = frozenset({"map", "filter"})


def super_object(frame: Frame, expr: Any) -> Value:
    """``super()`` or ``super(C, self)``: the receiver, to be looked up behind the class that holds the method."""
    linker = frame.linker
    fun = frame.fun
    while fun.klass is None and fun.parent is not None:
        fun = fun.parent
    after = fun.klass
    if after is None:
        return UNKNOWN
    receiver: Atom | None = None
    if expr[2]:
        for atom in frame.ev(expr[2][0]):
            if isinstance(atom, Cls):
                after = atom.klass
    if fun is frame.fun and frame.self_name is not None:
        for atom in frame.env.get(frame.self_name, UNKNOWN):
            if isinstance(atom, (SelfObj, SelfCls)):
                receiver = atom
    if receiver is None:
        receiver = linker.atoms(SelfObj, frame.klass or after, frame.exact)
    return (linker.atoms(Super, after, receiver),)


_CHANGES = ADDS | {"remove", "pop", "clear", "discard"}


def call(site: Site, name: str, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value], depth: int) -> bool:
    """A call of a builtin. True: nothing more is to be known of it; its result is in the site."""

    from txlint.link.calls import ask_callers, call_atom

    frame = site.frame
    linker = frame.linker
    module, _, last = name.rpartition(".")
    if name == "builtins.setattr" and site.expr[2] and isinstance(site.expr[2][0], str):
        frame.changed(site.expr[2][0])
        return True
    if last == "__new__" and args:
        made_of = next((atom.klass for atom in args[0] if isinstance(atom, (Cls, SelfCls))), None)
        if made_of is not None:
            site.result = union(site.result, (linker.instance(made_of, False),))
            return True
    if module == "functools":
        if last in ("partial", "partialmethod") and args:
            func = args[0] or _of_kept(frame, site.expr[2][0] if site.expr[2] else ("const", None))
            site.result = union(site.result, (linker.atoms(Part, func, args[1:], tuple((k, v) for k, v in keywords.items() if k)),))
            return True
        if last == "reduce" and args:
            for atom in args[0]:
                callback(site, atom)
            return True
        return False
    if module in _STACKS:
        return _stack(site, last, args)
    if module == "collections" and last in _CONTAINERS:
        made: Atom = linker.atoms(Many, UNKNOWN) if last == "deque" else linker.atoms(Table, (), UNKNOWN)
        site.result = union(site.result, (made,))
        return True
    if module == "builtins.type" and isinstance(receiver, (Cls, SelfCls)):  # `Handler.__subclasses__()`
        if isinstance(receiver, SelfCls):
            frame.queries["class", ""] = None
        item = (or_below(linker, receiver.klass),) if receiver.klass.subclasses else UNKNOWN
        site.result = union(site.result, (linker.atoms(Many, item),))
        return True
    if module == "types.FunctionType":
        return True
    if module == "builtins.str":
        site.result = union(site.result, texts.method(linker, receiver, last))
        return False
    if module == "builtins":
        first = site.expr[2][0] if site.expr[2] else None
        if last in _SAME and args:
            for atom in keywords.get("key", UNKNOWN):
                callback(site, atom)
            consume(frame, args[0], site.expr, first)
            item = linker.items(args[0])
            seq = args[0] if last in ("list", "tuple", "reversed") and args[0] and isinstance(args[0][0], Seq) else None
            site.result = union(site.result, seq if seq is not None and last != "reversed" else (linker.atoms(Many, item),))
            return True
        if last in ("next", "anext", "min", "max", "sum", "any", "all") and args:
            consume(frame, args[0], site.expr, first)
            site.result = union(site.result, linker.items(args[0]))
            for atom in keywords.get("key", UNKNOWN):
                callback(site, atom)
            return True
        if last in _RUN_FIRST and args:
            for atom in args[0]:
                call_atom(site, atom, tuple(linker.items(arg) for arg in args[1:]), {}, depth + 1)
            site.result = (linker.atoms(Many, site.result if last == "map" else linker.items(args[1]) if len(args) > 1 else UNKNOWN),)
            return True
        if last == "enumerate" and args:
            iterate(frame, queries(args[0]), site.expr, first)
            site.result = (linker.atoms(Many, (linker.atoms(Seq, (UNKNOWN, linker.items(args[0]))),)),)
            return True
        if last == "zip":
            for arg, given in zip(args, site.expr[2], strict=False):
                iterate(frame, queries(arg), site.expr, given)
            site.result = (linker.atoms(Many, (linker.atoms(Seq, tuple(linker.items(arg) for arg in args)),)),)
            return True
        if last == "getattr" and len(args) >= 2:
            known = args[1]
            if frame.region and not frame.silent and args[0] and all(type(atom) is Param for atom in args[0]):
                if any(isinstance(atom, Const) and atom.value in linker.method_names() for atom in known):
                    ask_callers(frame, site.expr[2][0])
            if len(known) == 1 and isinstance(known[0], Const) and isinstance(known[0].value, str):
                asked(site, args[0], known[0].value)
                site.result = union(site.result, frame.getattr(args[0], known[0].value))
            elif len(known) > 1 and all(isinstance(atom, Const) and isinstance(atom.value, str) for atom in known):
                found: Value = UNKNOWN
                for atom in known:
                    found = union(found, frame.getattr(args[0], atom.value))  # type: ignore[attr-defined]
                site.result = union(site.result, one_of(linker, found))
            elif len(known) == 1 and isinstance(known[0], Prefix):
                if any(isinstance(atom, SelfObj) for atom in args[0]):
                    frame.queries[("class", "")] = None  # a subclass may have more of them
                site.result = union(site.result, one_of(linker, linker.prefixed(args[0], known[0].text)))
            elif args[0]:
                named = site.expr[2][1]
                if not known and named.__class__ is tuple and named[0] == "call" and str(named[1]).endswith((".lower", ".upper")):
                    known = frame.ev(named[1].rpartition(".")[0])
                passed = [atom for atom in known if isinstance(atom, Param)]
                if passed:
                    tables = [a for each in args[0] if type(each) is Ext for a in linker.library(f"{each.name}.*") if type(a) is Table]
                    chosen = entry_of(linker, tables[0], known) if tables else (linker.atoms(Named, passed[0], args[0]),)
                    site.result = union(site.result, chosen)
            if len(args) > 2:
                site.result = union(site.result, args[2])
            return True
        if last == "hasattr" and len(args) == 2:
            for atom in args[1]:
                if isinstance(atom, Const) and isinstance(atom.value, str):
                    asked(site, args[0], atom.value)
            return True
        if last == "type" and len(args) == 3:
            # A class that is made on the spot is like any that it derives from.
            site.result = union(site.result, linker.items(args[1]))
            return True
        if last == "type" and len(args) == 1:
            for atom in args[0]:
                if isinstance(atom, SelfObj):
                    site.result = union(site.result, (linker.atoms(SelfCls, atom.klass),))
                elif isinstance(atom, Obj):
                    site.result = union(site.result, (linker.atoms(Cls, atom.klass),))
            return True
        if last in ("list", "set"):
            site.result = (linker.atoms(Many, UNKNOWN),)
            return True
        if last == "dict":
            named = {k: v for k, v in keywords.items() if k is not None}
            copied: Value = UNKNOWN
            for atom in args[0] if args else UNKNOWN:
                of_it = partial(_copied, linker, named)
                copied = union(copied, each_of(linker, atom, of_it) if isinstance(atom, Chosen) else of_it((atom,)))
            site.result = copied or _copied(linker, named, (linker.atoms(Table, (), UNKNOWN),))
            return True
        return False
    if module == "builtins.dict" and isinstance(receiver, Table):
        return _table_method(site, last, receiver, args)
    if module == "builtins.list" and isinstance(receiver, (Seq, Many)):
        if last in _CHANGES and site.receiver.__class__ is str and "." in site.receiver:
            head, _, attribute = site.receiver.rpartition(".")
            if any(type(atom) is Obj for atom in linker.items((receiver,))):
                frame.changed(head, attribute)  # the rows on the other side of a relation
        if last in ("pop", "popleft"):
            site.result = union(site.result, linker.items((receiver,)))
        elif last == "copy":
            site.result = (receiver,)
        elif last in ADDS and args:
            _add(site, receiver, args[-1] if last != "extend" and last != "update" else linker.items(args[0]))
        return True
    if module == "builtins.list" and isinstance(receiver, Stored):
        if last in ADDS and last != "setdefault" and args:
            _add(site, receiver, args[-1] if last != "extend" and last != "update" else linker.items(args[0]))
        else:
            site.result = union(site.result, (receiver,))
        return True
    return module.startswith("builtins.")


def _add(site: Site, receiver: Many | Seq | Stored, value: Value) -> None:
    """Something is put into a container: for all who read its place, or into a list that only has a name here."""
    frame = site.frame
    kept_at = list(places((receiver,)))
    put_at(frame, kept_at, value, site.receiver, site.expr[2][-1] if site.expr[2] else None)
    name = site.receiver
    if not kept_at and isinstance(name, str) and frame.env.get(name) == (receiver,) and value and name in frame.fun.scope:
        frame.env[name] = (frame.linker.atoms(Many, union(frame.linker.items((receiver,)), value)),)


def _of_kept(frame: Frame, expr: Expr) -> Value:
    """``middleware.handle``, a method of what callers hand to a constructor, which is not looked for where nothing is open."""
    if expr.__class__ is not str or expr.count(".") != 1:
        return UNKNOWN
    holder, _, name = expr.partition(".")
    found: Value = UNKNOWN
    for atom in frame.looked_at(holder):
        if isinstance(atom, Stored) and atom.place[0] in ("param", EACH):
            found = union(found, of_options(frame.linker, atom, name))
    return found


def _stack(site: Site, last: str, args: tuple[Value, ...]) -> bool:
    """An exit stack: what it enters stays open until it is closed, or the ``with`` around it ends; what is pushed on it runs then, the last
    first. In ``__enter__``, what another stack takes over is for ``__exit__`` to close."""
    frame = site.frame
    name = site.receiver if isinstance(site.receiver, str) else ""
    kept = frame.stacks.get(name, ())
    if last in ("enter_context", "enter_async_context") and args:
        before, closers = frame.region, list[Closing]()
        bound = enter_context(frame, args[0], site.expr[2][0], site.pos, closers, None)
        site.result = union(site.result, bound)
        entered = {(opened.key, opened.pos) for opened in frame.region if opened not in before}
        own(frame, args[0], site.expr[2][0], bound, None, site.pos, closers)
        if (name_bound := _bound_by(frame.at, site.expr)) is not None:
            closers.append(partial(given_back, frame, name_bound))
        frame.stacks = {**frame.stacks, name: (*kept, partial(_leave, frame, entered), *closers)}
        return True
    if last in _CALLED_AT_END and args:
        frame.stacks = {**frame.stacks, name: (*kept, partial(_run_pushed, site, args, frame.guards, frame.undecided))}
        return True
    if last in ("close", "aclose", "pop_all"):
        if last != "pop_all":
            close_stack(frame, name)
        elif site.used and frame.fun.fact is not None and frame.fun.fact.name in ("__enter__", "__aenter__"):
            entered = {at for close in kept if isinstance(close, partial) and close.func is _leave for at in close.args[1]}
            frame.open = {**frame.open, **{opened.key: opened for opened in frame.region if (opened.key, opened.pos) in entered}}
            frame.snapshot = None
        frame.stacks = {**frame.stacks, name: ()}
        if last == "pop_all" and (other := _bound_by(frame.at, site.expr)) is not None:
            frame.stacks[other] = kept
            site.result = (frame.linker.atoms(ExtObj, "contextlib.ExitStack", UNKNOWN, None),)
        return True
    return False


def _bound_by(stmt: Stmt | None, call: Any) -> str | None:
    """The one name that a statement binds to what a call gives."""
    if stmt is not None and stmt[0] == "assign" and len(stmt[1]) == 1 and stmt[2] in (call, ("await", call)):
        return stmt[1][0] if stmt[1][0].__class__ is str else None
    return None


def _leave(frame: Frame, entered: Container[tuple[Key, Pos]]) -> None:
    frame.region = tuple(opened for opened in frame.region if (opened.key, opened.pos) not in entered)
    frame.snapshot = None


def _run_pushed(pushed: Site, args: tuple[Value, ...], guards: tuple[Test, ...], tests: int) -> None:
    """A callback of a stack runs now, where what led to it being pushed holds."""
    from txlint.link.calls import call_atom, flush
    from txlint.link.site import Site

    frame = pushed.frame
    held, undecided = frame.guards, frame.tests
    frame.guards, frame.tests = guards, frame.tests + max(0, tests - frame.undecided)
    for atom in (atom for atom in args[0] if type(atom) in CALLABLE):
        site = Site(frame, pushed.expr, False, False, False)
        site.args, site.kind = pushed.args, "callback"
        site.region, site.closed = frame.now_open(), frame.closed
        call_atom(site, atom, args[1:], {}, 1)
        flush(site)
    frame.guards, frame.tests = held, undecided


def close_stack(frame: Frame, name: str) -> None:
    """An exit stack is closed: what it has entered is left, what was pushed on it runs."""
    kept = frame.stacks.get(name, ())
    frame.stacks = {**frame.stacks, name: ()}  # before: what is called may close it once more
    for close in reversed(kept):
        close()


def is_stack(value: Value) -> bool:
    return any(isinstance(atom, ExtObj) and atom.name in _STACKS for atom in value)


def _copied(linker: Linker, named: Mapping[str, Value], value: Value) -> Value:
    """Tables with what ``dict(table, name=..)`` puts into them."""
    tables = [atom for atom in value if isinstance(atom, Table)]
    return tuple([linker.atoms(Table, tuple({**dict(table.items), **named}.items()), table.rest) for table in tables])


def _table_method(site: Site, last: str, receiver: Table, args: tuple[Value, ...]) -> bool:
    linker = site.frame.linker
    everything: Value = receiver.rest
    for _, item in receiver.items[:16]:
        everything = union(everything, item)
    if last in ("get", "pop", "setdefault"):
        if args and len(args[0]) == 1 and isinstance(args[0][0], Const):
            value = linker.item_at((receiver,), args[0][0].value)
        elif args and last != "setdefault" and (is_table((receiver,)) or lists_keys((receiver,), args[0])):
            value = entry_of(linker, receiver, args[0])
        else:
            value = everything
        tag = key_of(site.frame, site.expr[2][0], args[0]) if args and site.expr[2] else None
        value = with_key(linker, value, tag)
        if len(args) > 1:
            value = union(value, args[1])
        site.result = union(site.result, value)
        if last == "setdefault" and len(args) > 1:
            put_at(
                site.frame,
                list(places(with_key(linker, receiver.rest, tag))),
                args[1],
                site.receiver,
                site.expr[2][-1] if site.expr[2] else None,
            )
    elif last == "update":
        for given in args[0] if args else ():
            if isinstance(given, Table):
                at = list(places((receiver,)))
                for key, item in given.items:
                    put_at(site.frame, [(*place[:3], ("const", key)) for place in at], item, site.receiver, None)
                put_at(site.frame, at, given.rest, site.receiver, None)
    elif last == "values":
        site.result = (linker.atoms(Many, everything),)
    elif last == "items":
        site.result = (linker.atoms(Many, (linker.atoms(Seq, (UNKNOWN, everything)),)),)
    return True
