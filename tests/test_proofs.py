"""What the marks of the fixtures say, measured on the real frameworks; and that the proofs would notice if it were not so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.marks import cases, read_case
from tests.proof.judge import Worker, prove

FIXTURES = Path(__file__).parents[1] / "fixtures"
CASES = [path for path in cases(FIXTURES) if path.parent.name != "fix"]  # those are run by tests/fix_proof.py, with their twins


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_marks_are_measured_truths(path: Path, worker: Worker, record_property: Callable[[str, object], None]) -> None:
    proof = prove(read_case(path), worker)
    record_property("proved", len(proof.executed))  # read by .ci/run
    assert not proof.wrong, "\n".join(["", *proof.wrong])


def test_proofs_are_executed() -> None:
    """Enough of them, and few `want` marks that only their author vouches for. (Whether they hold is the test above.)"""
    read = [read_case(path) for path in CASES]
    provable = [(case, want) for case in read for want in case.wants if want.code[:3] in ("TX1", "TX2", "TX3")]
    unproved = [want for case, want in provable if case.reason_unproved(want.place)]
    executed = [case for case in read if case.proofs]
    assert len(executed) >= 40, f"{len(executed)} fixtures with a proof"
    assert len(unproved) <= 0.15 * len(provable), f"{len(unproved)} of {len(provable)} `want` marks are unproved"
