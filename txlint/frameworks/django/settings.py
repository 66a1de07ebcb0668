"""Django's settings, read from the facts of the settings modules: `read_settings` gives a `DjangoSettings`.

Which modules count: those that the configuration names; else those that manage.py, wsgi.py, asgi.py, celery.py or the configuration
of pytest name, with the modules beside them; else every module that defines ``DATABASES``. Where they disagree on
``ATOMIC_REQUESTS`` names like *production* win, and the choice is an assumption that the report prints. So is what holds where the
chosen module does not define its default database itself (``DATABASES = {}``, filled by a file outside of the project): then the next
module that does counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from posixpath import dirname, normpath
from types import MappingProxyType
from typing import Any, NamedTuple

from txlint.config import Config
from txlint.frameworks.data import (
    ABSENT,
    REST,
    Cell,
    ClassRef,
    FunctionRef,
    Made,
    Name,
    Series,
    Table,
    Unknown,
    dotted_name,
)
from txlint.frameworks.django.candidates import MOST, Candidate, defining, find_candidates, is_trial
from txlint.frameworks.django.readers import FROM_ENVIRONMENT, read_environment
from txlint.frameworks.evaluate import Call, Evaluator, Frame, Modules, absolute_import
from txlint.frameworks.files import Files
from txlint.model.facts import FileFacts
from txlint.model.finding import Assumption
from txlint.model.kinds import Confidence

_SETTINGS = frozenset({"DATABASES", "INSTALLED_APPS", "ROOT_URLCONF"})
"""What a class or module has that holds the settings of a project."""


class AtomicRequests(NamedTuple):
    """``ATOMIC_REQUESTS`` of one database, and the line where it is switched."""

    value: bool
    path: str
    line: int
    confidence: Confidence


class Answer(NamedTuple):
    """What a setting holds: a plain value, an `Unknown` with its reason, or `ABSENT`; ``others`` are the values on other paths."""

    value: Any
    confidence: Confidence = Confidence.CERTAIN
    path: str = ""
    line: int = 0
    others: tuple[Any, ...] = ()


class Inert(NamedTuple):
    """A setting that has no effect where it stands."""

    name: str
    value: Any
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class DjangoSettings:
    """The settings of a project. ``module`` is ``None`` where there are none (a reusable app). ``atomic_requests`` has one entry for
    each database whose dict sets the key, and is empty where nothing does. ``missing`` are modules that the configuration names and
    the project lacks. ``trial``: they are those of a project for tests, examples or a demonstration, or a file beside them that is not
    there takes their place (``from .local_settings import *``); production has others."""

    module: str | None
    path: str
    atomic_requests: Mapping[str, AtomicRequests]
    assumed: tuple[Assumption, ...]
    inert: tuple[Inert, ...]
    candidates: tuple[str, ...]
    missing: tuple[str, ...]
    names: Table
    evaluator: Evaluator
    trial: bool = False

    @property
    def atomic_aliases(self) -> tuple[str, ...]:
        """The databases in whose transaction every view runs."""
        return tuple(sorted(alias for alias, found in self.atomic_requests.items() if found.value))

    def get(self, path: str) -> Answer:
        """A setting by its dotted path: ``EMAIL_BACKEND``, ``RQ.COMMIT_MODE``, ``TASKS.default.BACKEND``; of a list of dicts, in the first
        that has it: ``TEMPLATES.OPTIONS``."""
        if self.module is None:
            return Answer(Unknown("no settings module was found"))
        cell = Cell(self.names)
        for part in path.split("."):
            found = self._step(cell, part)
            if found is None:
                return Answer(ABSENT, cell.confidence, cell.path, cell.line)
            cell = found
        values = [_plain(self.evaluator, each) for each in cell.alternatives()]
        return Answer(values[0], cell.confidence, cell.path, cell.line, tuple(values[1:]))

    def _step(self, cell: Cell, part: str) -> Cell | None:
        value = self.evaluator.force(cell.value)
        if isinstance(value, Table):
            entry: Cell | None = value.entries.get(part)
            if entry is not None:
                return self.evaluator.force_cell(entry)
            return None if value.rest is None else cell._replace(value=Unknown(value.rest), confidence=Confidence.LIKELY, others=())
        if isinstance(value, (Unknown, Made, Name)):
            return cell._replace(value=Unknown(_why(value)), others=())
        if isinstance(value, Series):
            return next((found for item in value.items if (found := self._step(item, part)) is not None), None)
        return None

    def strings(self, name: str) -> tuple[str, ...]:
        """The strings in a list (or the one string) that a setting holds, on any path: ``INSTALLED_APPS``, ``MIDDLEWARE``."""
        cell = self.names.entries.get(name)
        if cell is None:
            return ()
        single = [each.value for each in cell.alternatives() if isinstance(each.value, str)]
        if single:
            return tuple(single)
        items = self.evaluator.iterate(cell, self._frame()) or []
        if not items and isinstance(cell.value, Made):  # a function of the project adds to the list that it is given
            items = [item for arg in cell.value.args for item in self.evaluator.iterate(arg, self._frame()) or []]
        values = (self.evaluator.force(item.value) for item in items)
        return tuple(dict.fromkeys(value for value in values if isinstance(value, str)))

    def _frame(self) -> Frame:
        assert self.module is not None
        return Frame(self.evaluator.facts(self.module.partition(":")[0]), self.names)

    @property
    def middleware(self) -> tuple[str, ...]:
        return self.strings("MIDDLEWARE") or self.strings("MIDDLEWARE_CLASSES")

    @property
    def root_urlconf(self) -> str | None:
        value = self.get("ROOT_URLCONF").value
        return value if isinstance(value, str) else None


def read_settings(project: Mapping[str, FileFacts] | Modules, files: Files, config: Config) -> DjangoSettings:
    """Find and read the settings of a project. ``project`` maps module names to facts."""
    modules = project if isinstance(project, Modules) else Modules(project)
    searcher = Evaluator(modules, hook=_hook, follow=_follow)
    candidates, missing = find_candidates(searcher, files, config.django_settings)
    read: list[tuple[Candidate, Table, Evaluator]] = []
    for candidate in candidates[:MOST]:
        # One evaluator for each: modules that share a base change its dicts, and a process has only one of them.
        evaluator = Evaluator(modules, hook=_hook, follow=_follow)
        table = _names_of(evaluator, candidate)
        # A name that merely looks like settings is none; one that takes settings from elsewhere may be.
        if table is not None and (config.django_settings or table.rest is not None or not _SETTINGS.isdisjoint(table.entries)):
            read.append((candidate, table, evaluator))
    if not read:
        forced = _forced(config, files, None)
        return DjangoSettings(None, "", forced, (), (), (), missing, Table(), searcher)
    switches = [_switches(evaluator, table, files) for _, table, evaluator in read]
    chosen, names, evaluator = read[0]
    found = dict(switches[0])
    assumed: list[Assumption] = []
    views = {_on(switch) for switch, (candidate, _, _) in zip(switches, read, strict=True) if not candidate.test or candidate is chosen}
    disagree = len(views) > 1 and not config.django_settings
    if disagree or (chosen.test and not config.django_settings):
        found = {alias: switch._replace(confidence=min(switch.confidence, Confidence.LIKELY)) for alias, switch in found.items()}
    path = evaluator.facts(chosen.module).path
    if disagree:
        assumed.append(Assumption("DJANGO_SETTINGS_MODULE", chosen.name, path, 1))
    databases = names.entries.get("DATABASES")
    unsaid = "default" not in found and not _defines_default(evaluator, names, chosen.module)
    if unsaid:
        others = [*zip(switches[1:], read[1:], strict=True), *_elsewhere(modules, read, files)]
        others = [other for other in others if not other[1][0].test and _defines_default(other[1][2], other[1][1], other[1][0].module)]
        if others and (switch := others[0][0].get("default")) is not None:
            found["default"] = switch._replace(confidence=min(switch.confidence, Confidence.LIKELY))
    if config.atomic_requests is not None:
        found = _forced(config, files, databases)
    else:
        for alias, switch in sorted(found.items()):
            if switch.confidence < Confidence.CERTAIN:
                what = "ATOMIC_REQUESTS" if alias == "default" else f"ATOMIC_REQUESTS of {alias}"
                assumed.append(Assumption(what, "true" if switch.value else "false", switch.path, switch.line))
        if (disagree and not found) or (unsaid and "default" not in found):
            place = (databases.path, databases.line) if databases is not None and databases.line else (path, 1)
            assumed.append(Assumption("ATOMIC_REQUESTS", "false", *place))
    inert = dict.fromkeys(item for _, table, reader in read for item in _inert(reader, table))
    return DjangoSettings(
        chosen.name,
        path,
        MappingProxyType(found),
        tuple(assumed),
        tuple(inert),
        tuple(candidate.name for candidate, _, _ in read),
        missing,
        names,
        evaluator,
        (is_trial(path) and not config.django_settings) or _yields_to_others(evaluator, chosen.module),
    )


def _yields_to_others(evaluator: Evaluator, module: str, seen: frozenset[str] = frozenset()) -> bool:
    """Do settings, or those that they take over, take all names of a module beside them, if it is there, and it is not?"""
    facts = evaluator.facts(module)
    for item in facts.imports:
        if item.name == "*":
            name = absolute_import(facts, item)
            found = evaluator.modules.find(name, facts.path)
            if found is None and (item.level or "." not in name or evaluator.modules.is_project(name.partition(".")[0])):
                return True
            if found is not None and found not in seen and _yields_to_others(evaluator, found, seen | {module}):
                return True
    return False


def _defines_default(evaluator: Evaluator, names: Table, module: str) -> bool:
    """Do settings say what the default database is? Then they say as well whether it is switched on. A project without databases has none
    that could be, unless it takes settings from elsewhere; a connection that a URL of the environment gives has no such key."""
    databases = names.entries.get("DATABASES")
    if databases is None:
        facts = evaluator.facts(module)
        taken = [absolute_import(facts, item) for item in facts.imports if item.name == "*"]
        return names.rest is None and all(evaluator.modules.find(name, facts.path) is not None for name in taken)
    for way in databases.alternatives():
        table = evaluator.force(way.value)
        if isinstance(table, Table) and "default" in table.entries:
            inner = evaluator.force(table.entries["default"].value)
            if isinstance(inner, Table) and ("ATOMIC_REQUESTS" in inner.entries or inner.rest in (None, FROM_ENVIRONMENT)):
                return True
    return False


def _elsewhere(
    modules: Modules, read: list[tuple[Candidate, Table, Evaluator]], files: Files
) -> Iterator[tuple[dict[str, AtomicRequests], tuple[Candidate, Table, Evaluator]]]:
    """Modules that nobody names and that define databases: defaults that a file outside of the project builds on."""
    known = {candidate.module for candidate, _, _ in read}
    for candidate in defining(modules):
        if candidate.module not in known:
            evaluator = Evaluator(modules, hook=_hook, follow=_follow)
            table = _names_of(evaluator, candidate)
            if table is not None:
                yield _switches(evaluator, table, files), (candidate, table, evaluator)


def _on(switches: Mapping[str, AtomicRequests]) -> frozenset[str]:
    return frozenset(alias for alias, switch in switches.items() if switch.value)


def _forced(config: Config, files: Files, databases: Cell | None) -> dict[str, AtomicRequests]:
    """What ``atomic-requests`` of the configuration says; its place is the line of the configuration, else that of the databases."""
    if config.atomic_requests is None or not config.atomic_requests:
        return {}
    path, line = (databases.path, databases.line) if databases is not None else ("", 1)
    text = files.read(config.source.rpartition("/")[2]) if config.source else None
    if config.source and text is not None:
        lines = (number for number, content in enumerate(text.splitlines(), 1) if content.lstrip().startswith("atomic-requests"))
        path, line = config.source, next(lines, 1)
    return {"default": AtomicRequests(True, path, line, Confidence.CERTAIN)}


def _names_of(evaluator: Evaluator, candidate: Candidate) -> Table | None:
    """The settings that a candidate defines: the names of its module, with the attributes of its settings class on top."""
    names = evaluator.namespace(candidate.module)
    if candidate.klass is None:
        return names
    cell = names.entries.get(candidate.klass)
    if cell is None or not isinstance(cell.value, ClassRef):
        return None
    merged = Table(dict(names.entries))
    _export(evaluator, cell.value, merged, evaluator.frame(candidate.module))
    return merged


def _export(evaluator: Evaluator, ref: ClassRef, names: Table, frame: Frame) -> None:
    """Copy the settings that a class defines into the names of a module, properties evaluated."""
    facts = evaluator.facts(ref.module)
    instance = Cell(Made(ref, (), (), ref.module, facts.path, facts.classes[ref.index].pos, facts.classes[ref.index].name))
    for name, cell in list(evaluator.class_names(ref).entries.items()):
        if name is REST or not isinstance(name, str) or not name.isupper():
            continue
        if isinstance(cell.value, FunctionRef):
            value = evaluator.attribute(instance, name, frame)
            cell = value._replace(path=cell.path, line=cell.line) if value.value is not cell.value else cell
        evaluator.write(names, name, cell)


def _follow(call: Call, result: Cell) -> bool:
    """A project function's result stands for its call unless nothing is known of it."""
    return not isinstance(result.value, (Unknown, FunctionRef))


def _hook(call: Call) -> Cell | None:
    """Readers of the environment, and calls that bring further settings into the module."""
    if call.statement and call.frame.outer is None:
        if call.dotted == "split_settings.tools.include":
            _include(call)
            return call.evaluator.cell(None, call.frame)
        for ref in _classes_in(call):
            if not _SETTINGS.isdisjoint(call.evaluator.class_names(ref).entries):
                _export(call.evaluator, ref, call.frame.names, call.frame)
                return call.evaluator.cell(None, call.frame)
    return read_environment(call)


def _classes_in(call: Call) -> Iterator[ClassRef]:
    """Classes (or instances) that a call is made on or given: ``Base.load(__name__)``, ``to_django(Base())``."""
    values = [arg.value for arg in call.args]
    func = call.expr[1]
    if isinstance(func, str) and "." in func:
        values.insert(0, call.evaluator.eval(func.rpartition(".")[0], call.frame).value)
    elif isinstance(func, tuple) and func[0] == "attr":
        values.insert(0, call.evaluator.eval(func[1], call.frame).value)
    for value in values:
        value = call.evaluator.force(value)
        if isinstance(value, Made):
            value = call.evaluator.force(value.func)
        if isinstance(value, ClassRef):
            yield value


def _include(call: Call) -> None:
    """``include("components/base.py", optional("local.py"))``: files whose statements run in this module."""
    folder = dirname(call.frame.facts.path)
    for arg in call.args:
        value = arg.value
        if isinstance(value, Made) and value.args:  # optional("local.py")
            value = value.args[0].value
        if not isinstance(value, str):
            call.evaluator.write(call.frame.names, REST, Cell("it includes a file whose name is computed"))
            continue
        pattern = normpath(f"{folder}/{value}")
        for facts in sorted(call.evaluator.modules.facts.values(), key=lambda facts: facts.path):
            if fnmatchcase(facts.path, pattern) and facts is not call.frame.facts:
                call.evaluator.run(facts.body, Frame(facts, call.frame.names))


# ATOMIC_REQUESTS


def _switches(evaluator: Evaluator, names: Table, files: Files) -> dict[str, AtomicRequests]:
    """For each database whose dict has the key: what it says, and where."""
    databases = names.entries.get("DATABASES")
    if databases is None:
        return {}
    found: dict[str, list[Cell]] = {}
    several = bool(databases.others)
    for way in databases.alternatives():
        table = evaluator.force(way.value)
        if not isinstance(table, Table):
            continue
        for alias in table.listed():
            for inner in table.entries[alias].alternatives():
                one = evaluator.force(inner.value)
                if isinstance(one, Table) and "ATOMIC_REQUESTS" in one.entries and isinstance(alias, str):
                    cell = evaluator.force_cell(one.entries["ATOMIC_REQUESTS"])
                    unsure = several or inner.others or min(way.confidence, inner.confidence) < Confidence.CERTAIN
                    found.setdefault(alias, []).append(cell.unsure() if unsure else cell)
    return {alias: _switch(evaluator, alias, cells, files) for alias, cells in found.items()}


def _switch(evaluator: Evaluator, alias: str, cells: list[Cell], files: Files) -> AtomicRequests:
    """One verdict on the values that a database's key has on different paths: on, if it may be on."""
    ways = [each for cell in cells for each in cell.alternatives()]
    verdicts = [(evaluator.truth(way._replace(others=())), way) for way in ways]
    on = [(sure, way) for (verdict, sure), way in verdicts if verdict]
    open_ones = [way for (verdict, _), way in verdicts if verdict is None]
    if on:
        sure, way = on[0]
        confidence = min(sure, cells[0].confidence, Confidence.LIKELY if len(on) < len(ways) else Confidence.CERTAIN)
        return AtomicRequests(True, way.path, _key_line(files, way, alias), confidence)
    if open_ones:
        return AtomicRequests(True, open_ones[0].path, _key_line(files, open_ones[0], alias), Confidence.POSSIBLE)
    way = next((way for way in ways if way.value is not ABSENT), ways[0])
    return AtomicRequests(False, way.path, _key_line(files, way, alias), min(way.confidence, cells[0].confidence))


def _key_line(files: Files, cell: Cell, alias: str) -> int:
    """The line of the key ``ATOMIC_REQUESTS`` in the statement at ``cell.line``: facts hold the statement's line only."""
    text = files.source(cell.path)
    if text is None or "ATOMIC_REQUESTS" not in text:
        return cell.line
    import ast

    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return cell.line
    at_line = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and node.lineno == cell.line]
    for stmt in reversed(at_line):  # the innermost is found last
        places = list(_keys(stmt, (), ast))
        mine = [line for line, above in places if alias in above]
        if places:
            return mine[0] if mine else places[0][0]
    return cell.line


def _keys(node: Any, above: tuple[str, ...], ast: Any) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Lines of the key below a syntax node, each with the constant keys of the dicts around it."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
            if name == "ATOMIC_REQUESTS":
                yield key.lineno, above
            yield from _keys(value, (*above, name) if name is not None else above, ast)
    elif isinstance(node, ast.Constant):
        if node.value == "ATOMIC_REQUESTS":
            yield node.lineno, above
    elif isinstance(node, ast.keyword) and node.arg is not None:
        if node.arg == "ATOMIC_REQUESTS":
            yield node.lineno, above
        yield from _keys(node.value, (*above, node.arg), ast)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _keys(child, above, ast)


def _inert(evaluator: Evaluator, names: Table) -> Iterable[Inert]:
    cell = names.entries.get("ATOMIC_REQUESTS")
    if cell is not None:
        yield Inert("ATOMIC_REQUESTS", _freeze(_plain(evaluator, cell)), cell.path, cell.line)


def _freeze(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None), Unknown)) else Unknown("it is computed")


# Plain values


def _why(value: Any) -> str:
    if isinstance(value, Unknown):
        return value.reason
    name = dotted_name(value)
    return f"it comes from {name}" if name else "it is computed"


def _plain(evaluator: Evaluator, cell: Cell, depth: int = 8) -> Any:
    """A value as plain Python data, with `Unknown` for what is not known."""
    value = evaluator.force(cell.value)
    if depth == 0:
        return Unknown("it is nested too deeply")
    inner = partial(_plain, evaluator, depth=depth - 1)
    if isinstance(value, Table):
        return {key: inner(value.entries[key]) for key in value.listed()}
    if isinstance(value, Series):
        items = [inner(item) for item in value.items]
        return tuple(items) if value.kind == "tuple" else items
    if value is ABSENT or isinstance(value, (str, bytes, int, float, complex, bool, type(None), Unknown)):
        return value
    return Unknown(_why(value))
