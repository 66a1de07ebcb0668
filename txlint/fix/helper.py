"""The helper that a project keeps for itself where its library has no safe "after the commit": text to write into the project, with the
test that belongs to it. Nothing here is imported by txlint's own code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

SQLALCHEMY = '''\
"""Run a function once the outermost transaction of a session has committed; forget it on rollback and close.

Written by `txlint helper sqlalchemy`; yours to keep and to change. Works with Session, scoped_session, AsyncSession and
async_scoped_session. Not a listener with once=True: that one survives a rollback and fires at the next unrelated commit."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session


def on_commit(session: Any, function: Callable[[], object]) -> None:
    """Call `function` after the commit; at once where no transaction is open; never when it is rolled back or closed.

    In it the session may be used again. What it raises reaches the caller of commit(), and the functions behind it are lost."""
    session = getattr(session, "sync_session", session)  # AsyncSession
    if not isinstance(session, Session):
        session = session()  # a scoped session's registry
    session = getattr(session, "sync_session", session)  # async_scoped_session
    transaction = session.get_nested_transaction() or session.get_transaction()
    if transaction is None:
        function()
    else:
        session.info.setdefault("_on_commit", {}).setdefault(transaction, []).append(function)


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    # Fires when a savepoint is released, too: remember which transaction it was.
    session.info["_committed"] = session.get_nested_transaction() or session.get_transaction()


@event.listens_for(Session, "after_transaction_end")
def _ended(session: Session, transaction: Any) -> None:
    # Fires on commit, rollback and plain close().
    committed = session.info.get("_committed") is transaction
    if committed:
        del session.info["_committed"]
    functions = session.info.get("_on_commit", {}).pop(transaction, ())
    if not committed or not functions:
        return
    outer = session.get_nested_transaction() or session.get_transaction()
    if outer is not None:
        session.info["_on_commit"].setdefault(outer, []).extend(functions)
        return
    for function in functions:
        function()
'''

SQLALCHEMY_TEST = '''\
"""Tests of on_commit(). Written by `txlint helper sqlalchemy`; change the import to where you keep the helper."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from {module} import on_commit


@pytest.fixture
def factory():
    engine = create_engine("sqlite://")
    yield sessionmaker(engine)
    engine.dispose()


def touch(session):
    session.execute(text("select 1"))


def test_runs_once_after_the_commit(factory):
    done = []
    with factory() as session:
        touch(session)
        on_commit(session, lambda: done.append(session.in_transaction()))
        assert done == []
        session.commit()
        touch(session)
        session.commit()
    assert done == [False]


def test_forgets_on_rollback_and_close(factory):
    done = []
    session = factory()
    for end in (session.rollback, session.close):
        touch(session)
        on_commit(session, lambda: done.append(1))
        end()
        touch(session)
        session.commit()
    assert done == []


def test_at_once_without_a_transaction(factory):
    done = []
    on_commit(factory(), lambda: done.append(1))
    assert done == [1]


def test_savepoints(factory):
    done = []
    with factory.begin() as session:
        on_commit(session, lambda: done.append("outer"))
        with session.begin_nested():
            on_commit(session, lambda: done.append("released"))
        with pytest.raises(ValueError), session.begin_nested():
            on_commit(session, lambda: done.append("rolled back"))
            raise ValueError
        assert done == []
    assert done == ["outer", "released"]


def test_outer_rollback_after_a_released_savepoint(factory):
    done = []
    with pytest.raises(ValueError), factory.begin() as session:
        with session.begin_nested():
            on_commit(session, lambda: done.append(1))
        raise ValueError
    assert done == []


def test_the_session_is_usable_in_it_and_after_its_failure(factory):
    def fail():
        touch(session)
        session.commit()
        raise ValueError

    session = factory()
    touch(session)
    on_commit(session, fail)
    with pytest.raises(ValueError):
        session.commit()
    touch(session)
    session.close()


def test_scoped_session(factory):
    done = []
    scoped = scoped_session(factory)
    touch(scoped)
    on_commit(scoped, lambda: done.append(1))
    scoped.remove()
    touch(scoped)
    scoped.commit()
    assert done == []
    touch(scoped)
    on_commit(scoped, lambda: done.append(2))
    scoped.commit()
    scoped.remove()
    assert done == [2]


def test_sessions_do_not_hear_of_each_other(factory):
    done = []
    first, second = factory(), Session(factory.kw["bind"])
    touch(first)
    on_commit(first, lambda: done.append(1))
    touch(second)
    second.commit()
    assert done == []
    first.close()
    second.close()
'''


def sqlalchemy_helper(module: str) -> tuple[str, str]:
    """The helper and its test; ``module`` is the dotted name under which the helper is imported."""
    return SQLALCHEMY, SQLALCHEMY_TEST.replace("{module}", module)


HELPERS: Mapping[str, Callable[[str], tuple[str, str]]] = MappingProxyType({"sqlalchemy": sqlalchemy_helper})
"""By library: from the dotted name of the module to its text and that of its test."""


class Exists(Exception):
    """A file of the helper's name is there already, or the name is none."""


def write_helper(library: str, module: str) -> tuple[str, str]:
    """Write the helper for a library, and its test beside it, under the working directory; nothing that is there is overwritten."""
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        raise Exists(f"{module!r} is not the dotted name of a module")
    folder = Path(*parts[:-1])
    if not folder.is_dir():
        raise Exists(f"there is no folder {folder}")
    files = (folder / f"{parts[-1]}.py", folder / f"test_{parts[-1]}.py")
    for file in files:
        if file.exists():
            raise Exists(f"{file} is there already")
    for file, text in zip(files, HELPERS[library](module), strict=True):
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    return str(files[0]), str(files[1])
