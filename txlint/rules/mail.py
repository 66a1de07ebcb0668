"""An e-mail, SMS or push message is sent while a transaction is open.

## What it finds

Calls that send mail, text or push messages (`django.core.mail`, `smtplib`, providers' clients) on a path on which a transaction is
open.

## What it finds in a hook

Calls that send mail, text or push messages in a `save()` or `delete()` override, a signal receiver or a session event, where no
caller's transaction was found. A hook runs in whatever transaction its caller has. It cannot know whether one is open, so it has to
behave as if one were.

## Why it matters

A message that has left cannot be rolled back: the customer is told of an order that does not exist. A slow mail server keeps the
transaction, its locks and its connection for as long as it takes to answer.

## Example

```python
from django.core.mail import send_mail
from django.db import transaction


@transaction.atomic
def register(user):
    user.save()
    send_mail("Welcome", "Your account is ready.", None, [user.email])
```

## Instead

```python
from functools import partial

from django.core.mail import send_mail
from django.db import transaction


@transaction.atomic
def register(user):
    user.save()
    transaction.on_commit(partial(send_mail, "Welcome", "Your account is ready.", None, [user.email]))
```

## Example in a hook

```python
from django.core.mail import send_mail
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver


class Customer(models.Model):
    email = models.EmailField()


@receiver(post_save, sender=Customer)
def greet(sender, instance, created, **kwargs):
    if created:
        send_mail("Welcome", "Your account is ready.", None, [instance.email])
```

## Instead in a hook

```python
from functools import partial

from django.core.mail import send_mail
from django.db import models, transaction
from django.db.models.signals import post_save
from django.dispatch import receiver


class Customer(models.Model):
    email = models.EmailField()


@receiver(post_save, sender=Customer)
def greet(sender, instance, created, **kwargs):
    if created:
        transaction.on_commit(partial(send_mail, "Welcome", "Your account is ready.", None, [instance.email]))
```

## How the fix works and when it is unsafe

The call becomes `transaction.on_commit(partial(f, arguments))` with the alias of the open transaction. The arguments are evaluated
where the call stood, the effect happens after the commit, and with no transaction open it happens at once.

It is unsafe, and only suggested, where the result of the call is used, where an `except` or a `with` around the call relies on it
happening there, where an argument is changed before the commit, and in `async def`. A fix is refused where the session or database
has no call that defers; then the effect has to move behind the commit by hand. Tests built on `TestCase` never commit: run their
callbacks with `captureOnCommitCallbacks(execute=True)`.

## Known limits

Mail backends that only write a row to the same database are silent where the settings name them. A backend chosen by an environment
variable is taken to be the default in the code.

## See also

TX101 where the mail is handed to a job.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="mail",
    default=True,
    does="sends a message",
    harm="a rollback does not take the message back, and the answer is waited for with the transaction open",
    way="defer",
    doc=__doc__ or "",
)
