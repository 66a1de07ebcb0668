"""The draw of claims can be repeated and does not say what is a decoy; the tally counts what readers agree on, and voids a round."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench import draw

COMMIT = "e6df26b4a1f0"


def finding(number: int, code: str = "TX101", confidence: str = "certain") -> dict[str, Any]:
    span = {"path": "shop/views.py", "line": 3, "column": 5}
    trace = [{**span, "line": 2, "function": "shop.views.Cart.post"}, {**span, "function": "shop.views.tell"}]
    opener = {"path": "shop/views.py", "line": 1, "confidence": confidence, "trace": trace}
    return {"code": code, "fingerprint": f"{number:04}", "confidence": confidence, "openers": [opener], **span}


def test_the_draw_depends_on_the_commit_and_on_nothing_else() -> None:
    findings = [finding(number) for number in range(100)]
    drawn = draw.drawn(findings, COMMIT, 25)
    assert len(drawn) == 25 and drawn == draw.drawn(list(reversed(findings)), COMMIT, 25)
    assert drawn != draw.drawn(findings, "0" + COMMIT[1:], 25)
    assert len(draw.drawn([*findings[:3], finding(9, "TX301")], COMMIT, 25)) == 3


def test_a_claim_says_where_and_not_how_sure(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "views.py").write_text("@atomic\n    tell()\n  send.delay()\n", encoding="utf-8")
    claim = draw.claim_of(finding(7), "shop", COMMIT, tmp_path)
    assert claim.shown == {
        "project": "shop",
        "commit": COMMIT,
        "rule": "TX101",
        "effect": {"at": "shop/views.py:3", "source": "send.delay()"},
        "opener": {"at": "shop/views.py:1", "source": "@atomic"},
        "path": [{"at": "shop/views.py:2", "in": "Cart.post", "source": "tell()"}],
    }
    assert claim.key == {"sort": "finding", "project": "shop", "confidence": "certain", "fingerprint": "0007"}


@pytest.mark.parametrize(
    ("function", "path", "name"),
    [
        ("shop.views.Cart.post", "src/shop/views.py", "Cart.post"),
        ("shop.pay", "shop/__init__.py", "pay"),
        ("tasks.tasks", "tasks.py", "tasks"),
        ("pay", "shop/views.py", "pay"),
    ],
)
def test_functions_are_named_without_their_module(function: str, path: str, name: str) -> None:
    assert draw.within(function, path) == name


def audit(package: Path) -> list[dict[str, Any]]:
    """A release with one decoy that can be claimed and four that cannot."""
    package.mkdir()
    (package / "shop.py").write_text(
        "class Cart:\n    def post(self):\n        with atomic():\n            pass\n        tell()\ndef tell():\n    send.delay()\n",
        encoding="utf-8",
    )
    row = {"package": "shop", "version": "1.0", "path": "shop.py", "line": 7, "effect": "celery", "callee": "send.delay"}
    good = {**row, "opener": "shop.py:3", "path_functions": ["Cart.post", "tell"]}
    unseen = {**good, "path_functions": ["Cart.nowhere", "tell"]}
    return [good, unseen, {**good, "opener": None}, {**good, "opener": "django:create"}, {**good, "contestable": True}]


def test_a_decoy_is_claimed_in_the_same_words_as_a_finding(tmp_path: Path) -> None:
    rows = audit(tmp_path / "shop-1.0")
    (claim,) = draw.audited(rows, "decoy", tmp_path, 1, Random(1))
    assert claim.shown == {
        "project": "shop",
        "commit": "1.0",
        "rule": "TX101",
        "effect": {"at": "shop.py:7", "source": "send.delay()"},
        "opener": {"at": "shop.py:3", "source": "with atomic():"},
        "path": [{"at": "shop.py:5", "in": "Cart.post", "source": "tell()"}],
    }
    assert claim.shown.keys() == draw.claim_of(finding(1), "shop", COMMIT, _written(tmp_path)).shown.keys()
    with pytest.raises(SystemExit, match="only 1 of 2 decoys"):
        draw.audited(rows, "decoy", tmp_path, 2, Random(1))


def _written(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "views.py").write_text("\n\n\n", encoding="utf-8")
    return tmp_path


def test_a_call_that_is_not_written_is_shown_at_its_function() -> None:
    node = ast.parse("def save(self):\n    super().save()\n").body[0]
    assert isinstance(node, ast.FunctionDef)
    row = {"opener": "a.py:9", "path_functions": ["Order.save", "on_saved"]}
    assert draw.followed(row, {"Order.save": [draw.Where("b.py", node)]}) == [("b.py", 1, "Order.save")]
    assert draw.followed(row, {"Order.save": [draw.Where("b.py", node), draw.Where("c.py", node)]}) is None


def test_claims_and_key_agree_and_the_claims_do_not_tell() -> None:
    claims = [draw.Claim({"rule": f"TX{number}"}, {"sort": sort}) for number, sort in enumerate(["finding", "decoy", "control"] * 5)]
    shown, key = draw.shuffled(claims, 5)
    assert (shown, key) == draw.shuffled(claims, 5)
    assert [row["id"] for row in shown] == sorted(row["id"] for row in key)
    assert all(row.keys() == {"id", "rule"} for row in shown)
    assert [row["rule"] for row in shown] == [row["rule"] for row in key] != [claim.shown["rule"] for claim in claims]


def key_of(*sorts: str) -> list[dict[str, Any]]:
    rules = {"finding": "TX103", "hook": "TX203"}
    return [
        {
            "id": f"c{number}",
            "rule": rules.get(sort, "TX101"),
            "sort": "finding" if sort in rules else sort,
            "project": "shop",
            "confidence": "certain" if sort in rules else None,
        }
        for number, sort in enumerate(sorts)
    ]


def said(*verdicts: str) -> dict[str, str]:
    return {f"c{number}": verdict for number, verdict in enumerate(verdicts)}


def test_the_tally_counts_what_readers_agree_on() -> None:
    key = key_of("finding", "finding", "finding", "finding", "hook", "decoy", "decoy", "control")
    readers = {
        "ann": said("true", "true", "false", "true", "unproved", "true", "false", "true"),
        "bob": said("true", "arguable", "false", "false", "false", "false", "unproved", "false"),
    }
    text, counted = draw.tally(key, readers)
    assert counted
    assert "| shop | TX1xx | certain | 4 | 1 | 1 | 1 | 0 | 1 | 50.0 % |" in text
    assert "| all | TX2xx | certain | 1 | 0 | 0 | 0 | 1 | 0 | 0.0 % |" in text
    assert "in 4 of 5" in text
    assert "ann: passed 1 of 2 decoys, 1 of 1 controls" in text
    assert "VOID" not in text


def test_a_reader_who_passes_two_decoys_voids_the_round() -> None:
    key = key_of("finding", "decoy", "decoy")
    text, counted = draw.tally(key, {"ann": said("true", "true", "arguable"), "bob": said("true", "false", "false")})
    assert not counted and "VOID" in text
    assert draw.tally(key, {"ann": said("true", "true", "false"), "bob": said("true", "false", "true")})[1]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"id": "c0", "verdict": "true"}], "no verdict on c1"),
        ([{"id": "c0", "verdict": "true"}, {"id": "c0", "verdict": "true"}], "judged twice"),
        ([{"id": "c0", "verdict": "maybe"}], "no verdict: c0 maybe"),
        ([{"id": "c9", "verdict": "true"}], "not a claim"),
    ],
)
def test_a_sheet_that_is_not_filled_in_is_no_verdict(rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        draw.verdicts_of(rows, key_of("finding", "decoy"), "ann")


def test_a_round_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    tree = tmp_path / "shop"
    tree.mkdir()
    (tree / "views.py").write_text(
        "import requests\nfrom django.db import transaction\n\n\n@transaction.atomic\ndef pay():\n    requests.post('https://x')\n",
        encoding="utf-8",
    )
    (tmp_path / "shop.commit").write_text(f"{COMMIT}\n", encoding="utf-8")
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(audit(tmp_path / "shop-1.0")[0]) + "\n", encoding="utf-8")
    monkeypatch.setattr(draw, "DECOYS", 1)
    files = ["--decoys", str(rows), "--controls", str(rows), "--packages", str(tmp_path), "--into", str(tmp_path / "round")]
    monkeypatch.setattr("sys.argv", ["draw.py", "draw", *files, f"shop={tree}"])
    assert draw.main() == 0
    assert f"shop {COMMIT}: 1 of 1" in capsys.readouterr().out
    key = draw.read_lines(tmp_path / "round" / "key.jsonl")
    claims = draw.read_lines(tmp_path / "round" / "claims.jsonl")
    assert sorted(row["sort"] for row in key) == ["control", "decoy", "finding"]
    assert {row["effect"]["at"] for row in claims} == {"views.py:7", "shop.py:7"}
    reader = tmp_path / "ann.jsonl"
    judged = [{"id": row["id"], "verdict": "false" if row["sort"] == "decoy" else "true", "note": ""} for row in key]
    reader.write_text("".join(json.dumps(row) + "\n" for row in judged), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["draw.py", "tally", "--key", str(tmp_path / "round" / "key.jsonl"), str(reader)])
    assert draw.main() == 0
    assert "| all | TX1xx | certain | 1 | 1 | 0 | 0 | 0 | 0 | 100.0 % |" in capsys.readouterr().out
