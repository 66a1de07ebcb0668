"""Which modules (or classes) are the settings of the project: `find_candidates` lists them, the best first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from txlint.frameworks.data import ClassRef, Name
from txlint.frameworks.evaluate import Evaluator, Frame, Modules, absolute_import
from txlint.frameworks.files import Files
from txlint.model.facts import Body, Expr, FileFacts

VARIABLE = "DJANGO_SETTINGS_MODULE"
CLASS_VARIABLE = "DJANGO_CONFIGURATION"

_WORDS = {
    **dict.fromkeys(("prod", "production", "live", "deploy", "deployment", "release", "heroku"), 5),
    **dict.fromkeys(("staging", "stage", "preprod", "preproduction"), 4),
    **dict.fromkeys(("dev", "devel", "develop", "development", "local", "debug", "devstack"), 2),
    **dict.fromkeys(("example", "sample", "template", "demo", "docs", "doc", "build", "ci", "bench", "benchmark"), 1),
    **dict.fromkeys(("test", "tests", "testing", "pytest", "unittest"), 0),
}
_TRIAL = {word for word, rank in _WORDS.items() if rank == 0} | {
    *("demo", "demos", "example", "examples", "sample", "samples", "sandbox", "testapp", "testproject", "testsite"),
}
_NEUTRAL = 3
MOST = 12  # modules that are read
# Files by the part of the deployment that they start: what the server uses says more than what developers use.
_STARTERS = {"wsgi": 0, "asgi": 1, "celery": 2, "celery_app": 2, "celeryapp": 2, "celeryconf": 2, "manage": 3, "__main__": 4}
_PYTEST = 8
_ELSEWHERE = 6
_BESIDE = 5
_FOUND = 9


class Candidate(NamedTuple):
    """A module that may be the settings; ``klass`` the class in it that holds them. Sorted, the best comes first."""

    rank: int  # by name: production-like first
    order: int  # by who names it
    module: str
    klass: str | None
    test: bool

    @property
    def name(self) -> str:
        return f"{self.module}:{self.klass}" if self.klass else self.module


def find_candidates(evaluator: Evaluator, files: Files, configured: tuple[str, ...]) -> tuple[list[Candidate], tuple[str, ...]]:
    """The candidates, best first, and the modules that the configuration names in vain."""
    if configured:
        found: list[Candidate] = []
        missing: list[str] = []
        for order, name in enumerate(configured):
            head, _, klass = name.partition(":")
            module = evaluator.modules.locate(head)
            if module is None:
                missing.append(name)
            else:
                found += _with_classes(evaluator, module, 0, order, {klass} if klass else set(), bool(klass))
        return sorted(found, key=lambda candidate: candidate.order), tuple(missing)
    named: dict[str, int] = {}
    lost: list[str] = []
    classes: set[str] = set()
    for facts in evaluator.modules.facts.values():
        if "environ" not in facts.words and "putenv" not in facts.words:
            continue
        starter = _STARTERS.get(facts.module.rpartition(".")[2], _ELSEWHERE)
        if starter == _ELSEWHERE and (looks_like_test(facts.path) or _rank(facts.path.split("/")) < 2):
            continue
        for variable, value in _environment(evaluator, facts):
            if variable == CLASS_VARIABLE:
                classes.add(value)
                continue
            module = evaluator.modules.locate(value, facts.path)
            if module is not None:
                named[module] = min(named.get(module, starter), starter)
            elif starter != _ELSEWHERE:
                lost.append(value)
    for value in _in_configuration(files):
        module = evaluator.modules.locate(value)
        if module is not None:
            named.setdefault(module, _PYTEST)
    # What stands beside them counts too, also beside one that every installation writes for itself.
    for module, order in [*named.items(), *((module, 0) for module in lost)]:
        for sibling in _siblings(evaluator, module):
            named.setdefault(sibling, _BESIDE if order < _ELSEWHERE else _FOUND)
    if not any(order < _ELSEWHERE for order in named.values()):
        # No more than a test or a tool names settings: those of the project are found by what they define.
        for facts in evaluator.modules.facts.values():
            if _defines_databases(facts) and not looks_like_test(facts.path):
                named[facts.module] = min(named.get(facts.module, _FOUND), _FOUND)
                for sibling in _siblings(evaluator, facts.module):
                    named.setdefault(sibling, _FOUND + 1)
    found = [
        candidate
        for module, order in named.items()
        for candidate in _with_classes(evaluator, module, _rank_of(module, None), order, classes, False)
    ]
    return sorted(found, key=lambda c: (-c.rank, c.order, c.module.count("."), c.name)), ()


def defining(modules: Modules) -> list[Candidate]:
    """Every module that defines ``DATABASES``, whoever names it, best first; those of tests are left out."""
    names = [facts.module for facts in modules.facts.values() if "DATABASES" in facts.bound and not looks_like_test(facts.path)]
    found = [Candidate(_rank_of(name, None), _FOUND, name, None, _rank_of(name, None) == 0) for name in names]
    return sorted(found, key=lambda c: (-c.rank, c.module.count("."), c.name))[:MOST]


def _with_classes(evaluator: Evaluator, module: str, rank: int, order: int, wanted: set[str], strict: bool) -> Iterator[Candidate]:
    """A module as a candidate, or one for each of its settings classes (django-configurations)."""
    facts = evaluator.facts(module)
    test = rank == 0 or looks_like_test(facts.path)
    klasses = [klass.name for klass in _settings_classes(evaluator, facts)]
    if strict and wanted:
        klasses = [name for name in wanted if any(name == klass.name for klass in facts.classes)]
    if not klasses:
        yield Candidate(rank, order, module, None, test)
    for name in klasses:
        own = _rank_of(module, name)
        yield Candidate(own, order - (1 if name in wanted else 0), module, name, test or own == 0)


def _settings_classes(evaluator: Evaluator, facts: FileFacts) -> Iterator[Any]:
    if not any(item.module.split(".")[0] == "configurations" for item in facts.imports) and not facts.classes:
        return
    for index, klass in enumerate(facts.classes):
        if klass.parent == -1 and klass.owner == -1 and klass.bases:
            bases = evaluator.bases(ClassRef(facts.module, index))
            if any(isinstance(base, Name) and base.dotted.startswith("configurations.") for base in bases):
                yield klass


def _words(name: str) -> list[str]:
    """``ProductionEU_prod`` as ``production eu prod``."""
    pairs = zip(" " + name, name, strict=False)
    spaced = "".join(f" {letter}" if letter.isupper() and before.islower() else letter for before, letter in pairs)
    return spaced.lower().replace("_", " ").replace("-", " ").split()


def _rank(parts: Iterable[str]) -> int:
    ranks = [_WORDS[word] for part in parts for word in _words(part) if word in _WORDS]
    # A test or example is one whatever else its name says; else the most production-like word counts.
    return min(ranks) if ranks and min(ranks) < 2 else max(ranks, default=_NEUTRAL)


def _rank_of(module: str, klass: str | None) -> int:
    parts = module.split(".")
    if klass is not None:
        own = _rank([klass])
        return own if own != _NEUTRAL else _rank(parts[-1:])
    return min(_rank(parts[-1:]), 0 if _rank(parts[:-1]) == 0 else 9)


def looks_like_test(path: str) -> bool:
    parts = path.split("/")
    return any(part in ("tests", "test", "testing") for part in parts[:-1]) or parts[-1].startswith(("test_", "conftest."))


def is_trial(path: str) -> bool:
    """Is a file that of a project in which a package is tried out only: ``sandbox/settings.py``, ``test_project/config/base.py``?"""
    return any(word in _TRIAL for part in path.removesuffix(".py").split("/") for word in _words(part))


def _defines_databases(facts: FileFacts) -> bool:
    if "DATABASES" in facts.bound:
        return True
    return any("DATABASES" in stmt[1] for klass in facts.classes for stmt in klass.body if stmt[0] == "assign")


def _siblings(evaluator: Evaluator, module: str) -> Iterator[str]:
    """Modules of the same package that look like settings: they define some, or build on one that does."""
    package = module.rpartition(".")[0]
    if not package:
        return
    for name, facts in evaluator.modules.facts.items():
        if name == module or name.rpartition(".")[0] != package or facts.is_package:
            continue
        if _defines_settings(facts):
            yield name
            continue
        for item in facts.imports:
            source = evaluator.modules.find(absolute_import(facts, item), facts.path) if item.name == "*" else None
            if source is not None and (source == module or _defines_settings(evaluator.facts(source))):
                yield name
                break


def _defines_settings(facts: FileFacts) -> bool:
    return "DATABASES" in facts.bound or {"INSTALLED_APPS", "MIDDLEWARE"} <= set(facts.bound)


# Who names a settings module


def _environment(evaluator: Evaluator, facts: FileFacts) -> Iterator[tuple[str, str]]:
    """Values that a file gives to the two variables in ``os.environ``."""
    for variable, expr in _settings_in(facts):
        if isinstance(expr, tuple) and expr[0] == "const":
            value = expr[1]
        else:
            # Computed: evaluated among the names of the module.
            value = evaluator.eval(expr, Frame(facts, evaluator.namespace(facts.module))).value
        if isinstance(value, str) and value:
            yield variable, value


def _settings_in(facts: FileFacts) -> Iterator[tuple[str, Expr]]:
    bodies: list[Body] = [facts.body, *(function.body for function in facts.functions)]
    pending: list[Any] = list(bodies)
    while pending:
        body = pending.pop()
        for stmt in body:
            tag = stmt[0]
            if tag == "assign":
                for target in stmt[1]:
                    if isinstance(target, tuple) and target[0] == "sub" and _is_variable(target[2]) and _ends(target[1], "environ"):
                        yield target[2][1], stmt[2]
            elif tag == "expr":
                call = stmt[1]
                if (
                    isinstance(call, tuple)
                    and call[0] == "call"
                    and _ends(call[1], "setdefault", "putenv")
                    and len(call[2]) == 2
                    and _is_variable(call[2][0])
                ):
                    yield call[2][0][1], call[2][1]
            elif tag in ("if", "while"):
                pending += [stmt[2], stmt[3]]
            elif tag == "for":
                pending += [stmt[3], stmt[4]]
            elif tag == "with":
                pending.append(stmt[2])
            elif tag == "try":
                pending += [stmt[1], *(handler[2] for handler in stmt[2]), stmt[3], stmt[4]]


def _is_variable(expr: Expr) -> bool:
    return isinstance(expr, tuple) and expr[0] == "const" and expr[1] in (VARIABLE, CLASS_VARIABLE)


def _ends(expr: Expr, *names: str) -> bool:
    return isinstance(expr, str) and expr.rpartition(".")[2] in names


def _in_configuration(files: Files) -> Iterator[str]:
    """What the configuration of pytest and tox gives: ``DJANGO_SETTINGS_MODULE = x``, ``--ds=x``."""
    for name in ("pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml"):
        text = files.read(name)
        if text is None:
            continue
        for line in text.splitlines():
            if VARIABLE in line and "=" in line:
                yield line.partition(VARIABLE)[2].partition("=")[2].strip().strip("\"',[]").strip()
            elif "--ds" in line:
                value = line.partition("--ds")[2].lstrip("= ").split()
                if value:
                    yield value[0].strip("\"',[]")
