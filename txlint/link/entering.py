"""``with`` statements: `enter_context` opens what the value of an item opens, and says what is bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.catalog.types import parse_type
from txlint.link import taught
from txlint.link.guards import tests
from txlint.link.held import by_parameter
from txlint.link.holding import via
from txlint.link.site import CERTAIN, LIKELY
from txlint.link.targets import method_event
from txlint.link.uses import uses_of
from txlint.link.values import UNKNOWN, Atom, Const, Ext, ExtObj, Fn, Generated, Many, Obj, OneOf, Opening, Param, SelfObj, Value, union
from txlint.model.facts import Body, Expr, Pos
from txlint.model.graph import FLAG, Event, Key, Opened, Target, Test
from txlint.model.shapes import parts, speaks_of

if TYPE_CHECKING:
    from txlint.link.replay import Frame

Closing: TypeAlias = Callable[[], object]
"""What is done when a block is left."""
_YIELDS = frozenset({"yield", "yieldfrom"})


def enter_context(frame: Frame, value: Value, item: Expr, pos: Pos, closers: list[Closing], target: Expr | None) -> Value:
    """``with value as target``: opens what it opens; the value that is bound."""
    linker = frame.linker
    bound: Value = UNKNOWN
    choices = [inner for atom in value for inner in (atom.options if isinstance(atom, OneOf) else (atom,))]
    several = len([atom for atom in choices if not isinstance(atom, Const)]) > 1 or any(isinstance(atom, OneOf) for atom in value)
    value = tuple(choices)
    flags = _flags_asked(frame, item) if several and frame.self_name is not None else ()
    for atom in value:
        if isinstance(atom, Opening):
            sure = min(atom.confidence, LIKELY if several else CERTAIN)
            condition = "only where this alternative is taken" if several else None
            frame.push(
                Opened(
                    atom.kind or "with", atom.name, pos, atom.key, atom.alias, sure, atom.retry, atom.entry.reads, condition,
                    family=atom.entry.family, durable=atom.durable, flags=flags,
                )
            )  # fmt: skip
            bound = union(bound, atom.bound)
        elif isinstance(atom, Generated):
            _enter_generated(frame, atom, pos, several, _enter_given(frame, atom, pos, several))
            if linker.taught:
                bound = union(bound, taught.entered(linker, atom.fun, atom.receiver))
            for _, yielded in linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False).yields:
                given = linker.substitute(yielded, atom.receiver, _given_for(frame, atom, yielded, item), atom.fun)
                bound = union(bound, tuple(_of_receiver(frame, each, item) for each in given))
        elif isinstance(atom, (Obj, SelfObj)):
            bound = union(bound, _enter_object(frame, atom, item, pos, closers, target))
        elif isinstance(atom, ExtObj):
            bound = union(bound, _enter_library(frame, atom, item, pos, closers, target))
        elif isinstance(atom, Many) and not any(isinstance(other, Generated) for other in value):
            bound = union(bound, atom.item)  # `ContextManager[Session]`, of which no more is known
        elif isinstance(atom, Ext):
            for opener in linker.at(atom.name).openers:
                if "with" in opener.forms:  # `with connection:`, an object known by name
                    frame.push(Opened("with", opener.name, pos, (opener.family, "global", atom.name), None, family=opener.family))
                    bound = (atom,)
    return bound


def _given_for(frame: Frame, atom: Generated, yielded: Value, item: Expr) -> dict[str, Value]:
    """What the call of a context manager gives for the parameters that it yields: ``with scope(Session(engine)) as session:``."""
    fact = atom.fun.fact
    names = {each.name for each in yielded if isinstance(each, Param) and each.fun is atom.fun}
    if not names or item.__class__ is str or item[0] != "call" or fact is None:
        return {}
    passed = by_parameter(fact.params, item, 1 if atom.fun.klass is not None and atom.receiver is not None else 0)
    return {name: frame.looked_at(passed[name]) for name in sorted(names) if name in passed}


def _flags_asked(frame: Frame, item: Expr) -> tuple[Test, ...]:
    """What flags of the receiver must be for a choice to open a transaction: ``atomic() if self.atomic else nullcontext()``, written down
    here or in a method of the receiver that gives it."""
    if item.__class__ is str:
        bound = uses_of(frame.linker, frame.fun, item).bindings
        item = bound[0] if len(bound) == 1 and bound[0] is not None else item
    if item.__class__ is tuple and item[0] == "call" and item[1].__class__ is str:
        method = frame.looked_at(item[1])
        if len(method) == 1 and isinstance(method[0], Fn) and isinstance(method[0].receiver, SelfObj):
            from txlint.link.replay import Frame

            frame = Frame(frame.linker, method[0].fun, frame.klass, frame.exact)
            frame.silent = True
            frame.enter()
            item = _returned(method[0].fun.body) or item
    if item.__class__ is str or item[0] != "ifexp":
        return ()
    first, second = (any(type(a) is Opening for a in frame.linker.value(each, frame.module, frame.fun)) for each in item[2:])
    if first is second:
        return ()
    yes, no = tests(frame, item[1])
    return tuple(fact for kind, fact in (yes if first else no) if kind == "test" and fact.param.startswith(FLAG))


def _returned(body: Body) -> Expr | None:
    """What a function gives, where that is one expression, or one of two by a test: ``if self.atomic: return atomic()`` and a return behind
    it, or in its ``else``."""
    match [stmt for stmt in body if stmt[0] != "expr" or stmt[1][0] != "const"]:
        case [("return", given, _)]:
            return given
        case [("if", test, first, second, _), *rest]:
            one, two = _returned(first), _returned((*second, *rest))
            return ("ifexp", test, one, two) if one is not None and two is not None else None
    return None


def _enter_given(frame: Frame, atom: Generated, pos: Pos, several: bool) -> set[Key]:
    """A context manager of the project that enters what it is given, and yields in there: ``with constrained(atomic()):``. The keys of
    what is opened by that."""
    found: set[Key] = set()
    assert atom.fun.fact is not None
    for name, value in atom.given:
        always = _entered_around_yields(atom.fun.fact.body, name)
        if always is None:
            continue
        around = frame.region
        sure = CERTAIN if always and not several else LIKELY
        enter_context(frame, value, name, pos, [], None)
        new = frame.region[len(around) :]
        new = tuple(replace(opened, kind="custom", name=atom.fun.dotted, confidence=min(opened.confidence, sure)) for opened in new)
        frame.region = (*around, *new)
        frame.snapshot = None
        found.update(opened.key for opened in new)
    return found


def _entered_around_yields(body: Body, name: str) -> bool | None:
    """Does a generator yield inside of ``with name:``? True: whenever it is given one; None: never."""
    yields = inside = 0
    asks = False
    for part in parts(body):
        if part[0] in _YIELDS:
            yields += 1
        elif part[0] == "if":
            asks = asks or speaks_of(part[1], {name})
        elif part[0] == "with" and any(item == name for item, _, _ in part[1]):
            inside += sum(inner[0] in _YIELDS for inner in parts(part[2]))
    return (asks or inside == yields) if inside else None


def _enter_generated(frame: Frame, atom: Generated, pos: Pos, several: bool, seen: set[Key]) -> None:
    """A context manager of the project: what is open where it yields is open in the block. What it was given is ``seen`` already."""
    linker = frame.linker
    replay = linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False)
    certain = bool(replay.yields) and all(region for region, _ in replay.yields)
    regions = [region for region, _ in replay.yields if region]
    is_mine = isinstance(atom.receiver, SelfObj) and len(regions) == 1
    for region in regions:
        for opened in region:
            if opened.key in seen:
                continue
            seen.add(opened.key)
            sure = min(opened.confidence, CERTAIN if certain and not several else LIKELY)
            flags = opened.flags if is_mine else ()
            key = _outside(opened.key)
            frame.push(replace(opened, kind="custom", name=atom.fun.dotted, pos=pos, key=key, confidence=sure, flags=flags))


def _enter_object(frame: Frame, atom: Obj | SelfObj, item: Expr, pos: Pos, closers: list[Closing], target: Expr | None) -> Value:
    linker = frame.linker
    called = target if target.__class__ is str and "." not in target else item
    known = frame.session_key(called) if called.__class__ is str else None
    own: Key = known if known is not None else ("session", "local", f"entered:{frame.fun.id}:{pos[0]}")
    klass = atom.klass
    bound: Value = (atom,)
    for name in ("__enter__", "__aenter__"):
        found = linker.find(klass, name)
        if found is None:
            continue
        if found.bindings is None:
            for base in (found.name or "", *linker.library_bases(klass)):
                for opener in linker.at(base).openers:
                    if "with" in opener.forms:
                        frame.push(
                            Opened(
                                "custom", klass.dotted, pos, (opener.family, "default"), "default", opener.confidence, family=opener.family
                            )
                        )
            continue
        for method in linker.class_attribute(klass, name):
            if not isinstance(method, Fn):
                continue
            method_event(frame, linker.atoms(Fn, method.fun, atom), pos)
            replay = linker.replay(method.fun, klass, atom.exact)
            for opened in replay.left_open:
                key = (*own[:2], f"{own[2]}.{opened.key[2]}") if opened.key[1:2] == ("self",) else _outside(opened.key)
                frame.push(replace(opened, kind="custom", name=klass.dotted, pos=pos, key=key))
            entered = linker.substitute(replay.returns, atom, {}, method.fun)
            if entered:
                bound = entered
        exit_name = name.replace("enter", "exit")
        for method in linker.class_attribute(klass, exit_name):
            if isinstance(method, Fn):
                closers.append(partial(_exit, frame, linker.atoms(Fn, method.fun, atom), pos, own, called if known is not None else None))
        return bound
    for base in linker.library_bases(klass):
        for opener in linker.at(base).openers:
            if "with" in opener.forms:
                frame.push(
                    Opened("custom", klass.dotted, pos, (opener.family, "default"), "default", opener.confidence, family=opener.family)
                )
                return bound
    return bound


def _exit(frame: Frame, method: Fn, pos: Pos, own: Key, name: str | None) -> None:
    """A block is left by way of a method of its object: what that has begun in the block and the method ends, it ends. ``name``: what the
    function calls the object, if anything."""
    method_event(frame, method, pos, own)
    receiver = method.receiver
    for key in frame.linker.replay(method.fun, getattr(receiver, "klass", None), getattr(receiver, "exact", True)).closes:
        if key[1:2] == ("self",):
            mine = frame.session_key(f"{name}.{key[2]}") if name is not None else (*own[:2], f"{own[2]}.{key[2]}")
            if mine is not None:
                frame.end_begun(mine)
        elif key[1:2] == ("global",):
            frame.end_begun(key)


def suspended(frame: Frame, value: Value, but: frozenset[Key]) -> Iterator[Opened]:
    """What generators have open where they yield: it is open in the body of a loop over them. That of the keys ``but`` stays open."""
    for atom in value:
        if isinstance(atom, Generated) and not atom.manager:
            yields = frame.linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False).yields
            always = all(region for region, _ in yields)
            for opened in dict.fromkeys(opened for region, _ in yields for opened in region if opened.key not in but):
                sure = opened.confidence if always else min(opened.confidence, LIKELY)
                path, function = opened.path or atom.fun.module.facts.path, opened.function or atom.fun.dotted
                yield replace(opened, key=_outside(opened.key), confidence=sure, path=path, function=function)


def own(frame: Frame, value: Value, item: Expr, bound: Value, target: Expr | None, pos: Pos, closers: list[Closing]) -> None:
    """A context manager of the project that commits at its end owns the transaction of what it gives (``bound``): it is begun by the first
    statement in the block, and is the block's."""
    linker = frame.linker
    made_of = {key for atom in bound if (key := via(atom)) is not None}
    for atom in value:
        if isinstance(atom, Generated):
            replay = linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False)
            name, committed = atom.fun.dotted, replay.commits
            keys = {mine for key in committed if (mine := _key_here(frame, atom, item, key)) is not None}
            closes = (_key_here(frame, atom, item, key) for key in sorted(replay.closes, key=str) if len(key) > 2)
            closers.extend(partial(frame.end_begun, mine) for mine in closes if mine is not None)
        elif isinstance(atom, (Obj, SelfObj)):
            name, committed = atom.klass.dotted, frozenset().union(*_committed_at_exit(frame, atom))
            keys = {key for key in committed if key[1:2] == ("global",) or len(key) == 2}
            if made_of and committed:
                keys |= made_of & {_key_of_receiver(frame, item, key) for key in committed if key[1:2] == ("self",)}
        else:
            continue
        names = [target] if isinstance(target, str) and "." not in target else []
        if item.__class__ is str and isinstance(atom, (Obj, SelfObj)):
            names.append(item)  # `with self:`
        for given in names if committed else ():
            for text in (given, *(f"{given}.{key[2]}" for key in committed if key[1:2] == ("self",))):
                keys.update(filter(None, (frame.session_key(text), frame.key_held(text))))
        keys -= frame.owners.keys()
        if keys:
            frame.owners = {**frame.owners, **dict.fromkeys(keys, (name, pos))}
            closers.extend(partial(frame.end_begun, key) for key in keys)


def only_left(frame: Frame, value: Value, first: int) -> list[Event]:
    """The calls, among the events from the ``first`` on, of context managers of the project that do nothing before they yield."""
    linker = frame.linker
    quiet = {
        atom.fun.id
        for atom in value
        if isinstance(atom, Generated) and atom.manager and linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False).is_quiet
    }
    events = frame.flow.events[first:] if quiet else []
    return [event for event in events if any(isinstance(each, Target) and each.fun in quiet for each in event.targets)]


def leave(frame: Frame, calls: list[Event], target: Expr | None, pos: Pos, before: set[tuple[Key, Pos]]) -> None:
    """Such a context manager goes on behind its ``yield`` with what the block has begun, but for what it has given or ends itself."""
    key = frame.session_key(target) if target.__class__ is str else None
    begun = tuple(
        opened
        for opened in frame.open.values()
        if (opened.key, opened.pos) not in before
        and frame.owners.get(opened.key, ("", ()))[1] != pos
        and not (key is not None and opened.key[:2] == key[:2] and (opened.key == key or str(opened.key[2]).startswith(f"{key[2]}.")))
    )
    if begun and not frame.silent:
        funs = frame.linker.project.funs
        for call in calls:
            facts = [funs[each.fun].fact for each in call.targets if isinstance(each, Target)]
            if not any(param.kind == "vararg" for fact in facts if fact is not None for param in fact.params):  # who ends what it is given?
                frame.heard(replace(call, region=begun, closed=frame.closed))


def _of_receiver(frame: Frame, atom: Atom, item: Expr) -> Atom:
    """A cursor of the connection in ``db.connection`` that ``db.cursor()`` yields: its key in the words of this function."""
    key = via(atom)
    if not isinstance(atom, ExtObj) or key is None or key[1] != "self":
        return atom
    return frame.linker.atoms(ExtObj, atom.name, atom.item, ("via", _key_of_receiver(frame, item, key)))


def _key_of_receiver(frame: Frame, item: Expr, key: Key) -> Key:
    """What the object holds under this key of which ``item`` calls a method, for this function."""
    while item.__class__ is not str and item[0] in ("await", "call"):
        item = item[1]
    head = item.rpartition(".")[0] if item.__class__ is str else ""
    found = frame.session_key(f"{head}.{key[2]}") if head else None
    return found if found is not None else _outside(key)


def _key_here(frame: Frame, atom: Generated, item: Expr, key: Key) -> Key | None:
    """A key of a context manager's function in the words of the one that enters it: of what it is given, or its receiver keeps."""
    if len(key) < 3 or key[1] == "global":
        return key
    if key[1] == "self":
        return _key_of_receiver(frame, item, key)
    fact = atom.fun.fact
    while item.__class__ is tuple and item[0] == "await":
        item = item[1]
    if key[1] != "param" or fact is None or item.__class__ is str or item[0] != "call":
        return None
    head, _, rest = key[2].partition(".")
    given = by_parameter(fact.params, item, 1 if atom.fun.klass is not None and atom.receiver is not None else 0).get(head)
    return frame.session_key(f"{given}.{rest}" if rest else given) if given.__class__ is str else None


def _committed_at_exit(frame: Frame, atom: Obj | SelfObj) -> Iterator[frozenset[Key]]:
    for name in ("__exit__", "__aexit__"):
        for method in frame.linker.class_attribute(atom.klass, name):
            if isinstance(method, Fn):
                yield frame.linker.replay(method.fun, atom.klass, atom.exact).commits


def _enter_library(frame: Frame, atom: ExtObj, item: Expr, pos: Pos, closers: list[Closing], target: Expr | None) -> Value:
    """A library's object used as a context manager: ``with Session() as s``, ``with connection:``."""
    linker = frame.linker
    origin = atom.origin
    if isinstance(origin, tuple) and origin and origin[0] == "enters":
        return origin[1]  # type: ignore[no-any-return]
    name = linker.catalog.method(atom.name, "__enter__") or linker.catalog.method(atom.name, "__aenter__") or f"{atom.name}.__enter__"
    key = frame.key_of(item, (atom,)) if item.__class__ is str else None
    if key is None and isinstance(target, str) and "." not in target:
        key = ("session", "local", f"{frame.fun.id}:{target}")
    for opener in linker.at(name).openers:
        if "with" in opener.forms:
            frame.push(
                Opened(
                    "with",
                    opener.name,
                    pos,
                    key or (opener.family, "local", f"{frame.fun.id}:{pos[0]}"),
                    None,
                    opener.confidence,
                    family=opener.family,
                )
            )
    exits = linker.catalog.method(atom.name, "__exit__") or linker.catalog.method(atom.name, "__aexit__")
    for closer in linker.at(exits).closers if exits else ():
        if closer.key == "joined":
            closers.append(partial(frame.end, (closer.family,)))
        elif closer.key == "alias":
            closers.append(_apart(frame, (closer.family, closer.alias.default if closer.alias is not None else "default")))
        elif key is not None:
            closers.append(partial(frame.end, key))
    for entry in linker.at(name).returns:
        if entry.type:
            return linker.typed(parse_type(entry.type), atom, (), {})
    return (atom,)


def _apart(frame: Frame, key: Key) -> Closing:
    """A connection of its own, of a library whose connections are not told apart: what is written in the block is committed at its end,
    and what was open before it still is."""
    before, closed = frame.open.get(key), key in frame.closed

    def close() -> None:
        frame.committed(key)
        frame.open = {k: v for k, v in frame.open.items() if k != key}
        if before is not None:
            frame.open[key] = before
        if not closed:
            frame.closed -= {key}
        frame.snapshot = None

    return close


def _outside(key: Any) -> Any:
    """A key of another function's own words cannot be closed from here by accident."""
    return key if len(key) < 3 or key[1] == "global" else (key[0], "local", "entered:" + str(key[2]))


def given_back(frame: Frame, name: str) -> None:
    """What a name stands for is over, with what is in it."""
    key = frame.keys.get(name, ("session", "local", f"{frame.fun.id}:{name}"))
    for each in [each for each in frame.open if each == key or (each[:2] == key[:2] and each[2].startswith(f"{key[2]}."))]:
        frame.end(each)
