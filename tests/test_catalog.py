"""The catalog: strict loading, lookup, and that every entry is explained, sorted, true of the installed library and used."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests import catalog_truth as truth
from txlint.catalog import Catalog, CatalogError, Run, load_catalog, loader, parse_run, parse_type
from txlint.catalog.loader import LIBRARIES, choose, decode, decode_project, read_headers, read_library
from txlint.catalog.types import TypeExpr
from txlint.model.catalog import Effect, LibraryClass
from txlint.model.kinds import Confidence

FILES = sorted(LIBRARIES.glob("*.toml"))
EVERYTHING = load_catalog()
HEAD = {"name": "x", "distribution": "x", "packages": ["x"]}


def catalog_of(**tables: Any) -> Catalog:
    return Catalog([decode({"library": HEAD, **tables}, "x.toml")])


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"efect": []}, "x.toml: unknown table [efect]; did you mean 'effect'?"),
        ({"effect": [{"name": "x.y", "kind": "task", "wy": "."}]}, "x.toml: [[effect]] x.y: unknown key 'wy'; did you mean 'why'?"),
        ({"effect": [{"name": "x.y", "kind": "mial", "why": "."}]}, "[[effect]] x.y: kind: unknown word 'mial'; did you mean 'mail'?"),
        ({"effect": [{"name": "x.y", "kind": "mail"}]}, "[[effect]] x.y: 'why' is missing"),
        ({"effect": [{"kind": "mail", "why": "."}]}, "[[effect]]: expected 'name' or 'names'"),
        ({"effect": [{"name": "x.*.y", "kind": "mail", "why": "."}]}, "'x.*.y' is not a dotted name"),
        ({"effect": {"name": "x.y"}}, "write [[effect]], an array of tables"),
        ({"effect": [{"name": "x.y", "kind": "mail", "why": 3}]}, "why: expected a string, got 3"),
        ({"effect": [{"name": "x.y", "kind": "mail", "why": ".", "irreversible": 1}]}, "irreversible: expected true or false, got 1"),
        ({"effect": [{"name": "x.y", "kind": "mail", "why": ".", "when": {"arg": 0}}]}, "when: expected one of equals, one_of"),
        (
            {"effect": [{"name": "x.y", "kind": "mail", "why": ".", "when": {"arg": 0, "equal": 1}}]},
            "when: expected one of equals, one_of",
        ),
        (
            {"effect": [{"name": "x.y", "kind": "mail", "why": ".", "when": {"arg": {"nam": "a"}, "equals": 1}}]},
            "unknown key 'nam'; did you mean 'name'?",
        ),
        ({"opener": [{"name": "x.y", "forms": ["wiht"]}]}, "forms: unknown word 'wiht'; did you mean 'with'?"),
        ({"opener": [{"name": "x.y"}]}, "'forms' is missing"),
        ({"hook": [{"name": "x.y", "by": "signal", "state": "inside"}]}, "state: unknown word 'inside'; did you mean 'in'?"),
        ({"returns": [{"name": "x.y", "type": "news(arg(0))"}]}, "type: unknown word 'news'"),
        ({"returns": [{"name": "x.y", "type": "x.Y["}]}, "type: unbalanced brackets"),
        ({"calls": [{"name": "x.y", "runs": ["run"]}]}, "runs: cannot read 'run'"),
        ({"aliases": {"a.b": 3}}, "[aliases] a.b: expected a name, got 3"),
    ],
)
def test_a_malformed_table_is_an_error_that_names_file_entry_and_nearest_word(tables: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogError) as caught:
        catalog_of(**tables)
    assert str(caught.value).startswith("x.toml: ")
    assert message in str(caught.value)


def test_a_projects_own_tables_go_through_the_same_loader() -> None:
    mine = decode_project({"effect": [{"name": "shop.queue.push", "kind": "task", "why": "our queue"}]}, "pyproject.toml")
    catalog = load_catalog((), mine)
    assert [effect.kind for effect in catalog.effects("shop.queue.push")] == ["task"]
    with pytest.raises(CatalogError, match=r"pyproject.toml: unknown table \[effects\]; did you mean 'effect'"):
        decode_project({"effects": []}, "pyproject.toml")


def test_only_the_libraries_that_are_imported_are_read() -> None:
    assert choose(["requests"]) == ["python", "requests"]
    assert choose([]) == ["python"]
    assert set(choose(["flask_sqlalchemy"])) == {"blinker", "flask_sqlalchemy", "python", "sqlalchemy"}


def test_needs_name_libraries_that_exist() -> None:
    headers = read_headers()
    assert not {need for header in headers.values() for need in header.needs} - set(headers)


def test_a_file_that_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "x.toml"
    text = '# packages: x\n[library]\nname = "x"\ndistribution = "x"\npackages = ["x"]\n\n[[effect]]\nname = "x.y"\nwhy = "."\nkind = '
    path.write_text(f'{text}"mail"\n', encoding="utf-8")
    assert [catalog_entry.name for catalog_entry in read_library(path).entries] == ["x.y"]
    assert read_library(path) == read_library(path)
    path.write_text(f'{text}"storage"\n', encoding="utf-8")
    (entry,) = read_library(path).entries
    assert isinstance(entry, Effect) and entry.kind == "storage"
    for copy in (tmp_path / "__pycache__").iterdir():
        copy.write_bytes(b"broken")
    assert len(read_library(path).entries) == 1
    path.write_text(path.read_text(encoding="utf-8").replace("# packages: x", "# packages: y"), encoding="utf-8")
    with pytest.raises(CatalogError, match=r"x\.toml: the first line does not say the packages"):
        read_library(path)


def test_first_lines_that_changed_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(loader, "LIBRARIES", tmp_path)
    (tmp_path / "x.toml").write_text("# packages: x\n", encoding="utf-8")
    assert choose(["x", "y"]) == choose(["x", "y"]) == ["x"]
    (tmp_path / "y.toml").write_text("# packages: y; needs: z\n", encoding="utf-8")
    (tmp_path / "z.toml").write_text("# packages: zz\n", encoding="utf-8")
    assert choose(["x", "y"]) == ["x", "y", "z"]
    (tmp_path / "x.toml").write_text("# packages: other\n", encoding="utf-8")
    assert choose(["x", "y"]) == ["y", "z"]
    (tmp_path / "y.toml").unlink()
    assert choose(["x", "y"]) == []


def test_loading_a_usual_project_is_fast() -> None:
    imported = ["django", "rest_framework", "celery", "requests", "redis", "boto3", "asgiref", "stripe"]
    best = min(_seconds(imported) for _ in range(5))
    assert best < 0.1, f"{best:.3f} s"  # about 0.02 s where nothing else runs; the bench measures it


def _seconds(imported: list[str]) -> float:
    start = time.process_time()
    load_catalog(imported)
    return time.process_time() - start


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("celery.app.task.Task.delay", "celery.Task.delay"),
        ("celery.Task.delay", "celery.Task.delay"),
        ("django.db.models.query.QuerySet.get", "django.db.models.QuerySet.get"),
        ("django.db.models.fields.files.FieldFile.save", "django.db.models.fields.files.FieldFile.save"),
        ("sqlalchemy.orm.session.Session", "sqlalchemy.orm.Session"),
        ("types_boto3_s3.client.S3Client.put_object", "mypy_boto3_s3.S3Client.put_object"),
        ("shop.api_pb2_grpc.CartStub.Add", "grpc.Stub.Add"),
        ("shop.models.Order", "shop.models.Order"),
    ],
)
def test_every_home_of_a_thing_has_one_canonical_name(name: str, canonical: str) -> None:
    assert EVERYTHING.canonical(name) == canonical


def test_methods_are_found_along_the_bases() -> None:
    assert EVERYTHING.method("django.contrib.auth.models.User", "save") == "django.db.models.Model.save"
    assert EVERYTHING.method("django.contrib.auth.models.User", "frobnicate") is None
    assert EVERYTHING.bases("django.views.generic.edit.UpdateView")[-1] == "django.views.generic.View"
    assert [effect.kind for effect in EVERYTHING.effects("celery.group.apply_async")] == ["task"]
    form = EVERYTHING.parameter_type("django.views.generic.FormView", "form_valid", "form")
    assert form == "new(self.get_form_class() | self.form_class)"
    hooks = EVERYTHING.hooks("django.contrib.auth.admin.UserAdmin.save_model")
    assert [hook.state for hook in hooks if hook.by == "method"] == ["in"]


def test_exact_names_win_over_patterns_and_longer_patterns_over_shorter_ones() -> None:
    kinds = {
        name: [effect.kind for effect in EVERYTHING.effects(f"mypy_boto3_s3.S3Client.{name}")]
        for name in ("delete_object", "put_object", "get_object", "generate_presigned_url")
    }
    assert kinds == {"delete_object": ["storage"], "put_object": ["storage-write"], "get_object": ["rpc"], "generate_presigned_url": []}
    assert EVERYTHING.silent("mypy_boto3_s3.S3Client.generate_presigned_url")


def test_a_class_with_nothing_but_effects_is_made_without_one() -> None:
    """``super().__init__(token)`` in a class of the project's own that derives from it."""
    assert EVERYTHING.effects("telegram.Bot.log_out")
    assert not EVERYTHING.effects("telegram.Bot.__init__")


def test_what_a_class_says_of_a_method_hides_what_its_base_says() -> None:
    assert EVERYTHING.effects("redis.Redis.set")
    assert not EVERYTHING.effects("redis.client.Pipeline.set")
    charge = EVERYTHING.at("stripe.Charge.create")
    assert [effect.irreversible for effect in charge.effects] == [True]
    assert [entry.name for entry in charge.returns] == ["stripe.APIResource.create"]  # another table: inherited


def test_what_a_base_says_of_each_of_its_classes() -> None:
    assert [entry.type for entry in EVERYTHING.returns("stripe.Customer.retrieve")] == ["self | stripe.Customer"]
    assert [entry.type for entry in EVERYTHING.returns("stripe.Invoice.list")] == ["stripe.ListObject[stripe.Invoice]"]
    assert [entry.reads for entry in EVERYTHING.effects("stripe.Customer.retrieve_async")] == [True]
    assert [entry.irreversible for entry in EVERYTHING.effects("stripe.Customer.delete_async")] == [True]


def test_what_a_base_says_of_whoever_enters_one_of_its_classes() -> None:
    tables = {
        "library": HEAD,
        "class": [{"name": "x.Base"}, {"name": "x.Client", "bases": ["x.Base"]}],
        "returns": [{"name": "x.Base.session", "type": "{class}", "enter": "{class}"}],
    }
    catalog = Catalog([decode(tables, "x.toml")])
    assert [(entry.type, entry.enter) for entry in catalog.returns("x.Client.session")] == [("x.Client", "x.Client")]


def test_unknown_names_are_unknown() -> None:
    for name in ("shop.models.Order.save", "django.db.models.Nothing", "requests.Response.json", "x", ""):
        assert not EVERYTHING.is_known(name), name


def test_type_expressions() -> None:
    parsed = parse_type("tuple[new(arg(0:to)), bool] | self[owner] | class a.B[item]")
    assert parsed.op == "union"
    first, second, third = parsed.args
    assert first == TypeExpr("tuple", args=(TypeExpr("new", args=(TypeExpr("arg", "to", 0),)), TypeExpr("bool")))
    assert second == TypeExpr("self", args=(TypeExpr("owner"),))
    assert third == TypeExpr("class", "a.B", args=(TypeExpr("item"),))
    assert parse_run("arg(0:form).save").method == "save"
    assert parse_run("below(a.B)[arg(0:action)]") == Run("below", TypeExpr("arg", "action", 0), signal="a.B")
    assert parse_run("receivers(django.db.models.signals.pre_save)").signal == "django.db.models.signals.pre_save"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_entries_are_explained_and_sorted(path: Path) -> None:
    library = read_library(path)
    assert library.name == path.stem
    assert library.packages
    problems = truth.unexplained(path)
    assert not problems, "\n".join(f"{name}: {problem}" for name, problem in sorted(problems.items()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_entries_are_true_of_the_installed_library(path: Path) -> None:
    library = read_library(path)
    if truth.installed(library) is None:
        pytest.skip(f"{library.distribution} is not installed: {len(library.entries)} entries not checked")
    truth.prepare()
    problems = truth.untrue(library)
    assert not problems, "\n".join(sorted(problems))


def test_bases_are_known_classes() -> None:
    classes = [entry for entry in EVERYTHING.entries if isinstance(entry, LibraryClass)]
    unknown = {base for entry in classes for base in entry.bases if EVERYTHING.library_class(base) is None}
    assert not unknown


def test_entries_stand_under_their_canonical_names() -> None:
    """Otherwise nobody would find them."""
    assert not {entry.name for entry in EVERYTHING.entries if EVERYTHING.canonical(entry.name) != entry.name}


def test_confidence_is_read_as_a_word() -> None:
    catalog = catalog_of(effect=[{"name": "x.y", "kind": "mail", "why": ".", "confidence": "likely"}])
    assert catalog.effects("x.y")[0].confidence is Confidence.LIKELY


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_classes_that_entries_name_are_there_where_the_library_is(path: Path) -> None:
    """A project that imports django_rq alone has `redis.Redis` from it: the catalog knows both then, or neither."""
    library = read_library(path)
    loaded = load_catalog(library.packages)
    named = {node.name for entry in library.entries for _, node in loader.expressions(entry) if node.op in ("instance", "class")}
    assert not [name for name in named if EVERYTHING.library_class(name) is not None and loaded.library_class(name) is None]
