"""Bad input, end to end: one clear line for what is wrong, everything else analysed, the exit codes of the contract, never a trace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

GOOD = """\
import requests
from django.db import transaction


@transaction.atomic
def pay(order):
    requests.post("https://pay.example")
"""
HEAD = "import requests\nfrom django.db import transaction\n"
TOP = "\n\n@transaction.atomic\ndef top(*args):\n    requests.post('https://x.example')\n"


def run(cwd: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "TXLINT_TRACE": ""} | env
    environment.pop("TXLINT_TRACE")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "txlint", *args],
        cwd=cwd,
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert "internal error" not in done.stderr
    return done


def lines(text: str) -> list[str]:
    return text.splitlines()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"def (:\n", "bad.py:1: error: "),
        (b"x = 1\ny = (\n", "bad.py:2: error: '(' was never closed (TX900)"),
        (b"x = '\xe9'\n", "bad.py:1: error: not valid utf-8: byte 0xe9 (TX900)"),
        (b"# coding: klingon\n", "bad.py:1: error: unknown encoding: klingon (TX900)"),
        (b"x = '\0'\n", "bad.py:1: error: contains a NUL byte (TX900)"),
        ("x = 1\n".encode("utf-16"), "bad.py:1: error: UTF-16 text"),
        (b"x = " + b"(" * 5000 + b")" * 5000, "bad.py:1: error: nested too deeply"),
        (b"x = " + b"not " * 200_000 + b"1\n", "bad.py:1: error: nested too deeply"),
        (b"print 'hello'\n", "bad.py:1: error: Missing parentheses"),
    ],
)
def test_a_file_that_cannot_be_analysed(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "bad.py").write_bytes(content)
    (tmp_path / "good.py").write_text(GOOD)
    done = run(tmp_path, ".", "--output-format", "concise", "-q")
    assert done.returncode == 2
    (line,) = lines(done.stderr)
    assert line.startswith(said)
    (finding,) = lines(done.stdout)
    assert finding.startswith("good.py:7:5: TX103 ")
    document = json.loads(run(tmp_path, ".", "--output-format", "json").stdout)
    assert [each["path"] for each in document["errors"]] == ["bad.py"]
    assert len(document["findings"]) == 1


def test_a_bad_file_that_was_not_given_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "txlint.toml").write_text("")
    (tmp_path / "bad.py").write_text("def (:\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "good.py").write_text(GOOD)
    done = run(tmp_path, "app", "-q")
    assert done.returncode == 1
    assert lines(done.stderr)[0].startswith("bad.py:1: note: ")


def test_a_file_that_is_declared_unreadable_is_only_counted(tmp_path: Path) -> None:
    (tmp_path / "txlint.toml").write_text('per-file-ignores = {"templates/*" = ["TX900"]}\n')
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "bad.py").write_text("{{ name }} = (\n")
    (tmp_path / "good.py").write_text(GOOD)
    done = run(tmp_path, ".", "--output-format", "concise")
    assert (done.returncode, done.stderr) == (1, "")
    assert lines(done.stdout)[-1].startswith("2 files (1 skipped), ")


def test_newer_syntax_names_the_python_to_use(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text("lazy import json\n")
    done = run(tmp_path, ".")
    assert done.returncode == 2
    assert "needs Python 3.15 or newer" in done.stderr
    assert json.loads(run(tmp_path, ".", "--output-format", "json").stdout)["errors"][0]["code"] == "TX900"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = 1\n")
    (tmp_path / "bad.py").chmod(0)
    (tmp_path / "good.py").write_text(GOOD)
    done = run(tmp_path, ".", "-q")
    assert done.returncode == 2
    assert lines(done.stderr) == ["bad.py:1: error: Permission denied (TX900)"]


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "gone.py").symlink_to("nowhere.py")
    (tmp_path / "huge.py").touch()
    os.truncate(tmp_path / "huge.py", 1 << 33)
    (tmp_path / "good.py").write_text(GOOD)
    done = run(tmp_path, ".", "-q")
    assert done.returncode == 2
    assert lines(done.stderr) == [
        "gone.py:1: error: a symbolic link that leads nowhere (TX900)",
        "huge.py:1: note: larger than 1,048,576 bytes (TX900)",
        "pipe.py:1: note: not a regular file (TX900)",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"selct = []\n", "txlint.toml: unknown key 'selct', did you mean 'select'?"),
        (b"select = 3\n", "txlint.toml: select: an array of strings is wanted"),
        (b"select = ['TX999']\n", "unknown rule 'TX999'"),
        (b"select = [\n", "txlint.toml: not valid TOML: "),
        (b"x = '\xff'\n", "txlint.toml: not valid UTF-8: byte 0xff at offset 5"),
        (b"x = " + b"[" * 20_000, "txlint.toml: nested too deeply"),
        (b"[[effect]]\nname = 'a.b'\nkind = 'mial'\n", "txlint.toml"),
        (b"[[effect]]\nnmae = 'a.b'\n", "txlint.toml"),
    ],
)
def test_a_malformed_configuration(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "txlint.toml").write_bytes(content)
    (tmp_path / "good.py").write_text(GOOD)
    done = run(tmp_path, ".")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = lines(done.stderr)
    assert said in line


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("gone",), "no such file or folder: gone"),
        (("--unknown",), "No such option"),
        (("--select", "TX9999"), "unknown rule 'TX9999'"),
        (("--output-format", "xml"), "'xml' is not one of"),
        (("--config", "gone.toml"), "gone.toml: not a regular file"),
        (("explain", "nonsense"), "unknown rule 'nonsense'"),
        (("why", "good.py"), "PATH:LINE is wanted"),
        (("--jobs", "many"), "'many' is not a valid integer"),
    ],
)
def test_unknown_options_and_paths(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    done = run(tmp_path, *args)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = lines(done.stderr)
    assert line.startswith("txlint: error: ")
    assert said in line


def test_a_folder_without_python(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run(tmp_path, "empty", "-q")
    assert (done.returncode, lines(done.stderr)) == (2, ["empty:1: error: no Python file under this path (TX900)"])


def test_a_test_that_was_given(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_pay.py").write_text(GOOD)
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "txlint.toml").write_text("")
    done = run(tmp_path, "tests/test_pay.py", "-q")
    assert done.returncode == 0
    assert lines(done.stderr) == [
        "tests/test_pay.py:1: note: left out because it is a test: --include-tests looks at tests as well (TX900)"
    ]
    assert run(tmp_path, "tests/test_pay.py", "-q", "--include-tests").returncode == 1
    assert run(tmp_path, ".", "-q").stderr == "", "tests among other files are only counted"


@pytest.mark.parametrize(
    "name", ["a\n::error file=z.py::FORGED\nb.py", "\x1b]0;PWNED\x07x.py", "\u202ecod.py", "caf\udce9.py", "-x.py", "'\"<b>.py"]
)
@pytest.mark.parametrize("output", ["text", "concise", "json", "github", "gitlab", "pylint"])
def test_hostile_names(tmp_path: Path, name: str, output: str) -> None:
    try:
        (tmp_path / name).write_text(GOOD)
        (tmp_path / f"bad{name}").write_text("def (:\n")
    except OSError:
        pytest.skip("the file system has no such names")
    done = run(tmp_path, ".", "--output-format", output)
    assert done.returncode == 2
    printed = done.stdout + done.stderr
    assert not {"\x1b", "\u202e", "\x07"} & set(printed)
    assert "\n::error file=z.py" not in printed
    assert len(lines(done.stderr)) == 1
    if output == "json":
        assert len(json.loads(done.stdout)["findings"]) == 1


DEEP = {
    "calls": "".join(f"def f{i}(x):\n    return f{i + 1}(x)\n" for i in range(1500)) + "def f1500(x):\n    top()\n",
    "names": "n0 = requests\n" + "".join(f"n{i + 1} = n{i}\n" for i in range(20_000)) + "def g():\n    n20000.get('u')\n",
    "tuples": "n0 = requests\n" + "".join(f"n{i + 1} = (n{i},)\n" for i in range(20_000)) + "def g(x):\n    return x, n20000\ng(1)\n",
    "classes": "class C0: pass\n" + "".join(f"class C{i + 1}(C{i}): pass\n" for i in range(800)) + "def g():\n    C800().go()\n",
    "lambdas": "g = " + "lambda: " * 180 + "requests.get('u')\n",
    "returns": "def r0(): return requests\n" + "".join(f"def r{i + 1}(): return r{i}()\n" for i in range(1000)) + "r1000().get('u')\n",
    "arguments": "def g(f):\n    f(" * 1 + "g(" * 90 + "1" + ")" * 91 + "\n",
    "decorators": "def d(f):\n    return f\n" + "@d\n" * 500 + "def g():\n    requests.get('u')\n",
}


@pytest.mark.parametrize("name", sorted(DEEP))
def test_deep_programs(tmp_path: Path, name: str) -> None:
    """What no stack can hold is left out with a line; the rest is found."""
    (tmp_path / "app.py").write_text(HEAD + DEEP[name] + TOP)
    done = run(tmp_path, ".", "--output-format", "json")
    assert done.returncode in (1, 2), done.stderr
    assert all("nested too deeply" in line for line in lines(done.stderr))
    assert len(json.loads(done.stdout)["findings"]) >= 1


def test_a_long_chain_of_imports(tmp_path: Path) -> None:
    (tmp_path / "m0.py").write_text("import requests\n\n\ndef send():\n    requests.post('u')\n")
    for number in range(1500):
        (tmp_path / f"m{number + 1}.py").write_text(f"from m{number} import send\n")
    (tmp_path / "app.py").write_text(HEAD + "from m1500 import send\n\n\n@transaction.atomic\ndef top():\n    send()\n")
    done = run(tmp_path, ".", "--output-format", "concise", "-q")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("TX103") == 1
