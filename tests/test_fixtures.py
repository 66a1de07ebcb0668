"""Every fixture's report is what its marks say: found, opened and reached where they say, and silent everywhere else.

Asserted unasked: one worker process and two find the same, the second run knows the facts and says the same, and the JSON document keeps
its contract."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.marks import MalformedMark, cases, check_case, read_case
from txlint.api import check
from txlint.cache.facts import FactsCache, open_cache
from txlint.config import Config, find_config, read_config
from txlint.model.finding import Report
from txlint.model.kinds import EFFECT_KINDS, OPENER_KINDS, STEP_KINDS
from txlint.report.json_ import render_json
from txlint.rules import RULES

FIXTURES = Path(__file__).parents[1] / "fixtures"
# A fixture of a rule that is still to come waits for it.
CASES = [path for path in cases(FIXTURES) if all(want.code in RULES for want in read_case(path).wants)]
# The default rules and those that are off for their number, not for being another kind of advice.
SELECTED = ("TX109", "TX110", "TX111", "TX209", "TX210", "TX211", "TX501", "TX502", "TX504")


def alone(path: Path, folder: Path) -> Path:
    """A copy of the fixture in an empty folder: it is a project of its own, what lies beside it must not be seen."""
    copy = folder / path.name
    if path.is_dir():
        shutil.copytree(path, copy, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(path, copy)
    return copy


def report_of(path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int = 1, cache: FactsCache | None = None) -> Report:
    folder = path if path.is_dir() else path.parent
    monkeypatch.chdir(folder)
    config = read_config(folder) if find_config(folder) else Config()
    config = config._replace(extend_select=(*config.extend_select, *SELECTED), jobs=jobs)
    return check(["." if path.is_dir() else path.name], config, cache=cache)


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_report_is_what_the_marks_say(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = alone(path, tmp_path)
    report = report_of(copy, monkeypatch, cache=open_cache(str(tmp_path / "cache"), str(copy)))
    wrong = [*check_case(read_case(copy), report), *(f"{problem.path}:{problem.line}: {problem.message}" for problem in report.errors)]
    assert not wrong, "\n".join(["", *wrong])
    assert report == report_of(copy, monkeypatch, cache=open_cache(str(tmp_path / "cache"), str(copy)))
    document = json.loads(render_json(report))
    assert not breaches(document, DOCUMENT, "document")
    assert document["findings"] == sorted(document["findings"], key=lambda each: (each["path"], each["line"], each["column"], each["code"]))


@pytest.mark.parametrize("name", ["shop", "service", "link/mro_modules"])
def test_serial_equals_parallel(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = alone(FIXTURES / name, tmp_path)
    one = render_json(report_of(path, monkeypatch, jobs=1))
    assert one == render_json(report_of(path, monkeypatch, jobs=2))
    assert one == render_json(report_of(path, monkeypatch, jobs=1))


def test_every_kind_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop has an effect of every kind; together with the service, an opener of every kind."""
    shop = report_of(alone(FIXTURES / "shop", tmp_path), monkeypatch)
    service = report_of(alone(FIXTURES / "service", tmp_path), monkeypatch)
    assert {finding.effect.kind for finding in shop.findings} == set(EFFECT_KINDS)
    found = {opener.kind for report in (shop, service) for finding in report.findings for opener in finding.openers}
    assert found == set(OPENER_KINDS)


def test_one_of_many_subclasses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A base with 600 subclasses, one of which has the effect: it is found where that one is called, not where another is, and where
    any of them may be meant it is too uncertain to be shown."""
    lines = ["import requests", "", "from base import Handler", ""]
    for number in range(600):
        lines += [f"class Handler{number}(Handler):", "    def handle(self):"]
        lines += ['        requests.post("http://x.example", timeout=5)  # want: TX103=loud' if number == 417 else "        return None"]
    (tmp_path / "handlers.py").write_text("\n".join(lines) + "\n")
    (tmp_path / "base.py").write_text(
        "class Handler:\n    def run(self):\n        self.handle()  # via: loud.2\n\n"
        "    def handle(self):\n        raise NotImplementedError\n"
    )
    (tmp_path / "use.py").write_text(
        "from django.db import transaction\n\nfrom base import Handler\nfrom handlers import Handler3, Handler417\n\n\n"
        "def silent():\n    with transaction.atomic():\n        Handler3().run()\n\n\n"
        "def loud():\n    with transaction.atomic():  # open: loud\n        Handler417().run()  # via: loud.1\n\n\n"
        "def any_of_them(handler: Handler):\n    with transaction.atomic():\n        handler.run()\n"
    )
    assert check_case(read_case(tmp_path), report_of(tmp_path, monkeypatch)) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("pay()  # want: TX1O1\n", "not a code"),
        ("pay()  # want: TX101=a\n", "no line says"),
        ("pay()  # wants: TX101\n", "not a mark"),
        ("pay()  # Open: a\n", "not a mark"),
        ("pay()  # missed: TX101\n", "a reason"),
        ("pay()  # want:\n", "says nothing"),
        ("# want: TX101\npay()\n", "without code"),
        ("pay()  # open: a\npay()  # open: a\n", "stands at"),
        ("pay()  # open: a\n", "nothing is expected"),
        ("pay()  # via: a  # want: TX101\n", "no line says"),
    ],
)
def test_a_malformed_mark_fails(source: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "case.py"
    file.write_text(source)
    with pytest.raises(MalformedMark, match=said):
        read_case(file)


class OneOf:
    def __init__(self, *values: Any) -> None:
        self.values = values


SPAN = {"path": str, "line": int, "column": int, "end_line": int, "end_column": int}
OPENER = {
    "kind": OneOf(*OPENER_KINDS),
    "opener": str,
    "path": str,
    "line": int,
    "alias": (str, None),
    "confidence": OneOf("certain", "likely", "possible"),
    "fingerprint": str,
    "entry": {"path": str, "line": int, "column": int},
    "entry_count": int,
    "condition": (str, None),
    "trace": [{"kind": OneOf(*STEP_KINDS), **SPAN, "function": str, "label": str}],
}
DOCUMENT = {
    "version": OneOf(1),
    "tool": {"name": OneOf("txlint"), "version": str},
    "summary": dict.fromkeys(
        ("files", "skipped", "findings", "pairs", "errors", "fixable", "scopes", "effects", "unresolved"),
        int,
    ),
    "assumed": [{"what": str, "value": str, "path": str, "line": int}],
    "findings": [
        {
            "code": str,
            "name": str,
            "message": str,
            "remedy": str,
            "confidence": OneOf("certain", "likely", "possible"),
            "severity": OneOf("high", "medium", "low"),
            "held": bool,
            **SPAN,
            "effect": {"kind": OneOf(*EFFECT_KINDS, "deferral", "structure"), "callee": str, "library": str},
            "openers": [OPENER],
            "omitted": int,
            "fix": {
                "applicability": OneOf("safe", "unsafe", "none", None),
                "recipe": (str, None),
                "reason": (str, None),
                "preview": (str, None),
            },
            "fingerprint": str,
        }
    ],
    "errors": [{"code": str, "path": str, "line": int, "message": str}],
}
"""The contract of DESIGN section 4, written by hand: keys are exactly these."""


def breaches(value: Any, shape: Any, where: str) -> list[str]:
    """Where ``value`` is not of this shape."""
    match shape:
        case dict():
            if not isinstance(value, dict) or set(value) != set(shape):
                return [f"{where}: has keys {sorted(value) if isinstance(value, dict) else value}, wants {sorted(shape)}"]
            return [breach for key, inner in shape.items() for breach in breaches(value[key], inner, f"{where}.{key}")]
        case list():
            if not isinstance(value, list):
                return [f"{where}: is no list"]
            return [breach for number, item in enumerate(value) for breach in breaches(item, shape[0], f"{where}[{number}]")]
        case OneOf():
            return [] if value in shape.values else [f"{where}: {value!r} is none of {shape.values}"]
        case tuple():
            return [] if value is None or isinstance(value, shape[0]) else [f"{where}: {value!r}"]
        case _:
            return [] if type(value) is shape else [f"{where}: {value!r} is no {shape.__name__}"]
