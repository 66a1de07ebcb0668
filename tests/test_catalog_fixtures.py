"""Each effect, opener and deferral of the catalog is used: a line of ``fixtures/catalog/<library>.py`` calls it, and the whole analysis
says of that line what the catalog says of the entry."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from tests import marks
from txlint.api import analyse, check
from txlint.catalog.loader import LIBRARIES, read_library
from txlint.config import Config
from txlint.model.catalog import Closer, Deferral, Effect, Entry, Library, Opener
from txlint.model.kinds import Confidence

FIXTURES = Path(__file__).parents[1] / "fixtures" / "catalog"
FILES = sorted(FIXTURES.glob("*.py"))
EVERYTHING = Config(select=("TX1", "TX2"), min_confidence=Confidence.POSSIBLE, jobs=1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_report_is_what_the_marks_say(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = _alone(path, tmp_path, monkeypatch)
    wrong = marks.check_case(marks.read_case(copy), check([copy.name], EVERYTHING))
    assert not wrong, "\n".join(["", *wrong])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_entry_is_hit_by_a_line(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = read_library(LIBRARIES / f"{path.stem}.toml")
    copy = _alone(path, tmp_path, monkeypatch)
    hazards = analyse([copy.name], EVERYTHING).hazards
    found = {hazard.site.effect.name for hazard in hazards}
    called = _called(path)
    unused = {entry.name for entry in _entries(library) if not _is_conditional(entry) and not _is_hit(entry, found, called)}
    assert not unused, "\n".join(["", *sorted(unused)])


def test_each_library_with_entries_has_a_fixture() -> None:
    libraries = [read_library(path) for path in sorted(LIBRARIES.glob("*.toml"))]
    without = {library.name for library in libraries if _entries(library) and not (FIXTURES / f"{library.name}.py").exists()}
    assert not without


def _alone(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy under another name: a file ``requests.py`` at the root of a project would be the module ``requests``."""
    copy = folder / f"uses_{path.name}"
    shutil.copy(path, copy)
    monkeypatch.chdir(folder)
    return copy


def _entries(library: Library) -> list[Entry]:
    return [entry for entry in library.entries if isinstance(entry, Effect | Opener | Closer | Deferral)]


def _is_conditional(entry: Entry) -> bool:
    """Holds for some versions or settings only: a file without a project around it cannot show it."""
    return any(when.setting or when.version for when in entry.when)


def _is_hit(entry: Entry, found: set[str], called: set[str]) -> bool:
    """Effects must be what the analysis saw; of openers, closers and deferrals the marks speak, here the name is enough."""
    last = entry.name.rpartition(".")[2]
    if isinstance(entry, Effect) and not last.startswith("__"):
        return entry.name in found
    if last.startswith("__"):
        return True
    return any(name.startswith(last[:-1]) for name in called) if last.endswith("*") else last in called


def _called(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Name | ast.FunctionDef):
            names.add(node.id if isinstance(node, ast.Name) else node.name)
    return names
