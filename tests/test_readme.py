"""README, packaging and CI say what is there: commands, paths, the table of rules, what the wheel carries.

That both commands work on a bare machine is run by `.ci/run`; here only what can be held without installing anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from txlint.catalog.loader import decode_project, load_catalog
from txlint.config import decode
from txlint.rules import RULES

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))


def first_block(heading: str) -> str:
    """The first fenced block under a heading of README, as `.ci/run` takes it."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return section.partition("```")[2].partition("\n")[2].partition("```")[0].strip()


@pytest.mark.parametrize("heading", ["Try it", "Run the tests"])
def test_a_command_is_one_line_and_makes_its_own_environment(heading: str) -> None:
    command = first_block(heading)
    assert command
    assert "\n" not in command
    assert command.startswith("python3 -m venv ")


def test_try_it_runs_what_is_installed_on_a_fixture_that_is_there() -> None:
    last = first_block("Try it").rpartition("&& ")[2].split()
    assert Path(last[0]).name in PROJECT["project"]["scripts"]
    assert (TOP / last[1]).is_dir()


def test_the_test_command_installs_an_extra_that_exists_and_runs_everything() -> None:
    command = first_block("Run the tests")
    extra = re.search(r"\[(\w+)\]", command)
    assert extra
    assert extra[1] in PROJECT["project"]["optional-dependencies"]
    assert command.endswith("-m pytest")


def test_what_the_catalog_describes_is_installed_for_the_tests_or_was_for_the_record() -> None:
    """Hundreds of libraries do not get along in one environment: those that are no part of it are held to `make truth ONLY=catalog`, whose
    record `make check` compares with the catalog as it stands."""

    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    installed = {plain(re.match(r"[\w.-]+", wanted)[0]) for wanted in PROJECT["project"]["optional-dependencies"]["libraries"]}
    files = (TOP / "txlint" / "catalog" / "libs").glob("*.toml")
    heads = [tomllib.loads(file.read_text(encoding="utf-8"))["library"] for file in files]
    recorded = json.loads((TOP / "docs" / "truth" / "catalog.json").read_text(encoding="utf-8"))["figures"]["libraries"]
    tried = {name for name, figures in recorded.items() if "skipped" not in figures}
    untried = {plain(head["distribution"]) for head in heads if head["name"] not in tried}
    # The standard library; one that wants an older stripe than the catalog's names are held against, one that wants an older pydantic,
    # one that puts its own urllib3 in the place of the usual; one that pins a hundred others; one that is built against a database's
    # headers; frameworks that no index has.
    without = {"", "dj-stripe", "ormar", "niquests", "apache-airflow", "mysqlclient", "frappe", "odoo"}
    assert untried - without <= installed, "add it to `libraries` in pyproject.toml, or install it and record it"


def test_links_and_paths_in_the_prose_exist() -> None:
    for text in (README, (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        named = set(re.findall(r"\]\((?!http)([^)#]+)\)", text)) | set(re.findall(r"`((?:txlint|fixtures|docs|\.ci)/[\w./-]*)`", text))
        missing = sorted(name for name in named if not (TOP / name).exists())
        assert not missing


def test_every_rule_stands_in_the_table() -> None:
    table = README.partition("<!-- rules:")[2].partition("<!-- end of rules -->")[0]
    assert set(re.findall(r"\[(TX\d{3})\]", table)) == set(RULES)


def test_the_configuration_shown_is_accepted() -> None:
    shown = README.partition("```toml\n")[2].partition("```")[0]
    config = decode(tomllib.loads(shown)["tool"]["txlint"], "README.md")
    assert load_catalog([], decode_project(config.tables, "README.md"))


def test_the_example_shown_is_found_where_it_says(tmp_path: Path) -> None:
    helper, _, caller = README.partition("```python\n")[2].partition("```")[0].partition("@transaction.atomic")
    orders = f"from shop.models import Order\nfrom shop.tasks import send_receipt\n\n{helper}"
    files = {
        "shop/models.py": "from django.db import models\n\n\nclass Order(models.Model):\n    cart = models.TextField()\n",
        "shop/tasks.py": "from celery import shared_task\n\n\n@shared_task\ndef send_receipt(pk):\n    print(pk)\n",
        "shop/orders.py": orders,
        "shop/views.py": f"from django.db import transaction\n\nfrom shop.orders import place_order\n\n\n@transaction.atomic{caller}",
    }
    (tmp_path / "shop").mkdir()
    for name, source in files.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "txlint", ".", "--output-format", "concise", "--report-at", "effect"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    line = next(number for number, text in enumerate(orders.splitlines(), 1) if "# TX101:" in text)
    found = [text for text in done.stdout.splitlines() if " TX" in text]
    assert done.returncode == 1
    assert [text.partition(" TX")[0].split(":")[:2] for text in found] == [["shop/orders.py", str(line)]]
    assert "TX101" in found[0]


def test_make_targets_named_in_the_docs_exist() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    assert targets == set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    for path in ("README.md", "CONTRIBUTING.md", "docs/build.py", "docs/measures.md"):
        assert set(re.findall(r"`make ([\w-]+)", (TOP / path).read_text(encoding="utf-8"))) <= targets


def test_ci_script_is_valid_and_executable() -> None:
    script = TOP / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_every_layer_contract_names_every_module() -> None:
    """The layers are exhaustive only while each module and package of txlint stands in them."""
    layers = {layer.strip("()") for layer in PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]}
    modules = {path.stem for path in (TOP / "txlint").glob("*.py")} | {path.parent.name for path in (TOP / "txlint").glob("*/__init__.py")}
    assert modules - {"__init__"} <= layers


def test_module_runs_without_importing_from_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('imported from the working directory')")
    (tmp_path / "ast.py").write_text("raise SystemExit('imported from the working directory')")
    done = subprocess.run([sys.executable, "-m", "txlint", "--version"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert PROJECT["project"]["name"] in done.stdout
