"""``txlint catalog``: what it lists, what it finds for a word, and what it says of a project's own entries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import truth
from tests import catalog_tests
from txlint.catalog import listing
from txlint.catalog.listing import Listed, Told
from txlint.catalog.loader import LIBRARIES, decode_project, load_catalog, read_library
from txlint.cli import main
from txlint.report.catalog import render_json_entries, render_libraries

CODE = """\
import functools
from contextlib import contextmanager


class Base:
    def put(self, job, *, wait=False): ...


class Client(Base):
    limit = 3

    def __init__(self, url):
        self.url = url

    @property
    def conn(self): ...

    @staticmethod
    def ping(host): ...

    @functools.cache
    def cached(self, key): ...


class Odd(Client):
    def __getattr__(self, name): ...


def publish(topic, body, *rest, **options): ...


@contextmanager
def unit(using=None):
    yield


def after(session, function): ...


alias = publish
"""
USE = "from shop.queue import *\nClient('x').put(1); Client('x').conn; Client.ping('y'); publish(1, 2); after(1, 2)\nwith unit(): pass\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("from .queue import publish as renamed\n", encoding="utf-8")
    (tmp_path / "shop" / "queue.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "shop" / "use.py").write_text(USE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tell(project: Path, capsys: pytest.CaptureFixture[str], text: str) -> tuple[int, list[str]]:
    """The exit code of `txlint catalog test`, and its lines without the file and the last one."""
    (project / "txlint.toml").write_text(text, encoding="utf-8")
    code = main(["catalog", "test", "--no-cache"])
    *lines, last = capsys.readouterr().out.splitlines()
    assert "taught: " in last
    return code, [line.removeprefix("txlint.toml:") for line in lines]


def effect(name: str, more: str = "") -> str:
    return f"[[effect]]\nname = '{name}'\nkind = 'task'\nwhy = 'sent at once'\n{more}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (effect("shop.queue.push"), "1: error: shop.queue.push (effect): not found: shop.queue has no 'push'; did you mean 'publish'?"),
        (effect("shop.gone.push"), "1: error: shop.gone.push (effect): not found: shop has no 'gone'"),
        (effect("shop.queu.Client.put"), "1: error: shop.queu.Client.put (effect): not found: shop has no 'queu'; did you mean 'queue'?"),
        (effect("shop.queue.Client.putt"), "not found: shop.queue.Client has no 'putt'; did you mean 'put'?"),
        (effect("shop.queue.zz*"), "not found: shop.queue has no 'zz*'"),
        (effect("shop.queue.publish") * 2, "6: error: shop.queue.publish (effect): is said twice"),
        (effect("shop.queue.Client.put", "deferred_by = 'wiat'"), "deferred_by: 'wiat' is no parameter of it: (job, wait); did you mean"),
        (effect("shop.queue.Client.put", "saves = 'sav'"), "saves: 'sav' is no parameter of it: (job, wait)"),
        (effect("shop.queue.Client.put", "when = { arg = 1, present = true }"), "when: it takes no argument at position 1: (job, wait)"),
        (effect("shop.queue.Client.ping", "when = { arg = 'hots', present = true }"), "when: 'hots' is no parameter of it: (host)"),
        (
            effect("shop.queue.Client", "when = { arg = 'uri', present = true }"),
            "when: 'uri' is no parameter of it: (url); did you mean 'url'?",
        ),
        (effect("shop.queue.Client.put", "unless_overridden = 'sned'"), "unless_overridden: "),
        (
            "[[deferral]]\nname = 'shop.queue.after'\ncallable = { name = 'function', position = 0 }\n",
            "1: error: shop.queue.after (deferral): callable: 'function' is at position 1, not 0: (session, function)",
        ),
        ("[[opener]]\nname = 'shop.queue.unit'\nforms = ['with']\nalias = 'usign'\n", "alias: 'usign' is no parameter of it: (using)"),
        ("[[returns]]\nname = 'shop.queue.publish'\ntype = 'arg(0:topik)'\n", "'topic' is at"),
        (
            "[[returns]]\nname = 'shop.queue.publish'\ntype = 'shop.queue.Clent'\n",
            "type: not found: shop.queue has no 'Clent'; did you mean",
        ),
        (
            "[[returns]]\nname = 'shop.queue.Client.put'\nbecomes = 'shop.queue.Clent'\n",
            "becomes: not found: shop.queue has no 'Clent'; did you mean",
        ),
        ("[[returns]]\nname = 'shop.queue.publish'\ntype = 'Client'\n", "type: 'Client' is no type: write the full name of a class"),
        ("[[returns]]\nname = 'shop.queue.Client.conn'\ntype = 'redis.Redis'\n", "attribute: it is a property: `attribute = true` says"),
        ("[[returns]]\nname = 'shop.queue.publish'\ntype = 'redis.Redis'\nattribute = true\n", "attribute: it is a function: without"),
        ("[[hook]]\nname = 'shop.queue.publish'\nby = 'method'\nstate = 'in'\n", "by: it is no method of a class"),
        (effect("subprocess.runn"), "not found: subprocess has no 'runn'; did you mean 'run'?"),
    ],
)
def test_what_is_wrong_with_an_entry(text: str, said: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = tell(project, capsys, text)
    if said == "'topic' is at":  # it takes any keyword: nothing to say
        assert (code, lines) == (0, [])
        return
    assert code == 1
    assert any(said in line and ": error: " in line for line in lines), lines


@pytest.mark.parametrize(
    "text",
    [
        effect("shop.queue.publish", "when = { arg = 'anything', present = true }"),  # **options
        effect("shop.queue.Client.put", "deferred_by = 'wait'"),  # inherited
        effect("shop.queue.Client.p*"),
        effect("shop.renamed"),  # imported there
        effect("shop.queue.alias"),
        effect("shop.queue.Odd.anything"),  # its __getattr__ may give it
        effect("shop.queue.Client.cached", "when = { arg = 'x', present = true }"),  # a decorator may change what it takes
        effect("shop.queue.never", "untested = 'made at start-up'"),
        "[[returns]]\nname = 'shop.queue.Client.conn'\ntype = 'redis.Redis'\nattribute = true\n",
        "[[returns]]\nname = 'shop.queue.Client.url'\ntype = 'shop.queue.Client'\nattribute = true\n",
        "[[opener]]\nname = 'shop.queue.unit'\nforms = ['with']\nalias = { name = 'using', position = 0 }\n",
    ],
)
def test_what_is_right(text: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = tell(project, capsys, text)
    assert code == 0
    assert not [line for line in lines if ": error: " in line]


def test_what_nothing_uses_is_a_warning(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    used = "[[hook]]\nname = 'shop.queue.Base.put'\nby = 'method'\nstate = 'in'\n"
    text = effect("shop.queue.publish") + effect("shop.queue.Client.cached") + used + "[[silent]]\nname = 'shop.queue.unit'\n"
    code, lines = tell(project, capsys, text)
    assert code == 0
    assert lines == [
        "6: warning: shop.queue.Client.cached (effect): nothing in the project uses it",
        "11: warning: shop.queue.Base.put (hook): nothing in the project uses it",
    ]
    with (project / "shop" / "use.py").open("a", encoding="utf-8") as file:
        file.write("class Mine(Base):\n    def put(self, job): ...\n\n\ndef g(c: Client):\n    c.cached(1)\n")
    assert tell(project, capsys, text) == (0, [])


def test_what_the_catalog_says_already_is_a_note(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "shop" / "use.py").write_text("import requests\nrequests.put('x')\nrequests.post('x')\n", encoding="utf-8")
    same = effect("requests.post").replace("task", "http")
    code, lines = tell(project, capsys, same + "[[silent]]\nname = 'requests.put'\n")
    assert code == 0
    assert lines == [
        "1: note: requests.post (effect): repeats what txlint/catalog/libs/requests.toml says of it",
        "6: note: requests.put (silent): overrules what txlint/catalog/libs/requests.toml says of it",
    ]


def test_an_alias_has_to_lead_somewhere(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = "[aliases]\n'acme.post' = 'requests.post'\n'acme.Client' = 'shop.queue.Client'\n'acme.Unseen' = 'unseen.Thing'\n"
    assert tell(project, capsys, good) == (0, [])
    code, lines = tell(project, capsys, good.replace("queue.Client", "queue.Cleint"))
    assert code == 1
    assert lines == [" error: acme.Client (aliases): not found: shop.queue has no 'Cleint'; did you mean 'Client'?"]


def test_a_family_that_is_nearly_anothers(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opener = "[[opener]]\nname = 'shop.queue.unit'\nforms = ['with']\nfamily = '{}'\n"
    code, lines = tell(project, capsys, opener.format("djnago"))
    assert (code, lines) == (
        0,
        ["1: warning: shop.queue.unit (opener): family: no library's transactions are of the family 'djnago'; did you mean 'django'?"],
    )
    assert tell(project, capsys, opener.format("ledger")) == (0, [])


def test_a_library_is_looked_up_as_files(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the virtual environment of the project, and without running a line of it."""
    text = effect("acme_bus.Bus.send", "when = { arg = 'topik', present = true }") + effect("acme_bus.gone")
    code, lines = tell(project, capsys, text)
    assert code == 0 and "cannot be looked up: acme_bus is not installed here" in lines[0]
    package = project / ".venv" / "lib" / "python3.12" / "site-packages" / "acme_bus"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from .impl import Bus\nraise SystemExit('imported')\n", encoding="utf-8")
    (package / "impl.py").write_text("class Bus:\n    def send(self, topic): ...\n", encoding="utf-8")
    code, lines = tell(project, capsys, text)
    assert code == 1
    assert "when: 'topik' is no parameter of it: (topic); did you mean 'topic'?" in lines[0]
    assert any("acme_bus has no 'gone'" in line for line in lines)


def test_a_project_without_tables(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "test"]) == 0
    assert "no tables of its own" in capsys.readouterr().err


def test_problems_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text(effect("shop.queue.push").replace("[[effect", "[[tool.txlint.effect"), encoding="utf-8")
    assert main(["catalog", "test", "--no-cache", "--output-format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    first = document["problems"][0]
    assert (document["entries"], first["path"], first["line"], first["name"]) == (1, "pyproject.toml", 1, "shop.queue.push")


# -- list and search --


def test_the_list_has_every_library_and_the_projects_own_tables_first(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "txlint.toml").write_text(effect("shop.queue.publish"), encoding="utf-8")
    for command in (["catalog"], ["catalog", "list"]):
        assert main(command) == 0
        _, first, *rows = capsys.readouterr().out.partition("\n\n")[0].splitlines()
        assert first.startswith("this project ") and first.split()[2] == "1"
        assert [row.split()[0] for row in rows] == sorted(path.stem for path in LIBRARIES.glob("*.toml"))


def test_the_list_as_json_is_what_the_files_say(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "--output-format", "json"]) == 0
    libraries = {each["name"]: each for each in json.loads(capsys.readouterr().out)["libraries"]}
    for name, path in ((path.stem, path) for path in LIBRARIES.glob("*.toml")):
        library = read_library(path)
        assert sum(libraries[name]["entries"].values()) == len(library.entries)
        assert libraries[name]["distribution"] == library.distribution and not libraries[name]["project"]


def test_a_library_is_tested_only_where_all_four_tests_pass() -> None:
    passed = {"versions": ["1", "2"], "true": [3, 3], "used": [2, 2], "explained": [3, 3], "real": [1, 1], "untested": 0}
    found = listing.tested(
        {
            "figures": {
                "libraries": {"a": passed, "b": passed | {"real": [0, 1]}, "c": passed | {"real": [0, 0]}, "d": {**passed, "versions": []}}
            }
        }
    )
    assert {name: each.failed for name, each in found.items()} == {
        "a": (),
        "b": ("real",),
        "c": ("real",),
        "d": ("true", "used", "explained", "real"),
    }
    library = read_library(LIBRARIES / "celery.toml")
    text = render_libraries([Listed(library, found["a"], ""), Listed(library, found["b"], ""), Listed(library, listing.Tested(), "")])
    assert [line.rsplit(" ", 1)[1] for line in text.splitlines()[1:4]] == ["TUER", "TUE-", "17"]
    assert "1 of the libraries pass all four tests" in text


def test_the_record_is_read_as_its_makers_do() -> None:
    record = json.loads((truth.RECORDS / "catalog.json").read_text(encoding="utf-8"))
    for name, each in listing.tested(record).items():
        assert (not each.failed) == catalog_tests.passes(record["figures"]["libraries"][name]), name


@pytest.mark.parametrize(("width", "colour"), [(80, False), (120, True)])
def test_a_table_for_a_terminal_fits(width: int, colour: bool) -> None:
    from txlint.report.paint import coloured, plain

    library = read_library(LIBRARIES / "sqlalchemy.toml")
    tests = listing.Tested(("1.4.54", "2.0.58"), {"true": (1, 1)})
    text = render_libraries([Listed(library, tests, "")], coloured() if colour else plain, width).partition("\n\n")[0]
    assert ("\x1b[" in text) is colour
    if not colour:
        assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("celery.Task.delay", ["celery.Task.delay"]),
        ("celery.app.task.Task.delay", ["celery.Task.delay"]),  # another home of it
        ("django.contrib.auth.models.User.save", ["django.db.models.Model.save"]),  # along the bases
        ("DELAY_ON_COMMIT", ["celery.Task.delay_on_commit"]),  # by method
        ("Queue.empty", ["rq.Queue.empty"]),  # by a part
        ("shop.queue.publish", ["shop.queue.publish"]),  # the project's own
    ],
)
def test_an_entry_is_found(word: str, names: list[str], project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "txlint.toml").write_text(effect("shop.queue.publish"), encoding="utf-8")
    assert main(["catalog", "search", word, "--output-format", "json"]) == 0
    assert list(dict.fromkeys(each["name"] for each in json.loads(capsys.readouterr().out)["entries"])) == names


def test_the_document_says_what_is_first_and_what_is_false() -> None:
    entry = decode_project(
        {"effect": [{"name": "shop.send", "kind": "mail", "why": ".", "when": {"arg": {"name": "wait", "position": 0}, "equals": False}}]},
        "txlint.toml",
    ).entries[0]
    told = Told(entry, "effect", (), "", (), "")
    assert json.loads(render_json_entries([told]))["entries"][0]["fields"] == {
        "kind": "mail",
        "when": [{"arg": {"name": "wait", "position": 0}, "equals": False}],
    }


def test_what_is_said_of_an_entry(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "txlint.toml").write_text(effect("shop.queue.publish"), encoding="utf-8")
    assert main(["catalog", "celery.Task.apply_async"]) == 0
    said = capsys.readouterr().out
    for part in (
        "celery (txlint/catalog/libs/celery.toml)",
        "of kind task: TX101, in a hook TX201",
        "why: publishes",
        "waits for the commit: ",
    ):
        assert part in said
    assert main(["catalog", "shop.queue.publish"]) == 0
    assert "this project (txlint.toml)" in capsys.readouterr().out
    assert main(["catalog", "search", "celery"]) == 0
    assert "celery.Task.delay  an effect of kind task" in capsys.readouterr().out
    assert main(["catalog", "search", "nothing-of-the-kind"]) == 1


def test_every_entry_can_be_told() -> None:
    from txlint.explain.entries import told

    catalog = load_catalog()
    for entry in catalog.entries:
        assert told(catalog, entry, "x").what, entry.name
