"""Stored answers: given again, byte for byte, where nothing is different, and never where something is."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from txlint import answers, api, cli
from txlint.cache import folder
from txlint.cache.folder import NAME
from txlint.cli import commands, main
from txlint.cli.options import FORMATS

ROOT = Path(__file__).resolve().parents[1]
VIEWS = """from django.db import transaction
from shop.mail import notify
from shop.tasks import receipt


@transaction.atomic
def pay(order):
    order.save()
    notify(order)
    receipt.delay_on_commit(order.pk)
"""
MAIL = """import requests


def notify(order):
    requests.post("https://mail.example", json={"order": order.pk})
"""
TASKS = """from celery import shared_task


@shared_task
def receipt(pk):
    print(pk)
"""
SETTINGS = """DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "ATOMIC_REQUESTS": False}}\n"""
HOUR = 3600


class Run(NamedTuple):
    out: bytes
    err: bytes
    code: int
    stored: bool  # the answer was there

    @property
    def said(self) -> tuple[bytes, bytes, int]:
        return self[:3]


Ask = Callable[..., Run]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that was written an hour ago, as the working directory."""
    root = tmp_path / "project"
    (root / "shop").mkdir(parents=True)
    put(root / "pyproject.toml", "[tool.txlint]\n")
    put(root / "manage.py", 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n')
    put(root / "requirements.txt", "celery==5.4\n")
    for name, text in {
        "__init__": "",
        "views": VIEWS,
        "mail": MAIL,
        "tasks": TASKS,
        "settings": SETTINGS,
        "tests": "from shop.views import pay\n",
    }.items():
        put(root / "shop" / f"{name}.py", text)
    monkeypatch.chdir(root)
    # Status times cannot be set back, so what the test has just written would not be believed to be settled.
    monkeypatch.setattr(importlib.import_module("txlint.discover.read"), "_GRANULE", -HOUR * 10**9)
    return root


@pytest.fixture
def ask(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Ask:
    worked: list[object] = []
    run = commands.run
    monkeypatch.setattr(commands, "run", lambda words, held: worked.append(words) or run(words, held))

    def asked(*words: str) -> Run:
        worked.clear()
        code = main(list(words))
        return Run(*capfdbinary.readouterr(), code, not worked)

    return asked


def put(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, (time.time() - HOUR,) * 2)


@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize("more", [(), ("--show-unresolved", "--select", "ALL", "--min-confidence", "possible")])
def test_given_again(project: Path, ask: Ask, output: str, more: tuple[str, ...]) -> None:
    put(project / "shop" / "broken.py", "def (:\n")
    words = (".", "--output-format", output, *more)
    without = ask(*words, "--no-cache")
    assert not Path(NAME).exists()
    cold, warm = ask(*words), ask(*words)
    assert without.code == 2
    assert without.said == cold.said == warm.said
    assert (cold.stored, warm.stored) == (False, True)


@pytest.mark.parametrize(
    "words", [(), ("shop",), ("check", "shop/mail.py"), ("shop/views.py", "-q"), ("--suggest",), ("manage.py", "shop")]
)
def test_whatever_is_given(project: Path, ask: Ask, words: tuple[str, ...]) -> None:
    without, cold, warm = ask(*words, "--no-cache"), ask(*words), ask(*words)
    assert without.said == cold.said == warm.said
    assert warm.stored


def test_one_file_is_told_what_the_project_knows(project: Path, ask: Ask) -> None:
    """A given file limits what is shown, not what is known."""
    for path, shown in (("shop/mail.py", b"TX103"), ("shop/views.py", b"TX103"), ("shop/settings.py", b"")):
        cold, warm = ask(path, "-q"), ask(path, "-q")
        assert shown in cold.out
        assert bool(cold.out) == bool(shown)
        assert cold.said == warm.said
        assert warm.stored


def rewrite(path: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda root: put(root / path, (root / path).read_text().replace(old, new))


CHANGES: dict[str, Callable[[Path], Any]] = {
    "a file": rewrite("shop/mail.py", "requests.post", "requests.head"),
    "a file, to the same size": rewrite("shop/mail.py", "mail.example", "post.example"),
    "settings": rewrite("shop/settings.py", "False", "True"),
    "a new file": lambda root: put(root / "shop" / "more.py", VIEWS),
    "a file less": lambda root: (root / "shop" / "mail.py").unlink(),
    "another name": lambda root: (root / "shop" / "mail.py").rename(root / "shop" / "post.py"),
    "a new test": lambda root: put(root / "shop" / "test_more.py", ""),
    "a broken file": lambda root: put(root / "shop" / "views.py", "def (:\n"),
    "the configuration": lambda root: put(root / "pyproject.toml", "[tool.txlint]\nignore = ['TX103']\n"),
    "another configuration": lambda root: put(root / "txlint.toml", "select = ['TX2']\n"),
    "a mistake in the configuration": lambda root: put(root / "pyproject.toml", "[tool.txlint]\nselect = 1\n"),
    "what is left out": lambda root: put(root / ".gitignore", "mail.py\n"),
    "a version": rewrite("requirements.txt", "5.4", "5.2"),
    "a lock file": lambda root: put(root / "uv.lock", '[[package]]\nname = "celery"\nversion = "5.2.0"\n'),
    "a folder in a file's place": lambda root: ((root / "shop" / "mail.py").unlink(), (root / "shop" / "mail.py").mkdir()),
    "a link in a file's place": lambda root: (
        (root / "shop" / "mail.py").rename(root / "away.txt"),
        (root / "shop" / "mail.py").symlink_to(root / "shop" / "views.py"),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_not_given_where_something_is_different(project: Path, ask: Ask, what: str) -> None:
    words = (".", "--select", "ALL", "--output-format", "json")
    ask(*words)
    assert ask(*words).stored
    CHANGES[what](project)
    now = ask(*words)
    assert not now.stored
    assert now.said == ask(*words, "--no-cache").said
    if now.code != 2:
        again = ask(*words)
        assert again.stored
        assert again.said == now.said


UNTOUCHED: dict[str, Callable[[Path], Any]] = {
    "times": lambda root: [os.utime(path) for path in root.rglob("*.py")],
    "a test that nobody reads": rewrite("shop/tests.py", "pay", "refund"),
    "another file": lambda root: put(root / "shop" / "notes.rst", "..."),
    "the same text, written anew": lambda root: (
        shutil.copy(root / "shop/mail.py", root / "x"),
        (root / "x").replace(root / "shop/mail.py"),
    ),
}


@pytest.mark.parametrize("what", UNTOUCHED)
def test_given_where_nothing_is_different(project: Path, ask: Ask, what: str) -> None:
    cold = ask("shop", "--output-format", "json")
    UNTOUCHED[what](project)
    warm = ask("shop", "--output-format", "json")
    assert warm.stored
    assert warm.said == cold.said == ask("shop", "--output-format", "json", "--no-cache").said


def test_a_file_that_was_just_written_is_read(project: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(project)
    path = project / "shop" / "mail.py"
    ask("."), ask(".")
    before = path.stat()
    path.write_text(MAIL.replace("requests.post", "requests.head"))  # of the same size, and in the same tick of a coarse clock
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ask(".").said == ask(".", "--no-cache").said


def test_asked_elsewhere_or_otherwise(project: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(".")
    assert ask(".").stored
    assert not ask(".", "--ignore", "TX103").stored
    assert not ask(".", "--color").stored
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = ask(".")
    assert not coloured.stored
    assert b"\x1b[" in coloured.out
    monkeypatch.delenv("FORCE_COLOR")
    monkeypatch.chdir(project / "shop")
    inside = ask(".")
    assert not inside.stored
    assert b"shop/mail.py" not in inside.out
    monkeypatch.chdir(project)
    put(project / "shop" / "txlint.toml", "")  # now it is a project of its own
    assert ask("shop").said == ask("shop", "--no-cache").said


def test_another_build_does_not_give_the_answers_of_this_one(project: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(".")
    assert ask(".").stored
    monkeypatch.setattr(answers, "code_stamp", lambda *_: "other")
    assert not ask(".").stored


def test_a_baseline_is_part_of_what_an_answer_rests_on(project: Path, ask: Ask) -> None:
    known = project / "known.txt"
    ask("baseline", "--baseline", "known.txt")
    content = known.read_text()
    assert ask("--baseline", "known.txt").code == 0
    assert ask("--baseline", "known.txt").stored
    put(known, content.partition("\n")[0] + "\n")
    now = ask("--baseline", "known.txt")
    assert (now.code, now.stored) == (1, False)
    put(known, content)
    put(project / "pyproject.toml", "[tool.txlint]\nbaseline = 'known.txt'\n")
    assert [ask("shop").stored for _ in range(2)] == [False, True]
    put(known, content + "nonsense\n")
    assert (ask("shop").code, ask("--no-baseline").code) == (2, 1)
    known.unlink()
    assert ask("shop").code == 2
    os.mkfifo(known)
    assert ask("shop").code == 2


def test_what_changes_since_a_revision_is_asked_each_time(project: Path, ask: Ask) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    for words in (("init", "."), ("add", "."), ("-c", "user.name=a", "-c", "user.email=a@example", "commit", "-m", "one")):
        subprocess.run(["git", *words], cwd=project, check=True, capture_output=True)
    assert [ask("--since", "HEAD").stored for _ in range(2)] == [False, False]


@pytest.mark.parametrize(
    "words", [("--fix",), ("--diff",), ("--add-ignore",), ("--statistics",), ("--verify",), ("--no-cache",), ("--select", "nonsense")]
)
def test_what_is_never_kept(project: Path, ask: Ask, words: tuple[str, ...]) -> None:
    for _ in range(2):
        assert not ask(".", *words).stored


def test_what_changes_meanwhile_is_in_no_answer(project: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    check = api.check

    def slow(*args: Any, **named: Any) -> Any:
        report = check(*args, **named)
        put(project / "shop" / "mail.py", MAIL.replace("requests.post", "requests.head"))
        return report

    monkeypatch.setattr(api, "check", slow)
    assert b"requests.post" in ask(".").out
    monkeypatch.setattr(api, "check", check)
    now = ask(".")
    assert not now.stored
    assert b"requests.post" not in now.out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes there")
def test_nothing_waits_for_a_pipe(project: Path, ask: Ask) -> None:
    os.mkfifo(project / "txlint.toml")
    for _ in range(2):
        assert ask(".").code == 2
        assert ask(".", "--config", "txlint.toml").code == 2


def test_a_file_that_is_gone_in_the_end(project: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    holds = answers._holds

    def late(*args: Any) -> bool:
        shutil.rmtree(project / "shop", ignore_errors=True)
        return holds(*args)

    monkeypatch.setattr(answers, "_holds", late)
    assert ask(".").code == 1


def test_a_file_that_has_no_facts_to_keep(project: Path, ask: Ask) -> None:
    put(project / "deep.py", "x = " + "not " * 5_000 + "y\n")
    first = ask(".")
    assert first.code == 2
    assert ask(".") == first


def test_only_the_last_ones_are_kept(project: Path, ask: Ask) -> None:
    for line in range(12):
        ask(".", "--exclude", f"none{line}")
    assert [ask(".", "--exclude", f"none{line}").stored for line in (11, 10, 5)] == [True, True, True]
    assert not ask(".", "--exclude", "none0").stored
    (path,) = Path(NAME).glob("*.answers")
    assert path.stat().st_size < 1 << 16


@pytest.mark.parametrize("kind", ["answers", "index"])
def test_each_bit_counts(project: Path, ask: Ask, kind: str) -> None:
    cold = ask(".")
    (path,) = Path(NAME).glob(f"*.{kind}")
    whole = path.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 15)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert ask(".").said == cold.said
        path.write_bytes(whole)
    path.write_bytes(whole[: len(whole) // 2])
    assert ask(".").said == cold.said
    path.unlink()
    path.mkdir()
    assert ask(".").out == cold.out


def test_an_answer_that_came_with_the_project_is_not_believed(project: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    true = ask(".")
    assert true.code == 1
    (path,) = Path(NAME).glob("*.answers")
    ours = folder.find_folder(str(Path(NAME).absolute()))
    assert ours is not None
    planted = answers.marshal.loads(folder.read_sealed(ours, path.name) or b"")
    nothing = answers.zlib.compress(answers.marshal.dumps(((), "", (), 0)))
    for key, (basis, _) in planted.items():
        planted[key] = (basis, nothing)
    folder.write_sealed(ours._replace(key=b"k" * 32), path.name, answers.marshal.dumps(planted))
    assert ask(".").said == true.said
    folder.write_sealed(ours, path.name, answers.marshal.dumps(planted))
    assert ask(".").out == b""  # only who holds the key can do that
    monkeypatch.setenv("XDG_STATE_HOME", str(project.parent / "another machine"))
    assert ask(".").said == true.said


def test_little_is_loaded_for_a_stored_answer(project: Path) -> None:
    code = "import sys; from txlint.cli import main; main(['.']); print(*sorted(sys.modules), file=sys.stderr)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for _ in range(2):
        done = subprocess.run([sys.executable, "-P", "-c", code], cwd=project, env=environment, capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    heavy = {"click", "rich", "libcst", "dataclasses", "hashlib", "multiprocessing", "subprocess", "tomllib", "ast", "inspect"}
    assert heavy & loaded == set()
    assert {name for name in loaded if name.startswith(("txlint.api", "txlint.l", "txlint.rules", "txlint.report"))} == set()


def test_the_module_that_parses_options_is_not_needed(project: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    cold = ask(".")
    monkeypatch.delattr(cli, "commands")
    monkeypatch.setitem(sys.modules, "txlint.cli.commands", None)
    assert ask(".").said == cold.said
