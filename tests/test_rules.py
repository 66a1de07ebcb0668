"""Rules: their pages, and how hazards are judged: code, severity, confidence, identity, words and remedies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.hazards import (
    ADMIN,
    ANNOUNCE,
    ANNOUNCED,
    BY_ADMIN,
    BY_CHECKOUT,
    CHECKOUT,
    MAIL,
    POST,
    POSTED,
    RECEIPT,
    SHIP,
    effect,
    facts,
    only,
    passage,
    receipt,
    site,
    sources,
    spot,
)
from txlint import api
from txlint.config import Config
from txlint.model.catalog import Effect
from txlint.model.graph import Misuse
from txlint.model.hazard import Hazard, Hop, Omitted, Origin, Spot
from txlint.model.kinds import EFFECT_KINDS, Confidence, code_of
from txlint.rules import FAMILIES, RULES
from txlint.rules.judge import MOST_PAIRS, judge
from txlint.rules.relay import is_relay
from txlint.rules.rule import SECTIONS, Rule
from txlint.rules.source import Sources, decode
from txlint.rules.words import listed, short_name, where

EVERY = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)


# pages


def test_each_effect_kind_has_its_two_rules() -> None:
    assert list(FAMILIES) == list(EFFECT_KINDS)
    assert [code for code in RULES if RULES[code].kind] == [code_of(kind, hundreds) for hundreds in (1, 2) for kind in EFFECT_KINDS]
    assert {code for code, rule in RULES.items() if not rule.default} == {
        *("TX109", "TX110", "TX111", "TX209", "TX210", "TX211"),
        *("TX501", "TX502", "TX504"),
    }


@EVERY
def test_a_page_has_its_sections_in_order(rule: Rule) -> None:
    assert tuple(rule.sections()) == SECTIONS
    assert all(rule.sections().values())
    assert rule.summary.endswith(".")
    assert rule.page().startswith(f"# {rule.code}: {rule.name}\n")


@EVERY
def test_examples_are_python(rule: Rule) -> None:
    if rule.kind is None and not rule.code_block("Example"):
        return
    for heading in ("Example", "Instead"):
        code = rule.code_block(heading)
        assert code
        compile(code, heading, "exec")
    assert rule.code_block("Example") != rule.code_block("Instead")


@EVERY
@pytest.mark.parametrize("heading", ["Example", "Instead"])
def test_an_example_is_found_and_what_is_instead_is_silent(
    rule: Rule, heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from txlint.api import check  # the whole engine; the other tests do without

    monkeypatch.chdir(tmp_path)
    code = rule.code_block(heading)
    if code:
        (tmp_path / "case.py").write_text(code, encoding="utf-8")
        found = check(["case.py"], Config(select=("ALL",)))
        assert [each.code for each in (*found.findings, *found.errors)] == ([rule.code] if heading == "Example" else [])


def test_the_page_of_a_hook_shows_a_hook() -> None:
    assert "def save(" in RULES["TX201"].code_block("Example")
    assert "def save(" not in RULES["TX101"].code_block("Example")
    assert not any(heading.endswith("in a hook") for heading in RULES["TX101"].sections())


# judgement


def test_a_known_transaction_gives_tx1_a_hook_alone_tx2() -> None:
    assert only(receipt()).code == "TX101"
    finding = only(ANNOUNCED)
    assert (finding.code, finding.name) == ("TX202", "mail-in-hook")
    assert [opener.kind for opener in finding.openers] == ["hook"]


def test_where_a_caller_is_known_the_hook_is_no_opener() -> None:
    both = Hazard(MAIL, (passage(ANNOUNCE, MAIL), passage(CHECKOUT, MAIL, BY_CHECKOUT)))
    finding = only(both)
    assert finding.code == "TX102"
    assert [opener.kind for opener in finding.openers] == ["with"]


def test_where_a_call_is_a_misuse_its_effect_is_not_reported_as_well() -> None:
    called = replace(MAIL, effect=Misuse(name="on_commit", library="django", kind="called", detail="on_commit", alone=True))
    both = (Hazard(MAIL, (passage(CHECKOUT, MAIL, BY_CHECKOUT),)), Hazard(called, ()))
    assert [finding.code for finding in judge(both, sources())] == ["TX301"]


def test_a_durable_transaction_minds_its_own_database_only() -> None:
    durable = replace(RECEIPT, effect=Misuse(name="atomic", library="django", kind="nested-durable", detail="archive"))
    inside = [replace(CHECKOUT, alias=alias) for alias in ("archive", "default", None)]
    found = [judge((Hazard(durable, (passage(origin, durable, BY_CHECKOUT),)),), sources()) for origin in (*inside, ANNOUNCE)]
    assert [[finding.code for finding in each] for each in found] == [["TX503"], [], [], []]


def test_passages_below_the_threshold_are_dropped() -> None:
    assert [opener.confidence for opener in only(receipt()).openers] == [Confidence.CERTAIN, Confidence.LIKELY]
    assert [opener.kind for opener in only(receipt(), min_confidence=Confidence.CERTAIN).openers] == ["with"]
    weak = Hazard(MAIL, (passage(CHECKOUT, MAIL, BY_CHECKOUT, confidence=Confidence.POSSIBLE), passage(ANNOUNCE, MAIL)))
    assert only(weak).code == "TX202", "what is left decides on the code"
    assert judge((Hazard(MAIL, weak.passages[:1]),), sources()) == ()


@pytest.mark.parametrize(
    "weak",
    [
        replace(receipt(), site=replace(RECEIPT, confidence=Confidence.LIKELY)),
        replace(receipt(), site=replace(RECEIPT, effect=effect(confidence=Confidence.LIKELY))),
        Hazard(RECEIPT, (passage(replace(CHECKOUT, confidence=Confidence.LIKELY), RECEIPT, BY_CHECKOUT),)),
        Hazard(RECEIPT, (passage(CHECKOUT, RECEIPT, replace(BY_CHECKOUT, confidence=Confidence.LIKELY)),)),
    ],
    ids=["site", "catalog entry", "origin", "hop"],
)
def test_confidence_is_that_of_the_weakest_part(weak: Hazard) -> None:
    assert only(weak).confidence == Confidence.LIKELY


@pytest.mark.parametrize(("first", "last", "confidence"), [(3, 1, Confidence.CERTAIN), (0, 2, Confidence.LIKELY)])
def test_tests_beyond_the_opener_s_function_make_a_way_likely(first: int, last: int, confidence: Confidence) -> None:
    """Those in that function itself do not: somebody wrote the transaction around them."""
    way = passage(CHECKOUT, RECEIPT, replace(BY_CHECKOUT, tests=first))
    asked = Hazard(RECEIPT, (replace(way, hops=(way.hops[0], replace(way.hops[1], tests=last))),))
    assert only(asked).confidence == confidence
    assert ("tests hold" in only(asked).openers[0].trace[-1].label) is (confidence < Confidence.CERTAIN)


def test_which_branch_of_a_chain_runs_is_two_tests_at_most(tmp_path: Path) -> None:
    """The branch's own, and that none before it holds: a table of thirty kinds is no more in doubt than one of three."""
    chain = "".join(f"    {'if' if n == 0 else 'elif'} kind.code == {n}:\n        requests.get('https://a/{n}')\n" for n in range(9))
    (tmp_path / "a.py").write_text(
        "import requests\nfrom django.db import transaction\n\n\ndef tell(kind):\n" + chain + "\n\n"
        "@transaction.atomic\ndef run(kind):\n    tell(kind)\n"
    )
    findings = api.check([str(tmp_path)], Config()).findings
    labels = [finding.openers[0].trace[-1].label for finding in findings]
    assert ["2 tests" in label for label in labels] == [False] + [True] * 8
    assert [finding.confidence for finding in findings] == [Confidence.CERTAIN] + [Confidence.LIKELY] * 8


def test_of_code_that_is_entered_with_a_transaction_the_first_function_is_its_own() -> None:
    way = passage(ADMIN, RECEIPT, replace(BY_ADMIN, tests=0), replace(BY_CHECKOUT, tests=2))
    assert only(Hazard(RECEIPT, (way,))).confidence == Confidence.LIKELY
    assert only(Hazard(RECEIPT, (replace(way, entered=True),))).confidence == Confidence.CERTAIN


def test_severity() -> None:
    assert only(POSTED).severity == "medium"
    assert only(replace(POSTED, site=replace(POST, written=True))).severity == "high"
    assert only(replace(POSTED, site=replace(POST, effect=effect("http", irreversible=True)))).severity == "high"


def test_a_call_that_only_reads_is_low_and_says_that_the_transaction_is_held() -> None:
    asked = replace(POST, effect=effect("rpc", reads=True), written=True, result_used=True)
    finding = only(Hazard(asked, (passage(SHIP, asked),)))
    assert (finding.severity, finding.held) == ("low", True)
    assert finding.message.endswith("it only reads, but the transaction with its locks is held open until the other side answers")
    assert "rollback" not in finding.message
    assert finding.remedy.endswith("begins, or commit first and use its answer in a second transaction.")


def test_an_effect_may_have_words_of_its_own() -> None:
    removed = replace(RECEIPT, effect=effect(verb="removes a job", harm="a rollback does not bring it back"))
    finding = only(Hazard(removed, (passage(CHECKOUT, removed),)))
    assert "removes a job inside" in finding.message
    assert finding.message.endswith(": a rollback does not bring it back")
    assert [step.label for step in finding.openers[0].trace] == ["removes a job"]


def test_a_transaction_that_only_read_is_held() -> None:
    reading = replace(SHIP, reads_only=True)
    finding = only(Hazard(replace(POST, written=True), (passage(reading, POST),)))
    assert (finding.severity, finding.held) == ("low", True)
    assert "has only read" in finding.message
    assert finding.remedy.startswith("Read what is needed")
    job = Hazard(RECEIPT, (passage(reading, RECEIPT),))
    assert judge((job,), sources()) == (), "a job does not hold anything up"
    mixed = only(Hazard(POST, (passage(reading, POST), passage(CHECKOUT, POST, BY_CHECKOUT))))
    assert (mixed.severity, mixed.held) == ("medium", False)


RELAY = """\
@transaction.atomic
def relay():
    for job in Job.objects.select_for_update(skip_locked=True)[:10]:
        send_receipt.delay(job.order)
        {mark}
"""


@pytest.mark.parametrize(
    ("mark", "relays"),
    [("job.delete()", True), ("job.sent = now()", True), ("Job.objects.filter(pk=job.pk).update(sent=True)", True), ("log(job)", False)],
)
def test_a_relay_is_at_least_once_on_purpose(mark: str, relays: bool) -> None:
    text = RELAY.format(mark=mark)
    where = spot("shop/relay.py", "send_receipt.delay(job.order)", text)
    site = replace(RECEIPT, spot=where, function="shop.relay.relay", written=True)
    origin = replace(SHIP, spot=spot("shop/relay.py", "@transaction.atomic", text), function="shop.relay.relay")
    findings = judge((Hazard(site, (passage(origin, site),)),), sources(relay=text), {"shop/relay.py": facts("shop/relay.py", text)})
    finding = findings[0]
    assert finding.held is relays
    assert (finding.severity == "low") is relays
    assert finding.remedy.startswith("Lease the rows first") is relays


def test_a_claimed_row_is_handed_on_after_the_commit() -> None:
    text = RELAY.format(mark="log(job)").replace("        send_", "        job.taken = True\n        job.save()\n        send_")
    assert not is_relay(facts("shop/relay.py", text), spot("shop/relay.py", "send_receipt.delay(job.order)", text).pos)


@pytest.mark.parametrize(
    ("passing", "relays"),
    [
        ("skip_locked=connection.features.has_select_for_update_skip_locked", True),
        ("skip_locked=settings.SKIP", True),
        ("skip_locked=skips", True),
        ("**options", True),
        ("**filled", True),
        ("skip_locked=False", False),
        ("skip_locked=passes_over", False),
        ("**others", False),
        ("nowait=True", False),
    ],
)
def test_whether_locked_rows_are_passed_over_may_be_said_elsewhere(passing: str, relays: bool) -> None:
    text = RELAY.format(mark="job.delete()").replace("skip_locked=True", passing).replace(
        "def relay():\n",
        "def relay(skips=True, passes_over=False):\n"
        "    options = {'skip_locked': connection.features.has_select_for_update_skip_locked}\n"
        "    filled, others = {}, {'skip_locked': False}\n"
        "    filled['skip_locked'] = settings.SKIP\n",
    )  # fmt: skip
    assert is_relay(facts("shop/relay.py", text), spot("shop/relay.py", "send_receipt.delay(job.order)", text).pos) is relays


ONE_BY_ONE = """\
def relay(numbers):
    for number in numbers:
        try:
            with transaction.atomic():
                job = Job.objects.select_for_update(nowait=True).get(pk=number)
                send_receipt.delay(job.order)
                job.delete()
        except DatabaseError:
            {instead}
"""


@pytest.mark.parametrize(("instead", "relays"), [("continue", True), ("log(number)", True), ("raise", False), ("return", False)])
def test_rows_that_cannot_be_locked_are_passed_over_where_the_loop_goes_on(instead: str, relays: bool) -> None:
    text = ONE_BY_ONE.format(instead=instead)
    assert is_relay(facts("shop/relay.py", text), spot("shop/relay.py", "send_receipt.delay(job.order)", text).pos) is relays


def test_hazards_of_one_site_are_one_finding() -> None:
    first, second = (replace(receipt(), passages=(each,)) for each in receipt().passages)
    assert only(receipt()).openers == judge((second, first), sources())[0].openers


def test_at_most_a_hundred_pairs() -> None:
    origins = [replace(CHECKOUT, function=f"shop.views.view_{number}") for number in range(MOST_PAIRS + 20)]
    left = (Omitted(Confidence.POSSIBLE, False, False, 5), Omitted(Confidence.CERTAIN, False, False, 3))
    finding = only(Hazard(RECEIPT, tuple(passage(origin, RECEIPT, BY_CHECKOUT) for origin in origins), omitted=left))
    assert (len(finding.openers), finding.omitted) == (MOST_PAIRS, 23)
    assert "covers all 123 paths" in finding.remedy


def test_findings_and_openers_are_sorted() -> None:
    hazards = (ANNOUNCED, receipt(), POSTED)
    findings = judge(hazards, sources())
    assert [finding.place.line for finding in findings] == sorted(finding.place.line for finding in findings)
    assert judge(tuple(reversed(hazards)), sources()) == findings


# identity


def test_fingerprints_hold_no_lines_and_no_hundreds() -> None:
    def moved(where: Spot) -> Spot:
        line, column, end, end_column = where.pos
        return Spot(where.path, (line + 7, column, end + 7, end_column))

    here = only(receipt())
    below = replace(RECEIPT, spot=moved(RECEIPT.spot))
    there = judge(
        (
            Hazard(
                below, (passage(replace(CHECKOUT, spot=moved(CHECKOUT.spot)), below, replace(BY_CHECKOUT, spot=moved(BY_CHECKOUT.spot))),)
            ),
        ),
        sources(),
    )[0]
    assert there.fingerprint == here.fingerprint
    assert there.openers[0].fingerprint == here.openers[0].fingerprint
    assert only(ANNOUNCED).fingerprint == only(Hazard(MAIL, (passage(CHECKOUT, MAIL, BY_CHECKOUT),))).fingerprint


def test_each_pair_has_its_own_fingerprint() -> None:
    twice = Hazard(RECEIPT, (*receipt().passages, passage(CHECKOUT, RECEIPT, BY_CHECKOUT)))
    fingerprints = [opener.fingerprint for opener in only(twice).openers]
    assert len(set(fingerprints)) == 3
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in fingerprints)


def test_a_wide_opener_is_one_pair_whatever_enters_it() -> None:
    setting = Origin("atomic_requests", "ATOMIC_REQUESTS", Spot("proj/settings.py", (80, 0, 80, 10)), "shop.views.checkout")
    other_view = replace(setting, function="shop.views.basket")
    (one,) = only(Hazard(RECEIPT, (passage(setting, RECEIPT, BY_CHECKOUT, entry_count=12),))).openers
    (both,) = only(
        Hazard(RECEIPT, (passage(setting, RECEIPT, BY_CHECKOUT, entry_count=12), passage(other_view, RECEIPT, BY_ADMIN)))
    ).openers
    (other,) = only(Hazard(RECEIPT, (passage(other_view, RECEIPT, BY_ADMIN),))).openers
    assert one.fingerprint == both.fingerprint == other.fingerprint
    assert (one.entry_count, both.entry_count, other.entry_count) == (12, 13, 1)


# words


def test_the_message_names_effect_opener_and_way() -> None:
    assert only(receipt()).message.startswith(
        "`send_receipt.delay` enqueues a job inside `transaction.atomic` of `checkout`, through `place_order`: "
    )
    assert only(POSTED).message.startswith("`requests.post` makes an HTTP request inside `ship`, which `@transaction.atomic` wraps")


@pytest.mark.parametrize("kind", ["with", "decorator", "atomic_requests", "admin", "hook", "implicit", "request", "autobegin", "asserted"])
def test_each_kind_of_opener_has_its_words(kind: str) -> None:
    told = where(replace(CHECKOUT, kind=kind), "opener")
    assert "transaction" in told or "commit" in told or told == "inside `opener` of `checkout`"
    assert "`checkout`" in told


def test_an_opener_is_named_as_it_is_written() -> None:
    (admin, hook) = replace(CHECKOUT, name="django.db.transaction.atomic"), replace(ANNOUNCE, name="django.db.models.signals.post_save")
    assert only(Hazard(RECEIPT, (passage(admin, RECEIPT, BY_CHECKOUT),))).openers[0].opener == "transaction.atomic"
    assert only(Hazard(MAIL, (passage(hook, MAIL),))).openers[0].opener == "signals.post_save"


def test_a_hook_is_not_on_the_way_to_itself() -> None:
    runs = Hop("hook", ANNOUNCE.spot, ANNOUNCE.function, ANNOUNCE.function)
    finding = only(Hazard(MAIL, (passage(ANNOUNCE, MAIL, runs),)))
    assert ", through" not in finding.message
    assert len(finding.openers[0].trace) == 2


def test_a_retried_transaction_repeats_the_effect() -> None:
    assert "more than once" in only(Hazard(POST, (passage(replace(SHIP, retry=True), POST),))).message


def test_a_condition_is_told() -> None:
    finding = only(Hazard(POST, (passage(replace(SHIP, condition="if not dry_run"), POST),)))
    assert ", if not dry_run: " in finding.message
    assert finding.openers[0].condition == "if not dry_run"


def test_a_block_that_has_ended_proves_nothing() -> None:
    text = "def settle(order):\n    with transaction.atomic():\n        order.save()\n    notify.delay(order.pk)\n"
    where_it_is = site(spot("shop/jobs.py", "notify.delay(order.pk)", text), "shop.jobs.settle", "notify.delay")
    hazard = Hazard(where_it_is, (passage(CHECKOUT, where_it_is, BY_CHECKOUT),))
    (finding,) = judge((hazard,), sources(jobs=text), {"shop/jobs.py": facts("shop/jobs.py", text)})
    assert "the block that ended on line 3 commits nothing" in finding.message


def test_labels_say_what_each_step_does() -> None:
    trace = only(receipt()).openers[0].trace
    assert [step.label for step in trace] == ["calls shop.orders.place_order", "enqueues a job"]
    signal = only(Hazard(MAIL, (passage(CHECKOUT, MAIL, replace(BY_CHECKOUT, kind="signal", callee="shop.orders.announce")),)))
    assert signal.openers[0].trace[0].label == "sends a signal to shop.orders.announce"


def test_names() -> None:
    assert short_name("shop.models.Order.save") == "Order.save"
    assert short_name("shop.orders.place_order") == "place_order"
    assert short_name("TX1.shop.pay.inner", {"TX1", "TX1.shop"}) == "pay.inner"
    assert short_name("x" * 1_000_000) == "x" * 77 + "..."
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


# remedies


def remedy_of(call: str, origin: Origin = CHECKOUT, what: str | Effect = "task", **more: object) -> str:
    """The remedy of a call that stands in ``def send(...)`` and is reached through `place_order`."""
    text = f"def send(order):\n    {call}\n"
    fragment = call.removeprefix("await ")
    there = site(
        spot("shop/jobs.py", fragment, text),
        "shop.jobs.send",
        fragment.partition("(")[0],
        effect(what) if isinstance(what, str) else what,
        **more,
    )
    (finding,) = judge((Hazard(there, (passage(origin, there, BY_CHECKOUT),)),), sources(jobs=text))
    return finding.remedy


def test_a_deferral_in_the_users_own_names() -> None:
    assert remedy_of("send.delay(order.pk)") == "Defer it to the commit: `transaction.on_commit(partial(send.delay, order.pk))`."
    assert "on_commit(client.flush)" in remedy_of("client.flush()")
    assert "partial(post, URL, json={'a': 1}, *rest, **more)" in remedy_of("post(URL, json={'a': 1}, *rest, **more)").replace(
        "*rest, json={'a': 1}", "json={'a': 1}, *rest"
    )
    assert 'partial(post, "a b")' in remedy_of('post("a b")')


def test_what_saves_its_row_as_well_is_told_not_to() -> None:
    deletes = effect("storage", saves="save")
    told = "`transaction.on_commit(partial(order.file.delete, save=False))`"
    assert remedy_of("order.file.delete()", what=deletes) == (
        f"Defer it to the commit: {told} (without `save=False` it would save the row as well, behind the commit)."
    )
    assert remedy_of("order.file.delete(save=False)", what=deletes) == f"Defer it to the commit: {told}."
    assert "save=False" not in remedy_of("order.file.delete()", what="storage")


def test_what_clears_up_is_not_deferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = """
import os
from django.db import transaction

@transaction.atomic
def inside(path, row):
    try:
        row.save()
    finally:
        os.remove(path)

def around(path, row):
    try:
        row.save()
    finally:
        with transaction.atomic():
            row.save()
            os.remove(path)
"""
    Path("files.py").write_text(text)
    inside, around = api.check(["files.py"], Config()).findings
    assert inside.remedy.startswith("`os.remove` clears up whatever becomes of the transaction")
    assert around.remedy.startswith("Defer it to the commit")


def test_what_a_try_goes_by_is_not_deferred_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = """
import logging
from django.db import transaction
from django.core.mail import send_mail

logger = logging.getLogger(__name__)

@transaction.atomic
def told(row):
    row.save()
    try:
        send_mail("a", "b", None, [row.owner])
    except OSError:
        logger.exception("no mail")

@transaction.atomic
def decided(row):
    row.save()
    try:
        send_mail("a", "b", None, [row.owner])
    except OSError:
        return False
    return True

def around(row):
    try:
        with transaction.atomic():
            row.save()
            send_mail("a", "b", None, [row.owner])
    except OSError:
        return False

@transaction.atomic
def leads(row):
    row.save()
    send(row.owner)

def send(owner):
    try:
        send_mail("a", "b", None, [owner])
    except OSError:
        return None

@transaction.atomic
def leads_under_another(row):
    row.save()
    try:
        send_twice(row.owner)
    except OSError:
        row.bounced = True

def send_twice(owner):
    try:
        send_mail("a", "b", None, [owner])
    except OSError:
        raise
"""
    Path("mails.py").write_text(text)
    told, decided, around, leads, under_another = (each.remedy for each in api.check(["mails.py"], Config()).findings)
    assert told.startswith("Defer it to the commit") and told.endswith(", together with the `try` on line 11 that handles what it raises.")
    assert decided.endswith(
        "goes by whether `send_mail` succeeds, so it cannot wait alone: call it, in that `try`, after `decided` has returned."
    )
    assert around.startswith("Defer it to the commit") and "`try`" not in around
    assert leads.endswith("so defer the call in `leads` that leads to it: `transaction.on_commit(partial(send, row.owner))`.")
    assert "cannot wait alone" in under_another


def test_a_deferral_names_the_database() -> None:
    assert "on_commit(partial(send.delay, 1), using='replica')" in remedy_of("send.delay(1)", replace(CHECKOUT, alias="replica"))
    assert "on_commit(partial(send.delay, 1))" in remedy_of("send.delay(1)", replace(CHECKOUT, alias=None)), "nothing was given"


@pytest.mark.parametrize("opener", ["atomic(using=alias)", "atomic(alias)"])
def test_a_database_that_is_not_known_is_named_as_it_was_given(opener: str) -> None:
    text = f"def copy(alias):\n    with {opener}:\n        send()\n"
    there = site(spot("shop/jobs.py", "send()", text), "shop.jobs.copy", "send")
    here = Origin("with", "atomic", spot("shop/jobs.py", opener, text), "shop.jobs.copy")
    assert "on_commit(send, using=alias)" in judge((Hazard(there, (passage(here, there),)),), sources(jobs=text))[0].remedy
    elsewhere = replace(here, function="shop.jobs.caller")
    assert "on_commit(send, using=...)" in judge((Hazard(there, (passage(elsewhere, there),)),), sources(jobs=text))[0].remedy


def test_a_long_call_is_shortened() -> None:
    assert remedy_of(f"send.delay({', '.join(f'argument_{n}' for n in range(40))})").endswith("partial(send.delay, ...))`.")
    assert "partial(send.delay, ...)" in remedy_of(f"send.delay({'x' * 10_000})")


def test_a_call_over_several_lines_is_written_on_one() -> None:
    assert "partial(send.delay, order.pk, now=True)" in remedy_of("send.delay(\n        order.pk,\n        now=True,\n    )")


def test_a_used_result_cannot_be_deferred() -> None:
    told = remedy_of("post(URL)", what="http", result_used=True)
    assert told.startswith("The result of `post` is used")
    assert "the transaction of `checkout`" in told


ANSWERED = """\
from celery import shared_task
from django.db import models, transaction


class Order(models.Model):
    cart = models.TextField()


@shared_task
def send(pk):
    print(pk)


def queue(order):
    return send.delay(order.pk)


def tell(order):
    queue(order)


def keep(cart):
    order = Order.objects.create(cart=cart)
    {leads}


@transaction.atomic
def checkout(cart):
    keep(cart)
"""


@pytest.mark.parametrize(
    ("leads", "told"),
    [
        ("tell(order)", "so defer the call in `keep` that leads to it: `transaction.on_commit(partial(tell, order))`."),
        ("queue(order)", "so defer the call in `keep` that leads to it: `transaction.on_commit(partial(queue, order))`."),
        ("return queue(order)", "so it cannot be deferred"),
        ("order.told = tell(order)", "so defer the call in `tell` that leads to it: `transaction.on_commit(partial(queue, order))`."),
    ],
)
def test_where_the_result_is_used_a_call_is_deferred_that_writes_nothing_itself(tmp_path: Path, leads: str, told: str) -> None:
    """`checkout` calls what makes the row."""
    (tmp_path / "orders.py").write_text(ANSWERED.format(leads=leads))
    (finding,) = api.check([str(tmp_path)], Config()).findings
    assert told in finding.remedy


CLOSED = """\
import httpx
from django.db import models, transaction


class Order(models.Model):
    told = models.BooleanField(default=False)


def push(body):
    with httpx.Client() as client:
        client.post("https://partner.example/in", json=body)
    {then}


@transaction.atomic
def close(order: Order):
    order.save()
    push({{"id": order.pk}})


def close_here(order: Order):
    with transaction.atomic():
        order.save()
        with httpx.Client() as client:
            client.put("https://partner.example/in")


def close_before(order: Order):
    with httpx.Client() as client, transaction.atomic():
        order.save()
        client.patch("https://partner.example/in")
"""


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("print(body)", "so defer the call in `close` that leads to it: `transaction.on_commit(partial(push, {"),
        ("Order.objects.create()", "so let the whole block run after `close` has returned."),
        ("raise ValueError(body)", "so let the whole block run after `close` has returned."),
    ],
)
def test_what_a_block_closes_is_made_behind_the_commit_as_well(tmp_path: Path, then: str, told: str) -> None:
    (tmp_path / "orders.py").write_text(CLOSED.format(then=then))
    there, here, before = api.check([str(tmp_path)], Config()).findings
    assert there.remedy.startswith(f"`client` is closed by its `with` before the commit, {told}")
    assert (
        here.remedy == "`client` is closed by its `with` before the commit, so let the whole block run after the transaction has committed."
    )
    assert before.remedy.startswith("Defer it to the commit: `transaction.on_commit(partial(client.patch,")


RESTING = """\
from concurrent.futures import ThreadPoolExecutor

from django.db import models, transaction


class Blob(models.Model):
    hidden = models.BooleanField(default=True)


def untag():
    rows = Blob.objects.filter(hidden=True)
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(print, row.pk) for row in rows]
    {then}


@transaction.atomic
def show():
    {before}
    untag()
    {behind}
"""


@pytest.mark.parametrize(
    ("before", "then", "behind", "waits"),
    [
        ("Blob.objects.create()", "print(asked)", "print(1)", True),
        ("Blob.objects.create()", "print(asked)", "Blob.objects.filter(hidden=True).update(hidden=False)", False),
        ("print(1)", "if len(asked) < 2: raise ValueError(asked)", "print(1)", False),
    ],
)
def test_what_the_transaction_rests_on_is_not_deferred_as_a_whole(tmp_path: Path, before: str, then: str, behind: str, waits: bool) -> None:
    (tmp_path / "orders.py").write_text(RESTING.format(before=before, then=then, behind=behind))
    (finding,) = api.check([str(tmp_path)], Config(), suggestions=None).findings
    assert ("so defer the call in `show`" in finding.remedy) is waits
    assert ("so it cannot be deferred" in finding.remedy) is not waits
    assert finding.fix.applicability == ("unsafe" if waits else "none")


KEYWORDS = """\
from celery import shared_task
from django.db import transaction


@shared_task
def send(pk):
    print(pk)


def queue(order, late):
    options = {made}
    options["countdown"] = late
    {kept}
    return send.apply_async((order.pk,), **options)


@transaction.atomic
def checkout(order):
    order.save()
    queue(order, 5)
"""


@pytest.mark.parametrize(
    ("made", "kept", "told"),
    [
        ("{}", "pass", "so defer the call in `checkout` that leads to it"),
        ("dict(queue='slow')", "pass", "so defer the call in `checkout` that leads to it"),
        ("order.options", "pass", "so it cannot be deferred"),
        ("{}", "order.options = options", "so it cannot be deferred"),
        ("{}", "order.seen['late'] = late", "so it cannot be deferred"),
        ("{}", "options, late = order.options, 3", "so it cannot be deferred"),
    ],
)
def test_what_a_function_puts_into_its_own_dict_is_not_saved(tmp_path: Path, made: str, kept: str, told: str) -> None:
    (tmp_path / "orders.py").write_text(KEYWORDS.format(made=made, kept=kept))
    (finding,) = api.check([str(tmp_path)], Config()).findings
    assert told in finding.remedy


def test_a_coroutine_is_awaited_later() -> None:
    assert remedy_of("await post(URL)", what="http") == "Await `post` after the `with` block of `checkout` has ended."


def test_a_session_commits_by_itself() -> None:
    text = "def pay(session):\n    session.add(1)\n    charge()\n"
    begun = Origin("autobegin", "Session.add", spot("shop/jobs.py", "session.add(1)", text), "shop.jobs.pay", family="sqlalchemy")
    there = site(spot("shop/jobs.py", "charge()", text), "shop.jobs.pay", "charge", effect("rpc"))
    (finding,) = judge((Hazard(there, (passage(begun, there),)),), sources(jobs=text))
    assert finding.remedy == "Call `charge` after `session.commit()`."


@pytest.mark.parametrize(("owner", "told"), [("db", "`db.commit()`"), ("", "the transaction has committed")])
def test_what_begins_a_session_need_not_be_what_commits_it(owner: str, told: str) -> None:
    text = "def pay(db):\n    desk.open(db)\n    charge()\n"
    place = spot("shop/jobs.py", "desk.open(db)", text)
    begun = Origin("autobegin", "Session.add", place, "shop.jobs.pay", family="sqlalchemy", owner=owner)
    there = site(spot("shop/jobs.py", "charge()", text), "shop.jobs.pay", "charge", effect("rpc"))
    (finding,) = judge((Hazard(there, (passage(begun, there),)),), sources(jobs=text))
    assert finding.remedy == f"Call `charge` after {told}."


SERVED = """
import requests
from sqlalchemy.orm import Session


class Desk:
    def open(self, session: Session):
        session.add(object())


desk = Desk()


def pay(db: Session):
    {begins}
    requests.post("https://shop.example")
    db.commit()
"""


@pytest.mark.parametrize("begins", ["desk.open(db)", "db.query(object).with_for_update().first()", "db.add(1)"])
def test_what_commits_is_named_by_the_function_that_begins(begins: str, tmp_path: Path) -> None:
    (tmp_path / "orders.py").write_text(SERVED.format(begins=begins))
    (finding,) = api.check([str(tmp_path)], Config()).findings
    assert finding.remedy == "Call `requests.post` after `db.commit()`."


@pytest.mark.parametrize("registered", [True, False])
def test_a_session_that_has_joined_a_transaction_is_not_told_to_commit(tmp_path: Path, registered: bool) -> None:
    """zope.sqlalchemy: "Transaction must be committed using the transaction manager"."""
    lines = ["import requests", "from sqlalchemy.orm import Session", "", "", "def pay(session: Session):", "    session.add(1)"]
    (tmp_path / "jobs.py").write_text("\n".join([*lines, "    requests.post(URL)", ""]))
    made = "from zope.sqlalchemy import register\n\nregister(session)\n" if registered else "import zope.sqlalchemy\n"
    (tmp_path / "made.py").write_text(made)
    (finding,) = api.check([str(tmp_path)], Config()).findings
    assert ("session.commit()" in finding.remedy) is not registered


def test_a_family_without_deferral_moves_behind_the_block() -> None:
    assert remedy_of("charge()", replace(CHECKOUT, family="some")) == "Call `charge` after the `with` block of `checkout` has ended."
    wrapped = replace(CHECKOUT, kind="decorator", family="some")
    assert remedy_of("charge()", wrapped) == "Call `charge` after `checkout` has returned."


def test_a_deferred_sibling_is_mentioned() -> None:
    assert remedy_of("send.delay(1)", sibling_deferred=True).endswith("Another call of `send.delay` in `send` is deferred already.")


def test_waiting_moves_out() -> None:
    assert remedy_of("sleep(1)", what="wait").startswith("Call `sleep` before the transaction of `checkout` begins")


def test_a_hook_defers_for_all_its_callers() -> None:
    assert "(with no transaction open it runs at once)" in only(ANNOUNCED).remedy


def test_a_source_that_is_gone_gives_poorer_words() -> None:
    (finding,) = judge((receipt(),), Sources(texts={"shop/orders.py": "", "shop/views.py": ""}))
    assert "partial(send_receipt.delay, ...)" in finding.remedy


# source text


def test_columns_are_code_points() -> None:
    text = "é = '𝄞'; post(1)\n"
    place = sources(jobs=text).place(spot("shop/jobs.py", "post(1)", text))
    assert (place.column, place.end_column) == (10, 17)
    assert sources(jobs=text).text(spot("shop/jobs.py", "post(1)", text)) == "post(1)"
    assert sources(jobs=text).before(spot("shop/jobs.py", "post(1)", text)) == "é = '𝄞'; "


def test_lines_end_as_python_has_them() -> None:
    lines = Sources(texts={"x": "a\u2028b\x0cc\x1cd\r\ne\rf\n"}).lines("x")
    assert lines == ("a\u2028b\x0cc\x1cd", "e", "f", "")


def test_text_of_several_lines() -> None:
    text = "send(\n    é,\n)\n"
    assert sources(jobs=text).text(spot("shop/jobs.py", "send(\n    é,\n)", text)) == "send(\n    é,\n)"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfa = 1", "a = 1"),
        (b"# coding: latin-1\n# \xe9", "# coding: latin-1\n# é"),
        (b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\n# \x80", "#!/usr/bin/python\n# -*- coding: cp1252 -*-\n# €"),
        ("a = 1\n# coding: latin-1 é".encode(), "a = 1\n# coding: latin-1 é"),
    ],
)
def test_decoding(data: bytes, text: str) -> None:
    assert decode(data) == text


def test_a_file_that_cannot_be_read_has_no_lines() -> None:
    assert Sources("/nowhere").line("x.py", 3) == ""


def test_the_admin_is_named_as_the_opener() -> None:
    assert "in which the admin runs `OrderAdmin.save_model`" in only(Hazard(RECEIPT, (passage(ADMIN, RECEIPT, BY_ADMIN),))).message
