"""An error of the database is caught inside the transaction that it has broken.

## What it finds

`try` around a query, with a handler for `IntegrityError`, `DatabaseError` or their like that goes on, where a transaction is open and none
was opened inside of the `try`.

## Why it matters

After an error PostgreSQL refuses every further statement of the transaction (`current transaction is aborted`), and turns its commit into
a rollback without an error: what was written before is lost. A savepoint, an inner `atomic`, is what can be rolled back alone.

## Example

```python
from django.db import IntegrityError, transaction


def place_order(order, line):
    with transaction.atomic():
        order.save()
        try:
            line.save()
        except IntegrityError:
            print("it is there already")
```

## Instead

```python
from django.db import IntegrityError, transaction


def place_order(order, line):
    with transaction.atomic():
        order.save()
        try:
            with transaction.atomic():
                line.save()
        except IntegrityError:
            print("it is there already")
```

## How the fix works and when it is unsafe

There is no fix yet; put `with transaction.atomic():` inside of the `try`.

## Known limits

Looks at queries written in the `try` itself, not at those of functions that it calls. Handlers for `Exception` are left alone, as are
those that raise or roll back.

## See also

Django's documentation on "Avoid catching exceptions inside atomic".
"""

from __future__ import annotations

from txlint.rules.rule import Misused

RULE = Misused(
    code="TX504",
    name="swallowed-database-error",
    default=False,
    does={"swallowed-error": "may fail with `{detail}`, which is caught"},
    harm="after the error the transaction is of no use, and its commit may become a rollback without a word",
    remedy="Open another transaction inside of the `try`, around the query alone: it is a savepoint, which can be rolled back by itself.",
    severity="medium",
    doc=__doc__ or "",
)
