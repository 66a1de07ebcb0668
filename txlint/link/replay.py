"""Replaying a function's body: what it calls, in order, with what transactions open; what it returns; what it sets on self.

`Frame` walks the statements of one body once, keeping for each name the values it may have (alternatives joined where branches
meet) and the transactions that the function itself has open. Every call that matters becomes an `Event`. Calls themselves are in
`calls`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from txlint.link.calls import evaluate_call
from txlint.link.entering import Closing, enter_context
from txlint.link.library import subscript
from txlint.link.linker import Linker, Replay
from txlint.link.opening import asserted, state_queries
from txlint.link.project import Fun, Klass, Module
from txlint.link.targets import iterate
from txlint.link.typehints import instances_of
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Cls,
    Const,
    ExtObj,
    Fn,
    Many,
    Obj,
    Param,
    SelfCls,
    SelfObj,
    Seq,
    Super,
    Table,
    Value,
    union,
)
from txlint.model.facts import Body, Expr, Pos
from txlint.model.graph import Flow, Key, Opened, Test


def replay_function(linker: Linker, fun: Fun, klass: Klass | None, exact: bool) -> Replay:
    """Replay a function (or a module's body) for receivers of a class."""
    frame = Frame(linker, fun, klass, exact)
    frame.enter()
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


class Frame:
    __slots__ = (
        "assigned_params", "awaiting", "closed", "dead", "depth", "env", "exact", "flow", "fun", "guards", "keys", "klass",
        "linker", "module", "open", "parent", "queries", "region", "returned", "returns", "self_name", "sets", "silent",
        "snapshot", "stacks", "static", "yields",
    )  # fmt: skip

    def __init__(self, linker: Linker, fun: Fun, klass: Klass | None, exact: bool) -> None:
        self.linker = linker
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
        self.returns: Value = UNKNOWN
        self.returned: list[tuple[dict[Key, Opened], frozenset[Key]]] = []
        self.dead = False
        self.silent = False
        self.depth = 0
        self.self_name: str | None = None
        self.assigned_params: set[str] = set()
        self.snapshot: tuple[Opened, ...] | None = None
        self.awaiting = False
        self.stacks: dict[str, tuple[Opened, ...]] = {}  # what an ExitStack has entered, by its name

    # -- entering and leaving -----------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Parameters get what is known of them; decorators that open a transaction are open throughout."""
        linker, fun = self.linker, self.fun
        fact = fun.fact
        if fact is None:
            return
        decoration = linker.decoration(fun)
        self.region = decoration.openers
        atoms = linker.atoms
        params = fact.params
        first = 0
        if fun.klass is not None and params and decoration.role != "static":
            first = 1
            self.self_name = params[0].name
            own = self.klass or fun.klass
            is_class = decoration.role == "class" or fact.name in ("__new__", "__init_subclass__", "__class_getitem__")
            self.env[params[0].name] = (atoms(SelfCls, own) if is_class else atoms(SelfObj, own, self.exact),)
        elif params and params[0].name == "self" and any(type(atom) is not Fn for atom in decoration.value):
            # What a decorator makes of the function is handed to it: a task that is bound to itself.
            first = 1
            self.env["self"] = decoration.value
        owner = fun.klass
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
                    self.request_wide(dependency.fun, name)
            typed: Value = UNKNOWN
            if param.annotation is not None:
                typed = linker.annotation(param.annotation, fun.module, owner, fun.parent)
            if not typed and param.default is not None and param.default.__class__ is tuple and param.default[0] == "call":
                given = evaluate(linker, param.default, fun.module, owner, fun.parent)
                typed = linker.injected(given)
            if not typed and owner is not None:
                typed = self._overridden_parameter(fact.name, name)
            if not typed or all(type(a) is ExtObj for a in typed):
                typed = union(typed, linker.params.get((fun.id, name), UNKNOWN))
            self.env[name] = union(value, typed)

    def request_wide(self, dependency: Fun, parameter: str) -> None:
        """What a dependency has open where it yields is open in the whole function that depends on it."""
        fact = dependency.fact
        if fact is None or not fact.is_generator:
            return
        path = dependency.module.facts.path
        for region, _ in self.linker.replay(dependency, None, True).yields:
            for opened in region:
                key: Key = ("session", "param", parameter)
                if all(other.key != key for other in self.region):
                    self.region = (*self.region, replace(opened, kind="request", key=key, path=path, function=dependency.dotted))

    def _overridden_parameter(self, method: str, parameter: str) -> Value:
        """What a library passes to a method that the project overrides."""
        klass = self.klass or self.fun.klass
        assert klass is not None
        value = self.linker.passed_by_library(self.linker.atoms(SelfObj, klass, self.exact), method, parameter)
        if value:
            self.queries[("passed", f"{method}|{parameter}")] = None
        return value

    def leave(self) -> Replay:
        if not self.dead:
            self.returned.append((self.open, self.closed))
        left: dict[Key, Opened] = {}
        closes: frozenset[Key] | None = None
        for still_open, closed in self.returned:
            left.update(still_open)
            closes = closed if closes is None else closes & closed
        return Replay(
            self.flow,
            self.returns,
            tuple(self.yields),
            tuple(left.values()),
            closes or frozenset(),
            self.sets,
            self.env,
            self.queries,
        )

    # -- regions ------------------------------------------------------------------------------------------------------------------

    def now_open(self) -> tuple[Opened, ...]:
        snapshot = self.snapshot
        if snapshot is None:
            snapshot = self.snapshot = self.region + tuple(self.open.values()) if self.open else self.region
        return snapshot

    def push(self, opened: Opened) -> None:
        self.region = (*self.region, opened)
        self.snapshot = None
        if not self.silent:
            self.flow.scopes += 1

    def begin(self, opened: Opened) -> None:
        """Opened by a call: until a closer on the same key."""
        known = self.open.get(opened.key)
        if known is not None and not (known.reads and not opened.reads):
            return
        if opened.kind == "autobegin" and any(other.key == opened.key for other in self.region):
            return
        self.open = {**self.open, opened.key: opened}
        self.snapshot = None
        if not self.silent and known is None:
            self.flow.scopes += 1

    def end(self, key: Key) -> None:
        if key in self.open:
            self.open = {k: v for k, v in self.open.items() if k != key}
        if any(opened.key == key for opened in self.region):
            self.region = tuple(opened for opened in self.region if opened.key != key)
        self.closed = self.closed | {key}
        self.snapshot = None

    # -- statements ---------------------------------------------------------------------------------------------------------------

    def body(self, statements: Body) -> None:
        run = _STATEMENTS
        for stmt in statements:
            if self.dead:
                return
            run[stmt[0]](self, stmt)

    def s_expr(self, stmt: Any) -> None:
        expr = stmt[1]
        if expr.__class__ is not str:
            tag = expr[0]
            if tag == "call":
                evaluate_call(self, expr, used=False)
            elif tag == "await" and expr[1].__class__ is not str and expr[1][0] == "call":
                evaluate_call(self, expr[1], used=False)
            else:
                self.ev(expr)

    def s_assign(self, stmt: Any) -> None:
        value = self.ev_bound(stmt[2])
        for target in stmt[1]:
            self.assign(target, value, stmt[2])

    def ev_bound(self, expr: Expr) -> Value:
        """An expression whose value is kept under a name."""
        if expr.__class__ is not str:
            if expr[0] == "call":
                return evaluate_call(self, expr, used=True, bound=True)
            if expr[0] == "comp" and expr[1] == "gen" and not self.silent:
                self.silent = True  # nothing of it runs before it is iterated
                value = self.ev(expr)
                self.silent = False
                return value
            if expr[0] == "await" and expr[1].__class__ is not str and expr[1][0] == "call":
                return evaluate_call(self, expr[1], used=True, bound=True)
        return self.ev(expr)

    def s_ann(self, stmt: Any) -> None:
        value = self.ev_bound(stmt[3]) if stmt[3] is not None else UNKNOWN
        typed = self.linker.annotation(stmt[2], self.module, self.fun.klass, self.parent)
        self.assign(stmt[1], union(value, typed), stmt[3])

    def s_aug(self, stmt: Any) -> None:
        value = self.ev(stmt[3])
        if stmt[1].__class__ is str and "." not in stmt[1]:
            self.assigned_params.add(stmt[1])
            self.env[stmt[1]] = union(self.env.get(stmt[1], UNKNOWN), value)
        else:
            self.ev(stmt[1])

    def assign(self, target: Expr, value: Value, source: Expr | None = None) -> None:
        if target.__class__ is str:
            if "." not in target:
                self.env[target] = value
                if target in self.keys:
                    del self.keys[target]
                if self.fun.fact is not None:
                    self.assigned_params.add(target)
                    if source.__class__ is str:
                        key = self.key_of(source, value)
                        if key is not None:
                            self.keys[target] = key
                return
            head, _, name = target.rpartition(".")
            if head == self.self_name:
                self.sets[name] = union(self.sets.get(name, UNKNOWN), value)
                self.env[target] = value
            elif "." not in head:
                self.env[target] = value
        else:
            tag = target[0]
            if tag in ("tuple", "list"):
                for position, item in enumerate(target[1]):
                    if item.__class__ is not str and item[0] == "star":
                        self.assign(item[1], UNKNOWN)
                    else:
                        self.assign(item, self.linker.item_at(value, position) if value else UNKNOWN)
            elif tag == "sub":
                self.ev(target[1])
                self.ev(target[2])
            elif tag == "attr":
                self.ev(target[1])

    def s_with(self, stmt: Any) -> None:
        region = self.region
        closers: list[Closing] = []
        for item, target, pos in stmt[1]:
            self.with_item(item, target, pos, closers)
        inside = self.region
        self.body(stmt[2])
        if not self.dead:
            for close in reversed(closers):
                close()
        # A closer in the block (`commit()` on the very key) has taken it out of the region already.
        self.region = tuple(o for o in region if o in self.region or o not in inside) if self.region is not inside else region
        self.snapshot = None

    def with_item(self, item: Expr, target: Expr | None, pos: Pos, closers: list[Closing]) -> None:
        if item.__class__ is not str and item[0] == "call":
            value = evaluate_call(self, item, used=True, entering=True)
        elif item.__class__ is not str and item[0] == "await" and item[1].__class__ is not str and item[1][0] == "call":
            value = evaluate_call(self, item[1], used=True, entering=True)
        else:
            value = self.ev(item)
        bound = enter_context(self, value, item, pos, closers, target)
        if target is not None:
            self.assign(target, bound)
            if target.__class__ is str and "." not in target:
                # What a `with` binds is over when the block is: a session is closed, a connection given back.
                key = ("session", "local", f"{self.fun.id}:{target}")
                closers.append(lambda: self.end(key) if key in self.open else None)

    def s_if(self, stmt: Any) -> None:
        test = stmt[1]
        self.ev(test)
        decided = self.constant_test(test)
        yes, no = self.tests(test)
        before = self.state()
        if decided is not False:
            self.assume(yes)
            self.body(stmt[2])
        else:
            self.dead = True
        after_yes = self.state()
        self.restore(before)
        if decided is not True:
            self.assume(no)
            if stmt[3]:
                self.body(stmt[3])
        else:
            self.dead = True
        after_no = self.state()
        self.join(before, after_yes, after_no)

    def state(self) -> tuple[Any, ...]:
        return (self.env, self.open, self.closed, self.guards, self.region, self.dead, self.keys)

    def restore(self, state: tuple[Any, ...]) -> None:
        self.env = dict(state[0])
        self.open, self.closed, self.guards, self.region, self.dead = state[1:6]
        self.keys = dict(state[6])
        self.snapshot = None

    def fork(self) -> tuple[Any, ...]:
        state = self.state()
        self.env = dict(self.env)
        self.keys = dict(self.keys)
        return state

    def join(self, before: tuple[Any, ...], one: tuple[Any, ...], two: tuple[Any, ...]) -> None:
        """After two branches: what either may have left; what is certain only where both left it so."""
        if one[5] and two[5]:
            self.env = one[0]
            self.dead = True
            return
        if one[5] or two[5]:
            live = two if one[5] else one
            self.env, self.open, self.closed, self.guards, self.region, self.dead, self.keys = live
            self.snapshot = None
            return
        env1, env2 = one[0], two[0]
        if env1 is not env2:
            for name, value in env1.items():
                other = env2.get(name)
                if other is not value:
                    env2[name] = union(other, value) if other else value
        self.env = env2
        self.open = {**one[1], **two[1]} if one[1] is not two[1] else one[1]
        self.closed = one[2] & two[2]
        self.guards = before[3]
        self.region = before[4] if one[4] is two[4] is before[4] else tuple(dict.fromkeys((*one[4], *two[4])))
        self.keys = two[6]
        self.dead = False
        self.snapshot = None

    def assume(self, facts: list[tuple[str, Any]]) -> None:
        for kind, fact in facts:
            if kind == "test":
                if fact not in self.guards:
                    self.guards = (*self.guards, fact)
            elif kind == "closed":
                self.closed = self.closed | {fact}
                self.region = tuple(o for o in self.region if o.key[0] != fact[0] or len(fact) > 1)
                self.snapshot = None
            elif kind == "is":
                self.env[fact[0]] = fact[1]

    def s_while(self, stmt: Any) -> None:
        self.ev(stmt[1])
        before = self.fork()
        self.loop(stmt[2], stmt[3], before)

    def loop(self, body: Body, orelse: Body, before: tuple[Any, ...]) -> None:
        first = len(self.flow.events)
        opened = self.open
        self.body(body)
        if self.open is not opened and not self.dead and any(key not in opened for key in self.open):
            # What one round leaves open is open in the next: once more, in place of the first.
            del self.flow.events[first:]
            self.open = {**opened, **self.open}
            self.snapshot = None
            self.body(body)
        after = self.state()
        self.restore(before)
        self.dead = False
        after = (*after[:5], False, after[6])
        self.join(before, after, self.state())
        if orelse:
            self.body(orelse)

    def s_for(self, stmt: Any) -> None:
        value = self.ev(stmt[2])
        iterate(self, value, stmt[2])
        before = self.fork()
        self.assign(stmt[1], self.linker.items(value))
        self.loop(stmt[3], stmt[4], before)

    def s_try(self, stmt: Any) -> None:
        before = self.fork()
        self.body(stmt[1])
        if stmt[3] and not self.dead:
            self.body(stmt[3])
        ends = [self.state()]
        middle = (ends[0][0], {**before[1], **ends[0][1]}, before[2] & ends[0][2], before[3], before[4], False, ends[0][6])
        for _, name, handler in stmt[2]:
            self.restore(middle)
            if name:
                self.env[name] = UNKNOWN
            self.body(handler)
            ends.append(self.state())
        state = ends[0]
        for other in ends[1:]:
            self.join(before, state, other)
            state = self.state()
        if len(ends) == 1:
            self.env, self.open, self.closed, self.guards, self.region, self.dead, self.keys = state
            self.guards = before[3] if not self.dead else self.guards
            self.snapshot = None
        if stmt[4]:
            dead = self.dead
            if dead:
                self.restore(middle)
            self.body(stmt[4])
            self.dead = self.dead or dead

    def s_return(self, stmt: Any) -> None:
        if stmt[1] is not None:
            self.returns = union(self.returns, self.ev(stmt[1]))
        self.returned.append((self.open, self.closed))
        self.dead = True

    def s_raise(self, stmt: Any) -> None:
        if stmt[1] is not None:
            self.ev(stmt[1])
        self.dead = True

    def s_assert(self, stmt: Any) -> None:
        self.ev(stmt[1])
        yes, _ = self.tests(stmt[1])
        self.assume([fact for fact in yes if fact[0] != "test"])
        asserted(self, stmt[1], stmt[3])

    def s_del(self, stmt: Any) -> None:
        for target in stmt[1]:
            if target.__class__ is str:
                self.env.pop(target, None)

    def s_jump(self, stmt: Any) -> None:
        self.dead = True

    def s_match(self, stmt: Any) -> None:
        self.ev(stmt[1])
        before = self.fork()
        ends = []
        for names, patterns, guard, body in stmt[2]:
            self.restore(before)
            for name in names:
                self.env[name] = UNKNOWN
            if stmt[1].__class__ is str and len(patterns) == 1 and "." not in stmt[1]:
                classes = [atom for atom in self.ev(patterns[0]) if isinstance(atom, Cls)]
                if classes:
                    self.env[stmt[1]] = tuple(self.linker.instance(atom.klass, False) for atom in classes)
            if guard is not None:
                self.ev(guard)
            self.body(body)
            ends.append(self.state())
        self.restore(before)
        state = self.state()
        for end in ends:
            self.join(before, end, state)
            state = self.state()

    def s_def(self, stmt: Any) -> None:
        fun = self.module.funs[stmt[1]]
        assert fun.fact is not None
        if self.fun.fact is None:
            return
        for param in fun.fact.params:
            if param.default is not None and param.default.__class__ is not str and param.default[0] != "const":
                self.ev(param.default)
        value = self.linker.decoration(fun).value if fun.fact.decorators else (self.linker.atoms(Fn, fun, self.closure()),)
        self.env[fun.fact.name] = tuple(
            self.linker.atoms(Fn, a.fun, self.closure()) if isinstance(a, Fn) and a.fun is fun else a for a in value
        )

    def closure(self) -> Atom | None:
        """What a function defined here sees as the receiver of the method around it."""
        if self.klass is None and self.fun.klass is None:
            return None
        own = self.klass or self.fun.klass
        assert own is not None
        return self.linker.atoms(SelfObj, own, self.exact)

    def s_class(self, stmt: Any) -> None:
        klass = self.module.klasses[stmt[1]]
        if self.fun.fact is not None:
            self.env[klass.fact.name] = (self.linker.atoms(Cls, klass),)

    def s_import(self, stmt: Any) -> None:
        if self.fun.fact is None:
            return
        item = self.module.facts.imports[stmt[1]]
        if item.name == "*":
            return
        self.env[item.binds] = self.linker.imported(self.module, stmt[1])

    def s_nothing(self, stmt: Any) -> None:
        pass

    # -- tests --------------------------------------------------------------------------------------------------------------------

    def constant_test(self, test: Expr) -> bool | None:
        if test.__class__ is str:
            if test.rpartition(".")[2] == "TYPE_CHECKING":
                return False
            return None
        if test[0] == "const":
            return bool(test[1])
        if test[0] == "not":
            inner = self.constant_test(test[1])
            return None if inner is None else not inner
        return None

    def is_param(self, name: str) -> bool:
        fact = self.fun.fact
        return (
            fact is not None
            and "." not in name
            and name != self.self_name
            and name not in self.assigned_params
            and any(param.name == name for param in fact.params)
        )

    def tests(self, test: Expr) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
        """What holds where a test gives true, and where it gives false."""
        if test.__class__ is str:
            if self.is_param(test):
                return [("test", Test(test, "truthy", True, True))], [("test", Test(test, "truthy", True, False))]
            if "." in test:
                return self.guard_tests(test)
            return [], []
        tag = test[0]
        if tag == "not":
            yes, no = self.tests(test[1])
            return no, yes
        if tag == "bool":
            parts = [self.tests(part) for part in test[2]]
            if test[1] == "and":
                return [fact for yes, _ in parts for fact in yes], (parts[0][1] if len(parts) == 1 else [])
            return [], [fact for _, no in parts for fact in no]
        if tag == "cmp" and len(test[2]) == 1 and test[1].__class__ is str and self.is_param(test[1]):
            op, right = test[2][0], test[3][0]
            if right.__class__ is not str and right[0] == "const":
                base = {"==": "==", "!=": "==", "is": "is", "is not": "is"}.get(op)
                if base:
                    positive = op in ("==", "is")
                    met, missed = Test(test[1], base, right[1], positive), Test(test[1], base, right[1], not positive)
                    return [("test", met)], [("test", missed)]
            if op in ("is", "is not", "==", "!="):
                classes = [atom for atom in self.ev(right) if isinstance(atom, Cls)]
                if classes:
                    known = (classes[0].klass.id,)
                    same = op in ("is", "==")
                    return [("test", Test(test[1], "class", known, same))], [("test", Test(test[1], "class", known, not same))]
            if op in ("in", "not in") and right.__class__ is not str and right[0] in ("tuple", "list", "set"):
                if all(item.__class__ is not str and item[0] == "const" for item in right[1]):
                    values = tuple(item[1] for item in right[1])
                    positive = op == "in"
                    return [("test", Test(test[1], "in", values, positive))], [("test", Test(test[1], "in", values, not positive))]
            return [], []
        if tag == "call":
            if test[1] == "isinstance" and len(test[2]) == 2 and test[2][0].__class__ is str:
                several = test[2][1].__class__ is not str and test[2][1][0] == "tuple"
                value: Value = UNKNOWN
                for item in test[2][1][1] if several else (test[2][1],):
                    value = union(value, instances_of(self.linker, self.ev(item)))
                if value and "." not in test[2][0]:
                    narrowed = ("is", (test[2][0], value))
                    if self.is_param(test[2][0]) and all(isinstance(atom, Obj) for atom in value):
                        ids = tuple(k.id for atom in value if isinstance(atom, Obj) for k in (atom.klass, *atom.klass.subclasses))
                        return [narrowed, ("test", Test(test[2][0], "class", ids, True))], [("test", Test(test[2][0], "class", ids, False))]
                    return [narrowed], []
                return [], []
            if not test[2] and not test[3]:
                return self.guard_tests(test[1])
        if tag == "named":
            return self.tests(test[2])
        if tag == "attr":
            return self.guard_tests(test)
        return [], []

    def guard_tests(self, test: Expr) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
        """``connection.in_atomic_block``, ``session.in_transaction()``: where it is false, nothing of the family is open."""
        for opener in state_queries(self, test):
            return [], [("closed", (opener.family,))]
        return [], []

    # -- names and keys -----------------------------------------------------------------------------------------------------------

    def name(self, name: str) -> Value:
        value = self.env.get(name)
        if value is not None:
            return value
        if name in self.fun.scope:
            return UNKNOWN
        parent = self.parent
        if parent is not None and parent.fact is not None:
            value = self.enclosing(parent, name)
            if value is not None:
                return value
        static = self.static
        if static is not None and name in static.names:
            return self.linker.class_attribute(static, name)
        return self.linker.global_name(self.module, name)

    def enclosing(self, fun: Fun | None, name: str) -> Value | None:
        while fun is not None and fun.fact is not None:
            if name in fun.scope:
                linker = self.linker
                # The parent's names as it leaves them; what it has set so far while it is being replayed itself.
                klass = self.klass if fun.klass is not None or self.klass is not None else None
                env = linker.replay(fun, klass if klass is not None else fun.klass, self.exact).env
                value = env.get(name, UNKNOWN)
                if any(isinstance(atom, (SelfObj, SelfCls)) for atom in value):
                    self.queries.setdefault(("attr", "__self__"), None)
                return value
            fun = fun.parent
        return None

    def key_of(self, expr: Expr, value: Value) -> Key | None:
        """The key of a session or connection that an expression names; None where it has none."""
        if expr.__class__ is not str:
            if expr[0] == "await":
                return self.key_of(expr[1], value)
            return None
        family = None
        for atom in value:
            if isinstance(atom, (ExtObj, Obj)):
                origin = atom.origin
                if origin.__class__ is tuple and origin[0] == "via":
                    return origin[1]  # type: ignore[no-any-return]
                family = "session"
                break
        if family is None:
            return None
        head, _, rest = expr.partition(".")
        known = self.keys.get(head)
        if known is not None:
            return known if not rest else (*known[:2], f"{known[2]}.{rest}", *known[3:])
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
        return (family, "global", expr)

    # -- expressions --------------------------------------------------------------------------------------------------------------

    def ev(self, expr: Expr) -> Value:
        if expr.__class__ is str:
            if "." not in expr:
                value = self.env.get(expr)
                return value if value is not None else self.name(expr)
            return self.dotted(expr)
        return _EXPRESSIONS[expr[0]](self, expr)

    def dotted(self, expr: str) -> Value:
        env = self.env
        known = env.get(expr)
        if known is not None:
            return known
        if self.sets:
            # `self.tx.begin` after `self.tx = ...` in this very function
            base, _, last = expr.rpartition(".")
            known = env.get(base) if "." in base else None
            if known:
                return self.getattr(known, last)
        head, _, rest = expr.partition(".")
        value = self.name(head)
        while rest and value:
            head, _, rest = rest.partition(".")
            value = self.getattr(value, head)
        return value

    def getattr(self, value: Value, name: str) -> Value:
        result: Value = UNKNOWN
        for atom in value:
            kind = type(atom)
            if kind is SelfObj or kind is SelfCls:
                self.queries[("attr", name)] = None
            elif kind is Super:
                self.queries[("after", f"{name}|{atom.after.id}")] = None  # type: ignore[attr-defined]
            elif kind is Param:
                continue
            found = self.linker.attribute(atom, name)
            result = union(result, found) if result else found
        return result

    def e_const(self, expr: Any) -> Value:
        return (self.linker.atoms.const(expr[1]),)

    def e_attr(self, expr: Any) -> Value:
        return self.getattr(self.ev(expr[1]), expr[2])

    def e_call(self, expr: Any) -> Value:
        return evaluate_call(self, expr, used=True)

    def e_sub(self, expr: Any) -> Value:
        base = self.ev(expr[1])
        index = self.ev(expr[2])
        if not base:
            return UNKNOWN
        if expr[2].__class__ is not str and expr[2][0] == "other":
            return base  # a slice
        if len(index) == 1 and isinstance(index[0], Const):
            return subscript(self, base, index[0].value)
        return subscript(self, base, None)

    def e_seq(self, expr: Any) -> Value:
        items = tuple(self.ev(item) for item in expr[1])
        if len(items) > 64 or any(item.__class__ is not str and item[0] == "star" for item in expr[1]):
            value: Value = UNKNOWN
            for item in items:
                value = union(value, item)
            return (self.linker.atoms(Many, value),)
        return (self.linker.atoms(Seq, items),)

    def e_set(self, expr: Any) -> Value:
        value: Value = UNKNOWN
        for item in expr[1]:
            value = union(value, self.ev(item))
        return (self.linker.atoms(Many, value),)

    def e_dict(self, expr: Any) -> Value:
        items: list[tuple[Any, Value]] = []
        rest: Value = UNKNOWN
        for key, item in zip(expr[1], expr[2], strict=True):
            value = self.ev(item)
            if key is None:
                for atom in value:
                    if isinstance(atom, Table):
                        items.extend(atom.items)
                        rest = union(rest, atom.rest)
                continue
            if key.__class__ is not str and key[0] == "const":
                items.append((key[1], value))
            else:
                known = self.ev(key)
                if len(known) == 1 and isinstance(known[0], Const):
                    items.append((known[0].value, value))
                else:
                    rest = union(rest, value)
        return (self.linker.atoms(Table, tuple(items[:256]), rest),)

    def e_parts(self, expr: Any) -> Value:
        for part in expr[1]:
            if part is not None and part.__class__ is not str:
                self.ev(part)
        return UNKNOWN

    def e_fstring(self, expr: Any) -> Value:
        self.e_parts(expr)
        return UNKNOWN

    def e_cmp(self, expr: Any) -> Value:
        self.ev(expr[1])
        for part in expr[3]:
            if part.__class__ is not str:
                self.ev(part)
        return UNKNOWN

    def e_bool(self, expr: Any) -> Value:
        value: Value = UNKNOWN
        for position, part in enumerate(expr[2]):
            value = union(value, self.ev(part)) if position or expr[1] == "or" else self.ev(part)
        return tuple(atom for atom in value if not (isinstance(atom, Const) and not atom.value)) if len(value) > 1 else value

    def e_not(self, expr: Any) -> Value:
        self.ev(expr[1])
        return UNKNOWN

    def e_unary(self, expr: Any) -> Value:
        value = self.ev(expr[2])
        if expr[1] == "-" and len(value) == 1 and isinstance(value[0], Const) and isinstance(value[0].value, (int, float)):
            return (self.linker.atoms.const(-value[0].value),)
        return UNKNOWN

    def e_bin(self, expr: Any) -> Value:
        left, right = self.ev(expr[2]), self.ev(expr[3])
        if expr[1] == "+" or expr[1] == "|":
            if left and right and type(left[0]) is Seq and type(right[0]) is Seq:
                return (self.linker.atoms(Seq, left[0].items + right[0].items),)
            joined = tuple(a for a in left + right if isinstance(a, (ExtObj, Obj, Many, Table, SelfObj)))
            return joined[:1]
        return UNKNOWN

    def e_ifexp(self, expr: Any) -> Value:
        self.ev(expr[1])
        guards = self.guards
        yes, no = self.tests(expr[1])
        self.assume([fact for fact in yes if fact[0] == "test"])
        one = self.ev(expr[2])
        self.guards = guards
        self.assume([fact for fact in no if fact[0] == "test"])
        two = self.ev(expr[3])
        self.guards = guards
        return union(one, two)

    def e_lambda(self, expr: Any) -> Value:
        fun = self.module.funs[expr[1]]
        return (self.linker.atoms(Fn, fun, self.closure()),)

    def e_await(self, expr: Any) -> Value:
        return self.ev(expr[1])

    def e_yield(self, expr: Any) -> Value:
        value = self.ev(expr[1]) if expr[1] is not None else UNKNOWN
        self.yields.append((self.now_open(), value))
        return UNKNOWN

    def e_yieldfrom(self, expr: Any) -> Value:
        value = self.ev(expr[1])
        iterate(self, value, expr[1])
        self.yields.append((self.now_open(), self.linker.items(value)))
        return UNKNOWN

    def e_comp(self, expr: Any) -> Value:
        saved = dict(self.env)
        for target, source, ifs, _ in expr[2]:
            value = self.ev(source)
            iterate(self, value, source)
            self.assign_local(target, self.linker.items(value))
            for test in ifs:
                self.ev(test)
        values = [self.ev(item) for item in expr[3]]
        self.env = saved
        if expr[1] == "dict":
            return (self.linker.atoms(Table, (), values[-1]),)
        return (self.linker.atoms(Many, values[0]),)

    def assign_local(self, target: Expr, value: Value) -> None:
        """A comprehension's own names."""
        if target.__class__ is str:
            self.env[target] = value
        elif target[0] in ("tuple", "list"):
            for position, item in enumerate(target[1]):
                self.assign_local(item, self.linker.item_at(value, position))

    def e_named(self, expr: Any) -> Value:
        value = self.ev_bound(expr[2])
        self.assign(expr[1], value)
        return value

    def e_star(self, expr: Any) -> Value:
        value = self.ev(expr[1])
        iterate(self, value, expr[1])
        return self.linker.items(value)


_STATEMENTS = {
    "expr": Frame.s_expr, "assign": Frame.s_assign, "ann": Frame.s_ann, "aug": Frame.s_aug, "with": Frame.s_with, "if": Frame.s_if,
    "while": Frame.s_while, "for": Frame.s_for, "try": Frame.s_try, "return": Frame.s_return, "raise": Frame.s_raise,
    "assert": Frame.s_assert, "del": Frame.s_del, "break": Frame.s_jump, "continue": Frame.s_jump, "match": Frame.s_match,
    "def": Frame.s_def, "class": Frame.s_class, "import": Frame.s_import, "global": Frame.s_nothing, "pass": Frame.s_nothing,
}  # fmt: skip
_EXPRESSIONS = {
    "const": Frame.e_const, "attr": Frame.e_attr, "call": Frame.e_call, "sub": Frame.e_sub, "tuple": Frame.e_seq, "list": Frame.e_seq,
    "set": Frame.e_set, "dict": Frame.e_dict, "cmp": Frame.e_cmp, "bool": Frame.e_bool, "not": Frame.e_not, "unary": Frame.e_unary,
    "bin": Frame.e_bin, "ifexp": Frame.e_ifexp, "lambda": Frame.e_lambda, "await": Frame.e_await, "yield": Frame.e_yield,
    "yieldfrom": Frame.e_yieldfrom, "comp": Frame.e_comp, "fstring": Frame.e_fstring, "named": Frame.e_named, "star": Frame.e_star,
    "other": Frame.e_parts,
}  # fmt: skip
