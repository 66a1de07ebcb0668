"""Is an entry of the catalog true, does its name exist in the library that is installed? (Imports the library; txlint itself never does.)
And is it explained?"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
import tomllib
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any

from txlint.catalog.loader import LIBRARIES, read_library
from txlint.model.catalog import Calls, Effect, Entry, Library, LibraryClass, Returns, Silent

ASYNC_TWINS = {"__enter__": "__aenter__", "__exit__": "__aexit__", "__iter__": "__aiter__"}


def prepare() -> None:
    """Django wants settings and loaded apps before its contributed models can be imported."""
    try:
        import django
        from django.conf import settings
    except ImportError:
        return
    if not settings.configured:
        settings.configure(
            INSTALLED_APPS=[
                "django.contrib.admin",
                "django.contrib.auth",
                "django.contrib.contenttypes",
                "django.contrib.flatpages",
                "django.contrib.messages",
                "django.contrib.redirects",
                "django.contrib.sessions",
                "django.contrib.sites",
                *filter(importlib.util.find_spec, ["djmail"]),
            ],
            HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            SITE_ID=1,
        )
        django.setup()


def installed(library: Library) -> str | None:
    """The installed version, None if it is absent."""
    if not library.distribution:
        return "standard"
    try:
        return version(library.distribution)
    except PackageNotFoundError:
        return None


def find(name: str) -> Any:
    """The object of a dotted name; raises LookupError."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except Exception:  # none of this name, or one that lacks what it needs
            continue
        for part in parts[cut:]:
            found = _member(found, part, name)
        return found
    raise LookupError(f"{name}: no module {parts[0]}")


def _member(holder: Any, part: str, name: str) -> Any:
    try:
        return getattr(holder, part)
    except AttributeError:
        if part in ASYNC_TWINS and hasattr(holder, ASYNC_TWINS[part]):
            return None
        if part == "__get__" and inspect.isclass(holder):  # the catalog's word for reading a declared attribute
            return None
        if inspect.isclass(holder) and (part in getattr(holder, "__annotations__", {}) or _is_set_in_init(holder, part)):
            return None
        raise LookupError(f"{name}: {holder!r} has no {part}") from None


def _is_set_in_init(holder: type, part: str) -> bool:
    """Attributes that only instances have."""
    for base in holder.__mro__:
        try:
            source = inspect.getsource(base)
        except (OSError, TypeError):
            continue
        if f"self.{part} =" in source or f"self.{part}:" in source:
            return True
    return False


def _find_in_any_home(name: str, library: Library) -> Any:
    """Older releases may have a thing only where an alias says."""
    try:
        return find(name)
    except LookupError:
        for home, canonical in library.aliases.items():
            if "*" not in home and f"{name}.".startswith(f"{canonical}."):
                with suppress(LookupError):
                    return find(home + name[len(canonical) :])
        raise


def missing(name: str, library: Library) -> str | None:
    """Why a name is not there; None if it is, or if there is nothing to import under it."""
    if "*" in name or _is_virtual(name, library):
        return None
    try:
        _find_in_any_home(name, library)
    except LookupError as error:
        return str(error)
    return None


def problem(entry: Entry, library: Library) -> str | None:
    """Why an entry is not true of the installed library; None if it is."""
    if _is_virtual(entry.name, library) or not _in_range(entry, library):
        return None
    parent, _, last = entry.name.rpartition(".")
    try:
        if last.endswith("*"):
            return None if any(member.startswith(last[:-1]) for member in dir(find(parent))) else f"{entry.name}: nothing matches"
        found = _find_in_any_home(entry.name, library)
    except LookupError as error:
        return str(error)
    if isinstance(entry, LibraryClass):
        if not inspect.isclass(found):
            return f"{entry.name} is not a class"
        if not entry.why:  # a why says that it is a proxy or twin and no subclass
            for base in entry.bases:
                if missing(base, library) is None and not _is_virtual(base, library) and find(base) not in found.__mro__:
                    return f"{entry.name} does not derive from {base}"
    return None


def _is_virtual(name: str, library: Library) -> bool:
    return any(_is_under(name, virtual) for virtual in library.virtual)


def _is_under(name: str, holder: str) -> bool:
    """``holder`` itself and what lies in it; ``holder.*`` is only what lies in it."""
    return name == holder or name.startswith(f"{holder.removesuffix('.*')}.")


def _in_range(entry: Entry, library: Library) -> bool:
    from packaging.specifiers import SpecifierSet

    have = installed(library)
    if have and any(_is_under(entry.name, name) and have not in SpecifierSet(f">={first}") for name, first in library.since.items()):
        return False
    return all(when.version is None or have is None or (have in SpecifierSet(when.version)) != when.unless for when in entry.when)


def untrue(library: Library) -> set[str]:
    """What is not there in the installed release."""
    found = {what for entry in library.entries if (what := problem(entry, library))}
    return found | {what for new in library.aliases.values() if (what := missing(new, library))}


def unexplained(path: Path) -> dict[str, str]:
    """Entry name -> what its row in the file lacks: a `why`, something to say, or its place in the order."""
    found = {}
    for entry in read_library(path).entries:
        if isinstance(entry, Effect | Silent) and not entry.why:
            found[entry.name] = "says no why"
        if isinstance(entry, Returns) and not (entry.type or entry.enter or entry.decorated or entry.becomes):
            found[entry.name] = "returns nothing"
        if isinstance(entry, Calls) and not entry.runs:
            found[entry.name] = "runs nothing"
    return found | _unsorted(path)


def _unsorted(path: Path) -> dict[str, str]:
    """Within a section (comments that start with ``# --`` divide them) and a table, by their first name; lists of names too."""
    found = {}
    for section in path.read_text(encoding="utf-8").split("\n# -- "):
        for table, rows in tomllib.loads(section.partition("\n")[2]).items():
            if not isinstance(rows, list):
                continue
            keys = [_key(row) for row in rows]
            found |= {after: f"stands behind {before} in [[{table}]]" for before, after in pairwise(keys) if before > after}
            found |= {
                key: "its names are not sorted"
                for key, row in zip(keys, rows, strict=True)
                if row.get("names", []) != sorted(row.get("names", []))
            }
    return found


def _key(row: dict[str, Any]) -> str:
    of = row.get("of", "")
    prefix = of if isinstance(of, str) else of[0]
    name = row.get("name") or row["names"][0]
    return f"{prefix}.{name}" if prefix else str(name)


def main() -> None:
    """For ``bench/versions.py``: the libraries named as arguments, held against what is installed beside this interpreter."""
    prepare()
    found = {}
    for name in sys.argv[1:]:
        library = read_library(LIBRARIES / f"{name}.toml")
        names = len(library.entries) + len(library.aliases)
        found[name] = {"version": installed(library), "names": names, "problems": sorted(untrue(library))}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
