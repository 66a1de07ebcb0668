"""Sessions get about by names. Where few functions name one, only those are started from."""

from __future__ import annotations

from pathlib import Path

import pytest

from txlint.api import check
from txlint.config import Config
from txlint.link import program
from txlint.link.linker import Linker
from txlint.link.project import Fun
from txlint.link.seeds import seeds

TREE = {
    "shop/__init__.py": "",
    "shop/db.py": """
        from sqlalchemy import create_engine
        from sqlalchemy.orm import Session, sessionmaker

        make = sessionmaker(create_engine("sqlite://"))
        opening = lambda: make()

        def session_of_shop():
            return make()

        class Holder:
            current = None

        holder = Holder()
        late = None

        def start():
            global late
            holder.current = make()
            late = make()
        """,
    "shop/short.py": "from shop.db import session_of_shop as brief\n",
    "shop/all.py": "from shop.db import *\n",
    "shop/plain.py": "def unrelated(values):\n    values.get(1)\n    values.execute(2)\n",
    "shop/middle.py": """
        from flask import g
        from shop.db import make

        def before():
            g.db = make()
        """,
    "shop/views.py": """
        import requests
        from flask import g

        def by_request(row):
            g.db.add(row)
            requests.post("https://example.org/request")
        """,
    "shop/base.py": """
        import requests

        class Base:
            def run(self, row):
                session = self.open()
                session.add(row)
                requests.post("https://example.org/base")
                session.commit()

            def open(self):
                raise NotImplementedError
        """,
    "shop/uses.py": """
        import requests
        import shop.db as database
        from shop import all as everything, plain
        from shop.all import opening
        from shop.base import Base
        from shop.short import brief
        from sqlalchemy.orm import Session as Given

        def by_module(row):
            session = database.session_of_shop()
            session.add(row)
            requests.post("https://example.org/module")

        def by_star(row):
            session = everything.session_of_shop()
            session.add(row)
            requests.post("https://example.org/star")

        def by_lambda(row):
            session = opening()
            session.add(row)
            requests.post("https://example.org/lambda")

        def by_other_name(row):
            session = brief()
            session.add(row)
            requests.post("https://example.org/name")

        def by_hint(session: "Given | None", row):
            session.add(row)
            requests.post("https://example.org/hint")

        class Sub(Base):
            def open(self):
                return brief()

        class Keeper:
            def __init__(self):
                self.session = brief()

            def by_attribute(self, row):
                self.session.add(row)
                requests.post("https://example.org/attribute")

        def by_holder(row):
            database.holder.current.add(row)
            requests.post("https://example.org/holder")

        def by_global(row):
            database.late.add(row)
            requests.post("https://example.org/global")

        def hands_over(row):
            handed(brief(), row)

        def handed(session, row):
            session.add(row)
            requests.post("https://example.org/handed")
            plain.unrelated(row)
        """,
}


def _written(folder: Path, functions: int) -> str:
    """The tree, with so many functions beside it that have nothing to do with sessions."""
    for name, text in TREE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.split("\n")
        path.write_text("\n".join(line.removeprefix(" " * 8) for line in lines))
    (folder / "shop" / "rest.py").write_text("\n".join(f"def rest_{i}(given):\n    given.get({i})" for i in range(functions)))
    return str(folder)


def test_what_names_a_session_is_started_from_and_finds_what_all_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Fun] = []

    def remembered(linker: Linker) -> list[Fun]:
        started[:] = seeds(linker)
        return started

    monkeypatch.setattr(program, "seeds", remembered)
    few = check([_written(tmp_path / "many", 200)], Config(jobs=1))
    names = {fun.qualname for fun in started}
    for way in ("module", "star", "lambda", "other_name", "hint", "holder", "global", "request"):
        assert f"by_{way}" in names
    assert {"Keeper.by_attribute", "Sub.open", "hands_over"} <= names
    assert not [name for name in names if name.startswith("rest_")]
    assert "unrelated" not in names
    every = check([_written(tmp_path / "few", 0)], Config(jobs=1))
    assert {"unrelated", "handed"} <= {fun.qualname for fun in started}, "where many are near, all are started from"
    found = [(each.code, each.place.line, each.message) for each in few.findings]
    assert found == [(each.code, each.place.line, each.message) for each in every.findings]
    assert len(found) == sum(text.count("requests.post") for name, text in TREE.items() if name != "shop/base.py")
