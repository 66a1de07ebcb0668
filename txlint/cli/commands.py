"""The command line: options to a ``Config``, a ``Report`` to stdout, an exit code. Nothing is decided here that an editor would want too.

``txlint``, ``txlint PATH...`` and ``txlint --quiet`` are short for ``txlint check ...``. Exit codes: 0 nothing to report, 1 findings,
2 bad usage, bad configuration, a given file that could not be analysed or a fix that could not be written, 130 interrupted, 141 nobody
reads the output. `--fix` speaks of what remains; `--diff` exits with 1 where there is a difference."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from txlint import __version__
from txlint.answers import Answer, Seen, keep
from txlint.cli.catalog import Listing, print_entries, print_faults, print_libraries
from txlint.cli.options import (
    SEVERITIES,
    cache_options,
    catalog_options,
    color_option,
    config_option,
    document_option,
    exclude_options,
    project_options,
    reading_options,
    report_options,
    rule_options,
)
from txlint.cli.output import print_text, say, tell
from txlint.config import Config, ConfigError, read_config, read_config_file
from txlint.discover import project_root
from txlint.model.kinds import Confidence
from txlint.rules import RULES
from txlint.select import SelectionError, codes_of, enabled, require

if TYPE_CHECKING:
    from txlint.api import Stages
    from txlint.cache.facts import FactsCache
    from txlint.fix.ignores import Ignored
    from txlint.fix.rounds import Fixed
    from txlint.fix.verify import Disagreement
    from txlint.model.finding import Report
    from txlint.pool import Engine
    from txlint.report.paint import Paint

_MOST_ON_TERMINAL = 200
_NOT_KEPT = "txlint: without a cache: {}"


class _Failure(click.ClickException):
    """Bad usage or configuration: one line on stderr."""

    exit_code = 2


class _Run(NamedTuple):
    """The command line, and where a process that ends with it holds what is not to be freed before."""

    words: tuple[str, ...]
    held: list[Any] | None


class _Group(click.Group):
    """Anything that is not the name of a command belongs to ``check``. Options may stand before the name of their command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in ("--help", "-h", "--version"):
            at = self._first_word(args)
            named = at < len(args) and args[at] in self.commands
            args = [args[at], *args[:at], *args[at + 1 :]] if named else ["check", *args]
        return super().parse_args(ctx, args)

    def _first_word(self, args: Sequence[str]) -> int:
        """Where the first argument stands that is no option, nor the value of one; behind the last where there is none."""
        options = [each for command in self.commands.values() for each in command.params if isinstance(each, click.Option)]
        with_value = {name for each in options if not each.is_flag for name in each.opts} - {"--add-ignore"}
        at = 0
        while at < len(args) and args[at] != "--" and args[at].startswith("-"):
            at += 2 if args[at] in with_value else 1
        return at if at < len(args) and args[at] != "--" else len(args)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="txlint", message="%(prog)s %(version)s")
def cli() -> None:
    """Finds effects that a rollback cannot undo (mail, jobs, HTTP calls, events) while a database transaction is open.

    `txlint PATH...` is short for `txlint check PATH...`.
    """


class _Check(click.Command):
    """``--add-ignore`` takes a reason by ``=`` only, so that a path may follow it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, ["--add-ignore=" if word == "--add-ignore" else word for word in args[:end]] + args[end:])


@cli.command(cls=_Check)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@rule_options
@report_options
@click.option("--fix", is_flag=True, help="Rewrite what can be rewritten safely, then report the rest.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: also what behaves otherwise than before.")
@click.option("--diff", is_flag=True, help="Print what --fix would change; write nothing.")
@click.option("--fix-only", is_flag=True, help="Like --fix, without a report of the rest.")
@click.option("--show-fixes", is_flag=True, help="With --fix or --diff: list what is not fixed, and why.")
@click.option("--add-ignore", metavar="[=REASON]", help="Write an ignore comment for everything that would be reported.")
@click.option("--suggest", is_flag=True, help="Work out for every finding how it can be fixed.")
@click.option("--verify", is_flag=True, help="Only see whether the two readings of the code agree on what stands in one function.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@reading_options
@cache_options
@project_options
@click.pass_obj
def check(
    run: _Run,
    /,
    paths: tuple[str, ...],
    baseline: str | None,
    no_baseline: bool,
    since: str | None,
    output_format: str,
    report_at: str | None,
    fail_on: str | None,
    exit_zero: bool,
    statistics: bool,
    show_unresolved: bool,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    fix_only: bool,
    show_fixes: bool,
    add_ignore: str | None,
    suggest: bool,
    verify: bool,
    quiet: bool,
    cache_dir: str | None,
    no_cache: bool,
    color: bool | None,
    **options: Any,
) -> int:
    """Report effects in open transactions under the given paths."""
    if (unsafe_fixes or show_fixes) and not (fix or fix_only or diff):
        raise _Failure(f"{'--unsafe-fixes' if unsafe_fixes else '--show-fixes'} goes with --fix, --fix-only or --diff")
    if diff and (fix or fix_only):
        raise _Failure("--diff writes nothing: it does not go with --fix")
    if add_ignore is not None:
        if fix or fix_only or diff or verify:
            raise _Failure("--add-ignore does not go with --fix, --diff or --verify")
        add_ignore = add_ignore.strip()
        if not add_ignore.isprintable() and add_ignore:
            raise _Failure("--add-ignore: a reason is one line of text")
    started = perf_counter()
    seen = Seen(paths, options["config_file"])
    if run.held is not None:
        run.held.append(seen)
    config = _reporting(_with_rules(_config(paths, **options), **options), fail_on, report_at, baseline, no_baseline, since)
    from txlint import api
    from txlint.report.progress import Progress

    cache = _cache(paths, cache_dir, no_cache, quiet)
    if verify:
        return _verify(api.verify(paths, config, cache))
    stages = api.Stages() if statistics else None
    rewrites = fix or fix_only or diff
    ignored: Ignored | None = None
    most: int | None = _MOST_ON_TERMINAL if output_format == "text" and _on_terminal() else 0
    if suggest or (rewrites and output_format == "json"):
        most = None
    fixed: Fixed | None = None
    with Progress(wanted=not quiet) as progress:
        if add_ignore is not None:
            # A format that shows a line for each path gets its comments where these lines are.
            at = config.report_at or ("effect" if output_format in ("text", "json", "sarif") else "auto")
            try:
                with _stoppable() as written:
                    ignored, report = api.add_ignores(paths, config, add_ignore, at, progress=progress, cache=cache, written=written)
            except api.Busy as error:
                raise _Failure(str(error)) from None
        elif rewrites:
            try:
                with _stoppable() as written:
                    fixed, report = api.fix(
                        paths,
                        config,
                        unsafe=unsafe_fixes,
                        write=not diff,
                        progress=progress,
                        stages=stages,
                        suggestions=0 if fix_only or (diff and output_format != "json") else most,
                        cache=cache,
                        written=written,
                    )
            except api.Busy as error:
                raise _Failure(str(error)) from None
        else:
            report = api.check(
                paths, config, progress=progress, stages=stages, unresolved=show_unresolved, suggestions=most, cache=cache, seen=seen
            )
    if cache is not None and cache.note and not quiet:
        say(_NOT_KEPT.format(cache.note))
    if fixed is not None:
        told = _print_fixes(fixed, diff, show_fixes, quiet, output_format, color)
        if diff or fix_only:
            if diff and output_format == "json":  # the same difference, finding by finding
                tell(_answer(report, config, output_format, quiet, color, show_unresolved))
            return max(told, 2 * any(each.code == "TX900" and each.given for each in report.errors))
    if ignored is not None:
        from txlint.report.fixes import ignored_lines

        for line in ignored_lines(ignored, quiet):
            say(line)
    code = 2 if (fixed is not None and fixed.failed) or (ignored is not None and ignored.failed) else _exit_code(report, config, exit_zero)
    answer = _answer(report, config, output_format, quiet, color, show_unresolved)._replace(code=code)
    tell(answer)
    if stages is not None:
        _print_statistics(report, stages, perf_counter() - started)
    elif fixed is None and ignored is None and cache is not None and since is None:
        keep(answer, run.words, cache, seen, config)
    return code


@cli.command("baseline")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--baseline", metavar="FILE", help="The file; default: the configured one, else txlint-baseline.txt.")
@rule_options
@reading_options
@cache_options
@project_options
def write_baseline(paths: tuple[str, ...], baseline: str | None, cache_dir: str | None, no_cache: bool, **options: Any) -> int:
    """Write down what is found now, so that later runs report new findings only.

    Run again it adds what is new and drops what is gone. With PATHs the entries of other files stay as they are.
    """
    config = _with_rules(_config(paths, **options), **options)
    from txlint import api
    from txlint.baseline import NAME
    from txlint.report.counts import counted
    from txlint.report.progress import Progress
    from txlint.report.text import problem_lines

    file = baseline or config.baseline or os.path.join(os.path.dirname(config.source or ""), NAME)  # noqa: PTH118, PTH120
    with Progress(wanted=True) as progress:
        try:
            report, known, added = api.write_baseline(
                paths, config, file, progress=progress, cache=_cache(paths, cache_dir, no_cache, False)
            )
        except api.Busy as error:
            raise _Failure(str(error)) from None
    for line in problem_lines(report):
        say(line)
    unused = sum(each.code == "TX901" for each in report.errors)
    if unused:
        say(f"{counted(unused, 'unused ignore comment')} (TX901): no baseline knows of them; --fix removes them")
    files = f", {counted(known.files, 'file')} not analysed" if known.files else ""
    print_text(f"{known.path}: {counted(known.pairs, 'path')}{files} ({added:,} added, {len(known.stale):,} dropped)\n")
    if not baseline and not config.baseline:
        say(f'Say so in the configuration: baseline = "{NAME}"')
    return 0


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("-o", "--output", metavar="FILE", help="Write to this file instead of to stdout.")
@config_option
@exclude_options
@reading_options
def facts(paths: tuple[str, ...], output: str | None, **options: Any) -> int:
    """Write the facts of Python files, for `txlint link`: a step of a build, for each of its targets.

    Only the given files are read, and what is written depends on nothing but their bytes, txlint and Python. PATH may be @FILE, with a
    path on each line.
    """
    paths = _listed(paths)
    config = _config(paths, min_confidence=None, include_tests=None, **options)
    from txlint import api
    from txlint.model.finding import Report, Summary
    from txlint.report.text import problem_lines

    text, problems = api.facts_text(paths, config)
    for line in problem_lines(Report((), problems, (), Summary())):
        say(line)
    if any(each.given for each in problems):
        return 2
    if output is None:
        print_text(text)
        return 0
    try:
        Path(output).write_text(text, encoding="ascii")
    except (OSError, ValueError) as error:
        raise _Failure(f"{output}: not written: {getattr(error, 'strerror', None) or error}") from None
    return 0


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FACTS...")
@click.option("--path", "paths", multiple=True, metavar="PATH", help="What to report on; default as for `txlint check`.")
@rule_options
@report_options
@click.option("--suggest", is_flag=True, help="Work out for every finding how it can be fixed.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@project_options
def link(
    files: tuple[str, ...],
    paths: tuple[str, ...],
    baseline: str | None,
    no_baseline: bool,
    since: str | None,
    output_format: str,
    report_at: str | None,
    fail_on: str | None,
    exit_zero: bool,
    statistics: bool,
    show_unresolved: bool,
    suggest: bool,
    quiet: bool,
    color: bool | None,
    **options: Any,
) -> int:
    """Report what `txlint check` would, from facts that `txlint facts` has written.

    No file is lowered; each is read once, to see that the facts are those of its bytes. A file without facts is an error. FACTS may be
    @FILE, with a path on each line.
    """
    started = perf_counter()
    config = _reporting(_with_rules(_config(paths, **options), **options), fail_on, report_at, baseline, no_baseline, since)
    from txlint import api
    from txlint.cache.given import Given

    stages = api.Stages() if statistics else None
    most = None if suggest else _MOST_ON_TERMINAL if output_format == "text" and _on_terminal() else 0
    given = Given(_listed(files))
    report = api.check(paths, config._replace(jobs=1), stages=stages, unresolved=show_unresolved, suggestions=most, cache=given)
    tell(_answer(report, config, output_format, quiet, color, show_unresolved))
    if stages is not None:
        _print_statistics(report, stages, perf_counter() - started)
    return _exit_code(report, config, exit_zero)


@cli.command()
@click.argument("rule", metavar="CODE|NAME")
@color_option
def explain(rule: str, color: bool | None) -> int:
    """Show the page of a rule: what it finds, why it matters, what to do."""
    require((rule,))
    from txlint.report.page import render_pages

    print_text(render_pages((RULES[code] for code in sorted(codes_of(rule))), _paint(color)))
    return 0


@cli.command()
@click.argument("place", metavar="PATH:LINE")
@reading_options
@cache_options
@project_options
def why(place: str, cache_dir: str | None, no_cache: bool, color: bool | None, **options: Any) -> int:
    """Say what stands on a line: is it an effect, is a transaction open, by what path, and if it is silent, why."""
    path, line = _path_and_line(place)
    config = _config((path,), **options)
    from txlint import api
    from txlint.report.why import render_why
    from txlint.rules.source import Sources

    try:
        explanation = api.why(path, line, config, _cache((path,), cache_dir, no_cache, True))
    except api.NoSuchLine as error:
        raise _Failure(str(error)) from None
    print_text(render_why(explanation, Sources(), _paint(color)))
    return 0


@cli.command()
@click.argument("library")
@click.argument("module", required=False)
def helper(library: str, module: str | None) -> int:
    """Print the helper that runs a function after the commit, for a library that has none of its own.

    With MODULE, its dotted name in the project, the helper and its test are written there instead.
    """
    from txlint.fix.helper import HELPERS, Exists, write_helper

    if library not in HELPERS:
        raise _Failure(f"no helper for {library!r}; there is one for {', '.join(HELPERS)}")
    if module is None:
        print_text(HELPERS[library]("project_db")[0])
        return 0
    try:
        paths = write_helper(library, module)
    except (Exists, OSError) as error:
        raise _Failure(str(error)) from None
    print_text("".join(f"{path}\n" for path in paths))
    say(f'Say so in the configuration: after-commit-helper = "{module}.on_commit"')
    return 0


@cli.group(cls=Listing)
def catalog() -> None:
    """Show what is known of libraries and of the project's own code.

    `txlint catalog` is short for `list`, `txlint catalog WORD` for `search`.
    """


@catalog.command("list")
@catalog_options
def catalog_list(config_file: str | None, output_format: str, color: bool | None) -> int:
    """List the libraries: versions and tests, entries by kind."""
    return print_libraries(_configured(config_file), output_format, _paint(color), _on_terminal())


@catalog.command("search")
@click.argument("word")
@catalog_options
def catalog_search(word: str, config_file: str | None, output_format: str, color: bool | None) -> int:
    """Show what is known of a library, a dotted name, a method, or a part of a name."""
    return print_entries(_configured(config_file), word, output_format, _paint(color))


@catalog.command("test")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@document_option
@reading_options
@cache_options
@project_options
def catalog_test(
    paths: tuple[str, ...], output_format: str, cache_dir: str | None, no_cache: bool, color: bool | None, **options: Any
) -> int:
    """Test the project's own tables: names, parameters, types, use, and what the catalog says already.

    Exit code 1 where an entry is wrong. Nothing is imported: libraries are looked up as files, where txlint is installed, in the
    active virtual environment, and in .venv and venv of the project.
    """
    return print_faults(paths, _config(paths, **options), _cache(paths, cache_dir, no_cache, True), output_format, _paint(color))


def run(words: Sequence[str], held: list[Any] | None = None) -> int:
    """As `main`, for a command line to which no answer is known. What is to live until the process ends is put into ``held``."""
    try:
        return int(cli.main(args=list(words), prog_name="txlint", standalone_mode=False, obj=_Run(tuple(words), held)) or 0)
    except click.ClickException as error:
        return _complain(f"error: {error.format_message()}")
    except (ConfigError, SelectionError) as error:
        return _complain(f"error: {error}")
    except (click.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:
        if "TXLINT_TRACE" in os.environ:
            raise
        told = " ".join(f"{type(error).__name__}: {error}".split())
        return _complain(f"internal error: {told} (set TXLINT_TRACE=1 for the trace, and please report it)")


def _listed(paths: Sequence[str]) -> tuple[str, ...]:
    """The paths, with those that stand in the file FILE, one on each line, for ``@FILE``: command lines have an end."""
    found: list[str] = []
    for path in paths:
        if path.startswith("@") and not os.path.lexists(path):
            try:
                found += [line for line in Path(path[1:]).read_text(encoding="utf-8", errors="surrogateescape").splitlines() if line]
            except (OSError, ValueError) as error:
                raise _Failure(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
        else:
            found.append(path)
    return tuple(found)


def _configured(config_file: str | None, paths: Sequence[str] = ()) -> Config:
    return read_config_file(Path(config_file)) if config_file else read_config(Path(project_root(paths or ["."])))


def _config(paths: Sequence[str], config_file: str | None, **given: Any) -> Config:
    """The configuration of the project in which the paths lie, with the options that were given."""
    for path in paths:
        if not os.path.lexists(path):
            raise _Failure(f"no such file or folder: {path}")
    config = _configured(config_file, paths)
    if given["min_confidence"]:
        config = config._replace(min_confidence=Confidence[given["min_confidence"].upper()])
    if given.get("executor"):
        config = config._replace(engine=_engine(given["executor"]))
    return config._replace(
        exclude=given["exclude"] or config.exclude,
        extend_exclude=(*config.extend_exclude, *given["extend_exclude"]),
        include_tests=config.include_tests if given["include_tests"] is None else given["include_tests"],
        jobs=config.jobs if given.get("jobs") is None else given["jobs"],
    )


def _engine(name: str) -> Engine:
    """The executor of this name, until the command ends; then what it did not do is said."""
    from txlint.executors import open_executor

    engine = open_executor(name)

    def close() -> None:
        if engine.note:
            say(f"txlint: {engine.note}")
        engine.executor.shutdown()

    click.get_current_context().call_on_close(close)
    return engine


def _reporting(
    config: Config, fail_on: str | None, report_at: str | None, baseline: str | None, no_baseline: bool, since: str | None
) -> Config:
    """The configuration with what `report_options` ask for."""
    return config._replace(
        fail_on=fail_on or config.fail_on,
        report_at=report_at or config.report_at,
        baseline=None if no_baseline else baseline or config.baseline,
        since=since,
    )


def _with_rules(config: Config, select: Sequence[str], extend_select: Sequence[str], ignore: Sequence[str], **_: Any) -> Config:
    """The configuration with the rules that were asked for."""
    if select:
        # What the configuration adds or takes away was meant for its own selection.
        config = config._replace(select=_words(select), extend_select=(), ignore=())
    config = config._replace(extend_select=(*config.extend_select, *_words(extend_select)), ignore=(*config.ignore, *_words(ignore)))
    _check_selectors(config)
    return config


def _cache(paths: Sequence[str], folder: str | None, off: bool, quiet: bool) -> FactsCache | None:
    """What is known from earlier runs; nothing, and a line that says so, where it cannot be kept."""
    if off:
        return None
    from txlint.cache.facts import open_cache
    from txlint.cache.folder import NAME, Unusable

    root = project_root(paths or ["."])
    try:
        return open_cache(folder or os.path.join(root, NAME), root)  # noqa: PTH118
    except Unusable as error:
        if not quiet:
            say(_NOT_KEPT.format(error))
        return None


def _check_selectors(config: Config) -> None:
    enabled(config.select, config.extend_select, config.ignore)
    for selectors in config.per_file_ignores.values():
        require(selectors)


def _words(values: Sequence[str]) -> tuple[str, ...]:
    """``--select TX1,TX2 --select mail-in-hook`` as its selectors."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def _path_and_line(place: str) -> tuple[str, int]:
    path, _, line = place.rpartition(":")
    if path and not os.path.lexists(path) and path.rpartition(":")[2].isdecimal():
        path, _, line = path.rpartition(":")  # PATH:LINE:COLUMN, as reports print it
    if not path or not line.isdecimal() or int(line) < 1:
        raise _Failure(f"PATH:LINE is wanted, not {place!r}")
    return path, int(line)


def _answer(report: Report, config: Config, output_format: str, quiet: bool, color: bool | None, show_unresolved: bool) -> Answer:
    """All that is said of a report."""
    from txlint.report.text import problem_lines, stale_lines, unresolved_lines

    at = config.report_at or "auto"
    match output_format:
        case "json":
            from txlint.report.json_ import render_json

            text = render_json(report)
        case "concise":
            from txlint.report.concise import render_concise

            text = render_concise(report, at, quiet)
        case "github":
            from txlint.report.github import render_github

            text = render_github(report, at)
        case "gitlab":
            from txlint.report.gitlab import render_gitlab

            text = render_gitlab(report, at)
        case "pylint":
            from txlint.report.pylint import render_pylint

            text = render_pylint(report, at)
        case "junit":
            from txlint.report.junit import render_junit

            text = render_junit(report, at)
        case "rdjson":
            from txlint.report.rdjson import render_rdjson
            from txlint.rules.source import Sources

            text = render_rdjson(report, Sources(), at)
        case "sarif":
            from txlint.report.sarif import render_sarif

            text = render_sarif(report)
        case _:
            from txlint.report.text import render_text
            from txlint.rules.source import Sources

            text = render_text(report, Sources(), _paint(color), _MOST_ON_TERMINAL if _on_terminal() else None, quiet)
    before = (*problem_lines(report), *(() if quiet else stale_lines(report)))
    return Answer(before, text, tuple(unresolved_lines(report)) if show_unresolved else ())


def _verify(result: tuple[int, tuple[Disagreement, ...]]) -> int:
    """Prints where the engine and the rewriting side differ; that is a defect of txlint, never of the code."""
    count, found = result
    for each in found:
        say(f"{each.path}:{each.span[0]}:{each.span[1]}: only the {each.by} sees an effect in a transaction of its own function")
    say(f"{count:,} effects in transactions of their own function, {len(found):,} seen by one reading only")
    return 2 if found else 0


@contextmanager
def _stoppable() -> Iterator[list[str]]:
    """The list of files written so far, which are told if one is stopped. A polite kill ends the run as Ctrl-C does, so that what is half
    written is taken away; only a kill -9 may leave a temporary file behind."""

    def stop(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    written: list[str] = []
    try:
        yield written
    except (KeyboardInterrupt, SystemExit):
        say(f"stopped; rewritten so far: {', '.join(dict.fromkeys(written)) or 'nothing'}")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _print_fixes(fixed: Fixed, diff: bool, show: bool, quiet: bool, output_format: str, color: bool | None) -> int:
    """The diff to stdout, unless a document goes there, and the account to stderr, unless stdout is for people anyway. Gives the exit code
    of a run that reports nothing."""
    from txlint.report.fixes import fixed_lines

    if diff and output_format != "json":
        from txlint.fix import diff as diff_of

        print_text("".join(map(diff_of, fixed.plans)))
    by_people = output_format == "text" and not diff
    if not quiet or show or fixed.failed:
        lines = list(fixed_lines(fixed, diff, show, _paint(color) if by_people else _paint(False)))
        if by_people:
            print_text("\n".join((*lines, "", "")))
        else:
            for line in lines:
                say(line)
    return 2 if fixed.failed else int(diff and bool(fixed.plans))


def _print_statistics(report: Report, stages: Stages, seconds: float) -> None:
    from txlint.report.counts import by_rule

    for line in by_rule(report):
        say(line)
    for name, took in stages.took.items():
        say(f"{name:<9} {took:6.2f} s")
    say(f"{'in all':<9} {seconds:6.2f} s")


def _exit_code(report: Report, config: Config, exit_zero: bool) -> int:
    if any(each.code == "TX900" and each.given for each in report.errors):
        return 2
    least = SEVERITIES.index(config.fail_on)
    found = any(SEVERITIES.index(finding.severity) >= least for finding in report.findings)
    found = found or (least == 0 and any(each.code != "TX900" for each in report.errors))
    return 1 if found and not exit_zero else 0


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _paint(color: bool | None) -> Paint:
    from txlint.report.paint import coloured, plain

    if color is None:
        wanted = _on_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        color = wanted or bool(os.environ.get("FORCE_COLOR"))
    return coloured() if color else plain


def _complain(text: str) -> int:
    say(f"txlint: {' '.join(text.split())}")
    return 2
