"""Settings read from facts: which modules count, how ATOMIC_REQUESTS is found, what is unknown and why."""

# ruff: noqa: E501 -- a case is one line
from __future__ import annotations

from textwrap import dedent

import pytest

from tests.files import GivenFiles
from txlint.config import Config
from txlint.frameworks.data import ABSENT, Unknown
from txlint.frameworks.django.settings import DjangoSettings, read_settings
from txlint.lower import lower_source
from txlint.model.facts import FileFacts
from txlint.model.kinds import Confidence


def read(texts: dict[str, str], config: Config | None = None) -> DjangoSettings:
    """The settings of a project given as path -> text; a module's name is its path."""
    texts = {path: dedent(text) for path, text in texts.items()}
    project: dict[str, FileFacts] = {}
    for path, text in texts.items():
        if path.endswith(".py"):
            package = path.endswith("/__init__.py")
            module = path.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
            facts = lower_source(text.encode(), path, module, package)
            assert isinstance(facts, FileFacts)
            project[module] = facts
    return read_settings(project, GivenFiles(texts), config or Config())


def switch(texts: dict[str, str] | str, alias: str = "default", config: Config | None = None) -> tuple[bool, str, int, str] | None:
    settings = read({"shop/settings.py": texts} if isinstance(texts, str) else texts, config)
    found = settings.atomic_requests.get(alias)
    return (found.value, found.path, found.line, found.confidence.word) if found else None


BASE = """\
DATABASES = {
    "default": {
        "ENGINE": "x",
    },
}
"""

# Each of these switches it on in line N (the last number), at some confidence.
ON = {
    "in the display": ('DATABASES = {\n "default": {\n  "ENGINE": 1,\n  "ATOMIC_REQUESTS": True,\n },\n}', 4, "certain"),
    "dict()": ("DATABASES = dict(\n  default=dict(\n    ENGINE=1,\n    ATOMIC_REQUESTS=True,\n  ))", 4, "certain"),
    "by item": ('DATABASES = {"default": {}}\nDATABASES["default"]["ATOMIC_REQUESTS"] = True', 2, "certain"),
    "by update": ('DATABASES = {"default": {}}\nDATABASES["default"].update({\n  "ATOMIC_REQUESTS": True})', 3, "certain"),
    "by update with keywords": (
        'DATABASES = {"default": {}}\nDATABASES["default"].update(\n  CONN_MAX_AGE=3,\n  ATOMIC_REQUESTS=True)',
        4,
        "certain",
    ),
    "by setdefault": ('DATABASES = {"default": {}}\nDATABASES["default"].setdefault("ATOMIC_REQUESTS", True)', 2, "certain"),
    "by |": ('COMMON = {\n  "ATOMIC_REQUESTS": True}\nDATABASES = {"default": {"NAME": "x"} | COMMON}', 2, "certain"),
    "by |=": ('DATABASES = {"default": {}}\nDATABASES["default"] |= {"ATOMIC_REQUESTS": True}', 2, "certain"),
    "by **": ('COMMON = {"ATOMIC_REQUESTS": True}\nDATABASES = {"default": {"NAME": "x", **COMMON}}', 1, "certain"),
    "by a name for the key": ('KEY = "ATOMIC_REQUESTS"\nDATABASES = {"default": {KEY: True}}', 2, "certain"),
    "over all databases": ('DATABASES = {"default": {}}\nfor db in DATABASES.values():\n    db["ATOMIC_REQUESTS"] = True', 3, "certain"),
    "over a list of aliases": (
        'DATABASES = {"default": {}}\nfor a in ("default",):\n    DATABASES[a]["ATOMIC_REQUESTS"] = True',
        3,
        "certain",
    ),
    "by comprehension": ('DATABASES = {a: {"NAME": a, "ATOMIC_REQUESTS": True} for a in ["default", "b"]}', 1, "certain"),
    "by an alias of the dict": ('DATABASES = {"default": {}}\ndb = DATABASES["default"]\ndb["ATOMIC_REQUESTS"] = True', 3, "certain"),
    "in a function": (
        'DATABASES = {"default": {}}\ndef setup():\n    DATABASES["default"]["ATOMIC_REQUESTS"] = True\nsetup()',
        3,
        "certain",
    ),
    "returned by a function": (
        'def database(name):\n    return {"NAME": name,\n      "ATOMIC_REQUESTS": True}\nDATABASES = {"default": database("x")}',
        3,
        "certain",
    ),
    "above a parsed URL": (
        'import dj_database_url\nDATABASES = {"default": dj_database_url.config(conn_max_age=60)}\nDATABASES["default"]["ATOMIC_REQUESTS"] = True',
        3,
        "certain",
    ),
    "above env.db()": (
        'import environ\nenv = environ.Env()\nDATABASES = {"default": env.db("URL", default="x")}\nDATABASES["default"]["ATOMIC_REQUESTS"] = True',
        4,
        "certain",
    ),
    "above something unknown": ('DATABASES = load()\nDATABASES["default"]["ATOMIC_REQUESTS"] = True', 2, "certain"),
    "decided by a constant": (
        'DEBUG = False\nDATABASES = {"default": {}}\nif not DEBUG:\n    DATABASES["default"]["ATOMIC_REQUESTS"] = True',
        4,
        "certain",
    ),
    "not in a test run": (
        'import sys\nDATABASES = {"default": {}}\nif "test" not in sys.argv:\n    DATABASES["default"]["ATOMIC_REQUESTS"] = True',
        4,
        "likely",
    ),
    "on one path": ('DATABASES = {"default": {}}\nif unknown():\n    DATABASES["default"]["ATOMIC_REQUESTS"] = True', 3, "likely"),
    "on one of two paths": (
        'if unknown():\n    DATABASES = {"default": {"A": 1}}\nelse:\n    DATABASES = {"default": {"ATOMIC_REQUESTS": True}}',
        4,
        "likely",
    ),
    "by the default of os.environ": (
        'import os\nDATABASES = {"default": {"ATOMIC_REQUESTS": os.environ.get("ATOMIC", "1") == "1"}}',
        2,
        "likely",
    ),
    "by the default of env.bool": (
        'import environ\nenv = environ.Env()\nDATABASES = {"default": {"ATOMIC_REQUESTS": env.bool("ATOMIC", True)}}',
        3,
        "likely",
    ),
    "by the scheme of Env": (
        'import environ\nenv = environ.Env(ATOMIC=(bool, True))\nDATABASES = {"default": {"ATOMIC_REQUESTS": env("ATOMIC")}}',
        3,
        "likely",
    ),
    "by decouple": (
        'from decouple import config\nDATABASES = {"default": {"ATOMIC_REQUESTS": config("ATOMIC", default="yes", cast=bool)}}',
        2,
        "likely",
    ),
    "by a project's own reader": (
        "import os\ndef flag(name, default=False):\n    value = os.environ.get(name)\n    if value is None:\n        return default\n"
        '    return value.lower() in ("1", "true")\nDATABASES = {"default": {"ATOMIC_REQUESTS": flag("ATOMIC", default=True)}}',
        7,
        "likely",
    ),
    "by strtobool": (
        'import os\nfrom distutils.util import strtobool\nDATABASES = {"default": {"ATOMIC_REQUESTS": strtobool(os.environ.get("A", "True"))}}',
        3,
        "likely",
    ),
    "by an or": ('import os\nDATABASES = {"default": {"ATOMIC_REQUESTS": bool(int(os.environ.get("ATOMIC") or "1"))}}', 2, "likely"),
    "without a default": (
        'import environ\nenv = environ.Env()\nDATABASES = {"default": {"ATOMIC_REQUESTS": env.bool("ATOMIC")}}',
        3,
        "possible",
    ),
    "walrus, tuple and annotation": (
        'DB: dict = {"ATOMIC_REQUESTS": True}\n(A, B) = ("default", DB)\nDATABASES: dict = {A: (C := B)}',
        1,
        "certain",
    ),
    "by setattr-like globals": ('DATABASES = {}\nglobals()["DATABASES"] = {"default": {"ATOMIC_REQUESTS": True}}', 2, "certain"),
    "deepcopy": ('from copy import deepcopy\nONE = {"ATOMIC_REQUESTS": True}\nDATABASES = {"default": deepcopy(ONE)}', 2, "certain"),
    "try, import fails": (
        'DATABASES = {"default": {"ATOMIC_REQUESTS": True}}\ntry:\n    from .local import *\nexcept ImportError:\n    pass',
        1,
        "certain",
    ),
    "later keys are computed": (
        'DATABASES = {"default": {"ATOMIC_REQUESTS": True}}\nfor key, value in overrides():\n    DATABASES["default"][key] = value',
        1,
        "likely",
    ),
}


@pytest.mark.parametrize("case", ON)
def test_switched_on(case: str) -> None:
    text, line, confidence = ON[case]
    assert switch(text) == (True, "shop/settings.py", line, confidence)


OFF = {
    "nothing": BASE,
    "false": 'DATABASES = {"default": {"ATOMIC_REQUESTS": False}}',
    "at the top": "ATOMIC_REQUESTS = True\nDATABASES = {'default': {}}",
    "switched off later": 'DATABASES = {"default": {"ATOMIC_REQUESTS": True}}\nDATABASES["default"]["ATOMIC_REQUESTS"] = False',
    "removed": 'DATABASES = {"default": {"ATOMIC_REQUESTS": True}}\ndel DATABASES["default"]["ATOMIC_REQUESTS"]',
    "popped": 'DATABASES = {"default": {"ATOMIC_REQUESTS": True}}\nDATABASES["default"].pop("ATOMIC_REQUESTS")',
    "replaced": 'DATABASES = {"default": {"ATOMIC_REQUESTS": True}}\nDATABASES = {"default": {}}',
    "only when debugging": 'DEBUG = False\nDATABASES = {"default": {}}\nif DEBUG:\n    DATABASES["default"]["ATOMIC_REQUESTS"] = True',
    "by a default": 'import os\nDATABASES = {"default": {"ATOMIC_REQUESTS": os.getenv("ATOMIC", "false").lower() == "true"}}',
    "a copy": 'from copy import copy\nDATABASES = {"default": {}}\ncopy(DATABASES["default"])["ATOMIC_REQUESTS"] = True',
    "only under test": 'import sys\nDATABASES = {"default": {}}\nif "test" in sys.argv:\n    DATABASES["default"]["ATOMIC_REQUESTS"] = True',
    "another database": 'DATABASES = {"default": {}, "other": {"ATOMIC_REQUESTS": True}}',
}


@pytest.mark.parametrize("case", OFF)
def test_not_switched_on(case: str) -> None:
    found = switch(OFF[case])
    assert found is None or found[0] is False


def test_every_database_has_its_own_line() -> None:
    text = """\
        DATABASES = {
            "default": {
                "ATOMIC_REQUESTS": True,
            },
            "other": {
                "NAME": "ATOMIC",
                "ATOMIC_REQUESTS": True,
            },
            "third": {},
        }
        """
    settings = read({"settings.py": text})
    assert {alias: found.line for alias, found in settings.atomic_requests.items()} == {"default": 3, "other": 7}
    assert settings.atomic_aliases == ("default", "other")


def test_module_level_switch_is_inert() -> None:
    settings = read({"shop/settings.py": "ATOMIC_REQUESTS = True\n" + BASE})
    assert [(item.name, item.value, item.line) for item in settings.inert] == [("ATOMIC_REQUESTS", True, 1)]


SPLIT = {
    "manage.py": 'import os\nif __name__ == "__main__":\n    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conf.settings.local")\n',
    "conf/__init__.py": "",
    "conf/settings/__init__.py": "",
    "conf/settings/base.py": BASE + 'INSTALLED_APPS = ["a"]\n',
    "conf/settings/local.py": "from .base import *\nDEBUG = True\nINSTALLED_APPS += ['debug']\n",
    "conf/settings/production.py": "from .base import *\nfrom .base import DATABASES\nDATABASES['default']['ATOMIC_REQUESTS'] = True\n",
    "conf/settings/test.py": "from .base import *\n",
    "conf/wsgi.py": 'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "conf.settings.production"\n',
}


def test_production_wins() -> None:
    settings = read(SPLIT)
    assert settings.module == "conf.settings.production"
    assert settings.candidates[0] == "conf.settings.production"
    # A shared base: the item is set in the dict of base, as in Python; each module is read for itself, though.
    assert settings.atomic_requests["default"].path == "conf/settings/production.py"
    assert settings.strings("INSTALLED_APPS") == ("a",)


def test_candidates_that_disagree_are_assumed() -> None:
    texts = dict(SPLIT)
    texts["conf/settings/local.py"] = "from .base import *\nDATABASES = {'default': {'ATOMIC_REQUESTS': False}}\n"
    settings = read(texts)
    assert settings.atomic_requests["default"].confidence is Confidence.LIKELY
    assert [(item.what, item.value, item.path) for item in settings.assumed] == [
        ("DJANGO_SETTINGS_MODULE", "conf.settings.production", "conf/settings/production.py"),
        ("ATOMIC_REQUESTS", "true", "conf/settings/production.py"),
    ]


EMPTY = "from shop.defaults import *\nDATABASES = {}\nINSTALLED_APPS = []\n"


def test_databases_that_others_fill_are_those_of_the_next_module() -> None:
    starts = "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'\n"
    settings = read({"manage.py": starts, "shop/settings.py": EMPTY, "shop/defaults.py": ON["in the display"][0]})
    assert settings.module == "shop.settings"
    assert settings.atomic_requests["default"] == (True, "shop/defaults.py", 4, Confidence.LIKELY)
    assert ("ATOMIC_REQUESTS", "true", "shop/defaults.py", 4) in [(a.what, a.value, a.path, a.line) for a in settings.assumed]


@pytest.mark.parametrize(
    "said",
    [
        "INSTALLED_APPS = []\nDATABASES = {}\n",
        "from conf.local import *\nINSTALLED_APPS = []\n",
        "INSTALLED_APPS = []\nDATABASES = {**elsewhere()}\n",
        "INSTALLED_APPS = []\nDATABASES = {'default': elsewhere()}\n",
    ],
)
def test_databases_that_nobody_defines_are_assumed(said: str) -> None:
    texts = {"manage.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'\n", "shop/settings.py": said}
    settings = read(texts)
    assert settings.module == "shop.settings"
    assert not settings.atomic_requests
    assert [(item.what, item.value) for item in settings.assumed] == [("ATOMIC_REQUESTS", "false")]


@pytest.mark.parametrize(
    "said",
    [
        BASE,
        "INSTALLED_APPS = []\nROOT_URLCONF = 'x'\n",
        "import dj_database_url\nDATABASES = {'default': dj_database_url.config()}\n",
        "import environ\nenv = environ.Env()\nDATABASES = {'default': env.db()}\n",
    ],
)
def test_databases_that_are_defined_are_not_assumed(said: str) -> None:
    texts = {"manage.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'\n", "shop/settings.py": said}
    assert not read(texts).assumed


def test_configuration_decides() -> None:
    settings = read(SPLIT, Config(django_settings=("conf.settings.local", "conf.nothing")))
    assert settings.module == "conf.settings.local"
    assert settings.missing == ("conf.nothing",)
    assert settings.get("DEBUG").value is True
    assert settings.strings("INSTALLED_APPS") == ("a", "debug")
    assert switch(BASE, config=Config(atomic_requests=True)) == (True, "shop/settings.py", 1, "certain")
    assert switch(ON["by item"][0], config=Config(atomic_requests=False)) is None


def test_override_stands_where_it_is_written() -> None:
    texts = {"pyproject.toml": "[tool.txlint]\n\natomic-requests = true\n", "app/views.py": "x = 1\n"}
    settings = read(texts, Config(source="pyproject.toml", atomic_requests=True))
    assert settings.module is None
    assert settings.atomic_requests["default"][:3] == (True, "pyproject.toml", 3)
    assert isinstance(settings.get("EMAIL_BACKEND").value, Unknown)


def test_no_settings() -> None:
    settings = read({"app/models.py": "class A: pass\n"})
    assert settings.module is None
    assert settings.atomic_requests == {}
    assert settings.strings("INSTALLED_APPS") == ()
    assert settings.root_urlconf is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = app.tests.conf\n"),
        ("setup.cfg", "[tool:pytest]\naddopts = --ds=app.tests.conf -q\n"),
        ("tox.ini", "[testenv]\nsetenv =\n    DJANGO_SETTINGS_MODULE=app.tests.conf\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\nDJANGO_SETTINGS_MODULE = "app.tests.conf"\n'),
    ],
)
def test_settings_of_tests_count_where_there_are_no_others(name: str, text: str) -> None:
    texts = {name: text, "app/tests/conf.py": 'DATABASES = {"default": {"ATOMIC_REQUESTS": True}}', "app/__init__.py": ""}
    assert switch(texts) == (True, "app/tests/conf.py", 1, "likely")


def test_a_computed_settings_module() -> None:
    texts = {
        "manage.py": 'import os\nNAME = "shop"\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", NAME + ".conf")',
        "shop/conf.py": BASE,
    }
    assert read(texts).module == "shop.conf"


def test_a_project_under_another_root() -> None:
    texts = {
        "app/manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")',
        "app/config/settings.py": BASE,
    }
    assert read(texts).module == "app.config.settings"


def test_settings_classes() -> None:
    texts = {
        "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "s")\nos.environ.setdefault("DJANGO_CONFIGURATION", "Dev")',
        "s.py": """\
            from configurations import Configuration, values
            class Base(Configuration):
                DATABASES = {"default": {}}
                INSTALLED_APPS = ["a"]
                DEBUG = values.BooleanValue(True)
                @property
                def MIDDLEWARE(self):
                    return ["m"]
            class Dev(Base):
                INSTALLED_APPS = Base.INSTALLED_APPS + ["b"]
            class Production(Base):
                DATABASES = {"default": {"ATOMIC_REQUESTS": True}}
            """,
    }
    settings = read(texts)
    assert settings.module == "s:Production"
    assert settings.candidates == ("s:Production", "s:Dev", "s:Base") or settings.candidates[0] == "s:Production"
    assert settings.atomic_requests["default"][:3] == (True, "s.py", 12)
    assert settings.strings("INSTALLED_APPS") == ("a",)
    assert settings.middleware == ("m",)
    assert settings.get("DEBUG").value is True
    assert settings.get("DEBUG").confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "export", ["Own.load(__name__)", "to_django(Own())", "globals().update({k: getattr(Own, k) for k in ('DATABASES',)})"]
)
def test_classes_that_are_copied_into_the_module(export: str) -> None:
    text = f"""\
        from somewhere import Base, to_django
        class Own(Base):
            DATABASES = {{"default": {{"ATOMIC_REQUESTS": True}}}}
        {export}
        """
    assert switch(text) == (True, "shop/settings.py", 3, "certain")


def test_an_instance_of_a_settings_class() -> None:
    text = """\
        from pydantic_settings import BaseSettings
        class Own(BaseSettings):
            atomic: bool = True
        own = Own()
        DATABASES = {"default": {"ATOMIC_REQUESTS": own.atomic}}
        """
    assert switch(text) == (True, "shop/settings.py", 5, "certain")


def test_split_settings() -> None:
    texts = {
        "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")',
        "server/settings/__init__.py": """\
            from split_settings.tools import include, optional
            include("components/*.py", optional("local.py"))
            """,
        "server/settings/components/database.py": 'DATABASES = {"default": {"ATOMIC_REQUESTS": True}}',
        "server/settings/components/apps.py": 'INSTALLED_APPS = ("a",)',
    }
    settings = read(texts)
    assert settings.atomic_requests["default"][:2] == (True, "server/settings/components/database.py")
    assert settings.strings("INSTALLED_APPS") == ("a",)


def test_lookups() -> None:
    settings = read(
        {
            "shop/settings.py": """\
                import os
                from elsewhere import OTHER
                DATABASES = {}
                RQ = {"COMMIT_MODE": "auto", "DEEP": {"er": (1, OTHER)}}
                EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "mailer.backend.DbBackend")
                KEY = os.environ["KEY"]
                LOADED = load()
                if os.environ.get("REDIS"):
                    BACKEND = "redis"
                else:
                    BACKEND = "local"
                Q_CLUSTER = dict(orm="default")
                """
        }
    )
    assert settings.get("RQ.COMMIT_MODE").value == "auto"
    assert settings.get("RQ.COMMIT_MODE").line == 4
    assert settings.get("RQ.DEEP").value == {"er": (1, Unknown("it comes from elsewhere.OTHER"))}
    assert settings.get("RQ.NOTHING").value is ABSENT
    assert settings.get("NOTHING").value is ABSENT
    assert settings.get("NOTHING.AT.ALL").value is ABSENT
    assert settings.get("EMAIL_BACKEND")[:2] == ("mailer.backend.DbBackend", Confidence.LIKELY)
    assert isinstance(settings.get("KEY").value, Unknown)
    assert isinstance(settings.get("LOADED.x").value, Unknown)
    assert settings.get("BACKEND")[:2] == ("redis", Confidence.LIKELY)
    assert settings.get("BACKEND").others == ("local",)
    assert settings.get("Q_CLUSTER.orm").value == "default"


def test_a_star_import_from_outside_leaves_the_rest_unknown() -> None:
    settings = read({"shop/__init__.py": "", "shop/settings.py": "DATABASES = {}\nfrom shop.secret import *\n"})
    assert isinstance(settings.get("EMAIL_BACKEND").value, Unknown)
    assert settings.get("DATABASES").value == {}


def test_import_cycles_and_endless_code_end() -> None:
    texts = {
        "a/settings.py": "from a.b import *\nDATABASES = {}\nwhile True:\n    x = 1\ndef f(n):\n    return f(n)\nY = f(1)\n",
        "a/b.py": "from a.settings import *\nfor i in range(10 ** 9):\n    Z = i\n",
    }
    assert read(texts).module == "a.settings"


def test_deep_code_does_not_end_the_run() -> None:
    deep = "X = " + "(" * 80 + "1" + ")" * 80 + "\nY = " + " + ".join(["'a'"] * 2000) + "\n"
    settings = read({"shop/settings.py": "DATABASES = {'default': {'ATOMIC_REQUESTS': True}}\n" + deep})
    assert settings.atomic_aliases == ("default",)


def test_a_package_that_is_itself_on_the_import_path() -> None:
    texts = {
        "site/__init__.py": "",
        "site/manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings.main")',
        "site/core/__init__.py": "",
        "site/core/settings/__init__.py": "",
        "site/core/settings/base.py": "DATABASES = {'default': {'ATOMIC_REQUESTS': True}}\nROOT_URLCONF = 'core.urls'\n",
        "site/core/settings/main.py": "from core.settings.base import *\n",
    }
    settings = read(texts)
    assert settings.module == "site.core.settings.main"
    assert settings.atomic_aliases == ("default",)
    assert settings.root_urlconf == "core.urls"


def test_settings_that_every_installation_writes() -> None:
    texts = {
        "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")',
        "hub/__init__.py": "",
        "hub/settings_docker.py": "DATABASES = {'default': {'ATOMIC_REQUESTS': True}}\n",
        "hub/settings_example.py": "DATABASES = {'default': {}}\n",
        "hub/forms.py": "from .models import *\n",
        "hub/models.py": "X = 1\n",
        "tools/run.py": 'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "tools.conf"',
        "tools/conf.py": "X = 1\n",
    }
    settings = read(texts)
    assert settings.module == "hub.settings_docker"
    assert set(settings.candidates) == {"hub.settings_docker", "hub.settings_example"}
    assert settings.atomic_requests["default"].confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    ("path", "trial"),
    [
        ("sandbox/settings.py", True),
        ("test_project/config/base.py", True),
        ("basket/testapp/settings.py", True),
        ("example_settings.py", True),
        ("config/settings.py", False),
        ("contest/settings.py", False),
        ("config/settings/dev.py", False),
    ],
)
def test_settings_of_a_project_that_only_tries_a_package_out(path: str, trial: bool) -> None:
    module = path.removesuffix(".py").replace("/", ".")
    texts = {"manage.py": f'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "{module}")', path: "INSTALLED_APPS = []\nDEBUG = 1"}
    assert read(texts).trial is trial
    assert read(texts, Config(django_settings=(module,))).trial is False
