"""Which entry of the catalog is not true of which release: each name is looked up in environments made for this run.

    python bench/versions.py [--into DIR] [--jobs N] [NAME ...]     exit code 1 if a name is missing somewhere

``NAME`` is a library of the catalog; without one, every library in its newest release and those of ``RELEASES`` in each of theirs. An
environment is made with `uv` where it is on the path, else with `venv` and pip, holds one library and what it needs, and is deleted
when it has been asked. A release that cannot be installed is told apart from a name that is missing: it is `not installed`.

`bench/truth.py` records the result under ``releases``; ``.ci/scheduled`` runs it against the newest releases and prints what broke.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP))

from txlint.catalog.loader import LIBRARIES, read_library  # noqa: E402

NEWEST = ""
RELEASES = {
    "celery": ("==5.2.*", NEWEST),
    "django": ("==4.2.*", "==5.2.*", "==6.0.*", NEWEST),
    "sqlalchemy": ("==1.4.*", "==2.0.*", NEWEST),
}
"""Distribution -> the releases that are supported beside the newest, oldest first."""
BESIDE = {
    "celery": ("django",),
    "django-anymail": ("requests",),
    "django-elasticsearch-dsl": ("elasticsearch>=9,<10",),
    "django-pgtransaction": ("psycopg-binary", "psycopg"),
    "django-redis": ("django",),
    "dj-stripe": ("django",),
    "faststream": ("aio-pika", "aiokafka", "confluent-kafka", "nats-py", "redis"),
    "huey": ("django", "peewee", "redis"),
    "pgqueuer": ("asyncpg",),
    "piccolo": ("aiosqlite", "asyncpg"),
    "procrastinate": ("django",),
    "psycopg": ("psycopg-binary",),
    "psycopg2": (),
    "python-socketio": ("redis", "kombu", "aio-pika"),
    "sqlalchemy": ("greenlet", "sqlalchemy-utils"),
    "transaction": ("pyramid-tm", "zope.sqlalchemy"),
}
"""Distribution -> others without which a part of its modules cannot be imported."""
PYTHONS = {"django==6.0.*": "3.12", "django": "3.12", "django-subatomic": "3.12"}
"""Wanted release -> the Python that it needs; else this one."""


class Asked(NamedTuple):
    """One environment: a distribution in a release, and the libraries of the catalog that speak of it."""

    distribution: str
    release: str
    libraries: tuple[str, ...]

    @property
    def wanted(self) -> str:
        return self.distribution + self.release


def combinations(names: Iterable[str] = ()) -> list[Asked]:
    """What to ask for: for each distribution that one of these libraries (none: all) speaks of, each of its releases."""
    wanted = set(names)
    found: dict[str, list[str]] = {}
    for path in sorted(LIBRARIES.glob("*.toml")):
        library = read_library(path)
        if library.distribution and (not wanted or library.name in wanted):
            found.setdefault(library.distribution.lower(), []).append(library.name)
    return [
        Asked(distribution, release, tuple(libraries))
        for distribution, libraries in sorted(found.items())
        for release in RELEASES.get(distribution, (NEWEST,))
    ]


def ask(asked: Asked, into: Path) -> dict[str, Any]:
    """``{library: {"version", "names", "problems"}}``, or ``{"not installed": why}``."""
    folder = Path(tempfile.mkdtemp(dir=into))
    try:
        why = _install(folder, asked)
        if why:
            return {"not installed": why}
        done = subprocess.run(
            [folder / "bin" / "python", "-W", "ignore", "-m", "tests.catalog_truth", *asked.libraries],
            cwd=TOP,
            env={**os.environ, "PYTHONPATH": str(TOP), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return {"not installed": (done.stderr.strip().splitlines() or ["no message"])[-1]}
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _install(folder: Path, asked: Asked) -> str | None:
    """Why it could not be installed."""
    wanted = [asked.wanted, "packaging", *BESIDE.get(asked.distribution, ())]
    python = interpreter(PYTHONS.get(asked.wanted))
    if python is None:
        return f"there is no Python {PYTHONS[asked.wanted]}"
    steps: list[list[object]]
    uv = shutil.which("uv")
    if uv:
        steps = [[uv, "venv", "--quiet", "--allow-existing", "--python", python, folder]]
        steps += [[uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", *wanted]]
    else:
        steps = [[python, "-m", "venv", folder], [folder / "bin" / "python", "-m", "pip", "install", "--quiet", *wanted]]
    for step in steps:
        done = subprocess.run([str(word) for word in step], capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no message"])[-1]
    return None


def interpreter(version: str | None) -> str | None:
    """This Python where no version is wanted; else one that pyenv has installed, or that is on the path."""
    if version is None:
        return sys.executable
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = sorted(home.glob(f"versions/{version}.*/bin/python"))
    return str(installed[-1]) if installed else shutil.which(f"python{version}")


def measure(names: Iterable[str], into: Path, jobs: int = 2) -> dict[str, dict[str, Any]]:
    """Library -> release -> ``{"names", "problems"}``; of what was not installed, ``{"not installed": why}`` under what was wanted."""
    figures: dict[str, dict[str, Any]] = {}
    asked = combinations(names)
    with ThreadPoolExecutor(jobs) as pool:
        for one, answer in zip(asked, pool.map(lambda each: ask(each, into), asked), strict=True):
            for library in one.libraries:
                if "not installed" in answer:
                    figures.setdefault(library, {})[one.release or "newest"] = answer
                else:
                    said = dict(answer[library])
                    figures.setdefault(library, {})[said.pop("version")] = said
            print(_line(one, answer), flush=True)
    return figures


def _line(asked: Asked, answer: dict[str, Any]) -> str:
    if "not installed" in answer:
        return f"{asked.wanted}: not installed: {answer['not installed']}"
    version = next(iter(answer.values()))["version"]
    problems = [f"\n    {library}: {problem}" for library, each in answer.items() for problem in each["problems"]]
    return f"{asked.distribution} {version}: {sum(each['names'] for each in answer.values())} names" + "".join(problems)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--into", type=Path, help="where environments are made (default: the temporary folder)")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.into) as folder:
        figures = measure(options.names, Path(folder), options.jobs)
    return int(any(each.get("problems") for releases in figures.values() for each in releases.values()))


if __name__ == "__main__":
    sys.exit(main())
