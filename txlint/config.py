"""Configuration: ``[tool.txlint]`` of ``pyproject.toml``, or ``txlint.toml``, as a frozen ``Config``.

``read_config(folder)`` gives the defaults where there is neither file. Everything that is wrong with a file is a ``ConfigError`` of
one line that names the file and the key. Nothing of the analysed project is imported or run. The tables by which a project teaches
txlint its own library are kept raw: the catalog's loader decodes them, as strictly as its own."""

# No pathlib on the way to a stored answer: it takes longer to import than the answer to find.
# ruff: noqa: PTH116, PTH118, PTH120, PTH123

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from pathlib import Path

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_LARGEST_CONFIG = 1 << 20


class ConfigError(Exception):
    """A configuration that cannot be used; the message is one line."""


class Config(NamedTuple):
    """What a project or the command line asks for. ``exclude`` None means the built-in list; ``report_at`` and ``atomic_requests``
    None mean that txlint finds out; ``jobs`` 0 means as many as pay."""

    source: str | None = None  # the file that this was read from
    paths: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = _NOTHING
    min_confidence: Confidence = Confidence.LIKELY
    fail_on: str = "low"
    include_tests: bool = False
    django_settings: tuple[str, ...] = ()
    atomic_requests: bool | None = None
    versions: Mapping[str, str] = _NOTHING
    report_at: str | None = None
    baseline: str | None = None  # a file; a configuration names it relative to its own folder
    since: str | None = None  # a revision; only for the command line
    after_commit_helper: str | None = None  # dotted name of the project's own ``on_commit(session, function)``
    max_file_size: int = 1 << 20
    jobs: int = 0
    engine: Any = None  # a `pool.Engine`; only for the command line: it names code that is imported
    tables: Mapping[str, Any] = _NOTHING  # effect, opener, ... as written


def find_config(folder: str | os.PathLike[str]) -> str | None:
    """The file in this folder that configures txlint, if one does; ``txlint.toml`` goes first."""
    own = os.path.join(folder, "txlint.toml")
    if os.path.lexists(own):
        return own
    shared = os.path.join(folder, "pyproject.toml")
    try:
        status = os.stat(shared)
        if stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST_CONFIG:
            with open(shared, "rb") as file:
                return shared if b"tool.txlint" in file.read() else None
    except OSError:
        pass  # a file that we may not read does not configure us
    return None


def read_config(folder: Path) -> Config:
    """The configuration that this folder holds; defaults where it holds none."""
    from pathlib import Path

    path = find_config(folder)
    return Config() if path is None else read_config_file(Path(path))


def read_config_file(path: Path) -> Config:
    """The configuration that this file holds: its ``[tool.txlint]`` if it is a ``pyproject.toml``, else all of it."""
    table = _load(path)
    if path.name == "pyproject.toml":
        for key in ("tool", "txlint"):
            table = table.get(key, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{path}: {key}: a table is wanted")
    return decode(table, str(path))


def row_lines(source: str) -> dict[tuple[str, int], int]:
    """The line of the header of each row of the catalog's tables, ``[[tool.txlint.effect]]``, by table and number of the row; rows that are
    written inline have none."""
    found: dict[tuple[str, int], int] = {}
    counts: dict[str, int] = {}
    with open(source, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            header = line.partition("#")[0].strip()
            if header.startswith("[[") and header.endswith("]]"):
                table = header[2:-2].replace(" ", "").removeprefix("tool.txlint.")
                if table in CATALOG_TABLES:
                    found[table, counts.get(table, 0)] = number
                    counts[table] = counts.get(table, 0) + 1
    return found


def decode(table: Mapping[str, Any], source: str) -> Config:
    """The configuration that a table holds, read from ``source``."""
    values: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    for key, value in table.items():
        if key in CATALOG_TABLES:
            tables[key] = _read(_catalog_table(key), key, value, source)
        elif key in KEYS:
            values[key.replace("-", "_")] = _read(KEYS[key], key, value, source)
        else:
            raise ConfigError(f"{source}: unknown key {key!r}{_nearest(key)}")
    if "baseline" in values:
        values["baseline"] = os.path.join(os.path.dirname(source), values["baseline"])
    return Config(source=source, tables=MappingProxyType(tables), **values)


def _load(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        if not path.is_file():
            raise ConfigError(f"{path}: not a regular file")
        if path.stat().st_size > _LARGEST_CONFIG:
            raise ConfigError(f"{path}: larger than a configuration can be")
        return tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not valid UTF-8: byte 0x{error.object[error.start]:02x} at offset {error.start}") from None
    except ValueError as error:  # TOMLDecodeError, and integers that are too long
        raise ConfigError(f"{path}: not valid TOML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None


def _read(reader: Callable[[Any], Any], key: str, value: Any, source: str) -> Any:
    try:
        return reader(value)
    except ValueError as error:
        raise ConfigError(f"{source}: {key}: {error}") from None


def _nearest(key: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, [*KEYS, *CATALOG_TABLES], n=1, cutoff=0.5)
    return f", did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted([*KEYS, *CATALOG_TABLES]))}"


# readers: a value as TOML gives it to a value of Config; ValueError says what is wanted


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("a string is wanted")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is wanted")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v and "\0" not in v for v in value):
        raise ValueError("an array of strings is wanted")
    return tuple(value)


def _text_or_texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) and value else _texts(value)


def _codes_by_glob(value: Any) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError('a table such as {"templates/*" = ["TX900"]} is wanted')
    return MappingProxyType({glob: _text_or_texts(codes) for glob, codes in value.items()})


def _text_by_name(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise ValueError('a table such as {django = "5.2"} is wanted')
    return MappingProxyType(dict(value))


def _confidence(value: Any) -> Confidence:
    words = {c.word: c for c in Confidence}
    if not isinstance(value, str) or value not in words:
        raise ValueError('"certain", "likely" or "possible" is wanted')
    return words[value]


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"one of {', '.join(map(repr, words))} is wanted")
        return str(value)

    return read


def _whole_number(least: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"a whole number from {least} up is wanted")
        return value

    return read


def _catalog_table(key: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if key == "aliases":
            if not isinstance(value, dict):
                raise ValueError('a table such as {"shop.push" = "shop.queue.push"} is wanted')
            return value
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise ValueError("an array of tables is wanted: its name in double brackets")
        return value

    return read


CATALOG_TABLES = ("effect", "opener", "closer", "deferral", "hook", "returns", "class", "calls", "signature", "silent", "aliases")
"""The vocabulary of the catalog: see ``model/catalog.py``."""

KEYS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "paths": _texts,
        "select": _texts,
        "extend-select": _texts,
        "ignore": _texts,
        "exclude": _texts,
        "extend-exclude": _texts,
        "per-file-ignores": _codes_by_glob,
        "min-confidence": _confidence,
        "fail-on": _one_of("low", "medium", "high"),
        "include-tests": _flag,
        "django-settings": _text_or_texts,
        "atomic-requests": _flag,
        "versions": _text_by_name,
        "report-at": _one_of("effect", "entry"),
        "baseline": _text,
        "after-commit-helper": _text,
        "max-file-size": _whole_number(1),
        "jobs": _whole_number(0),
    }
)
