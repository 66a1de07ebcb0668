"""What a run knows of a project, in the words of the rewriting side: `meanings_of` for its files, `project_of` for the rest.

Read from the linked program, the settings and the versions; nothing is guessed here. What is not known is left out, and recipes take that
as a reason to be careful."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from txlint.fix.callers import around_callers
from txlint.fix.case import Project
from txlint.fix.meanings import EffectMeaning, FileMeanings, OpenerMeaning, from_findings, opener_meaning
from txlint.fix.source import Source, Span, span_of_pos
from txlint.frameworks.data import Table
from txlint.frameworks.django.settings import DjangoSettings
from txlint.frameworks.versions import Versions
from txlint.link.linker import Linker
from txlint.link.project import Fun
from txlint.link.replay import evaluate
from txlint.link.values import ExtMethod, ExtObj, Fn
from txlint.model.facts import Expr, FileFacts
from txlint.model.finding import Finding, Opener, Place
from txlint.model.graph import Entrance, Flow, Opened, Program
from txlint.model.kinds import Confidence
from txlint.model.shapes import parts

_ASKED = ("celery", "django", "frappe", "odoo", "peewee", "sqlalchemy")
_DELAYING = (5, 4)  # the release of Celery whose tasks on Django have delay_on_commit
_NOWHERE = Place("", 1, 1, 1, 1)


def meanings_of(program: Program, findings: Iterable[Finding], sources: Mapping[str, Source]) -> dict[str, FileMeanings]:
    """For each of these files: what opens in it, what is an effect, and which functions are entered with a transaction open."""
    by_path: dict[str, list[Finding]] = {path: [] for path in sources}
    for finding in findings:
        for path in {finding.place.path, *(opener.place.path for opener in finding.openers)}:
            if path in by_path:
                by_path[path].append(finding)
    openers: dict[str, dict[tuple[int, int], tuple[OpenerMeaning, ...]]] = {}
    effects: dict[str, dict[Span, EffectMeaning]] = {}
    functions: dict[str, dict[int, tuple[OpenerMeaning, ...]]] = {path: {} for path in sources}
    for path, found in by_path.items():
        told = from_findings(found, path)
        openers[path], effects[path] = dict(told.openers), dict(told.effects)
    seen: set[int] = set()
    for node, flow in program.flows.items():
        path = program.infos[node[0]].path
        if path not in sources or id(flow) in seen:
            continue
        seen.add(id(flow))
        source = sources[path]
        for event in flow.events:
            if event.effect is not None:
                meaning = EffectMeaning(event.effect.kind, event.effect.name, event.effect.library, event.effect.reads)
                effects[path][span_of_pos(source, event.pos)] = meaning
            for opened in event.region:
                if opened.path is None and opened.begun is None:
                    openers[path].setdefault(span_of_pos(source, opened.pos)[:2], (_of_opened(opened),))
    for entrance in program.entrances:
        info = program.infos.get(entrance.node[0])
        if info is not None and info.path in functions:
            known = functions[info.path]
            known[info.pos[0]] = tuple(dict.fromkeys((*known.get(info.pos[0], ()), _of_entrance(entrance))))
    return {path: FileMeanings(openers[path], effects[path], {}, functions[path]) for path in sources}


def _of_opened(opened: Opened) -> OpenerMeaning:
    return opener_meaning(_opener(opened.kind, opened.name, opened.alias, opened.family))


def _of_entrance(entrance: Entrance) -> OpenerMeaning:
    return opener_meaning(_opener(entrance.kind, entrance.name, entrance.alias, entrance.family))


def _opener(kind: str, name: str, alias: str | None, family: str) -> Opener:
    return Opener(kind, name, _NOWHERE, alias, Confidence.CERTAIN, "", _NOWHERE, 1, None, (), family=family)


def project_of(
    settings: DjangoSettings,
    versions: Versions,
    linker: Linker,
    program: Program,
    findings: Sequence[Finding],
    sources: Mapping[str, Source],
    after_commit_helper: str | None = None,
) -> Project:
    """What recipes ask of the project: its databases, versions, its own helper, which findings are about tasks that can wait for the
    commit by themselves, and what callers do around them."""
    oldest = {name: release for name in _ASKED if (release := _oldest(versions, name))}
    tasks: frozenset[str] = frozenset()
    if (
        settings.module is not None
        and oldest.get("celery", (0,)) >= _DELAYING
        and _plain_apps(module.facts for module in linker.project.ordered)
    ):
        tasks = frozenset(_waiting_tasks(linker, program, findings, sources))
    told = {name: ".".join(map(str, release)) for name, release in oldest.items()}
    facts = {module.facts.path: module.facts for module in linker.project.ordered}
    return Project(_databases(settings), told, after_commit_helper, tasks, around_callers(findings, facts, _opening_places(program)))


def _opening_places(program: Program) -> frozenset[tuple[str, int, int]]:
    """The files, lines and columns at which transactions are opened."""
    found = ((opened.path or program.infos[node[0]].path, opened) for node, flow in program.flows.items() for opened in _regions(flow))
    return frozenset((path, opened.pos[0], opened.pos[1]) for path, opened in found)


def _regions(flow: Flow) -> Iterator[Opened]:
    return (opened for region in {id(event.region): event.region for event in flow.events}.values() for opened in region)


def _databases(settings: DjangoSettings) -> frozenset[str]:
    """The aliases, where the settings name all of them."""
    cell = settings.names.entries.get("DATABASES") if settings.module is not None else None
    table = settings.evaluator.force(cell.value) if cell is not None else None
    if cell is None or cell.others or cell.confidence < Confidence.CERTAIN or not isinstance(table, Table) or table.rest is not None:
        return frozenset()
    return frozenset(map(str, table.listed()))


def _oldest(versions: Versions, distribution: str) -> tuple[int, ...]:
    """The oldest release that what is written about a distribution allows; empty where nothing bounds it from below."""
    known = versions.known(distribution)
    bounds = [clause.release for clause in known.clauses if clause.op in ("==", ">=", ">", "~=", "===")] if known else []
    return max(bounds, default=())


def _waiting_tasks(linker: Linker, program: Program, findings: Iterable[Finding], sources: Mapping[str, Source]) -> Iterator[str]:
    """Fingerprints of findings whose callee is a function under one plain task decorator, reached by a name of its module."""
    wanted = {
        (f.place.path, (f.place.line, f.place.column, f.place.end_line, f.place.end_column)): f for f in findings if f.effect.kind == "task"
    }
    for node, flow in program.flows.items():
        path = program.infos[node[0]].path
        if path not in sources:
            continue
        for event in flow.events:
            if event.effect is None or event.effect.kind != "task":
                continue
            finding = wanted.get((path, span_of_pos(sources[path], event.pos)))
            if finding is not None and _is_plain_task(linker, linker.project.funs[node[0]], event.func):
                yield finding.fingerprint


def _is_plain_task(linker: Linker, fun: Fun, func: Expr) -> bool:
    if not isinstance(func, str):
        return False
    root = func.partition(".")[0]
    around: Fun | None = fun
    while around is not None:
        if around.fact is not None and root in around.fact.bound:
            return False
        around = around.parent
    value = evaluate(linker, func, fun.module, None)
    if len(value) != 1 or not isinstance(method := value[0], ExtMethod) or not isinstance(task := method.receiver, ExtObj):
        return False
    made_of = [atom.fun for atom in task.item if isinstance(atom, Fn)]
    return task.name == "celery.Task" and len(made_of) == 1 and _decorated_plainly(made_of[0])


def _decorated_plainly(fun: Fun) -> bool:
    """Under one decorator, which names no base class, neither openly nor in what it unpacks."""
    decorators = fun.fact.decorators if fun.fact is not None else ()
    if len(decorators) != 1:
        return False
    match decorators[0][0]:
        case str():
            return True
        case ("call", str(), args, keywords, _):
            return not any(isinstance(arg, tuple) and arg[0] == "star" for arg in args) and not {None, "base"} & {
                name for name, _ in keywords
            }
        case _:
            return False


def _plain_apps(modules: Iterable[FileFacts]) -> bool:
    """Whether every app that the project makes leaves the class of its tasks alone."""
    made = 0
    for facts in modules:
        if "Celery" not in facts.words:
            continue
        if any(isinstance(base, str) and base.rpartition(".")[2] == "Celery" for each in facts.classes for base in each.bases):
            return False
        for part in parts((facts.body, *(function.body for function in facts.functions))):
            match part:
                case ("call", str(name), _, keywords, _) if name.rpartition(".")[2] == "Celery":
                    made += 1
                    if {None, "task_cls"} & {key for key, _ in keywords}:
                        return False
                case ("assign", targets, _, _) if any(
                    isinstance(each, str) and each.rpartition(".")[2] in ("Task", "task_cls") for each in targets
                ):
                    return False
    return made > 0


__all__ = ["meanings_of", "project_of"]
