"""Ignore comments written and taken away: where they go, what is kept, what is refused. End to end in ``test_adopt.py``."""

from __future__ import annotations

import ast
import random
import sys
from pathlib import Path

import pytest

from txlint.fix.ignores import plan_ignores, without_unused
from txlint.lower.ignores import ignore_comments
from txlint.model.finding import Effect, Finding, Fix, Opener, Place, Problem, Step
from txlint.model.kinds import Confidence

TXLINT = Path(__file__).resolve().parents[1] / "txlint"


def at(line: int, end_line: int | None = None) -> Place:
    return Place("a.py", line, 1, end_line or line, 2)


def finding(place: Place, code: str = "TX101", entries: int = 1) -> Finding:
    step = Step("call", place, "a.f", "")
    opener = Opener("with", "atomic", place, None, Confidence.CERTAIN, "0" * 16, place, entries, None, (step,))
    effect = Effect("task", "f.delay", "celery")
    return Finding(code, "", "", "", Confidence.CERTAIN, "low", False, place, "a.f", effect, (opener,), 0, Fix(), "1" * 16)


def ignored(text: str | bytes, *places: Place, reason: str = "why", code: str = "TX101") -> str:
    """The text with comments for these places; all of them are written."""
    data = text.encode() if isinstance(text, str) else text
    plans, refused = plan_ignores([(finding(place, code), (place,)) for place in places], {"a.py": data}, reason)
    assert refused == ()
    ((plan, _),) = plans
    assert plan.error is None
    again, refused = plan_ignores([(finding(place, code), (place,)) for place in places], {"a.py": plan.new}, reason)
    if not any(each.line != each.comment_line for each in ignore_comments(plan.new)):
        assert (again[0][0].is_changed, again[0][1], refused) == (False, 0, ()), "twice is once"
    return plan.new.decode("latin-1")


@pytest.mark.parametrize(
    ("before", "place", "after"),
    [
        ("f.delay(1)\n", at(1), "f.delay(1)  # txlint: ignore[TX101] why\n"),
        ("f.delay(1)", at(1), "f.delay(1)  # txlint: ignore[TX101] why"),
        ("f.delay(1)   \n", at(1), "f.delay(1)  # txlint: ignore[TX101] why\n"),
        ("f.delay(1)\r\ng()\r\n", at(1), "f.delay(1)  # txlint: ignore[TX101] why\r\ng()\r\n"),
        ("f.delay(1)\rg()\r", at(1), "f.delay(1)  # txlint: ignore[TX101] why\rg()\r"),
        ("\ufefff.delay(1)\n", at(1), "ï»¿f.delay(1)  # txlint: ignore[TX101] why\n"),
        ("f.delay(1)  # noqa: E501\n", at(1), "f.delay(1)  # noqa: E501  # txlint: ignore[TX101] why\n"),
        ("f.delay(1)  # type: ignore\n", at(1), "f.delay(1)  # type: ignore  # txlint: ignore[TX101] why\n"),
        ("f.delay(1)  # txlint: ignore[TX103] so\n", at(1), "f.delay(1)  # txlint: ignore[TX103,TX101] so\n"),
        (
            "f.delay(1)  # x  # txlint: ignore[ TX103 ]\n",
            at(1),
            "f.delay(1)  # x  # txlint: ignore[ TX103,TX101] why\n",
        ),
        ("f.delay(1)  # txlint: ignore\n", at(1), "f.delay(1)  # txlint: ignore why\n"),
        ("f.delay(1)  # txlint: ignore[oops\n", at(1), "# txlint: ignore[TX101] why\nf.delay(1)  # txlint: ignore[oops\n"),
        ("f.delay(1)  # txlint: ignore-file[TX2]\n", at(1), "# txlint: ignore[TX101] why\nf.delay(1)  # txlint: ignore-file[TX2]\n"),
        ("f.delay(\n    1,\n)\n", at(1, 3), "f.delay(  # txlint: ignore[TX101] why\n    1,\n)\n"),
        ("f.delay('''\n''')\n", at(1, 2), "f.delay('''\n''')  # txlint: ignore[TX101] why\n"),
        ("f.delay(1, \\\n    2)\n", at(1, 2), "f.delay(1, \\\n    2)  # txlint: ignore[TX101] why\n"),
        ("x = f.delay(1) + \\\n    2\n", at(1), "# txlint: ignore[TX101] why\nx = f.delay(1) + \\\n    2\n"),
        ("if x:\n\tf.delay(1); s = '''\n\t# no'''\n", at(2), "if x:\n\t# txlint: ignore[TX101] why\n\tf.delay(1); s = '''\n\t# no'''\n"),
        ("f(\n    g.delay(1), '''\n''')\n", at(2), "f(\n    # txlint: ignore[TX101] why\n    g.delay(1), '''\n''')\n"),
        (
            "# coding: latin-1\nf.delay('\xe9')\n".encode("latin-1"),
            at(2),
            "# coding: latin-1\nf.delay('\xe9')  # txlint: ignore[TX101] why\n",
        ),
        ("x = '# txlint: ignore'; f.delay(1)\n", at(1), "x = '# txlint: ignore'; f.delay(1)  # txlint: ignore[TX101] why\n"),
        ("f.delay(f'''\n{x}''')\n", at(1, 2), "f.delay(f'''\n{x}''')  # txlint: ignore[TX101] why\n"),
        ("class A:\n    x = f.delay(1)\n\f\ny = 1\n", at(2), "class A:\n    x = f.delay(1)  # txlint: ignore[TX101] why\n\f\ny = 1\n"),
    ],
)
def test_where_a_comment_goes(before: str | bytes, place: Place, after: str) -> None:
    assert ignored(before, place) == after


def test_without_a_reason() -> None:
    assert ignored("f.delay(1)\n", at(1), reason="") == "f.delay(1)  # txlint: ignore[TX101]\n"


def test_two_effects_on_one_line_share_a_comment() -> None:
    places = [(finding(at(1)), (at(1),)), (finding(at(1), "TX103"), (at(1),))]
    (((plan, count),), _) = plan_ignores(places, {"a.py": b"f.delay(requests.get(1))\n"}, "")
    assert (plan.new, count) == (b"f.delay(requests.get(1))  # txlint: ignore[TX101,TX103]\n", 1)


def test_comments_above_and_behind_in_one_file() -> None:
    text = "f.delay(1); a = '''\n'''\ng.delay(2)\nh.delay(3); b = '''\n'''\n"
    why = "# txlint: ignore[TX101] why\n"
    assert ignored(text, at(1), at(3), at(4)) == (f"{why}f.delay(1); a = '''\n'''\ng.delay(2)  {why}{why}h.delay(3); b = '''\n'''\n")


@pytest.mark.parametrize(
    ("data", "place", "reason", "told"),
    [
        (b"x = f'''\n{f.delay(1)}\n'''\n", at(2), "", "no comment can stand at its line"),
        (b"x = \\\n    f.delay(1) + \\\n    2\n", at(2), "", "no comment can stand at its line"),
        (b"# coding: latin-1\nf.delay(1)\n", at(2), "\u4e0d", "cannot be written in iso-8859-1"),
        (b"f.delay('\xe9')\n", at(1), "", "the encoding is not clear"),
    ],
)
def test_what_is_refused(data: bytes, place: Place, reason: str, told: str) -> None:
    plans, refused = plan_ignores([(finding(place), (place,))], {"a.py": data}, reason)
    assert not plans[0][0].is_changed
    assert told in refused[0][1]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="newer syntax")
def test_a_string_of_newer_syntax_is_left_alone() -> None:
    plans, refused = plan_ignores([(finding(at(2)), (at(2),))], {"a.py": b'x = f"{\nf.delay("1")\n}"\n'}, "")
    assert not plans[0][0].is_changed
    assert refused


def test_many_entries_need_a_reason() -> None:
    wide = finding(at(1), entries=6)
    plans, refused = plan_ignores([(wide, (at(1),))], {"a.py": b"f.delay(1)\n"}, "")
    assert (plans, refused[0][1]) == ((), 'the comment would silence 6 entries and needs a reason: --add-ignore="..."')
    assert plan_ignores([(wide, (at(1),))], {"a.py": b"f.delay(1)\n"}, "why")[1] == ()


def test_a_file_that_was_not_given_is_not_written() -> None:
    assert plan_ignores([(finding(at(1)), (at(1),))], {}, "")[1][0][1] == "a.py is not among the given files"


def test_comments_on_any_line_of_real_code_change_nothing_else() -> None:
    """Each file of txlint with comments at random places: the same program, and the comments cover these places."""
    draw = random.Random(1)
    for path in sorted(TXLINT.rglob("*.py"))[::6]:
        data = path.read_bytes()
        calls = [each for each in ast.walk(ast.parse(data)) if isinstance(each, ast.Call)]
        chosen = draw.sample(calls, min(20, len(calls)))
        places = [Place("a.py", each.lineno, 1, each.end_lineno or each.lineno, 1) for each in chosen]
        plans, refused = plan_ignores([(finding(place), (place,)) for place in places], {"a.py": data}, "why")
        for plan, _ in plans:
            assert plan.error is None
            assert ast.dump(ast.parse(plan.new)) == ast.dump(ast.parse(data))
            left = [line for line in plan.new.split(b"\n") if line.strip() != b"# txlint: ignore[TX101] why"]
            assert b"\n".join(left).replace(b"  # txlint: ignore[TX101] why", b"") == data
        assert all("no comment can stand" in told for _, told in refused)


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ("f(1)  # txlint: ignore[TX101] so\n", 1, "f(1)\n"),
        ("f(1)  # txlint: ignore", 1, "f(1)"),
        ("f(1)  # noqa: E501  # txlint: ignore[TX101] so\r\n", 1, "f(1)  # noqa: E501\r\n"),
        ("f(1)  # txlint: ignore[TX101] so, see #12  # noqa: E501\n", 1, "f(1)  # noqa: E501\n"),
        ("f(1)  # a # txlint: ignore # b\n", 1, "f(1)  # a  # b\n"),
        ("def f():\n    # txlint: ignore so\n    g()\n", 2, "def f():\n    g()\n"),
        ("# txlint: ignore-file[TX101]\nx = 1\n", 1, "x = 1\n"),
        ("f(1)  # txlint: ignore[TX101, NOPE, tx103] so\n", 1, "f(1)  # txlint: ignore[TX101,tx103] so\n"),
        ("f(1)  # txlint: ignore[NOPE]\n", 1, "f(1)\n"),
        ("x = 1\n# txlint: ignore", 2, "x = 1\n"),
        ("f(1)  # another word\n", 1, "f(1)  # another word\n"),
    ],
)
def test_an_unused_comment_goes(before: str, line: int, after: str) -> None:
    plan, count = without_unused("a.py", before.encode(), [Problem("TX901", "a.py", line, "")])
    assert (plan.new.decode(), count) == (after, int(before != after))
