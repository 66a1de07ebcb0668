"""Selection: rules by selector, comments that silence and cut, unused comments, given files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hazards import ANNOUNCED, ORDERS, POSTED, RECEIPT, VIEWS, facts, only, receipt, sources
from txlint.model.facts import FileFacts
from txlint.model.finding import Finding, Problem
from txlint.model.hazard import Omitted
from txlint.model.kinds import Confidence
from txlint.rules import RULES
from txlint.rules.judge import judge
from txlint.select import (
    SelectionError,
    codes_of,
    covered,
    cuts,
    enabled,
    ignored_in,
    matches,
    require,
    select,
    unreadable,
    with_twins,
    without_cut,
)

ALL = frozenset(RULES)


def commented(text: str, fragment: str, comment: str) -> str:
    """The text with a comment at the end of the line that holds the fragment."""
    return "\n".join(f"{line}  # txlint: {comment}" if fragment in line else line for line in text.split("\n"))


def orders(fragment: str, comment: str) -> FileFacts:
    return facts("shop/orders.py", commented(ORDERS, fragment, comment))


def views(fragment: str, comment: str) -> FileFacts:
    return facts("shop/views.py", commented(VIEWS, fragment, comment))


# selectors


def test_selectors() -> None:
    assert codes_of("TX101") == {"TX101"}
    assert codes_of("tx2") == {code for code in RULES if code.startswith("TX2")}
    assert codes_of("Mail-In-Hook") == {"TX202"}
    assert codes_of("all") == ALL
    assert codes_of("TX777") == codes_of("") == codes_of("F") == frozenset()


@pytest.mark.parametrize(
    ("select_", "extend", "ignore", "on", "off"),
    [
        ((), (), (), ["TX101", "TX208", "TX900", "TX901"], ["TX109", "TX111", "TX210"]),
        (("ALL",), (), (), ["TX109", "TX211"], []),
        (("TX1",), (), (), ["TX101", "TX111"], ["TX201", "TX900"]),
        ((), ("TX109",), (), ["TX109", "TX101"], ["TX209"]),
        ((), (), ("TX2",), ["TX101"], ["TX201"]),
        (("ALL",), ("TX201",), ("TX2",), ["TX201", "TX101"], ["TX202"]),
        (("TX101",), (), ("TX101",), [], ["TX101"]),
        (("DEFAULT", "cache-in-hook"), (), (), ["TX210", "TX101"], ["TX110"]),
    ],
)
def test_enabled(select_: tuple[str, ...], extend: tuple[str, ...], ignore: tuple[str, ...], on: list[str], off: list[str]) -> None:
    codes = enabled(select_, extend, ignore)
    assert codes.issuperset(on)
    assert codes.isdisjoint(off)


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("TX1O1", "did you mean TX1"),
        ("mail-in-hok", "did you mean mail-in-hook?"),
        ("ALLL", "did you mean ALL?"),
        ("zzz", "unknown rule 'zzz'"),
    ],
)
def test_an_unknown_selector_names_the_nearest(selector: str, hint: str) -> None:
    with pytest.raises(SelectionError, match=hint.replace("?", "[?]")):
        enabled([selector])
    with pytest.raises(SelectionError):
        require(["TX101", selector])


def test_an_ignore_covers_the_twin() -> None:
    assert with_twins(["TX102"]) == {"TX102", "TX202"}
    assert with_twins(["TX201", "TX900"]) == {"TX201", "TX101", "TX900"}


def test_what_a_comment_covers() -> None:
    (plain,) = orders("send_receipt", "ignore").ignores
    assert covered(plain) == {code for code in RULES if code < "TX9"}
    (named,) = orders("send_receipt", "ignore[task-in-hook, TX103]").ignores
    assert covered(named) == {"TX101", "TX201", "TX103", "TX203"}


# comments at the effect


def left(finding: Finding, *known: FileFacts, **more: object) -> tuple[list[str], list[str]]:
    chosen = select((finding,), known, ALL, **more)  # type: ignore[arg-type]
    return [each.code for each in chosen.findings], [each.message for each in chosen.problems]


@pytest.mark.parametrize("comment", ["ignore", "ignore[TX101]", "ignore[TX201]", "ignore[TX1]", "ignore[task-in-transaction] on purpose"])
def test_a_comment_at_the_effect_silences_it(comment: str) -> None:
    assert left(only(receipt()), orders("send_receipt", comment)) == ([], [])


def test_a_comment_for_another_rule_does_not() -> None:
    assert left(only(receipt()), orders("send_receipt", "ignore[TX102]")) == (["TX101"], ["the ignore comment silences nothing"])


def test_a_comment_at_the_end_of_a_long_call_counts() -> None:
    finding = only(receipt())
    longer = replace(finding, place=replace(finding.place, line=2))
    assert left(longer, orders("send_receipt", "ignore")) == ([], [])


def test_a_file_can_be_silenced() -> None:
    whole = facts("shop/orders.py", "# txlint: ignore-file[TX101] a queue in the same database\n" + ORDERS)
    assert left(only(receipt()), whole) == ([], [])
    assert left(only(POSTED), whole) == (["TX103"], ["the ignore comment silences nothing"])


def test_many_paths_need_a_reason() -> None:
    many = only(receipt(omitted=(Omitted(Confidence.LIKELY, False, False, 4),)))
    chosen = select((many,), (orders("send_receipt", "ignore[TX101]"),), ALL)
    assert chosen.findings[0].message.endswith("(the ignore comment would silence 6 entries: it needs a reason)")
    assert chosen.problems == ()
    assert left(many, orders("send_receipt", "ignore[TX101] the queue waits for the commit")) == ([], [])


# comments on the way


@pytest.mark.parametrize("fragment", ["transaction.atomic()", "orders.place_order(cart)"])
def test_a_comment_on_the_way_cuts_that_path(fragment: str) -> None:
    known = views(fragment, "ignore[TX101]")
    hazards, met = without_cut((receipt(), POSTED), cuts([known]))
    assert [len(hazard.passages) for hazard in hazards] == [1, 1]
    (finding,) = judge(hazards[:1], sources())
    assert [opener.kind for opener in finding.openers] == ["admin"]
    assert "`OrderAdmin.save_model`" in finding.message
    assert select((finding,), (known,), ALL, cut=met).problems == ()


def test_a_finding_without_paths_is_gone() -> None:
    both = [facts("shop/views.py", commented(commented(VIEWS, "place_order(obj)", "ignore"), "place_order(cart)", "ignore[TX201]"))]
    hazards, met = without_cut((receipt(),), cuts(both))
    assert hazards == ()
    assert len(met) == 2


def test_a_comment_at_the_effect_is_no_cut() -> None:
    lines = cuts([orders("send_receipt", "ignore")])
    assert without_cut((receipt(),), lines) == ((receipt(),), frozenset())
    assert without_cut((receipt(),), {}) == ((receipt(),), frozenset())


def test_cuts_are_for_their_codes() -> None:
    lines = cuts([views("transaction.atomic()", "ignore[TX103]")])
    assert lines == {("shop/views.py", 5): frozenset({"TX103", "TX203"})}
    assert without_cut((receipt(),), lines)[1] == frozenset()


# unused comments


def test_a_comment_that_does_nothing_is_reported() -> None:
    chosen = select((), (views("cart = ", "ignore[TX101]"),), ALL)
    assert [(each.code, each.path, each.line) for each in chosen.problems] == [("TX901", "shop/views.py", 6)]


def test_a_comment_with_an_unknown_code_is_reported() -> None:
    assert left(only(receipt()), orders("send_receipt", "ignore[TX101,TX777]"))[1] == ["the ignore comment names no rule: TX777"]


def test_a_comment_for_rules_that_are_off_is_left_alone() -> None:
    known = (views("cart = ", "ignore[TX110]"),)
    assert select((), known, enabled()).problems == ()
    assert len(select((), known, enabled(extend_select=["TX210"])).problems) == 1


def test_comments_are_not_judged_where_nothing_was() -> None:
    known = (views("cart = ", "ignore"),)
    assert select((), known, ALL, unjudged=["shop/views.py"]).problems == ()
    assert select((), known, ALL, given=["shop/orders.py"]).problems == ()
    assert select((), known, ALL, per_file={"views.py": ["TX901"]}).problems == ()
    assert select((), known, ALL - {"TX901"}).problems == ()


# files


def test_given_files_limit_what_is_reported() -> None:
    findings = judge((receipt(), POSTED, ANNOUNCED), sources())
    chosen = select(findings, (), ALL, given=["shop/views.py"])
    assert [finding.code for finding in chosen.findings] == ["TX101"], "its paths pass through the views"
    assert len(chosen.findings[0].openers) == 2
    assert len(select(findings, (), ALL, given=["shop/orders.py"]).findings) == 3
    assert select(findings, (), ALL, given=[]).findings == ()


def test_rules_that_are_off_are_not_reported() -> None:
    findings = judge((receipt(), POSTED, ANNOUNCED), sources())
    assert [finding.code for finding in select(findings, (), {"TX103"}).findings] == ["TX103"]


def test_per_file_ignores() -> None:
    findings = judge((receipt(), POSTED, ANNOUNCED), sources())
    chosen = select(findings, (), ALL, per_file={"shop/*": ["TX101"], "orders.py": ["mail-in-hook"], "other/*": ["ALL"]})
    assert [finding.code for finding in chosen.findings] == ["TX103"]
    assert ignored_in("shop/orders.py", {"shop/*": ["TX9"]}) == {"TX900", "TX901"}


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("shop/orders.py", "shop/*", True),
        ("shop/orders.py", "orders.py", True),
        ("shop/orders.py", "shop", True),
        ("shop/orders.py", "**/orders.py", True),
        ("orders.py", "**/orders.py", True),
        ("src/shop/orders.py", "shop/*.py", True),
        ("src/shop/deep/orders.py", "shop/", True),
        ("workshop/orders.py", "shop/*", False),
        ("shop/orders.pyi", "*.py", False),
        ("shop/orders.py", "./shop/orders.py", True),
    ],
)
def test_globs(path: str, pattern: str, fits: bool) -> None:
    assert matches(path, pattern) is fits


def test_files_may_be_declared_unreadable() -> None:
    broken = Problem("TX900", "templates/a.py", 1, "invalid syntax"), Problem("TX900", "shop/b.py", 1, "invalid syntax")
    assert unreadable(broken, ALL, {"templates/*": ["TX900"]}) == (broken[1:], 1)
    assert unreadable(broken, enabled(ignore=["TX900"])) == ((), 2)


def test_the_site_is_what_a_comment_is_about() -> None:
    assert RECEIPT.spot.pos[0] == 3, "the tests above count on the place of the effect"
