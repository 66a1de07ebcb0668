"""What linking made of facts, kept until the facts say something else: the same answer with it as without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from tests.files import put
from txlint import api
from txlint.cache import linked
from txlint.cache.facts import FactsCache, open_cache
from txlint.cache.folder import NAME
from txlint.config import Config
from txlint.lower import lower_source
from txlint.model.facts import FileFacts
from txlint.model.finding import Report
from txlint.model.kinds import Confidence

VIEWS = '''"""Views."""

from django.db import transaction
from shop.mail import notify


@transaction.atomic
def pay(order):
    """Pays."""
    order.save()
    notify(order)


def twice(order):
    with transaction.atomic():
        for each in order:
            notify(each)
'''
MAIL = """import requests


def notify(order, url="https://mail.example"):
    requests.post(url, json={"order": order.pk})
    again = [requests.post(url)]
    return again[0]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that was written an hour ago, as the working directory."""
    root = tmp_path / "project"
    (root / "shop").mkdir(parents=True)
    (root / "manage.py").write_text("")
    (root / "requirements.txt").write_text("django==5.2\n")
    for name, text in {"__init__": "", "views": VIEWS, "mail": MAIL}.items():
        put(root / "shop" / f"{name}.py", text)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for each time that something is linked from now on."""
    times: list[int] = []
    link = api.link

    def noted(*args: Any, **options: Any) -> Any:
        times.append(1)
        return link(*args, **options)

    monkeypatch.setattr(api, "link", noted)
    return times


def run(cache: FactsCache | None = None, **config: Any) -> Report:
    return api.check((), Config(min_confidence=Confidence.POSSIBLE, **config), cache=cache)


def kept(**config: Any) -> Report:
    return run(open_cache(NAME, str(Path.cwd())), **config)


def test_nothing_is_linked_twice(project: Path, links: list[int]) -> None:
    first = kept()
    assert first.findings and links == [1]
    assert kept() == first == run()
    assert links == [1, 1]


MOVING = {
    "a comment on top": lambda text: "# shop\n\n" + text,
    "a comment at the end": lambda text: text + "# the end\n",
    "empty lines": lambda text: text.replace("\n\n\n", "\n\n\n\n\n"),
    "another docstring": lambda text: text.replace('"""Pays."""', '"""Pays\n\n    for an order."""'),
    "a comment behind a line": lambda text: text.replace("order.save()", "order.save()  # first"),
    "a comment between": lambda text: text.replace("    return again", "    # once more\n    return again"),
}


@pytest.mark.parametrize("edit", MOVING.values(), ids=list(MOVING))
def test_what_moves_only_is_not_linked(project: Path, links: list[int], edit: Callable[[str], str]) -> None:
    kept()
    for name, text in {"views": VIEWS, "mail": MAIL}.items():
        put(project / "shop" / f"{name}.py", edit(text))
    again = kept()
    assert links == [1]
    assert again == run()
    assert kept() == again, "what has moved is kept as it is now"
    for name, text in {"views": VIEWS, "mail": MAIL}.items():
        put(project / "shop" / f"{name}.py", edit(edit(text)))
    assert kept() == run()
    assert links == [1, 1, 1]


CHANGING = {
    "another constant": lambda text: text.replace("https://mail.example", "https://post.example"),
    "a call less": lambda text: text.replace("    notify(order)\n", ""),
    "a function more": lambda text: text + "\n\ndef more():\n    return 1\n",
    "another column": lambda text: text.replace("requests.post(url, json", "requests.post( url, json").replace(
        "notify(order)", "notify( order)"
    ),
    "an ignore comment": lambda text: text.replace("    notify(order)\n", "    notify(order)  # txlint: ignore\n"),
    "no decorator": lambda text: text.replace("@transaction.atomic\n", ""),
}


@pytest.mark.parametrize("edit", CHANGING.values(), ids=list(CHANGING))
def test_what_says_something_else_is_linked(project: Path, links: list[int], edit: Callable[[str], str]) -> None:
    kept()
    for name, text in {"views": VIEWS, "mail": MAIL}.items():
        put(project / "shop" / f"{name}.py", edit(text))
    assert kept() == run()
    assert links == [1, 1, 1]


def test_a_lambda_is_called_by_its_line(project: Path, links: list[int]) -> None:
    named = VIEWS.replace("    notify(order)\n", "    later = lambda: notify(order)\n    later()\n", 1)
    put(project / "shop" / "views.py", named)
    kept()
    put(project / "shop" / "views.py", "# shop\n" + named)
    put(project / "shop" / "__init__.py", "# shop\n")
    assert kept() == run()
    assert links == [1, 1, 1]


def test_a_file_more_or_less(project: Path, links: list[int]) -> None:
    kept()
    put(project / "shop" / "more.py", MAIL)
    assert kept() == run()
    (project / "shop" / "more.py").unlink()
    assert kept() == run()
    assert len(links) == 5


def test_other_files_that_it_rests_on(project: Path, links: list[int]) -> None:
    kept()
    (project / "requirements.txt").write_text("django==4.2\n")
    assert kept() == run()
    assert kept(atomic_requests=True) == run(atomic_requests=True)
    assert len(links) in (4, 5), "a lock file is asked for where an entry depends on a version"


def test_thresholds_and_selections_do_not_matter(project: Path, links: list[int]) -> None:
    kept()
    assert kept(select=("TX103",)).findings
    assert not kept(ignore=("TX103",)).findings
    assert links == [1]


def test_whoever_needs_the_program_gets_it(project: Path, links: list[int]) -> None:
    kept()
    cache = open_cache(NAME, str(project))
    report = api.check((), Config(min_confidence=Confidence.POSSIBLE), cache=cache, unresolved=True, suggestions=None)
    assert links == [1, 1] and all(finding.fix.applicability is not None for finding in report.findings)


DAMAGE = {
    "another seal": lambda data: b"\0" * 32 + data[32:],
    "cut off": lambda data: data[:-1],
    "a bit": lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
    "nothing": lambda data: b"",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_what_is_not_ours_is_not_read(project: Path, links: list[int], damage: Callable[[bytes], bytes]) -> None:
    kept()
    (stored,) = (project / NAME).glob("*.linked")
    stored.write_bytes(damage(stored.read_bytes()))
    assert kept() == run()
    assert links == [1, 1, 1]


def test_what_is_too_large_is_not_kept(project: Path, links: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linked, "_LEAST", 0)
    monkeypatch.setattr(linked, "_MOST_PER_LINE", 0)
    kept()
    assert not list((project / NAME).glob("*.linked"))
    assert kept() == run()


def facts(text: str) -> FileFacts:
    found = lower_source(text.encode(), "a.py", "a", False)
    assert isinstance(found, FileFacts)
    return found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x = 1\n", "x = 1.0\n"),
        ("x = 1\n", "x = True\n"),
        ("x = 0.0\n", "x = -0.0\n"),
        ("x = 'a'\n", "x = b'a'\n"),
        ("x = (1, 2, 3, 4)\n", "x = (1, 2, 3, 5)\n"),
        ("if a:\n    b()\n", "if a:\n     b()\n"),
        ("class A:\n def f(self): self.expr = 1\n def g(self): pass\n", "class A:\n def g(self): pass\n def f(self): self.expr = 1\n"),
        ("def f(): pass\ndef g(): pass\n", "def g(): pass\ndef f(): pass\n"),
        ("f(x,\n  y)\n", "f(x, y)\n"),
        ("import a\nimport b\n", "import b\nimport a\n"),
    ],
)  # fmt: skip
def test_facts_that_differ(old: str, new: str) -> None:
    assert linked.moved(facts(old), facts(new)) is None


def test_where_lines_are_now() -> None:
    old = "import a\n\ndef f(x):\n    with a.b(x) as y:\n        return [y]\n"
    assert linked.moved(facts(old), facts("# first\n" + old.replace("        return", "\n        # so\n        return"))) == {
        1: 2, 3: 4, 4: 5, 5: 8,
    }  # fmt: skip


def test_there_is_a_word_for_all_that_is_kept() -> None:
    found: set[type] = set()
    waiting: list[Any] = [linked.Linked]
    while waiting:
        at = waiting.pop()
        waiting.extend(get_args(at))
        if isinstance(at, type) and (is_dataclass(at) or issubclass(at, tuple)) and at not in found and at is not tuple:
            found.add(at)
            waiting.extend(get_type_hints(at).values())
    assert found - {linked.Linked} <= set(linked._KINDS)


def test_more_ways_than_are_shown(project: Path, links: list[int]) -> None:
    text = "from django.db import transaction\nfrom shop.mail import notify\n\n"
    text += "".join(f"@transaction.atomic\ndef pay_{number}(order):\n    notify(order)\n\n" for number in range(130))
    put(project / "shop" / "payments.py", text)
    first = kept()
    assert any(finding.omitted for finding in first.findings)
    put(project / "shop" / "payments.py", f"# one more line\n{text}")
    again = kept()
    assert len(links) == 1 and len(again.findings) == len(first.findings)
