"""What a library call opens and closes, by the catalog: `opens`, `opening_of` and `closes`; what code asks about the state of a
transaction: `state_queries`, `asserted`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from txlint.catalog.types import parse_type
from txlint.link.conditions import argument, begins, decide, is_given, is_met
from txlint.link.holding import is_kept, via
from txlint.link.site import CERTAIN, LIKELY, Site
from txlint.link.values import UNKNOWN, Atom, Cls, Const, Ext, ExtObj, Fn, Obj, Opening, Param, Prefix, Value, Within, union
from txlint.model.catalog import Arg, Closer, Opener
from txlint.model.facts import Expr, Pos
from txlint.model.graph import Key, Opened, Test
from txlint.model.shapes import called, last_name, speaks_of, statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame


def opens(
    site: Site,
    opener: Opener,
    key: Any,
    receiver: Atom | None,
    args: tuple[Value, ...],
    keywords: dict[str | None, Value],
    holds: bool | None,
) -> Opened | None:
    """What an opening call opens at once; a context manager is given back as the call's result and opens when entered."""
    frame = site.frame
    forms = opener.forms
    sure = min(opener.confidence, CERTAIN if holds else LIKELY)
    if "body" in forms or "runs" in forms:
        return Opened(
            "implicit" if "body" in forms else "with", opener.name, site.pos, (opener.family, None), None, sure,
            _retries(site, opener, args, keywords), family=opener.family,
        )  # fmt: skip
    if "asserts" in forms:
        if not frame.now_open() and not frame.closed and not opener.reads and not frame.silent:
            if not _is_state_query(opener) and not _is_for_a_block(site):
                key = (opener.family, None)
                frame.region = (*frame.region, Opened("asserted", opener.name, site.pos, key, None, LIKELY, family=opener.family))
                frame.snapshot = None
        return None
    if "with" in forms or "decorator" in forms:
        opening = opening_of(site, opener, receiver, args, keywords)
        if opening is not None and args and "decorator" in forms and args[0] and all(type(atom) is Fn for atom in args[0]):
            site.result = union(site.result, within(site, opening, args[0]))
            return None
        if opening is not None:
            site.result = union(site.result, (opening,))
            if site.entering or "manual" not in forms or (site.used and not site.bound):
                return None
    if "manual" in forms or "call" in forms or "autobegin" in forms:
        if opener.key == "alias":
            alias_name, key = alias_of(site, opener.alias, opener.family, args, keywords)
        else:
            alias_name = None
            if opener.key == "argument" and opener.alias is not None:
                key = _key_of_argument(site, opener.alias, args, keywords)
        if key is None or frame.silent:
            return None
        kind = "autobegin" if "autobegin" in forms else "with"
        reads = opener.reads or (opener.statement is not None and _only_selects(argument(opener.statement, args, keywords)))
        if reads and _reads_columns(frame, site.expr):
            frame.of_columns.add(site.pos)
        asked = _locks_if(site, opener, receiver, args, keywords) if kind == "autobegin" and not reads else None
        owner = name_of(frame, key) if kind == "autobegin" and via(receiver) is not None and not _commits(frame, receiver) else None
        frame.begin(
            Opened(
                opener.shown or kind, opener.name, site.pos, key, alias_name, sure, False, reads, family=opener.family, writes_if=asked,
                owner=owner,
            )
        )  # fmt: skip
        if kind == "autobegin" and not reads:
            frame.rows.update(arg for arg in site.expr[2] if isinstance(arg, str))  # session.add(order)
    return None


def _commits(frame: Frame, receiver: Atom | None) -> bool:
    return isinstance(receiver, ExtObj) and frame.linker.catalog.method(receiver.name, "commit") is not None


def name_of(frame: Frame, key: Key) -> str:
    """What the function calls a session, by its key; empty where that has no name there, or only one that is private to another object."""
    where, path = key[1:3] if len(key) > 2 else ("", "")
    if where == "self":
        name = f"{frame.self_name}.{path}"
    elif where == "local":
        number, _, name = str(path).partition(":")
        name = name if number == str(frame.fun.id) else ""
    elif where == "param":
        name = str(path)
    else:
        names = [known for known, other in frame.keys.items() if other == key]
        last = str(path).split(".")
        names += [each for each in (last[-1], ".".join(last[-2:])) if frame.linker.where_bound(frame.module, each) == path]
        name = min(names, key=lambda each: each.count("."), default="")
    parts = name.split(".")
    is_own = all(part.isidentifier() for part in parts) and not any(part[:1] == "_" for part in parts[1 + (where == "self") :])
    return name if is_own else ""


def _locks_if(site: Site, opener: Opener, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Test | None:
    """The test of a parameter that decides whether a call is this one, which writes: by what it executes, or what it is called on."""
    asked: Test | bool | None = None
    for when in opener.when:
        if when.instance_of is not None and when.arg is not None and not when.unless:
            asked = made_if(site.frame, argument(when.arg, args, keywords), when.instance_of)
    if not opener.when and len(site.values) > 1 and isinstance(receiver, ExtObj) and site.receiver.__class__ is str:
        asked = made_if(site.frame, site.frame.env.get(site.receiver, UNKNOWN), (receiver.name,))
    return asked if isinstance(asked, Test) else None


def made_if(frame: Frame, value: Value, classes: tuple[str, ...]) -> Test | bool | None:
    """Is a value an instance of one of these classes of libraries; the test of a parameter on which it depends; None: not known."""
    linker = frame.linker
    if not any(type(atom) is ExtObj for atom in value):
        return None
    for known, test, yes, no in frame.by_test.values():
        if known is value:
            one, other = made_if(frame, yes, classes), made_if(frame, no, classes)
            if isinstance(one, bool) and isinstance(other, bool):
                return one if one is other else test if one else test.otherwise()
    are = {any(base in classes for base in linker.catalog.bases(atom.name)) for atom in value if isinstance(atom, ExtObj)}
    if len(are) == 1:
        return are.pop()
    name = next((atom.name for atom in value if isinstance(atom, Param) and atom.fun is frame.fun and frame.is_param(atom.name)), None)
    return Test(name, "kind", classes, True) if name is not None else None


def _is_for_a_block(site: Site) -> bool:
    """Is what the call gives kept for a block that opens a transaction itself: ``rows = Order.objects.select_for_update()``?"""
    frame, stmt = site.frame, site.frame.at
    if stmt is None or stmt[0] != "assign" or stmt[2] is not site.expr or stmt[1][0].__class__ is not str:
        return False
    blocks = (each for each in statements(frame.fun.body) if each[0] == "with" and speaks_of(each[2], stmt[1]))
    return any(last_name(called(item[0])) in frame.linker.blocks for each in blocks for item in each[1])


def _key_of_argument(site: Site, arg: Arg, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Any:
    """The key of the connection or cursor that is passed; None where it has none."""
    passed, named = site.expr[2], dict(site.expr[3])
    expr = (
        named[arg.name] if arg.name in named else passed[arg.position] if arg.position is not None and arg.position < len(passed) else None
    )
    value = argument(arg, args, keywords)
    for atom in value:
        if isinstance(atom, ExtObj) and (key := via(atom)) is not None:
            return key
    return site.frame.key_of(expr, value) if expr is not None else None


def _only_selects(statement: Value) -> bool:
    """Is it SQL of which enough is known, and that writes and locks nothing?"""
    for atom in statement:
        if isinstance(atom, ExtObj) and atom.item:
            return _only_selects(atom.item)  # `text("SELECT ..")`
        text = atom.value if isinstance(atom, Const) else atom.text if isinstance(atom, Prefix) else None
        if not isinstance(text, str) or ";" in text.rstrip().rstrip(";"):
            return False  # what follows may do anything
        is_whole = isinstance(atom, Const)
        if begins(text, _SETTINGS, is_whole):
            continue
        words = _WORDS.findall(text.upper())
        if not is_whole or not begins(text, _READS, True) or not _WRITING.isdisjoint(words) or _LOCKS.search(text):
            return False
        if begins(text, ("SELECT",), True) and "FROM" not in words and not _HARMLESS.issuperset(_CALLED.findall(text.upper())):
            return False  # `SELECT f(1)` may do anything
    return bool(statement)


def _reads_columns(frame: Frame, expr: Expr) -> bool:
    """Does a call ask for columns of mapped classes and for no row, ``session.query(Order.id).filter(..).all()``? Then nobody has a row
    of it to change. What is asked for stands in the first call of the chain, or of that which is passed."""
    seen = set()
    asked = expr[2][0] if expr[2] and expr[2][0].__class__ is tuple and expr[2][0][0] == "call" else expr
    while True:
        func = asked[1]
        inner = func[1] if func.__class__ is tuple and func[0] == "attr" else func.rpartition(".")[0] if func.__class__ is str else ""
        if inner.__class__ is str and inner in frame.origins and inner not in seen:
            seen.add(inner)
            inner = frame.origins[inner][1]
        if inner.__class__ is not tuple or inner[0] != "call":
            return bool(asked[2]) and inner not in seen and all(_is_column(frame, arg) for arg in asked[2])
        asked = inner


def _is_column(frame: Frame, arg: Expr) -> bool:
    head, _, name = arg.rpartition(".") if arg.__class__ is str else ("", "", "")
    value = frame.looked_at(head) if head else UNKNOWN
    return bool(value) and all(
        isinstance(a, Cls) and frame.linker.is_mapped(a.klass) and frame.linker.find(a.klass, name) is not None for a in value
    )


_SETTINGS = ("RESET", "SET", "SHOW")
"""Statements that change the settings of the connection at most: a rollback undoes that, and nobody else waits for it."""
_READS = ("EXPLAIN", "SELECT", "WITH")
_WRITING = frozenset({"ANALYZE", "CALL", "DELETE", "INSERT", "INTO", "LOCK", "MERGE", "SHARE", "UPDATE"})
"""Words of those that write or lock all the same; what EXPLAIN analyzes it runs."""
_LOCKS = re.compile(r"\bpg_(?:try_)?advisory_", re.IGNORECASE)  # others wait for what such a function takes
_HARMLESS = frozenset({"CURRENT_SETTING", "NOW", "SET_CONFIG", "VERSION"})  # functions that change nothing but settings
_WORDS = re.compile(r"\w+")
_CALLED = re.compile(r"(\w+)\s*\(")


def opening_of(
    site: Site, opener: Opener, receiver: Atom | None, args: tuple[Value, ...], keywords: dict[str | None, Value], custom: str = ""
) -> Opening | None:
    """The context manager that an opening call gives."""
    frame = site.frame
    holds = decide(site, opener, args, keywords)
    if holds is False:
        return None
    alias: str | None = None
    key: Any
    if opener.key == "alias":
        alias, key = alias_of(site, opener.alias, opener.family, args, keywords)
    elif opener.key == "receiver":
        found = receiver_key(site, receiver)
        key = found if found is not None else (opener.family, "local", f"{frame.fun.id}:{site.pos[0]}:{site.pos[1]}")
    else:
        key = (opener.family, "local", f"{frame.fun.id}:{site.pos[0]}:{site.pos[1]}")
    retry = _retries(site, opener, args, keywords)
    bound: Value = UNKNOWN
    for entry in frame.linker.at(opener.name).returns:
        if entry.enter:
            bound = union(bound, frame.linker.typed(parse_type(entry.enter), receiver, args, keywords, origin=("via", key)))
    confidence = min(opener.confidence, CERTAIN if holds else LIKELY)
    kind = "custom" if custom else ""
    durable = opener.durable is not None and is_met(site, opener.durable, opener, args, keywords) is True
    return frame.linker.atoms(Opening, opener, alias, key, retry, confidence, custom or opener.name, kind, bound, durable)


def within(site: Site, opening: Opening, value: Value) -> Value:
    """A decorator applied by hand: `atomic(f)` gives f inside."""
    frame = site.frame
    if "decorator" not in opening.entry.forms:
        return value
    return put_within(frame.linker, value, opening, frame.module.facts.path, site.pos, frame.fun.dotted)


def put_within(linker: Linker, value: Value, opening: Opening, path: str, pos: Pos, function: str) -> Value:
    """What a decorator makes of functions, and of what a caller passes. On what only runs later (generators, coroutines) it does
    nothing."""
    result: Value = UNKNOWN
    for atom in value:
        fact = atom.fun.fact if isinstance(atom, Fn) else None
        runs = fact is not None and not fact.is_generator and (not fact.is_async or opening.entry.mode != "sync")
        if runs or isinstance(atom, Param):
            atom = linker.atoms(Within, (atom,), opening, path, pos, function)
        result = union(result, (atom,))
    return result


def opened_within(atom: Within) -> Opened:
    """The transaction around a function that a decorator was applied to by hand."""
    opening = atom.opening
    return Opened(
        "decorator", opening.name, atom.pos, opening.key, opening.alias, opening.confidence, opening.retry, opening.entry.reads,
        path=atom.path, function=atom.function, family=opening.entry.family,
    )  # fmt: skip


def alias_of(
    site: Site, arg: Arg | None, family: str, args: tuple[Value, ...], keywords: dict[str | None, Value]
) -> tuple[str | None, Any]:
    """The alias that a call names, and the key of its transaction; both unknown where it cannot be told."""
    if arg is None:
        return "default", (family, "default")
    given = is_given(site, arg, args, keywords)
    if given is False:
        return arg.default, (family, arg.default)
    value = argument(arg, args, keywords)
    if len(value) == 1 and type(value[0]) is Const and (value[0].value is None or isinstance(value[0].value, str)):
        alias = value[0].value or arg.default
        return alias, (family, alias)
    if len(value) == 1 and type(value[0]) is Ext:
        for framework in site.frame.linker.frameworks:
            state, alias = framework.setting_named(value[0].name)
            if state == "value" and isinstance(alias, str):
                return alias, (family, alias)
    if value and all(type(atom) is Fn for atom in value):
        return arg.default, (family, arg.default)  # used as a bare decorator
    return None, (family, None)


def _retries(site: Site, opener: Opener, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> bool:
    return opener.retry is not None and is_met(site, opener.retry, opener, args, keywords) is not False


def closes(site: Site, closer: Closer, key: Any, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    """What a closing call closes: the transaction of its alias, of all sessions, or else of ``key``, its receiver's."""
    if closer.key == "joined":
        key = (closer.family,)
    elif closer.key == "alias":
        _, key = alias_of(site, closer.alias, closer.family, args, keywords)
    if key is not None:
        if closer.how == "commit":
            site.frame.committed(key)
        site.frame.end(key)


def by_hand(site: Site, opening: Opening, name: str) -> bool:
    """``manager.__enter__()`` and ``__exit__()`` called by hand."""
    frame = site.frame
    last = name.rpartition(".")[2]
    if last in ("__enter__", "__aenter__", "start"):
        if not frame.silent:
            frame.begin(
                Opened(
                    opening.kind or "with",
                    opening.name,
                    site.pos,
                    opening.key,
                    opening.alias,
                    opening.confidence,
                    opening.retry,
                    family=opening.entry.family,
                )
            )
        return True
    if last in ("__exit__", "__aexit__", "commit", "rollback", "close"):
        if not any("autobegin" in entry.forms for entry in frame.linker.at(opening.entry.name).openers):
            frame.end(opening.key)  # else a savepoint: the transaction around it goes on
        return True
    return False


def receiver_key(site: Site, receiver: Atom | None) -> Any:
    """The key of the session or connection that a method is called on; None where it has none."""
    frame = site.frame
    key = via(receiver)
    if key is not None and not (site.receiver.__class__ is str and site.receiver in frame.keys and is_kept(receiver)):
        return key
    if isinstance(receiver, Opening):
        return receiver.key
    if site.receiver is None or receiver is None:
        return None
    if site.func.__class__ is str and isinstance(receiver, ExtObj) and any(type(a) is Obj for a in frame.looked_at(site.receiver)):
        key = frame.session_key(site.func)  # `repo.commit`, where a constructor has kept the method of a session
        return (*key[:2], key[2].rpartition(".")[0]) if key is not None and len(key) == 3 else key
    return frame.key_of(site.receiver, (receiver,))


def state_queries(frame: Frame, expr: Expr, had: bool = False) -> list[tuple[Opener, Key | None]]:
    """The openers of form ``asserts`` that an attribute or method asks for: ``connection.in_atomic_block``; with the key of the one
    session that is asked, where it is not about all transactions of the thread. ``had``: it is asked whether there is such an attribute,
    ``hasattr(request, "tm")``."""
    base: Expr
    if expr.__class__ is str:
        base, _, name = expr.rpartition(".")
        if not base:
            return []
        value = frame.ev(base)
    elif expr[0] == "attr":
        base, name = expr[1], expr[2]
        value = frame.ev(base)
    else:
        return []
    found: list[tuple[Opener, Key | None]] = []
    for atom in value:
        dotted = None
        if isinstance(atom, ExtObj):
            dotted = frame.linker.catalog.method(atom.name, name)
        elif isinstance(atom, Ext):
            dotted = f"{atom.name}.{name}"
        if dotted is not None:
            asked = [o for o in frame.linker.at(dotted).openers if "asserts" in o.forms and (had or _is_state_query(o))]
            found.extend((o, (frame.key_of(base, (atom,)) or via(atom)) if o.key == "receiver" else None) for o in asked)
    return found


def asserted(frame: Frame, test: Expr, line: int) -> None:
    """``assert connection.in_atomic_block``: from here on a transaction is known to be open."""
    query = test[1] if test.__class__ is not str and test[0] == "call" and not test[2] else test
    if frame.now_open() or frame.fun.fact is None:
        return
    for opener, key in state_queries(frame, query):
        whose = key or (opener.family, None)
        frame.push(Opened("asserted", opener.name, (line, 0, line, 0), whose, None, CERTAIN, family=opener.family))
        return


def _is_state_query(opener: Opener) -> bool:
    """``in_atomic_block`` asks; ``select_for_update()`` insists."""
    last = opener.name.rpartition(".")[2]
    return last.startswith(("in_", "get_", "is_"))
