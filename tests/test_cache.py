"""What is kept of a run: the same answer with it as without it, whatever has become of it, and nothing lowered twice."""

from __future__ import annotations

import errno
import importlib
import marshal
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.files import HOUR, put
from txlint import api, pool
from txlint.cache import facts, folder
from txlint.cache.facts import FactsCache, open_cache
from txlint.cache.folder import NAME, Unusable
from txlint.config import Config
from txlint.model.facts import FileFacts
from txlint.model.finding import Report
from txlint.model.kinds import Confidence

ROOT = Path(__file__).resolve().parents[1]
VIEWS = """from django.db import transaction
from shop.mail import notify


@transaction.atomic
def pay(order):
    order.save()
    notify(order)
"""
MAIL = """import requests


def notify(order):
    requests.post("https://mail.example", json={"order": order.pk})
"""
needs_owners = pytest.mark.skipif(os.name == "nt", reason="no owners and permissions there")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that was written an hour ago, as the working directory."""
    root = tmp_path / "project"
    (root / "shop").mkdir(parents=True)
    (root / "manage.py").write_text("")
    for name, text in {"__init__": "", "views": VIEWS, "mail": MAIL, "broken": "def (:\n", "also_empty": ""}.items():
        put(root / "shop" / f"{name}.py", text)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def lowered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that are lowered from now on."""
    paths: list[str] = []
    lower_source = pool.lower_source

    def noted(data: bytes, path: str, module: str, is_package: bool) -> Any:
        paths.append(path)
        return lower_source(data, path, module, is_package)

    monkeypatch.setattr(pool, "lower_source", noted)
    # Status times cannot be set back, so what the test has just written would not be believed to be settled.
    monkeypatch.setattr(importlib.import_module("txlint.discover.read"), "_GRANULE", -HOUR * 10**9)
    return paths


def cached(path: Path | None = None) -> FactsCache:
    return open_cache(str(path or Path(NAME)), os.getcwd())  # noqa: PTH109


def run(cache: FactsCache | None = None) -> Report:
    return api.check(["."], Config(jobs=1, select=("ALL",)), cache=cache)


def kept(kind: str) -> Path:
    """The only file of this kind."""
    (path,) = Path(NAME).glob(f"*.{kind}")
    return path


def test_nothing_is_lowered_twice(project: Path, lowered: list[str]) -> None:
    cold = run()
    assert len(cold.findings) == 1
    assert run(cached()) == cold
    lowered.clear()
    assert run(cached()) == cold
    assert lowered == []
    put(project / "shop" / "mail.py", MAIL.replace("/mail", "/post"))
    assert run(cached()) == run()
    assert lowered.count("shop/mail.py") == 2
    assert lowered.count("shop/views.py") == 1


def test_bytes_that_are_known_are_not_lowered_under_another_name(project: Path, lowered: list[str]) -> None:
    run(cached())
    (project / "shop" / "mail.py").rename(project / "shop" / "post.py")
    put(project / "shop" / "views.py", VIEWS.replace("shop.mail", "shop.post"))
    lowered.clear()
    with_cache = run(cached())
    assert lowered == ["shop/views.py"]
    assert with_cache == run()
    assert with_cache.findings[0].place.path == "shop/post.py"


def test_a_file_that_was_just_written_is_read_again(project: Path) -> None:
    first = run(cached())
    path = project / "shop" / "mail.py"
    before = path.stat()
    path.write_text(MAIL.replace("requests.post", "requests.head"))  # of the same size, and soon of the same time
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run(cached()) == run() != first


def test_a_change_that_hides_its_time_is_seen(project: Path, lowered: list[str]) -> None:
    run(cached())
    path = project / "shop" / "mail.py"
    before = path.stat()
    path.write_text(MAIL.replace("requests.post", "requests.head"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run(cached()) == run()


def test_options_and_the_catalog_lower_nothing(project: Path, lowered: list[str]) -> None:
    run(cached())
    lowered.clear()
    own = {"effect": [{"name": "requests.post", "kind": "mail", "why": "it sends"}]}
    config = Config(jobs=1, select=("TX102",), min_confidence=Confidence.POSSIBLE, tables=own)
    found = api.check(["."], config, cache=cached())
    assert lowered == []
    assert found == api.check(["."], config)
    assert found.findings != run().findings


def test_several_processes_fill_it_as_one_does(project: Path, lowered: list[str]) -> None:
    config = Config(jobs=2, select=("ALL",))
    cold = run()
    lowered.clear()
    assert api.check(["."], config, cache=cached()) == cold
    assert api.check(["."], config, cache=cached()) == cold
    assert run(cached()) == cold
    assert lowered == []


def test_the_folder(project: Path) -> None:
    run(cached())
    assert Path(NAME, "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")
    assert Path(NAME, ".gitignore").read_text().splitlines()[-1] == "*"
    if os.name != "nt":
        assert {path.stat().st_mode & 0o077 for path in (Path(NAME), *Path(NAME).iterdir())} == {0}
    assert len(list(Path(NAME).iterdir())) == 5  # two of its own, index, facts, what was linked


@needs_owners
def test_a_folder_that_others_may_enter_is_closed(project: Path) -> None:
    run(cached())
    Path(NAME).chmod(0o777)
    run(cached())
    assert Path(NAME).stat().st_mode & 0o777 == 0o700


def test_what_is_not_used_any_more_goes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_LEAST", 0)
    monkeypatch.setattr(facts, "_ABOUT_PER_FILE", 0)
    monkeypatch.setattr(facts, "MOST_PER_LINE", 10_000)
    for i in range(20):
        put(project / f"more{i}.py", f"def f(x):\n    return g{i}(x)\n" * 20)
    run(cached())
    before, name = kept("facts").stat().st_size, kept("facts").name
    for i in range(20):
        (project / f"more{i}.py").unlink()
    run(cached())
    assert kept("facts").name == name  # small enough to be left alone
    monkeypatch.setattr(facts, "MOST_PER_LINE", 60)
    run(cached())
    assert kept("facts").stat().st_size < before / 4


def test_what_others_have_left_goes_in_the_end(project: Path) -> None:
    run(cached())
    for name, days in (("0123.cpython-39.index", 40), ("4567.cpython-314.facts", 3)):
        path = Path(NAME, name)
        path.write_bytes(b"...")
        os.utime(path, (time.time() - days * 24 * HOUR,) * 2)
    put(project / "shop" / "mail.py", MAIL + "\n")
    run(cached())
    assert [path.name for path in Path(NAME).glob("*.cpython-3[19]*") if path.stat().st_size == 3] == ["4567.cpython-314.facts"]


def test_facts_that_would_be_too_large_are_packed(project: Path, lowered: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_LEAST", 0)
    put(project / "dense.py", "x = f(a, b, c, d, e, g(h), i(j), k(l), m(n))\n" * 200)
    lines = 200 + VIEWS.count("\n") + MAIL.count("\n") + 3
    cold = run(cached())
    assert kept("facts").stat().st_size + kept("index").stat().st_size < facts.MOST_PER_LINE * lines
    lowered.clear()
    assert run(cached()) == cold
    assert lowered == []
    put(project / "shop" / "mail.py", MAIL + "\n")
    run(cached())
    assert lowered == ["shop/mail.py"]


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    path.unlink()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "cut off":
        path.write_bytes(data[: len(data) // 2])
    elif how == "one byte short":
        path.write_bytes(data[:-1])
    elif how == "longer":
        path.write_bytes(data * 2)
    elif how == "a folder":
        path.mkdir()
    elif how == "a link":
        elsewhere = path.parent.parent / "elsewhere"
        elsewhere.write_bytes(data)
        path.symlink_to(elsewhere)
    elif how == "a pipe":
        os.mkfifo(path)
    elif how == "other text":
        path.write_bytes(b"import os\n" * 40)
    else:
        assert how == "gone"


HOWS = ["empty", "cut off", "one byte short", "longer", "a folder", "a link", "other text", "gone"]


@pytest.mark.parametrize("how", HOWS if os.name == "nt" else [*HOWS, "a pipe"])
@pytest.mark.parametrize("kind", ["index", "facts"])
def test_a_damaged_file_is_as_none(project: Path, kind: str, how: str, lowered: list[str]) -> None:
    cold = run(cached())
    damage(kept(kind), how)
    assert run(cached()) == cold
    lowered.clear()
    assert run(cached()) == cold
    if (kind, how) != ("index", "a folder"):  # that stays in the way
        assert lowered == []
    if how == "a link":
        assert not kept(kind).is_symlink()


@pytest.mark.parametrize("kind", ["index", "facts"])
def test_each_bit_counts(project: Path, kind: str) -> None:
    cold = run(cached())
    whole = kept(kind).read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 40)):
        path = kept(kind)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert run(cached()) == cold, at
        shutil.rmtree(NAME)
        run(cached())
        whole = kept(kind).read_bytes()


def test_nothing_is_decoded_that_is_not_sealed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that came with the project is as good as none: neither are its bytes decoded, nor is its answer believed."""
    cold = run()
    monkeypatch.setenv("XDG_STATE_HOME", str(project.parent / "attacker"))
    mail = project / "shop" / "mail.py"
    put(mail, "def notify(order): pass\n")
    assert run(cached()).findings == ()
    planted = facts.marshal.loads(folder.read_sealed(cached().folder, kept("index").name) or b"")
    put(mail, MAIL)
    shop = mail.stat()
    planted[2]["shop/mail.py"] = ((shop.st_size, shop.st_mtime_ns, shop.st_ctime_ns, shop.st_ino), *planted[2]["shop/mail.py"][1:])
    folder.write_sealed(cached().folder, kept("index").name, marshal.dumps(planted))
    assert run(cached()).findings == ()  # where it was made it would be believed
    monkeypatch.undo()
    monkeypatch.chdir(project)
    decoded: list[bytes] = []
    loads = marshal.loads
    monkeypatch.setattr(facts.marshal, "loads", lambda data: decoded.append(data) or loads(data))
    stolen = cached()
    assert (decoded, stolen.known) == ([], {})
    assert run(stolen) == cold


def test_facts_of_other_bytes_do_not_fit(project: Path) -> None:
    """The seal is that of these facts for these bytes: sealed pieces cannot be put together in another order."""
    cold = run(cached())
    index = cached()
    a, b = index.known["shop/mail.py"], index.known["shop/views.py"]
    index.known["shop/mail.py"] = index.digests[a.digest] = a._replace(offset=b.offset, length=b.length, tag=b.tag)
    assert run(index) == cold


def test_another_build_of_txlint_starts_anew(project: Path, lowered: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cold = run(cached())
    monkeypatch.setattr(facts, "__version__", "99.0")
    lowered.clear()
    assert run(cached()) == cold
    assert "shop/mail.py" in lowered
    lowered.clear()
    run(cached())
    assert lowered == []
    assert kept("index")


def test_a_folder_of_somebody_else_is_left_alone(project: Path) -> None:
    other = project / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("...")
    with pytest.raises(Unusable, match="holds other files"):
        cached(other)
    assert [path.name for path in other.iterdir()] == ["chapter.txt"]


def test_a_link_or_a_file_in_its_place(project: Path) -> None:
    target = project.parent / "target"
    target.mkdir()
    Path(NAME).symlink_to(target)
    with pytest.raises(Unusable, match="not a folder"):
        cached()
    assert list(target.iterdir()) == []
    Path(NAME).unlink()
    Path(NAME).write_text("")
    with pytest.raises(Unusable, match="not a folder"):
        cached()


@needs_owners
def test_a_folder_or_a_key_of_another_user(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(cached())
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(Unusable, match="belongs to another user"):
        cached()
    shutil.rmtree(NAME)
    monkeypatch.setattr(folder, "_require_ours", lambda path, make: None)
    with pytest.raises(Unusable, match="only you can read"):
        cached()


@needs_owners
def test_a_key_that_others_may_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(project.parent / "state"))
    cached()
    key = project.parent / "state" / "txlint" / "cache-key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) == 32
    key.chmod(0o644)
    with pytest.raises(Unusable, match="only you can read"):
        cached()


@pytest.mark.parametrize("reason", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_where_nothing_can_be_written(project: Path, reason: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cold = run(cached())
    put(project / "shop" / "mail.py", MAIL + "\n")
    real: Callable[..., int] = os.open

    def refuse(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & os.O_WRONLY:
            raise OSError(reason, os.strerror(reason), path)
        return real(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refuse)
    cache = cached()
    assert run(cache).findings == cold.findings
    assert cache.note
    assert os.strerror(reason) in cache.note
    shutil.rmtree(NAME)
    with pytest.raises(Unusable, match=os.strerror(reason)):
        cached()


def txlint(cwd: Path, *args: str, patch: str = "") -> subprocess.Popen[bytes]:
    """A run in a process of its own, with ``patch`` executed first."""
    code = f"{patch}\nimport sys\nfrom txlint.cli import main\nsys.exit(main(sys.argv[1:]))"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-c", code, *args]
    return subprocess.Popen(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def outcome(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes, int]:
    return (*process.communicate(timeout=120), process.returncode)


def test_runs_at_the_same_time(project: Path) -> None:
    expected = outcome(txlint(project, ".", "--no-cache"))
    assert expected[2] == 2, expected
    assert not Path(NAME).exists()
    together = [txlint(project, ".") for _ in range(4)]
    assert {outcome(process) for process in together} == {expected}
    assert outcome(txlint(project, ".")) == expected
    assert not list(Path(NAME).glob("*.new"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal there")
@pytest.mark.parametrize("at", ["facts", "index", "TAG"])
def test_killed_while_it_keeps(project: Path, at: str) -> None:
    expected = outcome(txlint(project, ".", "--no-cache"))
    kill = (
        "import os, signal\nreplace = os.replace\n"
        f"def killed(a, b):\n    if b.endswith({at!r}): os.kill(os.getpid(), signal.SIGKILL)\n    replace(a, b)\n"
        "os.replace = killed"
    )
    assert outcome(txlint(project, ".", patch=kill))[2] == -signal.SIGKILL
    assert outcome(txlint(project, ".")) == expected
    assert outcome(txlint(project, ".")) == expected
    left = [*Path(NAME).glob("*.new"), *(path for path in Path(NAME).glob("*.facts"))]
    for path in left:
        os.utime(path, (time.time() - 2 * HOUR,) * 2)
    put(project / "shop" / "mail.py", MAIL + "\n\n")
    run(cached())
    assert not list(Path(NAME).glob("*.new"))
    assert kept("facts")


def test_the_command_line(project: Path) -> None:
    expected = outcome(txlint(project, ".", "--no-cache"))
    assert not Path(NAME).exists()
    assert outcome(txlint(project, ".", "--cache-dir", "../kept/here")) == expected
    assert not Path(NAME).exists()
    assert list((project.parent / "kept" / "here").glob("*.index"))
    Path(NAME).write_text("")
    out, err, code = outcome(txlint(project, "."))
    assert (out, code) == (expected[0], expected[2])
    assert err.decode().splitlines()[0] == f"txlint: without a cache: {project / NAME}: not a folder"
    assert err.decode().splitlines()[1:] == expected[1].decode().splitlines()


def test_facts_are_those_of_their_file(project: Path) -> None:
    """Two files of the same bytes share their facts, but not their names."""
    run(cached())
    cache = cached()
    discovery = api.discover(["."], Config(), str(project))
    found = {file.display: pool.load([file], cache=cache)[0] for file in discovery.files}
    for display, (read, *_) in ((display, each) for display, each in found.items() if each):
        assert isinstance(read, FileFacts)
        assert read.path == display
    assert found["shop/__init__.py"][0].is_package
    assert not found["shop/also_empty.py"][0].is_package
