"""Findings made by hand from the marks of a fixture, so that rewriting is tested without the engine: `want` is the outermost call that
starts on its line, `open` the with item or decorator there,
the first `via` of an opener its entry."""

from __future__ import annotations

import ast
import re

from txlint.fix import FileMeanings, Project
from txlint.fix.meanings import from_findings
from txlint.fix.plan import FilePlan, open_file, plan, suggest
from txlint.fix.source import code_points, decode
from txlint.model.finding import Effect, Finding, Fix, Opener, Place, Step
from txlint.model.kinds import EFFECT_KINDS, Confidence

OPENING = ("atomic", "begin", "db", "manager", "transaction(", "savepoint(", "attempt")
_MARK = re.compile(r"#\s*(open|want|via):\s*([^#]*)")


def findings_of(text: str | bytes, path: str = "x.py", **given: object) -> list[Finding]:
    """One finding for each ``want``. ``given`` replaces fields of the openers: ``alias``, ``kind``, ``opener``."""
    data = text.encode() if isinstance(text, str) else text
    source = decode(path, data)
    tree = ast.parse(source.text)
    opens: dict[str, Place] = {}
    kinds: dict[str, str] = {}
    entries: dict[str, Place] = {}
    wants: list[tuple[int, str, list[str]]] = []
    for number in range(1, len(source.starts) + 1):
        for word, said in _MARK.findall(source.line(number)):
            if word == "open":
                opens[said.strip()] = _opener_on(tree, source, number)
                kinds[said.strip()] = _kind_of(source.line(number).lstrip())
            elif word == "via":
                entries.setdefault(said.strip(), _call_on(tree, source, number)[0])
            else:
                code, _, names = said.strip().partition("=")
                wants.append((number, code, names.split(",") if names else []))
    found = []
    for number, code, names in wants:
        place, callee = _call_on(tree, source, number)
        step = Step("call", place, "", "")
        openers = tuple(
            Opener(
                kind=str(given.get("kind", kinds[name])),
                opener=str(given.get("opener", _name_of(source.line(opens[name].line)))),
                place=opens[name],
                alias=_alias(source.line(opens[name].line)) if "alias" not in given else given["alias"],  # type: ignore[arg-type]
                confidence=Confidence.CERTAIN,
                fingerprint=f"{name}",
                entry=entries.get(name, _def_around(tree, place) if kinds[name] == "request" else place),
                entry_count=1,
                condition=None,
                trace=() if _owner(tree, opens[name]) is _owner(tree, place) else (step, step),
                decorates=source.line(opens[name].line).lstrip().startswith("@"),
            )
            for name in names
        )
        kind = EFFECT_KINDS[int(code[3:]) - 1] if code[2] in "12" else "task"
        effect = Effect(kind, callee, "", deferred_by="enqueue_after_commit" if callee.startswith("frappe.") else "")
        found.append(Finding(code, "", "", "", Confidence.CERTAIN, "medium", False, place, "", effect, openers, 0, Fix(), f"f{number}"))
    return found


def meanings_of(findings: list[Finding], **deferrals: object) -> FileMeanings:
    return from_findings(findings, findings[0].place.path)


def fixed(text: str | bytes, unsafe: bool = False, project: Project | None = None, **given: object) -> FilePlan:
    """The plan for a marked text."""
    data = text.encode() if isinstance(text, str) else text
    found = findings_of(data, **given)
    assert found, "the text has no `want`"
    (planned,) = plan(found, {"x.py": data}, project=project, unsafe=unsafe)
    return planned


def project_of(name: str, text: str) -> Project:
    """What is known of the project of a fixture: which recipe it is about decides."""
    if name.startswith("delay_on_commit"):
        return Project(tasks=frozenset(f.fingerprint for f in findings_of(text)))
    if name.startswith("after_commit_hook"):
        return Project(after_commit_helper="project_db.on_commit")
    return Project(versions={"peewee": "4.5.3"})


def suggested(text: str, project: Project | None = None, **given: object) -> Fix:
    """The suggestion for the first ``want``."""
    found = findings_of(text, **given)
    return suggest(found[0], open_file("x.py", text.encode(), found, project=project))


def _kind_of(line: str) -> str:
    if ".include(" in line:
        return "request"
    return "decorator" if line.startswith("@") else "with" if "with " in line else "autobegin"


def _name_of(line: str) -> str:
    """What an engine would call the opener on this line."""
    if ".write(" in line or "cr.execute(" in line:
        return "odoo.models.BaseModel.write"
    if "transaction()" in line or "savepoint()" in line or "transaction(using" in line or line.strip().startswith("@transaction  #"):
        return "django_subatomic.db.transaction" if "db." not in line else "peewee.Database.atomic"
    if "db." in line or "with db:" in line:
        return "peewee.Database.atomic"
    if ".include(" in line:
        return "pyramid_tm"
    if "manager" in line or "attempt:" in line:
        return "transaction.manager"
    if "self.save(" in line:
        return "frappe.model.document.Document.save"
    if "add(" in line:
        return "sqlalchemy.orm.Session.add"
    return "sqlalchemy.orm.Session.begin" if "begin" in line else "transaction.atomic"


def _alias(line: str) -> str | None:
    """The alias as an engine would read it: a constant, the default, or not known."""
    match = re.search(r"(?:atomic|[ @]transaction)\((?:using=)?([^,)]+)[,)]", line)
    if match is None:
        return "default"
    return match[1].strip("\"'") if match[1][0] in "\"'" else None


def _owner(tree: ast.AST, place: Place) -> ast.AST | None:
    """The innermost function around a place; a decorator belongs to what it decorates."""
    found: ast.AST | None = None
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min((d.lineno for d in node.decorator_list), default=node.lineno)
            if first <= place.line <= (node.end_lineno or 0):
                found = node
    return found


def _def_around(tree: ast.AST, place: Place) -> Place:
    """A request enters the view by its `def`."""
    owner = _owner(tree, place)
    assert isinstance(owner, ast.FunctionDef)
    return Place(place.path, owner.lineno, owner.col_offset + 1, owner.lineno, owner.col_offset + 4)


def _place(source: object, node: ast.expr) -> Place:
    line = source.line(node.lineno)  # type: ignore[attr-defined]
    last = source.line(node.end_lineno)  # type: ignore[attr-defined]
    return Place(
        source.path,  # type: ignore[attr-defined]
        node.lineno,
        code_points(line, node.col_offset),
        node.end_lineno or 0,
        code_points(last, node.end_col_offset or 0),
    )


def _call_on(tree: ast.AST, source: object, number: int) -> tuple[Place, str]:
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.lineno == number and not _opens(n)]
    assert calls, f"no call on line {number}"
    call = max(calls, key=lambda n: (n.end_lineno or 0, n.end_col_offset or 0, -n.col_offset))
    return _place(source, call), ast.unparse(call.func)


def _opens(call: ast.Call) -> bool:
    return ast.unparse(call.func).endswith("atomic") or ast.unparse(call.func) in ("transaction", "savepoint")


def _opener_on(tree: ast.AST, source: object, number: int) -> Place:
    for node in ast.walk(tree):
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.context_expr.lineno == number and any(w in ast.unparse(item) for w in OPENING):
                    return _place(source, item.context_expr)
        for decorator in getattr(node, "decorator_list", ()):
            if decorator.lineno == number:
                return _place(source, decorator)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.lineno == number:
            return _place(source, node.value)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno == number:
            return Place(source.path, number, node.col_offset + 1, number, node.col_offset + 4)  # type: ignore[attr-defined]
    raise AssertionError(f"nothing opens on line {number}")
