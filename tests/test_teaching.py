"""What a project teaches: tables that cannot be understood are one line and exit code 2; what the tables say of the project's own code
counts in place of the code, and of the code alone that they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from txlint.catalog.loader import _TABLES
from txlint.cli import main
from txlint.config import CATALOG_TABLES

EFFECT = "[[tool.txlint.effect]]\nname = 'shop.queue.push'\nkind = 'task'\nwhy = 'sent at once'\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_project_may_use_every_table_of_the_catalog() -> None:
    assert set(CATALOG_TABLES) == {*_TABLES, "aliases"}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ("[[tool.txlint.efect]]\nname = 'a.b'\n", "unknown key 'efect', did you mean 'effect'?"),
        (EFFECT.replace("kind", "knid"), "[[tool.txlint.effect]] shop.queue.push: unknown key 'knid'; did you mean 'kind'?"),
        (EFFECT.replace("task", "taks"), "[[tool.txlint.effect]] shop.queue.push: kind: unknown word 'taks'; did you mean 'task'?"),
        (EFFECT.replace("name =", "nmae ="), "[[tool.txlint.effect]]: unknown key 'nmae'; did you mean 'name'?"),
        (EFFECT.replace("'shop.queue.push'", "3"), "[[tool.txlint.effect]]: name: expected a string, got 3"),
        (EFFECT.replace("shop.queue.", ""), "[[tool.txlint.effect]] push: a name begins with its module, as in 'shop.queue.push'"),
        (EFFECT + "when = { version = '>=3' }\n", "[[tool.txlint.effect]] shop.queue.push: when: 'version' asks for a library's version"),
        ("[[tool.txlint.opener]]\nname = 'a.b'\nforms = ['wiht']\n", "[[tool.txlint.opener]] a.b: forms: unknown word 'wiht'; did you"),
        ("[[tool.txlint.opener]]\nname = 'a.b'\nforms = ['runs']\n", "[[tool.txlint.opener]] a.b: forms: 'runs' needs 'callback'"),
        (
            "[[tool.txlint.deferral]]\nname = 'a.b'\ncallable = { nam = 'f' }\n",
            "callable: argument: unknown key 'nam'; did you mean 'name'?",
        ),
        (
            "[[tool.txlint.returns]]\nname = 'a.b'\n",
            "[[tool.txlint.returns]] a.b: one of 'type', 'enter', 'decorated' and 'becomes' is missing",
        ),
        ("[[tool.txlint.returns]]\nname = 'a.b'\ntype = 'x.Y['\n", "[[tool.txlint.returns]] a.b: type: unbalanced brackets"),
        ("[[tool.txlint.hook]]\nname = 'a.b'\nby = 'metod'\nstate = 'in'\n", "by: unknown word 'metod'; did you mean 'method'?"),
        ("[[tool.txlint.hook]]\nname = 'a.b'\nby = 'register'\nstate = 'in'\n", "by: 'register' needs 'callable'"),
        ("[tool.txlint.aliases]\n'a.b' = 3\n", "[tool.txlint.aliases] a.b: expected a name, got 3"),
        ("[tool.txlint.effect]\nname = 'a.b'\n", "effect: an array of tables is wanted: its name in double brackets"),
    ],
)
def test_a_wrong_table_is_one_line(tables: str, message: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In each of the two files that may hold it, and before anything is read."""
    (project / "shop" / "broken.py").write_text("def", encoding="utf-8")
    (project / "pyproject.toml").write_text(tables, encoding="utf-8")
    assert main(["--no-cache"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("txlint: error: ") and "pyproject.toml: " in said and message in said and said.count("\n") == 1
    (project / "txlint.toml").write_text(tables.replace("tool.txlint.", ""), encoding="utf-8")
    assert main(["--no-cache"]) == 2
    said = capsys.readouterr().err
    assert "txlint.toml: " in said and message.replace("tool.txlint.", "") in said and said.count("\n") == 1


def found(project: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is reported, as ``line code``."""
    main(["--no-cache", "--output-format", "concise", "--quiet", "--select", "ALL"])
    return [f"{line.split(':')[1]} {line.split()[1]}" for line in capsys.readouterr().out.splitlines() if line.startswith("shop")]


USES = "from django.db import transaction\nimport requests\nfrom shop.queue import push\n\n@transaction.atomic\ndef f(x):\n"


def test_what_is_taught_of_a_function_counts_in_place_of_its_body(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "shop" / "queue.py").write_text("import requests\n\ndef push():\n    requests.post('x')\n", encoding="utf-8")
    (project / "shop" / "use.py").write_text(f"{USES}    push()\n", encoding="utf-8")
    assert found(project, capsys) == ["4 TX103"]  # in shop/queue.py
    (project / "pyproject.toml").write_text(EFFECT, encoding="utf-8")
    assert found(project, capsys) == ["7 TX101"]  # in shop/use.py
    (project / "pyproject.toml").write_text("[[tool.txlint.silent]]\nname = 'shop.queue.push'\nwhy = 'in tests only'\n", encoding="utf-8")
    assert found(project, capsys) == []


def test_a_project_overrules_the_catalog(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "shop" / "queue.py").write_text("def push(): ...\n", encoding="utf-8")
    (project / "shop" / "use.py").write_text(f"{USES}    requests.post('x')\n    requests.api.put('x')\n", encoding="utf-8")
    assert found(project, capsys) == ["7 TX103", "8 TX103"]
    one = "[[tool.txlint.effect]]\nname = 'requests.post'\nkind = 'publish'\nwhy = 'our bus'\n"
    other = "[[tool.txlint.silent]]\nname = 'requests.api.put'\nwhy = 'recorded'\n"  # another home of requests.put
    (project / "pyproject.toml").write_text(one + other, encoding="utf-8")
    assert found(project, capsys) == ["7 TX105"]


def test_a_type_may_be_of_a_library_that_nothing_imports(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "shop" / "queue.py").write_text("def push():\n    return eval('x')\n", encoding="utf-8")
    (project / "shop" / "use.py").write_text(f"{USES}    push().publish('topic', 'x')\n", encoding="utf-8")
    assert found(project, capsys) == []
    (project / "pyproject.toml").write_text("[[tool.txlint.returns]]\nname = 'shop.queue.push'\ntype = 'redis.Redis'\n", encoding="utf-8")
    assert found(project, capsys) == ["7 TX105"]


def test_of_an_unknown_receiver_the_name_tells(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "shop" / "queue.py").write_text("class Client:\n    def push_job(self): ...\n\npush = 1\n", encoding="utf-8")
    (project / "shop" / "use.py").write_text(f"{USES}    x.push_job()\n", encoding="utf-8")
    (project / "pyproject.toml").write_text(EFFECT.replace("queue.push", "queue.Client.push_*"), encoding="utf-8")
    assert found(project, capsys) == ["7 TX101"]


def test_a_class_is_taught_by_its_name(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Making one is the effect; its methods stay what they are."""
    text = "import requests\n\nclass Job:\n    def wait(self):\n        requests.get('x')\n\npush = 1\n"
    (project / "shop" / "queue.py").write_text(text, encoding="utf-8")
    (project / "shop" / "use.py").write_text(f"{USES}    from shop.queue import Job\n    Job().wait()\n", encoding="utf-8")
    (project / "pyproject.toml").write_text(EFFECT.replace("queue.push", "queue.Job"), encoding="utf-8")
    assert found(project, capsys) == ["5 TX103", "8 TX101"]


@pytest.mark.parametrize("home", ["shop.bus", "shop.bus.client"])
@pytest.mark.parametrize("taken", ["shop.bus", "shop.bus.client"])
def test_a_name_may_be_the_one_of_the_package_that_imports_it(
    home: str, taken: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever of the two the table says, and whichever the code imports."""
    (project / "shop" / "bus").mkdir()
    text = "class Bus:\n    def emit(self): ...\n\ndef locate(name): ...\n\nclass Entity:\n    def on_store(self): ...\n"
    (project / "shop" / "bus" / "client.py").write_text(text, encoding="utf-8")
    (project / "shop" / "bus" / "__init__.py").write_text("from .client import Bus, Entity, locate\n", encoding="utf-8")
    uses = USES.replace("shop.queue import push", f"{taken} import Bus, Entity, locate")
    hook = "\n\nclass Order(Entity):\n    def on_store(self):\n        requests.post('x')\n"
    (project / "shop" / "use.py").write_text(f"{uses}    Bus().emit()\n    locate('bus').emit()\n{hook}", encoding="utf-8")
    tables = (
        f"[[effect]]\nname = '{home}.Bus.emit'\nkind = 'publish'\nwhy = 'at once'\n"
        f"[[returns]]\nname = '{home}.locate'\ntype = '{home}.Bus'\n"
        f"[[hook]]\nname = '{home}.Entity.on_store'\nby = 'method'\nstate = 'in'\n"
    )
    (project / "txlint.toml").write_text(tables, encoding="utf-8")
    assert found(project, capsys) == ["7 TX105", "8 TX105", "13 TX103"]
    assert main(["catalog", "test", "--no-cache"]) == 0
    assert "3 names taught: 0 errors, 0 warnings" in capsys.readouterr().out


# -- docs/teaching.md --

PAGE = Path(__file__).parents[1] / "docs" / "teaching.md"


def sections() -> dict[str, list[tuple[str, str]]]:
    """The examples of the page by the word of their heading: the blocks of code, each with its language."""
    found: dict[str, list[tuple[str, str]]] = {}
    heading, language, block = "", "", [""]
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:].partition(":")[0]
        elif line.startswith("```"):
            if language:
                found.setdefault(heading, []).append((language, "\n".join(block) + "\n"))
            language, block = line[3:], []
        else:
            block.append(line)
    return found


def test_the_page_shows_the_five_tables() -> None:
    assert {"effect", "opener", "deferral", "returns", "hook"} <= set(sections())


@pytest.mark.parametrize("heading", sorted(sections()))
def test_the_examples_are_reported_where_they_say(heading: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And without the tables, not all of them: each is of use."""
    expected = []
    tables = ""
    for language, text in sections()[heading]:
        if language == "toml":
            tables += text
            continue
        path = project / text.partition("\n")[0].removeprefix("# ")
        path.write_text(text, encoding="utf-8")
        expected += [f"{path.name}:{at} {line.partition('# TX')[2]}" for at, line in enumerate(text.splitlines(), 1) if "# TX" in line]
    found = []
    for configuration in (tables, "[tool.txlint]\n"):
        (project / "pyproject.toml").write_text(configuration, encoding="utf-8")
        main(["--no-cache", "--output-format", "concise", "--quiet"])
        lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("shop/")]
        found.append(sorted(f"{where.split(':')[0].removeprefix('shop/')}:{where.split(':')[1]} {code[2:]}" for where, code, *_ in lines))
    assert found[0] == sorted(expected)
    if not expected:
        return
    more, less = found if heading != "deferral" else reversed(found)
    assert set(less) < set(more)
    (project / "pyproject.toml").write_text(tables, encoding="utf-8")
    assert main(["catalog", "test", "--no-cache"]) == 0
    assert "0 errors, 0 warnings" in capsys.readouterr().out
