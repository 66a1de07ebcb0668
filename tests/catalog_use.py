"""Is an entry of the catalog used? A line of ``fixtures/catalog/<library>.py`` calls it, and the analysis takes that line for it."""

from __future__ import annotations

import ast
import contextlib
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from txlint.api import analyse
from txlint.config import Config
from txlint.model.catalog import Closer, Deferral, Effect, Entry, Library, Opener
from txlint.model.kinds import Confidence

FIXTURES = Path(__file__).parents[1] / "fixtures" / "catalog"
EVERYTHING = Config(select=("TX1", "TX2"), min_confidence=Confidence.POSSIBLE, jobs=1)


def fixture_of(library: Library) -> Path:
    return FIXTURES / f"{library.name}.py"


@contextlib.contextmanager
def alone(path: Path) -> Iterator[Path]:
    """A copy under another name in a folder of its own, which is the working directory meanwhile: a file ``requests.py`` at the root of a
    project would be the module ``requests``."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, f"uses_{path.name}")
        shutil.copy(path, copy)
        with contextlib.chdir(folder):
            yield copy


def effect_lines(path: Path) -> dict[str, set[int]]:
    """Name of an effect -> the lines of the fixture that the analysis takes for it."""
    with alone(path) as copy:
        hazards = analyse([copy.name], EVERYTHING).hazards
    found: dict[str, set[int]] = defaultdict(set)
    for hazard in hazards:
        found[hazard.site.effect.name].add(hazard.site.spot.pos[0])
    return found


def checked(library: Library) -> list[Entry]:
    """The entries that a fixture has to use: not those that hold for some versions or settings only, which a file without a project around
    it cannot show."""
    return [entry for entry in usable(library) if not any(when.setting or when.version for when in entry.when)]


def usable(library: Library) -> list[Entry]:
    """What a fixture can use: the entries that a call stands for."""
    return [entry for entry in library.entries if isinstance(entry, Effect | Opener | Closer | Deferral)]


def unused(library: Library, lines: Mapping[str, set[int]]) -> set[str]:
    """Names of entries that no line of the library's fixture is about; ``lines`` are those of its effects."""
    called = _called(fixture_of(library))
    return {entry.name for entry in checked(library) if not _is_hit(entry, lines, called)}


def _is_hit(entry: Entry, lines: Mapping[str, set[int]], called: set[str]) -> bool:
    """Effects must be what the analysis saw; of openers, closers and deferrals the marks speak, here the name is enough."""
    last = entry.name.rpartition(".")[2]
    if isinstance(entry, Effect) and not last.startswith("__"):
        return entry.name in lines
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
