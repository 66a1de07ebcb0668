"""Each opener, deferral and hook entry of these libraries is executed, and the database says what the catalog says; or the reason why
it cannot be executed here is told, and counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import catalog_truth
from txlint.catalog.loader import LIBRARIES, read_library
from txlint.model.catalog import Deferral, Hook, Opener

PROVED = ("asyncpg", "celery", "django", "django_admin", "peewee", "psycopg", "sqlalchemy", "tortoise")


@pytest.mark.parametrize("name", PROVED)
def test_each_opener_deferral_and_hook_does_what_the_catalog_says(name: str, record_property: Callable[[str, object], None]) -> None:
    library = read_library(LIBRARIES / f"{name}.toml")
    if catalog_truth.installed(library) is None:
        pytest.skip(f"{library.distribution} is not installed")
    seen = executed(name)
    entries = {entry.name: entry for entry in library.entries if isinstance(entry, Opener | Deferral | Hook)}
    wrong = [f"{entry}: nothing executes it" for entry in sorted(entries.keys() - seen.keys())]
    wrong += [f"{entry}: the catalog has no such entry" for entry in sorted(seen.keys() - entries.keys())]
    for entry, answer in sorted(seen.items()):
        if isinstance(answer, str) or entry not in entries:
            continue
        here = entries[entry]
        wanted = [False, not (isinstance(here, Hook) and here.state == "out")]
        if answer != wanted:
            wrong.append(f"{entry}: before and then: {answer}, not {wanted}")
    record_property("executed", sum(not isinstance(answer, str) for answer in seen.values()))
    record_property("not executed", sum(isinstance(answer, str) for answer in seen.values()))
    assert not wrong, "\n".join(["", *wrong])


def executed(name: str) -> dict[str, list[bool] | str]:
    """What `tests.openers` saw, in a process of its own."""
    home = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.openers", name],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr[-3000:]
    found: dict[str, list[bool] | str] = json.loads(done.stdout)
    return found
