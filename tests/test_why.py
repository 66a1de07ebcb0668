"""``txlint why PATH:LINE``: every call on the line has one true sentence, and the ways in which a transaction is open are all there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from txlint import api
from txlint.cli import main
from txlint.config import Config
from txlint.explain import explain
from txlint.model.finding import Explanation, Verdict
from txlint.model.kinds import Confidence
from txlint.rules.judge import judge
from txlint.rules.source import Sources

ROOT = Path(__file__).resolve().parents[1]
SHOP = "fixtures/shop"

APP = """\
import requests
import other
from django.core.cache import cache
from django.db import transaction

FIRST = requests.get("https://a.example")


def notify(order):
    requests.post("https://b.example", order)


@transaction.atomic
def pay(order):
    notify(order)
    cache.set("paid", order)


def refund(order):
    with transaction.atomic():
        order.refunded = True
        # nothing but a comment
        transaction.on_commit(lambda: requests.delete("https://c.example"))
        transaction.on_commit(later)
    requests.put("https://d.example")
    return None
    requests.get("https://never.example")


def later():
    requests.patch("https://e.example")
    deeper()


def deeper():
    requests.head("https://f.example")


@transaction.atomic
def quiet(order):
    requests.post("https://g.example")  # txlint: ignore[TX103] the other side knows
    order.unknown.call()
    other.thing(order)
    print(order)


def handed(run):
    run()


def branch(order, wanted=False):
    if wanted:
        requests.options("https://h.example")


@transaction.atomic
def never_wanted(order):
    branch(order)
    handed(notify)
    requests.post(
        "https://i.example",
        data=str(order),
    )


from threading import Thread


class Poller:
    def start(self):
        Thread(target=self.work).start()

    def work(self):
        print("polled")


class NamedPoller(Poller):
    def work(self):
        requests.post("https://j.example")


class Loader:
    def run(self):
        return self.work()

    def work(self):
        return requests.post("https://k.example")
"""

Ask = Callable[..., Explanation]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The answer for the line of ``APP`` that holds a fragment."""
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)

    def asked(fragment: str, config: Config | None = None) -> Explanation:
        line = APP[: APP.index(fragment)].count("\n") + 1
        return api.why("app.py", line, config or Config())

    return asked


def only(explanation: Explanation) -> Verdict:
    (verdict,) = explanation.calls
    return verdict


def test_a_finding_comes_with_its_ways(ask: Ask) -> None:
    answer = ask("https://b.example")
    verdict = only(answer)
    assert answer.function == "app.notify"
    assert (verdict.effect and verdict.effect.kind, verdict.silent) == ("http", None)
    assert verdict.finding is not None
    assert {opener.trace[0].function for opener in answer.openers} == {"app.pay", "app.never_wanted"}
    assert all(opener.trace[-1].place.line == answer.line for opener in answer.openers)
    assert not answer.closed


def test_a_helper_tells_what_is_behind_it(ask: Ask) -> None:
    answer = ask("    notify(order)\n    cache")
    verdict = only(answer)
    assert verdict.effect is None
    assert verdict.known
    assert verdict.target == "it calls app.notify (app.py:9); `requests.post` at app.py:10 is reached through it"
    assert [opener.opener for opener in answer.openers] == ["transaction.atomic"]


@pytest.mark.parametrize(
    ("fragment", "sentence"),
    [
        ("https://a.example", "it runs when the module is imported, with no transaction open."),
        ("cache.set", "TX110 is off by default: `--extend-select TX110` reports it."),
        ("https://d.example", "no transaction is open here, and nothing in the project was found to call `refund` with one open."),
        (
            "https://e.example",
            "the function that it stands in is handed to `django.db.transaction.on_commit` at app.py:24, which runs it after the commit.",
        ),
        (
            "https://f.example",
            "`later`, from which it is reached, is handed to `django.db.transaction.on_commit` at app.py:24,"
            " which runs it after the commit.",
        ),
        ("https://g.example", "the comment on line 41 ignores it."),
        ("https://h.example", "no transaction is open on any path to it: 1 function calls `branch`."),
        (
            "https://j.example",
            "the function that it stands in is handed to `threading.Thread` at app.py:71, which runs it outside of the transaction.",
        ),
        ("https://k.example", "no transaction is open on any path to it: 1 function calls `Loader.work`."),
    ],
)
def test_an_effect_that_is_not_reported_says_why(ask: Ask, fragment: str, sentence: str) -> None:
    verdict = only(ask(fragment))
    assert verdict.effect is not None
    assert verdict.finding is None
    assert verdict.silent == sentence


def test_a_deferred_lambda_and_its_deferral_share_a_line(ask: Ask) -> None:
    answer = ask("https://c.example")
    inner, outer = answer.calls
    assert inner.silent is not None
    assert inner.silent.endswith("at app.py:23, which runs it after the commit.")
    assert outer.target == "django.db.transaction.on_commit hands over what it is given, to run after the commit"
    assert answer.openers == ()


def test_code_that_never_runs(ask: Ask) -> None:
    answer = ask("https://never.example")
    assert answer.note == "This line never runs: code before it leaves for good."
    assert only(answer).target == "this code never runs, because what stands before it always leaves the function"


def test_what_is_not_known_is_said(ask: Ask) -> None:
    unknown = only(ask("order.unknown.call"))
    assert (unknown.known, unknown.target) == (False, "nothing is known of what `order.unknown` is")
    assert only(ask("other.thing")).target == "nothing in the catalog is about other.thing"
    assert only(ask("print(order)")).target == "print is Python's own"
    assert "it calls what is passed as `run`" in only(ask("    run()")).target


def test_a_keyword_that_defers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "fixtures" / "frappe")
    path = "ordering/ordering/doctype/sales_order/sales_order.py"
    line = next(n for n, text in enumerate(Path(path).read_text().splitlines(), 1) if "enqueue_after_commit=True" in text)
    verdict = only(api.why(path, line, Config()))
    assert verdict.target == "frappe.enqueue_doc itself waits for the commit, as `enqueue_after_commit` tells it to"


def test_the_threshold(ask: Ask) -> None:
    line = APP[: APP.index("https://b.example")].count("\n") + 1
    verdict = only(api.why("app.py", line, Config(min_confidence=Confidence.CERTAIN)))
    assert verdict.finding is not None, "certain findings pass any threshold"


def test_switched_off(ask: Ask) -> None:
    assert only(ask("https://b.example", Config(ignore=("TX103",)))).silent == "TX103 is switched off."
    config = Config(per_file_ignores={"app.py": ("TX103",)})
    assert only(ask("https://b.example", config)).silent == "`per-file-ignores` switches TX103 off for this file."


def test_lines_without_calls(ask: Ask) -> None:
    statement = ask("order.refunded = True")
    assert statement.calls == ()
    assert [opener.opener for opener in statement.openers] == ["transaction.atomic"]
    assert ask("# nothing but").note == "There is no call on this line, and no statement begins on it."
    defined = ask("def pay")
    assert defined.note.startswith("`pay` is defined here.")
    assert len(defined.openers) == 1
    assert ask("@transaction.atomic\ndef pay").note.startswith("This decorates `pay`.")


def test_any_line_of_a_long_call(ask: Ask) -> None:
    for fragment in ("    requests.post(\n", '        "https://i.example"', "    )\n"):
        finding = only(ask(fragment)).finding if fragment != '        "https://i.example"' else ask(fragment).calls[-1].finding
        assert finding is not None, fragment


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("app.py:900", "app.py: the file ends on line 87"),
        ("notes.txt:1", "notes.txt:1: "),
        ("tests/test_app.py:1", "tests/test_app.py: tests are left out: --include-tests looks at them as well"),
        ("broken.py:1", "broken.py:1: "),
        ("app.py", "PATH:LINE is wanted"),
        ("gone.py:1", "no such file or folder: gone.py"),
    ],
)
def test_places_of_which_nothing_can_be_said(ask: Ask, capsys: pytest.CaptureFixture[str], place: str, said: str) -> None:
    Path("notes.txt").write_text("hello there")
    Path("broken.py").write_text("def (:\n")
    Path("tests").mkdir()
    Path("tests/test_app.py").write_text("x = 1\n")
    assert main(["why", place]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert said in captured.err


@pytest.mark.parametrize(
    ("fragment", "path", "opener"),
    [
        ("send_receipt.delay(order.pk)", "notifications/services.py", {"transaction.atomic", "ATOMIC_REQUESTS"}),
        ("default_storage.delete", "orders/models.py", {"Model.delete"}),
        ("instance.file.delete", "orders/signals.py", {"attachment.delete", "signals.post_delete"}),
    ],
)
def test_the_shop(monkeypatch: pytest.MonkeyPatch, fragment: str, path: str, opener: set[str]) -> None:
    monkeypatch.chdir(ROOT)
    text = (ROOT / SHOP / path).read_text()
    answer = api.why(f"{SHOP}/{path}", text[: text.index(fragment)].count("\n") + 1, Config())
    assert opener <= {each.opener for each in answer.openers}
    assert any(verdict.finding for verdict in answer.calls)


def test_every_line_of_the_shop_has_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `why` says of an effect agrees with what `check` reports."""
    monkeypatch.chdir(ROOT)
    config = Config()
    reported = {(each.place.path, each.place.line) for each in api.check([SHOP], config).findings}
    analysis = api.analyse([SHOP], config, everything=True)
    sources = Sources()
    findings = judge(analysis.hazards, sources, {}, Confidence.POSSIBLE)
    path = f"{SHOP}/orders/services.py"
    for line in range(1, len((ROOT / path).read_text().splitlines()) + 1):
        answer = explain(analysis.linker, analysis.program, findings, sources, path, line, config)
        assert any(verdict.finding for verdict in answer.calls) is ((path, line) in reported), line
        for verdict in answer.calls:
            assert verdict.effect is None or (verdict.finding is None) is (verdict.silent is not None)


CALLER = """\
from django.db import transaction
from shop.core.tell import tell


@transaction.atomic
def {}():
    tell()
"""


def test_what_was_read_is_said_where_nothing_marks_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in {
        "shop/__init__.py": "",
        "shop/core/__init__.py": "",
        "shop/core/tell.py": "import requests\n\n\ndef tell():\n    requests.post('https://a.example')\n",
        "shop/views.py": CALLER.format("pay"),
        "other.py": CALLER.format("gift"),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["why", "shop/core/tell.py:5", "--no-cache"]) == 0
    said = capsys.readouterr().out
    assert "`pay`" in said and "gift" not in said
    assert "Only shop was read: nothing marks where the project begins" in said
    assert main(["check", "shop/core/tell.py", "--no-cache"]) == 1
    assert "assumed: whole project = shop\n" in capsys.readouterr().out
    (tmp_path / "txlint.toml").write_text("")
    assert main(["why", "shop/core/tell.py:5", "--no-cache"]) == 0
    said = capsys.readouterr().out
    assert "gift" in said and "Only" not in said
