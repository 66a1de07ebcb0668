"""Library versions: where they are read, in which order, and what is taken where nothing is written."""

# ruff: noqa: E501 -- a case is one line
from __future__ import annotations

import pytest

from tests.files import GivenFiles
from txlint.config import Config
from txlint.frameworks.versions import Versions, clauses, meets, release, requirement


def versions(texts: dict[str, str], config: Config | None = None, folders: tuple[str, ...] = ("",)) -> Versions:
    return Versions(GivenFiles(texts), config or Config(), folders)


LOCK = '[[package]]\nname = "asgiref"\nversion = "3.8"\n\n[[package]]\nname = "Django"\nversion = "4.2.16"\ndependencies = [\n  {name = "x"},\n]\n'
SOURCES = {
    "uv.lock": (LOCK, 7),
    "poetry.lock": (LOCK, 7),
    "Pipfile.lock": ('{\n"default": {\n"django": {"version": "==4.2.16"}}}', 3),
    "requirements.txt": ("# all\n\nDjango[argon2]==4.2.16 ; python_version > '3'  # why\n", 3),
    "requirements-prod.txt": ("-e git+https://example.org/x#egg=x\ndjango == 4.2.16 \\\n    --hash=sha256:00\n", 2),
    "requirements/base.txt": ("celery\ndjango==4.2.16\n", 2),
    "pyproject.toml": ('[project]\nname = "x"\ndependencies = [\n  "a",\n  "django==4.2.16",\n]\n', 5),
    "Pipfile": ('[packages]\ndjango = "==4.2.16"\n', 2),
    "setup.py": (
        "import setuptools\nneeds = [\n  'six',\n  'django==4.2.16',\n]\nsetuptools.setup(name='x', install_requires=needs + more)\n",
        4,
    ),
    "setup.cfg": ("[metadata]\nname = x\n[options]\ninstall_requires =\n    six\n    django==4.2.16\n", 6),
}


@pytest.mark.parametrize("path", SOURCES)
def test_each_source(path: str) -> None:
    text, line = SOURCES[path]
    found = versions({path: text})
    known = found.known("django")
    assert known is not None
    assert (known.text, known.path, known.line, known.pinned) == ("4.2.16", path, line, True)
    assert found.check("Django", ">=4.2") == (True, True)
    assert found.check("Django", ">=5") == (False, True)
    assert found.assumed == ()


def test_the_better_source_wins() -> None:
    texts = {path: text for path, (text, _) in SOURCES.items()} | {
        "requirements.txt": "django==3.2",
        "pyproject.toml": '[project]\ndependencies = ["django>=2"]',
    }
    assert versions(texts).known("django").text == "4.2.16"  # type: ignore[union-attr]
    del texts["uv.lock"], texts["poetry.lock"], texts["Pipfile.lock"], texts["requirements-prod.txt"]
    assert versions(texts).known("django").text == "3.2"  # type: ignore[union-attr]
    config = Config(source="pyproject.toml", versions={"Django": "6.0"})
    assert versions(texts, config).check("django", ">=6") == (True, True)


def test_a_pin_beats_bounds_and_includes_are_read() -> None:
    texts = {
        "requirements.in": "django>=3\n",
        "requirements/prod.txt": "-r base.txt\n--requirement=../more.txt\n",
        "requirements/base.txt": "-r prod.txt\ncelery~=5.3\n",
        "requirements/dev.txt": "django==9.9\ncelery==1.0\n",
        "more.txt": "-c limits.txt\nredis\n",
        "limits.txt": "redis==5.0.1\ndjango==4.1\n",
    }
    found = versions(texts)
    assert found.known("redis").text == "5.0.1"  # type: ignore[union-attr]
    assert found.known("django").text == "4.1"  # type: ignore[union-attr]


def test_bounds() -> None:
    found = versions(
        {"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\ndjango = "^4.1"\ncelery = {version = "~5.3"}\nrq = "*"\n'}
    )
    assert found.check("django", ">=4") == (True, True)
    assert found.check("django", ">=4.2") == (True, False)
    assert found.check("django", ">=5") == (False, True)
    assert found.check("django", "==4.2.*") == (False, False)
    assert found.check("celery", "<5.4") == (True, True)
    assert found.check("rq", ">=2") == (True, False)
    assert found.check("huey", "<3") == (False, False)
    assert [(item.what, item.value, item.path, item.line) for item in found.assumed] == [
        ("version of django", "^4.1 (the newest of these)", "pyproject.toml", 3),
        ("version of huey", "newest", "", 0),
        ("version of rq", "* (the newest of these)", "pyproject.toml", 5),
    ]


def test_other_folders() -> None:
    texts = {"app/poetry.lock": LOCK, "uv.lock": LOCK.replace("4.2.16", "5.1")}
    assert versions(texts, folders=("app", "")).known("django").text == "4.2.16"  # type: ignore[union-attr]


def test_nothing_is_read_before_it_is_asked() -> None:
    class Closed(GivenFiles):
        def read(self, path: str) -> str | None:
            raise AssertionError(path)

    found = Versions(Closed({"uv.lock": LOCK}), Config())
    assert found.assumed == ()
    with pytest.raises(AssertionError):
        found.known("django")


@pytest.mark.parametrize(
    "text", ["", "[[package]]\nname = 1", "\0", "[tool", "{", "==\n-r\n-r requirements.txt\n@\n[]", "django ==\ndjango=>\n"]
)
def test_broken_files_say_nothing(text: str) -> None:
    texts = dict.fromkeys([*SOURCES, "requirements/prod.txt"], text)
    assert versions(texts).check("celery", ">=1") == (True, False)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Django>=4.2,<5", ("django", ">=4.2,<5")),
        ("Django (>=4.2, <5)", ("django", ">=4.2,<5")),
        ("zope.interface_x == 1", ("zope-interface-x", "==1")),
        ("celery[redis,sqs] ~= 5.3 ; x == 'y'", ("celery", "~=5.3")),
        ("django @ https://x/y.zip", ("django", "")),
        ("https://x/y.zip", None),
        ("-e .", None),
        ("--index-url https://x", None),
        ("./local", None),
        ("two words", None),
    ],
)
def test_requirement(line: str, expected: tuple[str, str] | None) -> None:
    assert requirement(line) == expected


@pytest.mark.parametrize(
    ("version", "specifier", "expected"),
    [
        ("4.2", ">=4.2", True),
        ("4.2.0", "==4.2", True),
        ("4.2.1", "==4.2", False),
        ("4.2.1", "==4.2.*", True),
        ("4.10", ">4.9", True),
        ("5.0rc1", ">=5.0", True),
        ("1.4.9", "~=1.4.2", True),
        ("1.5", "~=1.4.2", False),
        ("1.5", "~=1.4", True),
        ("2.0", "^1.4", False),
        ("0.3.9", "^0.3.1", True),
        ("0.4", "^0.3.1", False),
        ("1.4.9", "~1.4", True),
        ("1.5", "~1.4", False),
        ("3", "!=3.0", False),
        ("3", "", True),
        ("3", "*", True),
        ("2024.1", ">=2023.5,<2025", True),
        ("v2.1.post1+local", "==2.1", True),
    ],
)
def test_meets(version: str, specifier: str, expected: bool) -> None:
    assert meets(release(version), clauses(specifier)) is expected
