"""Which files are found, what they are called, what is left out and why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from txlint.config import Config
from txlint.discover import Discovery, discover, project_root, read
from txlint.discover.gitignore import compile_patterns


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make(*paths: str, **texts: str) -> None:
    """Write empty files; a path that ends in a slash is a folder."""
    for path in paths:
        if path.endswith("/"):
            Path(path).mkdir(parents=True, exist_ok=True)
        else:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text("")


def find(*paths: str, config: Config | None = None) -> Discovery:
    return discover(paths, config or Config(), project_root(paths))


def names(*paths: str, config: Config | None = None) -> list[str]:
    return [f.display for f in find(*paths, config=config).files]


def modules() -> dict[str, tuple[str, ...]]:
    """The names of each file, by path."""
    return {f.display: (f.module, *f.also) for f in find(".").files}


def test_packages_and_loose_modules_below_the_project_root() -> None:
    make(".git/", "shop/__init__.py", "shop/orders/__init__.py", "shop/orders/views.py", "scripts/run.py", "top.py")
    assert modules() == {
        "scripts/run.py": ("scripts.run",),
        "shop/__init__.py": ("shop",),
        "shop/orders/__init__.py": ("shop.orders",),
        "shop/orders/views.py": ("shop.orders.views",),
        "top.py": ("top",),
    }
    assert [f.display for f in find(".").files if f.is_package] == ["shop/__init__.py", "shop/orders/__init__.py"]


def test_src_is_a_root_and_plain_folders_in_it_are_namespaces() -> None:
    make(".git/", "src/company/billing/__init__.py", "src/company/plain/a.py")
    assert modules() == {
        "src/company/billing/__init__.py": ("company.billing", "src.company.billing"),
        "src/company/plain/a.py": ("company.plain.a", "src.company.plain.a"),
    }


def test_a_folder_with_manage_py_is_a_root() -> None:
    make(".git/", "backend/manage.py", "backend/apps/shop/models.py", "backend/conf/__init__.py")
    assert modules() == {
        "backend/apps/shop/models.py": ("apps.shop.models", "backend.apps.shop.models"),
        "backend/conf/__init__.py": ("conf", "backend.conf"),
        "backend/manage.py": ("manage", "backend.manage"),
    }


def test_otherwise_the_parent_of_the_topmost_package_is_a_root() -> None:
    make(".git/", "server/shop/__init__.py", "server/shop/models.py", "tools/pyproject.toml", "tools/lint/a.py")
    assert modules() == {
        "server/shop/__init__.py": ("shop", "server.shop"),
        "server/shop/models.py": ("shop.models", "server.shop.models"),
        "tools/lint/a.py": ("lint.a", "tools.lint.a"),
    }


def test_a_root_that_is_itself_a_package() -> None:
    make("shop/.git/", "shop/__init__.py", "shop/a.py")
    assert [f.module for f in find("shop").files] == ["shop", "a"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/helpers.py", True),
        ("shop/tests/deep/x.py", True),
        ("shop/test_orders.py", True),
        ("shop/orders_test.py", True),
        ("shop/tests.py", True),
        ("conftest.py", True),
        ("shop/testing.py", False),
        ("test/x.py", False),
        ("shop/contest.py", False),
    ],
)
def test_tests_are_known_by_name(path: str, expected: bool) -> None:
    make(".git/", path)
    assert [f.is_test for f in find(".").files] == [expected]


def test_folders_above_the_project_root_do_not_make_tests() -> None:
    make("tests/project/.git/", "tests/project/a.py")
    assert not find("tests/project").files[0].is_test


def test_the_project_root() -> None:
    make("repo/.git/", "repo/back/manage.py", "repo/back/shop/a.py", "repo/lib/b.py", "loose/c.py", "manage.py")
    here = str(Path.cwd())
    assert project_root(["repo/back/shop"]) == f"{here}/repo/back"
    assert project_root(["repo/lib", "repo/back/shop"]) == f"{here}/repo"
    assert project_root(["loose/c.py"]) == here
    Path("manage.py").unlink()
    assert project_root(["loose/c.py"]) == f"{here}/loose"
    Path("repo/lib/txlint.toml").write_text("")
    assert project_root(["repo/lib/b.py"]) == f"{here}/repo/lib"
    make("repo/app/manage.py", "repo/app/__init__.py", "repo/app/orders/__init__.py", "repo/app/orders/a.py")
    assert project_root(["repo/app/orders/a.py"]) == f"{here}/repo", "a package with manage.py is imported from the folder above"
    make("unpacked/pyproject.toml", "unpacked/shop/orders/a.py")
    assert project_root(["unpacked/shop/orders/a.py"]) == f"{here}/unpacked"


def test_the_root_of_what_nothing_marks() -> None:
    make("tree/shop/__init__.py", "tree/shop/core/__init__.py", "tree/shop/core/a.py", "tree/shop/b.py", "tree/tools/run.py")
    here = str(Path.cwd())
    for given in ("tree/shop/core/a.py", "tree/shop/core", "tree/shop"):
        assert project_root([given]) == f"{here}/tree"
        found = find(given)
        assert {file.display: file.module for file in found.files} == {
            "tree/shop/__init__.py": "shop",
            "tree/shop/b.py": "shop.b",
            "tree/shop/core/__init__.py": "shop.core",
            "tree/shop/core/a.py": "shop.core.a",
        }
        assert found.read == (() if given == "tree/shop" else ("tree/shop",))
    assert [file.display for file in find("tree/shop/core").files if file.given] == ["tree/shop/core/__init__.py", "tree/shop/core/a.py"]
    assert find("tree/tools/run.py").read == ("tree/tools/run.py",)
    assert find("tree/shop/b.py", "tree/tools/run.py").read == ("tree/shop", "tree/tools/run.py")
    assert find("tree").read == ()
    Path("tree/requirements.txt").write_text("")
    assert project_root(["tree/shop/core/a.py"]) == project_root(["tree/tools/run.py"]) == f"{here}/tree"
    assert find("tree/tools/run.py").read == ()
    assert len(find("tree/tools/run.py").files) == 5


def test_given_paths_limit_what_is_given_not_what_is_known() -> None:
    make(".git/", "shop/a.py", "other/b.py")
    assert [(f.display, f.given) for f in find("shop").files] == [("other/b.py", False), ("shop/a.py", True)]
    assert [(f.display, f.given) for f in find("other/b.py").files] == [("other/b.py", True), ("shop/a.py", False)]


def test_without_a_project_only_the_given_paths_are_read() -> None:
    make("a/x.py", "a/y.py", "b/z.py", "c/script")
    assert names("a/x.py") == ["a/x.py"]
    assert names("a", "b/z.py", "c/script") == ["a/x.py", "a/y.py", "b/z.py", "c/script"]


def test_paths_with_nothing_in_them() -> None:
    make(".git/", "a.py", "empty/", "docs/x.txt", ".venv/lib/b.py")
    found = find("a.py", "empty", "docs", "gone", ".venv/lib")
    assert found.empty == ("empty", "docs", "gone", ".venv/lib")
    assert [(s.display, s.reason, s.error) for s in found.skipped] == [
        (".venv/lib", "excluded", False),
        ("gone", "no such file or folder", True),
    ]


def test_displayed_paths_are_relative_to_the_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    make("repo/.git/", "repo/shop/a.py", "repo/docs/")
    monkeypatch.chdir("repo/docs")
    assert names("..") == ["../shop/a.py"]


def test_folders_that_hold_no_source() -> None:
    make(".git/hooks/a.py", "node_modules/a.py", "x/__pycache__/a.py", "env/pyvenv.cfg", "env/lib/a.py", "build/lib/a.py")
    make("dist/__init__.py", "env2/a.py", "venv/b.py")
    assert names(".") == ["dist/__init__.py", "env2/a.py", "venv/b.py"]
    assert names(".", config=Config(exclude=("env2",), extend_exclude=("b.py",))) == [
        ".git/hooks/a.py",
        "build/lib/a.py",
        "dist/__init__.py",
        "env/lib/a.py",
        "node_modules/a.py",
        "x/__pycache__/a.py",
    ]


def test_exclude_patterns_start_at_the_project_root() -> None:
    make(".git/", "a/gen/x.py", "gen/x.py", "a/x_pb2.py", "keep.py")
    assert names(".", config=Config(extend_exclude=("/gen", "*_pb2.py"))) == ["a/gen/x.py", "keep.py"]
    assert names("gen/x.py", config=Config(extend_exclude=("gen/",))) == ["a/x_pb2.py", "keep.py"]


def test_gitignore() -> None:
    make(".git/", "a/x.py", "a/local.py", "a/deep/y.py", "b/local.py", "gen/z.py", "gen/keep.py", "repo/sub/q.py")
    Path(".gitignore").write_text("# comment\nlocal.py\n/a/deep/\ngen/*\n!gen/keep.py\n")
    Path("b/.gitignore").write_text("!local.py\n")
    assert names(".") == ["a/x.py", "b/local.py", "gen/keep.py", "repo/sub/q.py"]
    Path("repo/pyproject.toml").write_text("[tool.txlint]\n")
    Path(".gitignore").write_text("q.py\n")
    assert names("repo") == []


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("templates/*", "templates/a.py", True),
        ("templates/*", "x/templates/a.py", False),
        ("*.py", "a/b.py", True),
        ("/*.py", "a/b.py", False),
        ("a/**/c.py", "a/c.py", True),
        ("a/**/c.py", "a/x/y/c.py", True),
        ("**/gen", "x/gen/c.py", True),
        ("gen/**", "gen/x/c.py", True),
        ("a?[b-d].py", "axc.py", True),
        ("a[!b].py", "ab.py", False),
        ("a[.py", "a[.py", True),
        ("\\*.py", "a.py", False),
        ("(a|a?)+)+$b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.py", False),
    ],
)
def test_globs(glob: str, path: str, expected: bool) -> None:
    """Of a path relative to the project root, and of the folders that hold it."""
    patterns = compile_patterns([glob], "")
    assert patterns is not None
    *folders, name = path.split("/")
    above = [("/".join(folders[: i + 1]), folder) for i, folder in enumerate(folders)]
    met = patterns.verdict(f"/{path}", name, False) or any(patterns.verdict(f"/{below}", folder, True) for below, folder in above)
    assert bool(met) is expected


def test_patterns_are_linear() -> None:
    patterns = compile_patterns(["*a" * 20 + "b", "**/" * 20 + "x"], "/r")
    assert patterns is not None
    assert patterns.verdict("/r/" + "a/" * 60 + "a" * 60, "a" * 60, False) is None


def test_links() -> None:
    make(".git/", "real/x.py", "../outside/o.py", "empty/")
    Path("link.py").symlink_to("real/x.py")
    Path("out.py").symlink_to("../outside/o.py")
    Path("gone.py").symlink_to("nowhere.py")
    Path("self.py").symlink_to("self.py")
    Path("real/loop").symlink_to(".")
    Path("far").symlink_to("../outside")
    found = find(".")
    assert [f.display for f in found.files] == ["out.py", "real/x.py"]
    assert [(s.display, s.error) for s in found.skipped] == [("far", False), ("gone.py", True), ("self.py", True)]
    assert [(f.display, f.given) for f in find("link.py").files] == [("out.py", False), ("real/x.py", True)]


def test_what_is_no_regular_file_or_too_large(tmp_path: Path) -> None:
    make(".git/", "a.py/b.py")
    os.mkfifo("pipe.py")
    Path("zero.py").symlink_to("/dev/zero")
    with Path("large.py").open("wb") as file:
        file.truncate(1 << 30)
    found = find(".")
    assert [f.display for f in found.files] == ["a.py/b.py"]
    assert [(s.display, s.reason, s.error) for s in found.skipped] == [
        ("large.py", "larger than 1,048,576 bytes", False),
        ("pipe.py", "not a regular file", False),
        ("zero.py", "not a regular file", False),
    ]


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(".git/", "a.py", "closed/b.py")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    found = find(".")
    assert [f.display for f in found.files] == ["a.py"]
    assert [(s.display, s.reason, s.error) for s in found.skipped] == [("closed", "cannot be listed: Permission denied", True)]


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"x = 1\n")
    assert read(str(path), 100) == b"x = 1\n"
    with pytest.raises(OSError, match="larger than 5 bytes"):
        read(str(path), 5)
    os.mkfifo("pipe")
    for other in ("pipe", str(tmp_path), "/dev/zero"):
        with pytest.raises(OSError, match="not a regular file"):
            read(other, 100)
