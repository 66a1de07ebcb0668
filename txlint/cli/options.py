"""The options that several commands share, in groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from txlint.model.kinds import Confidence

FORMATS = ("text", "concise", "json", "github", "gitlab", "junit", "pylint", "rdjson", "sarif")
SEVERITIES = ("low", "medium", "high")
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _group(*options: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    """A decorator that gives a command these options, in this order."""

    def give(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return give


color_option = click.option("--color/--no-color", default=None, help="Colour; default: on a terminal.")
config_option = click.option("--config", "config_file", metavar="FILE", help="Read this file instead of the project's own configuration.")
document_option = click.option(
    "--output-format", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to print it."
)

exclude_options = _group(
    click.option("--exclude", multiple=True, metavar="GLOB", help="Leave these out instead of the built-in list."),
    click.option("--extend-exclude", multiple=True, metavar="GLOB", help="Leave these out as well."),
)

project_options = _group(
    config_option,
    click.option("--min-confidence", type=click.Choice([each.word for each in Confidence]), help="Least confidence to report."),
    exclude_options,
    click.option("--include-tests", is_flag=True, default=None, help="Tests open transactions and have findings, too."),
    color_option,
)
"""Of every command that analyses a project."""

reading_options = _group(
    click.option("--jobs", type=click.IntRange(min=0), metavar="N", help="Processes; 0 for as many as pay."),
    click.option("--executor", metavar="MODULE:FACTORY", help="Read files by the executor that this gives, e.g. a cluster's."),
)
"""Of every command that reads the files of a project."""

cache_options = _group(
    click.option("--cache-dir", metavar="DIR", help="Keep what is known here instead of in .txlint_cache of the project."),
    click.option("--no-cache", is_flag=True, help="Neither read nor keep what is known from earlier runs."),
)
"""Of every command that knows what earlier runs have read."""

rule_options = _group(
    click.option("--select", multiple=True, metavar="CODES", help="Only these: codes, prefixes such as TX1, names, ALL, DEFAULT."),
    click.option("--extend-select", multiple=True, metavar="CODES", help="These rules as well."),
    click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules."),
)
"""Of every command that selects rules."""

report_options = _group(
    click.option("--baseline", metavar="FILE", help="Report what this baseline does not know; `txlint baseline` writes one."),
    click.option("--no-baseline", is_flag=True, help="Report what the configured baseline knows, too."),
    click.option("--since", metavar="REV", help="Report what changes since this git revision touch: effect, opener, steps."),
    click.option("--output-format", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print the findings."),
    click.option("--report-at", type=click.Choice(("effect", "entry")), help="Where line formats show a path."),
    click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit with 1 from this severity up."),
    click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings."),
    click.option("--statistics", is_flag=True, help="Counts by rule, and times, on stderr."),
    click.option("--show-unresolved", is_flag=True, help="List the calls inside transactions of which nothing is known."),
)
"""Of every command that reports findings."""

catalog_options = _group(document_option, config_option, color_option)
"""Of the commands that show the catalog."""
