"""The command line: short forms, options to configuration, exit codes, one line per mistake, quiet ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

import txlint
from tests.hazards import POSTED, receipt, report
from txlint.api import Stages
from txlint.cli import main
from txlint.cli.options import FORMATS
from txlint.config import Config
from txlint.model.finding import Explanation, Problem, Report, Summary
from txlint.model.kinds import Confidence
from txlint.rules import RULES

ROOT = Path(__file__).resolve().parents[1]
NOTHING = Report((), (), (), Summary(1))


@dataclass
class Api:
    """Stands for ``txlint.api``: gives a report that was made by hand and keeps what it was asked."""

    report: Report = NOTHING
    paths: Sequence[str] = ()
    config: Config = field(default_factory=Config)
    asked: tuple[str, int] = ("", 0)
    fails: BaseException | None = None

    def check(self, paths: Sequence[str], config: Config, *, progress: Callable[[int, int], None] | None = None, **_: object) -> Report:
        self.paths, self.config = paths, config
        if self.fails:
            raise self.fails
        assert progress is not None
        progress(1, 2)
        return self.report

    def why(self, path: str, line: int, config: Config, cache: object) -> Explanation:
        self.asked, self.config = (path, line), config
        return Explanation(path, line, "", note="There is no call on this line.")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Api:
    fake = Api()
    monkeypatch.setattr(txlint, "api", SimpleNamespace(check=fake.check, why=fake.why, Stages=Stages), raising=False)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "TXLINT_TRACE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "shop").mkdir()
    (tmp_path / "a.py").write_text("a = 1\n")
    return fake


def run(*args: str, cwd: Path | None = None, python: Sequence[str] = ("-m", "txlint"), **more: object) -> subprocess.CompletedProcess[str]:
    """txlint in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | more.pop("env", {})  # type: ignore[operator]
    return subprocess.run(
        [sys.executable, *python, *args], cwd=cwd or ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False, **more
    )  # type: ignore[call-overload, no-any-return]


# short forms


@pytest.mark.parametrize(
    ("args", "paths"),
    [
        ((), ()),
        (("shop",), ("shop",)),
        (("check", "shop", "a.py"), ("shop", "a.py")),
        (("--quiet",), ()),
        (("--quiet", "a.py"), ("a.py",)),
        (("--no-cache", "check", "shop"), ("shop",)),
        (("-q", "--select", "TX1", "--jobs=1", "check", "--ignore", "TX109", "shop"), ("shop",)),
        (("--exclude", "check", "shop"), ("shop",)),
        (("shop", "./check"), ("shop", "./check")),
        (("--", "check"), ("check",)),
    ],
)
def test_everything_that_is_no_command_is_a_check(api: Api, tmp_path: Path, args: tuple[str, ...], paths: tuple[str, ...]) -> None:
    (tmp_path / "check").mkdir()
    assert main(args) == 0
    assert api.paths == paths


def test_options_may_stand_before_any_command(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--no-cache", "why", "b.py:3"]) == 2
    assert "no such file or folder: b.py" in capsys.readouterr().err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"txlint {txlint.__version__}\n"
    assert main(["--help"]) == 0
    assert "explain" in capsys.readouterr().out
    assert main(["check", "-h"]) == 0
    assert "--min-confidence" in capsys.readouterr().out


# options


def test_options_become_configuration(api: Api) -> None:
    rules = "--select TX1,TX2 --extend-select TX9 --ignore TX109 --min-confidence possible --include-tests"
    files = "--exclude x --extend-exclude y --extend-exclude z --jobs 3 --fail-on high --report-at entry"
    assert main([*rules.split(), *files.split()]) == 0
    config = api.config
    assert (config.select, config.extend_select, config.ignore) == (("TX1", "TX2"), ("TX9",), ("TX109",))
    assert (config.exclude, config.extend_exclude) == (("x",), ("y", "z"))
    assert (config.min_confidence, config.include_tests, config.jobs) == (Confidence.POSSIBLE, True, 3)
    assert (config.fail_on, config.report_at) == ("high", "entry")


def test_the_projects_configuration_is_read(api: Api, tmp_path: Path) -> None:
    (tmp_path / "txlint.toml").write_text('ignore = ["TX103"]\nextend-select = ["TX109"]\nmin-confidence = "certain"\nfail-on = "medium"\n')
    assert main(["shop", "--ignore", "TX2"]) == 0
    assert (api.config.ignore, api.config.extend_select) == (("TX103", "TX2"), ("TX109",))
    assert (api.config.min_confidence, api.config.fail_on) == (Confidence.CERTAIN, "medium")
    assert main(["--select", "TX103"]) == 0
    assert (api.config.select, api.config.ignore, api.config.extend_select) == (("TX103",), (), ()), "a selection starts anew"


def test_another_configuration_file(api: Api, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('ignore = ["TX103"]\n')
    assert main(["--config", "other.toml"]) == 0
    assert api.config.ignore == ("TX103",)


# mistakes: one line, exit code 2


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--no-such-option"], "No such option"),
        (["nowhere.py"], "no such file or folder: nowhere.py"),
        (["--select", "TX1O1"], "unknown rule 'TX1O1', did you mean TX101?"),
        (["--ignore", "zzz"], "unknown rule 'zzz'"),
        (["--output-format", "xml"], "'xml' is not one of"),
        (["--min-confidence", "sure"], "'sure' is not one of"),
        (["--jobs", "-1"], "-1"),
        (["--config", "nowhere.toml"], "nowhere.toml"),
        (["explain"], "Missing argument"),
        (["explain", "TX999"], "unknown rule 'TX999'"),
        (["why", "a.py"], "PATH:LINE is wanted, not 'a.py'"),
        (["why", "a.py:0"], "PATH:LINE is wanted"),
        (["why", "b.py:3"], "no such file or folder: b.py"),
        (["why", "x\x1b:y"], "PATH:LINE is wanted, not 'x\\x1b:y'"),
    ],
)
def test_a_mistake_is_one_line(api: Api, capsys: pytest.CaptureFixture[str], args: list[str], told: str) -> None:
    assert main(args) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("txlint: error: ")
    assert told in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "text", ["ignore = [", "nonsense = 1", 'select = "TX1"', 'ignore = ["TX1O1"]', '[per-file-ignores]\n"x" = ["zzz"]']
)
def test_a_bad_configuration_is_one_line(api: Api, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str) -> None:
    (tmp_path / "txlint.toml").write_text(text)
    assert main([]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_fault_of_our_own_is_one_line(api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    api.fails = ValueError("odd\nthing \x1b")
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("txlint: internal error: ValueError: odd thing \\x1b (set TXLINT_TRACE=1")
    monkeypatch.setenv("TXLINT_TRACE", "1")
    with pytest.raises(ValueError, match="odd"):
        main([])


# exit codes


@pytest.mark.parametrize(
    ("found", "args", "code"),
    [
        (NOTHING, [], 0),
        (report(receipt()), [], 1),
        (report(receipt()), ["--fail-on", "high"], 0),
        (report(receipt()), ["--fail-on", "medium"], 1),
        (report(receipt()), ["--exit-zero"], 0),
        (report(receipt(), errors=(Problem("TX900", "a.py", 1, "invalid syntax"),)), ["--exit-zero"], 2),
        (Report((), (Problem("TX900", "a.py", 1, "invalid syntax", given=False),), (), Summary(1)), [], 0),
        (Report((), (Problem("TX901", "a.py", 1, "the ignore comment silences nothing"),), (), Summary(1)), [], 1),
        (Report((), (Problem("TX901", "a.py", 1, "the ignore comment silences nothing"),), (), Summary(1)), ["--fail-on", "high"], 0),
    ],
)
def test_exit_codes(api: Api, found: Report, args: list[str], code: int) -> None:
    api.report = found
    assert main(args) == code


def test_interruption(api: Api) -> None:
    api.fails = KeyboardInterrupt()
    assert main([]) == 130


# output


@pytest.mark.parametrize("form", FORMATS)
def test_formats(api: Api, capsys: pytest.CaptureFixture[str], form: str) -> None:
    api.report = report(receipt(), POSTED, errors=(Problem("TX900", "b.py", 3, "invalid syntax"),))
    assert main(["--output-format", form]) == 2
    captured = capsys.readouterr()
    assert "TX101" in captured.out
    assert captured.err == "b.py:3: error: invalid syntax (TX900)\n"
    if form == "json":
        assert len(json.loads(captured.out)["findings"]) == 2


def test_colour(api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    api.report = report(receipt())

    def coloured(*args: str) -> bool:
        main(args)
        return "\x1b[" in capsys.readouterr().out

    assert not coloured()
    assert coloured("--color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert coloured()
    assert not coloured("--no-color")


def test_statistics_and_unresolved_go_to_stderr(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.report = report(receipt())
    main(["--statistics", "--show-unresolved", "--output-format", "json"])
    captured = capsys.readouterr()
    assert "1  TX101  task-in-transaction" in captured.err
    assert captured.err.rstrip().endswith(" s")
    json.loads(captured.out)


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "tx101"]) == 0
    page = capsys.readouterr().out
    assert page == RULES["TX101"].page()
    assert main(["explain", "task-in-transaction"]) == 0
    assert capsys.readouterr().out == page
    assert main(["explain", "TX1"]) == 0
    assert capsys.readouterr().out.count("\n## What it finds\n") == 11


@pytest.mark.parametrize(("place", "asked"), [("a.py:3", ("a.py", 3)), ("a.py:3:9", ("a.py", 3))])
def test_why(api: Api, capsys: pytest.CaptureFixture[str], place: str, asked: tuple[str, int]) -> None:
    assert main(["why", place, "--min-confidence", "possible"]) == 0
    assert api.asked == asked
    assert api.config.min_confidence == Confidence.POSSIBLE
    assert "There is no call on this line." in capsys.readouterr().out


# processes


def test_nothing_of_the_working_directory_is_imported(tmp_path: Path) -> None:
    for name in ("click", "json", "tomllib", "dataclasses", "django", "settings"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n")
    done = run("explain", "TX101", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_goes_away_ends_the_run_quietly() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [
        sys.executable,
        "-c",
        "import time; time.sleep(0.3); from txlint.cli import main; import sys; sys.exit(main(['explain', 'ALL']))",
    ]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 141


def test_without_stdout_and_stderr() -> None:
    code = (
        "import os, sys; os.close(1); os.close(2); sys.stdout = sys.stderr = None\n"
        "from txlint.cli import main; sys.exit(main(['explain', 'TX1']))"
    )
    assert run(python=("-c", code)).returncode == 0


@pytest.mark.parametrize("environment", [{"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}, {"HOME": ""}])
def test_poor_environments(environment: dict[str, str]) -> None:
    done = run("explain", "ALL", env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_is_quiet() -> None:
    code = (
        "import sys, time, types, txlint\n"
        "def check(*a, **k): print('started', flush=True); time.sleep(30)\n"
        "txlint.api = types.SimpleNamespace(check=check)\n"
        "from txlint.cli import main\nsys.exit(main([]))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"started\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read().strip() == b""
