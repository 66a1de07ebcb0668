"""Reports: the JSON contract, line formats, code frames, and that nothing in the analysed project can forge output."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.hazards import (
    ANNOUNCED,
    BY_CHECKOUT,
    CHECKOUT,
    POSTED,
    RECEIPT,
    TEXTS,
    effect,
    only,
    passage,
    receipt,
    report,
    site,
    sources,
    spot,
)
from txlint.model.finding import Assumption, Effect, Explanation, Place, Problem, Report, Summary, Unresolved, Verdict
from txlint.model.graph import Misuse
from txlint.model.hazard import Hazard, Omitted
from txlint.model.kinds import Confidence
from txlint.report.concise import render_concise
from txlint.report.counts import by_rule, counted, headline, looked_at, pairs
from txlint.report.escape import encodable, visible, width
from txlint.report.frame import Mark, frames, gutter_of
from txlint.report.github import render_github
from txlint.report.gitlab import render_gitlab
from txlint.report.json_ import document, render_json
from txlint.report.junit import render_junit
from txlint.report.paint import coloured, plain
from txlint.report.pylint import render_pylint
from txlint.report.rdjson import render_rdjson
from txlint.report.sarif import render_sarif
from txlint.report.text import problem_lines, render_text, unresolved_lines
from txlint.report.why import render_why
from txlint.rules.judge import judge
from txlint.rules.source import Sources

RECEIPT_TEXT = """\
TX101 `send_receipt.delay` enqueues a job inside `transaction.atomic` of `checkout`, through `place_order`: a worker can start before the \
commit and miss the rows, and a rollback does not take the job back
 --> shop/orders.py:3:5
  |
3 |     send_receipt.delay(order.pk)
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 3. enqueues a job
  |
 ::: shop/views.py:5:10
  |
5 |     with transaction.atomic():
  |          -------------------- 1. opens the transaction
...
7 |         orders.place_order(cart)
  |         ------------------------ 2. calls shop.orders.place_order
  |
  = instead: Defer it to the commit: `transaction.on_commit(partial(send_receipt.delay, order.pk))`. One deferral here covers all 2 paths.
  = rule: task-in-transaction, severity medium, confidence certain
  = also: from shop/views.py:12:9 in shop.views.OrderAdmin.save_model, opened at shop/views.py:11

1 effect, 2 paths
2 files (1 test left out), 3 transaction scopes, 4 effect calls in reach, 5 calls unresolved inside transactions
"""


def text_of(*hazards: Hazard, **more: object) -> str:
    return render_text(report(*hazards, **more), sources())


# text


def test_text_tells_the_story() -> None:
    assert text_of(receipt()) == RECEIPT_TEXT


def test_opener_and_effect_of_one_file_share_a_frame() -> None:
    assert """\
 --> shop/orders.py:8:5
  |
6 | @transaction.atomic
  |  ------------------ wraps the function in a transaction
...
8 |     requests.post("https://carrier.example", order.pk)
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ makes an HTTP request
  |
""" in text_of(POSTED)


def test_a_hook_is_shown_at_its_definition() -> None:
    assert """\
11 | @receiver(post_save""" not in text_of(ANNOUNCED)
    assert """\
12 | def announce(sender, instance, **kwargs):
   | ------------ runs before the commit of whoever calls it
13 |     send_mail(""" in text_of(ANNOUNCED)


def test_what_happens_at_one_place_is_one_mark() -> None:
    call = replace(BY_CHECKOUT, kind="signal", callee="shop.orders.place_order")
    creates = replace(CHECKOUT, kind="implicit", spot=call.spot)
    told = text_of(Hazard(RECEIPT, (passage(creates, RECEIPT, call),)))
    assert "------ opens a transaction of its own, sends a signal to shop.orders.place_order\n" in told


def test_three_entries_and_the_command_for_the_others() -> None:
    ways = tuple(passage(replace(CHECKOUT, function=f"shop.views.view_{n}"), RECEIPT, BY_CHECKOUT) for n in range(6))
    told = text_of(Hazard(RECEIPT, ways, omitted=(Omitted(Confidence.CERTAIN, False, False, 4),)))
    assert told.count("= also:") == 2
    assert "= more: 7 paths, see `txlint why shop/orders.py:3`" in told


def test_findings_beyond_the_cap_are_counted() -> None:
    told = render_text(report(), sources(), most=1)
    assert told.count("-->") == 1
    assert "... and 2 more findings: --output-format concise lists them all." in told
    assert "3 effects, 4 paths" in told


def test_quiet_prints_findings_only() -> None:
    assert render_text(report(receipt()), sources(), quiet=True) == RECEIPT_TEXT.partition("\n\n1 effect")[0] + "\n"
    assert render_text(Report((), (), (), Summary()), sources(), quiet=True) == ""


def test_what_was_assumed_is_said() -> None:
    told = text_of(assumed=(Assumption("ATOMIC_REQUESTS", "true", "proj/settings.py", 80), Assumption("celery", "5.6", "", 0)))
    assert "assumed: ATOMIC_REQUESTS = true (proj/settings.py:80)\nassumed: celery = 5.6\n" in told


@pytest.mark.parametrize(
    ("summary", "hint"),
    [
        (Summary(9, 0, 0, 0, 5, 0), "no transaction was found"),
        (Summary(9, 0, 0, 5, 0, 0), "in the code that"),
        (Summary(), None),
    ],
)
def test_nothing_to_look_at_gets_a_hint(summary: Summary, hint: str | None) -> None:
    told = render_text(Report((), (), (), summary), sources())
    assert ("hint: " in told) is (hint is not None)
    assert hint is None or hint in told


def test_many_files_that_fail_alike_share_a_line() -> None:
    alike = tuple(Problem("TX900", f"p/{n}.py", n, "not valid UTF-8") for n in range(1, 9))
    newer = tuple(Problem("TX900", f"n/{n}.py", n, f"needs Python 3.{n} (invalid syntax)", needs=f"3.{n}") for n in (9, 12, 14, 13))
    other = Problem("TX900", "q.py", 7, "invalid syntax", given=False)
    assert list(problem_lines(report(errors=(*alike, *newer, other)))) == [
        "p/1.py:1: error: not valid UTF-8 (TX900), and so with 7 other files",
        "n/9.py:9: error: this and 3 other files need Python 3.14: run txlint with it (TX900)",
        "q.py:7: note: invalid syntax (TX900)",
    ]
    assert len(list(problem_lines(report(errors=(*alike[:3], *newer[:3]))))) == 6


def test_problems_of_comments_are_in_the_report() -> None:
    told = text_of(errors=(Problem("TX901", "shop/a.py", 3, "the ignore comment silences nothing"), Problem("TX900", "b.py", 1, "no")))
    assert "shop/a.py:3: TX901 the ignore comment silences nothing\n" in told
    assert "b.py" not in told
    assert "3 effects, 4 paths, 1 file not analysed\n" in told


def test_unresolved_calls_are_listed() -> None:
    unknown = Unresolved(Place("shop/a.py", 3, 5, 3, 9), "shop.a.f", "x.y", "x is a parameter without a type")
    assert list(unresolved_lines(report(unresolved=(unknown,)))) == [
        "shop/a.py:3:5: unresolved `x.y` in shop.a.f: x is a parameter without a type"
    ]


def test_counts() -> None:
    assert headline(report()) == "3 effects, 4 paths"
    assert counted(1, "path") == "1 path"
    summary = Summary(4012, 3, 412, 312, 1204, 87)
    assert looked_at(Report((), (), (), summary)) == (
        "4,012 files (412 tests left out, 3 skipped), 312 transaction scopes, 1,204 effect calls in reach, "
        "87 calls unresolved inside transactions"
    )
    assert by_rule(report())[0].split() == ["1", "TX101", "task-in-transaction"]


def test_colour_changes_no_words() -> None:
    painted = render_text(report(), sources(), coloured())
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render_text(report(), sources(), plain)


# frames


def framed(text: str, *fragments: str) -> str:
    where = sources(jobs=text)
    marks = [Mark(where.place(spot("shop/jobs.py", fragment, text)), "here") for fragment in fragments]
    return "\n".join(frames(marks, gutter_of(marks), where, plain))


def test_columns_of_wide_and_hidden_characters() -> None:
    shown = framed("漢字; \u202e; post(é)", "post(é)")
    assert f"1 | 漢字; \\u202e; post(é)\n  | {' ' * 14}------- here" in shown, "each ideograph takes two columns, the escape six"


def test_tabs_are_spaces() -> None:
    assert "1 |     post()\n  |     ------ here" in framed("\tpost()", "post()")


def test_a_long_line_is_cut_around_the_span() -> None:
    text = "x" * 500 + "post(" + "y" * 5_000_000
    shown = framed(text, "post(")
    assert max(map(len, shown.split("\n"))) < 170
    line, under = shown.split("\n")[2:4]
    assert line[under.index("-") :].startswith("post(")
    assert "..." in line[:8]
    assert line.endswith("...")


def test_a_call_over_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    assert "1 | post(a,\n  | ------- here" in framed("post(a,\n     b)", "post(a,\n     b)")


def test_two_marks_on_a_line() -> None:
    assert "1 | with atomic(): post()\n  |      -------- here\n  |                ------ here" in framed(
        "with atomic(): post()", "atomic()", "post()"
    )


def test_a_source_that_is_gone() -> None:
    mark = Mark(Place("gone.py", 7, 5, 7, 9), "here")
    assert "\n".join(frames([mark], 1, Sources(texts={"gone.py": ""}), plain)) == " --> gone.py:7:5\n  |\n7 |\n  | - here\n  |"


# hostile names


HOSTILE = "a\n::error file=z.py::FORGED\x1b[31m\u202e\x85\u2028\udce9.py"


def hostile() -> Report:
    text = "send('\x1b]0;owned\x07 \u202e')"
    there = site(replace(spot("shop/jobs.py", text, text), path=HOSTILE), f"shop.{HOSTILE}", f"send{HOSTILE}", effect())
    origin = replace(CHECKOUT, name=HOSTILE, condition=HOSTILE, spot=replace(CHECKOUT.spot, path=HOSTILE), function=f"shop.{HOSTILE}")
    findings = judge(
        (Hazard(there, (passage(origin, there, replace(BY_CHECKOUT, callee=HOSTILE)),)),), Sources(texts={HOSTILE: text} | TEXTS)
    )
    errors = (Problem("TX901", HOSTILE, 1, HOSTILE), Problem("TX900", HOSTILE, 1, HOSTILE))
    return Report(findings, errors, (Assumption(HOSTILE, HOSTILE, HOSTILE, 1),), Summary(1))


@pytest.mark.parametrize("form", ["text", "concise", "json", "github", "gitlab", "junit", "pylint", "rdjson", "sarif", "problems", "why"])
def test_nothing_forges_a_line_or_moves_the_cursor(form: str) -> None:
    found, where = hostile(), Sources(texts={HOSTILE: "send('\x1b]0;owned\x07 \u202e')"} | TEXTS)
    finding = found.findings[0]
    told = {
        "text": lambda: render_text(found, where),
        "concise": lambda: render_concise(found),
        "json": lambda: render_json(found),
        "github": lambda: render_github(found),
        "gitlab": lambda: render_gitlab(found),
        "junit": lambda: render_junit(found),
        "pylint": lambda: render_pylint(found),
        "rdjson": lambda: render_rdjson(found, where),
        "sarif": lambda: render_sarif(found),
        "problems": lambda: "\n".join(problem_lines(found)),
        "why": lambda: render_why(
            Explanation(
                HOSTILE, 1, HOSTILE, finding.openers, 0, True, (Verdict(finding.place, HOSTILE, HOSTILE, finding.effect, finding),), HOSTILE
            ),
            where,
        ),
    }[form]()
    assert "FORGED" in told
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\udc00-\udfff]", told)
    assert not any("FORGED" in line.partition("file=")[0] for line in told.split("\n") if line.startswith("::"))
    told.encode()


def test_visible() -> None:
    assert visible("plain é 漢") == "plain é 漢"
    assert visible("\x1b\x85\u202e\udce9\ud800\U000e0041\t") == "\\x1b\\x85\\u202e\\xe9\\ud800\\U000e0041\\x09"
    assert encodable("caf\udce9\x1b") == "caf\\xe9\x1b"
    assert [width("abc"), width("漢字"), width("e\u0301")] == [3, 4, 1]


# line formats


def test_one_function_enters_so_the_line_stands_at_the_effect() -> None:
    told = render_concise(report(POSTED, ANNOUNCED), quiet=True)
    assert told == (
        "shop/orders.py:8:5: TX103 `requests.post` makes an HTTP request inside `ship`, which `@transaction.atomic` wraps in a transaction "
        "[opened at shop/orders.py:6]\n"
        "shop/orders.py:13:5: TX202 `send_mail` sends a message in `announce`, which runs before the commit that its caller decides on "
        "[opened at shop/orders.py:12]\n"
    )


def test_several_functions_enter_so_each_has_a_line() -> None:
    first, second = render_concise(report(receipt()), quiet=True).splitlines()
    assert first.startswith("shop/views.py:7:9: TX101 `send_receipt.delay` enqueues a job inside `transaction.atomic` of `checkout`")
    assert first.endswith("[effect at shop/orders.py:3:5, opened at shop/views.py:5]")
    assert second.startswith("shop/views.py:12:9: TX101 `send_receipt.delay` enqueues a job inside the transaction in which the admin")


def test_a_used_result_is_reported_at_the_entry() -> None:
    used = replace(RECEIPT, result_used=True)
    hazard = Hazard(used, (passage(CHECKOUT, used, BY_CHECKOUT),))
    assert render_concise(report(hazard)).startswith("shop/views.py:7:9: ")
    assert render_concise(report(hazard), "effect").startswith("shop/orders.py:3:5: ")
    lexical = Hazard(RECEIPT, (passage(CHECKOUT, RECEIPT, BY_CHECKOUT),))
    assert render_concise(report(lexical)).startswith("shop/orders.py:3:5: ")
    assert render_concise(report(lexical), "entry").startswith("shop/views.py:7:9: ")


def test_concise_ends_with_the_counts() -> None:
    assert render_concise(report()).splitlines()[-2:] == [headline(report()), looked_at(report())]


def test_github_annotates_the_lines() -> None:
    problem = Problem("TX900", "a,b.py", 3, "100% broken")
    first, *_, last = render_github(report(POSTED, errors=(problem,))).splitlines()
    assert first.startswith(
        "::warning file=shop/orders.py,line=8,col=5,endLine=8,endColumn=55,title=TX103 http-in-transaction::`requests.post` makes an HTTP"
    )
    assert last == "::error file=a%2Cb.py,line=3,title=TX900::100%25 broken"


def test_gitlab_has_a_fingerprint_for_each_pair() -> None:
    found = report(receipt(), errors=(Problem("TX901", "shop/a.py", 3, "the ignore comment silences nothing"),))
    issues = json.loads(render_gitlab(found))
    assert [each["check_name"] for each in issues] == ["TX101 task-in-transaction"] * 2 + ["TX901"]
    assert [each["fingerprint"] for each in issues[:2]] == [opener.fingerprint for opener in found.findings[0].openers]
    assert issues[0]["location"] == {"path": "shop/views.py", "lines": {"begin": 7, "end": 7}}


def test_gitlab_has_what_its_documentation_asks_for() -> None:
    """docs.gitlab.com/ci/testing/code_quality: these five fields, a fingerprint of each issue's own, a path from the repository's root."""
    issues = json.loads(render_gitlab(full()))
    assert len({each["fingerprint"] for each in issues}) == len(issues) == 5
    for each in issues:
        assert list(each) == ["description", "check_name", "fingerprint", "severity", "location"]
        assert all(each[key] and isinstance(each[key], str) for key in list(each)[:4])
        assert each["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not each["location"]["path"].startswith(("/", "./"))
        assert each["location"]["lines"]["begin"] >= 1


def full() -> Report:
    problems = (
        Problem("TX900", "shop/a.py", 3, "invalid syntax"),
        Problem("TX900", "shop/b.py", 1, "invalid syntax", given=False),
        Problem("TX901", "shop/orders.py", 3, "the ignore comment silences nothing"),
    )
    return report(receipt(), errors=problems)


JUNIT: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "testsuites": ("", "name time tests failures errors", ("testsuite",)),
    "testsuite": (
        "name tests failures errors",
        "group time skipped timestamp hostname id package file log url",
        ("testcase", "properties"),
    ),
    "testcase": ("name", "time classname group", ("skipped", "error", "failure", "system-out", "system-err")),
    **dict.fromkeys(("skipped", "error", "failure"), ("", "type message", ())),
}
"""Of Jenkins's junit-10.xsd: the attributes that an element must have, those that it may have, and what may stand in it."""


@pytest.mark.parametrize("found", [full(), Report((), (), (), Summary()), hostile()], ids=["full", "nothing", "hostile"])
def test_junit_is_what_jenkins_reads(found: Report) -> None:
    told = render_junit(found)
    top = ElementTree.fromstring(told)
    assert top.tag == "testsuites"
    for each in top.iter():
        must, may, inner = JUNIT[each.tag]
        assert set(must.split()) <= set(each.attrib) <= {*must.split(), *may.split()}
        assert {child.tag for child in each} <= set(inner)
        if each.tag != "testcase" and inner:
            for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped"), (".", "tests")):
                if name in each.attrib:
                    cases = list(each.iter("testcase"))
                    assert each.get(name) == str(sum(case.find(kind) is not None for case in cases))
    assert list(top.iter("testcase"))
    assert told.isascii()


def test_junit_has_a_case_for_each_pair_and_problem() -> None:
    top = ElementTree.fromstring(render_junit(full()))
    assert {key: top.get(key) for key in ("tests", "failures", "errors")} == {"tests": "5", "failures": "3", "errors": "1"}
    assert [suite.get("name") for suite in top] == ["shop/a.py", "shop/b.py", "shop/orders.py", "shop/views.py"]
    case = top[3][0]
    assert (case.get("name"), case.get("classname")) == ("TX101 shop/views.py:7:9", "shop.views.checkout")
    assert str(case[0].get("message")).startswith("`send_receipt.delay` enqueues a job inside `transaction.atomic` of `checkout`")
    assert [case[0].tag for suite in top for case in suite] == ["error", "skipped", "failure", "failure", "failure"]
    (passed,) = ElementTree.fromstring(render_junit(Report((), (), (), Summary()))).iter("testcase")
    assert (passed.get("name"), list(passed)) == ("0 effects, 0 paths", [])


POSITION: dict[str, Any] = {"line": int, "column": int}
DIAGNOSTIC: dict[str, Any] = {
    "message": str,
    "location": {"path": str, "range": {"start": POSITION, "end": POSITION}},
    "severity": ("ERROR", "WARNING", "INFO"),
    "code": {"value": str, "url": str},
}
"""Of reviewdog's reviewdog.proto, whose JSON form refuses fields that it does not know."""


def fits(data: Any, form: Any) -> bool:
    match form:
        case dict():
            return isinstance(data, dict) and all(key in form and fits(value, form[key]) for key, value in data.items())
        case tuple():
            return data in form
        case _:
            return type(data) is form


@pytest.mark.parametrize("found", [full(), Report((), (), (), Summary()), hostile()], ids=["full", "nothing", "hostile"])
def test_rdjson_is_what_reviewdog_reads(found: Report) -> None:
    data = json.loads(render_rdjson(found, sources()))
    assert list(data) == ["source", "diagnostics"]
    assert data["source"] == {"name": "txlint"}
    for each in data["diagnostics"]:
        assert fits(each, DIAGNOSTIC), each
        assert {"message", "location", "severity", "code"} == set(each)
        assert each["location"]["range"]["start"]["line"] >= 1


def test_rdjson_counts_bytes() -> None:
    text = "naïve = 漢; requests.post(url, '😀')"
    there = site(spot("shop/jobs.py", "requests.post(url, '😀')", text), "shop.jobs.run", "requests.post", effect())
    where = sources(jobs=text)
    (finding,) = judge((Hazard(there, (passage(CHECKOUT, there, BY_CHECKOUT),)),), where)
    (found,) = json.loads(render_rdjson(Report((finding,), (), (), Summary()), where, "effect"))["diagnostics"]
    place = found["location"]["range"]
    data = text.encode()
    assert data[place["start"]["column"] - 1 : place["end"]["column"] - 1].decode() == "requests.post(url, '😀')"


def test_sarif_tells_the_ways_as_code_flows() -> None:
    problems = (
        Problem("TX901", "shop/a b.py", 3, "the ignore comment silences nothing"),
        Problem("TX900", "shop/\udce9.py", 2, "not valid utf-8"),
        Problem("TX900", "/lib/x.py", 1, "not valid utf-8", given=False),
    )
    found = report(receipt(), errors=problems)
    (run,) = json.loads(render_sarif(found))["runs"]
    rules = run["tool"]["driver"]["rules"]
    effect, unused = run["results"]
    assert [rules[each["ruleIndex"]]["id"] for each in (effect, unused)] == [effect["ruleId"], unused["ruleId"]] == ["TX101", "TX901"]
    region = {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": found.findings[0].place.end_column}
    place = {"artifactLocation": {"uri": "shop/orders.py", "uriBaseId": "%SRCROOT%"}, "region": region}
    assert effect["locations"] == [{"physicalLocation": place}]
    flows = [flow["threadFlows"][0]["locations"] for flow in effect["codeFlows"]]
    assert len(flows) == len(found.findings[0].openers)
    assert all(flow[-1]["location"]["physicalLocation"] == place for flow in flows)
    assert flows[0][0]["location"]["message"] == {"text": "opens the transaction"}
    assert effect["partialFingerprints"] == {"txlintEffect/v1": found.findings[0].fingerprint}
    assert unused["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "shop/a%20b.py"
    (invocation,) = run["invocations"]
    notes = invocation["toolExecutionNotifications"]
    assert not invocation["executionSuccessful"]
    assert [each["level"] for each in notes] == ["error", "note"]
    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in notes]
    assert uris == ["shop/%E9.py", "file:///lib/x.py"]


def test_pylint_names_the_function() -> None:
    assert render_pylint(report(POSTED)).startswith(
        "shop/orders.py:8: [TX103(http-in-transaction), shop.orders.ship] `requests.post` makes"
    )
    assert render_pylint(report(receipt())).startswith("shop/views.py:7: [TX101(task-in-transaction), shop.views.checkout] ")


# JSON


CONTRACT = """
version tool{name version} summary{files skipped findings pairs errors fixable scopes effects unresolved} assumed[what value path line]
findings[code name message remedy confidence severity held path line column end_line end_column effect{kind callee library}
openers[kind opener path line alias confidence fingerprint entry{path line column} entry_count condition
trace[kind path line column end_line end_column function label]] omitted fix{applicability recipe reason preview} fingerprint]
errors[code path line message]
"""


def shape(data: object) -> str:
    match data:
        case dict():
            return " ".join(key + (f"{{{shape(value)}}}" if isinstance(value, dict) else shape(value)) for key, value in data.items())
        case list():
            return f"[{shape(data[0])}]"
        case _:
            return ""


def test_json_has_the_keys_of_the_contract_in_their_order() -> None:
    full = report(
        POSTED, assumed=(Assumption("ATOMIC_REQUESTS", "true", "proj/settings.py", 80),), errors=(Problem("TX900", "a.py", 1, "no"),)
    )
    assert shape(json.loads(render_json(full))) == " ".join(CONTRACT.split())


def test_json_values() -> None:
    found = json.loads(render_json(report(receipt())))
    (finding,) = found["findings"]
    assert found["summary"] == {
        "files": 2, "skipped": 0, "findings": 1, "pairs": 2, "errors": 0, "fixable": 0, "scopes": 3, "effects": 4, "unresolved": 5
    }  # fmt: skip
    assert (finding["path"], finding["line"], finding["column"], finding["end_line"], finding["end_column"]) == (
        "shop/orders.py",
        3,
        5,
        3,
        33,
    )
    assert finding["effect"] == {"kind": "task", "callee": "send_receipt.delay", "library": "celery"}
    assert [opener["confidence"] for opener in finding["openers"]] == ["certain", "likely"]
    assert finding["openers"][0]["entry"] == {"path": "shop/views.py", "line": 7, "column": 9}
    assert finding["openers"][0]["trace"][-1]["line"] == 3
    assert finding["fix"] == {"applicability": None, "recipe": None, "reason": None, "preview": None}


def test_json_is_one_line_of_ascii() -> None:
    told = render_json(hostile())
    assert told.isascii()
    assert told.count("\n") == 1
    assert json.loads(told)["findings"][0]["path"].endswith("\\xe9.py")
    assert render_json(report()) == render_json(report())


def test_a_document_is_plain_data() -> None:
    assert json.loads(render_json(report())) == document(report())


# why


def test_why_shows_a_finding_with_all_its_paths() -> None:
    finding = only(receipt())
    verdict = Verdict(finding.place, "send_receipt.delay", "celery.Task.delay", finding.effect, finding)
    told = render_why(Explanation("shop/orders.py", 3, "shop.orders.place_order", finding.openers, 0, True, (verdict,)), sources())
    assert told.startswith(
        "shop/orders.py:3 in shop.orders.place_order\n\n`send_receipt.delay` is an effect of kind task (celery): celery.Task.delay.\n"
    )
    assert told.count("1. ") == 2
    assert "`ModelAdmin.save_model` (confidence likely)" in told


def test_why_says_why_it_is_silent() -> None:
    place = Place("shop/orders.py", 3, 5, 3, 33)
    verdict = Verdict(
        place, "send.delay", "celery.Task.delay", Effect("task", "send.delay", "celery"), None, "It is deferred to the commit."
    )
    told = render_why(Explanation("shop/orders.py", 3, "", calls=(verdict,)), sources())
    assert "at module level" in told
    assert "Silent: It is deferred to the commit." in told
    assert "No transaction is known to be open here." in told


def test_why_of_a_call_that_is_no_effect() -> None:
    finding = only(POSTED)
    verdict = Verdict(finding.place, "helper", "nothing in the catalog and no code of the project")
    told = render_why(Explanation("shop/orders.py", 8, "shop.orders.ship", finding.openers, 3, False, (verdict,)), sources())
    assert "`helper` is not an effect: nothing in the catalog and no code of the project." in told
    assert "A transaction is open here on 4 paths." in told
    assert "1. wraps the function in a transaction" in told


def test_why_of_a_line_without_code() -> None:
    assert render_why(Explanation("a.py", 9, "", note="There is no call on this line."), sources()).startswith(
        "a.py:9 at module level\n\nThere is no call on this line.\n"
    )


# findings without an open transaction


def test_a_misuse_needs_no_transaction() -> None:
    """Every format has one line for it, at its own place."""
    misuse = Misuse(name="transaction.on_commit", library="django", kind="never-awaited", detail="notify", alone=True)
    alone = report(Hazard(replace(RECEIPT, effect=misuse), ()))
    place = "shop/orders.py:3"
    assert pairs(alone) == 1
    assert render_concise(alone).startswith(f"{place}:5: TX305 `send_receipt.delay` is given")
    assert render_pylint(alone).startswith(f"{place}: [TX305(coroutine-callback), shop.orders.place_order]")
    assert ",line=3," in render_github(alone) and len(json.loads(render_gitlab(alone))) == 1
    assert "coroutine callback" in render_text(alone, sources()) and "more" not in render_text(alone, sources()).split("\n\n")[0]
    (finding,) = document(alone)["findings"]
    assert finding["openers"] == [] and finding["effect"]["kind"] == "deferral"
