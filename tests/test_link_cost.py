"""What linking costs, counted: replays of functions, and Python's calls. A clock is too noisy for this, counts repeat.

The trees are the project's own, so the counts grow with what is inferred, not with what is written elsewhere."""

from __future__ import annotations

import cProfile
import pstats
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.synthetic import write
from txlint import api
from txlint.config import Config
from txlint.link import replay
from txlint.link.program import MOST_VARIANTS

FIXTURES = Path(__file__).parents[1] / "fixtures"
HEADROOM = 1.1
BUDGETS = {"shop": (84, 130_000), "service": (45, 54_500), "synthetic": (191, 96_700)}
"""Replays, and calls on Python 3.11 (3.13: 1 to 3 % fewer), as counted on 2026-11-23."""


@pytest.mark.parametrize("name", BUDGETS)
def test_linking_costs_what_it_did(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tmp_path / name
    if name == "synthetic":
        write(100, tree, seed=1)
    else:
        shutil.copytree(FIXTURES / name, tree)
    profile = cProfile.Profile()
    replays = 0
    link, replay_function = api.link, replay.replay_function

    def counted(*args: Any) -> Any:
        nonlocal replays
        replays += 1
        return replay_function(*args)

    monkeypatch.chdir(tree)
    api.check(["."], Config(jobs=1))  # what is kept for the process is there from now on
    monkeypatch.setattr(replay, "replay_function", counted)
    monkeypatch.setattr(api, "link", lambda *args: profile.runcall(link, *args))
    api.check(["."], Config(jobs=1))
    calls = pstats.Stats(profile).total_calls - replays  # type: ignore[attr-defined]
    for what, count, budget in (("replays", replays, BUDGETS[name][0]), ("calls", calls, BUDGETS[name][1])):
        assert count <= budget * HEADROOM, (
            f"linking {name} takes {count:,} {what}, {count / budget:.2f} of the {budget:,} that it is allowed. Profile it first "
            f"(bench/PROFILE.md says how, and what was tried). Where a feature needs that much, say so there, with the count on a large "
            f"tree before and after, and raise the budget in {Path(__file__).name} in the same commit."
        )
    assert count * 2 > budget, "the budget is twice what is needed: lower it"


def test_overrides_that_come_to_no_session_are_not_replayed_for_each_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replayed: list[str] = []
    replay_function = replay.replay_function

    def noted(linker: Any, fun: Any, *more: Any) -> Any:
        replayed.append(fun.dotted)
        return replay_function(linker, fun, *more)

    classes = "".join(
        f"class Sensor{number}(Entity):\n    def reading(self):\n        return self.measured({number})\n\n"
        f"    def measured(self, number):\n        return number + 1\n\n\n"
        for number in range(200)
    )
    (tmp_path / "sensors.py").write_text(f"from entities import Entity\n\n\n{classes}")
    (tmp_path / "entities.py").write_text(
        "class Entity:\n    def state(self):\n        return self.reading\n\n    def reading(self):\n        return None\n"
    )
    (tmp_path / "recorder.py").write_text(
        "from entities import Entity\nfrom sqlalchemy.orm import Session\n\n\ndef record(session: Session, entity: Entity, row):\n"
        "    session.add(row)\n    row.state = entity.state()\n    session.commit()\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(replay, "replay_function", noted)
    api.check(["."], Config(jobs=1))
    assert "entities.Entity.state" in replayed
    assert len([name for name in replayed if name.endswith(".measured")]) <= 2 * MOST_VARIANTS
