"""A new file or object is created while a transaction is open.

## What it finds

Creating files and objects on a path on which a transaction is open. Off by default, since an orphaned file seldom hurts: switch it
on with `--extend-select TX111`.

## What it finds in a hook

Creating files and objects in a `save()` or `delete()` override, a signal receiver or a session event, where no caller's transaction
was found. Off by default. A hook runs in whatever transaction its caller has. It cannot know whether one is open, so it has to
behave as if one were.

## Why it matters

Orphans pile up after rollbacks, and an upload to an object store holds the transaction for as long as it takes.

## Example

```python
from pathlib import Path

from django.db import transaction


@transaction.atomic
def export(report):
    report.done = True
    report.save()
    Path("export.csv").write_text(report.as_csv())
```

## Instead

```python
from functools import partial
from pathlib import Path

from django.db import transaction


@transaction.atomic
def export(report):
    report.done = True
    report.save()
    transaction.on_commit(partial(Path("export.csv").write_text, report.as_csv()))
```

## Example in a hook

```python
from pathlib import Path

from django.db import models


class Report(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        Path("export.csv").write_text(str(self.pk))
```

## Instead in a hook

```python
from functools import partial
from pathlib import Path

from django.db import models, transaction


class Report(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        transaction.on_commit(partial(Path("export.csv").write_text, str(self.pk)))
```

## How the fix works and when it is unsafe

Often it is better to write the file first and the row after it: then a rollback leaves an orphan, but never a row without its file.
Deferring with `transaction.on_commit(partial(...))` leaves, after a crash, a row without its file; it is unsafe where the row is
read in between.

## Known limits

A file opened for writing whose name is not known to be new is taken to be new.

Saving a row counts where the same function assigned the file, passed it to `create()` or the constructor, or saves a form or
serializer with a field for it. Where the model has a `save()` of its own, what callers assigned is not told to it.

## See also

TX107 for deleting, moving and overwriting.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="storage-write",
    default=False,
    does="creates a file",
    harm="a rollback leaves it behind without a row",
    way="defer",
    doc=__doc__ or "",
)
