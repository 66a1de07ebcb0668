"""Rewriting from the command line, end to end: what is written, what is left alone, what is said, exit codes."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from txlint import api
from txlint.cache.folder import NAME
from txlint.cli import commands, main
from txlint.config import Config
from txlint.fix.known import meanings_of
from txlint.fix.rounds import identity
from txlint.fix.source import decode

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"

ORDERS = """\
# Orders \N{EM DASH} and what others hear of them.
from celery import shared_task
from django.core.mail import send_mail
from django.db import transaction
import requests


@shared_task
def receipt(pk):
    pass


@transaction.atomic
def place(order):
    order.save()
    receipt.delay(order.pk)  # the customer waits for it


def pay(order):
    with transaction.atomic():
        order.save()
        try:
            send_mail("Paid", "", None, [order.email])
        except OSError:
            pass


def charge(order):
    with transaction.atomic():
        answer = requests.post("https://bank.example", json={"order": order.pk}, timeout=5)
        order.answer = answer.text
        order.save()
"""

SAFE = "    transaction.on_commit(partial(receipt.delay, order.pk))  # the customer waits for it\n"
UNSAFE = '            transaction.on_commit(partial(send_mail, "Paid", "", None, [order.email]))\n'


@dataclass
class Run:
    """The exit code and the two streams of a run."""

    code: int
    out: str
    err: str


Txlint = Callable[..., Run]


@pytest.fixture
def txlint(capsys: pytest.CaptureFixture[str]) -> Txlint:
    def run(*args: str) -> Run:
        code = main(["check", *args])
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return run


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project on Django; gives the file with findings."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "manage.py").write_text('import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n')
    (tmp_path / "settings.py").write_text('DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}\n')
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    orders = tmp_path / "shop" / "orders.py"
    orders.write_text(ORDERS, encoding="utf-8")
    return orders


def contents(folder: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {path: content for path, content in found.items() if NAME not in path}


# what is written


def test_fix_writes_what_is_safe_and_reports_the_rest(shop: Path, txlint: Txlint) -> None:
    done = txlint("--fix")
    new = shop.read_text(encoding="utf-8")
    assert done.code == 1
    assert SAFE in new
    assert UNSAFE not in new
    assert set(ORDERS.splitlines()) - set(new.splitlines()) == {"    receipt.delay(order.pk)  # the customer waits for it"}
    compile(new, "orders.py", "exec")
    assert "shop/orders.py: fixed 1 effect" in done.out
    assert "`receipt.delay` runs after the commit" in done.out
    assert "TX101" not in done.out
    assert "TX102 " in done.out
    assert "TX103 " in done.out
    assert "fixed 1 effect, 2 not (1 of them could be with --unsafe-fixes)" in done.out


def test_a_second_run_changes_nothing(shop: Path, txlint: Txlint) -> None:
    txlint("--fix", "--unsafe-fixes")
    before = shop.read_bytes(), shop.stat().st_mtime_ns
    done = txlint("--fix", "--unsafe-fixes")
    assert (shop.read_bytes(), shop.stat().st_mtime_ns) == before
    assert "fixed 0 effects, 1 not\n" in done.out


def test_unsafe_fixes_on_request_and_never_what_has_no_recipe(shop: Path, txlint: Txlint) -> None:
    done = txlint("--fix", "--unsafe-fixes")
    new = shop.read_text(encoding="utf-8")
    assert SAFE in new
    assert UNSAFE in new
    assert "        answer = requests.post(" in new
    assert done.code == 1


def test_nothing_left_is_exit_code_0(shop: Path, txlint: Txlint) -> None:
    assert txlint("--fix", "--select", "TX101").code == 0
    assert txlint("--select", "TX101").code == 0


def test_fix_only_is_silent_about_the_rest(shop: Path, txlint: Txlint) -> None:
    done = txlint("--fix-only")
    assert done.code == 0
    assert SAFE in shop.read_text(encoding="utf-8")
    assert "TX102" not in done.out + done.err


def test_what_is_refused_is_listed_with_its_reason(shop: Path, txlint: Txlint) -> None:
    done = txlint("--fix", "--show-fixes")
    assert "shop/orders.py:25:13: TX102 not fixed: only with --unsafe-fixes: the `try` on line 24 would no longer catch" in done.out
    assert "TX103 not fixed: the result of `requests.post` is used" in done.out


def test_a_task_that_can_wait_by_itself(shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("celery==5.5.1\n")
    (tmp_path / "shop" / "celery.py").write_text('from celery import Celery\n\napp = Celery("shop")\n')
    txlint("--fix")
    assert "    receipt.delay_on_commit(order.pk)  # the customer" in shop.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("requirement", "app", "decorator"),
    [
        ("celery==5.3.6", 'Celery("shop")', "@shared_task"),
        ("celery>=5", 'Celery("shop")', "@shared_task"),
        ("celery==5.5.1", 'Celery("shop", task_cls="shop.tasks:Own")', "@shared_task"),
        ("celery==5.5.1", 'Celery("shop", **options)', "@shared_task"),
        ("celery==5.5.1", 'Celery("shop")', "@shared_task(base=Own)"),
        ("celery==5.5.1", 'Celery("shop")', "@shared_task(**options)"),
    ],
)
def test_a_task_that_may_have_another_class(shop: Path, txlint: Txlint, tmp_path: Path, requirement: str, app: str, decorator: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"{requirement}\n")
    (tmp_path / "shop" / "celery.py").write_text(f"from celery import Celery\n\napp = {app}\n")
    shop.write_text(ORDERS.replace("@shared_task", decorator), encoding="utf-8")
    txlint("--fix")
    assert "delay_on_commit" not in shop.read_text(encoding="utf-8")


# what is not written


def test_diff_writes_nothing(shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    before = contents(tmp_path)
    done = txlint("--diff")
    assert done.code == 1
    assert contents(tmp_path) == before
    assert done.out.startswith("--- a/shop/orders.py\n+++ b/shop/orders.py\n@@")
    assert f"+{SAFE}" in done.out
    assert "would fix 1 effect" in done.err
    txlint("--fix")
    done = txlint("--diff")
    assert (done.code, done.out) == (0, "")


def test_tests_are_never_rewritten(shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    test = tmp_path / "shop" / "test_orders.py"
    test.write_text(ORDERS, encoding="utf-8")
    txlint("--fix", "--include-tests")
    assert test.read_text(encoding="utf-8") == ORDERS
    assert SAFE in shop.read_text(encoding="utf-8")


TESTS = """\
import unittest
from django.test import TestCase as Base, TransactionTestCase
from rest_framework import test
from shop.orders import place


class Shared(Base):
    pass


class OrderTest(Shared):
    def test_place(self):
        place(None)


class ApiTest(test.APITestCase):
    pass


class Commits(TransactionTestCase):
    def test_place(self):
        place(None)


class Plain(unittest.TestCase):
    pass
"""


@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_the_report_says_in_which_tests_callbacks_do_not_run(option: str, shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    """Each measured: only the first three never commit (semantics, A7)."""
    test = tmp_path / "shop" / "test_orders.py"
    test.write_text(TESTS)
    done = txlint(option)
    told = next(line for line in (done.out + done.err).splitlines() if "captureOnCommitCallbacks(execute=True)" in line)
    assert told.endswith("; classes that name what was rewritten: OrderTest (shop/test_orders.py:11), and 2 more")
    assert test.read_text() == TESTS
    test.write_text(TESTS.replace("place(None)", "pass"))
    shop.write_text(ORDERS, encoding="utf-8")
    done = txlint(option)
    assert "classes: Shared (shop/test_orders.py:7), OrderTest (" in done.out + done.err


def test_nothing_is_said_of_tests_where_nothing_waits(shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    (tmp_path / "shop" / "test_orders.py").write_text(TESTS)
    txlint("--fix")
    assert "captureOnCommit" not in txlint("--fix").out


def test_pytest_s_own_database_is_named(shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    (tmp_path / "shop" / "test_orders.py").write_text("import pytest\n\n\n@pytest.mark.django_db\ndef test_it():\n    pass\n")
    assert "django_capture_on_commit_callbacks" in txlint("--fix").out


def test_what_a_crash_loses_is_said(shop: Path, txlint: Txlint) -> None:
    assert (
        "dies right after the commit loses what was deferred; what may not be lost belongs into an outbox: django-celery"
        in txlint("--fix").out
    )
    assert "outbox" not in txlint("--fix").out


def test_each_change_of_behaviour_is_said(shop: Path, txlint: Txlint) -> None:
    shop.write_text(ORDERS.replace("receipt.delay(order.pk)", "receipt.apply_async((order.pk,), countdown=3, eta=None)"), encoding="utf-8")
    out = txlint("--fix", "--unsafe-fixes").out
    for said in (
        "line 16: `receipt.apply_async` runs after the commit, and not at all after a rollback",
        "lines 16, 23: if it fails, the transaction stays committed",
        "line 16: `countdown` counts from the commit",
        "line 16: `eta` may have passed at the commit",
        "line 23: the `try` on line 22 would no longer catch what the call raises",
    ):
        assert f"  {said}\n" in out


def test_nothing_outside_of_the_given_paths_is_written(shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    (tmp_path / "shop" / "other.py").write_text(ORDERS, encoding="utf-8")
    txlint("--fix", "shop/other.py")
    assert shop.read_text(encoding="utf-8") == ORDERS
    assert SAFE in (tmp_path / "shop" / "other.py").read_text(encoding="utf-8")


def test_a_link_that_leads_out_is_left_alone(shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    outside = tmp_path / "elsewhere" / "outside.py"
    outside.write_text(ORDERS, encoding="utf-8")
    (tmp_path / "shop" / "linked.py").symlink_to(outside)
    txlint("--fix", "shop")
    assert outside.read_text(encoding="utf-8") == ORDERS


def test_a_read_only_file_is_an_error_and_the_others_are_fixed(shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    other = tmp_path / "shop" / "other.py"
    other.write_text(ORDERS, encoding="utf-8")
    shop.chmod(0o444)
    done = txlint("--fix")
    assert done.code == 2
    assert "shop/orders.py: not written: it is read-only" in done.out
    assert shop.read_text(encoding="utf-8") == ORDERS
    assert SAFE in other.read_text(encoding="utf-8")


def test_a_file_that_does_not_parse_is_left_alone(shop: Path, txlint: Txlint) -> None:
    broken = (ORDERS + "def (:\n").encode()
    shop.write_bytes(broken)
    assert txlint("--fix").code == 2
    assert shop.read_bytes() == broken


def test_a_fix_that_does_not_silence_its_finding_is_put_back(shop: Path, txlint: Txlint, monkeypatch: pytest.MonkeyPatch) -> None:
    real = api._checked
    first = real([], Config(jobs=1), None, api.Stages())
    monkeypatch.setattr(api, "_checked", lambda *_: first)
    done = txlint("--fix", "--show-fixes")
    assert shop.read_text(encoding="utf-8") == ORDERS
    assert "TX101 not fixed: the finding was still there afterwards" in done.out


def test_the_right_fixes_beside_it_stay(shop: Path, txlint: Txlint, monkeypatch: pytest.MonkeyPatch) -> None:
    """One finding that no fix silences costs no other fix of its file."""
    real = api._checked
    (stubborn,) = (f for f in real([], Config(jobs=1), None, api.Stages())[1].findings if f.effect.callee == "send_mail")

    def checked(*args: Any) -> Any:
        analysis, report = real(*args)
        others = [f for f in report.findings if f.effect.callee != "send_mail"]
        return analysis, replace(report, findings=(*others, stubborn))

    monkeypatch.setattr(api, "_checked", checked)
    done = txlint("--fix", "--unsafe-fixes", "--show-fixes")
    text = shop.read_text(encoding="utf-8")
    assert SAFE in text and UNSAFE not in text
    assert done.out.count("not fixed: the finding was still there afterwards") == 1


def test_another_run_at_work_is_an_error(shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    from txlint.fix import only_one

    with only_one(tmp_path):
        done = txlint("--fix")
    assert done.code == 2
    assert "another run is rewriting files here" in done.err


@pytest.mark.parametrize("args", [["--unsafe-fixes"], ["--show-fixes"], ["--diff", "--fix"], ["--diff", "--fix-only"]])
def test_options_that_do_not_go_together(shop: Path, txlint: Txlint, args: list[str]) -> None:
    assert txlint(*args).code == 2
    assert shop.read_text(encoding="utf-8") == ORDERS


# suggestions


def test_json_has_suggestions_where_they_were_asked_for(shop: Path, txlint: Txlint) -> None:
    plain = json.loads(txlint("--output-format", "json").out)
    assert plain["summary"]["fixable"] == 0
    assert {each["fix"]["applicability"] for each in plain["findings"]} == {None}
    asked = json.loads(txlint("--output-format", "json", "--suggest").out)
    assert asked["summary"]["fixable"] == 2
    by_code = {each["code"]: each["fix"] for each in asked["findings"]}
    assert by_code["TX101"]["applicability"] == "safe"
    assert by_code["TX101"]["recipe"] == "on-commit"
    assert "-    receipt.delay(order.pk)" in by_code["TX101"]["preview"]
    assert by_code["TX102"]["applicability"] == "unsafe"
    assert by_code["TX103"]["applicability"] == "none"
    assert by_code["TX103"]["reason"]
    planned = txlint("--output-format", "json", "--diff")
    assert (planned.code, json.loads(planned.out)["findings"]) == (1, asked["findings"])
    assert shop.read_text(encoding="utf-8") == ORDERS
    after = json.loads(txlint("--output-format", "json", "--fix").out)
    assert [each["code"] for each in after["findings"]] == ["TX102", "TX103"]
    assert all(each["fix"]["applicability"] for each in after["findings"])


def test_text_shows_the_lines_before_and_after(shop: Path, txlint: Txlint) -> None:
    lines = [line.strip() for line in txlint("--suggest").out.splitlines()]
    at = lines.index("= suggested: on-commit (safe: --fix)")
    assert lines[at + 1 : at + 4] == [
        "|   +from functools import partial",
        "|   -    receipt.delay(order.pk)  # the customer waits for it",
        f"|   +{SAFE.rstrip()}",
    ]
    at = next(at for at, line in enumerate(lines) if line.startswith("= suggested: by hand: the result of `requests.post` is used"))
    assert lines[at + 1].startswith("|   +    answer = requests.post(")
    assert lines[at + 2] == "|        with transaction.atomic():"


def test_a_terminal_shows_suggestions_unasked(shop: Path, txlint: Txlint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "suggested:" not in txlint().out
    monkeypatch.setattr(commands, "_on_terminal", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "= suggested: on-commit (safe: --fix)" in txlint().out
    assert txlint("--output-format", "concise").out.count("suggested") == 0


# files: what runs before the commit relies on them

HEAD = """\
import os
import shutil
from django.db import models, transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from shop.orders import receipt


"""
AT_ONCE = "def f(path, temp, items):\n    with transaction.atomic():\n"
PATHS = {
    "nothing speaks of it again": ("os.unlink(path)", "safe", ""),
    "another path": ("os.unlink(path)\nprint(temp)", "safe", ""),
    "a path for each turn": ("for item in items:\n    if os.path.exists(item):\n        os.unlink(item)", "safe", ""),
    "made again": ("if os.path.exists(path):\n    shutil.rmtree(path)\nos.makedirs(path)", "none", "line 13 speaks of the same path"),
    "returned": ("os.unlink(path)\nreturn path", "none", "line 12 speaks of the same path"),
    "a path in a loop": ("for item in items:\n    print(path)\n    os.unlink(path)", "none", "line 12 speaks of the same path"),
    "a temporary file": (
        "try:\n    os.replace(temp, path)\nfinally:\n    print(os.unlink(temp))",
        "none",
        "line 14 speaks of the same path",
    ),
    "clearing up at the end": ("try:\n    print()\nfinally:\n    os.unlink(temp)", "none", "it clears up"),
    "clearing up after a failure": ("try:\n    print()\nexcept OSError:\n    os.unlink(temp)", "none", "it clears up"),
    "a list emptied later": ("receipt.delay(items)\nitems.clear()", "unsafe", "`items` is passed by reference"),
    "a failure passed on": ("try:\n    print()\nexcept OSError:\n    receipt.delay(1)\n    raise", "none", "always undoes"),
}


@pytest.mark.parametrize("case", PATHS, ids=str)
def test_what_relies_on_a_file(case: str, shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    body, applicability, reason = PATHS[case]
    (tmp_path / "shop" / "files.py").write_text(HEAD + AT_ONCE + textwrap.indent(body, "        ") + "\n")
    found = json.loads(txlint("shop/files.py", "--suggest", "--output-format", "json").out)["findings"]
    assert found[0]["fix"]["applicability"] == applicability
    assert reason in (found[0]["fix"]["reason"] or "")


@pytest.mark.parametrize("arguments", ["name, content", "name, content, save=False"])
def test_a_file_that_names_itself_on_its_row_does_not_wait(arguments: str, shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    """Deferred, the row would be saved without the name of its file (django/db/models/fields/files.py: ``FieldFile.save``)."""
    text = HEAD + (
        "class Picture(models.Model):\n    file = models.FileField()\n\n\n"
        "def f(row: Picture, name, content):\n    with transaction.atomic():\n"
        f"        row.file.save({arguments})\n        row.save()\n"
    )
    (tmp_path / "shop" / "files.py").write_text(text)
    found = json.loads(txlint("shop/files.py", "--suggest", "--select", "TX111", "--output-format", "json").out)["findings"]
    assert found[0]["fix"]["applicability"] == "none"
    assert "also sets what is saved with the row" in found[0]["fix"]["reason"]
    assert "cannot be deferred" in found[0]["remedy"]


@pytest.mark.parametrize(
    ("body", "applicability", "reason"),
    [
        ("receipt.retry(countdown=3)", "none", "it raises, so that the function ends here"),
        ("requests.post(URL)\nx = requests.get(URL)", "unsafe", "line 12 uses it again"),
        ("requests.post(URL)\nx = receipt.name", "safe", ""),
    ],
)
def test_what_needs_the_meaning_of_names(body: str, applicability: str, reason: str, shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    head = HEAD.replace("import os\n", "import requests\n")
    (tmp_path / "shop" / "files.py").write_text(head + AT_ONCE + textwrap.indent(body, "        ") + "\n")
    found = json.loads(txlint("shop/files.py", "--suggest", "--output-format", "json").out)["findings"]
    assert found[0]["fix"]["applicability"] == applicability
    assert reason in (found[0]["fix"]["reason"] or "")


@pytest.mark.parametrize(
    ("call", "reason"),
    [("os.unlink(path)", "callers would still find the path"), ('os.system("convert")', "callers would not find what the program did")],
)
def test_callers_may_rely_on_it(call: str, reason: str, shop: Path, txlint: Txlint, tmp_path: Path) -> None:
    text = HEAD + f"def remove(path):\n    {call}\n\n\n@transaction.atomic\ndef f(path):\n    remove(path)\n    os.makedirs(path)\n"
    (tmp_path / "shop" / "files.py").write_text(text)
    (found,) = json.loads(txlint("shop/files.py", "--suggest", "--output-format", "json").out)["findings"]
    assert found["fix"]["applicability"] == "unsafe"
    assert reason in found["fix"]["reason"]


@pytest.mark.parametrize(
    ("signal", "written", "applicability", "becomes"),
    [
        ("post_delete", "delete()", "unsafe", "    transaction.on_commit(partial(instance.file.delete, save=False))\n"),
        ("post_delete", "delete(save=False)", "safe", "    transaction.on_commit(partial(instance.file.delete, save=False))\n"),
        ("post_delete", "delete(True)", "none", "    instance.file.delete(True)\n"),
        ("post_save", "delete()", "none", "    instance.file.delete()\n"),
        ("post_save", "delete(save=False)", "safe", "    transaction.on_commit(partial(instance.file.delete, save=False))\n"),
    ],
)
def test_a_file_field_does_not_save_its_row_behind_the_commit(
    signal: str, written: str, applicability: str, becomes: str, shop: Path, txlint: Txlint, tmp_path: Path
) -> None:
    files = tmp_path / "shop" / "files.py"
    files.write_text(
        f"{HEAD}class Paper(models.Model):\n    file = models.FileField()\n\n\n@receiver({signal}, sender=Paper)\n"
        f"def gone(sender, instance, **kwargs):\n    instance.file.{written}\n\n\n"
        "@transaction.atomic\ndef f(paper: Paper):\n    paper.save()\n    paper.delete()\n"
    )
    found = json.loads(txlint("shop/files.py", "--suggest", "--output-format", "json").out)["findings"]
    assert [each["fix"]["applicability"] for each in found] == [applicability]
    txlint("shop/files.py", "--fix", "--unsafe-fixes")
    assert becomes in files.read_text()


# whole projects


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("name", ["shop", "service"])
def test_a_whole_project(name: str, unsafe: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / name
    shutil.copytree(FIXTURES / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(folder)
    config = Config(jobs=1)
    before, old = api.check(["."], config), contents(folder)
    fixed, after = api.fix(["."], config, unsafe=unsafe)
    new = contents(folder)
    assert old.keys() == new.keys(), "no file appears or goes"
    assert fixed.failed == ()
    for path in new:
        if path.endswith(".py"):
            compile(new[path], path, "exec")
    assert {path for path in new if new[path] != old[path]} == {plan.path for plan in fixed.plans}
    had, has = Counter(map(identity, before.findings)), Counter(map(identity, after.findings))
    assert has <= had, "nothing new"
    assert had - has == Counter(identity(each.finding) for each in fixed.done), "what is fixed is gone, and nothing else"
    assert len(fixed.refused) == len(after.findings)
    again, _ = api.fix(["."], config, unsafe=unsafe)
    assert again.done == ()
    assert contents(folder) == new


def test_meanings_of_a_file_are_in_code_points(shop: Path) -> None:
    shop.write_text(ORDERS.replace('send_mail("Paid"', 'send_mail("\N{EM DASH}" + str(requests.get("x"))'), encoding="utf-8")
    analysis = api.analyse([], Config(jobs=1))
    source = decode("shop/orders.py", shop.read_bytes())
    meanings = meanings_of(analysis.program, (), {"shop/orders.py": source})["shop/orders.py"]
    calls = {source.between(span): meaning.kind for span, meaning in meanings.effects.items()}
    assert calls['requests.get("x")'] == "http"
    assert calls["receipt.delay(order.pk)"] == "task"
    opened = {source.line(line).strip() for line, _ in meanings.openers}
    assert opened == {"@transaction.atomic", "with transaction.atomic():"}


# the helper


def test_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["helper", "sqlalchemy"]) == 0
    printed = capsys.readouterr().out
    assert "def on_commit(session" in printed
    Path("shop").mkdir()
    assert main(["helper", "sqlalchemy", "shop.hooks"]) == 0
    captured = capsys.readouterr()
    assert captured.out.split() == ["shop/hooks.py", "shop/test_hooks.py"]
    assert 'after-commit-helper = "shop.hooks.on_commit"' in captured.err
    assert Path("shop/hooks.py").read_text() == printed
    assert main(["helper", "sqlalchemy", "shop.hooks"]) == 2
    assert main(["helper", "sqlalchemy", "nowhere.hooks"]) == 2
    assert main(["helper", "sqlalchemy", "../hooks"]) == 2
    assert main(["helper", "cobol"]) == 2
