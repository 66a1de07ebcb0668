"""`txlint facts` and `txlint link`: the same report from facts of separate steps, and one line where they are not the right ones."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from txlint.cli import main
from txlint.lower import lower_source
from txlint.lower.exchange import from_text, to_text
from txlint.model.facts import FileFacts, Unreadable

ROOT = Path(__file__).parents[1]
SHOP = ROOT / "fixtures" / "shop"
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
NAMES = ("p.py", "p", False)


# facts as text


def back(source: bytes) -> FileFacts | Unreadable:
    """The facts of a source, sent and received; they are the same to the kind of each number."""
    facts = lower_source(source, *NAMES)
    text = to_text(facts)
    received = from_text(text, NAMES)
    assert received == facts
    assert to_text(received) == text
    assert text.isascii()
    assert "\n" not in text
    return received


VALUES = [
    "1e999",
    "1e999j",
    "0.1",
    "5e-324",
    "3j",
    "...",
    "None",
    "True",
    "1",
    "1.0",
    "'\\ud800é\\x00'",
    "b'\\xff'",
    "2**64",
    str(2**70),
    "1_0",
]


@pytest.mark.parametrize("value", [*VALUES, "0x" + "f" * 5_000, "9" * 20_000])
def test_every_value_survives(value: str) -> None:
    facts = back(f"x = f({value})\n".encode())
    assert isinstance(facts, FileFacts)
    ((_, _, (_, _, (argument,), _, _), _),) = facts.body
    if argument[0] == "const":
        assert repr(argument[1]) == repr(ast.literal_eval(value)) if len(value) < 4_000 else argument[1] == lowered(value)


def lowered(value: str) -> Any:
    facts = lower_source(f"x = {value}\n".encode(), *NAMES)
    assert isinstance(facts, FileFacts)
    return facts.body[0][2][1]


@pytest.mark.parametrize("source", [b"def f(:\n", b"", b"x = " + b"-" * 600 + b"1\n", b"x = " + b"(" * 90 + b"1" + b",)" * 90, b"# \xff\n"])
def test_what_is_odd_survives(source: bytes) -> None:
    back(source)


@pytest.mark.parametrize("module", ["typing", "asyncio.base_events", "argparse", "turtle", "test.test_grammar", "test.test_fstring"])
def test_real_files_survive(module: str) -> None:
    try:
        file = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        file = None
    if file is None or file.origin is None:
        pytest.skip("this Python came without its tests")
    back(Path(file.origin).read_bytes())


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "[1,2,3,4]", "7", '[{"set":[[]]}]', '[{"run":1}]', '[1,[],[[]],[],[],[],[],{"set":[]}]', "[" * 99_999]
)
def test_what_are_no_facts(text: str) -> None:
    with pytest.raises((ValueError, TypeError, RecursionError)):
        from_text(text, NAMES)


# the commands


def run(*words: str, capfd: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(list(words))
    out, err = capfd.readouterr()
    return code, out, err


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    shutil.copytree(SHOP, folder / "shop", ignore=shutil.ignore_patterns("__pycache__", ".txlint_cache"))
    (folder / "shop" / "broken.py").write_text("def f(:\n")
    (folder / "txlint.toml").touch()
    monkeypatch.chdir(folder)
    return folder


OPTIONS = [
    (),
    ("--output-format", "json"),
    ("--select", "ALL", "--output-format", "sarif"),
    ("--output-format", "json", "--suggest"),
    ("--include-tests", "-q"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_link_says_what_check_says(shop: Path, options: tuple[str, ...], capfd: pytest.CaptureFixture[str]) -> None:
    parts = sorted(str(path.relative_to(shop)) for path in (shop / "shop").iterdir())
    for n, part in enumerate((parts[:3], parts[3:])):
        assert run("facts", *part, "-o", f"{n}.facts", capfd=capfd) == (0, "", "")
    checked = run("check", "shop", "--no-cache", *options, capfd=capfd)
    assert run("link", "1.facts", "0.facts", "--path", "shop", *options, capfd=capfd) == checked
    assert checked[1]


def test_link_says_it_of_a_large_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    facts = str(tmp_path / "all.facts")
    assert run("facts", "fixtures", "tests", "txlint", "docs", "bench", "-o", facts, capfd=capfd)[0] == 0
    options = ("--output-format", "json", "--select", "ALL", "--min-confidence", "possible")
    checked = run("check", "fixtures", "--no-cache", *options, capfd=capfd)
    assert run("link", facts, "--path", "fixtures", *options, capfd=capfd) == checked
    assert json.loads(checked[1])["summary"]["findings"] > 100


def test_facts_depend_on_bytes_only(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    files = sorted(str(path) for path in Path("shop").rglob("*.py"))
    first = run("facts", *files, "--jobs", "1", capfd=capfd)
    assert first[0] == 0
    assert str(tmp_path) not in first[1]
    elsewhere = tmp_path / "else" / "where"
    shutil.copytree(shop / "shop", elsewhere)
    (elsewhere / "again.py").write_bytes((elsewhere / "broken.py").read_bytes())
    monkeypatch.chdir(elsewhere)
    assert run("facts", ".", "--executor", "concurrent.futures:ThreadPoolExecutor", capfd=capfd) == first


def test_lists_of_paths_in_files(shop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("sources.txt").write_text("\n".join(map(str, sorted(Path("shop").rglob("*.py")))))
    Path("facts.txt").write_text("all.facts\n")
    assert run("facts", "@sources.txt", "-o", "all.facts", capfd=capfd) == (0, "", "")
    assert run("link", "@facts.txt", "--path", "shop", capfd=capfd) == run("check", "shop", "--no-cache", capfd=capfd)
    assert run("link", "@missing", capfd=capfd) == (2, "", "txlint: error: @missing: cannot be read: No such file or directory\n")


def edited(change: Callable[[bytes], bytes]) -> None:
    path = Path("all.facts")
    path.write_bytes(change(path.read_bytes()))


def resealed(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """A facts file whose lines were changed by somebody who knows how it is made."""

    def make(data: bytes) -> bytes:
        from txlint.cache.index import digest_of

        head, _, rest = data.decode().partition("\n")
        rest = change(rest)
        told = json.loads(head) | {"digest": digest_of(rest.encode()).hex(), "files": rest.count("\n")}
        return f"{json.dumps(told)}\n{rest}".encode()

    return make


WRONG: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off": (lambda data: data[:-40], "all.facts: damaged or cut off"),
    "a line less": (lambda data: data[: data.rindex(b"\n", 0, -1) + 1], "all.facts: damaged or cut off"),
    "one bit": (lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:], "all.facts: damaged or cut off"),
    "empty": (lambda data: b"", "all.facts: not a facts file"),
    "other text": (lambda data: b"hello\n", "all.facts: not a facts file"),
    "other JSON": (lambda data: b"[1]\n", "all.facts: not a facts file"),
    "deep JSON": (lambda data: b"[" * 200_000, "all.facts: not a facts file"),
    "bytes": (lambda data: bytes(range(256)), "all.facts: not a facts file"),
    "another Python": (lambda data: re.sub(rb"python \d.\d+", b"python 3.9", data, count=1), "all.facts: made by txlint "),
    "another format": (lambda data: data.replace(b'facts": 1', b'facts": 99', 1), "all.facts: made by txlint "),
    "other digests": (resealed(lambda rest: rest.replace('["', '["z')), "no facts of it are given"),
    "no facts": (resealed(lambda rest: re.sub(r'",.*\n', '",[1,2]]\n', rest)), "what is given as its facts are none"),
    "no array": (resealed(lambda rest: re.sub(r'",.*\n', '",{"set":[]}]\n', rest)), "what is given as its facts are none"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_facts_are_one_line(shop: Path, case: str, capfd: pytest.CaptureFixture[str]) -> None:
    change, told = WRONG[case]
    assert run("facts", "shop", "-o", "all.facts", capfd=capfd)[0] == 0
    edited(change)
    code, out, err = run("link", "all.facts", "--path", "shop", capfd=capfd)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert "internal" not in err


def test_stale_and_missing_facts(shop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run("facts", "shop", "-o", "all.facts", capfd=capfd)
    with Path("shop/broken.py").open("a") as file:
        file.write("#\n")
    told = "no facts of it are given: its target is missing, or it has changed since; make it again with `txlint facts`"
    assert run("link", "all.facts", "--path", "shop", capfd=capfd) == (2, "", f"txlint: error: shop/broken.py: {told}\n")
    missing = "txlint: error: gone.facts: cannot be read: No such file or directory\n"
    assert run("link", "gone.facts", "--path", "shop", capfd=capfd) == (2, "", missing)


def test_what_has_no_facts(shop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert run("facts", "empty", capfd=capfd) == (2, "", "empty:1: error: no Python file under this path (TX900)\n")
    assert run("facts", "gone.py", capfd=capfd) == (2, "", "txlint: error: no such file or folder: gone.py\n")
    assert run("facts", "shop", "-o", "no/such/folder", capfd=capfd) == (
        2,
        "",
        "txlint: error: no/such/folder: not written: No such file or directory\n",
    )


# the page


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.partition("## Build systems")[2], re.DOTALL)
    return str(found)


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`txlint` on the PATH, which notes what it is asked to do."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "txlint"
    script.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/log\nexec {sys.executable} -P -m txlint "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path / "log"


def steps(log: Path) -> list[str]:
    """What was done since it was asked last."""
    done = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return done


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_does_what_has_changed(shop: Path, tool: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("Makefile").write_text(block("make"))
    sources = len(list(Path("shop").rglob("*.py")))
    assert subprocess.run(["make", "--silent"]).returncode == 2, "a file that cannot be parsed is an error"
    Path("shop/broken.py").write_text("x = 1\n")
    steps(tool)
    subprocess.run(["make", "--silent"], check=True)
    assert steps(tool) == ["facts", "link"]
    capfd.readouterr()
    assert run("check", "shop", "--no-cache", "--output-format", "json", capfd=capfd)[1] == Path("findings.json").read_text()
    subprocess.run(["make", "--silent"], check=True)
    assert steps(tool) == []
    shutil.rmtree(".facts")
    subprocess.run(["make", "--silent"], check=True)
    assert steps(tool) == ["facts"] * sources + ["link"]


def test_bazel_rules_work_in_sandboxes(shop: Path, tool: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The rules as written, run as Bazel does: each in a folder that holds links to what it declared, and nothing else."""
    Path("shop/broken.py").unlink()
    made: dict[str, Path] = {}

    def glob(include: list[str], exclude: list[str] = []) -> list[str]:  # noqa: B006 -- as the page calls it
        left_out = {path for each in exclude for path in shop.glob(f"{each}/*")}
        return sorted(str(path.relative_to(shop)) for each in include for path in shop.glob(each) if path not in left_out)

    def genrule(name: str, srcs: list[str], outs: list[str], cmd: str) -> None:
        sandbox = tmp_path / "sandbox" / name
        for source in srcs:
            target = made[source] if source in made else shop / source
            link = sandbox / (target.name if source in made else source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
        words = {"$(SRCS)": " ".join(srcs), "$@": outs[0], "$$": "$"}
        words |= {f"$(location {each})": made[each].name for each in srcs if each in made}
        for word, meaning in words.items():
            cmd = cmd.replace(word, meaning)
        subprocess.run(["bash", "-e", "-c", cmd], cwd=sandbox, check=True, env={**os.environ, "HOME": "/nonexistent"})
        made[f":{name}"] = sandbox / outs[0]

    exec(block("python"), {"glob": glob, "genrule": genrule})
    assert steps(tool) == ["facts", "facts", "link"]
    capfd.readouterr()
    assert run("check", "shop", "--no-cache", "--output-format", "json", capfd=capfd)[1] == made[":txlint"].read_text()
