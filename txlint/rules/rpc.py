"""A remote service is called while a transaction is open.

## What it finds

Calls of gRPC stubs, XML-RPC, SOAP, cloud and payment SDKs, language models, LDAP and SSH on a path on which a transaction is open.

## What it finds in a hook

Calls of remote services in a `save()` or `delete()` override, a signal receiver or a session event, where no caller's transaction
was found. A hook runs in whatever transaction its caller has. It cannot know whether one is open, so it has to behave as if one
were.

## Why it matters

A charge that went through stays when the order is rolled back. And the call takes as long as the other side wants, with rows locked
and a connection held.

## Example

```python
import stripe
from django.db import transaction


def refund(order):
    with transaction.atomic():
        order.refunded = True
        order.save()
        stripe.Refund.create(charge=order.charge_id, idempotency_key=f"refund-{order.pk}")
```

## Instead

```python
from functools import partial

import stripe
from django.db import transaction


def refund(order):
    with transaction.atomic():
        order.refunded = True
        order.save()
        transaction.on_commit(partial(stripe.Refund.create, charge=order.charge_id, idempotency_key=f"refund-{order.pk}"))
```

## Example in a hook

```python
import stripe
from django.db import models


class Customer(models.Model):
    stripe_id = models.CharField(max_length=64)

    def delete(self, *args, **kwargs):
        stripe.Customer.delete(self.stripe_id)
        return super().delete(*args, **kwargs)
```

## Instead in a hook

```python
from functools import partial

import stripe
from django.db import models, transaction


class Customer(models.Model):
    stripe_id = models.CharField(max_length=64)

    def delete(self, *args, **kwargs):
        transaction.on_commit(partial(stripe.Customer.delete, self.stripe_id))
        return super().delete(*args, **kwargs)
```

## How the fix works and when it is unsafe

Where the result is not used the call is deferred with `transaction.on_commit(partial(...))`, which is unsafe if its failure is
meant to roll the transaction back. Otherwise: first commit the intention (`status="charging"`), then call with an idempotency key,
then write the outcome in a second transaction.

## Known limits

SDKs that are not in the catalog are found only through the HTTP or gRPC client that the project's own code calls; code installed
from elsewhere is not analysed. A project teaches txlint its own client with `[[tool.txlint.effect]]`.

Calls that are known to only read (`stripe.Customer.retrieve`, `describe_*` of AWS) have severity `low`: their harm is that the
transaction is held while they wait, and they are never deferred. A project's own say `reads = true`.

## See also

TX103 for plain HTTP, TX106 for datastores.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="rpc",
    default=True,
    does="calls a remote service",
    harm="a rollback does not undo what it did, and its answer is waited for with the transaction open",
    way="defer",
    doc=__doc__ or "",
)
