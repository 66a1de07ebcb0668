"""The proofs themselves: wrong marks are told, whatever kind of wrong they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.marks import read_case
from tests.proof.judge import Worker, prove
from tests.proof.mutate import without_opener

HEAD = """# proof: pay()
import requests
from django.db import models, transaction

URL = "http://shop.example/tell"


class Order(models.Model):
    total = models.IntegerField(default=0)

"""

WRONG = {
    "a want on a line that runs outside": (
        "def pay():\n    with transaction.atomic():  # open: a\n        Order.objects.create()\n"
        "    requests.post(URL, timeout=5)  # want: TX103=a\n",
        "no transaction was open",
    ),
    "a want on a line that does nothing": (
        "def pay():\n    with transaction.atomic():  # open: a\n        Order.objects.create()  # want: TX103=a\n",
        "no such effect arrived",
    ),
    "a want of another kind": (
        "def pay():\n    with transaction.atomic():  # open: a\n        requests.post(URL, timeout=5)  # want: TX102=a TX105=a TX101=a\n",
        "TX101: no such effect arrived",
    ),
    "an effect without a mark": (
        "def pay():\n    with transaction.atomic():\n        requests.post(URL, timeout=5)\n",
        "no mark says so",
    ),
    "an opener that is not the one": (
        "@transaction.atomic\ndef pay():\n    with transaction.atomic():  # open: a\n"
        "        requests.post(URL, timeout=5)  # want: TX103=a\n",
        "a transaction is open even without a",
    ),
    "an opener too many": (
        "def pay():\n    with transaction.atomic():  # open: b\n        Order.objects.create()\n"
        "    with transaction.atomic():  # open: a\n        requests.post(URL, timeout=5)  # want: TX103=a,b\n",
        "is not open by b alone",
    ),
    "an error in the fixture": (
        "def pay():\n    with transaction.atomic():  # open: a\n        requests.post(URL, timeout=5)  # want: TX103=a\n"
        "    raise KeyError\n",
        "KeyError",
    ),
}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_mark_is_told(name: str, tmp_path: Path, worker: Worker) -> None:
    body, said = WRONG[name]
    file = tmp_path / "case.py"
    file.write_text(f"{HEAD}\n{body}")
    assert said in "\n".join(prove(read_case(file), worker).wrong)


def test_a_want_without_proof_or_reason_is_told(tmp_path: Path, worker: Worker) -> None:
    file = tmp_path / "case.py"
    file.write_text("pay()  # want: TX103\n")
    assert "neither a proof nor a reason" in prove(read_case(file), worker).wrong[0]


@pytest.mark.parametrize(
    ("source", "line", "without"),
    [
        ("@atomic\ndef f():\n    pass\n", 1, "\ndef f():\n    pass\n"),
        ("with atomic():\n    pass\n", 1, "with __unopened__():\n    pass\n"),
        ("with open(x) as y, Session.begin() as s:\n    pass\n", 1, None),
        (
            "with (\n    a(),\n    Session.begin() as s,\n):\n    pass\n",
            3,
            "with (\n    a(),\n    __unopened__(Session) as s,\n):\n    pass\n",
        ),
        ("stack.enter_context(atomic())\n", 1, "pass\n"),
        ('D = {"ATOMIC_REQUESTS": True}\n', 1, 'D = {"ATOMIC_REQUESTS": False}\n'),
        ("order.delete()\n", 1, None),
    ],
)
def test_deleting_an_opener(source: str, line: int, without: str | None) -> None:
    if "open(x)" in source:  # which of the two is meant, a line cannot say
        with pytest.raises(ValueError, match="more than one"):
            without_opener(source, line)
    else:
        assert without_opener(source, line) == without
