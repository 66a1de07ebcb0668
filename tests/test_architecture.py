"""What the import contracts of `pyproject.toml` cannot say: no library's name outside the folders that are there for it, and a plain
check that starts without what it does not need."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "txlint"
MAY_NAME_LIBRARIES = ("catalog", "frameworks", "fix")
FAMILY = "django"  # also a kind of transaction, of the model's own vocabulary, and part of two configuration keys
PLAIN = {FAMILY, "dask", "django-settings", "distributed", "git", "github", "gitlab"}
"""Words that are no library's here: git the program, formats of reports, and an engine that runs txlint's own work."""


def library_names() -> set[str]:
    """Importable names of all libraries in the catalog."""
    files = (PACKAGE / "catalog" / "libs").glob("*.toml")
    named = {name for file in files for name in tomllib.loads(file.read_text(encoding="utf-8"))["library"]["packages"]}
    return {name.partition(".")[0] for name in named if name != "*"}  # which is the standard library


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Strings of a module that are not docstrings, with their lines, and the names that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings, also of constants
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.lineno, node.value
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_catalog_frameworks_and_fix_name_a_library(path: Path) -> None:
    if path.relative_to(PACKAGE).parts[0] in MAY_NAME_LIBRARIES:
        return
    # Words that are everyday English or Python in other places say nothing when they stand alone.
    names = "|".join(sorted(map(re.escape, library_names() - set(sys.stdlib_module_names))))
    named = re.compile(rf"(?<![\w.])(?:{names})\.[a-z_]|^(?:{names})$")
    assert [f"{path.name}:{line}: {text!r}" for line, text in texts(path) if named.search(text) and text not in PLAIN] == []


READ_THE_DISK = {
    "open",
    "read_bytes",
    "read_text",
    "listdir",
    "scandir",
    "iterdir",
    "glob",
    "rglob",
    "stat",
    "lstat",
    "is_file",
    "isfile",
    "exists",
}
MAY_READ_THE_DISK = {"frameworks/files.py", "rules/source.py"}


@pytest.mark.parametrize("folder", ["frameworks", "link", "propagate", "rules", "lower"])
def test_stages_ask_about_the_project_through_files(folder: str) -> None:
    """A stored answer holds while what was asked through `Files`, and the bytes of the analysed files, are the same: nothing else may
    be looked at. (`rules/source.py` reads analysed files only.)"""
    found = []
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if name not in MAY_READ_THE_DISK else ():
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in READ_THE_DISK:
                    found.append(f"{name}:{node.lineno}: {called}")
    assert found == []


def test_a_plain_check_loads_neither_libcst_nor_rich(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import requests\n", encoding="utf-8")
    code = (
        "import sys; from txlint.cli import main\n"
        "assert main(['check', 'one.py', '--output-format', 'json']) == 0\n"
        "print(sorted({'libcst', 'rich', 'multiprocessing', 'concurrent.futures'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1:] == ["[]"], done.stderr


def test_the_map_of_linking_names_each_module() -> None:
    text = ast.get_docstring(ast.parse((PACKAGE / "link" / "__init__.py").read_text(encoding="utf-8"))) or ""
    named = set(re.findall(r"`(\w+)`", text))
    modules = {path.stem for path in (PACKAGE / "link").glob("*.py")} - {"__init__"}
    assert not modules - named, "modules that the map does not name"
