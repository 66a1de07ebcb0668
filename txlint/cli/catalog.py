"""``txlint catalog``: what is known of libraries, and whether a project's own tables are in order."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import click

from txlint.cli.output import print_text, say
from txlint.config import Config

if TYPE_CHECKING:
    from txlint.cache.facts import FactsCache
    from txlint.report.paint import Paint


class Listing(click.Group):
    """Without the name of a command `list` is meant, and with a word that is none `search`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        word = args[0] if args else ""
        if word not in ("-h", "--help") and word not in self.commands:
            args = ["search" if word and not word.startswith("-") else "list", *args]
        return super().parse_args(ctx, args)


def print_libraries(config: Config, output_format: str, paint: Paint, on_terminal: bool) -> int:
    """The libraries, the project's own tables first."""
    from txlint.api import whole_catalog
    from txlint.catalog.listing import listed
    from txlint.report.catalog import render_json_libraries, render_libraries

    libraries = listed(whole_catalog(config), relative(config.source))
    if output_format == "json":
        print_text(render_json_libraries(libraries))
    else:
        print_text(render_libraries(libraries, paint, shutil.get_terminal_size().columns if on_terminal else None))
    return 0


def print_entries(config: Config, word: str, output_format: str, paint: Paint) -> int:
    """What is known for a word; exit code 1 where that is nothing, as it is of a search."""
    from txlint.api import whole_catalog
    from txlint.catalog.listing import listed, search
    from txlint.explain.entries import told
    from txlint.report.catalog import render_entries, render_json_entries

    catalog = whole_catalog(config)
    libraries = listed(catalog, relative(config.source))
    sources = {each.library.name: each.source for each in libraries}
    found: list[Any] = [told(catalog, entry, sources[entry.library]) for entry in search(catalog, word)]
    print_text(render_json_entries(found) if output_format == "json" else render_entries(word, found, libraries, paint))
    return 0 if found else 1


def print_faults(paths: tuple[str, ...], config: Config, cache: FactsCache | None, output_format: str, paint: Paint) -> int:
    """What is wrong with the project's own tables; exit code 1 where one of them is an error."""
    from txlint.api import catalog_faults
    from txlint.config import row_lines
    from txlint.report.catalog import render_faults, render_json_faults

    mine, faults = catalog_faults(paths, config, cache)
    if mine is None:
        say("txlint: the project has no tables of its own: see `[[tool.txlint.effect]]` and its kin")
    count = len(mine.entries) if mine is not None else 0
    where = row_lines(config.source) if faults and config.source else {}
    faults = tuple(sorted(faults, key=lambda fault: where.get((fault.table, fault.row), 0)))
    lines = [where.get((fault.table, fault.row)) for fault in faults]
    if output_format == "json":
        print_text(render_json_faults(faults, count, relative(config.source), lines))
    else:
        print_text(render_faults(faults, count, relative(config.source), lines, paint))
    return int(any(fault.severity == "error" for fault in faults))


def relative(path: str | None) -> str:
    """A file as the user would name it."""
    if path is None:
        return ""
    shorter = os.path.relpath(path)
    return path if shorter.startswith("..") else shorter
