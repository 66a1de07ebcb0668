"""A message is published to a broker, stream or websocket group while a transaction is open.

## What it finds

Messages to Kafka, RabbitMQ, Redis channels, cloud topics and websocket groups on a path on which a transaction is open.

## What it finds in a hook

Messages published in a `save()` or `delete()` override, a signal receiver or a session event, where no caller's transaction was
found. A hook runs in whatever transaction its caller has. It cannot know whether one is open, so it has to behave as if one were.

## Why it matters

Other services act on an event that may never have happened, or read the database before the row is there.

## Example

```python
from django.db import transaction
from kafka import KafkaProducer

producer = KafkaProducer()


@transaction.atomic
def ship(order):
    order.shipped = True
    order.save()
    producer.send("orders.shipped", str(order.pk).encode())
```

## Instead

```python
from functools import partial

from django.db import transaction
from kafka import KafkaProducer

producer = KafkaProducer()


@transaction.atomic
def ship(order):
    order.shipped = True
    order.save()
    transaction.on_commit(partial(producer.send, "orders.shipped", str(order.pk).encode()))
```

## Example in a hook

```python
from django.db import models
from kafka import KafkaProducer

producer = KafkaProducer()


class Order(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        producer.send("orders.saved", str(self.pk).encode())
```

## Instead in a hook

```python
from functools import partial

from django.db import models, transaction
from kafka import KafkaProducer

producer = KafkaProducer()


class Order(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        transaction.on_commit(partial(producer.send, "orders.saved", str(self.pk).encode()))
```

## How the fix works and when it is unsafe

The call becomes `transaction.on_commit(partial(f, arguments))` with the alias of the open transaction. The arguments are evaluated
where the call stood, the effect happens after the commit, and with no transaction open it happens at once.

It is unsafe, and only suggested, where the result of the call is used, where an `except` or a `with` around the call relies on it
happening there, where an argument is changed before the commit, and in `async def`. A fix is refused where the session or database
has no call that defers; then the effect has to move behind the commit by hand. Tests built on `TestCase` never commit: run their
callbacks with `captureOnCommitCallbacks(execute=True)`. A message that must not be lost when the process dies right after the
commit belongs in an outbox table.

## Known limits

Publishing through an outbox (a row in the same database) is silent. In-process signals are not messages: their receivers are
followed as calls.

## See also

TX101 for jobs; the design note on outbox tables in the documentation.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="publish",
    default=True,
    does="publishes a message",
    harm="consumers can read it before the commit, and a rollback does not take it back",
    way="defer",
    doc=__doc__ or "",
)
