"""From findings to files: fixes at the entries in other files, conflicts, names and imports, suggestions."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from tests.fix_findings import findings_of, fixed, suggested
from txlint.fix import Project, open_file, plan, suggest
from txlint.model.finding import Finding, Place, Step

HEAD = "from django.db import transaction\n\n\n"
CALLER = HEAD + "def f(x):\n    with transaction.atomic():  # open: a\n        tell(x)  # want: TX101=a\n"
HELPER = "def tell(x):\n    return t.delay(x)\n"


def through() -> Finding:
    """An effect in helper.py whose result is used, reached from a transaction in caller.py."""
    (finding,) = findings_of(CALLER, "caller.py")
    place = Place("helper.py", 2, 12, 2, 22)
    opener = replace(finding.openers[0], entry=finding.place, trace=(finding.openers[0].trace * 2))
    return replace(finding, place=place, openers=(opener,))


def test_an_entry_in_another_file() -> None:
    sources = {"caller.py": CALLER.encode(), "helper.py": HELPER.encode()}
    safe = plan([through()], sources)
    assert [(p.path, p.is_changed, len(p.fixed), len(p.refused)) for p in safe] == [("helper.py", False, 0, 1)]
    caller, helper = plan([through()], sources, unsafe=True)
    assert b"        transaction.on_commit(partial(tell, x))  # want" in caller.new
    assert caller.fixed[0].fix.applicability == "unsafe" and "whole call of `tell`" in (caller.fixed[0].fix.reason or "")
    assert helper.new == helper.old and not helper.refused and not helper.fixed


def test_a_framework_s_own_call_stays_in_its_transaction() -> None:
    """A save or a validation that reaches the effect by an override or a signal of the project."""
    for kind, changes in (("call", True), ("override", False), ("signal", False)):
        finding = through()
        step = Step(kind, finding.openers[0].entry, "", "")
        opener = replace(finding.openers[0], trace=(step, step))
        planned = plan([replace(finding, openers=(opener,))], {"caller.py": CALLER.encode(), "helper.py": HELPER.encode()}, unsafe=True)
        assert any(each.is_changed for each in planned) is changes, kind


def test_an_entry_whose_object_is_used_afterwards() -> None:
    text = HEAD + "def f(x):\n    made = Course(x)\n    with atomic():  # open: a\n        made.load()  # via: a\n{}\n\n"
    text += "class Course:\n    def load(self):\n        return t.delay(1)  # want: TX101=a\n"
    assert b"on_commit(made.load)" in fixed(text.format("        x.save()"), unsafe=True).new
    assert not fixed(text.format("        x.name = made.name"), unsafe=True).is_changed


def test_an_entry_that_cannot_be_had() -> None:
    (helper,) = plan([through()], {"helper.py": HELPER.encode()}, unsafe=True)
    assert "is used" in (helper.refused[0].fix.reason or "")
    wide = replace(through(), openers=(replace(through().openers[0], entry_count=2),))
    (helper,) = plan([wide], {"caller.py": CALLER.encode(), "helper.py": HELPER.encode()}, unsafe=True)
    assert helper.refused[0].fix.applicability == "none"


def test_a_suggestion_at_the_entry_shows_the_other_file() -> None:
    finding = through()
    helper = open_file("helper.py", HELPER.encode(), [finding])
    assert suggest(finding, helper).applicability == "none"
    fix = suggest(finding, helper, lambda path: open_file(path, CALLER.encode(), [finding]))
    assert (fix.applicability, fix.recipe) == ("unsafe", "on-commit")
    assert "+        transaction.on_commit(partial(tell, x))  # want" in (fix.preview or "")


def test_two_findings_at_one_call_are_one_rewrite() -> None:
    (finding,) = findings_of(CALLER)
    (planned,) = plan([finding, replace(finding, code="TX201")], {"x.py": CALLER.encode()})
    assert len(planned.fixed) == 2 and planned.new.count(b"on_commit") == 1


def test_a_wrong_deferral_is_not_deferred_once_more() -> None:
    """Recipes about effects are not for findings about deferrals and transactions."""
    for code in ("TX302", "TX305", "TX503"):
        text = CALLER.replace("tell(x)  # want: TX101=a", f"transaction.on_commit(later)  # want: {code}=a")
        (planned,) = plan(findings_of(text), {"x.py": text.encode()}, unsafe=True)
        assert not planned.is_changed and planned.refused[0].fix.applicability == "none"


def test_rewrites_that_overlap_wait_for_the_next_round() -> None:
    inner = "a.send(  # want: TX102=a\n            b.build(x)  # want: TX104=a\n        )"
    text = CALLER.replace("tell(x)  # want: TX101=a", inner)
    (planned,) = plan(findings_of(text), {"x.py": text.encode()}, unsafe=True)
    assert len(planned.fixed) == 1 and len(planned.refused) == 1


def test_the_preview_shows_lines_and_imports() -> None:
    fix = suggested(CALLER)
    assert (fix.preview or "").split("\n") == [
        "+from functools import partial",
        "-        tell(x)  # want: TX101=a",
        "+        transaction.on_commit(partial(tell, x))  # want: TX101=a",
    ]


def test_the_preview_does_not_mix_before_and_after() -> None:
    long = "order.notify_everyone_who_waits(order.identifier, countdown=some_number_of_seconds)"
    text = "from django.db import models\n\n\n" + CALLER.removeprefix(HEAD).replace("transaction.", "").replace("tell(x)", long)
    shown = (suggested(text).preview or "").split("\n")
    assert shown[:2] == ["+from functools import partial", "+from django.db import transaction"]
    assert [line[0] for line in shown[2:]] == ["-", *"+" * (len(shown) - 3)] and len(shown) == 6


def test_changes_are_said() -> None:
    text = CALLER.replace("tell(x)", "t.apply_async(x, countdown=3)")
    said = fixed(text).fixed[0].changes
    assert any("after the commit" in s for s in said) and any("`countdown` counts from the commit" in s for s in said)


def names(head: str, function: str = "def f(x):\n    with atomic():  # open: a\n        tell(x)  # want: TX101=a\n") -> str:
    """The new text of a file with this head, without the function's first two lines."""
    return fixed(textwrap.dedent(head) + function).new.decode()


def test_names_that_are_there_are_used() -> None:
    assert "tx.on_commit(p(tell, x))" in names("from functools import partial as p\nfrom django.db import transaction as tx\n")
    assert "later(functools.partial(tell, x))" in names("import functools\nfrom django.db.transaction import on_commit as later\n")
    assert "django.db.transaction.on_commit(" in names("import django.db.transaction\n")
    assert "        db.transaction.on_commit(" in names("from django import db\n")


def test_names_that_mean_something_else_are_not_taken() -> None:
    text = names("import transaction\nfrom mylib import partial\n")
    assert "from django.db import transaction as db_transaction\n" in text
    assert "db_transaction.on_commit(functools_partial(tell, x))" in text
    for other in (
        "transaction = 1\n",
        "def transaction(): pass\n",
        "class transaction: pass\n",
        "for transaction in x: pass\n",
        "from m import *\n",
    ):
        assert "db_transaction.on_commit(" in names(other), other
    local = "def f(x, partial):\n    transaction = x\n    with atomic():  # open: a\n        tell(x)  # want: TX101=a\n"
    assert "db_transaction.on_commit(functools_partial(tell, x))" in names(HEAD, local)
    conditional = "if x:\n    from django.db import transaction\n"
    assert "import transaction as db_transaction" in names(conditional)
    closure = "def g(transaction):\n    def f(x):\n        with atomic():  # open: a\n            tell(x)  # want: TX101=a\n"
    assert "db_transaction.on_commit(" in names(HEAD, closure)


def test_imports_within_the_function() -> None:
    local = "def f(x):\n    from django.db import transaction\n    with atomic():  # open: a\n        tell(x)  # want: TX101=a\n"
    text = names("", local)
    assert "        transaction.on_commit(partial(tell, x))" in text and text.count("import transaction") == 1


def test_where_imports_go() -> None:
    first, second = "import os\nfrom collections import x\nfrom zlib import y\n\n", "from celery import c\nfrom django.conf import s\n"
    isorted = first + second + "from rest import r\n\nfrom .a import b\n"
    assert names(isorted).startswith(
        "import os\nfrom collections import x\nfrom functools import partial\nfrom zlib import y\n\n"
        "from celery import c\nfrom django.conf import s\nfrom django.db import transaction\nfrom rest import r\n\nfrom .a import b\n"
    )
    assert names('"""Doc."""\nfrom __future__ import annotations\n\nX = 1\n').startswith(
        '"""Doc."""\nfrom __future__ import annotations\n\nfrom functools import partial\n\nfrom django.db import transaction\n\nX = 1\n'
    )
    assert names("#!/usr/bin/env python\n# coding: utf-8\n\n").startswith("#!/usr/bin/env python\n# coding: utf-8\n\nfrom functools")
    for head, wanted in (
        ("from shop.a import b\n", "from functools import partial\n\nfrom django.db import transaction\nfrom shop.a import b\n"),
        (
            "from django.dispatch import receiver\n\nfrom .a import b\n",
            "from functools import partial\n\nfrom django.db import transaction\nfrom django.dispatch import receiver\n\nfrom .a",
        ),
        (
            "from functools import partial\nfrom django.db import Error\nfrom django.db import models\nfrom x import y\n",
            "from functools import partial\nfrom django.db import Error\nfrom django.db import models\nfrom django.db import transaction\n",
        ),
    ):
        assert names(head).startswith(wanted), names(head)
    assert "from django.db import IntegrityError, models, transaction\n" in names("from django.db import IntegrityError, models\n")
    multi = "from django.db import (\n    models,\n)\n"
    assert "from django.db import (\n    models,\n)\nfrom django.db import transaction\n" in names(multi)


def test_the_engine_knows_the_databases() -> None:
    assert suggested(CALLER, alias=None, project=Project(databases=frozenset({"default"}))).applicability == "safe"
