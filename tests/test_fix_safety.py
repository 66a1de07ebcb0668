"""What may be deferred and what may not, each with its reason: one small function per rule."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest

from tests.fix_findings import findings_of, suggested
from txlint.fix import Project, open_file, suggest

HEAD = "from functools import partial\nfrom django.db import transaction\n\n"
ATOMIC = "def f(order, items):\n    with transaction.atomic():  # open: a\n"
TRIED = """\
def f():
    try:
        with transaction.atomic():  # open: a
            task.delay(1)  # want: TX101=a
    except E:
        pass
"""


def verdict(body: str, head: str = ATOMIC, **given: object) -> tuple[str | None, str]:
    fix = suggested(HEAD + head + textwrap.indent(textwrap.dedent(body).strip("\n"), "        ") + "\n", **given)  # type: ignore[arg-type]
    return fix.applicability, fix.reason or ""


SAFE = {
    "constants": "task.delay(1, name='x')  # want: TX101=a",
    "attributes": "task.delay(order.pk)  # want: TX101=a",
    "a call is evaluated where it stood": "task.delay(str(order.pk), order.total())  # want: TX101=a",
    "a name that stays what it is": "notify(order)  # want: TX102=a\nother.save()",
    "used later, but not changed": "notify(order)  # want: TX102=a\nlog(order.pk, order.get_total())\nreturn order",
    "a loop variable": "for item in items:\n    item.done = True\n    task.delay(item)  # want: TX101=a\n",
    "a conditional raise is what the commit is for": "task.delay(1)  # want: TX101=a\nif order.bad:\n    raise ValueError",
    "a raise on one way only": "if order.ok:\n    task.delay(1)  # want: TX101=a\n    return\nraise ValueError",
    "a branch": "if order:\n    task.delay(order.pk)  # want: TX101=a",
    "a raise in another branch": "if order:\n    task.delay(order.pk)  # want: TX101=a\nelse:\n    raise ValueError",
    "an except clause that goes on": "try:\n    x()\nexcept ValueError:\n    task.delay(1)  # want: TX101=a",
    "a task that the function imports": "from jobs import task\ntask.delay(1)  # want: TX101=a\ntask.delay(2)",
    "the same effect again": "task.delay(1)  # want: TX101=a\ntask.delay(2)",
    "after the savepoint": "with transaction.atomic():  # open: b\n    task.delay(1)  # want: TX101=a,b",
}
UNSAFE = {
    "a try that handles": ("try:\n    task.delay(1)  # want: TX101=a\nexcept OSError:\n    pass", "`try` on line 6 would no longer catch"),
    "a finally that cleans up": ("try:\n    task.delay(1)  # want: TX101=a\nfinally:\n    clean()", "`finally`"),
    "in a finally": ("try:\n    x()\nfinally:\n    task.delay(1)  # want: TX101=a", "in a `finally`"),
    "suppress": ("with suppress(OSError):\n    task.delay(1)  # want: TX101=a", "no longer catch"),
    "a lock": ("with lock:\n    task.delay(1)  # want: TX101=a", "after `with lock` on line 6 has ended"),
    "an override": ("with translation.override('fr'):\n    task.delay(1)  # want: TX101=a", "translation.override"),
    "changed later": ("notify(order)  # want: TX102=a\norder.total = 1", "`order` is passed by reference and may be changed on line 7"),
    "item set later": ("notify(order)  # want: TX102=a\norder['x'] = 1", "by reference"),
    "a method called later": ("notify(order)  # want: TX102=a\norder.save()", "by reference"),
    "a dict filled in a loop": ("ctx = {}\nfor x in items:\n    ctx['x'] = x\n    task.delay(ctx)  # want: TX101=a", "by reference"),
    "receiver": ("order.send()  # want: TX102=a\norder.reset()", "`order` is passed by reference"),
    "a generator within": ("group(t.s(x) for x in items).delay()  # want: TX101=a", "generator among the arguments"),
    "a generator": ("task.delay(x for x in items)  # want: TX101=a", "generator among the arguments"),
    "a queryset": ("task.delay(Order.objects.filter(x=1))  # want: TX101=a", "evaluated at the commit"),
    "a queryset by name": ("found = Order.objects.all()\ntask.delay(found)  # want: TX101=a\nx = 1", "`found`"),
    "a lazy string": ("notify(gettext_lazy('x'))  # want: TX102=a", "evaluated at the commit"),
    "a lambda": ("notify(lambda: order.pk)  # want: TX102=a", "lambda among the arguments"),
    "a file read again": ("storage.delete(path)  # want: TX107=a\nopen(path)", "uses it again"),
    "a store used again": ("index.put(order.pk)  # want: TX106=a\nindex.close()\nx = index.get(other.pk)", "uses it again"),
    "manual savepoints": (
        "sid = transaction.savepoint()\ntask.delay(1)  # want: TX101=a\ntransaction.savepoint_rollback(sid)",
        "savepoint_rollback",
    ),
}
NONE = {
    "a text that is written anew": (
        "storage.delete('x')  # want: TX107=a\nname = storage.save('x', data)  # want: TX111=a",
        "line 7 does more with the same, which the deferred call would undo",
    ),
    "a name that is written anew": (
        "storage.delete(path)  # want: TX107=a\nname = storage.save(path, data)  # want: TX111=a",
        "line 7 does more with the same, which the deferred call would undo",
    ),
    "a store asked for the same": ("index.put(order.pk)  # want: TX106=a\nx = index.get(order.pk)", "line 7 asks for an answer"),
    "a service asked next": ("bank.pay(order.pk)  # want: TX104=a\nif bank.is_paid():\n    order.save()", "line 7 asks for an answer"),
    "result assigned": ("x = task.delay(1)  # want: TX101=a", "result of `task.delay` is used"),
    "result returned": ("return task.delay(1)  # want: TX101=a", "is used"),
    "in a comprehension": ("x = [\n    task.delay(i)  # want: TX101=a\n    for i in items\n]", "is used"),
    "always raises": ("task.delay(1)  # want: TX101=a\nraise ValueError", "line 7 always undoes"),
    "raises behind branches": ("if order:\n    task.delay(1)  # want: TX101=a\nx = 1\nraise ValueError", "always undoes"),
    "raises in both branches": ("task.delay(1)  # want: TX101=a\nif order:\n    raise A\nelse:\n    raise B", "always undoes"),
    "set_rollback": ("task.delay(1)  # want: TX101=a\ntransaction.set_rollback(True)", "always undoes"),
    "a raise in the handler": ("try:\n    x()\nexcept A:\n    task.delay(1)  # want: TX101=a\n    raise", "always undoes"),
    "an open file": ("with open('x') as handle:\n    client.send(handle)  # want: TX103=a", "`handle` of the `with` on line 6 is closed"),
    "a wait": ("time.sleep(3)  # want: TX109=a", "move it out"),
}


LISTED = "ctx = {}\n"
RULES = {
    # rule: (what keeps it, what breaks it, what is said then)
    "an expression statement whose result is unused": ("task.delay(1)  # want: TX101=a", "x = task.delay(1)  # want: TX101=a", "is used"),
    "not under a try that handles": (
        "try:\n    x()\nexcept E:\n    pass\ntask.delay(1)  # want: TX101=a",
        "try:\n    task.delay(1)  # want: TX101=a\nexcept E:\n    pass",
        "no longer catch",
    ),
    "not inside another with whose scope matters": (
        "with lock:\n    pass\ntask.delay(1)  # want: TX101=a",
        "with lock:\n    task.delay(1)  # want: TX101=a",
        "after `with lock`",
    ),
    "not in a generator": ("task.delay(1)  # want: TX101=a", "task.delay(1)  # want: TX101=a\nyield 1", "generator"),
    "arguments are evaluated where the call stood": (
        "task.delay(order.pk)  # want: TX101=a\norder.pk = 2",
        "task.delay(lambda: order.pk)  # want: TX101=a\norder.pk = 2",
        "lambda among the arguments",
    ),
    "mutable arguments are named": (
        f"{LISTED}task.delay(dict(ctx))  # want: TX101=a\nctx['x'] = 1",
        f"{LISTED}task.delay(ctx)  # want: TX101=a\nctx['x'] = 1",
        "`ctx` is passed by reference and may be changed on line 8",
    ),
    "lazily evaluated arguments are named": (
        "task.delay(Order.objects.count())  # want: TX101=a",
        "task.delay(Order.objects.raw(q))  # want: TX101=a",
        "`Order.objects.raw(q)` would be evaluated",
    ),
    "no raise that always follows": (
        "task.delay(1)  # want: TX101=a\nif order:\n    return\nraise E",
        "task.delay(1)  # want: TX101=a\nif order:\n    x()\nraise E",
        "line 9 always undoes",
    ),
    "no later code that reads what the effect did": (
        "index.put(order)  # want: TX106=a\nother.get(1)",
        "index.put(order)  # want: TX106=a\nindex.get(1)",
        "line 7 uses it again",
    ),
}


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_rules_of_safety(rule: str) -> None:
    """One example that keeps the rule and one that breaks it."""
    kept, broken, reason = RULES[rule]
    assert verdict(kept) == ("safe", "")
    applicability, said = verdict(broken)
    assert applicability != "safe" and reason in said


def test_not_in_an_async_function() -> None:
    call = "task.delay(1)  # want: TX101=a"
    assert verdict(call)[0] == "safe"
    assert verdict(call, f"async {ATOMIC}") == ("none", "the function is async, and on_commit cannot be called on the event loop")


def test_partial_and_never_robust() -> None:
    """A lambda would see its names as they are at the commit; robust callbacks hide failures, and break with a partial on Django 6.0."""
    text = HEAD + ATOMIC + "        task.delay(order.pk)  # want: TX101=a\n"
    preview = suggested(text).preview or ""
    assert "+        transaction.on_commit(partial(task.delay, order.pk))" in preview
    assert "lambda" not in preview and "robust" not in preview


CHANGED = {
    "a list of an attribute": "task.delay(order.tags)  # want: TX101=a\norder.tags.append(1)",
    "a list of an item": "task.delay(order['x'])  # want: TX101=a\norder['x'].append(1)",
    "one of several targets": "notify(order)  # want: TX102=a\nx, order.total = 1, 2",
    "del of several": "notify(order)  # want: TX102=a\ndel x, order.total",
    "the target of a loop": "notify(order)  # want: TX102=a\nfor order.x in items:\n    pass",
    "the target of a with": "notify(order)  # want: TX102=a\nwith open('x') as order.x:\n    pass",
    "by another name": "notify(order)  # want: TX102=a\nsame = order\nsame.total = 1",
    "by the name that it had": "same = order\nnotify(same)  # want: TX102=a\norder.total = 1",
    "by who is handed it": f"{LISTED}task.delay(ctx)  # want: TX101=a\nfill(ctx)",
    "by a function of its own": f"{LISTED}def g():\n    ctx['x'] = 1\ntask.delay(ctx)  # want: TX101=a\ng()",
    "bound by a walrus": "task.delay(x := [])  # want: TX101=a\nx.append(2)",
    "held by an object made for it": "Message(items).send()  # want: TX102=a\nitems.append(1)",
    "bound anew on some ways only": (
        f"{LISTED}for x in items:\n    ctx['x'] = x\n    task.delay(ctx)  # want: TX101=a\n    if x:\n        ctx = {{}}"
    ),
    "unpacked": "task.delay(*items)  # want: TX101=a\nitems += [2]",
    "a global": "global G\ntask.delay(G)  # want: TX101=a\nG.append(1)",
    "chosen by a condition": "task.delay(items if order else ())  # want: TX101=a\nitems.append(1)",
}
NOT_CHANGED = {
    "a number counted on": "n = 1\ntask.delay(n)  # want: TX101=a\nn += 1",
    "bound anew, not changed": f"{LISTED}task.delay(ctx)  # want: TX101=a\nctx = {{}}",
    "a text made on the spot": "task.delay(f'{order.pk}')  # want: TX101=a\norder.pk = 2",
    "a copy": "task.delay(list(items))  # want: TX101=a\nitems.append(1)",
    "another item": "task.delay(order['x'])  # want: TX101=a\norder['y'] = 1",
    "a fresh one for each turn": f"for x in items:\n    {LISTED}    ctx['x'] = x\n    task.delay(ctx)  # want: TX101=a",
    "only looked at": f"{LISTED}task.delay(ctx)  # want: TX101=a\nprint(len(ctx))",
    "statements on one line": "n = 1; task.delay(n); n = 2  # want: TX101=a",
    "a receiver bound anew": "order.client.send(1)  # want: TX103=a\norder.client = None",
    "in a match": "match order:\n    case {'x': x}:\n        task.delay(x)  # want: TX101=a\n    case _:\n        raise E",
}


@pytest.mark.parametrize("case", CHANGED, ids=str)
def test_what_changes_before_the_commit(case: str) -> None:
    applicability, said = verdict(CHANGED[case])
    assert applicability == "unsafe" and "by reference" in said


@pytest.mark.parametrize("case", NOT_CHANGED, ids=str)
def test_what_stays_as_it_is(case: str) -> None:
    assert verdict(NOT_CHANGED[case]) == ("safe", "")


UNDONE = {
    "behind the loop": "for x in items:\n    task.delay(x)  # want: TX101=a\nraise E",
    "in the else of the loop": "for x in items:\n    task.delay(x)  # want: TX101=a\nelse:\n    raise E",
    "behind a loop that is broken off": "for x in items:\n    task.delay(x)  # want: TX101=a\n    break\nraise E",
    "in every case": "task.delay(1)  # want: TX101=a\nmatch order:\n    case 1:\n        raise A\n    case _:\n        raise B",
    "in a try without handlers": "task.delay(1)  # want: TX101=a\ntry:\n    raise A\nfinally:\n    x()",
    "in a finally": "task.delay(1)  # want: TX101=a\ntry:\n    x()\nfinally:\n    raise E",
    "by the program's end": "task.delay(1)  # want: TX101=a\nsys.exit(1)",
    "in an endless loop": "task.delay(1)  # want: TX101=a\nwhile True:\n    raise E",
}
NOT_ALWAYS_UNDONE = {
    "left in another turn": "for x in items:\n    if x:\n        return\n    task.delay(x)  # want: TX101=a\nraise E",
    "left before": "task.delay(1)  # want: TX101=a\nwith order:\n    if order:\n        return\nraise E",
    "an else that a break skips": "for x in items:\n    task.delay(x)  # want: TX101=a\n    if x:\n        break\nelse:\n    raise E",
    "caught on the way": "task.delay(1)  # want: TX101=a\ntry:\n    raise A\nexcept A:\n    x()",
    "suppressed": "task.delay(1)  # want: TX101=a\nwith suppress(A):\n    raise A",
    "an endless loop": "task.delay(1)  # want: TX101=a\nwhile True:\n    pass",
    "in some cases": "task.delay(1)  # want: TX101=a\nmatch order:\n    case 1:\n        raise A",
}


@pytest.mark.parametrize("case", UNDONE, ids=str)
def test_always_undone(case: str) -> None:
    applicability, said = verdict(UNDONE[case])
    assert applicability == "none" and "always undoes" in said


@pytest.mark.parametrize("case", NOT_ALWAYS_UNDONE, ids=str)
def test_not_always_undone(case: str) -> None:
    assert verdict(NOT_ALWAYS_UNDONE[case]) == ("safe", "")


def test_a_raise_that_is_caught_is_no_reason() -> None:
    applicability, said = verdict("try:\n    task.delay(1)  # want: TX101=a\n    raise A\nexcept A:\n    pass")
    assert applicability == "unsafe" and "always undoes" not in said


def test_a_raise_that_a_caller_may_catch() -> None:
    """A form's `clean` raises ValidationError, and the view goes on: the transaction of the request is not undone."""
    caller = "@transaction.atomic  # open: b\ndef g():\n    f()\n"
    raising = "def f():\n    task.delay(1)  # want: TX101=b\n    raise A\n"
    fix = suggested(HEAD + caller + raising)
    assert fix.applicability == "unsafe" and "unless a caller catches it" in (fix.reason or "")
    both = suggested(HEAD + caller + "@transaction.atomic  # open: a\n" + raising.replace("=b", "=a,b"))
    assert both.applicability == "none" and "always undoes" in (both.reason or "")


def test_a_handler_of_database_errors() -> None:
    """Such an error within `atomic` keeps it from committing: the mail about it would never be sent."""
    saved = "try:\n    order.save()\nexcept {}:\n    notify(1)  # want: TX102=a"
    for caught in ("IntegrityError", "Exception", "(A, db.Error)"):
        applicability, said = verdict(saved.format(caught))
        assert applicability == "unsafe" and f"`except {caught}` on line 8" in said
    assert verdict(saved.format("ValueError")) == ("safe", "")
    inner = saved.replace("    order.save()", "    with transaction.atomic():\n        order.save()")
    assert verdict(inner.format("IntegrityError")) == ("safe", "")


def test_temporary_files_are_gone() -> None:
    body = "with TemporaryDirectory() as folder:\n    path = os.path.join(folder, 'x')\n    storage.put({})  # want: TX107=a"
    applicability, said = verdict(body.format("path"))
    assert applicability == "none" and "`path` lies in what the `with` on line 6 removes" in said
    assert verdict(body.format("order.pk"))[0] == "unsafe"


def test_coroutines_are_made_where_the_call_stands() -> None:
    applicability, said = verdict("asyncio.run(go(order.pk))  # want: TX108=a")
    assert applicability == "unsafe" and "never be awaited" in said
    assert verdict("async_to_sync(go)(order.pk)  # want: TX108=a") == ("safe", "")


def test_what_follows_a_program_may_rely_on_it() -> None:
    applicability, said = verdict("subprocess.run(['x'])  # want: TX108=a\nprint(1)")
    assert applicability == "unsafe" and "line 7 follows in the transaction" in said
    assert verdict("subprocess.run(['x'])  # want: TX108=a") == ("safe", "")


def test_decorators_that_catch() -> None:
    catching = (
        "def careful(f):\n    def g(*a):\n        try:\n            return f(*a)\n        except E:\n            pass\n    return g\n\n"
    )
    inside = "@transaction.atomic  # open: a\n@careful\ndef f(order, items):\n    if order:\n"
    call = "task.delay(1)  # want: TX101=a"
    applicability, said = verdict(call, catching + inside)
    assert applicability == "unsafe" and "the decorator `careful`" in said
    outside = "@careful\n@transaction.atomic  # open: a\ndef f(order, items):\n    if order:\n"
    assert verdict(call, catching + outside) == ("safe", "")
    assert verdict(call, "def careful(f):\n    return f\n\n" + inside) == ("safe", "")
    assert verdict(call, "from tenacity import retry as careful\n" + inside)[0] == "unsafe"
    assert verdict(call, catching + "@careful\n" + ATOMIC) == ("safe", "")


def test_a_call_that_stays_behind_would_overtake() -> None:
    applicability, said = verdict("send(1)  # want: TX105=a\nx = send(2)  # want: TX105=a")
    assert applicability == "unsafe" and "line 7 calls `send` again" in said
    assert verdict("send(1)  # want: TX105=a\nsend(2)  # want: TX105=a") == ("safe", "")
    assert verdict("send(1)  # want: TX105=a\nx = other(2)  # want: TX105=a") == ("safe", "")


def test_the_database_by_a_name_that_changes() -> None:
    by_name = "def f(db):\n    with transaction.atomic(using=db):  # open: a\n"
    call = "task.delay(1)  # want: TX101=a"
    for bound in ("for db in x:\n    pass\n", "with x as db:\n    pass\n", "if (db := 1):\n    pass\n", "import db\n", "del db\n"):
        assert verdict(bound + call + "\nx = 1", by_name)[0] == "unsafe", bound


@pytest.mark.parametrize("case", SAFE, ids=str)
def test_safe(case: str) -> None:
    assert verdict(SAFE[case]) == ("safe", "")


@pytest.mark.parametrize("case", UNSAFE, ids=str)
def test_unsafe_with_its_reason(case: str) -> None:
    body, reason = UNSAFE[case]
    applicability, said = verdict(body)
    assert applicability == "unsafe" and reason in said


@pytest.mark.parametrize("case", NONE, ids=str)
def test_refused_with_its_reason(case: str) -> None:
    body, reason = NONE[case]
    applicability, said = verdict(body)
    assert applicability == "none" and reason in said


def test_async_and_generators() -> None:
    assert verdict("task.delay(1)  # want: TX101=a", "async def f():\n    with transaction.atomic():  # open: a\n")[0] == "none"
    assert verdict("task.delay(1)  # want: TX101=a\nyield 1", "def f():\n    with transaction.atomic():  # open: a\n")[0] == "unsafe"
    nested = "task.delay(1)  # want: TX101=a\ndef g():\n    yield 1"
    assert verdict(nested, "def f():\n    with transaction.atomic():  # open: a\n")[0] == "safe"


def test_scopes_outside_of_the_transaction_do_not_matter() -> None:
    """What a `try` or a lock around the whole `with` does, it does to the commit as well."""
    outside = TRIED.replace("transaction.atomic()", "lock, transaction.atomic()")
    assert suggested(HEAD + outside).applicability == "safe"
    inside = outside.replace("with lock, transaction.atomic():", "with transaction.atomic(), lock:")
    assert suggested(HEAD + inside).applicability == "unsafe"


def test_scopes_count_to_the_end_of_the_function_when_the_caller_opens() -> None:
    caller = "@transaction.atomic  # open: b\ndef g():\n    f()\n"
    text = caller + TRIED.replace("=a", "=a,b")
    assert suggested(HEAD + text).applicability == "unsafe"
    assert suggested(HEAD + TRIED).applicability == "safe"


def test_database_of_the_transaction() -> None:
    known = Project(databases=frozenset({"default"}))
    several = Project(databases=frozenset({"default", "other"}))
    call = "task.delay(1)  # want: TX101=a"
    assert verdict(call, alias=None, project=known)[0] == "safe"
    assert verdict(call, alias=None, project=several)[0] == "unsafe"
    assert verdict(call, alias=None)[0] == "unsafe"
    by_name = "def f(db):\n    with transaction.atomic(using=db):  # open: a\n"
    assert verdict(call, by_name) == ("safe", "")
    assert verdict("db = 'x'\n" + call + "\nx = 1", by_name)[0] == "unsafe"
    two = "def f():\n    with transaction.atomic():  # open: a\n        pass\n    with transaction.atomic(using='b'):  # open: b\n"
    assert verdict("task.delay(1)  # want: TX101=a,b", two)[0] == "none"


def test_module_level_is_left_alone() -> None:
    fix = suggested(HEAD + "with transaction.atomic():  # open: a\n    task.delay(1)  # want: TX101=a\n")
    assert fix.applicability == "none" and "imported" in (fix.reason or "")


def test_unknown_transactions_have_no_rewrite() -> None:
    applicability, reason = verdict("task.delay(1)  # want: TX101=a", opener="asyncpg.Connection.transaction")
    assert applicability == "none" and "no rewrite" in reason


def test_what_is_not_seen_again_is_refused() -> None:
    """A finding whose opener is said to be in the same function, where the visitor sees none."""
    fix = suggested(HEAD + "def f():\n    with transaction.atomic():  # open: a\n        pass\n    task.delay(1)  # want: TX101=a\n")
    assert fix.applicability == "none" and "no open transaction was seen" in (fix.reason or "")


@pytest.mark.parametrize(("oldest", "wanted"), [("1.8.1", "none"), ("1.9", "safe"), ("4.2", "safe")])
def test_a_django_without_on_commit(oldest: str, wanted: str) -> None:
    assert verdict("task.delay(1)  # want: TX101=a", project=Project(versions={"django": oldest}))[0] == wanted


@pytest.mark.parametrize(("asking", "wanted"), [("api.read(1)", "none"), ("other.read(1)", "safe"), ("api.write(2)", "unsafe")])
def test_what_is_asked_for_before_it_happens(asking: str, wanted: str) -> None:
    """A call that only reads stays where it is, although it is an effect."""
    text = f"{HEAD}@transaction.atomic  # open: a\ndef f(api, other):\n    api.create(1)  # want: TX104=a\n    {asking}  # want: TX104=a\n"
    first, second = findings_of(text)
    found = [first, replace(second, held="read" in asking)]
    fix = suggest(first, open_file("x.py", text.encode(), found))
    assert fix.applicability == wanted, fix.reason
    assert ("asks for what it did" in (fix.reason or "")) == (wanted == "none")


def test_a_folder_that_is_emptied() -> None:
    """What is put there next would be removed at the commit; where nothing follows, nothing is."""

    def applicability(body: str) -> str | None:
        text = HEAD + ATOMIC + textwrap.indent(body, " " * 8)
        (finding,) = findings_of(text)
        finding = replace(finding, effect=replace(finding.effect, library="python"))
        return suggest(finding, open_file("x.py", text.encode(), [finding])).applicability

    loop = "for child in folder.iterdir():\n    os.remove(child)  # want: TX107=a\n"
    assert applicability(loop) == "safe"
    assert applicability(loop + "order.fill(folder)\n") == "none"
    assert applicability("for child in chosen:\n    os.remove(child)  # want: TX107=a\norder.fill(folder)\n") == "safe"
