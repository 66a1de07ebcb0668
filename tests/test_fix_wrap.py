"""How a call looks once it is wrapped: its own text, comments and line breaks stay."""

from __future__ import annotations

import pytest

from tests.fix_findings import fixed

HEAD = "from functools import partial\nfrom django.db import transaction\n\n\ndef f(a, b):\n    with transaction.atomic():  # open: a\n"

WRAPPED = {
    "arguments": ("f(a, *b, c=1, **d)  # want: TX103=a", "transaction.on_commit(partial(f, a, *b, c=1, **d))  # want: TX103=a"),
    "none": ("f()  # want: TX103=a", "transaction.on_commit(f)  # want: TX103=a"),
    "trailing comma": ("f(a,)  # want: TX103=a", "transaction.on_commit(partial(f, a))  # want: TX103=a"),
    "brackets": ("(f)(a)  # want: TX103=a", "transaction.on_commit(partial((f), a))  # want: TX103=a"),
    "brackets around": ("(f(a))  # want: TX103=a", "(transaction.on_commit(partial(f, a)))  # want: TX103=a"),
    "chain": ("g(a).f(b)  # want: TX103=a", "transaction.on_commit(partial(g(a).f, b))  # want: TX103=a"),
    "chain without": ("g(a).f()  # want: TX103=a", "transaction.on_commit(g(a).f)  # want: TX103=a"),
    "generator": ("f(x for x in b)  # want: TX103=a", "transaction.on_commit(partial(f, (x for x in b)))  # want: TX103=a"),
    "shared line": ("a = 1; f(a); b = 2  # want: TX103=a", "a = 1; transaction.on_commit(partial(f, a)); b = 2  # want: TX103=a"),
    "comment in empty brackets": (
        "f(  # want: TX103=a\n            # nothing\n        )",
        "transaction.on_commit(partial(f,  # want: TX103=a\n            # nothing\n        ))",
    ),
    "below": (
        "f(  # want: TX103=a\n            a,  # one\n            b,\n        )",
        "transaction.on_commit(partial(  # want: TX103=a\n            f,\n            a,  # one\n            b,\n        ))",
    ),
    "beside": ("f(a,  # want: TX103=a\n          b)", "transaction.on_commit(partial(f, a,  # want: TX103=a\n          b))"),
    "generator below": (
        "f(  # want: TX103=a\n            x for x in b\n        )",
        "transaction.on_commit(partial(f,  # want: TX103=a\n            (x for x in b)\n        ))",
    ),
    "chain over lines": (
        "g(  # want: TX103=a\n            a\n        ).f(b)",
        "transaction.on_commit(partial(g(  # want: TX103=a\n            a\n        ).f, b))",
    ),
    "long": (
        "some_module_with_a_name.send(first_argument, second_argument)  # want: TX103=a",
        "transaction.on_commit(\n            partial(some_module_with_a_name.send, first_argument, second_argument)\n        )  "
        "# want: TX103=a",
    ),
}


@pytest.mark.parametrize("case", WRAPPED, ids=str)
def test_wrapped(case: str) -> None:
    body, wanted = WRAPPED[case]
    result = fixed(f"{HEAD}        {body}\n", unsafe=True)
    assert result.error is None
    assert result.new.decode() == f"{HEAD}        {wanted}\n"
