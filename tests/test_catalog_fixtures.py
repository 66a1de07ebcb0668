"""Each effect, opener and deferral of the catalog is used: a line of ``fixtures/catalog/<library>.py`` calls it, and the whole analysis
says of that line what the catalog says of the entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import catalog_use, marks
from txlint.api import check
from txlint.catalog.loader import LIBRARIES, read_library

FILES = sorted(catalog_use.FIXTURES.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_report_is_what_the_marks_say(path: Path) -> None:
    with catalog_use.alone(path) as copy:
        wrong = marks.check_case(marks.read_case(copy), check([copy.name], catalog_use.EVERYTHING))
    assert not wrong, "\n".join(["", *wrong])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_entry_is_hit_by_a_line(path: Path) -> None:
    library = read_library(LIBRARIES / f"{path.stem}.toml")
    unused = catalog_use.unused(library, catalog_use.effect_lines(path))
    assert not unused, "\n".join(["", *sorted(unused)])


def test_each_library_with_entries_has_a_fixture() -> None:
    libraries = [read_library(path) for path in sorted(LIBRARIES.glob("*.toml"))]
    without = {library.name for library in libraries if catalog_use.usable(library) and not catalog_use.fixture_of(library).exists()}
    assert not without
