"""A file or object is deleted, moved or overwritten while a transaction is open.

## What it finds

Deleting, moving and overwriting files and objects (`os`, `shutil`, `pathlib`, Django storages, `FieldFile`, object stores) on a
path on which a transaction is open.

## What it finds in a hook

Deleting, moving and overwriting files in a `save()` or `delete()` override, a signal receiver or a session event, where no caller's
transaction was found. A hook runs in whatever transaction its caller has. It cannot know whether one is open, so it has to behave
as if one were.

## Why it matters

After a rollback the row still points to a file that is gone. That is lost data, which no retry repairs.

## Example

```python
import os

from django.db import transaction


@transaction.atomic
def discard(document):
    os.remove(document.path)
    document.delete()
```

## Instead

```python
import os
from functools import partial

from django.db import transaction


@transaction.atomic
def discard(document):
    transaction.on_commit(partial(os.remove, document.path))
    document.delete()
```

## Example in a hook

```python
import os

from django.db import models


class Document(models.Model):
    path = models.CharField(max_length=200)

    def save(self, *args, **kwargs):
        os.remove(self.path)
        super().save(*args, **kwargs)
```

## Instead in a hook

```python
import os
from functools import partial

from django.db import models, transaction


class Document(models.Model):
    path = models.CharField(max_length=200)

    def save(self, *args, **kwargs):
        transaction.on_commit(partial(os.remove, self.path))
        super().save(*args, **kwargs)
```

## How the fix works and when it is unsafe

The call becomes `transaction.on_commit(partial(f, arguments))` with the alias of the open transaction. The arguments are evaluated
where the call stood, the effect happens after the commit, and with no transaction open it happens at once.

It is unsafe, and only suggested, where the result of the call is used, where an `except` or a `with` around the call relies on it
happening there, where an argument is changed before the commit, and in `async def`. A fix is refused where the session or database
has no call that defers; then the effect has to move behind the commit by hand. Tests built on `TestCase` never commit: run their
callbacks with `captureOnCommitCallbacks(execute=True)`.

## Known limits

Temporary files are told by where they are made (`tempfile`), not by their names; what is moved from there is a new file (TX111). What a
function has written itself under a name of its own it may remove, too. What a handler does to files before it raises again is taken for
undoing what has been done. An upload by a file field is an effect of `save()` only where the same function, form or serializer assigned
the file.

## See also

TX111 for new files, which a rollback merely leaves behind.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="storage",
    default=True,
    does="changes or deletes a file",
    harm="a rollback brings the row back, but not the file",
    way="defer",
    doc=__doc__ or "",
)
