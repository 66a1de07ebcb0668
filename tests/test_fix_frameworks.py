"""Recipes for Odoo, Frappe and django-subatomic: what they refuse or only do on request, by release and by what is around the call."""

from __future__ import annotations

from tests.fix_findings import suggested
from txlint.catalog.loader import LIBRARIES, read_library
from txlint.fix import Project
from txlint.model.catalog import Hook

ODOO = "class Order:\n    def confirm(self, cr, queue):\n        {}  # open: a\n        {}  # want: TX103=a\n"
FRAPPE = "class Order:\n    def place(self):\n        self.save()  # open: a\n        requests.post(URL)  # want: TX103=a\n        {}\n"


def odoo(opener: str, call: str = "requests.post(URL)", version: str = "") -> tuple[str | None, str, str]:
    project = Project(versions={"odoo": version} if version else {})
    fix = suggested(ODOO.format(opener, call), project=project, opener="odoo.models.BaseModel.write")
    return fix.applicability, fix.reason or "", fix.preview or ""


def test_odoo_by_release() -> None:
    assert odoo("self.write({})")[0] == "safe"
    assert odoo("self.write({})", version="16.0")[0] == "safe"
    applicability, reason, _ = odoo("self.write({})", version="13.0")
    assert applicability == "none" and "needs Odoo 14" in reason


def test_odoo_takes_the_cursor_that_is_there() -> None:
    assert "self.env.cr.postcommit.add(" in odoo("self.write({})")[2]
    assert "+        cr.postcommit.add(" in odoo('cr.execute("UPDATE x")')[2]
    assert "queue.env.cr.postcommit.add(" in odoo("queue.write({})")[2]
    assert odoo("x[0].write({})")[0] == "none"


def test_odoo_records_are_named() -> None:
    applicability, reason, _ = odoo("self.write({})", "requests.post(URL, json=queue)")
    assert applicability == "unsafe" and "`queue` begins a new transaction" in reason


def test_frappe_by_release_and_savepoints() -> None:
    def verdict(after: str, version: str = "15.2") -> tuple[str | None, str]:
        fix = suggested(
            FRAPPE.format(after), project=Project(versions={"frappe": version} if version else {}), opener="frappe.Document.save"
        )
        return fix.applicability, fix.reason or ""

    assert verdict("x = 1") == ("safe", "")
    assert verdict("x = 1", "14.9")[0] == verdict("x = 1", "")[0] == "unsafe"
    assert "does not drop it" in verdict('frappe.db.rollback(save_point="x")')[1]
    assert "always undoes" in verdict("frappe.throw('no')")[1]
    assert "always undoes" in verdict("frappe.db.rollback()")[1]


def test_subatomic_s_call_needs_its_own_transaction_around_it() -> None:
    """It fails where none is open, as in a helper that is also called without one."""
    head = "from django_subatomic.db import transaction, savepoint\n\n"
    inside = head + "def f(x):\n    with transaction():  # open: a\n        tell(x)  # want: TX101=a\n        x.save()\n"
    assert "run_after_commit(partial(tell, x))" in (suggested(inside).preview or "")
    helper = head + "def f(x):\n    with transaction():  # open: a\n        g(x)\n\ndef g(x):\n    tell(x)  # want: TX101=a\n"
    assert "transaction.on_commit(partial(tell, x))" in (suggested(helper).preview or "")
    other = inside.replace("django_subatomic.db", "my.own")
    assert "on_commit(" in (suggested(other, opener="transaction").preview or suggested(other, opener="django.x").preview or "")


def test_hooks_of_other_libraries_are_not_django_s() -> None:
    """What runs before the commit of another library is not deferred by Django's on_commit. blinker's signals know no database."""
    for path in LIBRARIES.glob("*.toml"):
        library = read_library(path)
        if "django" not in f"{library.name} {library.needs}" and library.name != "blinker":
            assert not [entry.name for entry in library.entries if isinstance(entry, Hook) and entry.family == "django"], library.name


def test_a_hook_is_put_on_the_transaction_of_the_manager_that_began_it() -> None:
    """The thread's by `transaction.get`, another one by its name where it means the same; else there is no rewrite."""

    def preview(text: str) -> str:
        fix = suggested(f"import transaction\n{text}")
        return fix.preview or "" if fix.applicability == "safe" else ""

    block = "def f({}):\n    with {}:  # open: a\n        {}\n        tell()  # want: TX101=a\n"
    assert "transaction.get().add" in preview(block.format("", "transaction.manager", "pass"))
    assert "self.manager.get().add" in preview(block.format("self", "self.manager", "pass"))
    assert "manager.get().add" in preview("manager = made()\n" + block.format("", "manager", "pass"))
    assert not preview(block.format("", "new_manager()", "manager = 1"))
    assert not preview(block.format("self", "self.manager", "self.manager = other()"))
    assert not preview(block.format("manager", "manager", "manager = other()"))
    assert not preview("manager = made()\nmanager = made()\n" + block.format("", "manager", "pass"))
    helper = "def f({0}):\n    with {1}manager:  # open: a\n        g()\n\n\ndef g({0}):\n    tell()  # want: TX101=a\n"
    assert not preview(helper.format("manager", ""))
    start = "config.include('pyramid_tm')  # open: a\n\n\n"
    view = start + "def view({}):\n    {}\n    tell()  # want: TX101=a\n"
    assert "request.tm.get().add" in preview(view.format("context, request", "pass"))
    assert not preview(view.format("context, asked", "pass"))
    assert not preview(view.format("request", "request = other()"))
    assert not preview(view.format("request", "request.tm = other()"))
