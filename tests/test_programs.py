"""Programs made by chance are checked and rewritten without a crash, and what comes out compiles and stays. A sample; `make truth
ONLY=programs` runs 2,000."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import programs


@pytest.mark.parametrize("first", [0, 20, 40])
def test_a_sample(first: int, tmp_path: Path) -> None:
    programs.tree(tmp_path / "tree", range(first, first + 20))
    before = programs.contents(tmp_path / "tree")
    assert list(programs.problems(tmp_path / "tree", unsafe=first != 20)) == []
    assert programs.contents(tmp_path / "tree") != before, "there was nothing to rewrite"


def test_a_number_gives_one_program() -> None:
    assert programs.program(7) == programs.program(7) != programs.program(8)


def test_a_file_is_done_in_one_run_where_a_fix_does_not_help(tmp_path: Path) -> None:
    programs.tree(tmp_path / "tree", [1475])  # once it took a second run for the unused ignores beside such a fix
    assert list(programs.problems(tmp_path / "tree", unsafe=True)) == []
