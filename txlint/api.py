"""What txlint does, stage by stage: the list that the command line, tests, editors and CI integrations call.

``check`` discovers files, lowers them to facts, links them to a program, propagates transactions through it, judges what reaches an
effect, and selects what is reported. ``why`` explains one line with the same stages."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from txlint.catalog.loader import CatalogError, load_catalog
from txlint.catalog.lookup import Catalog
from txlint.config import Config, ConfigError
from txlint.discover import Discovery, File, discover, project_root
from txlint.frameworks.django.models import DjangoModels
from txlint.frameworks.django.settings import DjangoSettings, read_settings
from txlint.frameworks.files import ProjectFiles
from txlint.link import entrances, views
from txlint.link.linker import Linker
from txlint.link.program import link
from txlint.model.facts import FileFacts, Unreadable
from txlint.model.finding import Assumption, Explanation, Finding, Place, Problem, Report, Summary, Unresolved
from txlint.model.graph import Program
from txlint.model.hazard import Hazard, Spot
from txlint.pool import load
from txlint.propagate.pairs import propagate, written
from txlint.rules.judge import judge
from txlint.rules.source import Sources
from txlint.select import cuts, enabled, select, without_cut

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Analysis:
    """One project, looked at: what the stages up to judgement know."""

    discovery: Discovery
    facts: tuple[FileFacts, ...]
    unreadable: tuple[Unreadable, ...]
    tests: int
    settings: DjangoSettings
    program: Program
    linker: Linker
    hazards: tuple[Hazard, ...]
    used_cuts: frozenset[tuple[str, int]]


def check(paths: Sequence[str], config: Config, *, progress: Progress | None = None) -> Report:
    """Everything that is to be reported of ``paths`` (empty: the configured ones, else the current directory)."""
    with _collector_at_rest():
        analysis = analyse(paths, config, progress=progress)
        sources = Sources()
        findings = judge(analysis.hazards, sources, {each.path: each for each in analysis.facts}, config.min_confidence)
        return _report(analysis, findings, sources, config)


def why(path: str, line: int, config: Config) -> Explanation:
    """What stands on a line: which calls, what they are, what transaction is open, and if nothing is reported, why."""
    from txlint.explain import explain

    with _collector_at_rest():
        analysis = analyse([path], config)
        sources = Sources()
        from txlint.model.kinds import Confidence

        findings = judge(analysis.hazards, sources, {each.path: each for each in analysis.facts}, Confidence.POSSIBLE)
        return explain(analysis.linker, analysis.program, findings, sources, path, line, config)


def analyse(paths: Sequence[str], config: Config, *, progress: Progress | None = None) -> Analysis:
    """The stages up to hazards."""
    paths = list(paths or config.paths or ["."])
    root = project_root(paths)
    discovery = discover(paths, config, root)
    files, tests = _without_tests(discovery.files, config)
    facts, unreadable = load(
        files, config.jobs, config.max_file_size, None if progress is None else lambda done: progress(done, len(files))
    )
    facts, more, left_out = _imported_tests(facts, tests, config)
    unreadable += more
    catalog = _catalog(facts, config)
    settings = read_settings({each.module: each for each in facts}, ProjectFiles(Path(root), Path(os.getcwd())), config)
    versions = _versions(root, config)
    models = DjangoModels(settings)
    places = [entrances.hooks, entrances.migrations, entrances.wrapped, views.wrapped_classes, lambda linker: views.atomic_requests(linker, settings), lambda linker: views.middleware(linker, settings)]
    program, linker = link(facts, catalog, (models,), places, versions)
    hazards, used = without_cut(_outside_tests(propagate(program), tests), cuts(facts))
    return Analysis(discovery, facts, unreadable, left_out, settings, program, linker, hazards, used)


def _without_tests(files: Iterable[File], config: Config) -> tuple[list[File], list[File]]:
    kept: list[File] = []
    tests: list[File] = []
    for file in files:
        (tests if file.is_test and not config.include_tests else kept).append(file)
    return kept, tests


def _imported_tests(
    facts: tuple[FileFacts, ...], tests: list[File], config: Config
) -> tuple[tuple[FileFacts, ...], tuple[Unreadable, ...], int]:
    """Tests are read only where code outside of them imports them."""
    by_module = {file.module: file for file in tests}
    loaded: set[str] = set()
    unreadable: tuple[Unreadable, ...] = ()
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
        new, broken = load(list(wanted.values()), 1, config.max_file_size)
        facts += new
        unreadable += broken
    return facts, unreadable, len(tests)


def _outside_tests(hazards: tuple[Hazard, ...], tests: list[File]) -> tuple[Hazard, ...]:
    """Tests are never callers, openers or places of findings."""
    from dataclasses import replace

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
        if passages:
            kept.append(hazard if len(passages) == len(hazard.passages) else replace(hazard, passages=passages))
    return tuple(kept)


def _catalog(facts: Iterable[FileFacts], config: Config) -> Catalog:
    imported = {item.module.partition(".")[0] for each in facts for item in each.imports if item.level == 0}
    try:
        return load_catalog(imported, dict(config.tables), config.source or "[tool.txlint]")
    except CatalogError as error:
        raise ConfigError(str(error)) from None


def _versions(root: str, config: Config) -> Callable[[str, str], bool | None] | None:
    return None


def _report(analysis: Analysis, findings: tuple[Finding, ...], sources: Sources, config: Config) -> Report:
    on = enabled(config.select, config.extend_select, config.ignore)
    given = {file.display for file in analysis.discovery.files if file.given}
    everything = all(file.given for file in analysis.discovery.files)
    selected = select(
        findings,
        analysis.facts,
        on,
        per_file=config.per_file_ignores,
        given=None if everything else given,
        cut=analysis.used_cuts,
    )
    errors = [*_problems(analysis, config, given), *selected.problems]
    unresolved = tuple(
        Unresolved(sources.place(Spot(path, pos)), "", written(expr), reason) for path, pos, expr, reason in analysis.program.unresolved
    )
    skipped = len(analysis.discovery.skipped)
    summary = Summary(
        len(analysis.facts) + len(analysis.unreadable),
        skipped,
        analysis.tests,
        analysis.program.scopes,
        analysis.program.effects,
        len(unresolved),
    )
    used: tuple[Assumption, ...] = analysis.settings.assumed
    return Report(selected.findings, tuple(errors), used, summary, unresolved)


def _problems(analysis: Analysis, config: Config, given: set[str]) -> list[Problem]:
    problems = []
    for broken in analysis.unreadable:
        message = broken.reason + (f" (needs Python {broken.needs})" if broken.needs and broken.needs not in broken.reason else "")
        problems.append(Problem("TX900", broken.path, broken.line, message, broken.path in given))
    for skipped in analysis.discovery.skipped:
        if skipped.error:
            problems.append(Problem("TX900", skipped.display, 1, skipped.reason, skipped.given))
    for path in analysis.discovery.empty:
        problems.append(Problem("TX900", path, 1, "no Python file under this path", True))
    return sorted(problems, key=lambda each: (each.path, each.line))


class _collector_at_rest:
    """The cyclic collector finds nothing to free while facts only grow; it costs a third of a run."""

    def __enter__(self) -> None:
        self.enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self.enabled:
            gc.enable()


__all__ = ["Analysis", "Place", "analyse", "check", "why"]
