"""`Evaluator`: namespaces of modules and classes, references followed through imports, and the joining of branches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from txlint.frameworks.data import (
    ABSENT,
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
    join_cells,
    join_items,
    prefer_cell,
    prefer_items,
)
from txlint.frameworks.evaluate.calls import invoke
from txlint.frameworks.evaluate.expressions import COMMAND_LINE, EVALUATORS
from txlint.frameworks.evaluate.frame import LARGEST, SIMPLE, Call, Flow, Frame, Hook, Keywords, accept_all, no_constants, no_hook
from txlint.frameworks.evaluate.modules import Modules, absolute_import, declarations, names_bound
from txlint.frameworks.evaluate.statements import run
from txlint.model.facts import Body, Class, Expr, FileFacts, Import, Stmt
from txlint.model.kinds import Confidence

STEPS = 200_000  # statements and calls per run: a guard against code that computes


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
        self.spaces: dict[str, Table] = {}
        self._classes: dict[ClassRef, Table] = {}
        self._once: dict[str, dict[str, Stmt | None]] = {}
        self._declarations: dict[str, dict[str, Stmt]] = {}
        self._bases: dict[ClassRef, tuple[ClassRef | Name, ...]] = {}
        self.journal: list[tuple[Table | Series, Any, Any]] | None = None
        self.steps = STEPS
        self.depth = 0

    def facts(self, module: str) -> FileFacts:
        return self.modules.facts[module]

    def namespace(self, module: str) -> Table:
        """The names of a module of the project after its body has run. An import cycle sees what is there so far."""
        known = self.spaces.get(module)
        if known is None:
            facts = self.modules.facts[module]
            known = self.spaces[module] = Table()
            self.apart(self.run_whole, facts.body, Frame(facts, known))
        return known

    def apart(self, work: Callable[..., None], *args: Any) -> None:
        """Run something that is not on any path of the branch now followed."""
        line, journal, self.journal = self.line, self.journal, None
        try:
            work(*args)
        finally:
            self.line, self.journal = line, journal

    def frame(self, module: str) -> Frame:
        return Frame(self.modules.facts[module], self.namespace(module))

    def lookup(self, module: str, name: str) -> Cell | None:
        """A name at the top of a module; a plain definition or import does not make the module's body run."""
        table = self.spaces.get(module)
        if table is None:
            stmt = self._bound_once(module).get(name)
            if stmt is not None:
                facts = self.modules.facts[module]
                if stmt[0] == "def":
                    return Cell(FunctionRef(module, stmt[1]), facts.path, facts.functions[stmt[1]].pos[0])
                if stmt[0] == "class":
                    return Cell(ClassRef(module, stmt[1]), facts.path, facts.classes[stmt[1]].pos[0])
                return Cell(self.imported(facts, facts.imports[stmt[1]]), facts.path, facts.imports[stmt[1]].line)
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
                    for name in names_bound(stmt, facts):
                        known[name] = None
                    continue
                known[name] = None if name in known else stmt
        return known

    def imported(self, facts: FileFacts, item: Import) -> Name:
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

    def write(self, box: Table | Series, key: Any, value: Any) -> None:
        if self.journal is not None:
            self.journal.append((box, key, box.entries.get(key, ABSENT)))
        if value is ABSENT:
            box.entries.pop(key, None)
        else:
            box.entries[key] = value

    def fork(self, frame: Frame, ways: Sequence[Callable[[], Flow]], likely: int | None = None) -> Flow:
        """Follow every way from the same state and join what they leave. ``likely``: the way that is probably taken."""
        outer = self.journal
        before = len(frame.returns)
        returned: list[list[Cell]] = []
        results: list[tuple[Flow, dict[tuple[int, Any], tuple[Table | Series, Any, Any]]]] = []
        for way in ways:
            self.journal = []
            flow = way()
            written = {(id(box), key): (box, key, box.entries.get(key, ABSENT)) for box, key, _ in self.journal}
            for box, key, old in reversed(self.journal):
                if old is ABSENT:
                    box.entries.pop(key, None)
                else:
                    box.entries[key] = old
            results.append((flow, written))
            returned.append(frame.returns[before:])
            del frame.returns[before:]
        self.journal = outer
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
            self.write(box, slot, joined(values, decided=likely in living))
        return None

    def _leave(self, result: tuple[Flow, dict[tuple[int, Any], tuple[Table | Series, Any, Any]]]) -> Flow:
        for box, key, value in result[1].values():
            self.write(box, key, value)
        return result[0]

    def run_whole(self, body: Body, frame: Frame) -> None:
        """Run a body as far as it goes."""
        try:
            self.run(body, frame)
        except RecursionError:
            frame.names.entries[REST] = Cell("the module is nested too deeply to be read")

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
        method = EVALUATORS.get(expr[0])
        if method is None:
            return self.cell(Unknown(f"an expression of kind {expr[0]}"), frame)
        return method(self, expr, frame)

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
                    if isinstance(found.value, FunctionRef) and self.is_property(found.value):
                        return self.invoke(found.value, (cell,), (), frame) or self.cell(Unknown("a property that is not followed"), frame)
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

    def is_property(self, ref: FunctionRef) -> bool:
        names = (expr.rpartition(".")[2] for expr, _ in self.facts(ref.module).functions[ref.index].decorators if isinstance(expr, str))
        return any(name in ("property", "cached_property", "classproperty") for name in names)

    def binds(self, ref: FunctionRef) -> str:
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
            self.run_whole(klass.body, Frame(facts, table, frame))
            for name, cell in inherited.items():
                table.entries.setdefault(name, cell)

        self.apart(fill)
        return table

    def bases(self, ref: ClassRef) -> list[Value]:
        """A class and those it is derived from, nearest first: `ClassRef`, or `Name` for those of libraries."""
        found: list[Value] = []
        pending: list[ClassRef] = [ref]
        while pending and len(found) < 100:
            current = pending.pop(0)
            found.append(current)
            for base in self.direct_bases(current):
                if isinstance(base, Name):
                    found.append(base)
                elif base not in found and base not in pending:
                    pending.append(base)
        return found

    def direct_bases(self, ref: ClassRef) -> tuple[ClassRef | Name, ...]:
        """What stands in a class statement. Names are followed without running any module where definitions and imports tell."""
        known = self._bases.get(ref)
        if known is None:
            found = []
            for expr in self.facts(ref.module).classes[ref.index].bases:
                expr = expr[1] if isinstance(expr, tuple) and expr[0] == "sub" else expr  # Base[T]
                value = self._definition(self._named(ref.module, expr, 0)) if isinstance(expr, str) else None
                if isinstance(value, (ClassRef, Name)):
                    found.append(value)
            known = self._bases[ref] = tuple(found)
        return known

    def _named(self, module: str, dotted: str, depth: int) -> Value:
        """A dotted name as it is written in a module."""
        head, _, rest = dotted.partition(".")
        value = self._declared(module, head, depth) or Name(module, head, head)
        return Name(value.module, dotted, f"{value.dotted}.{rest}") if rest and isinstance(value, Name) else value

    def _definition(self, value: Value) -> Value:
        """Follow a reference from import to import."""
        for _ in range(20):
            if not isinstance(value, Name) or not self.modules.is_project(value.dotted):
                return value
            parts = value.dotted.split(".")
            path = self.modules.facts[value.module].path if value.module in self.modules.facts else ""
            for end in range(len(parts) - 1, 0, -1):
                module = self.modules.find(".".join(parts[:end]), path)
                if module is not None:
                    break
            else:
                return value
            found = self._declared(module, parts[end]) if end == len(parts) - 1 else self.force(value)
            if found is None or found == value:
                return value
            value = found
        return value

    def _declared(self, module: str, name: str, depth: int = 0) -> Value | None:
        """What a definition, import or plain alias at the top level of a module binds, on whatever path. No module is run for it."""
        facts = self.modules.facts[module]
        names = self._declarations.get(module)
        if names is None:
            names = self._declarations[module] = declarations(facts)
        stmt = names.get(name)
        if stmt is not None:
            if stmt[0] == "def":
                return FunctionRef(module, stmt[1])
            if stmt[0] == "assign":
                return self._named(module, stmt[2], depth + 1) if depth < 10 else None
            return ClassRef(module, stmt[1]) if stmt[0] == "class" else self.imported(facts, facts.imports[stmt[1]])
        for item in facts.imports:
            if item.name == "*" and depth < 10:
                source = self.modules.find(absolute_import(facts, item), facts.path)
                found = self._declared(source, name, depth + 1) if source is not None and source != module else None
                if found is not None:
                    return found
        return None

    def truth(self, cell: Cell) -> tuple[bool | None, Confidence]:
        """The truth of a value over all its alternatives, ``None`` where they differ or are unknown."""
        verdicts: set[bool | None] = set()
        confidence = cell.confidence
        for each in cell.alternatives():
            forced = self.force_cell(each)
            value = forced.value
            confidence = min(confidence, forced.confidence)
            if isinstance(value, SIMPLE) or value is ABSENT:
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

    def record(self, made: Made, method: str, args: tuple[Cell, ...], keywords: Keywords, expr: Expr, frame: Frame) -> None:
        """Remember a method call, on the object and on those that it was chained from: ``router.register(a).register(b)``."""
        called = Called(method, args, keywords, frame.facts.module, frame.facts.path, expr[4], tuple(expr[2]))
        made.calls.append(called)
        while isinstance(made.func, Attr) and isinstance(made.func.base, Made):
            made = made.func.base
            made.calls.append(called)

    def run(self, body: Body, frame: Frame) -> Flow:
        return run(self, body, frame)

    def invoke(self, ref: FunctionRef, args: tuple[Cell, ...], keywords: Keywords, frame: Frame) -> Cell | None:
        return invoke(self, ref, args, keywords, frame)


def joined(values: list[Any], decided: bool) -> Any:
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
