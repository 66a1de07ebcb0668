"""Compares what was measured with the marks. Nothing here looks at what txlint reports.

A `want` holds when an effect of a fitting transport left from its line while the database had a transaction open, and when it left
again in a run whose commit the database refused. An effect that left from an unmarked line while a transaction was open is a
missing mark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.marks import Case, Expected, Line
from tests.proof.mutate import mutated

ARRIVES_AS = {
    "01": {"task", "redis"},
    "02": {"smtp", "http"},
    "03": {"http"},
    "04": {"http"},
    "05": {"publish", "redis", "http"},
    "06": {"redis", "http"},
    "07": {"delete", "write", "http"},
    "08": {"process", "thread", "coroutine"},
    "09": {"sleep", "redis"},
    "10": {"redis"},
    "11": {"write", "http"},
}
"""Last two digits of a code -> the transports that show such an effect. (A charge through a payment library arrives by HTTP.)"""


@dataclass(slots=True)
class Proof:
    """The result for one case: ``wrong`` is empty when all marks are measured truths; ``proved`` and ``unproved`` count `want` marks."""

    wrong: list[str] = field(default_factory=list)
    executed: list[Expected] = field(default_factory=list)
    unproved: list[Expected] = field(default_factory=list)


class Worker:
    """A running ``tests.proof.worker``."""

    def __init__(self) -> None:
        home = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.proof.worker"],
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline() or '{"error": "the worker is gone"}')
        return answer

    def close(self) -> None:
        pipe: IO[str] | None = self.process.stdin
        if pipe is not None:
            pipe.close()
        self.process.wait(10)


def prove(case: Case, worker: Worker) -> Proof:
    """Run the case as it is, then without its openers."""
    proof = Proof()
    measurable = [want for want in [*case.wants, *case.missed] if want.code[:3] in ("TX1", "TX2")]
    proof.unproved = [want for want in case.wants if case.reason_unproved(want.place)]
    proof.executed = [want for want in case.wants if want not in proof.unproved and want in measurable]
    if not case.proofs:
        proof.wrong += [f"{_at(want.place)}: {want.code} has neither a proof nor a reason" for want in proof.executed]
        proof.executed = []
        return proof
    answer = worker.ask(path=str(case.path), expressions=[[str(file), text] for file, text in case.proofs])
    if "error" in answer:
        proof.wrong.append(answer["error"])
        return proof
    runs = answer["runs"]
    for run in runs:
        said = f"{Path(run['file']).name}: {run['expression']}"
        if run.get("error") or (run.get("raised") and not run["doomed"]):
            proof.wrong.append(f"{said}: {_end(run.get('error') or run['raised'])}")
        proof.wrong += [f"{said}: {_end(fault)}" for fault in run.get("faults", ())]
    proof.wrong += _unmarked(case, runs)
    for want in proof.executed:
        proof.wrong += _held(case, want, runs)
    if not proof.wrong:
        proof.wrong += _mutations(case, proof.executed, runs, worker)
    return proof


def _held(case: Case, want: Expected, runs: list[dict[str, Any]]) -> list[str]:
    plain = [event for run in runs if not run["doomed"] for event in _at_line(case, run, want)]
    if not plain:
        return [f"{_at(want.place)}: {want.code}: no such effect arrived from this line"]
    if not any(event["open"] for event in plain):
        return [f"{_at(want.place)}: {want.code}: no transaction was open"]
    doomed = [event for run in runs if run["doomed"] for event in _at_line(case, run, want) if event["doomed"]]
    if not any(event["rolled_back"] for event in doomed):
        return [f"{_at(want.place)}: {want.code}: the transaction could not be rolled back after the effect"]
    return []


def _unmarked(case: Case, runs: list[dict[str, Any]]) -> list[str]:
    marked = {expected.place for expected in [*case.wants, *case.missed]}
    wrong = []
    for run in runs:
        for event in run.get("events", ()):
            places = _lines(case, event)
            if event["open"] and not run["doomed"] and not any(place in marked for place in places):
                wrong.append(f"{_at(places[0])}: {event['kind']} while a transaction is open ({run['expression']}), and no mark says so")
    return sorted(set(wrong))


def _mutations(case: Case, wants: list[Expected], runs: list[dict[str, Any]], worker: Worker) -> list[str]:
    """Without the openers that a `want` names, its effect has to happen outside of a transaction, or not at all. With one of them alone it
    still happens inside."""
    wrong = []
    for openers in sorted({want.openers for want in wants if want.openers}):
        affected = [want for want in wants if want.openers and set(want.openers) <= set(openers)]
        still = _open_without(case, frozenset(openers), frozenset(), affected, runs, worker)
        if isinstance(still, str):
            wrong.append(f"without {', '.join(openers)}: {still}")
            continue
        wrong += [f"{_at(want.place)}: {want.code}: a transaction is open even without {', '.join(openers)}" for want in still]
        for one in openers if len(openers) > 1 else ():
            others = frozenset(openers) - {one}
            named = [want for want in wants if want.openers == openers]
            still = _open_without(case, others, frozenset({one}), named, runs, worker)
            if isinstance(still, str):
                wrong.append(f"with {one} alone: {still}")
            elif still is not None:
                wrong += [
                    f"{_at(want.place)}: {want.code}: a transaction is not open by {one} alone" for want in named if want not in still
                ]
    return wrong


def _open_without(
    case: Case, deleted: frozenset[str], kept: frozenset[str], wants: list[Expected], runs: list[dict[str, Any]], worker: Worker
) -> list[Expected] | str | None:
    """Those of ``wants`` whose transaction is still open when these openers are deleted; an error; None where that cannot be run."""
    expressions = [
        [run["file"], run["expression"]]
        for run in runs
        if not run["doomed"] and any(event["open"] for want in wants for event in _at_line(case, run, want))
    ]
    with tempfile.TemporaryDirectory(prefix="txlint-mutant-") as folder:
        copy, off = mutated(case, deleted, Path(folder).resolve())
        if kept and "django_atomic" in off:
            return None  # Django's own transactions can only be switched off together
        moved = [[str(_moved(Path(file), case.path, copy)), text] for file, text in expressions]
        off = off if not kept else off - {"atomically", "engine"}
        # Alone, one opener has to be met once; without any, no expression may meet one.
        until = (
            [event["place"] for run in runs for want in wants for event in _at_line(case, run, want)] if len(wants) == 1 and kept else []
        )
        answer = worker.ask(path=str(copy), original=str(case.path), expressions=moved, off=sorted(off), plain=True, until=until)
    if "error" in answer:
        return str(answer["error"])
    return [want for want in wants if any(event["open"] for run in answer["runs"] for event in _at_line(case, run, want))]


def _end(trace: str) -> str:
    """The last lines of a trace."""
    return "\n".join(trace.strip().splitlines()[-5:])


def _moved(file: Path, old: Path, new: Path) -> Path:
    return new / file.relative_to(old) if old.is_dir() else new


def _at_line(case: Case, run: dict[str, Any], want: Expected) -> list[dict[str, Any]]:
    fitting = ARRIVES_AS[want.code[3:]]
    return [event for event in run.get("events", ()) if event["kind"] in fitting and want.place in _lines(case, event)]


def _lines(case: Case, event: dict[str, Any]) -> list[Line]:
    name, first, last = event["place"]
    file = case.path / name if name else case.path
    return [(file, line) for line in range(first, last + 1)]


def _at(place: Line) -> str:
    return f"{place[0].name}:{place[1]}"
