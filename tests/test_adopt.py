"""Adopting txlint where there are findings already: baseline, changes since a revision, ignore comments, from the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from txlint.changes import parse_diff
from txlint.cli import main

VIEWS = """\
from django.db import transaction
from shop.mail import notify


@transaction.atomic
def pay(order):
    order.save()
    notify(order)


@transaction.atomic
def refund(order):
    order.save()
    notify(order)
"""
MAIL = """\
import requests


def notify(order):
    requests.post("https://mail.example", json={"order": order.pk})
"""
THIRD = """

@transaction.atomic
def cancel(order):
    order.save()
    notify(order)
"""
HEADER = "# txlint baseline 1"


@dataclass
class Run:
    code: int
    out: str
    err: str


Txlint = Callable[..., Run]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one effect that two transactions reach, as the working directory."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "manage.py").write_text('import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n')
    (tmp_path / "settings.py").write_text('DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}\n')
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "views.py").write_text(VIEWS)
    (tmp_path / "shop" / "mail.py").write_text(MAIL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def txlint(capsys: pytest.CaptureFixture[str]) -> Txlint:
    def run(*args: str) -> Run:
        code = main(["--no-cache", *args])
        return Run(code, *capsys.readouterr())

    return run


def add(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


# baseline


def test_what_a_baseline_knows_is_not_reported(shop: Path, txlint: Txlint) -> None:
    made = txlint("baseline")
    assert (made.code, made.out) == (0, "txlint-baseline.txt: 2 paths (2 added, 0 dropped)\n")
    assert made.err == 'Say so in the configuration: baseline = "txlint-baseline.txt"\n'
    known = txlint("--baseline", "txlint-baseline.txt")
    assert known.code == 0
    assert known.out.startswith("0 effects, 0 paths, 2 paths known to txlint-baseline.txt\n")
    assert known.err == ""


def test_the_file_is_text_for_people_and_merges(shop: Path, txlint: Txlint) -> None:
    txlint("baseline")
    data = (shop / "txlint-baseline.txt").read_bytes()
    first, *lines, last = data.decode().split("\n")
    assert (first, last) == (HEADER, "")
    assert lines == sorted(lines)
    assert {line.split(" ", 3)[3] for line in lines} == {
        "shop.mail.notify: requests.post <- shop.views.pay: transaction.atomic",
        "shop.mail.notify: requests.post <- shop.views.refund: transaction.atomic",
    }
    assert all(line.startswith("shop/mail.py TX103 ") for line in lines)
    (shop / "txlint-baseline.txt").write_text("\r\n".join([first, *reversed(lines), lines[0], "", "# so", ""]))
    assert txlint("--baseline", "txlint-baseline.txt").code == 0, "any order, twice, other line endings"
    assert txlint("baseline", "--baseline", "txlint-baseline.txt").out == "txlint-baseline.txt: 2 paths (0 added, 0 dropped)\n"
    assert (shop / "txlint-baseline.txt").read_bytes() == data


def test_lines_may_move(shop: Path, txlint: Txlint) -> None:
    txlint("baseline")
    for path in (shop / "shop").glob("*.py"):
        path.write_text("# one\n\n# two\n" + path.read_text().replace("    order.save()\n", "    order.save()\n    # more\n"))
    assert txlint("--baseline", "txlint-baseline.txt", "-q").code == 0
    before = (shop / "txlint-baseline.txt").read_bytes()
    txlint("baseline")
    assert (shop / "txlint-baseline.txt").read_bytes() == before


def test_a_new_transaction_around_an_old_helper_is_new(shop: Path, txlint: Txlint) -> None:
    txlint("baseline")
    add(shop / "shop" / "views.py", THIRD)
    found = txlint("--baseline", "txlint-baseline.txt", "--output-format", "json")
    assert found.code == 1
    document = json.loads(found.out)
    (finding,) = document["findings"]
    assert [opener["line"] for opener in finding["openers"]] == [17]
    assert "`cancel`" in finding["message"], "the words are about the new path"
    assert (document["summary"]["findings"], document["summary"]["pairs"]) == (1, 1)
    assert document["baseline"] == {"path": "txlint-baseline.txt", "pairs": 2, "files": 0, "stale": []}
    assert txlint("baseline").out == "txlint-baseline.txt: 3 paths (1 added, 0 dropped)\n"


def test_stale_entries_are_told_and_dropped(shop: Path, txlint: Txlint) -> None:
    txlint("baseline")
    (shop / "shop" / "views.py").write_text(VIEWS.partition("\n\n\n@transaction.atomic\ndef refund")[0] + "\n")
    found = txlint("--baseline", "txlint-baseline.txt")
    assert found.code == 0
    told, entry = found.err.splitlines()
    assert told == "txlint-baseline.txt: 1 stale entry: nothing is found there any more; `txlint baseline` removes them"
    assert entry.endswith("shop.views.refund: transaction.atomic")
    assert txlint("--baseline", "txlint-baseline.txt", "-q").err == ""
    assert txlint("baseline").out == "txlint-baseline.txt: 1 path (0 added, 1 dropped)\n"
    (shop / "shop" / "mail.py").unlink()
    assert "1 stale entry" in txlint("--baseline", "txlint-baseline.txt").err, "a file that is gone"


def test_only_what_was_looked_at_is_stale(shop: Path, txlint: Txlint) -> None:
    txlint("baseline")
    before = (shop / "txlint-baseline.txt").read_bytes()
    (shop / "shop" / "mail.py").write_text(MAIL.replace("requests.post", "print"))
    for words in (("shop/views.py",), (".", "--select", "TX101"), (".", "--ignore", "TX103")):
        assert "stale" not in txlint("--baseline", "txlint-baseline.txt", *words).err
        txlint("baseline", *words)
        assert (shop / "txlint-baseline.txt").read_bytes() == before
    assert "2 stale entries" in txlint("--baseline", "txlint-baseline.txt", "shop/mail.py").err


def test_configured_and_from_elsewhere(shop: Path, txlint: Txlint, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "txlint.toml").write_text('baseline = "known/old.txt"\n')
    (shop / "known").mkdir()
    missing = txlint()
    assert missing.code == 2
    assert missing.err == f"txlint: error: {shop}/known/old.txt: there is no such baseline (`txlint baseline` writes one)\n"
    assert txlint("baseline").err == ""
    assert (shop / "known" / "old.txt").read_text().count("\n../shop/mail.py TX103 ") == 2
    assert txlint().code == 0
    assert txlint("--no-baseline").code == 1
    monkeypatch.chdir(shop / "shop")
    assert txlint("..").code == 0


def test_a_file_that_cannot_be_analysed_may_be_known(shop: Path, txlint: Txlint) -> None:
    (shop / "shop" / "old.py").write_text("print 'x'\n")
    assert txlint("baseline").out == "txlint-baseline.txt: 2 paths, 1 file not analysed (3 added, 0 dropped)\n"
    known = txlint("--baseline", "txlint-baseline.txt")
    assert (known.code, known.err) == (0, "")
    assert "1 skipped" in known.out
    (shop / "shop" / "old.py").unlink()
    assert "shop/old.py TX900 - not analysed" in txlint("--baseline", "txlint-baseline.txt").err


def test_odd_names(shop: Path, txlint: Txlint) -> None:
    (shop / "shop" / "a b%.py").write_text(MAIL + VIEWS.replace("from shop.mail import notify\n", ""))
    txlint("baseline")
    assert "\nshop/a%20b%25.py TX103 " in (shop / "txlint-baseline.txt").read_text()
    assert txlint("--baseline", "txlint-baseline.txt").code == 0


ENTRY = "a.py TX101 0123456789abcdef f: g <- h: i"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not a txlint baseline"),
        (b"{}", "not a txlint baseline"),
        (b"\xff\xfe", "not valid UTF-8"),
        (b"# txlint baseline 2\n", "written by another version of txlint"),
        (f"{HEADER}\n{ENTRY}\nnonsense\n".encode(), "old.txt:3: not an entry"),
        (f"{HEADER}\na.py TX101 0123\n".encode(), "old.txt:2: not an entry"),
        (f"{HEADER}\na.py TX101 -\n".encode(), "old.txt:2: not an entry"),
        (f"{HEADER}\na.py 101 0123456789abcdef\n".encode(), "old.txt:2: not an entry"),
        (f"{HEADER}\n<<<<<<< ours\n{ENTRY}\n".encode(), "old.txt:2: a merge conflict was left here"),
    ],
)
def test_what_is_no_baseline_is_refused(shop: Path, txlint: Txlint, content: bytes, told: str) -> None:
    (shop / "old.txt").write_bytes(content)
    for words in (("--baseline", "old.txt"), ("baseline", "--baseline", "old.txt"), ("--baseline", "old.txt", "--fix")):
        done = txlint(*words)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("txlint: error: ")
        assert told in done.err
        assert done.err.count("\n") == 1
        assert (shop / "old.txt").read_bytes() == content


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: os.mkfifo(path)])
def test_what_is_no_file_is_refused(shop: Path, txlint: Txlint, make: Callable[[Path], None]) -> None:
    make(shop / "old")
    assert "old: not a regular file" in txlint("--baseline", "old").err
    assert txlint("baseline", "--baseline", "old").code == 2


def test_where_nothing_can_be_written(shop: Path, txlint: Txlint) -> None:
    done = txlint("baseline", "--baseline", "no/such/folder.txt")
    assert (done.code, done.out) == (2, "")
    assert done.err == "txlint: error: no/such/folder.txt: not written: No such file or directory\n"
    assert not list(shop.rglob("*.tmp"))


def test_fix_leaves_what_is_known_alone(shop: Path, txlint: Txlint) -> None:
    txlint("baseline")
    before = (shop / "shop" / "mail.py").read_bytes()
    assert txlint("--baseline", "txlint-baseline.txt", "--fix", "--unsafe-fixes").code == 0
    assert (shop / "shop" / "mail.py").read_bytes() == before


# since


def git(folder: Path, *words: str) -> None:
    settings = ("user.name=a", "user.email=a@example", "commit.gpgsign=false", "init.defaultBranch=main")
    subprocess.run(["git", *(word for each in settings for word in ("-c", each)), *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def committed(shop: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(shop, "init", ".")
    git(shop, "add", ".")
    git(shop, "commit", "-m", "one")
    return shop


def touched(run: Run) -> list[tuple[str, list[int]]]:
    return [(each["path"], [opener["line"] for opener in each["openers"]]) for each in json.loads(run.out)["findings"]]


JSON = ("--output-format", "json")


def test_nothing_has_changed(committed: Path, txlint: Txlint) -> None:
    done = txlint("--since", "HEAD")
    assert done.code == 0
    assert done.out.startswith("0 effects, 0 paths touched since HEAD\n")


def test_a_changed_effect_touches_all_its_paths(committed: Path, txlint: Txlint) -> None:
    mail = committed / "shop" / "mail.py"
    mail.write_text(MAIL.replace("order.pk", "order.id"))
    done = txlint("--since", "HEAD", *JSON)
    assert done.code == 1
    assert touched(done) == [("shop/mail.py", [5, 11])]
    assert json.loads(done.out)["since"] == "HEAD"


def test_a_changed_step_or_opener_touches_its_own_path(committed: Path, txlint: Txlint) -> None:
    views = committed / "shop" / "views.py"
    views.write_text(VIEWS[: -len("notify(order)\n")] + "notify( order)\n")
    assert touched(txlint("--since", "HEAD", *JSON)) == [("shop/mail.py", [11])]
    views.write_text(VIEWS.replace("@transaction.atomic\ndef pay", "@transaction.atomic()\ndef pay"))
    done = txlint("--since", "HEAD", *JSON)
    assert touched(done) == [("shop/mail.py", [5])]
    assert "`pay`" in json.loads(done.out)["findings"][0]["message"]


def test_a_line_that_went_counts_with_its_neighbours(committed: Path, txlint: Txlint) -> None:
    views = committed / "shop" / "views.py"
    views.write_text(VIEWS.replace("def refund(order):\n    order.save()\n", "def refund(order):\n"))
    assert touched(txlint("--since", "HEAD", *JSON)) == [("shop/mail.py", [11])]


def test_lines_that_only_moved_do_not_count(committed: Path, txlint: Txlint) -> None:
    views = committed / "shop" / "views.py"
    views.write_text("# one\n# two\n" + VIEWS)
    git(committed, "mv", "shop/mail.py", "shop/post.py")
    views.write_text(views.read_text().replace("shop.mail", "shop.post"))
    assert touched(txlint("--since", "HEAD", *JSON)) == []


def test_untracked_files_count(committed: Path, txlint: Txlint, monkeypatch: pytest.MonkeyPatch) -> None:
    (committed / "shop" / "mo\u00e9 \t'.py").write_text(MAIL + VIEWS.replace("from shop.mail import notify\n", ""))
    assert [len(lines) for _, lines in touched(txlint("--since", "HEAD", *JSON))] == [2]
    git(committed, "add", ".")
    assert [len(lines) for _, lines in touched(txlint("--since", "HEAD", *JSON))] == [2], "added, not committed"
    monkeypatch.chdir(committed / "shop")
    assert [len(lines) for _, lines in touched(txlint("--since", "HEAD", "..", *JSON))] == [2], "from another folder"
    git(committed, "commit", "-m", "two")
    assert touched(txlint("--since", "HEAD", *JSON)) == []
    assert [len(lines) for _, lines in touched(txlint("--since", "HEAD~1", *JSON))] == [2]


def test_other_peoples_git_configuration_changes_nothing(committed: Path, txlint: Txlint) -> None:
    for key, value in {
        "color.ui": "always",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.external": "false",
        "diff.interHunkContext": "9",
        "diff.relative": "true",
    }.items():
        git(committed, "config", key, value)
    (committed / ".gitattributes").write_text("mail.py -diff\n")
    (committed / "shop" / "mail.py").write_text("\n" + MAIL)
    assert touched(txlint("--since", "HEAD", *JSON)) == [("shop/mail.py", [5, 11])], "a file without a diff counts as a whole"


def test_baseline_and_since_go_together(committed: Path, txlint: Txlint) -> None:
    txlint("baseline")
    add(committed / "shop" / "views.py", THIRD)
    (committed / "shop" / "mail.py").write_text(MAIL.replace("order.pk", "order.id"))
    done = txlint("--since", "HEAD", "--baseline", "txlint-baseline.txt", *JSON)
    assert touched(done) == [("shop/mail.py", [17])]


@pytest.mark.parametrize("revision", ["nope", "HEAD~9", "--output=x", "", "HEAD..HEAD", "HEAD:shop"])
def test_no_such_revision(committed: Path, txlint: Txlint, revision: str) -> None:
    done = txlint(f"--since={revision}")
    assert (done.code, done.out) == (2, "")
    assert done.err == f"txlint: error: --since: no such revision: {revision!r}\n"
    assert not (committed / "x").exists()


def test_no_repository_or_no_git(shop: Path, txlint: Txlint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(shop.parent))
    assert txlint("--since", "HEAD").err == "txlint: error: --since: no git repository to compare with\n"
    monkeypatch.setenv("PATH", str(shop))
    done = txlint("--since", "HEAD")
    assert (done.code, done.err) == (2, "txlint: error: --since: git was not found\n")


def test_a_repository_without_commits(shop: Path, txlint: Txlint) -> None:
    git(shop, "init", ".")
    assert txlint("--since", "HEAD").err == "txlint: error: --since: no such revision: 'HEAD'\n"


def test_diffs_are_read_by_their_counts() -> None:
    diff = (
        b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -3,2 +3,2 @@ def f():\n--- a/no.py\n-x\n+++ b/no.py\n+@@ -1 +1 @@\n"
        b'@@ -9 +9,0 @@\n-gone\n\\ No newline at end of file\n--- /dev/null\n+++ "b/sm\\303\\266r \\"x\\".py"\t\n@@ -0,0 +1 @@\n+x\n'
        b"diff --git a/b.py b/b.py\nBinary files a/b.py and b/b.py differ\n"
    )
    found = parse_diff(diff)
    assert found[b"a.py"] == [(3, 4), (9, 10)]
    assert found['sm\u00f6r "x".py'.encode()] == [(1, 1)]
    assert found[b"b.py"][0][0] == 1
    assert len(found) == 3


# add-ignore


def test_comments_are_added_where_findings_are(shop: Path, txlint: Txlint) -> None:
    done = txlint("--add-ignore=the partner wants it at once")
    mail = (shop / "shop" / "mail.py").read_text()
    assert done.code == 0
    assert mail == MAIL.replace("})\n", "})  # txlint: ignore[TX103] the partner wants it at once\n")
    assert (shop / "shop" / "views.py").read_text() == VIEWS
    assert done.err.splitlines() == ["shop/mail.py: added 1 ignore comment", "added 1 ignore comment in 1 file"]
    assert txlint().code == 0
    again = txlint("--add-ignore", ".")
    assert again.err == "added 0 ignore comments in 0 files\n"
    assert (shop / "shop" / "mail.py").read_text() == mail


@pytest.mark.parametrize("words", [("--report-at", "entry"), ("--output-format", "concise")])
def test_comments_at_the_entries(shop: Path, txlint: Txlint, words: tuple[str, ...]) -> None:
    assert txlint("--add-ignore", *words).code == 0
    assert (shop / "shop" / "mail.py").read_text() == MAIL
    assert (shop / "shop" / "views.py").read_text() == VIEWS.replace("notify(order)", "notify(order)  # txlint: ignore[TX103]")
    add(shop / "shop" / "views.py", THIRD)
    assert txlint().code == 1, "a new way is a new finding"


def test_no_comment_more_than_is_needed(shop: Path, txlint: Txlint) -> None:
    """One finding is shown at its entries, the other at its effect; the comment at an entry that both have is enough."""
    add(shop / "shop" / "mail.py", "\n\ndef both(order):\n    notify(order)\n    requests.put('https://mail.example')\n")
    views = shop / "shop" / "views.py"
    views.write_text(VIEWS.replace("import notify", "import both, notify").replace("notify(order)", "both(order)", 1))
    assert txlint("--add-ignore", "--output-format", "concise").code == 0
    assert "ignore" not in (shop / "shop" / "mail.py").read_text()
    assert views.read_text().count("# txlint: ignore[TX103]") == 2


def test_only_new_findings_and_only_given_files(shop: Path, txlint: Txlint) -> None:
    txlint("baseline")
    done = txlint("--add-ignore", "--baseline", "txlint-baseline.txt")
    assert "added 0 ignore comments" in done.err
    done = txlint("--add-ignore", "shop/views.py")
    assert done.code == 1
    assert "shop/mail.py:5:5: TX103 not ignored: shop/mail.py is not among the given files" in done.err
    assert (shop / "shop" / "mail.py").read_text() == MAIL


def test_many_entries_want_a_reason(shop: Path, txlint: Txlint) -> None:
    for number in range(5):
        add(shop / "shop" / "views.py", THIRD.replace("cancel", f"cancel_{number}"))
    done = txlint("--add-ignore")
    assert done.code == 1
    assert "TX103 not ignored: the comment would silence 7 entries and needs a reason" in done.err
    assert txlint("--add-ignore=so").code == 0


def test_a_file_that_cannot_be_written(shop: Path, txlint: Txlint) -> None:
    (shop / "shop" / "mail.py").chmod(0o444)
    done = txlint("--add-ignore")
    assert done.code == 2
    assert "shop/mail.py: not written: it is read-only" in done.err
    assert (shop / "shop" / "mail.py").read_text() == MAIL


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--add-ignore=a\nb",), "a reason is one line of text"),
        (("--add-ignore", "--fix"), "--add-ignore does not go with --fix"),
        (("--add-ignore", "--diff"), "--add-ignore does not go with --fix"),
    ],
)
def test_add_ignore_misused(shop: Path, txlint: Txlint, words: tuple[str, ...], told: str) -> None:
    done = txlint(*words)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


# unused comments


def test_fix_removes_unused_comments(shop: Path, txlint: Txlint) -> None:
    mail, views = shop / "shop" / "mail.py", shop / "shop" / "views.py"
    mail.write_text(MAIL.replace("})\n", "})  # txlint: ignore[TX103] so\n"))
    views.write_text(VIEWS.replace("order.save()", "order.save()  # noqa  # txlint: ignore[TX101] why", 1))
    assert txlint().code == 1
    diff = txlint("--diff")
    assert diff.code == 1
    assert "-    order.save()  # noqa  # txlint: ignore[TX101] why\n+    order.save()  # noqa\n" in diff.out
    assert "shop/views.py: would remove 1 unused ignore comment" in diff.err
    done = txlint("--fix")
    assert done.code == 0
    assert "shop/views.py: removed 1 unused ignore comment\n" in done.out
    assert views.read_text() == VIEWS.replace("order.save()", "order.save()  # noqa", 1)
    assert mail.read_text().endswith("ignore[TX103] so\n"), "a comment that does something stays"


def test_with_rewrites_in_the_same_file(shop: Path, txlint: Txlint) -> None:
    path = shop / "shop" / "tasks.py"
    path.write_text(
        "from celery import shared_task\nfrom django.db import transaction\n\n\n@shared_task\ndef receipt(pk):\n    pass\n\n\n"
        "@transaction.atomic\ndef place(order):\n    order.save()  # txlint: ignore\n    receipt.delay(order.pk)\n"
    )
    txlint("--fix", "shop/tasks.py")
    assert "on_commit" in path.read_text()
    assert "ignore" not in path.read_text()


def test_a_comment_that_another_threshold_needs_stays(shop: Path, txlint: Txlint) -> None:
    """What is reported with less confidence is ignored by a comment that a stricter run must not take away."""
    (shop / "shop" / "mail.py").unlink()
    effect = '[[effect]]\nname = "acme.notify"\nkind = "mail"\nwhy = "sent at once"\nconfidence = "possible"\n'
    (shop / "txlint.toml").write_text(effect)
    views = shop / "shop" / "views.py"
    views.write_text(VIEWS.replace("shop.mail", "acme").replace("notify(order)", "notify(order)  # txlint: ignore[TX102] so"))
    before = views.read_text()
    assert txlint("--min-confidence", "possible", "--fix").code == 0
    assert txlint("--min-confidence", "certain", "--fix").code == 0
    assert views.read_text() == before
