"""Evaluates module bodies from facts, as far as configuration code needs it: `Evaluator.namespace(module)` gives a module's names.

Nothing is executed: a statement that is understood changes a table of names, everything else leaves an `Unknown` that says why.
Where a test cannot be decided both branches are followed and joined; a test that rests on an assumption (the default of an
environment reader) is followed the way it points, and what the other way would have changed is then only `likely`. Calls whose
meaning depends on a library are given to a ``hook``; calls that nobody knows give a `Made`, which remembers its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from txlint.frameworks.data import (
    ABSENT,
    ITEMS,
    REST,
    Attr,
    Called,
    Cell,
    ClassRef,
    FunctionRef,
    Made,
    Name,
    Series,
    Table,
    Unknown,
    Value,
    dotted_name,
    join_cells,
    join_items,
    open_table,
    prefer_cell,
    prefer_items,
    same,
    series,
)
from txlint.model.facts import Body, Class, Expr, FileFacts, Function, Import, Stmt
from txlint.model.kinds import Confidence

COMMAND_LINE = "the command line"
STEPS = 200_000  # statements and calls per run: a guard against code that computes
DEPTH = 6  # calls of project functions within each other
LARGEST = 400  # iterations of a loop
STATEMENTS = 60  # of a function that is followed

Keywords = tuple[tuple[str | None, Cell], ...]
Flow = str | None  # how a body ended: None, "return", "raise", "break", "continue"

CALL_FAILED = Unknown("a call that is not followed")


class Call:
    """A call for a hook to judge: the evaluated function, its dotted name if it has one, and the evaluated arguments."""

    __slots__ = ("args", "dotted", "evaluator", "expr", "frame", "func", "keywords", "last", "statement")

    def __init__(
        self, evaluator: Evaluator, frame: Frame, func: Value, args: tuple[Cell, ...], keywords: Keywords, expr: Expr, statement: bool
    ) -> None:
        self.evaluator = evaluator
        self.frame = frame
        self.func = func
        self.dotted = dotted_name(func)
        self.last = _split(expr[1])[1]  # the last segment as written
        self.args = args
        self.keywords = keywords
        self.expr = expr
        self.statement = statement

    def keyword(self, name: str) -> Cell | None:
        return next((cell for key, cell in self.keywords if key == name), None)


Hook = Callable[[Call], Cell | None]


def no_hook(call: Call) -> Cell | None:
    return None


def no_constants(dotted: str) -> Cell | None:
    return None


def accept_all(call: Call, result: Cell) -> bool:
    return True


class Frame:
    """Where statements run: a module, a class body or a call of a function."""

    __slots__ = ("facts", "names", "outer", "returns", "shared")

    def __init__(self, facts: FileFacts, names: Table, outer: Frame | None = None) -> None:
        self.facts = facts
        self.names = names
        self.outer = outer
        self.returns: list[Cell] = []
        self.shared: set[str] = set()  # declared global


class Modules:
    """The project's modules by name. A module whose leading folders are no packages may also be imported without them: those folders
    are then an import root that was not known to be one."""

    def __init__(self, project: Mapping[str, FileFacts]) -> None:
        # Facts may be given under several names; their own is the one that counts.
        self.facts = {name: facts for name, facts in project.items() if name == facts.module or facts.module not in project}
        self._by_tail: dict[str, list[str]] = {}
        self._tops: set[str] = set()
        for module, facts in project.items():
            own = module if module in self.facts else facts.module
            if module != own:
                self._by_tail.setdefault(module, []).append(own)
            self._tops.add(module.partition(".")[0])
            at = module.find(".")
            while at >= 0:
                head = project.get(module[:at])
                if head is not None and head.is_package:
                    break
                tail = module[at + 1 :]
                known = self._by_tail.setdefault(tail, [])
                if own not in known:
                    known.append(own)
                self._tops.add(tail.partition(".")[0])
                at = module.find(".", at + 1)

    def find(self, name: str, path: str = "") -> str | None:
        """A module by the name that a file at ``path`` imports: of several, the one that shares most folders with it."""
        if name in self.facts:
            return name
        found = self._by_tail.get(name)
        if not found:
            return None
        if len(found) == 1:
            return found[0]
        folders = path.split("/")[:-1]

        def shared(module: str) -> int:
            return sum(1 for one, other in zip(folders, self.facts[module].path.split("/"), strict=False) if one == other)

        return min(found, key=lambda module: (-shared(module), len(module), module))

    def is_project(self, name: str) -> bool:
        """Would a module of this name be the project's own, by its first part?"""
        return name.partition(".")[0] in self._tops


def absolute_import(facts: FileFacts, item: Import) -> str:
    """The absolute name of the module that an import names."""
    if not item.level:
        return item.module
    base = facts.module if facts.is_package else facts.module.rpartition(".")[0]
    for _ in range(item.level - 1):
        base = base.rpartition(".")[0]
    return f"{base}.{item.module}" if base and item.module else base or item.module


_STRING_METHODS = frozenset(
    {
        *("lower", "upper", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "join", "startswith", "endswith", "replace"),
        *("format", "title", "capitalize", "removeprefix", "removesuffix", "isdigit", "partition", "rpartition", "casefold", "encode"),
        *("zfill", "count", "find"),
    }
)
_CONVERSIONS: dict[str, Callable[[Any], Any]] = {"int": int, "float": float, "str": str, "bool": bool, "abs": abs, "len": len}
_SEQUENCES = {"list": "list", "tuple": "tuple", "set": "set", "frozenset": "set", "sorted": "list", "reversed": "list"}
_SIMPLE = (str, bytes, int, float, complex, bool, type(None))


class Evaluator:
    """One run over a project; namespaces are kept. ``hook`` gives the meaning of library calls; ``follow`` decides whether the
    result of a project function stands for its call. ``constants`` gives the values of library names, if known."""

    def __init__(
        self,
        project: Mapping[str, FileFacts] | Modules,
        hook: Hook = no_hook,
        follow: Callable[[Call, Cell], bool] = accept_all,
        constants: Callable[[str], Cell | None] = no_constants,
    ) -> None:
        self.modules = project if isinstance(project, Modules) else Modules(project)
        self.hook = hook
        self.follow = follow
        self.constants = constants
        self.line = 0
        self._spaces: dict[str, Table] = {}
        self._classes: dict[ClassRef, Table] = {}
        self._once: dict[str, dict[str, Stmt | None]] = {}
        self._journal: list[tuple[Table | Series, Any, Any]] | None = None
        self._steps = STEPS
        self._depth = 0

    # Modules and names

    def facts(self, module: str) -> FileFacts:
        return self.modules.facts[module]

    def namespace(self, module: str) -> Table:
        """The names of a module of the project after its body has run. An import cycle sees what is there so far."""
        known = self._spaces.get(module)
        if known is None:
            facts = self.modules.facts[module]
            known = self._spaces[module] = Table()
            self._apart(self._run_whole, facts.body, Frame(facts, known))
        return known

    def _apart(self, work: Callable[..., None], *args: Any) -> None:
        """Run something that is not on any path of the branch now followed."""
        line, journal, self._journal = self.line, self._journal, None
        try:
            work(*args)
        finally:
            self.line, self._journal = line, journal

    def frame(self, module: str) -> Frame:
        return Frame(self.modules.facts[module], self.namespace(module))

    def lookup(self, module: str, name: str) -> Cell | None:
        """A name at the top of a module; a plain definition or import does not make the module's body run."""
        table = self._spaces.get(module)
        if table is None:
            stmt = self._bound_once(module).get(name)
            if stmt is not None:
                facts = self.modules.facts[module]
                if stmt[0] == "def":
                    return Cell(FunctionRef(module, stmt[1]), facts.path, facts.functions[stmt[1]].pos[0])
                if stmt[0] == "class":
                    return Cell(ClassRef(module, stmt[1]), facts.path, facts.classes[stmt[1]].pos[0])
                return Cell(self._imported(facts, facts.imports[stmt[1]]), facts.path, facts.imports[stmt[1]].line)
            table = self.namespace(module)
        found: Cell | None = table.entries.get(name)
        return found

    def _bound_once(self, module: str) -> dict[str, Stmt | None]:
        """Names that exactly one definition or import at the top of the module binds."""
        known = self._once.get(module)
        if known is None:
            known = self._once[module] = {}
            facts = self.modules.facts[module]
            for stmt in facts.body:
                if stmt[0] == "def":
                    name = facts.functions[stmt[1]].name
                elif stmt[0] == "class":
                    name = facts.classes[stmt[1]].name
                elif stmt[0] == "import" and facts.imports[stmt[1]].name != "*":
                    name = facts.imports[stmt[1]].binds
                else:
                    for name in _names_bound(stmt, facts):
                        known[name] = None
                    continue
                known[name] = None if name in known else stmt
        return known

    def _imported(self, facts: FileFacts, item: Import) -> Name:
        base = absolute_import(facts, item)
        if item.name is not None:
            return Name(facts.module, item.binds, f"{base}.{item.name}" if base else item.name)
        return Name(facts.module, item.binds, base if item.binds != base.split(".")[0] else item.binds)

    def force(self, value: Value) -> Value:
        """Follow a reference through the project's imports to what it names; what is not in the project stays a reference."""
        for _ in range(20):
            if not isinstance(value, Name):
                return value
            found = self._follow_name(value)
            if found is None:
                return value
            value = found
        return value

    def force_cell(self, cell: Cell) -> Cell:
        """As `force`, keeping how sure the named thing is and where it was written."""
        if isinstance(cell.value, Name):
            found = self._named_cell(cell.value)
            if found is not None:
                forced = self.force_cell(found)
                return forced if cell.confidence > Confidence.LIKELY else forced.unsure()
        return cell

    def _follow_name(self, name: Name) -> Value | None:
        cell = self._named_cell(name)
        return None if cell is None else cell.value

    def _named_cell(self, name: Name) -> Cell | None:
        if not self.modules.is_project(name.dotted):
            return self.constants(name.dotted)
        parts = name.dotted.split(".")
        near = self.modules.facts[name.module].path if name.module in self.modules.facts else ""
        for end in range(len(parts) - 1, 0, -1):
            module = self.modules.find(".".join(parts[:end]), near)
            if module is None:
                continue
            cell = self.lookup(module, parts[end])
            if cell is None:
                return None
            for attr in parts[end + 1 :]:
                cell = self.attribute(cell, attr, Frame(self.modules.facts[module], Table()))
            return None if isinstance(cell.value, Name) and cell.value.dotted == name.dotted else cell
        return None

    # Writing, branches and joins

    def write(self, box: Table | Series, key: Any, value: Any) -> None:
        if self._journal is not None:
            self._journal.append((box, key, box.entries.get(key, ABSENT)))
        if value is ABSENT:
            box.entries.pop(key, None)
        else:
            box.entries[key] = value

    def fork(self, frame: Frame, ways: Sequence[Callable[[], Flow]], likely: int | None = None) -> Flow:
        """Follow every way from the same state and join what they leave. ``likely``: the way that is probably taken."""
        outer = self._journal
        before = len(frame.returns)
        returned: list[list[Cell]] = []
        results: list[tuple[Flow, dict[tuple[int, Any], tuple[Table | Series, Any, Any]]]] = []
        for way in ways:
            self._journal = []
            flow = way()
            written = {(id(box), key): (box, key, box.entries.get(key, ABSENT)) for box, key, _ in self._journal}
            for box, key, old in reversed(self._journal):
                if old is ABSENT:
                    box.entries.pop(key, None)
                else:
                    box.entries[key] = old
            results.append((flow, written))
            returned.append(frame.returns[before:])
            del frame.returns[before:]
        self._journal = outer
        # Of a way that is not the likely one nothing is returned, if the likely one returns or goes on.
        for number, cells in enumerate(returned):
            if likely is None or number == likely or results[likely][0] == "raise":
                frame.returns += cells
        living = [number for number, (flow, _) in enumerate(results) if flow is None]
        if likely is not None and living and likely not in living and results[likely][0] == "return":
            return self._leave(results[likely])
        if not living:
            return self._leave(results[likely or 0])
        order = [likely] if likely in living else []
        order += [number for number in living if number != likely]
        touched = {key: written[key] for number in living for written in (results[number][1],) for key in written}
        for key, (box, slot, _) in touched.items():
            values = [results[n][1][key][2] if key in results[n][1] else box.entries.get(slot, ABSENT) for n in order]
            self.write(box, slot, _joined(values, decided=likely in living))
        return None

    def _leave(self, result: tuple[Flow, dict[tuple[int, Any], tuple[Table | Series, Any, Any]]]) -> Flow:
        for box, key, value in result[1].values():
            self.write(box, key, value)
        return result[0]

    # Statements

    def _run_whole(self, body: Body, frame: Frame) -> None:
        self.run(body, frame)

    def run(self, body: Body, frame: Frame) -> Flow:
        for stmt in body:
            self._steps -= 1
            if self._steps < 0:
                self.write(frame.names, REST, Cell("the module computes too much to be read"))
                return "raise"
            flow = self.statement(stmt, frame)
            if flow is not None:
                return flow
        return None

    def statement(self, stmt: Stmt, frame: Frame) -> Flow:
        tag = stmt[0]
        if tag == "assign":
            self.line = stmt[3]
            cell = self.eval(stmt[2], frame)
            for target in stmt[1]:
                self.line = stmt[3]
                self.assign(target, cell, frame)
        elif tag == "ann":
            self.line = stmt[4]
            if stmt[3] is not None:
                self.assign(stmt[1], self.eval(stmt[3], frame), frame)
        elif tag == "aug":
            self.line = stmt[4]
            self._augment(stmt, frame)
        elif tag == "expr":
            self._expression(stmt[1], frame)
        elif tag == "import":
            return self._import(frame.facts.imports[stmt[1]], frame)
        elif tag == "def":
            function = frame.facts.functions[stmt[1]]
            ref = FunctionRef(frame.facts.module, stmt[1], frame.names if frame.outer is not None else None)
            self._decorated(function.decorators, ref, frame)
            self.write(self._home(function.name, frame), function.name, Cell(ref, frame.facts.path, function.pos[0]))
        elif tag == "class":
            klass = frame.facts.classes[stmt[1]]
            made = ClassRef(frame.facts.module, stmt[1])
            self._decorated(klass.decorators, made, frame)
            self.write(self._home(klass.name, frame), klass.name, Cell(made, frame.facts.path, klass.pos[0]))
        elif tag == "if":
            self.line = stmt[4]
            return self._if(stmt, frame)
        elif tag == "for":
            self.line = stmt[6]
            return self._for(stmt, frame)
        elif tag == "while":
            return self._loop_once(frame, lambda: self.run(stmt[2], frame))
        elif tag == "try":
            return self._try(stmt, frame)
        elif tag == "with":
            for expr, target, _ in stmt[1]:
                cell = self.eval(expr, frame)
                if target is not None:
                    self.assign(target, cell._replace(value=Unknown("what a with statement binds")), frame)
            return self.run(stmt[2], frame)
        elif tag == "match":
            return self.fork(frame, [*(partial(self.run, case[3], frame) for case in stmt[2]), lambda: None])
        elif tag == "return":
            self.line = stmt[2]
            frame.returns.append(self.eval(stmt[1], frame) if stmt[1] is not None else self.cell(None, frame))
            return "return"
        elif tag == "raise":
            return "raise"
        elif tag in ("break", "continue"):
            return str(tag)
        elif tag == "del":
            for target in stmt[1]:
                self._delete(target, frame)
        elif tag == "global":
            frame.shared.update(stmt[1])
        return None

    def _expression(self, expr: Expr, frame: Frame) -> None:
        if not isinstance(expr, str) and expr[0] == "call":
            self.line = expr[4][0]
            self.call(expr, frame, statement=True)
        else:
            self.eval(expr, frame)

    def _if(self, stmt: Stmt, frame: Frame) -> Flow:
        verdict, confidence = self.truth(self.eval(stmt[1], frame))
        ways = (lambda: self.run(stmt[2], frame), lambda: self.run(stmt[3], frame))
        if verdict is None:
            return self.fork(frame, ways)
        if confidence is Confidence.CERTAIN:
            return ways[0 if verdict else 1]()
        return self.fork(frame, ways, likely=0 if verdict else 1)

    def _try(self, stmt: Stmt, frame: Frame) -> Flow:
        body, handlers, orelse, final = stmt[1], stmt[2], stmt[3], stmt[4]

        def straight() -> Flow:
            return self.run(body, frame) or self.run(orelse, frame)

        def handled(handler: tuple[Any, ...]) -> Callable[[], Flow]:
            def way() -> Flow:
                if handler[1]:
                    self.write(frame.names, handler[1], self.cell(Unknown("an exception"), frame))
                return self.run(handler[2], frame)

            return way

        if handlers:
            flow = self.fork(frame, [straight, *map(handled, handlers)], likely=0)
        else:
            flow = straight()
        return self.run(final, frame) or flow

    def _for(self, stmt: Stmt, frame: Frame) -> Flow:
        items = self.iterate(self.eval(stmt[2], frame), frame)
        line = self.line

        def once(cell: Cell) -> Flow:
            self.line = line
            self.assign(stmt[1], cell, frame)
            return self.run(stmt[3], frame)

        if items is None or len(items) > LARGEST:
            return self._loop_once(frame, lambda: once(self.cell(Unknown("a loop variable"), frame)))
        for item in items:
            flow = once(item)
            if flow == "break":
                return None
            if flow in ("return", "raise"):
                return flow
        return self.run(stmt[4], frame)

    def _loop_once(self, frame: Frame, body: Callable[[], Flow]) -> Flow:
        """A loop of unknown length: not at all, or once."""

        def way() -> Flow:
            flow = body()
            return None if flow in ("break", "continue") else flow

        return self.fork(frame, [way, lambda: None])

    def _import(self, item: Import, frame: Frame) -> Flow:
        if item.name != "*":
            self.write(frame.names, item.binds, Cell(self._imported(frame.facts, item), frame.facts.path, item.line))
            base = absolute_import(frame.facts, item)
            missing = (item.level or self.modules.is_project(base)) and self._is_missing(base, item.name, frame)
            # Only an import that a handler waits for may fail; elsewhere the file is simply not part of what was given.
            return "raise" if missing and self._journal is not None else None
        base = absolute_import(frame.facts, item)
        module = self.modules.find(base, frame.facts.path)
        if module is None:
            if item.level or self.modules.is_project(base):
                if self._journal is not None:
                    return "raise"
                self.write(frame.names, REST, Cell(f"{base} is not part of the project", frame.facts.path, item.line))
            return None
        space = self.namespace(module)
        for name, cell in list(space.entries.items()):
            if name is REST or not name.startswith("_"):
                self.write(frame.names, name, cell)
        return None

    def _is_missing(self, base: str, name: str | None, frame: Frame) -> bool:
        return (
            bool(base)
            and self.modules.find(base, frame.facts.path) is None
            and (name is None or self.modules.find(f"{base}.{name}", frame.facts.path) is None)
        )

    def _decorated(self, decorators: Iterable[tuple[Expr, Any]], ref: FunctionRef | ClassRef, frame: Frame) -> None:
        """Decorators that are methods of something made here: ``@router.get("/x")``."""
        for expr, pos in decorators:
            call = expr if isinstance(expr, tuple) and expr[0] == "call" else None
            func = call[1] if call else expr
            base, method = _split(func)
            if base is None:
                continue
            owner = self.force(self.eval(base, frame).value)
            if isinstance(owner, Made):
                args = tuple(self.eval(arg, frame) for arg in call[2]) if call else ()
                keywords = tuple((name, self.eval(value, frame)) for name, value in call[3]) if call else ()
                exprs = tuple(call[2]) if call else ()
                owner.calls.append(Called(method, args, keywords, frame.facts.module, frame.facts.path, pos, exprs, ref))

    # Assignment

    def _home(self, name: str, frame: Frame) -> Table:
        if name in frame.shared:
            while frame.outer is not None:
                frame = frame.outer
        return frame.names

    def assign(self, target: Expr, cell: Cell, frame: Frame) -> None:
        if isinstance(target, str):
            base, _, attr = target.rpartition(".")
            if not base:
                self.write(self._home(target, frame), target, cell._replace(path=frame.facts.path, line=self.line or cell.line))
                return
            for box in self._boxes(self.eval(base, frame)):
                if isinstance(box, Table):
                    self.write(box, attr, cell)
        elif target[0] == "sub":
            key = self.eval(target[2], frame)
            for box in self.container(target[1], frame):
                if isinstance(box, Table):
                    self._set_item(box, key, cell._replace(path=frame.facts.path, line=self.line))
                else:
                    self._doubt(box, "an item is replaced")
        elif target[0] in ("tuple", "list"):
            items = self.iterate(cell, frame)
            if items is None or len(items) != len(target[1]) or any(t[0] == "star" for t in target[1] if not isinstance(t, str)):
                items = [self.cell(Unknown("an unpacked value"), frame)] * len(target[1])
            for part, item in zip(target[1], items, strict=True):
                self.assign(part, item, frame)
        elif target[0] == "star":
            self.assign(target[1], self.cell(Unknown("an unpacked value"), frame), frame)

    def _set_item(self, box: Table, key: Cell, cell: Cell) -> None:
        if isinstance(key.value, _SIMPLE):
            self.write(box, key.value, cell)
        else:
            self._any_key(box, "a key that is computed")

    def _any_key(self, box: Table, reason: str) -> None:
        """Some unknown keys of a table are set: there may be more, and what is there may be something else."""
        self.write(box, REST, Cell(reason))
        for name in box.listed():
            old = box.entries[name]
            if old.confidence > Confidence.LIKELY:
                self.write(box, name, old.unsure())

    def _doubt(self, box: Series, reason: str) -> None:
        """Something happens to a list that is not followed."""
        self.write(box, REST, Cell(reason))
        self.write(box, ITEMS, tuple(item.unsure() for item in box.items))

    def _delete(self, target: Expr, frame: Frame) -> None:
        if isinstance(target, str) and target in frame.names.entries:
            self.write(frame.names, target, ABSENT)
        elif not isinstance(target, str) and target[0] == "sub":
            key = self.eval(target[2], frame).value
            for box in self.container(target[1], frame):
                if isinstance(box, Table) and isinstance(key, _SIMPLE) and key in box.entries:
                    self.write(box, key, ABSENT)

    def container(self, expr: Expr, frame: Frame) -> list[Table | Series]:
        """The tables and series that an expression names, for writing into them. One of which nothing is known becomes an open
        table, so that what is set later is known."""
        if isinstance(expr, str):
            base, _, attr = expr.rpartition(".")
            if not base:
                cell = self.name(expr, frame)
                forced = self.force_cell(cell)
                boxes = self._boxes(forced)
                if not boxes and _opaque(forced.value) and expr in self._home(expr, frame).entries:
                    fresh = open_table(_reason(forced.value))
                    self.write(self._home(expr, frame), expr, forced._replace(value=fresh, others=()))
                    return [fresh]
                return boxes
            return self._boxes(self.attribute(self.eval(base, frame), attr, frame))
        if expr[0] == "sub":
            key = self.eval(expr[2], frame)
            found: list[Table | Series] = []
            for box in self.container(expr[1], frame):
                if not isinstance(box, Table):
                    found += [inner for item in box.items for inner in self._boxes(item)] if not isinstance(key.value, int) else []
                    continue
                inside = self._boxes(box.entries[key.value]) if isinstance(key.value, _SIMPLE) and key.value in box.entries else []
                if not inside and isinstance(key.value, _SIMPLE) and (box.rest is not None or key.value in box.entries):
                    old = box.entries.get(key.value)
                    fresh = open_table(_reason(old.value) if old is not None else box.rest or "")
                    self.write(box, key.value, self.cell(fresh, frame))
                    inside = [fresh]
                elif not isinstance(key.value, _SIMPLE):
                    inside = [inner for name in box.listed() for inner in self._boxes(box.entries[name])]
                found += inside
            return found
        return self._boxes(self.eval(expr, frame))

    def _boxes(self, cell: Cell) -> list[Table | Series]:
        found: list[Table | Series] = []
        for each in cell.alternatives():
            value = self.force(each.value)
            if isinstance(value, (Table, Series)) and not any(value is box for box in found):
                found.append(value)
        return found

    def _augment(self, stmt: Stmt, frame: Frame) -> None:
        target, op, value = stmt[1], stmt[2].rstrip("="), self.eval(stmt[3], frame)
        self.line = stmt[4]
        boxes = self.container(target, frame)
        if op == "|" and any(isinstance(box, Table) for box in boxes):
            for box in boxes:
                if isinstance(box, Table):
                    self._update(box, value, frame)
            return
        if op in ("+", "|") and boxes and all(isinstance(box, Series) and box.kind != "tuple" for box in boxes):
            for box in boxes:
                assert isinstance(box, Series)
                self._extend(box, value, frame)
            return
        current = self.force_cell(self.eval(target, frame))
        self.assign(target, self.cell(self.operate(op, current, self.force_cell(value), frame), frame, min_of(current, value)), frame)

    def _extend(self, box: Series, value: Cell, frame: Frame, front: bool = False) -> None:
        items = self.iterate(value, frame)
        if items is None:
            self.write(box, REST, Cell(_reason(value.value)))
            extra = self.force(value.value)
            # Kept as one item, which later stages may still understand: `urlpatterns += static(...)`.
            items = [value._replace(value=extra)] if isinstance(extra, (Made, Attr)) else []
        if value.confidence < Confidence.CERTAIN or value.others:
            items = [item.unsure() for item in items]
        self.write(box, ITEMS, (*items, *box.items) if front else (*box.items, *items))

    def _update(self, box: Table, value: Cell, frame: Frame) -> None:
        found = False
        several = bool(value.others)
        for each in value.alternatives():
            table = self.force(each.value)
            if isinstance(table, Table):
                found = True
                for key, cell in list(table.entries.items()):
                    self.write(box, key, cell.unsure() if several else cell)
            elif isinstance(table, Series):
                for item in table.items:
                    pair = self.iterate(item, frame)
                    if pair is not None and len(pair) == 2:
                        found = True
                        self._set_item(box, pair[0], pair[1])
        if not found:
            self._any_key(box, _reason(value.value))

    # Expressions

    def cell(self, value: Value, frame: Frame, confidence: Confidence = Confidence.CERTAIN) -> Cell:
        return Cell(value, frame.facts.path, self.line, confidence)

    def name(self, name: str, frame: Frame) -> Cell:
        at: Frame | None = frame
        while at is not None:
            cell: Cell | None = at.names.entries.get(name)
            if cell is not None:
                return cell
            at = at.outer
        if frame.outer is not None:
            cell = self.lookup(frame.facts.module, name)
            if cell is not None:
                return cell
        if name == "__name__":
            return self.cell(frame.facts.module, frame)
        if name == "TYPE_CHECKING":
            return self.cell(False, frame)
        # A name that nothing here binds: built in, or from a star import of a library.
        return self.cell(Name(frame.facts.module, name, name), frame)

    def eval(self, expr: Expr, frame: Frame) -> Cell:
        if isinstance(expr, str):
            head, _, rest = expr.partition(".")
            cell = self.name(head, frame)
            for attr in rest.split(".") if rest else ():
                cell = self.attribute(cell, attr, frame)
            return cell
        method = _EVALUATORS.get(expr[0])
        if method is None:
            return self.cell(Unknown(f"an expression of kind {expr[0]}"), frame)
        return method(self, expr, frame)

    def _const(self, expr: Expr, frame: Frame) -> Cell:
        return self.cell(expr[1], frame)

    def _attr(self, expr: Expr, frame: Frame) -> Cell:
        return self.attribute(self.eval(expr[1], frame), expr[2], frame)

    def attribute(self, cell: Cell, name: str, frame: Frame) -> Cell:
        value = cell.value
        if isinstance(value, Name):
            if value.dotted == "sys" and name == "argv":
                return cell._replace(value=Unknown(COMMAND_LINE, False))
            return cell._replace(value=Name(value.module, f"{value.expr}.{name}", f"{value.dotted}.{name}"))
        if isinstance(value, ClassRef):
            found = self.class_names(value).entries.get(name)
            return found if found is not None else self.cell(Attr(value, name), frame, cell.confidence)
        if isinstance(value, Made):
            owner = self.force(value.func)
            if isinstance(owner, ClassRef):
                found = self.class_names(owner).entries.get(name)
                if found is not None:
                    if isinstance(found.value, FunctionRef) and self._is_property(found.value):
                        return self.invoke(found.value, (cell,), (), frame) or self.cell(CALL_FAILED, frame)
                    if not isinstance(found.value, FunctionRef):
                        return Cell(*found)
            return self.cell(Attr(value, name), frame, cell.confidence)
        if isinstance(value, Attr):
            return self.cell(Attr(value, name), frame, cell.confidence)
        if isinstance(value, Table) and name in value.entries:
            entry: Cell = value.entries[name]
            return entry
        if isinstance(value, Unknown):
            return cell
        return self.cell(Unknown(f"an attribute {name}"), frame)

    def _is_property(self, ref: FunctionRef) -> bool:
        names = (expr.rpartition(".")[2] for expr, _ in self.facts(ref.module).functions[ref.index].decorators if isinstance(expr, str))
        return any(name in ("property", "cached_property", "classproperty") for name in names)

    def _binds(self, ref: FunctionRef) -> str:
        """What a method gets as its first argument: the ``class``, the ``instance`` or ``none``."""
        function = self.facts(ref.module).functions[ref.index]
        names = [expr.rpartition(".")[2] for expr, _ in function.decorators if isinstance(expr, str)]
        if function.owner < 0 or "staticmethod" in names:
            return "none"
        return "class" if any(name in ("classmethod", "classonlymethod") for name in names) else "instance"

    def class_names(self, ref: ClassRef) -> Table:
        """The attributes of a class with those of its bases in the project, nearest first."""
        known = self._classes.get(ref)
        if known is not None:
            return known
        table = self._classes[ref] = Table()
        facts = self.facts(ref.module)
        klass: Class = facts.classes[ref.index]

        def fill() -> None:
            frame = self.frame(ref.module)
            for base in reversed(klass.bases):
                found = self.force(self.eval(base, frame).value)
                if isinstance(found, ClassRef):
                    table.entries.update(self.class_names(found).entries)
            inherited = dict(table.entries)
            # A body does not see what is inherited.
            table.entries.clear()
            self.run(klass.body, Frame(facts, table, frame))
            for name, cell in inherited.items():
                table.entries.setdefault(name, cell)

        self._apart(fill)
        return table

    def bases(self, ref: ClassRef) -> list[Value]:
        """The classes that a class is derived from, nearest first: `ClassRef`, or `Name` for those of libraries."""
        found: list[Value] = []
        pending: list[ClassRef] = [ref]
        while pending and len(found) < 100:
            current = pending.pop(0)
            found.append(current)
            frame = Frame(self.facts(current.module), self._spaces.get(current.module) or Table())
            for base in self.facts(current.module).classes[current.index].bases:
                if isinstance(base, tuple) and base[0] == "sub":
                    base = base[1]
                if isinstance(base, str):
                    head, _, rest = base.partition(".")
                    cell = frame.names.entries.get(head) or self.lookup(current.module, head)
                    value = cell.value if cell is not None else Name(current.module, head, head)
                    if rest and isinstance(value, Name):
                        value = Name(value.module, base, f"{value.dotted}.{rest}")
                    value = self.force(value)
                    if isinstance(value, ClassRef):
                        if value not in found and value not in pending:
                            pending.append(value)
                    elif isinstance(value, Name):
                        found.append(value)
        return found

    def _sub(self, expr: Expr, frame: Frame) -> Cell:
        base = self.force_cell(self.eval(expr[1], frame))
        key = self.force(self.eval(expr[2], frame).value) if expr[2] is not None else None
        found: Cell | None = None
        for each in base.alternatives():
            item = self._item(self.force(each.value), key, frame)
            found = item if found is None else join_cells(found, item)
        assert found is not None
        return found if base.confidence is Confidence.CERTAIN else found.unsure()

    def _item(self, value: Value, key: Value, frame: Frame) -> Cell:
        if isinstance(value, Table):
            if isinstance(key, _SIMPLE):
                entry: Cell | None = value.entries.get(key)
                if entry is not None:
                    return entry
                return self.cell(Unknown(value.rest if value.rest is not None else f"no key {key!r}"), frame)
            return self.cell(Unknown("a key that is computed"), frame)
        if isinstance(value, Series) and isinstance(key, int) and not isinstance(key, bool):
            if -len(value.items) <= key < len(value.items):
                return value.items[key]
            return self.cell(Unknown(value.rest or "no such item"), frame)
        if isinstance(value, (Made, Attr)):
            return self.cell(Attr(value, "[]"), frame)
        if isinstance(value, Unknown):
            return self.cell(value, frame)
        return self.cell(Unknown(_reason(value) if _opaque(value) else "an item"), frame)

    def _display(self, expr: Expr, frame: Frame) -> Cell:
        items: list[Cell] = []
        rest: str | None = None
        for part in expr[1]:
            if not isinstance(part, str) and part[0] == "star":
                inner = self.eval(part[1], frame)
                found = self.iterate(inner, frame)
                if found is None:
                    rest = _reason(inner.value)
                    if isinstance(inner.value, (Made, Attr)):
                        items.append(inner)
                else:
                    items += found
            else:
                items.append(self.eval(part, frame))
        return self.cell(series(expr[0], tuple(items), rest), frame)

    def _dict(self, expr: Expr, frame: Frame) -> Cell:
        table = Table()
        cell = self.cell(table, frame)
        for key, value in zip(expr[1], expr[2], strict=True):
            if key is None:
                line, self.line = self.line, cell.line
                self._apart(self._update, table, self.eval(value, frame), frame)
                self.line = line
            else:
                name = self.force(self.eval(key, frame).value)
                content = self.eval(value, frame)._replace(path=frame.facts.path, line=cell.line)
                if isinstance(name, _SIMPLE):
                    table.entries[name] = content
                else:
                    table.entries[REST] = Cell("a key that is computed")
        return cell

    def _bool(self, expr: Expr, frame: Frame) -> Cell:
        is_or = expr[1] == "or"
        cell = self.cell(Unknown("no operand"), frame)
        confidence = Confidence.CERTAIN
        undecided = False
        for operand in expr[2]:
            cell = self.force_cell(self.eval(operand, frame))
            verdict, sure = self.truth(cell)
            confidence = min(confidence, sure, cell.confidence)
            if verdict is None:
                undecided = True
            elif verdict is is_or:
                break
        else:
            if undecided and not is_or:
                return self.cell(Unknown("a condition"), frame)
        if undecided and not is_or and self.truth(cell)[0] is not False:
            return self.cell(Unknown("a condition"), frame)
        if undecided and is_or:
            # `read() or "default"`: the default stands for what is read.
            if isinstance(cell.value, (Unknown, bool)):
                return self.cell(Unknown("a condition"), frame)
            return cell.unsure()
        return cell if confidence is Confidence.CERTAIN else cell.unsure()

    def _not(self, expr: Expr, frame: Frame) -> Cell:
        verdict, confidence = self.truth(self.eval(expr[1], frame))
        return self.cell(Unknown("a condition") if verdict is None else not verdict, frame, confidence)

    def _unary(self, expr: Expr, frame: Frame) -> Cell:
        cell = self.force_cell(self.eval(expr[2], frame))
        if isinstance(cell.value, (int, float)):
            if expr[1] == "-":
                return cell._replace(value=-cell.value)
            if expr[1] == "+":
                return cell
        return self.cell(Unknown("an operation"), frame)

    def _bin(self, expr: Expr, frame: Frame) -> Cell:
        left, right = self.force_cell(self.eval(expr[2], frame)), self.force_cell(self.eval(expr[3], frame))
        return self.cell(self.operate(expr[1], left, right, frame), frame, min_of(left, right))

    def operate(self, op: str, left: Cell, right: Cell, frame: Frame) -> Value:
        """``+ | - * %`` on constants, series and tables."""
        one, other = left.value, right.value
        if isinstance(one, Table) and op == "|":
            merged = Table(dict(one.entries))
            self._apart(self._update, merged, right, frame)
            return merged
        if isinstance(one, Series) or isinstance(other, Series):
            if op == "-" and isinstance(one, Series):
                gone = self.iterate(right, frame) or []
                kept = tuple(cell for cell in one.items if not any(same(cell.value, item.value) for item in gone))
                return series(one.kind, kept, one.rest)
            if op in ("+", "|"):
                kind = one.kind if isinstance(one, Series) else other.kind
                box = series(kind, (), None)
                self._apart(self._extend, box, left, frame)
                self._apart(self._extend, box, right, frame)
                for side in (one, other):
                    if isinstance(side, Series) and side.rest is not None:
                        box.entries[REST] = Cell(side.rest)
                return box
        if isinstance(one, (str, int, float, bytes)) and isinstance(other, (str, int, float, bytes)):
            try:
                if op == "+":
                    return one + other  # type: ignore[operator]
                if op == "-":
                    return one - other  # type: ignore[operator]
                if op == "*" and isinstance(one, (int, float)) and isinstance(other, (int, float)):
                    return one * other
                if op == "%":
                    return one % other  # type: ignore[operator]
            except (TypeError, ValueError, ArithmeticError):
                return Unknown("an operation that fails")
        return Unknown("an operation on something unknown")

    def _cmp(self, expr: Expr, frame: Frame) -> Cell:
        left = self.force_cell(self.eval(expr[1], frame))
        verdict: bool | None = True
        confidence = left.confidence
        for op, operand in zip(expr[2], expr[3], strict=True):
            right = self.force_cell(self.eval(operand, frame))
            one, sure = self._compare(op, left, right)
            confidence = min(confidence, right.confidence, sure)
            if one is False:
                return self.cell(False, frame, confidence)
            verdict = None if one is None else verdict
            left = right
        return self.cell(Unknown("a comparison") if verdict is None else verdict, frame, confidence)

    def _compare(self, op: str, left: Cell, right: Cell) -> tuple[bool | None, Confidence]:
        one, other = left.value, right.value
        for side in (one, other):
            if isinstance(side, Unknown) and side.guess is not None:
                return (op in ("!=", "not in", "is not")) is not side.guess, Confidence.LIKELY
        if left.others or right.others:
            return None, Confidence.LIKELY
        certain = Confidence.CERTAIN
        if op in ("is", "is not") and (other is None or isinstance(other, bool)):
            if isinstance(one, (Table, Series, Made, ClassRef, FunctionRef, *_SIMPLE)):
                return (one is other) == (op == "is"), certain
            return None, certain
        if op in ("in", "not in"):
            found = self._contains(other, one)
            return (None if found is None else found == (op == "in")), certain
        if isinstance(one, _SIMPLE) and isinstance(other, _SIMPLE):
            try:
                return bool(_COMPARISONS[op](one, other)), certain
            except (TypeError, KeyError):
                return None, certain
        return None, certain

    def _contains(self, box: Value, item: Value) -> bool | None:
        if isinstance(box, Name) and box.dotted == "sys.modules":
            return False
        if not isinstance(item, _SIMPLE):
            return None
        if isinstance(box, str) and isinstance(item, str):
            return item in box
        if isinstance(box, Table):
            if item in box.entries:
                return True
            return None if box.rest is not None else False
        if isinstance(box, Series):
            if any(type(cell.value) is type(item) and cell.value == item for cell in box.items):
                return True
            return None if box.rest is not None or any(_opaque(cell.value) for cell in box.items) else False
        return None

    def truth(self, cell: Cell) -> tuple[bool | None, Confidence]:
        """The truth of a value over all its alternatives, ``None`` where they differ or are unknown."""
        verdicts: set[bool | None] = set()
        confidence = cell.confidence
        for each in cell.alternatives():
            value = self.force(each.value)
            if isinstance(value, _SIMPLE) or value is ABSENT:
                verdicts.add(bool(value))
            elif isinstance(value, Table):
                verdicts.add(True if value.listed() else (None if value.rest is not None else False))
            elif isinstance(value, Series):
                verdicts.add(True if value.items else (None if value.rest is not None else False))
            elif isinstance(value, Unknown):
                verdicts.add(value.guess)
                if value.guess is not None:
                    confidence = min(confidence, Confidence.LIKELY)
            elif isinstance(value, (ClassRef, FunctionRef)):
                verdicts.add(True)
            else:
                verdicts.add(None)
        return (verdicts.pop() if len(verdicts) == 1 else None), confidence

    def _ifexp(self, expr: Expr, frame: Frame) -> Cell:
        verdict, confidence = self.truth(self.eval(expr[1], frame))
        if verdict is None:
            return join_cells(self.eval(expr[2], frame), self.eval(expr[3], frame))
        cell = self.eval(expr[2 if verdict else 3], frame)
        return cell if confidence is Confidence.CERTAIN else cell.unsure()

    def _lambda(self, expr: Expr, frame: Frame) -> Cell:
        return self.cell(FunctionRef(frame.facts.module, expr[1], frame.names if frame.outer is not None else None), frame)

    def _named(self, expr: Expr, frame: Frame) -> Cell:
        cell = self.eval(expr[2], frame)
        self.assign(expr[1], cell, frame)
        return cell

    def _opaque_parts(self, expr: Expr, frame: Frame) -> Cell:
        return self.cell(Unknown("a formatted string" if expr[0] == "fstring" else "an expression that is not followed"), frame)

    def _comp(self, expr: Expr, frame: Frame) -> Cell:
        kind, generators, values = expr[1], expr[2], expr[3]
        inner = Frame(frame.facts, Table(), frame)
        found: list[tuple[Cell, ...]] = []
        unknown: list[str] = []

        def level(number: int, sure: bool) -> None:
            if len(found) > LARGEST:
                unknown.append("a long comprehension")
                return
            if number == len(generators):
                cells = tuple(self.eval(value, inner) for value in values)
                found.append(cells if sure else tuple(cell.unsure() for cell in cells))
                return
            target, source, tests, _ = generators[number]
            cell = self.eval(source, inner)
            items = self.iterate(cell, inner)
            if items is None:
                unknown.append(_reason(cell.value))
                items = [self.cell(Unknown("a loop variable"), frame)]
            for item in items:
                self.assign(target, item, inner)
                verdicts = [self.truth(self.eval(test, inner)) for test in tests]
                if not any(verdict is False for verdict, _ in verdicts):
                    level(number + 1, sure and all(verdict and c is Confidence.CERTAIN for verdict, c in verdicts))

        self._apart(level, 0, True)
        rest = unknown[0] if unknown else None
        if kind == "dict":
            table = open_table(rest) if rest is not None else Table()
            for cells in found:
                self._apart(self._set_item, table, cells[0], cells[1])
            return self.cell(table, frame)
        return self.cell(series("list" if kind == "gen" else kind, tuple(cells[0] for cells in found), rest), frame)

    def iterate(self, cell: Cell, frame: Frame) -> list[Cell] | None:
        """The items that a loop over a value sees, ``None`` where they are not known. Of several alternatives, all."""
        items: list[Cell] = []
        for each in cell.alternatives():
            value = self.force(each.value)
            if isinstance(value, Series):
                if value.rest is not None and not value.items:
                    return None
                found = list(value.items)
            elif isinstance(value, Table):
                if value.rest is not None and not value.listed():
                    return None
                found = [self.cell(key, frame) for key in value.listed()]
            elif isinstance(value, str) and len(value) < LARGEST:
                found = [self.cell(letter, frame) for letter in value]
            elif value is ABSENT or value is None:
                found = []
            else:
                return None
            items = list(join_items(tuple(items), tuple(found))) if items else found
        return items

    # Calls

    def _call(self, expr: Expr, frame: Frame) -> Cell:
        return self.call(expr, frame)

    def call(self, expr: Expr, frame: Frame, statement: bool = False) -> Cell:
        self._steps -= 1
        base, method = _split(expr[1])
        if base is not None:
            owner = self.force_cell(self.eval(base, frame))
            # A statement that sets keys of something unknown makes it a table of which those keys are known.
            if statement and method in ("update", "setdefault") and _opaque(owner.value):
                owner = owner._replace(value=next(iter(self.container(base, frame)), owner.value))
            if not isinstance(owner.value, Name):
                return self._method(owner, method, expr, frame, statement)
        func = self.eval(expr[1], frame)
        args, keywords, open_ended = self.arguments(expr, frame)
        return self._apply(func, args, keywords, open_ended, expr, frame, statement)

    def arguments(self, expr: Expr, frame: Frame) -> tuple[tuple[Cell, ...], Keywords, bool]:
        args: list[Cell] = []
        open_ended = False
        for arg in expr[2]:
            if not isinstance(arg, str) and arg[0] == "star":
                items = self.iterate(self.eval(arg[1], frame), frame)
                if items is None:
                    open_ended = True
                else:
                    args += items
            else:
                args.append(self.eval(arg, frame))
        keywords: list[tuple[str | None, Cell]] = []
        for name, value in expr[3]:
            cell = self.eval(value, frame)
            table = self.force(cell.value) if name is None else None
            if isinstance(table, Table):
                keywords += [(key, table.entries[key]) for key in table.listed() if isinstance(key, str)]
                open_ended = open_ended or table.rest is not None
            else:
                open_ended = open_ended or name is None
                keywords.append((name, cell))
        return tuple(args), tuple(keywords), open_ended

    def _apply(
        self, func: Cell, args: tuple[Cell, ...], keywords: Keywords, open_ended: bool, expr: Expr, frame: Frame, statement: bool
    ) -> Cell:
        value = self.force(func.value) if isinstance(func.value, Name) and self.modules.is_project(func.value.dotted) else func.value
        if isinstance(value, Unknown):
            return self.cell(value, frame)
        call = Call(self, frame, value, args, keywords, expr, statement)
        known = self.hook(call)
        if known is not None:
            return known
        if isinstance(value, Name):
            built = self._builtin(value.dotted, args, keywords, frame)
            if built is not None:
                return built
        if isinstance(value, FunctionRef) and not open_ended:
            result = self.invoke(value, args, keywords, frame)
            if result is not None and self.follow(call, result):
                return result
        return self.cell(Made(value, args, keywords, frame.facts.module, frame.facts.path, expr[4], expr), frame)

    def invoke(self, ref: FunctionRef, args: tuple[Cell, ...], keywords: Keywords, frame: Frame) -> Cell | None:
        """What a project function returns, or ``None`` where it is not followed."""
        facts = self.facts(ref.module)
        function = facts.functions[ref.index]
        if self._depth >= DEPTH or function.is_async or function.is_generator or len(function.body) > STATEMENTS:
            return None
        names = _bind(function, args, keywords)
        if names is None:
            return None
        space = Table(names)
        outer = Frame(facts, self._spaces.get(ref.module) or Table())
        if ref.scope is not None:
            outer = Frame(facts, ref.scope, outer)
        inner = Frame(facts, space, outer)
        for param in function.params:
            if param.name not in names and param.default is not None:
                space.entries[param.name] = self.eval(param.default, outer)
        line = self.line
        self._depth += 1
        try:
            self.run(function.body, inner)
        finally:
            self._depth -= 1
            self.line = line
        if not inner.returns:
            return self.cell(None, frame)
        result = inner.returns[0]
        for other in inner.returns[1:]:
            result = join_cells(result, other)
        return result._replace(path=frame.facts.path, line=line)

    def _builtin(self, name: str, args: tuple[Cell, ...], keywords: Keywords, frame: Frame) -> Cell | None:
        name = name.removeprefix("builtins.")
        if name in ("dict", "collections.OrderedDict", "OrderedDict"):
            table = Table()
            if args:
                self._apart(self._update, table, args[0], frame)
            for key, cell in keywords:
                if key is None:
                    table.entries[REST] = Cell(_reason(cell.value))
                else:
                    table.entries[key] = cell._replace(line=self.line, path=frame.facts.path)
            return self.cell(table, frame)
        if name in ("copy.deepcopy", "copy.copy", "deepcopy") and args:
            return self._copied(args[0], deep=name.endswith("deepcopy"))
        if name in _SEQUENCES and not keywords:
            if not args:
                return self.cell(series(_SEQUENCES[name], ()), frame)
            items = self.iterate(args[0], frame)
            if items is None:
                return self.cell(series(_SEQUENCES[name], (), _reason(args[0].value)), frame)
            value = self.force(args[0].value)
            rest = value.rest if isinstance(value, (Table, Series)) else None
            return self.cell(series(_SEQUENCES[name], tuple(items), rest), frame, args[0].confidence)
        if name == "getattr" and len(args) == 3 and isinstance(args[1].value, str):
            found = self.attribute(self.force_cell(args[0]), args[1].value, frame)
            return args[2].unsure() if _opaque(found.value) and not isinstance(found.value, Name) else found
        if name == "getattr" and len(args) == 2 and isinstance(args[1].value, str):
            return self.attribute(self.force_cell(args[0]), args[1].value, frame)
        if name in ("globals", "vars", "locals") and not args:
            outermost = frame
            while outermost.outer is not None and name == "globals":
                outermost = outermost.outer
            return self.cell(outermost.names, frame)
        if name == "enumerate" and args:
            items = self.iterate(args[0], frame)
            if items is not None:
                pairs = (self.cell(series("tuple", (self.cell(n, frame), item)), frame) for n, item in enumerate(items))
                return self.cell(series("list", tuple(pairs)), frame)
        if name == "zip" and args:
            columns = [self.iterate(arg, frame) for arg in args]
            if all(column is not None for column in columns):
                rows = zip(*(column or [] for column in columns), strict=False)
                return self.cell(series("list", tuple(self.cell(series("tuple", row), frame) for row in rows)), frame)
        if name == "range" and args and all(type(arg.value) is int for arg in args):
            numbers = range(*(arg.value for arg in args))
            if len(numbers) <= LARGEST:
                return self.cell(series("list", tuple(self.cell(number, frame) for number in numbers)), frame)
        if name in _CONVERSIONS and len(args) == 1 and not keywords:
            value = self.force(args[0].value)
            if name == "len" and isinstance(value, Series) and value.rest is None:
                return self.cell(len(value.items), frame, args[0].confidence)
            if name == "bool":
                verdict, confidence = self.truth(args[0])
                return self.cell(Unknown(_reason(value)) if verdict is None else verdict, frame, confidence)
            if isinstance(value, _SIMPLE):
                try:
                    return self.cell(_CONVERSIONS[name](value), frame, args[0].confidence)
                except (TypeError, ValueError):
                    return self.cell(Unknown("a conversion that fails"), frame)
            if isinstance(value, Unknown):
                return self.cell(value, frame)
        if name in ("typing.cast", "cast") and len(args) == 2:
            return args[1]
        return None

    def _copied(self, cell: Cell, deep: bool) -> Cell:
        value = self.force(cell.value)
        if isinstance(value, Table):
            entries = {k: self._copied(v, True) if deep and isinstance(v, Cell) else v for k, v in value.entries.items()}
            return cell._replace(value=Table(entries))
        if isinstance(value, Series):
            return cell._replace(value=series(value.kind, tuple(self._copied(v, deep) if deep else v for v in value.items), value.rest))
        return cell._replace(value=value)

    def _method(self, owner: Cell, method: str, expr: Expr, frame: Frame, statement: bool) -> Cell:
        args, keywords, open_ended = self.arguments(expr, frame)
        self.line = expr[4][0] if statement else self.line
        value = owner.value
        if isinstance(value, Unknown):
            call = Call(self, frame, Attr(value, method), args, keywords, expr, statement)
            return self.hook(call) or self.cell(value, frame)
        if isinstance(value, Table):
            if method in value.entries and isinstance(value.entries[method], Cell) and not hasattr(dict, method):
                return self._apply(value.entries[method], args, keywords, open_ended, expr, frame, statement)
            result: Cell | None = None
            for box in self._boxes(owner):
                if isinstance(box, Table):
                    got = self._table_method(box, method, args, keywords, frame)
                    result = got if result is None else join_cells(result, got)
            return result if result is not None else self.cell(Unknown(f"a method {method}"), frame)
        if isinstance(value, Series):
            result = None
            for box in self._boxes(owner):
                if isinstance(box, Series):
                    answer = self._series_method(box, method, args, frame)
                    result = answer if result is None else result
            return result if result is not None else self.cell(Unknown(f"a method {method}"), frame)
        if isinstance(value, (str, bytes)):
            return self._string_method(owner, method, args, keywords, frame)
        if isinstance(value, ClassRef):
            member = self.attribute(owner, method, frame)
            if isinstance(member.value, FunctionRef) and self._binds(member.value) == "class":
                args = (owner, *args)
            return self._apply(member, args, keywords, open_ended, expr, frame, statement)
        if isinstance(value, Made):
            call = Call(self, frame, Attr(value, method), args, keywords, expr, statement)
            known = self.hook(call)
            if known is not None:
                return known
            self.record(value, method, args, keywords, expr, frame)
            maker = self.force(value.func)
            if isinstance(maker, ClassRef):
                found = self.class_names(maker).entries.get(method)
                if found is not None and isinstance(found.value, FunctionRef) and not open_ended:
                    bound = {"class": (owner._replace(value=maker),), "none": ()}.get(self._binds(found.value), (owner,))
                    given = self.invoke(found.value, (*bound, *args), keywords, frame)
                    if given is not None and self.follow(call, given):
                        return given
        if isinstance(value, Attr):
            root, path = value, [method]
            while isinstance(root, Attr):
                path.append(root.name)
                root = root.base
            if isinstance(root, Made):
                self.record(root, ".".join(reversed(path)), args, keywords, expr, frame)
        if isinstance(value, (Made, Attr, FunctionRef)):
            target = self.cell(Attr(value, method), frame)
            return self._apply(target, args, keywords, True, expr, frame, statement)
        return self.cell(Unknown(f"a method {method}"), frame)

    def record(self, made: Made, method: str, args: tuple[Cell, ...], keywords: Keywords, expr: Expr, frame: Frame) -> None:
        """Remember a method call, on the object and on those that it was chained from: ``router.register(a).register(b)``."""
        called = Called(method, args, keywords, frame.facts.module, frame.facts.path, expr[4], tuple(expr[2]))
        made.calls.append(called)
        while isinstance(made.func, Attr) and isinstance(made.func.base, Made):
            made = made.func.base
            made.calls.append(called)

    def _table_method(self, box: Table, method: str, args: tuple[Cell, ...], keywords: Keywords, frame: Frame) -> Cell:
        key = self.force(args[0].value) if args else None
        if method == "update":
            if args:
                self._update(box, args[0], frame)
            for name, cell in keywords:
                if name is not None:
                    self.write(box, name, cell._replace(path=frame.facts.path, line=self.line))
                else:
                    self._any_key(box, _reason(cell.value))
            return self.cell(None, frame)
        if method in ("get", "setdefault", "pop", "__getitem__") and args and isinstance(key, _SIMPLE):
            found: Cell | None = box.entries.get(key)
            default = args[1] if len(args) > 1 else self.cell(None, frame)
            if method == "setdefault" and found is None:
                stored = default._replace(path=frame.facts.path, line=self.line)
                self.write(box, key, stored)
                return stored
            if method == "pop" and found is not None:
                self.write(box, key, ABSENT)
            if found is not None:
                return found
            if box.rest is not None:
                # A default of nothing says nothing of a table that is filled elsewhere.
                return default.unsure() if len(args) > 1 and default.value not in ("", None) else self.cell(Unknown(box.rest), frame)
            return default
        if method in ("keys", "values", "items", "copy"):
            if method == "copy":
                return self.cell(Table(dict(box.entries)), frame)
            items: list[Cell] = []
            for name in box.listed():
                key_cell = self.cell(name, frame)
                value = box.entries[name]
                items.append({"keys": key_cell, "values": value}.get(method) or self.cell(series("tuple", (key_cell, value)), frame))
            return self.cell(series("list", tuple(items), box.rest), frame)
        return self.cell(Unknown(f"a method {method}"), frame)

    def _series_method(self, box: Series, method: str, args: tuple[Cell, ...], frame: Frame) -> Cell:
        if method in ("append", "add") and args:
            self.write(box, ITEMS, (*box.items, args[0]))
        elif method == "insert" and len(args) == 2:
            at = args[0].value if type(args[0].value) is int else 0
            self.write(box, ITEMS, (*box.items[:at], args[1], *box.items[at:]))
        elif method in ("extend", "update") and args:
            self._extend(box, args[0], frame)
        elif method in ("remove", "discard") and args:
            self.write(box, ITEMS, tuple(cell for cell in box.items if not same(cell.value, args[0].value)))
        elif method == "copy":
            return self.cell(series(box.kind, box.items, box.rest), frame)
        elif method == "union":
            return self.cell(self.operate("+", self.cell(box, frame), args[0], frame) if args else box, frame)
        elif method == "index" and args:
            for number, cell in enumerate(box.items):
                if same(cell.value, args[0].value):
                    return self.cell(number, frame)
            return self.cell(Unknown("no such item"), frame)
        elif method in ("clear", "pop", "sort", "reverse"):
            self._doubt(box, f"a list that is changed by {method}")
        return self.cell(None, frame)

    def _string_method(self, owner: Cell, method: str, args: tuple[Cell, ...], keywords: Keywords, frame: Frame) -> Cell:
        plain: list[Any] = []
        confidence = owner.confidence
        for arg in args:
            value = self.force(arg.value)
            if isinstance(value, Series) and value.rest is None and all(isinstance(cell.value, str) for cell in value.items):
                value = tuple(cell.value for cell in value.items)
            elif not isinstance(value, _SIMPLE):
                return self.cell(Unknown("a string that is computed"), frame)
            plain.append(value)
            confidence = min(confidence, arg.confidence)
        if method not in _STRING_METHODS or keywords:
            return self.cell(Unknown("a string that is computed"), frame)
        try:
            result = getattr(owner.value, method)(*plain)
        except (TypeError, ValueError, LookupError):
            return self.cell(Unknown("a string operation that fails"), frame)
        if isinstance(result, (list, tuple)):
            kind = "list" if isinstance(result, list) else "tuple"
            result = series(kind, tuple(self.cell(part, frame, confidence) for part in result))
        return self.cell(result, frame, confidence)


def min_of(*cells: Cell) -> Confidence:
    return min(cell.confidence for cell in cells)


def _split(func: Expr) -> tuple[Expr | None, str]:
    """``a.b.c`` as ``a.b`` and ``c``; no base where it is a bare name or no attribute."""
    if isinstance(func, str):
        base, _, attr = func.rpartition(".")
        return (base or None), attr
    if func[0] == "attr":
        return func[1], func[2]
    return None, ""


def _opaque(value: Value) -> bool:
    return isinstance(value, (Unknown, Made, Attr, Name))


def _reason(value: Value) -> str:
    if isinstance(value, Unknown):
        return value.reason
    if isinstance(value, (Table, Series)) and value.rest is not None:
        return value.rest
    name = dotted_name(value)
    return f"it comes from {name}" if name else "it is computed"


def _joined(values: list[Any], decided: bool) -> Any:
    """What an entry holds after several ways: a Cell, the items of a series, or ABSENT. ``decided``: the first way is the likely one."""
    first = values[0]
    if all(value is first for value in values):
        return first
    if any(isinstance(value, tuple) and not isinstance(value, Cell) for value in values):
        known = [value for value in values if value is not ABSENT]
        if decided:
            return prefer_items(known[0], known[1:])
        joined: tuple[Cell, ...] = known[0]
        for other in known[1:]:
            joined = join_items(joined, other)
        return joined
    if decided:
        return first if first is ABSENT else prefer_cell(first, [None if value is ABSENT else value for value in values[1:]])
    cell = None if first is ABSENT else first
    for other in values[1:]:
        if cell is None and other is ABSENT:
            continue
        cell = join_cells(cell, None if other is ABSENT else other)
    return ABSENT if cell is None else cell


def _bind(function: Function, args: tuple[Cell, ...], keywords: Keywords) -> dict[Any, Any] | None:
    """Arguments by the names of the parameters, ``None`` where they do not fit."""
    names: dict[Any, Any] = {}
    positional = [param.name for param in function.params if param.kind in ("pos", "arg")]
    known = {param.name for param in function.params if param.kind in ("arg", "kwonly")}
    rest = next((param.name for param in function.params if param.kind == "vararg"), None)
    more = next((param.name for param in function.params if param.kind == "kwarg"), None)
    if len(args) > len(positional) and rest is None:
        return None
    names.update(zip(positional, args, strict=False))
    if rest is not None:
        names[rest] = Cell(series("tuple", args[len(positional) :]))
    extra: dict[Any, Any] = {}
    for name, cell in keywords:
        if name in known:
            names[name] = cell
        elif more is None or name is None:
            return None
        else:
            extra[name] = cell
    if more is not None:
        names[more] = Cell(Table(extra))
    if any(param.default is None and param.name not in names for param in function.params if param.kind in ("pos", "arg", "kwonly")):
        return None
    return names


def _names_bound(stmt: Stmt, facts: FileFacts) -> Iterable[str]:
    """Every name that a statement may bind at the module's level."""
    found: list[str] = []

    def target(expr: Expr) -> None:
        if isinstance(expr, str):
            found.append(expr.split(".")[0])
        elif expr[0] in ("tuple", "list"):
            for item in expr[1]:
                target(item)
        elif expr[0] in ("star", "sub"):
            target(expr[1])

    def visit(body: Iterable[Stmt]) -> None:
        for inner in body:
            tag = inner[0]
            if tag == "def":
                found.append(facts.functions[inner[1]].name)
            elif tag == "class":
                found.append(facts.classes[inner[1]].name)
            elif tag == "import":
                found.append(facts.imports[inner[1]].binds)
            elif tag == "assign":
                for each in inner[1]:
                    target(each)
            elif tag in ("ann", "aug"):
                target(inner[1])
            elif tag in ("if", "while"):
                visit(inner[2])
                visit(inner[3])
            elif tag == "for":
                target(inner[1])
                visit(inner[3])
                visit(inner[4])
            elif tag == "with":
                for _, name, _ in inner[1]:
                    if name is not None:
                        target(name)
                visit(inner[2])
            elif tag == "try":
                visit(inner[1])
                for handler in inner[2]:
                    visit(handler[2])
                visit(inner[3])
                visit(inner[4])
            elif tag == "match":
                for case in inner[2]:
                    visit(case[3])

    visit((stmt,))
    return found


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "is": lambda a, b: a is b,
    "is not": lambda a, b: a is not b,
}

_EVALUATORS: dict[str, Callable[[Evaluator, Expr, Frame], Cell]] = {
    "const": Evaluator._const,
    "attr": Evaluator._attr,
    "call": Evaluator._call,
    "sub": Evaluator._sub,
    "tuple": Evaluator._display,
    "list": Evaluator._display,
    "set": Evaluator._display,
    "dict": Evaluator._dict,
    "bool": Evaluator._bool,
    "not": Evaluator._not,
    "unary": Evaluator._unary,
    "bin": Evaluator._bin,
    "cmp": Evaluator._cmp,
    "ifexp": Evaluator._ifexp,
    "lambda": Evaluator._lambda,
    "named": Evaluator._named,
    "comp": Evaluator._comp,
    "fstring": Evaluator._opaque_parts,
    "other": Evaluator._opaque_parts,
}
