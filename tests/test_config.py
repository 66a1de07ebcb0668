"""Configuration: where it is found, how it is read, and one line for everything that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from txlint.config import Config, ConfigError, find_config, read_config
from txlint.model.kinds import Confidence

WHOLE = """
[tool.txlint]
paths = ["src"]
select = ["TX1"]
extend-select = ["TX501"]
ignore = ["TX109"]
exclude = ["vendored"]
extend-exclude = ["*_pb2.py"]
min-confidence = "possible"
fail-on = "medium"
include-tests = true
django-settings = "shop.settings"
atomic-requests = false
report-at = "entry"
max-file-size = 5000
jobs = 1
[tool.txlint.per-file-ignores]
"templates/*" = ["TX900"]
[tool.txlint.versions]
django = "5.2"
[[tool.txlint.effect]]
name = "shop.queue.push"
kind = "task"
[tool.txlint.aliases]
"shop.push" = "shop.queue.push"
"""


def test_every_key(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(WHOLE)
    config = read_config(tmp_path)
    assert config == Config(
        source=str(tmp_path / "pyproject.toml"),
        paths=("src",),
        select=("TX1",),
        extend_select=("TX501",),
        ignore=("TX109",),
        exclude=("vendored",),
        extend_exclude=("*_pb2.py",),
        per_file_ignores={"templates/*": ("TX900",)},
        min_confidence=Confidence.POSSIBLE,
        fail_on="medium",
        include_tests=True,
        django_settings=("shop.settings",),
        atomic_requests=False,
        versions={"django": "5.2"},
        report_at="entry",
        max_file_size=5000,
        jobs=1,
        tables={"effect": [{"name": "shop.queue.push", "kind": "task"}], "aliases": {"shop.push": "shop.queue.push"}},
    )


def test_own_file_goes_first(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.txlint]\njobs = 2\n")
    (tmp_path / "txlint.toml").write_text("jobs = 3\n")
    assert read_config(tmp_path).jobs == 3


@pytest.mark.parametrize("text", [None, "[tool.other]\nx = 1\n", "[tool.other\nbroken"])
def test_defaults_where_nothing_speaks_to_us(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert find_config(tmp_path) is None
    assert read_config(tmp_path) == Config()


def test_a_folder_named_like_the_shared_file_does_not_configure(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    assert read_config(tmp_path) == Config()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jbos = 1", "unknown key 'jbos', did you mean 'jobs'?"),
        ("plugins = ['./evil.py']", "unknown key 'plugins'"),
        ("[[effects]]\nname = 'x'", "unknown key 'effects', did you mean 'effect'?"),
        ("exclude = 7", "exclude: an array of strings is wanted"),
        ("select = {a = 1}", "select: an array of strings is wanted"),
        ("include-tests = 'yes'", "include-tests: true or false is wanted"),
        ("jobs = true", "jobs: a whole number from 0 up is wanted"),
        ("jobs = -1", "jobs: a whole number from 0 up is wanted"),
        ("min-confidence = 'high'", 'min-confidence: "certain", "likely" or "possible" is wanted'),
        ("fail-on = ['low']", "fail-on: one of 'low', 'medium', 'high' is wanted"),
        ("python-version = '3.12'", "unknown key 'python-version'"),
        ("baseline = ['txlint.json']", "baseline: a string is wanted"),
        ("since = 'main'", "unknown key 'since'"),
        ("versions = ['5.2']", 'versions: a table such as {django = "5.2"} is wanted'),
        ("per-file-ignores = {a = 1}", "per-file-ignores: an array of strings is wanted"),
        ("effect = {name = 'x'}", "effect: an array of tables is wanted"),
        ("jobs =", "not valid TOML"),
        ("jobs = " + "9" * 5000, "not valid TOML"),
        ("paths = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "txlint.toml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        read_config(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'txlint.toml'}: ")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_tool_that_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool.txlint = 1")
    with pytest.raises(ConfigError, match="txlint: a table is wanted"):
        read_config(tmp_path)


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.txlint]\nreport-at = '\xe9'\n")
    with pytest.raises(ConfigError, match="not valid UTF-8"):
        read_config(tmp_path)


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "txlint.toml").mkdir()
    with pytest.raises(ConfigError, match="not a regular file"):
        read_config(tmp_path)
