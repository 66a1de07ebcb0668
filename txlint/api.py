"""What txlint does, stage by stage: the list that the command line, tests, editors and CI integrations call.

``check`` discovers files, lowers them to facts, links them to a program, propagates transactions through it, judges what reaches an
effect, and selects what is reported. ``why`` explains one line with the same stages. ``fix`` rewrites what is reported and looks
again; what rewriting needs is loaded only where something is suggested or fixed."""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from txlint import baseline
from txlint.baseline import Key, read_baseline
from txlint.cache import linked
from txlint.cache.facts import FactsCache
from txlint.cache.index import code_stamp, digest_of
from txlint.cache.linked import Linked
from txlint.catalog.loader import CatalogError, decode_project, load_catalog
from txlint.catalog.lookup import Catalog
from txlint.config import Config, ConfigError
from txlint.deep import with_room
from txlint.discover import Discovery, File, discover, project_root
from txlint.frameworks import arq, flask, flask_config, handlers, litestar, odoo, oscar, pyramid, slack_bolt, sqlalchemy, starlette
from txlint.frameworks.django.entrances import entrances as django_entrances
from txlint.frameworks.django.entrances import inform as django_inform
from txlint.frameworks.django.inert import inert_settings
from txlint.frameworks.django.models import DjangoModels
from txlint.frameworks.django.settings import DjangoSettings, read_settings
from txlint.frameworks.files import ProjectFiles, WatchedFiles, asks_the_same
from txlint.frameworks.frappe import documents as frappe
from txlint.frameworks.frappe.hooks import entrances as frappe_entrances
from txlint.frameworks.types import Framework
from txlint.frameworks.versions import Versions
from txlint.link import entrances
from txlint.link.linker import Linker
from txlint.link.program import link
from txlint.model.catalog import Fault, Library
from txlint.model.facts import FileFacts, Unreadable
from txlint.model.finding import Assumption, Explanation, Finding, Known, NoSuchLine, Place, Problem, Report, Summary, Unresolved
from txlint.model.graph import Program
from txlint.model.hazard import Hazard, Spot
from txlint.model.kinds import Confidence, code_of
from txlint.pool import Store, load
from txlint.propagate.pairs import Cuts, propagate, written
from txlint.rules.judge import is_misuse, judge, narrowed
from txlint.rules.source import Sources
from txlint.select import cuts, enabled, select, unreadable, without_cut

if TYPE_CHECKING:
    from txlint.answers import Seen
    from txlint.changes import Changes
    from txlint.fix import FilePlan, Meanings, OpenFile, Project, Proposal
    from txlint.fix.ignores import Ignored
    from txlint.fix.rounds import Fixed, Identity
    from txlint.fix.source import Source
    from txlint.fix.verify import Disagreement

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Analysis:
    """One project, looked at: what the stages up to propagation know. ``tests`` are the files that are linked for their definitions at
    most. ``whole`` is the linked program and who knows it; None where a run before had linked it."""

    discovery: Discovery
    facts: tuple[FileFacts, ...]
    unreadable: tuple[Unreadable, ...]
    tests: tuple[File, ...]
    settings: DjangoSettings
    versions: Versions
    linked: Linked
    hazards: tuple[Hazard, ...]
    used_cuts: frozenset[tuple[str, int]]
    whole: tuple[Program, Linker] | None = None

    @property
    def program(self) -> Program:
        assert self.whole is not None
        return self.whole[0]

    @property
    def linker(self) -> Linker:
        assert self.whole is not None
        return self.whole[1]


class Stages:
    """How long each stage took, in seconds, by its name in the order in which they ended."""

    def __init__(self) -> None:
        self.took: dict[str, float] = {}
        self._last = perf_counter()

    def end(self, name: str) -> None:
        now = perf_counter()
        self.took[name] = self.took.get(name, 0.0) + now - self._last
        self._last = now


def check(
    paths: Sequence[str],
    config: Config,
    *,
    progress: Progress | None = None,
    stages: Stages | None = None,
    unresolved: bool = False,
    suggestions: int | None = 0,
    cache: Store | None = None,
    seen: Seen | None = None,
) -> Report:
    """Everything that is to be reported of ``paths`` (empty: the configured ones, else the current directory). With ``unresolved`` the
    report lists the calls of which nothing is known, not only their number. The first ``suggestions`` findings say how they can be
    fixed (``None``: all). What the ``cache`` knows is not read again; what is new, it keeps.
    ``seen`` is told what the report rests on."""
    stages = stages or Stages()
    with _CollectorAtRest():
        analysis, report = _checked(paths, config, progress, stages, cache, unresolved, seen, whole=suggestions != 0)
        if suggestions != 0 and report.findings:
            report = suggest(analysis, report, config, suggestions)
            stages.end("suggest")
        return report


def _checked(
    paths: Sequence[str],
    config: Config,
    progress: Progress | None,
    stages: Stages,
    cache: Store | None = None,
    unresolved: bool = False,
    seen: Seen | None = None,
    whole: bool = True,
) -> tuple[Analysis, Report]:
    known = None if config.baseline is None else read_baseline(config.baseline)
    changes = None if config.since is None else _changes(paths, config)
    if known is not None and seen is not None:
        seen.read_beside(known.file, known.data)
    whole = whole or unresolved
    analysis = analyse(paths, config, progress=progress, stages=stages, cache=cache, seen=seen, whole=whole)
    sources = Sources()
    facts = {each.path: each for each in analysis.facts}
    findings = judge(analysis.hazards, sources, facts, config.min_confidence)
    stages.end("judge")
    report = _report(analysis, findings, config)
    if known is not None or changes is not None:
        from txlint import limits

        def some(pairs: Mapping[limits.EffectAt, Collection[str]]) -> Mapping[limits.EffectAt, Finding]:
            return narrowed(pairs, analysis.hazards, sources, facts, config.min_confidence)

        if known is not None:
            report = limits.without_known(report, known, _judged_by(analysis, config, known.file), findings, some)
        if changes is not None:
            report = replace(limits.touched(report, changes, findings, some), since=config.since)
    if unresolved:
        report = replace(report, unresolved=_unresolved(analysis.program, sources))
    stages.end("select")
    return analysis, report


def _judged_by(analysis: Analysis, config: Config, file: str) -> Callable[[str, str], bool]:
    from txlint.limits import judged_by

    return judged_by(analysis.discovery.files, enabled(config.select, config.extend_select, config.ignore), file)


def _changes(paths: Sequence[str], config: Config) -> Changes:
    from txlint.changes import changes_since

    assert config.since is not None
    return changes_since(config.since, project_root(list(paths or config.paths or ["."])))


def write_baseline(
    paths: Sequence[str], config: Config, file: str, *, progress: Progress | None = None, cache: Store | None = None
) -> tuple[Report, Known, int]:
    """Write what is reported of ``paths`` to the baseline ``file``: the report, what the file knows then (``stale`` are the entries that
    went), and how many entries are new. Entries that this run could not judge stay. Raises ``ConfigError`` for a file that is
    there and no baseline, ``Busy`` for one that cannot be written."""
    from txlint.fix.source import Refused
    from txlint.fix.write import put_file

    old = read_baseline(file) if os.path.lexists(file) else None
    with _CollectorAtRest():
        analysis, report = _checked(paths, config._replace(baseline=None, since=None), progress, Stages(), cache)
    met = baseline.entries(file, report.findings, report.errors)
    gone: dict[Key, str] = {}
    kept: dict[Key, str] = {}
    if old is not None:
        gone = baseline.not_met(old, met, _judged_by(analysis, config, file))
        kept = {key: line for key, (_, line) in old.entries.items() if key not in gone}
    text = baseline.text((kept | met).values()).encode()
    try:
        put_file(Path(os.path.realpath(file)), None if old is None else old.data, text)
    except (Refused, OSError) as error:
        raise Busy(f"{file}: not written: {getattr(error, 'strerror', None) or error}") from None
    files = sum(key.fingerprint == "-" for key in kept | met)
    return report, Known(os.path.relpath(file), len(kept | met) - files, files, tuple(gone.values())), len(met.keys() - kept.keys())


def suggest(analysis: Analysis, report: Report, config: Config, most: int | None = None) -> Report:
    """The report with the fix of its first findings worked out, without a file written."""
    from txlint.fix import Refused, open_file
    from txlint.fix import suggest as suggestion
    from txlint.model.finding import Fix

    wanted = report.findings[:most]
    data = _bytes(analysis, _places_of(wanted), only_given=False)
    meanings, project = _known(analysis, wanted, data, config)
    opened: dict[str, OpenFile | Fix] = {}

    def look_up(path: str) -> OpenFile | Fix:
        if path not in opened:
            if path not in data:
                opened[path] = Fix("none", None, "the file cannot be read, or is a test")
                return opened[path]
            try:
                opened[path] = open_file(path, data[path], wanted, meanings.get(path), project)
            except Refused as error:
                opened[path] = Fix("none", None, str(error))
        return opened[path]

    def opening(path: str) -> OpenFile | None:
        file = look_up(path)
        return None if isinstance(file, Fix) else file

    found = []
    for finding in wanted:
        file = look_up(finding.place.path)
        found.append(replace(finding, fix=file if isinstance(file, Fix) else suggestion(finding, file, opening)))
    return replace(report, findings=(*found, *report.findings[len(found) :]))


def fix(
    paths: Sequence[str],
    config: Config,
    *,
    unsafe: bool = False,
    write: bool = True,
    progress: Progress | None = None,
    stages: Stages | None = None,
    suggestions: int | None = 0,
    cache: Store | None = None,
    written: list[str] | None = None,
) -> tuple[Fixed, Report]:
    """Rewrite what is reported of ``paths``, look again, and so on until nothing changes: what was done, and what is reported then.
    Without ``write`` it is only planned, one round, and nothing is touched. ``suggestions`` as in `check`, for what is reported in the
    end. ``written`` gets each path when it is written, for who may be interrupted. Raises ``Busy`` where another run is at it."""
    from txlint.fix import Refused, only_one

    stages = stages or Stages()
    if not write:
        with _CollectorAtRest():
            analysis, report = _checked(paths, config, progress, stages, cache)
            fixed = _planned(analysis, report, config, unsafe)
    else:
        try:
            with only_one(project_root(list(paths or config.paths or ["."]))):
                fixed, analysis, report = _rewritten(paths, config, unsafe, progress, stages, cache, written)
        except Refused as error:
            raise Busy(str(error)) from None
    return fixed, suggest(analysis, report, config, suggestions) if suggestions != 0 else report


def facts_text(paths: Sequence[str], config: Config, progress: Progress | None = None) -> tuple[str, tuple[Problem, ...]]:
    """The facts file of what lies under these paths, tests included, and what has no facts; `Problem.given` is that of an error."""
    from txlint.cache.given import Collected

    discovery = discover(paths, config, project_root(paths), whole=False)
    taken = Collected()
    told = None if progress is None else lambda done: progress(done, len(discovery.files))
    _, broken = load(discovery.files, config.jobs, config.max_file_size, told, taken, config.engine)
    problems = [Problem("TX900", each.path, each.line, each.reason) for each in broken if each.path not in taken.names]
    problems += [Problem("TX900", each.display, 1, each.reason, each.error) for each in discovery.skipped]
    problems += [Problem("TX900", path, 1, "no Python file under this path") for path in discovery.empty]
    return taken.text(), tuple(problems)


def verify(paths: Sequence[str], config: Config, cache: Store | None = None) -> tuple[int, tuple[Disagreement, ...]]:
    """How many effects the engine or the rewriting side flags by what stands in the effect's own function, and where they differ."""
    from txlint.fix.verify import disagreements

    with _CollectorAtRest():
        analysis = analyse(paths, config, cache=cache)
        given = {file.display for file in analysis.discovery.files if file.given}
        return with_room(lambda: disagreements(analysis.program, _sources(_bytes(analysis, given, only_given=True))))


class Busy(Exception):
    """Another run is rewriting files of the same project, or what one asked for could not be written; the message is one line."""


def _planned(analysis: Analysis, report: Report, config: Config, unsafe: bool) -> Fixed:
    from txlint.fix.rounds import Fixed, refusals

    plans = _plans(analysis, report.findings, config, unsafe)
    tidied = _tidied(analysis, report, plans)
    changed = sorted((plan for plan in (*plans, *(plan for plan, _ in tidied)) if plan.is_changed), key=lambda plan: plan.path)
    refused, unignored = tuple(refusals(plans, report.findings)), tuple((plan.path, count) for plan, count in tidied)
    done = _distinct(plans)
    return Fixed(done, refused, (), tuple(changed), _notes(analysis, done), unignored)


def _tidied(
    analysis: Analysis, report: Report, plans: Iterable[FilePlan], without: Collection[str] = ()
) -> tuple[tuple[FilePlan, int], ...]:
    """Plans that take unused ignore comments away, with their number; for files that no other plan changes, and not those ``without``."""
    by_path: dict[str, list[Problem]] = {}
    for problem in report.errors:
        if problem.code == "TX901" and problem.path not in without:
            by_path.setdefault(problem.path, []).append(problem)
    for plan in plans:
        if plan.is_changed:
            by_path.pop(plan.path, None)
    if not by_path:
        return ()
    from txlint.fix.ignores import without_unused

    data = _bytes(analysis, set(by_path), only_given=True)
    found = [without_unused(path, content, by_path[path]) for path, content in sorted(data.items())]
    return tuple((plan, count) for plan, count in found if plan.is_changed)


def _rewritten(
    paths: Sequence[str],
    config: Config,
    unsafe: bool,
    progress: Progress | None,
    stages: Stages,
    cache: Store | None,
    touched: list[str] | None,
) -> tuple[Fixed, Analysis, Report]:
    from txlint.fix import FilePlan, apply
    from txlint.fix.rounds import MOST, Fixed, Wrong, identity, refusals, unwritten, wrong

    roots = [os.fspath(path) for path in paths or config.paths or ["."]]
    done: list[Proposal] = []
    failed: dict[str, str] = {}
    written: list[FilePlan] = []
    hopeless: dict[Identity, Proposal] = {}
    unignored: Counter[str] = Counter()
    spoiled: set[str] = set()
    analysis, report = _checked(paths, config, progress, stages, cache)
    for _ in range(MOST):
        plans = _plans(analysis, [each for each in report.findings if identity(each) not in hopeless], config, unsafe)
        tidied = _tidied(analysis, report, plans, spoiled)
        counts = {plan.path: count for plan, count in tidied}
        plans = (*(plan for plan in plans if plan.path not in counts), *(plan for plan, _ in tidied))
        outcomes = {outcome.path: outcome for outcome in apply(plans, roots, touched)}
        now = [plan for plan in plans if outcomes[plan.path].written]
        reasons = {plan.path: outcomes[plan.path].error or "" for plan in plans if plan.is_changed and plan not in now}
        failed.update(reasons)
        stages.end("fix")
        found = Wrong({})
        if now:
            before, (analysis, report) = report, _checked(paths, config, progress, stages, cache)
            found = wrong(before.findings, report.findings, now)
            if found.files:
                back = [FilePlan(plan.path, plan.new, plan.old) for plan in now if plan.path in found.files]
                failed.update((each.path, each.error) for each in apply(back, roots) if each.error)
                analysis, report = _checked(paths, config, progress, stages, cache)
                reasons |= found.files
        hopeless.update((identity(each.finding), each) for each in unwritten(plans, reasons, found.blamed))
        spoiled.update(reasons.keys() & counts.keys())  # without its comments it was worse; a fix that did not help is left out by itself
        kept = [plan for plan in now if plan.path not in reasons]
        written += kept
        unignored.update({plan.path: counts[plan.path] for plan in kept if plan.path in counts})
        done += [each for each in _distinct(kept) if identity(each.finding) not in hopeless]
        if not now:
            break
    left = [each for each in report.findings if identity(each) not in hopeless]
    refused = (*refusals(_plans(analysis, left, config, unsafe), left), *hopeless.values())
    stages.end("fix")
    fixed = Fixed(
        tuple(done), refused, tuple(sorted(failed.items())), tuple(written), _notes(analysis, done), tuple(sorted(unignored.items()))
    )
    return fixed, analysis, report


def add_ignores(
    paths: Sequence[str],
    config: Config,
    reason: str = "",
    report_at: str = "effect",
    *,
    progress: Progress | None = None,
    cache: Store | None = None,
    written: list[str] | None = None,
) -> tuple[Ignored, Report]:
    """Write an ignore comment for everything that is reported of ``paths``: what was done, and what is reported then. A comment goes to
    the effect or to the entries, as ``report_at`` says (see `concise.lines`). Looks again after each round, as an entry may lead to the
    effect on more ways than one; what comes up only because the comments themselves are changes (``--since``) stays as it is.
    ``written`` as in `fix`. Raises ``Busy`` where another run is rewriting."""
    from txlint.fix import Refused, only_one

    try:
        with only_one(project_root(list(paths or config.paths or ["."]))):
            return _ignored(paths, config, reason, report_at, progress, cache, written)
    except Refused as error:
        raise Busy(str(error)) from None


def _ignored(
    paths: Sequence[str],
    config: Config,
    reason: str,
    report_at: str,
    progress: Progress | None,
    cache: Store | None,
    touched: list[str] | None,
) -> tuple[Ignored, Report]:
    from txlint.fix import apply
    from txlint.fix.ignores import Ignored, plan_ignores
    from txlint.fix.rounds import MOST, identity
    from txlint.report.concise import is_at_entry

    roots = [os.fspath(path) for path in paths or config.paths or ["."]]
    added: Counter[str] = Counter()
    failed: dict[str, str] = {}
    commented: set[tuple[Place, str]] = set()
    analysis, report = _checked(paths, config, progress, Stages(), cache)
    meant = {identity(finding) for finding in report.findings}
    entries_first = True  # a comment at an entry may be enough for an effect that would have one of its own
    for _ in range(MOST):
        places: list[tuple[Finding, tuple[Place, ...]]] = []
        for finding in report.findings:
            entries = tuple(dict.fromkeys(opener.entry for opener in finding.openers))
            at_entry = is_at_entry(finding, report_at) and any((entry, finding.code) not in commented for entry in entries)
            if identity(finding) in meant:
                places.append((finding, entries if at_entry else (finding.place,)))
        if entries_first:
            places = [(finding, each) for finding, each in places if finding.place not in each]
        files = {place.path for _, each in places for place in each}
        plans, refused = plan_ignores(places, _bytes(analysis, files, only_given=True, tests=config.include_tests), reason)
        outcomes = {outcome.path: outcome for outcome in apply([plan for plan, _ in plans], roots, touched)}
        added.update({plan.path: count for plan, count in plans if outcomes[plan.path].written})
        failed.update((path, outcome.error) for path, outcome in outcomes.items() if outcome.error)
        written = {path for path, outcome in outcomes.items() if outcome.written}
        if not written:
            if not entries_first:
                break
            entries_first = False
            continue
        commented.update((place, finding.code) for finding, each in places for place in each if place.path in written)
        analysis, report = _checked(paths, config, progress, Stages(), cache)
    return Ignored(tuple(sorted(added.items())), refused, tuple(sorted(failed.items()))), report


def _plans(analysis: Analysis, findings: Sequence[Finding], config: Config, unsafe: bool) -> tuple[FilePlan, ...]:
    """What would be written to the given files; tests and what was not given are never among them."""
    from txlint.fix import plan

    data = _bytes(analysis, _places_of(findings), only_given=True)
    meanings, project = _known(analysis, findings, data, config)
    return plan(findings, data, meanings, project, unsafe)


def _places_of(findings: Iterable[Finding]) -> set[str]:
    """The files in which these findings could be fixed."""
    return {place.path for finding in findings for place in (finding.place, *(opener.entry for opener in finding.openers))}


def _bytes(analysis: Analysis, wanted: set[str], only_given: bool, tests: bool = False) -> dict[str, bytes]:
    """The content of files that were analysed; what cannot be read is left out, and unless they are wanted so are ``tests``."""
    left_out = {file.display for file in analysis.tests}
    found: dict[str, bytes] = {}
    for file in analysis.discovery.files:
        if file.display in wanted and file.display not in left_out and (tests or not file.is_test) and (file.given or not only_given):
            try:
                found[file.display] = Path(file.path).read_bytes()
            except OSError:
                continue
    return found


def _known(analysis: Analysis, findings: Sequence[Finding], data: dict[str, bytes], config: Config) -> tuple[dict[str, Meanings], Project]:
    """What the rewriting side is told of these files and of the project."""
    from txlint.fix.known import meanings_of, project_of

    sources = _sources(data)
    project = project_of(
        analysis.settings, analysis.versions, analysis.linker, analysis.program, findings, sources, config.after_commit_helper
    )
    return dict(meanings_of(analysis.program, findings, sources)), project


def _sources(data: dict[str, bytes]) -> dict[str, Source]:
    """The text of these files; those without are left out, `open_file` says why."""
    from txlint.fix.source import Refused, decode

    found: dict[str, Source] = {}
    for path, content in data.items():
        try:
            found[path] = decode(path, content)
        except Refused:
            continue
    return found


def _distinct(plans: Iterable[FilePlan]) -> tuple[Proposal, ...]:
    """What is fixed by these plans; a fix that changes two files stands in both."""
    return tuple({id(proposal): proposal for plan in plans for proposal in plan.fixed}.values())


def _notes(analysis: Analysis, done: Sequence[Proposal]) -> tuple[str, ...]:
    """What else the user should know of these fixes."""
    from txlint.fix.notes import notes

    def contents() -> Iterable[tuple[str, bytes]]:
        for file in analysis.discovery.files:
            if file.is_test:
                try:
                    yield file.display, Path(file.path).read_bytes()
                except OSError:
                    continue

    return notes(done, contents())


def why(path: str, line: int, config: Config, cache: Store | None = None) -> Explanation:
    """What stands on a line: which calls, what they are, what transaction is open, and if nothing is reported, why. Raises
    ``NoSuchLine`` where there is nothing to speak of."""
    from txlint.explain import explain

    with _CollectorAtRest():
        analysis = analyse([path], config, everything=True, cache=cache)
        _require_analysed(analysis, path)
        sources = Sources()
        findings = judge(analysis.hazards, sources, {each.path: each for each in analysis.facts}, Confidence.POSSIBLE)
        explanation = with_room(lambda: explain(analysis.linker, analysis.program, findings, sources, path, line, config))
        misuses = tuple(each for each in findings if is_misuse(each) and _stands_on(each.place, explanation))
        return replace(explanation, misuses=misuses, read=_read_as_whole(analysis.discovery))


def _read_as_whole(discovery: Discovery) -> str:
    """What was taken for the whole project without a sign of it: ``shop, tools/run.py``."""
    read = discovery.read
    return ", ".join(read[:_MOST_READ]) + (f" and {len(read) - _MOST_READ:,} more" if len(read) > _MOST_READ else "")


_MOST_READ = 3


def analyse(
    paths: Sequence[str],
    config: Config,
    *,
    progress: Progress | None = None,
    stages: Stages | None = None,
    everything: bool = False,
    cache: Store | None = None,
    seen: Seen | None = None,
    whole: bool = True,
) -> Analysis:
    """The stages up to hazards. With ``everything`` also functions that no transaction may reach are linked, as `why` needs it. Who does
    not ask for the ``whole`` gets no program where a run before has linked the same facts."""
    stages = stages or Stages()
    mine = _taught(config)
    paths = list(paths or config.paths or ["."])
    root = project_root(paths)
    discovery = discover(paths, config, root)
    files, tests = _without_tests(discovery.files, config)
    stages.end("discover")
    told = None if progress is None else lambda done: progress(done, len(files))
    facts, broken = load(files, config.jobs, config.max_file_size, told, cache, config.engine)
    facts, more = _imported_tests(facts, tests, config, cache)
    store = cache if isinstance(cache, FactsCache) and not everything else None
    on_disk = WatchedFiles(ProjectFiles(root, Path.cwd()))
    basis = _basis(discovery, config) if store is not None else ""
    known = None
    if store is not None and not whole:
        known = linked.find(store, basis, discovery.files, facts, partial(asks_the_same, on_disk.files))
    if cache is not None:
        cache.save()
    stages.end("lower")
    catalog = load_catalog(_imported(facts), mine)
    stages.end("catalog")
    if seen is not None:
        seen.analysed, seen.discovery, seen.asked = tuple(paths), discovery, on_disk.asked
    settings = read_settings({each.module: each for each in facts}, on_disk, config)
    stages.end("settings")
    versions = Versions(on_disk, config, _folders_of_projects(discovery))
    models = DjangoModels(settings)
    also = {longer: file.module for file in discovery.files for longer in file.also}
    places = [entrances.hooks, entrances.wrapped, lambda linker: django_entrances(linker, models, settings)]
    frameworks: tuple[Framework, ...] = (models,)
    if frappe.LIBRARY in catalog.libraries:
        documents = frappe.FrappeDocuments()
        frameworks = (models, documents)
        places.append(lambda linker: frappe_entrances(linker, documents))
    if sqlalchemy.LIBRARY in catalog.libraries:
        frameworks = (*frameworks, sqlalchemy.Relations())
    if odoo.LIBRARY in catalog.libraries:
        frameworks = (*frameworks, odoo.OdooModels())
    imported = {item.module.partition(".")[0] for each in facts for item in each.imports}
    if oscar.PACKAGE in imported:
        frameworks = (*frameworks, oscar.LoadedClasses())
    if pyramid.PACKAGE in imported:
        places.append(pyramid.entrances)
        frameworks = (*frameworks, pyramid.Services())
    if flask.PACKAGE in imported:
        places.append(flask.entrances)
        frameworks = (*frameworks, flask_config.Configuration())
    if flask.LOGIN in imported:
        frameworks = (*frameworks, flask.Users())
    if litestar.PACKAGE in imported:
        places.append(litestar.entrances)
    if not imported.isdisjoint(starlette.PACKAGES):
        places.append(starlette.entrances)
    handled = not imported.isdisjoint(handlers.PACKAGES)
    if handled:
        places.append(handlers.entrances)
    informs: list[Callable[[Linker], None]] = [lambda linker: django_inform(linker, settings)]
    if handled:
        informs.append(handlers.inform)
    if slack_bolt.PACKAGE in imported:
        informs.append(slack_bolt.inform)
    if arq.PACKAGE in imported:
        informs.append(arq.inform)
    lines = Cuts(cuts(facts))
    program = None
    if known is not None:
        found = known.linked
        on_disk.asked.update({(question, argument): answer for question, argument, answer in known.asked})
        stages.end("link")
    else:
        program = with_room(lambda: link(facts, catalog, frameworks, places, _matcher(versions, catalog), also, everything, informs))
        stages.end("link")
        found = _linked(*program, with_room(lambda: propagate(program[0], lines)), lines, versions)
    if store is not None and (known is None or known.is_moved):
        linked.keep(store, basis, [(*key, answer) for key, answer in on_disk.asked.items()], found)
    lines.met |= found.met
    hazards = (*found.hazards, *inert_settings(settings, facts, on_disk))
    hazards, used = without_cut(_outside_tests(hazards, tests), lines.lines)
    used |= lines.met
    stages.end("propagate")
    analysis = Analysis(discovery, facts, broken + more, tuple(tests), settings, versions, found, hazards, used, program)
    if seen is not None:
        seen.analysis = analysis
    return analysis


def _basis(discovery: Discovery, config: Config) -> str:
    """What a linked program rests on, besides facts and what it asks of other files: which files there are and what they are called, how
    txlint was asked and is made."""
    told = (config.include_tests, config.django_settings, config.atomic_requests, sorted(config.versions.items()), config.tables)
    files = [(*file[:5], file.also) for file in discovery.files]
    made_by = code_stamp(str(Path(__file__).parent), ("",))
    return digest_of(repr((told, files, str(Path.cwd()), sys.version, made_by)).encode("utf-8", "surrogatepass")).hex()


def _linked(program: Program, linker: Linker, hazards: tuple[Hazard, ...], lines: Cuts, versions: Versions) -> Linked:
    infos = [(program.infos[number], why) for number, why in linker.left_out.items() if number in program.infos]
    return Linked(
        hazards,
        frozenset(lines.met),
        program.scopes,
        program.effects,
        len(program.unresolved),
        tuple(sorted(Counter(package for *_, package in program.foreign).items(), key=lambda each: (-each[1], each[0]))),
        tuple((info.name, info.path, info.name_pos[0], why) for info, why in infos),
        versions.assumed,
    )


def _stands_on(place: Place, explanation: Explanation) -> bool:
    return place.path == explanation.path and place.line <= explanation.line <= place.end_line


def _without_tests(files: Iterable[File], config: Config) -> tuple[list[File], list[File]]:
    kept: list[File] = []
    tests: list[File] = []
    for file in files:
        (tests if file.is_test and not config.include_tests else kept).append(file)
    return kept, tests


def _imported_tests(
    facts: tuple[FileFacts, ...], tests: list[File], config: Config, cache: Store | None
) -> tuple[tuple[FileFacts, ...], tuple[Unreadable, ...]]:
    """Tests are read only where code outside of them imports them."""
    by_module = {file.module: file for file in tests}
    loaded: set[str] = set()
    unread: tuple[Unreadable, ...] = ()
    new = facts
    while by_module and new:
        wanted: dict[str, File] = {}
        for each in new:
            for item in each.imports:
                if item.level == 0:
                    for name in (item.module, f"{item.module}.{item.name}"):
                        if name in by_module and name not in loaded:
                            wanted[name] = by_module[name]
        if not wanted:
            break
        loaded.update(wanted)
        new, broken = load(list(wanted.values()), 1, config.max_file_size, None, cache)
        facts += new
        unread += broken
    return facts, unread


def _outside_tests(hazards: tuple[Hazard, ...], tests: list[File]) -> tuple[Hazard, ...]:
    """Tests are never callers, openers or places of findings."""
    paths = {file.display for file in tests}
    if not paths:
        return hazards
    kept = []
    for hazard in hazards:
        if hazard.site.spot.path in paths:
            continue
        passages = tuple(
            passage
            for passage in hazard.passages
            if passage.origin.spot.path not in paths and not any(hop.spot.path in paths for hop in passage.hops)
        )
        if passages or not hazard.passages:
            kept.append(hazard if len(passages) == len(hazard.passages) else replace(hazard, passages=passages))
    return tuple(kept)


def _taught(config: Config) -> Library | None:
    """What the project's own tables say."""
    try:
        return decode_project(config.tables, config.source or "[tool.txlint]") if config.tables else None
    except CatalogError as error:
        raise ConfigError(str(error)) from None


def whole_catalog(config: Config) -> Catalog:
    """All libraries, whether the project imports them or not, and what its own tables say."""
    return load_catalog(None, _taught(config))


def catalog_faults(paths: Sequence[str], config: Config, cache: Store | None = None) -> tuple[Library | None, tuple[Fault, ...]]:
    """What the project's own tables say, and what is to be said of them. Nothing is imported: names are looked up in files."""
    from txlint.explain.installed import Definitions, folders
    from txlint.explain.own import faults

    mine = _taught(config)
    if mine is None:
        return None, ()
    with _CollectorAtRest():
        analysis = analyse(paths, config, everything=True, cache=cache)
        discovery = analysis.discovery
        modules = {name: file.path for file in discovery.files for name in (*file.also, file.module)}
        definitions = Definitions(modules, folders(str(discovery.root)))
        found = with_room(lambda: faults(analysis.linker, mine, config.tables, load_catalog(), definitions))
    return mine, tuple(found)


def _imported(facts: Iterable[FileFacts]) -> set[str]:
    """What is imported, by full names."""
    return {f"{item.module}.{item.name}" if item.name else item.module for each in facts for item in each.imports if item.level == 0}


def _folders_of_projects(discovery: Discovery) -> list[str]:
    """Folders whose requirements count, relative to the root: its own, and those in which a project is started."""
    folders = [""]
    for file in discovery.files:
        path = Path(file.path)
        if path.name == "manage.py" and path.is_relative_to(discovery.root):
            folders.append(path.parent.relative_to(discovery.root).as_posix().removeprefix("."))
    return folders


def _matcher(versions: Versions, catalog: Catalog) -> Callable[[str, str], bool | None]:
    """Does the version of a library of the catalog meet a specifier? ``None`` where that would rest on an assumption."""
    known: dict[tuple[str, str], bool | None] = {}

    def matches(library: str, specifier: str) -> bool | None:
        key = library, specifier
        if key not in known:
            distribution = catalog.distribution(library)
            answer = versions.check(distribution, specifier) if distribution else None
            known[key] = answer.holds if answer is not None and answer.certain else None
        return known[key]

    return matches


def _report(analysis: Analysis, findings: tuple[Finding, ...], config: Config) -> Report:
    on = enabled(config.select, config.extend_select, config.ignore)
    given = {file.display for file in analysis.discovery.files if file.given}
    everything = all(file.given for file in analysis.discovery.files)
    tests = {file.display for file in analysis.tests}
    sites = [(hazard.site.spot, hazard.site.effect.kind) for hazard in analysis.hazards]
    selected = select(
        findings,
        analysis.facts,
        on,
        per_file=config.per_file_ignores,
        given=None if everything else given,
        cut=analysis.used_cuts,
        doubtful={(spot.path, line, code_of(kind, 1)) for spot, kind in sites for line in (spot.pos[0], spot.pos[2])},
        unjudged=tests,
    )
    problems, declared = unreadable(_problems(analysis, given), on, config.per_file_ignores)
    judged = _judged(analysis)
    summary = Summary(
        len(judged - tests),
        len(analysis.discovery.skipped) + declared,
        len(tests),
        analysis.linked.scopes,
        analysis.linked.effects,
        analysis.linked.unresolved,
        analysis.linked.foreign,
    )
    assumed = analysis.settings.assumed
    if told := _read_as_whole(analysis.discovery):
        assumed = (Assumption("whole project", told, "", 1), *assumed)
    if any(finding.confidence < Confidence.CERTAIN for finding in selected.findings):
        assumed += analysis.linked.versions
    return Report(selected.findings, (*problems, *selected.problems), assumed, summary)


def _judged(analysis: Analysis) -> set[str]:
    """The files that were read, or should have been."""
    return {each.path for each in analysis.facts} | {each.path for each in analysis.unreadable}


def _problems(analysis: Analysis, given: set[str]) -> list[Problem]:
    """What could not be looked at, by path and line. What was left out on purpose is a note, and only where it was asked for."""
    found = [Problem("TX900", each.path, each.line, each.reason, each.path in given, each.needs) for each in analysis.unreadable]
    for skipped in analysis.discovery.skipped:
        if skipped.error or skipped.given:
            found.append(Problem("TX900", skipped.display, 1, skipped.reason, skipped.given and skipped.error))
    for path in analysis.discovery.empty:
        found.append(Problem("TX900", path, 1, "no Python file under this path", True))
    judged = _judged(analysis)
    asked = [file for file in analysis.tests if file.given]
    if asked and not any(file.given and file.display in judged for file in analysis.discovery.files if not file.is_test):
        told = "left out because it is a test: --include-tests looks at tests as well"
        found += [Problem("TX900", file.display, 1, told, False) for file in asked]
    for name, path, line, why in analysis.linked.left_out:
        told = f"`{name}` {why}: it is left out"
        found.append(Problem("TX900", path, line, told, path in given))
    return sorted(found, key=lambda each: (each.path, each.line, each.message))


def _unresolved(program: Program, sources: Sources) -> tuple[Unresolved, ...]:
    """The calls inside transactions of which nothing is known, in the order of the source."""
    strange = ((path, pos, expr, f"the catalog does not know {package}") for path, pos, expr, package in program.foreign)
    by_path: dict[str, list[tuple[int, int, str]]] = {}
    for info in program.infos.values():
        by_path.setdefault(info.path, []).append((info.pos[0], info.pos[2], info.name))
    found = []
    unknown = ((path, pos, expr, "unknown receiver or function") for path, pos, expr in program.unresolved)
    for path, pos, expr, reason in sorted((*unknown, *strange), key=lambda each: each[:2]):
        around = [each for each in by_path.get(path, ()) if each[0] <= pos[0] and pos[2] <= each[1]]
        function = min(around, key=lambda each: each[1] - each[0])[2] if around else ""
        found.append(Unresolved(sources.place(Spot(path, pos)), function, written(expr), reason))
    return tuple(found)


def _require_analysed(analysis: Analysis, path: str) -> None:
    """Says why nothing is known of a file that was asked about."""
    where = os.path.realpath(path)
    for file in analysis.tests:
        if os.path.realpath(file.path) == where and all(each.path != file.display for each in analysis.facts):
            raise NoSuchLine(f"{path}: tests are left out: --include-tests looks at them as well")
    for each in analysis.unreadable:
        if os.path.realpath(each.path) == where:
            raise NoSuchLine(f"{each.path}:{each.line}: {each.reason}")
    for skipped in analysis.discovery.skipped:
        if os.path.realpath(skipped.display) == where:
            raise NoSuchLine(f"{skipped.display}: {skipped.reason}")


class _CollectorAtRest:
    """The cyclic collector finds nothing to free while facts only grow; it costs a third of a run."""

    def __enter__(self) -> None:
        self.enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self.enabled:
            gc.enable()


__all__ = [
    "Analysis",
    "Busy",
    "NoSuchLine",
    "Stages",
    "add_ignores",
    "analyse",
    "catalog_faults",
    "check",
    "facts_text",
    "fix",
    "suggest",
    "verify",
    "whole_catalog",
    "why",
    "write_baseline",
]
