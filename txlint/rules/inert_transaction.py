"""A setting, decorator or statement looks like a transaction and opens none.

## What it finds

`@atomic` on a generator or coroutine function, `async with atomic()`, and `ATOMIC_REQUESTS = True` at the top level of Django's settings.

## Why it matters

`@atomic` wraps the call, and calling a generator or coroutine function only makes an object: the transaction has ended before the body
runs. `async with` raises an error, as `atomic` is no asynchronous context manager. `ATOMIC_REQUESTS` is a key of a database in
`DATABASES`; elsewhere Django does not read it. In each case the code is written as if its statements were one unit, and they are not.

## Example

```python
from django.db import transaction


@transaction.atomic
def import_orders(orders):
    for order in orders:
        order.save()
        yield order.pk
```

## Instead

```python
from django.db import transaction


def import_orders(orders):
    with transaction.atomic():
        for order in orders:
            order.save()
            yield order.pk
```

## How the fix works and when it is unsafe

There is no fix. In a coroutine, put what belongs together into a plain function and call it by `sync_to_async`.

## Known limits

Decorators that the project writes itself are not judged. A setting that the project's own code reads is left alone.

## See also

TX305 for a coroutine function that waits for a commit.
"""

from __future__ import annotations

from txlint.rules.rule import Misused

RULE = Misused(
    code="TX505",
    name="inert-transaction",
    default=True,
    does={
        "inert-decorator": "decorates a {detail} function",
        "inert-with": "is entered by `async with`",
        "inert-setting": "is a setting of its own, not a key of a database",
    },
    harm="it opens no transaction, and the statements that look like one unit are none",
    remedy="Open the transaction where the statements run: in the body, in a plain function, or by the key of the database in `DATABASES`.",
    severity="high",
    doc=__doc__ or "",
)
