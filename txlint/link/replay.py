"""Replaying a function's body: what it calls, in order, with what transactions open; what it returns; what it sets on self.

`replay_function` does it once for one class of receiver; `evaluate` looks at a single expression outside of any function. `Frame` is
the state of a replay. What statements and expressions do to it is in `statements` and `expressions`, what calls do in `calls`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from txlint.link import misuse
from txlint.link.alike import canonical, shared
from txlint.link.branches import State, Way, WayOut, begun_on_ways, closes_given, either, given_after, guards_of_all, ways_of
from txlint.link.calls import run_at_end
from txlint.link.changes import REREADS, assigns_field
from txlint.link.chosen import passed_classes
from txlint.link.expressions import EXPRESSIONS
from txlint.link.generic import for_frame
from txlint.link.guards import NO_CONSTANTS
from txlint.link.held import is_brief, of_global, provided
from txlint.link.holding import NAMED, is_kept, row_of
from txlint.link.kept import OF_CALLERS, item_name
from txlint.link.linker import Linker, Replay
from txlint.link.members import answered, of_given, of_options, private
from txlint.link.project import Fun, Klass, Module
from txlint.link.properties import accessors, load, read
from txlint.link.retrying import tries_again
from txlint.link.settled import is_lasting, of_class
from txlint.link.started import Started, waited
from txlint.link.statements import STATEMENTS
from txlint.link.typehints import CALLABLES
from txlint.link.uses import uses_of
from txlint.link.values import UNKNOWN, Atom, ExtObj, Fn, Many, Obj, Param, SelfCls, SelfObj, Stored, Super, Table, Value, union
from txlint.model.facts import Body, Expr, Pos, Stmt
from txlint.model.graph import FLAG, NEW, NO_CLASS, STORED, Event, Flow, Given, Key, Opened, Test
from txlint.model.kinds import Confidence

_NO_NAMES: frozenset[str] = frozenset()
_NO_KEYS: dict[str, bool] = {}


def replay_function(linker: Linker, fun: Fun, klass: Klass | None, exact: bool, constants: Mapping[str, Any] = NO_CONSTANTS) -> Replay:
    """Replay a function (or a module's body) for receivers of a class; ``constants``: what some of its parameters, or names of the
    functions around it, are."""
    frame = Frame(linker, fun, klass, exact)
    frame.constants = constants
    try:
        frame.reads, frame.writes = linker.accessors[fun.module]
    except KeyError:
        frame.reads, frame.writes = accessors(linker, fun.module)
    frame.enter()
    frame.env.update(
        (name, (linker.atoms.const(value),)) for name, value in constants.items() if isinstance(value, str) and frame.is_param(name)
    )
    frame.body(fun.body)
    return frame.leave()


def evaluate(linker: Linker, expr: Expr, module: Module, klass: Klass | None, scope: Fun | None = None) -> Value:
    """An expression that stands in a module's or class's body, or in a function's signature; its calls leave no events."""
    if expr.__class__ is str and scope is None and klass is None:
        head, _, rest = expr.partition(".")
        value = linker.global_name(module, head)
        while rest and value:
            head, _, rest = rest.partition(".")
            value = linker.attributes(value, head)
        return value
    frame = Frame(linker, scope if scope is not None else module.body, klass if scope is None else None, True)
    frame.static = klass
    frame.silent = True
    if scope is not None:
        frame.parent = scope
    return frame.ev(expr)


def parse_expression(text: str) -> Expr | None:
    """A quoted annotation as an expression; None where it is none."""
    if text.replace(".", "").replace("_", "").isalnum():
        return text
    from txlint.lower import lower_expression

    return lower_expression(text)


def _may_vary(linker: Linker, value: Value) -> bool:
    """Is it an instance of a class of which it matters what is assigned to its attributes (``connection.autocommit = True``)?"""
    return bool(value) and all(type(atom) is ExtObj and atom.name in linker.catalog.watched for atom in value)


def _below(linker: Linker, fun: Fun, told: Value, typed: Value) -> Value:
    """What callers pass beside what an annotation says, where that is a class above harmless ones, and all of it is of such classes."""
    names = {atom.name for atom in typed if isinstance(atom, ExtObj)}
    if names.isdisjoint(linker.catalog.excepted):
        return UNKNOWN
    linker.narrowed.add(fun.id)
    more = tuple(atom for atom in told if atom not in typed)
    return more if all(isinstance(atom, ExtObj) and not names.isdisjoint(linker.catalog.bases(atom.name)[1:]) for atom in more) else UNKNOWN


def _of_callables(atom: Atom) -> bool:
    """Is it a container of which only that is known: ``dict[type, list[Callable]]``?"""
    if isinstance(atom, ExtObj):
        return atom.name in CALLABLES
    held = atom.item if isinstance(atom, Many) else atom.rest if isinstance(atom, Table) and not atom.items else UNKNOWN
    return bool(held) and all(map(_of_callables, held))


class Frame:
    """One body while it is being replayed: for each name the values it may have (alternatives joined where branches meet), the
    transactions that the function itself has open, and the `Flow` of events that it leaves."""

    __slots__ = (
        "asked", "assigned_params", "at", "at_end", "awaiting", "back_if", "by_flag", "by_test", "cached", "called", "chain",
        "closed", "commits",
        "constants", "dead", "depth", "each", "emptied", "ends", "env", "exact", "exits", "filled", "flow", "fun", "given", "given_if",
        "grown", "guards", "handling", "instead", "is_quiet", "joining", "joins_from", "jumped", "keys", "klass", "linker",
        "listed", "loops", "module", "never", "of_columns", "open", "origins", "owners", "paired", "parent", "past", "promises",
        "queries", "ran", "reads", "region", "renamed", "returned", "returns", "rows", "self_name", "sets", "silent", "skipped",
        "snapshot", "stacks", "stands_for", "started", "static", "switched", "tested", "tests", "told", "undoing", "unpacked",
        "writes", "written", "wrote", "yields",
    )  # fmt: skip

    def __init__(self, linker: Linker, fun: Fun, klass: Klass | None, exact: bool) -> None:
        self.linker = linker
        self.rows: set[str] = set()  # names whose rows this function writes
        self.fun = fun
        self.module = fun.module
        self.klass = klass
        self.exact = exact
        self.static: Klass | None = None  # the class whose body an expression stands in
        self.parent: Fun | None = fun.parent
        self.env: dict[str, Value] = {}
        self.keys: dict[str, Key] = {}  # names that are another name for a session
        self.region: tuple[Opened, ...] = ()
        self.open: dict[Key, Opened] = {}
        self.closed: frozenset[Key] = frozenset()
        self.guards: tuple[Test, ...] = ()
        self.flow = Flow(fun.id)
        self.queries: dict[tuple[str, str], Any] = {}
        self.sets: dict[str, Value] = {}
        self.yields: list[tuple[tuple[Opened, ...], Value]] = []
        self.is_quiet = False  # has nothing been heard before the first yield?
        self.returns: Value = UNKNOWN
        self.given: Given = {}  # what is closed besides where a test of a parameter holds, and how it is open where not
        self.returned: list[WayOut] = []
        self.joining: list[WayOut] = []  # ways out on a session that is a caller's: where there is one already
        self.joins_from: int | None = None  # the first of `returned` that is one
        self.by_flag = False  # a flag says whether there is one already
        self.handling = False
        self.undoing = False  # in a handler that raises again
        self.emptied: dict[str, Value] | None = None  # in a `try`: names that it has set to None -> what they stood for before
        self.tests = 0  # branches and handlers that are being replayed, one in the other
        self.chain: tuple[Any, int] = (None, 0)  # the next `elif`, and how many tests of its chain are counted
        self.exits = 0  # tests before, in the same blocks, under which this would not be reached
        # By call: what it has ended where its result is true, or false, and how that stood before.
        self.ends: dict[Pos, tuple[frozenset[Key], frozenset[Key], tuple[Opened, ...]]] = {}
        self.never: Expr = ""  # the last call that never came back: what it calls always raises
        self.back_if: tuple[Expr, list[tuple[str, Any]]] = ("", [])  # the last call that raises unless tests hold, and which
        self.dead = False  # behind a return, raise, break or continue
        self.commits: set[Key] = set()  # what is committed on some way through
        self.owners: dict[Key, tuple[str, Pos]] = {}  # sessions that a block around commits at its end: its name and place
        self.silent = False  # no events: the expression is only looked at
        self.skipped: frozenset[int] = frozenset()  # the lines of loops that are not entered
        self.constants = NO_CONSTANTS  # names that stand for these, by what a factory was called with
        self.depth = 0  # library calls that run library calls
        self.self_name: str | None = None
        # Names assigned to: parameters among them are no longer the caller's; which constants, None where anything else. Of `**kwargs`, the
        # keys that are no longer the caller's: whether anything else was put there.
        self.assigned_params: dict[str, tuple[Any, ...] | dict[str, bool] | None] = {}
        self.grown: dict[str, frozenset[str]] = {}  # parameters to which names have been added, and which
        self.tested: dict[str, Any] = {}  # local names of tests (`is_new = self.pk is None`): what holds where they are true, and false
        self.listed: dict[
            str, tuple[Value, tuple[Any, ...]]
        ] = {}  # names of each item of a loop over constants: the value, and all of these
        # Local names: their value, the test that decides it, what it is where that holds, and where not.
        self.by_test: dict[str, tuple[Value, Test, Value, Value]] = {}
        self.given_if: dict[str, Any] = {}  # local names that are None but where a test holds: what holds where they are not
        self.written: bool | None = False  # the receiver's own row has been saved here; None: on some of the ways to here
        # Names that stand for one field after the other in a loop (of no row), or for such a field of a row: the row, and which fields.
        self.each: dict[str, tuple[str | None, frozenset[str]]] = {}
        self.filled: dict[str, tuple[frozenset[Any], tuple[Test, ...]]] = {}  # containers: where something is put in, and what holds there
        # Names that stand for what is at one position of tuples that a container holds: the targets that were bound together, the tuples.
        self.unpacked: dict[str, tuple[Expr, Value, int]] = {}
        self.renamed: dict[str, str] = {}  # local names of parameters (`fields = kwargs.get("fields")`)
        self.called: Value = UNKNOWN  # what the last call was a call of
        self.origins: dict[str, tuple[Value, Expr]] = {}  # names bound to what a call gave: what was called, and the call
        self.snapshot: tuple[Opened, ...] | None = None  # `now_open()`, until something changes
        self.at: Stmt | None = None  # the statement that is being replayed, or the last one in it
        # Events on the ways to here at which a transaction was open that has only read; by `break` and `continue` what it was there.
        self.past: frozenset[Pos] = frozenset()
        self.jumped: list[tuple[str, frozenset[Pos]]] = []
        self.wrote: list[Opened] = []  # what loops around have written in that had only read
        self.awaiting = False  # arguments of a call that starts coroutines elsewhere are being read
        self.started: list[Started] = []  # what calls have started beside the function, and it has not yet awaited
        self.promises: list[tuple[Expr, tuple[Opened, ...]]] = []  # calls that wait for the commit, with what was open
        self.switched: dict[str, dict[str, None]] = {}  # names, and the attributes that are constants since they were assigned
        self.loops: list[tuple[Stmt, tuple[Opened, ...]]] = []  # around what is replayed, with what was open when they began
        # What is open only where names are this, and what is otherwise: for when the same is asked again.
        self.instead: dict[tuple[Key, Pos], tuple[tuple[Way, ...], Opened | None]] = {}
        self.asked: tuple[Fn, ...] = ()  # the dependencies in its parameters
        # Calls whose first argument is called when this function has returned: the call, what it passes, under which tests, how sure.
        self.at_end: list[tuple[Expr, tuple[Value, ...], dict[str | None, Value], tuple[Test, ...], Confidence]] = []
        self.stands_for: dict[str, Expr] = {}  # targets of a loop over what is listed: what they are in this round
        self.paired = False  # signals of the loop around have been connected, round by round
        self.stacks: dict[str, tuple[Callable[[], object], ...]] = {}  # what is done when an ExitStack is closed, by its name
        self.reads = self.writes = _NO_NAMES  # properties to look out for, see `properties`
        self.ran: set[Any] = set()  # the properties that have left their events
        self.told: set[Pos] = set()  # calls of what a decorator is given that leave something open, see `tell_left_open`
        self.of_columns: set[Pos] = set()  # reads that give columns and no rows
        self.cached: set[str] = set()  # attributes that have been read, and run nothing when they are read again

    # -- entering and leaving -----------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Parameters get what is known of them; decorators that open a transaction are open throughout."""
        linker, fun = self.linker, self.fun
        fact = fun.fact
        if fact is None:
            return
        decoration = linker.decoration(fun)
        self.region = decoration.openers
        if decoration.openers or decoration.inert:
            misuse.decorated(self, decoration)
            self.closed = frozenset(opened.key for opened in self.region if opened.durable)
        atoms = linker.atoms
        params = fact.params
        first = 0
        is_method = fun.klass is not None
        if fun.id in linker.around_methods:
            self.queries[("bound", "")] = None
            is_method = is_method or self.klass is not None
        if is_method and params and decoration.role != "static":
            first = 1
            self.self_name = params[0].name
            own = self.klass or fun.klass
            is_class = decoration.role == "class" or fact.name in ("__new__", "__init_subclass__", "__class_getitem__")
            self.env[params[0].name] = (atoms(SelfCls, own) if is_class else atoms(SelfObj, own, self.exact),)
            self.env.update((f"{params[0].name}.{name}", given) for name, given in decoration.given)
        elif params and params[0].name == "self" and any(type(atom) is not Fn for atom in decoration.value):
            # What a decorator makes of the function is handed to it: a task that is bound to itself.
            first = 1
            self.env["self"] = decoration.value
        owner = fun.klass
        asked: list[tuple[Fn, str]] = []
        for param in params[first:]:
            name = param.name
            value: Value = (atoms(Param, fun, name),)
            if param.kind == "vararg":
                self.env[name] = (atoms(Many, UNKNOWN),)
                continue
            if param.kind == "kwarg":
                self.env[name] = (atoms(Table, (), UNKNOWN),)
                continue
            if param.default is not None or param.annotation is not None:
                for dependency in linker.dependencies(param.annotation, param.default, fun.module, owner, fun.parent):
                    self.keys.update((f"{name}.{path}" if path else name, key) for path, key in provided(linker, dependency).items())
                    asked.append((dependency, name))
            typed: Value = UNKNOWN
            if param.annotation is not None:
                typed = for_frame(self, linker.annotation(param.annotation, fun.module, owner, fun.parent))
            if not typed and param.default is not None and param.default.__class__ is tuple and param.default[0] == "call":
                given = evaluate(linker, param.default, fun.module, owner, fun.parent)
                typed = linker.injected(given)
            if param.default.__class__ is str and all(map(_of_callables, typed)):
                typed = union(typed, evaluate(linker, param.default, fun.module, owner))  # a factory, a table that callers may replace
            if not typed and owner is not None:
                typed = self._overridden_parameter(fact.name, name)
            if not typed or all(type(a) is ExtObj or _of_callables(a) for a in typed):
                told = self._told(name)
                # An annotation does not say whether a connection commits by itself, or a path is a temporary one; who passes one knows.
                known_better = told and _may_vary(linker, typed) and all(type(a) is ExtObj for a in told)
                typed = told if known_better else _below(linker, fun, told, typed) or union(typed, told)
            self.env[name] = union(value, typed)
        for param in params[first : first + 1] if fun.id in linker.contexts else ():
            if param.kind != "vararg":
                self.env[param.name] = linker.contexts[fun.id]
        self.asked = tuple(dependency for dependency, _ in asked)
        for dependency_of, name in asked:
            self.request_wide(dependency_of, name)

    def saved(self, name: str) -> None:
        """The row of an instance has been written: it is no longer new."""
        value = self.env.get(name)
        if value:
            self.env[name] = tuple(self.linker.of_row(a, STORED) if row_of(a) == NEW else a for a in value)

    def _told(self, name: str) -> Value:
        """What callers pass for a parameter: those that call it on this very class, and those that name none."""
        linker, fun = self.linker, self.fun
        value: Value = linker.params.get((fun.id, name, NO_CLASS), UNKNOWN)
        if fun.klass is not None and self.klass is not None:
            self.queries[("told", f"{fun.id}|{name}")] = None
            value = union(value, linker.params.get((fun.id, name, self.klass.id), UNKNOWN))
        return passed_classes(linker, linker.atoms(Param, fun, name), value) if value else value

    def request_wide(self, dependency: Fn, parameter: str) -> None:
        """What a dependency has open where it yields, or on a session that it shares, is open in the whole function that depends on it."""
        for opened in self.linker.request_wide(dependency.fun, (), is_brief(dependency)):
            key: Key = opened.key
            if len(key) > 2 and key[1] != "global":
                key = self.keys.get(parameter, ("session", "param", parameter))
            if all(other.key != key for other in self.region):
                self.region = (*self.region, replace(opened, key=key))

    def _overridden_parameter(self, method: str, parameter: str) -> Value:
        """What a library passes to a method that the project overrides: for one class something, for another nothing that is known."""
        if f"{method}.{parameter}" not in self.linker.catalog.given_parameters:
            return UNKNOWN
        klass = self.klass or self.fun.klass
        assert klass is not None
        self.queries[("passed", f"{method}|{parameter}")] = None
        return self.linker.passed_by_library(self.linker.atoms(SelfObj, klass, self.exact), method, parameter)

    def leave(self) -> Replay:
        """What the replay tells: of all ways out, what any leaves open and what every one closes."""
        if self.promises:
            misuse.promised(self)
        if not self.dead:
            self.returned.append(WayOut(self.open, self.closed, False, False, self.given, self.guards, self.past))
        if self.joins_from is not None:
            self.joining += self.returned[self.joins_from :]
            del self.returned[self.joins_from :]
        is_joining = bool(self.joining and self.returned)
        self.returned = self.returned or self.joining
        if self.at_end or self.asked:
            run_at_end(self)
        self.returned = self._ways_of_class()
        left: dict[Key, Opened] = {}
        closes: frozenset[Key] | None = None
        for way in self.returned:
            left.update(way.open)
            closes = way.closed if closes is None else closes & way.closed
        if self.told:
            left = {key: opened for key, opened in left.items() if opened.pos not in self.told}
        for key in left:
            if any(key not in way.open and key in way.closed for way in self.returned if not way.handling):
                left[key] = replace(left[key], confidence=left[key].confidence.doubted)
            left[key] = begun_on_ways(left[key], self.returned)
        by_truth = [[way.closed for way in self.returned if way.truth is not other] for other in (False, True)]
        if_true, if_false = (frozenset.intersection(*each) if each else frozenset() for each in by_truth)
        return Replay(
            self.flow,
            self.returns,
            tuple(self.yields),
            tuple(left.values()),
            closes or frozenset(),
            frozenset(self.commits),
            next((way.closed for way in reversed(self.returned) if not way.handling), frozenset()),
            (if_true - (closes or frozenset()), if_false - (closes or frozenset())),
            closes_given(self.returned, closes or frozenset()),
            self.sets,
            self.env,
            self.queries,
            self.dead and not self.returned and not self.yields,
            self.is_quiet,
            guards_of_all(self.returned) if not self.yields else (),
            is_joining,
            is_joining and self.by_flag,
        )

    def _ways_of_class(self) -> list[WayOut]:
        """The ways out but for those that receivers of the class never take: ``if not self.transactional: return ..``."""
        ways = self.returned
        flags = {test.param for way in ways for test in way.guards if test.param.startswith(FLAG)} if len(ways) > 1 else ()
        if not flags or self.klass is None or not any(way.open or way.closed for way in ways):
            return ways
        says = of_class(self.linker, self.klass, self.exact)
        self.queries.update((("attr", flag.removeprefix(FLAG)), None) for flag in sorted(flags))
        return [way for way in ways if all(test.param not in says or test.holds(says[test.param]) for test in way.guards)]

    # -- regions ------------------------------------------------------------------------------------------------------------------

    def now_open(self) -> tuple[Opened, ...]:
        """The transactions that the function has open here: by blocks around, then by calls before."""
        snapshot = self.snapshot
        if snapshot is None:
            snapshot = self.region
            if self.open:  # what a block and a call have opened at one place is one: a savepoint, and the transaction around it
                blocks = {(opened.key, opened.pos) for opened in snapshot}
                snapshot += tuple(opened for opened in self.open.values() if (opened.key, opened.pos) not in blocks)
            self.snapshot = snapshot
        return snapshot

    def push(self, opened: Opened) -> None:
        """Opened by a block: until it ends."""
        if not opened.retry and self.is_retried(opened):
            opened = replace(opened, retry=True)
        if not self.silent:
            misuse.opened(self, opened, self.now_open())
        self._opened_at(opened)
        if opened.durable:
            self.closed = self.closed | {opened.key}  # where a caller has one open it raises
        self.region = (*self.region, opened)
        self.snapshot = None
        if not self.silent:
            self.flow.scopes += 1

    def _opened_at(self, opened: Opened) -> None:
        if opened.path is None:  # else opened elsewhere
            opened.tests = self.undecided

    @property
    def undecided(self) -> int:
        """Of how many tests that nothing decides it depends that this is reached, in the function itself."""
        return self.tests + self.exits

    def is_retried(self, opened: Opened) -> bool:
        """Is what is opened here opened again after an error: by a loop around it, by a decorator of the function?"""
        fun = self.fun
        return fun.fact is not None and (self.linker.decoration(fun).retried or tries_again(fun.fact.body, opened.pos))

    def begin(self, opened: Opened) -> None:
        """Opened by a call: until a closer on the same key."""
        owner = self.owners.get(opened.key)
        if owner is not None and opened.kind == "autobegin":
            opened = replace(opened, kind="custom", name=owner[0], pos=owner[1], begun=opened.pos)  # it is the block's transaction
        if opened.key in self.given:
            self.given = {key: kept for key, kept in self.given.items() if key != opened.key}
        known = self.open.get(opened.key)
        if known is not None and known.writes_if is not None and opened.writes_if not in (None, known.writes_if):
            opened = replace(opened, writes_if=None)  # by one of two tests
        if known is not None and known.begun_if is not None:
            is_alike = not (opened.reads or known.reads or known.writes_if or opened.begun_if is not None)
            if is_alike and opened.confidence >= known.confidence:
                self._open(opened)  # what surely has begun is shown rather than what may have
                return
            known = replace(known, begun_if=opened.begun_if and tuple(test for test in known.begun_if if test in opened.begun_if))
            self.open = {**self.open, opened.key: known}
            self.snapshot = None
        if known is not None and (opened.reads or not (known.reads or known.writes_if)):
            if opened.pos not in self.of_columns:
                self.of_columns.discard(known.pos)
            if known.confidence >= opened.confidence or opened.reads is not known.reads:
                return
            # That one may have ended by now; then this begins the next.
        if known is not None and known.reads and not opened.reads and opened.writes_if is None:
            self.writes_after_all(known)
        if opened.kind in ("autobegin", "custom") and any(o.key == opened.key and (opened.reads or not o.reads) for o in self.region):
            return
        if opened.kind == "autobegin" and opened.key in self.linker.begun:
            return
        self._open(opened)
        if not self.silent and known is None:
            self.flow.scopes += 1

    def _open(self, opened: Opened) -> None:
        self._opened_at(opened)
        self.open = {**self.open, opened.key: opened}
        self.snapshot = None

    def changed(self, row: Expr, by: Fun | str | None = None, attribute: str = "", known: Value = UNKNOWN) -> None:
        """An attribute of an instance is assigned to: if it is a row that was read, its transaction is one that writes. ``by``: only if
        this method of it assigns one, or if this attribute is one, of those that its class has. ``attribute``: unless this is none.
        ``known``: what the row is."""
        if not any(opened.reads or opened.writes_if for opened in self.open.values()):
            return
        name = row if row.__class__ is str and "." not in row else None
        if not known:
            known = self.looked_at(row) if name is None else self.env.get(name) or (self.name(name) if name in self.reads else UNKNOWN)
        if not any(isinstance(atom, Obj) for atom in known):
            self.of_columns.clear()  # it may be a row
        for atom in known:
            if isinstance(atom, Obj) and row_of(atom) != NEW and self.linker.is_mapped(atom.klass):
                if by is not None and not assigns_field(self.linker, atom.klass, by):
                    continue
                if attribute and self.linker.is_plain(atom.klass, attribute):
                    continue
                for each in self.open.values():
                    if each.reads and each.key[0] == "session":
                        self.writes_after_all(each)
                self.open = {k: replace(o, reads=False, writes_if=None) if k[0] == "session" else o for k, o in self.open.items()}
                if name is not None:
                    self.rows.add(name)
                self.snapshot = None
                return

    def committed(self, key: Key) -> None:
        """Who commits what began with a read has written something in between, in ways that need not be seen: `row.name = new`; but for
        who has read no row."""
        self.commits.add(key)
        if len(key) == 1:
            for each in [each for each in self.open if each[0] == key[0]]:
                self.committed(each)
            return
        still = self.open.get(key)
        if still is not None and (still.pos not in self.of_columns or self._is_given_more(key)):
            self.writes_after_all(still)

    def _is_given_more(self, key: Key) -> bool:
        """Do callers pass anything besides what this transaction is open on, which may be a row?"""
        fact = self.fun.fact
        return fact is not None and any(each.name != self.self_name and each.name not in map(str, key) for each in fact.params)

    def heard(self, event: Event) -> None:
        """Leaves an event."""
        self.flow.events.append(event)
        for opened in event.region:
            if opened.reads:
                self.past |= {event.pos}
                return

    def writes_after_all(self, known: Opened) -> None:
        """A transaction that began with a read is written in, and was the same when it had only read, on the ways that lead to here."""
        if self.loops:
            self.wrote.append(known)
        for at, event in enumerate(self.flow.events) if self.past else ():
            if event.pos in self.past and any(o.reads and o.key == known.key and o.pos == known.pos for o in event.region):
                region = tuple(replace(o, reads=False) if o.key == known.key and o.pos == known.pos else o for o in event.region)
                self.flow.events[at] = replace(event, region=region)

    def doubt(self, key: Key, most: Confidence) -> None:
        """What is open under this key may have been ended by now: it still is with one doubt more, and this confidence at most."""
        opened = self.open.get(key)
        if opened is not None:
            self.open = {**self.open, key: replace(opened, confidence=min(opened.confidence.doubted, most))}
            self.snapshot = None
        if any(o.key == key for o in self.region):
            self.region = tuple(replace(o, confidence=min(o.confidence.doubted, most)) if o.key == key else o for o in self.region)
            self.snapshot = None

    def end_begun(self, key: Key) -> None:
        """What the function itself has begun under this key is closed; what is not open here is nobody's that could be."""
        if key in self.open:
            self.end(key)

    def end_begun_at(self, key: Key, pos: Pos) -> None:
        """What this very call has begun under this key, or in this family, is closed; whatever was open before stays."""
        begun = {k for k, opened in self.open.items() if opened.pos == pos and (k == key or k[:1] == key)}
        if begun:
            self.open = {k: opened for k, opened in self.open.items() if k not in begun}
            self.snapshot = None

    def end(self, key: Key) -> None:
        """Whatever is open under this key, or in this family, is closed, here or in a caller."""
        if len(key) == 1:
            self.open = {k: v for k, v in self.open.items() if k[0] != key[0]}
            self.region = tuple(opened for opened in self.region if opened.key[0] != key[0])
        if key in self.open:
            self.open = {k: v for k, v in self.open.items() if k != key}
        if any(opened.key == key for opened in self.region):
            self.region = tuple(opened for opened in self.region if opened.key != key)
        self.closed = self.closed | {key}
        self.snapshot = None

    # -- statements ---------------------------------------------------------------------------------------------------------------

    def body(self, statements: Body) -> None:
        """Replays statements in order, up to one behind which nothing runs."""
        run = STATEMENTS
        for stmt in statements:
            if self.dead:
                return
            self.at = stmt
            run[stmt[0]](self, stmt)
            if self.started:
                waited(self, stmt)

    def state(self) -> State:
        """What branches tell apart, as it is now."""
        return State(self.env, self.open, self.closed, self.guards, self.region, self.dead, self.keys, self.given, self.written, self.past)

    def resume(self, state: State) -> None:
        """On with a state that a branch has left."""
        self.env, self.open, self.closed, self.guards, self.region, self.dead, self.keys, self.given, self.written, self.past = state
        self.snapshot = None

    def restore(self, state: State) -> None:
        """Back to a state, on copies of its tables."""
        self.resume(state)
        self.env, self.keys = dict(state.env), dict(state.keys)

    def fork(self) -> State:
        """The state before a branch; what follows leaves it untouched."""
        state = self.state()
        self.env = dict(self.env)
        self.keys = dict(self.keys)
        return state

    def leave_by(self, first: int, through: Callable[[], None], heard: bool) -> None:
        """What runs on the way out of a block, ``through``, runs for each ``return`` in it too, from the ``first`` on: it may end what is
        open there. Its events are left once, or have been (``heard``)."""
        state, silent, ways = self.state(), self.silent, len(self.returned)
        for at in range(first, ways):
            way = self.returned[at]
            self.open, self.closed, self.dead, self.past, self.snapshot = way.open, way.closed, False, way.past, None
            self.silent = silent or heard
            through()
            heard = True
            if not self.dead:
                self.returned[at] = way._replace(open=self.open, closed=self.closed)
        del self.returned[ways:]
        self.silent = silent
        self.resume(state)

    def join(self, before: State, one: State, two: State, test: Test | None = None) -> None:
        """After two branches: what either may have left; what is certain only where both left it so. ``test`` holds on the first of
        them, and does not on the other."""
        if one.dead and two.dead:
            self.env = one.env
            self.dead = True
            return
        if one.dead or two.dead:
            self.resume(two if one.dead else one)
            return
        if one.env is not two.env:
            for head, names in self.switched.items():  # what only one of them has assigned may still be what it was
                for name in [each for each in names if (f"{head}.{each}" in one.env) is not (f"{head}.{each}" in two.env)]:
                    del names[name]
            for name, value in one.env.items():
                other = two.env.get(name)
                if other is not value:
                    two.env[name] = union(other, value) if other else value
        self.env = two.env
        self.open = either(before.open, one.open, two.open, test) if one.open is not two.open else one.open
        if one.given is not two.given or one.closed is not two.closed:
            self.given = given_after(one, two, test)
        self.closed = one.closed & two.closed
        self.written = one.written if one.written is two.written else None
        self.past = one.past | two.past if one.past is not two.past else one.past
        self.guards = before.guards
        same = one.region is two.region is before.region
        self.region = before.region if same else tuple(dict.fromkeys((*one.region, *two.region)))
        self.keys = two.keys
        self.dead = False
        self.snapshot = None

    def began(self, before: dict[Key, Opened], yes: dict[Key, Opened], no: dict[Key, Opened], test: Expr) -> None:
        """After a branch: which of the transactions that are open now were begun on one of its ways only."""
        if self.loops:
            return
        for key, opened in self.open.items():
            one, two = yes.get(key), no.get(key)
            if key not in before and (one is None or two is None or one.pos != two.pos):
                on_yes = one is not None and opened.pos == one.pos
                ways = tuple(way for way in ways_of(test, on_yes) if self._is_lasting(way.name))
                if ways:
                    self.instead = {**self.instead, (key, opened.pos): (ways, two if on_yes else one)}

    def _is_lasting(self, name: str) -> bool:
        """Does a name, or an attribute of the receiver, stand for the same whenever it is asked for?"""
        fact, owner = self.fun.fact, self.fun.klass
        head, _, attribute = name.partition(".")
        if fact is None or head not in self.fun.scope:
            return False
        uses = uses_of(self.linker, self.fun, head)
        if len(uses.bindings) + any(param.name == head for param in fact.params) != 1:
            return False
        if not attribute:
            return True
        return (
            head == self.self_name and owner is not None and REREADS.isdisjoint(uses.called) and is_lasting(self.linker, owner, attribute)
        )

    def entered(self, test: Expr, wanted: bool) -> None:
        """On a branch: what was begun only where a test gave the opposite is not open here."""
        ways = ways_of(test, wanted)
        for key, opened in self.open.items() if ways else ():
            known = self.instead.get((key, opened.pos))
            if known is not None and any(one.excludes(two) for one in known[0] for two in ways):
                still = {k: o for k, o in self.open.items() if k != key}
                self.open = {**still, key: known[1]} if known[1] is not None else still
                self.snapshot = None

    def closure(self) -> Atom | None:
        """What a function defined here sees as the receiver of the method around it."""
        if self.klass is None and self.fun.klass is None:
            return None
        own = self.klass or self.fun.klass
        assert own is not None
        return self.linker.atoms(SelfObj, own, self.exact)

    def is_param(self, name: str) -> bool:
        """Is it a parameter that still holds what the caller passed?"""
        fact = self.fun.fact
        return (
            fact is not None
            and "." not in name
            and name != self.self_name
            and name not in self.assigned_params
            and any(param.name == name for param in fact.params)
        )

    def is_keywords(self, name: str) -> bool:
        """Is it the ``**kwargs`` of the function, as it was called?"""
        return self.rekeyed(name) == {}

    def rekeyed(self, name: str) -> dict[str, bool] | None:
        """The keys of the function's ``**kwargs`` under which is no longer what it was called with: True where something was put there,
        False where it was taken out. None where it is not that, or anything may have changed."""
        fact = self.fun.fact
        if fact is None or not fact.params or fact.params[-1].kind != "kwarg" or fact.params[-1].name != name:
            return None
        known = self.assigned_params.get(name, _NO_KEYS)
        return known if isinstance(known, dict) else None

    def rekey(self, name: str, keys: Iterable[Expr | None], is_put: bool) -> None:
        """Something is put under these keys of what may be the function's ``**kwargs``, or taken out; None: any key."""
        known = self.rekeyed(name)
        if known is not None:
            names: list[Any] = [key[1] if key.__class__ is tuple and key[0] == "const" else None for key in keys]
            changed = {**known, **{key: is_put or self.tests > 0 or known.get(key, False) for key in names}}
            self.assigned_params[name] = None if None in changed else changed

    # -- names and keys -----------------------------------------------------------------------------------------------------------

    def name(self, name: str) -> Value:
        """A name without dots: local, of a function or class around, else of the module."""
        value = self.env.get(name)
        if value is not None:
            return value
        parent = self.parent
        if name in self.fun.scope and parent is not self.fun:  # else what is looked at stands in the function, and is no part of a replay
            return UNKNOWN
        if parent is not None and parent.fact is not None:
            value = self.enclosing(parent, name)
            if value is not None:
                return value
        static = self.static
        if static is not None and name in static.names:
            value = self.linker.class_attribute(static, name)
            if value:
                return value  # else it is bound to what it is the name of: `Session = Session`
        return self.linker.global_name(self.module, name)

    def enclosing(self, fun: Fun | None, name: str) -> Value | None:
        """A name of the functions around; None where none of them binds it."""
        owner = fun.owner_of(name) if fun is not None else None
        if owner is None:
            return None
        # The parent's names as it leaves them; what it has set so far while it is being replayed itself.
        klass = self.klass if owner.klass is not None or self.klass is not None else None
        value = self.linker.names_of(owner, klass if klass is not None else owner.klass, self.exact).get(name, UNKNOWN)
        if any(isinstance(atom, (SelfObj, SelfCls)) for atom in value):
            self.queries.setdefault(("attr", "__self__"), None)
        return value

    def key_of(self, expr: Expr, value: Value) -> Key | None:
        """The key of a session or connection that an expression names; None where it has none."""
        if expr.__class__ is not str:
            if expr[0] == "await":
                return self.key_of(expr[1], value)
            if expr[0] != "sub" or expr[1].__class__ is not str or expr[2].__class__ is str or not item_name(expr[2]):
                return None
            expr = f"{expr[1]}.{item_name(expr[2])}"  # under a constant key: told from others like an attribute
        for first in value:
            if isinstance(first, (ExtObj, Obj)):
                break
        else:
            return None
        family, origin = "session", first.origin
        if origin.__class__ is tuple and origin[0] == "via":
            if origin[-1] != NAMED:
                return origin[1]  # type: ignore[no-any-return]
            keyed = self.linker.catalog.is_keyed
            if expr not in self.keys and all(a.origin == origin for a in value if type(a) is ExtObj and keyed(a.name)):
                return origin[1]  # type: ignore[no-any-return]
        head, _, rest = expr.partition(".")
        if rest and self.linker.has_sessions:
            rest = self._canonical(head, rest)
            expr = f"{head}.{rest}"
        known = self.keys.get(expr)
        if known is not None:
            return known
        known = self.keys.get(head)
        if known is not None:
            return (*known[:2], f"{known[2]}.{rest}", *known[3:])
        if head == self.self_name:
            return (family, "self", rest)
        if self.is_param(head):
            return (family, "param", expr)
        if head in self.fun.scope:
            return (family, "local", f"{self.fun.id}:{expr}")
        parent = self.parent
        while parent is not None:
            if head in parent.scope:
                return (family, "local", f"{parent.id}:{expr}")
            parent = parent.parent
        return of_global(self.linker, self.module, expr)

    def session_key(self, expr: str) -> Key | None:
        """The key of a name that is known to hold a session or connection, whatever else is known of its value."""
        value = self.env.get(expr) or (self.looked_at(expr) if "." in expr else UNKNOWN)
        if not any(map(is_kept, value)):
            value = (self.linker.atoms(ExtObj, "session", UNKNOWN, None),)
        return self.key_of(expr, value)

    def key_held(self, expr: str) -> Key | None:
        """The same, where what the name holds may have been made of another session: its connection, what a context variable keeps."""
        return self.key_of(expr, self.env.get(expr, UNKNOWN)) or self.session_key(expr)

    def _canonical(self, head: str, path: str) -> str:
        """The one name of what an attribute path stands for, by what the constructor of its object keeps where."""
        if head == self.self_name:
            klass = self.klass or self.fun.klass
            self.queries[("attr", "__init__")] = None
        else:
            klass = next((atom.klass for atom in self.env.get(head, UNKNOWN) if isinstance(atom, Obj)), None)
        if klass is not None:
            path = canonical(self.linker, klass, path)
        first, _, rest = path.partition(".")
        if rest:  # `self.unit.orders.session`, where the unit has made the orders of its own session
            for atom in self.env.get(f"{head}.{first}") or self.getattr(self.env.get(head, UNKNOWN), first):
                if isinstance(atom, Obj):
                    one = f"{first}.{canonical(self.linker, atom.klass, rest)}"
                    if klass is not None:
                        one = shared(self.linker, klass, one, atom.klass)
                    if one != path:
                        return one
        return path

    # -- expressions --------------------------------------------------------------------------------------------------------------

    def ev(self, expr: Expr) -> Value:
        """The value of an expression; its calls leave their events."""
        if expr.__class__ is str:
            if "." not in expr:
                value = self.env.get(expr)
                return value if value is not None else self.name(expr)
            return self.dotted(expr)
        return EXPRESSIONS[expr[0]](self, expr)

    def looked_at(self, expr: Expr) -> Value:
        """The value of an expression that is, or has been, evaluated in its place: its calls leave no events here."""
        silent, self.silent = self.silent, True
        value = self.ev(expr)
        self.silent = silent
        return value

    def dotted(self, expr: str) -> Value:
        """``a.b.c``; what was assigned under that very text counts first."""
        env = self.env
        known = env.get(expr)
        if known is not None:
            return known
        if self.sets:
            # `self.tx.begin` after `self.tx = ...` in this very function
            base, _, last = expr.rpartition(".")
            known = env.get(base) if "." in base else None
            if known:
                value = self.getattr(known, last)
                if last in self.reads:
                    read(self, known, last, expr)
                return value
        head, _, rest = expr.partition(".")
        value, reads = self.name(head), self.reads
        if head in reads:
            load(self, expr)
        while rest and value:
            head, _, rest = rest.partition(".")
            holder = value
            value = self.getattr(holder, head)
            if head in reads:
                read(self, holder, head, expr[: -len(rest) - 1] if rest else expr)
        return value

    def getattr(self, value: Value, name: str) -> Value:
        """An attribute of a value; what is asked of the receiver is noted, as a class that answers alike shares the replay."""
        result: Value = UNKNOWN
        for atom in value:
            if isinstance(atom, (SelfObj, SelfCls)):
                self.queries[("attr", name)] = None
            elif isinstance(atom, Super):
                self.queries[("after", f"{name}|{atom.after.id}")] = None
            elif isinstance(atom, Param):
                continue
            elif isinstance(atom, Stored) and atom.place[0] in OF_CALLERS and (self.now_open() or name in self.linker.catalog.leading()):
                # A service that callers hand to a constructor, without an annotation: looked for only where it can matter.
                result = union(result, of_options(self.linker, atom, name))
                continue
            if name[:2] == "__" and isinstance(atom, SelfObj) and (own := private(self.linker, self.fun.klass, atom, name)):
                result = union(result, own)
                continue
            found = self.linker.attribute(atom, name)
            if not found and isinstance(atom, (Obj, SelfObj)):
                found = (of_given(self.linker, atom, name) if self.open or self.region else found) or answered(self.linker, atom, name)
            result = union(result, found) if result else found
        if not result and len(value) == 2 and type(value[1]) is Obj and type(value[0]) is Param and value[0].fun is self.fun:
            self.linker.asking.add(self.fun.id)
            told = self.linker.attributes(self._told(value[0].name), name)  # the class of its annotation has no such method
            return tuple([atom for atom in told if type(atom) is Fn])
        return result
