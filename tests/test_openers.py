"""Each opener, deferral and hook entry of these libraries is executed, and the database says what the catalog says; or the reason why
it cannot be executed here is told, and counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import catalog_truth
from tests.openers.judge import PROVED, REASONS, entries_of, executed, judge
from txlint.catalog.loader import LIBRARIES, read_library

NAMED = {"asyncpg", "celery", "django", "django_admin", "peewee", "psycopg", "psycopg2", "sqlalchemy", "tortoise"}


def test_the_frameworks_that_most_projects_stand_on_are_proved() -> None:
    assert set(PROVED) >= NAMED


@pytest.mark.parametrize("name", PROVED)
def test_each_opener_deferral_and_hook_does_what_the_catalog_says(name: str, record_property: Callable[[str, object], None]) -> None:
    library = read_library(LIBRARIES / f"{name}.toml")
    if catalog_truth.installed(library) is None:
        pytest.skip(f"{library.distribution} is not installed")
    verdict = judge(library, executed(name))
    record_property("executed", len(verdict.shown))
    record_property("not executed", len(verdict.excused))
    assert not verdict.wrong, "\n".join(["", *verdict.wrong])


def test_an_entry_without_a_proof_is_wrong() -> None:
    library = read_library(LIBRARIES / "asyncpg.toml")
    names = sorted(entries_of(library))
    good = {name: [False, True] for name in names}
    assert judge(library, good).shown == set(names)
    assert judge(library, {names[0]: [False, True]}).wrong == tuple(f"{name}: nothing executes it" for name in names[1:])
    assert judge(library, good | {"asyncpg.gone": [False, True]}).wrong == ("asyncpg.gone: the catalog has no such entry",)
    assert judge(library, good | {names[0]: [True, True]}).wrong == (f"{names[0]}: before and then: [True, True], not [False, True]",)
    assert judge(library, good | {names[0]: "no time"}).wrong == (f"{names[0]}: no time",)
    assert judge(library, good | {names[0]: REASONS[0]}).excused == {names[0]}


def test_one_name_in_two_tables_wants_two_proofs() -> None:
    names = entries_of(read_library(LIBRARIES / "django.toml"))
    assert {"django.db.models.Model.delete as hook", "django.db.models.Model.delete as opener"} <= names.keys()
