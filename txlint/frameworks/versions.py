"""Which versions of its libraries a project uses: ``Versions.check("Django", ">=6.0")``.

Read, at the first question: ``[tool.txlint] versions``, lock files, pinned requirements, then the bounds in requirements, pyproject,
Pipfile, setup.cfg and setup.py; where none of them speaks of a library it is taken to be the newest. What was taken and not read, and
mattered for an answer, is kept for the report (`Versions.assumed`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from posixpath import dirname, normpath
from typing import Any, NamedTuple

from txlint.config import Config
from txlint.frameworks.files import Files
from txlint.lower.source import lower_source
from txlint.model.facts import Expr, Unreadable
from txlint.model.finding import Assumption

Release = tuple[int, ...]
_ENDLESS = 1 << 30
_OPERATORS = ("===", "~=", "==", "!=", "<=", ">=", "<", ">")


class Clause(NamedTuple):
    """One comparison of a specifier: ``>=3.0``, ``==4.2.*`` (a ``prefix``)."""

    op: str
    release: Release
    prefix: bool = False


class Known(NamedTuple):
    """What is written about a library's version: the clauses that it meets, in which file and line. ``pinned``: it is one version."""

    clauses: tuple[Clause, ...]
    text: str
    path: str
    line: int
    pinned: bool


class Check(NamedTuple):
    """Does the library's version meet a specifier? ``certain`` is False where that rests on taking the newest."""

    holds: bool
    certain: bool


class Versions:
    """The versions of a project's libraries. Nothing is read before the first question. ``folders`` are those whose lock files and
    requirements count, relative to the project's root; earlier ones go first."""

    def __init__(self, files: Files, config: Config, folders: Iterable[str] = ("",)) -> None:
        self._files = files
        self._config = config
        self._folders = tuple(dict.fromkeys(folders)) or ("",)
        self._known: dict[str, Known] | None = None
        self._assumed: dict[str, Assumption] = {}

    def known(self, distribution: str) -> Known | None:
        """What the project says about a distribution's version; ``None`` where it says nothing."""
        if self._known is None:
            self._known = _read_all(self._files, self._config, self._folders)
        return self._known.get(normal(distribution))

    def check(self, distribution: str, specifier: str) -> Check:
        """Does the version that is used meet a PEP 440 specifier (``">=3.0,<4"``)?"""
        wanted = tuple(clauses(specifier))
        known = self.known(distribution)
        given = known.clauses if known is not None else ()
        newest, oldest = _newest(given), _oldest(given)
        holds = meets(newest, wanted)
        certain = newest == oldest or (bool(given) and holds == meets(oldest, wanted) and not _cuts(wanted, oldest, newest))
        if not certain:
            name = normal(distribution)
            text = f"{known.text} (the newest of these)" if known is not None and known.text else "newest"
            path, line = (known.path, known.line) if known is not None else ("", 0)
            self._assumed.setdefault(name, Assumption(f"version of {distribution}", text, path, line))
        return Check(holds, certain)

    @property
    def assumed(self) -> tuple[Assumption, ...]:
        """Versions that an answer rested on and that nothing in the project decides, by name."""
        return tuple(self._assumed[name] for name in sorted(self._assumed))


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    parts = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(part for part in parts if part)


def release(text: str) -> Release:
    """``4.2.1rc1`` as ``(4, 2, 1)``: suffixes do not matter here."""
    numbers: list[int] = []
    for part in text.strip().lstrip("vV").rpartition("!")[2].split("+")[0].split("."):
        digits = ""
        for letter in part:
            if not letter.isdecimal():
                break
            digits += letter
        if not digits:
            break
        numbers.append(int(digits[:9]))
        if digits != part:
            break
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def clauses(specifier: str) -> Iterator[Clause]:
    """The clauses of a PEP 440 specifier, or of Poetry's: ``^1.2``, ``~1.2``, a bare version."""
    for part in specifier.strip().strip("()").replace(" ", ",").replace("||", ",").split(","):
        text = part.strip()
        if not text or text == "*":
            continue
        op = next((op for op in _OPERATORS if text.startswith(op)), "")
        if op and text == op:
            continue
        body = text[len(op) :] if op else text.lstrip("^~=")
        prefix = body.endswith(".*")
        found = release(body)
        if not found and not body.strip().startswith("0"):
            continue
        if text.startswith("^"):
            at = next((number for number, value in enumerate(found) if value), len(found) - 1)
            yield Clause(">=", found)
            yield Clause("<", (*found[:at], found[at] + 1))
        elif op == "~=" or text.startswith("~"):
            # `~=1.4.2` keeps all but the last number as written, Poetry's `~1.4.2` the first two.
            count = body.count(".") if op == "~=" else min(body.count(".") + 1, 2)
            kept = (*found, 0, 0, 0)[: max(count, 1)]
            yield Clause(">=", found)
            yield Clause("<", (*kept[:-1], kept[-1] + 1))
        else:
            yield Clause("==" if op in ("", "===") else op, found, prefix)


def meets(version: Release, wanted: Iterable[Clause]) -> bool:
    """Does a version meet all clauses?"""
    return all(_meets(version, clause) for clause in wanted)


def _meets(version: Release, clause: Clause) -> bool:
    size = max(len(version), len(clause.release))
    one, other = _padded(version, size), _padded(clause.release, size)
    if clause.prefix:
        one, other = one[: len(clause.release)], other[: len(clause.release)]
    if clause.op == "==":
        return one == other
    if clause.op == "!=":
        return one != other
    if clause.op == ">=":
        return one >= other
    if clause.op == "<=":
        return one <= other
    return one > other if clause.op == ">" else one < other


def _padded(version: Release, size: int) -> Release:
    return version + (0,) * (size - len(version))


def _newest(given: tuple[Clause, ...]) -> Release:
    """The newest version that clauses allow, ``4.∞`` for ``<5``."""
    newest: Release = (_ENDLESS,)
    for clause in given:
        limit = newest
        if clause.op == "==":
            limit = (*clause.release, _ENDLESS) if clause.prefix else clause.release
        elif clause.op == "<=":
            limit = clause.release
        elif clause.op == "<":
            limit = _before(clause.release)
        newest = min(newest, limit)
    return newest


def _before(version: Release) -> Release:
    """The newest version before one: ``(4, ∞)`` for 5, ``(4, 1, ∞)`` for 4.2."""
    if not version or version == (0,):
        return (0,)
    return (*version[:-1], version[-1] - 1, _ENDLESS) if version[-1] else _before(version[:-1])


def _oldest(given: tuple[Clause, ...]) -> Release:
    oldest: Release = (0,)
    for clause in given:
        if clause.op in ("==", ">=", ">"):
            oldest = max(oldest, clause.release)
    return oldest


def _cuts(wanted: tuple[Clause, ...], oldest: Release, newest: Release) -> bool:
    """Does a clause that both ends meet (or fail) exclude something in between?"""
    return any(clause.op in ("==", "!=") and oldest <= clause.release <= newest for clause in wanted)


# Reading


def _read_all(files: Files, config: Config, folders: tuple[str, ...]) -> dict[str, Known]:
    """Everything that is written about versions, the best source of each library."""
    found: dict[str, Known] = {}

    def take(entries: Iterable[tuple[str, Known]]) -> None:
        for name, known in entries:
            old = found.get(name)
            # A pin beats bounds; else who comes first stays, and something beats nothing.
            if old is None or (known.pinned and not old.pinned) or (known.clauses and not old.clauses):
                found[name] = known

    source = config.source or ""
    for name, version in config.versions.items():
        bounds = version if version[:1] in "<>=!~^" else f"=={version}"
        found[normal(name)] = Known(tuple(clauses(bounds)), version, source, 1, True)
    configured = dict(found)
    for folder in folders:
        prefix = f"{folder}/" if folder else ""
        for lock in ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"):
            take(_lock(files, prefix + lock))
        take(_pipfile_lock(files, f"{prefix}Pipfile.lock"))
        for path in _requirement_files(files, folder):
            take(_requirements(files, path, set()))
        take(_pyproject(files, f"{prefix}pyproject.toml"))
        take(_pipfile(files, f"{prefix}Pipfile"))
        take(_setup_cfg(files, f"{prefix}setup.cfg"))
        take(_setup_py(files, f"{prefix}setup.py"))
    return found | configured


def _lock(files: Files, path: str) -> Iterator[tuple[str, Known]]:
    """``[[package]]`` tables, line by line: these files are large, and a TOML parser takes a second for some."""
    text = files.read(path)
    if text is None:
        return
    name = ""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            inside = line.rstrip() in ("[[package]]", "[[packages]]")
            name = ""
        elif inside and line.startswith("name = "):
            name = normal(line[7:].strip().strip("\"'"))
        elif inside and name and line.startswith("version = "):
            version = line[10:].strip().strip("\"'")
            yield name, Known((Clause("==", release(version)),), version, path, number, True)


def _pipfile_lock(files: Files, path: str) -> Iterator[tuple[str, Known]]:
    text = files.read(path)
    if text is None:
        return
    import json

    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    for section in ("default", "develop"):
        packages = content.get(section) if isinstance(content, dict) else None
        for name, entry in packages.items() if isinstance(packages, dict) else ():
            version = entry.get("version") if isinstance(entry, dict) else None
            if isinstance(version, str):
                yield normal(name), _known(version, path, _line_of(text, f'"{name}"'))


_LAST = ("dev", "test", "doc", "lint", "ci", "local")


def _requirement_files(files: Files, folder: str) -> list[str]:
    """Requirements, those of production before those of developers, compiled ones before their sources."""
    prefix = f"{folder}/" if folder else ""
    found = [prefix + name for name in files.names(folder) if "requirements" in name and name.endswith((".txt", ".in"))]
    for inner in ("requirements", "reqs", "deps", "dependencies"):
        if inner in files.folders(folder):
            below = (prefix + inner, *(f"{prefix}{inner}/{name}" for name in files.folders(prefix + inner)))
            found += [f"{place}/{name}" for place in below for name in files.names(place) if name.endswith((".txt", ".in"))]

    def order(path: str) -> tuple[Any, ...]:
        name = path.rpartition("/")[2]
        late, early = any(word in name for word in _LAST), "prod" in name or "deploy" in name
        return (late, path.endswith(".in"), not early, path.count("/"), len(name), path)

    return sorted(found, key=order)


def _requirements(files: Files, path: str, seen: set[str]) -> Iterator[tuple[str, Known]]:
    """The lines of a requirements file, with the files that it includes."""
    path = normpath(path)
    text = files.read(path) if path not in seen and len(seen) < 50 else None
    seen.add(path)
    if text is None:
        return
    for number, line in _joined(text):
        for option in ("-r", "--requirement", "-c", "--constraint"):
            if line.startswith((option + " ", option + "=")):
                yield from _requirements(files, f"{dirname(path)}/{line[len(option) + 1 :].strip()}".lstrip("/"), seen)
        parsed = requirement(line)
        if parsed is not None:
            yield parsed[0], _known(parsed[1], path, number)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, those that end in a backslash joined."""
    start, pending = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        content = line.strip()
        if content.startswith("#"):
            continue
        content = content.partition(" #")[0].strip()
        start = start if pending else number
        pending += content
        if pending.endswith("\\"):
            pending = pending[:-1] + " "
        elif pending:
            yield start, pending
            pending = ""
    if pending:
        yield start, pending


def requirement(line: str) -> tuple[str, str] | None:
    """``Django[argon2] >= 4.2, <5 ; python_version > "3"`` as ``("django", ">=4.2,<5")``; ``None`` for what names no distribution."""
    text = line.partition(";")[0].partition(" --")[0].partition(" @ ")[0].strip()
    if text.startswith("-") or "://" in text.partition("@")[0]:
        return None
    end = 0
    while end < len(text) and (text[end].isalnum() or text[end] in "._-"):
        end += 1
    name, rest = text[:end].strip(), text[end:].strip()
    if not name or not name[0].isalnum():
        return None
    if rest.startswith("["):
        rest = rest.partition("]")[2].strip()
    if rest and rest[0] not in "<>=!~(@":
        return None
    return normal(name), "" if rest.startswith("@") else rest.strip("()").replace(" ", "")


def _known(specifier: str, path: str, line: int) -> Known:
    found = tuple(clauses(specifier))
    pinned = len(found) == 1 and found[0].op == "==" and not found[0].prefix
    return Known(found, specifier.removeprefix("==") if pinned else specifier, path, line, pinned)


def _toml(files: Files, path: str) -> tuple[Mapping[str, Any], str]:
    text = files.read(path)
    if text is None:
        return {}, ""
    import tomllib

    try:
        return tomllib.loads(text), text
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}, ""


def _table(content: Any, *path: str) -> Mapping[str, Any]:
    for part in path:
        content = content.get(part) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def _line_of(text: str, part: str) -> int:
    at = text.find(part)
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


def _pyproject(files: Files, path: str) -> Iterator[tuple[str, Known]]:
    content, text = _toml(files, path)
    lists: list[Any] = [_table(content, "project").get("dependencies")]
    lists += _table(content, "project", "optional-dependencies").values()
    lists += _table(content, "dependency-groups").values()
    for items in lists:
        for item in items if isinstance(items, list) else ():
            parsed = requirement(item) if isinstance(item, str) else None
            if parsed is not None:
                yield parsed[0], _known(parsed[1], path, _line_of(text, item))
    poetry = _table(content, "tool", "poetry")
    tables = [_table(poetry, "dependencies"), _table(poetry, "dev-dependencies")]
    tables += [_table(group, "dependencies") for group in _table(poetry, "group").values()]
    for table in tables:
        yield from _table_of_versions(table, path, text)


def _pipfile(files: Files, path: str) -> Iterator[tuple[str, Known]]:
    content, text = _toml(files, path)
    for section in ("packages", "dev-packages"):
        yield from _table_of_versions(_table(content, section), path, text)


def _table_of_versions(table: Mapping[str, Any], path: str, text: str) -> Iterator[tuple[str, Known]]:
    """``django = "^4.2"``, ``celery = {version = "*"}`` of Poetry and Pipenv."""
    for name, entry in table.items():
        if isinstance(entry, list):
            entry = entry[0] if entry else ""
        version = entry.get("version", "") if isinstance(entry, dict) else entry
        if isinstance(version, str) and normal(name) != "python":
            yield normal(name), _known(version, path, _line_of(text, f"\n{name}") + 1)


def _setup_cfg(files: Files, path: str) -> Iterator[tuple[str, Known]]:
    """``install_requires`` and the extras of setup.cfg, one requirement a line."""
    text = files.read(path)
    if text is None:
        return
    section, key = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        content = line.strip()
        if content.startswith("["):
            section, key = content.strip("[]"), ""
            continue
        if line[:1].strip() and "=" in line:
            key, _, content = (part.strip() for part in line.partition("="))
        wanted = (section == "options" and key == "install_requires") or section == "options.extras_require"
        parsed = requirement(content) if wanted and content else None
        if parsed is not None:
            yield parsed[0], _known(parsed[1], path, number)


def _setup_py(files: Files, path: str) -> Iterator[tuple[str, Known]]:
    """``install_requires`` of the `setup(...)` in setup.py, as far as it is written out, there or under a name; nothing is run."""
    text = files.read(path)
    if text is None or "install_requires" not in text:
        return
    facts = lower_source(text.encode("utf-8", "surrogateescape"), path, "setup", False)
    named: dict[str, Expr] = {}
    for statement in () if isinstance(facts, Unreadable) else facts.body:
        match statement:
            case ("assign", (str(name),), value, _):
                named[name] = value
            case ("expr", ("call", str(function), _, keywords, _), _) if function.rpartition(".")[2] == "setup":
                for line in (each for key, value in keywords if key == "install_requires" for each in _listed(value, named)):
                    if (parsed := requirement(line)) is not None:
                        yield parsed[0], _known(parsed[1], path, _line_of(text, line))


def _listed(value: Expr, named: Mapping[str, Expr]) -> Iterator[str]:
    """The strings of a list, of a sum of lists, or of what a name stands for."""
    match value:
        case ("list" | "tuple", items):
            yield from (item[1] for item in items if isinstance(item, tuple) and item[0] == "const" and isinstance(item[1], str))
        case ("bin", "+", left, right):
            yield from (*_listed(left, named), *_listed(right, named))
        case str(name) if name in named:
            yield from _listed(named[name], {key: other for key, other in named.items() if key != name})
