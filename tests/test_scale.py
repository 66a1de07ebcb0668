"""Shapes that grow with the tree: the synthetic ones of bench/, small, and cycles of calls however long."""

from __future__ import annotations

from pathlib import Path

from bench.synthetic import write
from txlint.api import check
from txlint.config import Config


def test_a_tree_is_the_same_each_time_and_all_of_it_is_found(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(300, tmp_path / name, seed=3)
    one, two = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.py")} for name in ("one", "two")
    )
    assert one == two
    report = check([str(tmp_path / "one")], Config(jobs=1))
    assert report.errors == ()
    assert sorted((each.code, len(each.openers)) for each in report.findings) == [("TX102", 3), ("TX103", 3)]


def test_conditions_go_around_a_cycle_of_any_length(tmp_path: Path) -> None:
    """What is always done at the far end of a cycle is always done here, though a shorter way there depends on a parameter."""
    length = 300
    ring = ["from django.core.mail import send_mail", "from django.db import transaction", ""]
    for i in range(length):
        ring += [f"def step_{i}(value):", "    if value:", f"        step_{i * 7 % length}(value)", f"    step_{(i + 1) % length}(value)"]
    ring += [f"def step_{length}(value):", '    send_mail("", "", None, [])', "    step_1(value)"]
    ring[ring.index(f"def step_{length // 2}(value):") + 3] = f"    step_{length}(value)"
    ring += ["", "@transaction.atomic", "def opens():", f"    step_{length // 2 + 1}(0)"]
    (tmp_path / "ring.py").write_text("\n".join(ring) + "\n")
    (finding,) = check([str(tmp_path)], Config(jobs=1)).findings
    assert [opener.entry.line for opener in finding.openers] == [len(ring)]
