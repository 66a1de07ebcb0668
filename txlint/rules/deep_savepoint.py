"""Savepoints are nested more than three deep.

## What it finds

A transaction block inside of three others on the same database, all in one function or in the context managers and decorators that it
uses.

## Why it matters

Each level is a savepoint: two more statements, and memory and locks that the database keeps until the end. Which error is taken back up to
where becomes hard to tell.

## Example

```python
from django.db import transaction


def place_order(order):
    with transaction.atomic():
        order.save()
        with transaction.atomic():
            with transaction.atomic():
                with transaction.atomic():
                    order.lines.update(done=True)
```

## Instead

```python
from django.db import transaction


def place_order(order):
    with transaction.atomic():
        order.save()
        order.lines.update(done=True)
```

## How the fix works and when it is unsafe

There is no fix.

## Known limits

Blocks of callers are not counted.

## See also

TX504 for what savepoints are for.
"""

from __future__ import annotations

from txlint.rules.rule import Misused

RULE = Misused(
    code="TX502",
    name="deep-savepoint",
    default=False,
    does={"deep-savepoint": "opens a savepoint inside of {detail} other blocks"},
    harm="each level is kept by the database until the outermost ends",
    remedy="Keep the savepoints around what may fail, and take the others away.",
    severity="low",
    doc=__doc__ or "",
)
