"""Who receives which signal: connections by decorator and by ``connect()``, kept until all are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.link.conditions import argument
from txlint.link.passing import bind, decided, is_kind, note_parameters, sender_of
from txlint.link.project import Fun, Klass, mentions
from txlint.link.site import CERTAIN, LIKELY, Site
from txlint.link.values import UNKNOWN, Cls, Const, Ext, ExtMethod, ExtObj, Fn, Obj, Part, SelfCls, Seq, Value
from txlint.model.catalog import Hook
from txlint.model.facts import Expr
from txlint.model.graph import INSTANCE, ITSELF, NO_CLASS, SELF, Event, Related, Sent, SignalTarget, Target, Test
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

MOST_GONE = 8
"""Classes whose rows are deleted with one, of which a receiver of all is told apart which it gets."""
_DISCONNECTING = frozenset({"disconnect"})


class Connection(NamedTuple):
    """A receiver of a signal. ``sender`` is a class number (of a library's: see `Linker.number_of`), or -1 for any. ``known`` is False
    where a sender is given that cannot be told. ``within`` is the function that disconnects it again, -1 where it stays connected."""

    signal: str
    fun: int
    cls: int
    sender: int
    known: bool
    within: int = -1


def _signals(linker: Linker, frame: Frame, expr: Expr | None, value: Value) -> list[str]:
    """The signals that an expression names: a library's by its dotted name, the project's by where they are defined."""
    names: list[str] = []
    if expr.__class__ is str:
        expr = frame.stands_for.get(expr, expr)
    for atom in value:
        if isinstance(atom, Ext):
            names.append(atom.name)
        elif isinstance(atom, (ExtObj, Obj)) and expr is not None:
            if isinstance(atom.origin, tuple) and atom.origin[0] == "global":
                names.append(atom.origin[1])
            else:
                name = linker.signal_name(frame, expr)
                if name is not None:
                    names.append(name)
        elif isinstance(atom, Seq) and expr.__class__ is not str and expr is not None and expr[0] in ("tuple", "list"):
            for item, inner in zip(expr[1], atom.items, strict=False):
                names.extend(_signals(linker, frame, item, inner))
    return list(dict.fromkeys(names))


def connect(
    linker: Linker,
    frame: Frame,
    fun: Fun,
    expr: Expr | None,
    hook: Hook,
    args: tuple[Value, ...],
    keywords: dict[str | None, Value],
) -> None:
    """``@receiver(signals, sender=..)`` on a function: ``expr`` is the decorator. One that asks neither for a sender nor for an event
    makes a hook of whatever it stands on."""
    if hook.sender is None and hook.event is None:
        listen(linker, hook, fun, args, keywords)
        return
    if expr is None or expr.__class__ is str:
        return
    if hook.sender is not None and any(entry.by == "signal" for entry in linker.at(hook.name).hooks):
        sender = argument(hook.sender, args, keywords)  # `@post_save(sender=Order)`: the decorator is the signal
        _add(linker, hook.name, fun, -1, *_senders(linker, sender, bool(sender)))
        return
    if not expr[2]:
        return
    if hook.events:
        listen(linker, hook, fun, args, keywords)
        return
    if hook.sender is not None and hook.sender.position == 0:  # `@post_save(Order)`: the decorator is the signal
        for value in args:
            _add(linker, hook.name, fun, -1, *_senders(linker, value, True))
        return
    senders, known = _senders(linker, keywords.get("sender", UNKNOWN), "sender" in keywords)
    heard = args[0] if args else UNKNOWN
    _note_unknown(linker, hook, heard)
    for signal in _signals(linker, frame, expr[2][0], heard):
        _add(linker, signal, fun, -1, senders, known)


def _note_unknown(linker: Linker, hook: Hook, value: Value) -> None:
    """What a library has a name for and the catalog does not know is one of the signals for which the decorator is: those of the class
    that lies beside it."""
    home = hook.name.rpartition(".")[0]
    for atom in value:
        if isinstance(atom, Seq):
            for item in atom.items:
                _note_unknown(linker, hook, item)
        elif isinstance(atom, Ext):
            for kind in linker.signal_classes:
                if kind.rpartition(".")[0] == home:
                    linker.heard[atom.name] = kind


def hears(linker: Linker, name: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> bool:
    """Is a function of the project given to a library's `connect` of which nothing is known, one that takes whatever a signal is sent
    with? Then it is that of a signal, of which this takes note."""
    owner, _, last = name.rpartition(".")
    given = keywords.get("receiver") or (args[0] if args else UNKNOWN)
    facts = (atom.fun.fact for atom in given if isinstance(atom, Fn))
    if any(linker.at(name)) or not any(param.kind == "kwarg" for fact in facts if fact is not None for param in fact.params):
        return False
    linker.heard[owner] = linker.connecting[last]
    return True


def connect_call(
    linker: Linker, frame: Frame, receiver: Expr | None, value: Value, args: tuple[Value, ...], keywords: dict[str | None, Value]
) -> None:
    """``signal.connect(receiver, sender=..)``."""
    if frame.paired:
        return
    target = keywords.get("receiver") or (args[0] if args else UNKNOWN)
    given = "sender" in keywords or len(args) > 1
    senders, known = _senders(linker, keywords.get("sender") or (args[1] if len(args) > 1 else UNKNOWN), given)
    functions: list[tuple[Fun, int]] = []
    for atom in target:
        for inner in atom.func if isinstance(atom, Part) else (atom,):
            for called in linker.attribute(inner, "__call__") if isinstance(inner, Obj) else (inner,):
                if isinstance(called, Fn):
                    owner = getattr(called.receiver, "klass", None)
                    functions.append((called.fun, owner.id if owner is not None else -1))
    within = frame.fun.id if frame.fun.fact is not None and mentions(frame.fun, _DISCONNECTING) else -1
    for signal in _signals(linker, frame, receiver, value):
        for fun, cls in functions:
            _add(linker, signal, fun, cls, senders, known, within)


def sent(linker: Linker, signal: str, sender: int, keywords: dict[str | None, Value]) -> None:
    """A signal of the project is sent: its receivers' parameters are what it is sent with."""
    for connection in linker.connected:
        if connection.signal == signal and (sender in (connection.sender, NO_CLASS) or connection.sender == NO_CLASS):
            fun = linker.project.funs[connection.fun]
            klass = linker.project.klasses[connection.cls] if connection.cls >= 0 else None
            bound = bind(fun, (), keywords, 1 if klass is not None else 0)
            bound.pop("sender", None)
            note_parameters(linker, fun, bound, klass.id if klass is not None else NO_CLASS)


def receiving(
    linker: Linker, connections: Iterable[Connection], target: SignalTarget, sender: int, exact: bool, caller: int
) -> Iterator[Target]:
    """Who runs where a signal is sent, of these connections to it. ``exact``: by the class ``sender`` itself, none below it; ``caller``:
    the function that sends it, -1 for a library."""
    klass = linker.project.klasses[sender] if sender >= 0 else None
    gone: dict[int, None] = {}
    if sender != NO_CLASS and target.signal.endswith("_delete"):
        deleted = klass if klass is not None else linker.of_library(sender)
        gone = {other.id: None for framework in linker.frameworks for other in framework.cascades(linker, deleted)}
    for connection in connections:
        if connection.within not in (NO_CLASS, caller):
            continue
        sure, given = target.confidence, target.given
        rows: tuple[int, ...] = (sender,)
        others = tuple((name, "another row" if name == "origin" else value) for name, value in given) if gone else given
        if connection.sender in gone:
            rows, given = (connection.sender,), others
        elif connection.sender != NO_CLASS:
            if sender == NO_CLASS:
                sure = min(sure, Confidence.POSSIBLE)
            elif connection.sender not in (sender, linker.through.get(sender, sender)):
                below = klass.subclasses if klass is not None and not exact else ()
                is_led_to = sender in linker.relations.get(connection.sender, ())[1:]  # by a field that is not known
                if not is_led_to and (connection.sender < 0 or linker.project.klasses[connection.sender] not in below):
                    continue
                sure = min(sure, Confidence.LIKELY)
        elif not connection.known:
            is_own = target.signal.partition(".")[0] in linker.project.packages
            sure = min(sure, Confidence.LIKELY if is_own else Confidence.POSSIBLE)
        elif gone:  # of each class that goes, if they are few
            rows = (sender, *gone) if len(gone) < MOST_GONE else (NO_CLASS,)
        for row in rows:
            told = given if row == sender else others
            yield Target(connection.fun, connection.cls, "signal", sure, target.inner, 0, False, True, row, told, target.sent)


def called_own(site: Site, fun: Fun, receiver: Obj, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    """A method of a class of signals of the project's own is called. What that does with whoever receives the signal that it is called on,
    it does with the receivers of this one; and whatever else it does in place of the library's way to connect, it connects."""
    frame, linker = site.frame, site.frame.linker
    assert fun.fact is not None
    names = (f"{base}.{fun.fact.name}" for base in linker.library_bases(receiver.klass))
    if any(hook.by == "register" for name in names for hook in linker.at(name).hooks):
        connect_call(linker, frame, site.receiver, (receiver,), args, keywords)
        return
    bound = bind(fun, args, keywords, 1)
    sendings = _sendings(linker, fun, receiver.klass, receiver.exact, {fun.id})
    if frame.silent or not any(_may_be(site, fun, bound, receiver, event.guards) for event in sendings):
        return
    sender = sender_of(frame, keywords.get("sender") or (args[0] if args else UNKNOWN))
    sure = LIKELY if len(site.values) > 1 and not any(type(test.value) is Sent for test in frame.guards) else CERTAIN
    for signal in _signals(linker, frame, site.receiver, (receiver,)):
        site.targets.append(SignalTarget(signal, sender, (), sure, ((INSTANCE, True),), True))
        sent(linker, signal, sender, keywords)


def _may_be(site: Site, fun: Fun, bound: dict[str, Value], receiver: Obj, tests: tuple[Test, ...]) -> bool:
    return all(decided(site, fun, bound, receiver, test) is not False for test in tests)


def _sendings(linker: Linker, fun: Fun, klass: Klass, exact: bool, seen: set[int]) -> Iterator[Event]:
    """The calls of a method that send the signal that it is called on, or of another one of its methods that does."""
    for event in linker.replay(fun, klass, exact).flow.events:
        for target in event.targets:
            if isinstance(target, SignalTarget):
                if target.signal == ITSELF:
                    yield event
            elif isinstance(target, Target) and target.cls == SELF and target.fun not in seen:
                seen.add(target.fun)
                if any(_sendings(linker, linker.project.funs[target.fun], klass, exact, seen)):
                    yield event


def register(frame: Frame, hook: Hook, site: Any, receiver: Any, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    """A registration call of a library: ``signal.connect(f)``, ``event.listen(target, "after_insert", f)``."""
    if site.receiver is not None and receiver is not None and hook.sender is not None:
        connect_call(frame.linker, frame, site.receiver, (receiver,), args, keywords)
    elif hook.callable is not None:
        for atom in argument(hook.callable, args, keywords):
            if isinstance(atom, Fn):
                listen(frame.linker, hook, atom.fun, args, keywords)


def listen(linker: Linker, hook: Hook, fun: Fun, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> None:
    """A listener of a named event: it is a hook in the state that the catalog gives for the event's name."""
    state = hook.state
    if hook.event is not None and hook.events:
        names = [atom.value for atom in argument(hook.event, args, keywords) if isinstance(atom, Const)]
        if not names or names[0] not in hook.events:
            return
        state = hook.events[names[0]]
    linker.listeners.setdefault(fun.id, (hook, state))


def _senders(linker: Linker, value: Value, given: bool) -> tuple[list[int], bool]:
    found = []
    for atom in value:
        if isinstance(atom, (Cls, SelfCls)):
            found.append(atom.klass.id)
        elif isinstance(atom, ExtMethod) and isinstance(atom.receiver, ExtObj):
            found.extend(_through(linker, atom.receiver))
        elif isinstance(atom, Seq):
            for item in atom.items:
                found.extend(_senders(linker, item, True)[0])
        elif isinstance(atom, (Const, Ext)):
            named = next((named for framework in linker.frameworks if (named := framework.models(linker, (atom,)))), ())
            for each in named:
                if isinstance(each, Cls):
                    found.append(each.klass.id)
                elif isinstance(each, Ext) and is_kind(linker, each.name):
                    found.append(linker.number_of(each.name))
    if found:
        return found, True
    none = any(isinstance(atom, Const) and atom.value is None for atom in value)
    return [-1], not given or none


def _through(linker: Linker, field: ExtObj) -> list[int]:
    """``Model.field.through``, also of a row's manager: the relation; what it leads to, where it is not known which one that is."""
    method = linker.catalog.method(field.name, "__get__") or ""
    described = (framework.described(linker, method, field, None) for framework in linker.frameworks)
    found: list[int] = []
    for inner in (field,) if type(field.origin) is Related else next(filter(None, described), ()):
        led = [
            o.klass.id if isinstance(o, Obj) else linker.number_of(o.name) for o in linker.item_of(inner) if isinstance(o, (Obj, ExtObj))
        ]
        related = getattr(inner, "origin", None)
        if type(related) is Related:
            linker.relations.setdefault(related.relation, (related.owner, *led) if not related.reverse else (*led, related.owner))
            found.append(related.relation)
        else:
            found.extend(led)
    return found


def _add(linker: Linker, signal: str, fun: Fun, cls: int, senders: list[int], known: bool, within: int = -1) -> None:
    for sender in senders:
        connection = Connection(signal, fun.id, cls, sender, known, within)
        if connection in linker.connected:
            continue
        linker.connected[connection] = None
        if sender != NO_CLASS and fun.fact is not None:
            row = linker.relations.get(sender, (sender,))[0]
            of = linker.atoms(Cls, linker.project.klasses[row]) if row >= 0 else linker.atoms(Ext, linker.of_library(row))
            for param in fun.fact.params:
                if param.name == "instance":
                    linker.tell(fun, "instance", (linker.instance(of.klass, False),) if isinstance(of, Cls) else linker.made((of,)))
                elif param.name == "sender" and row == sender:
                    linker.tell(fun, "sender", (of,))
