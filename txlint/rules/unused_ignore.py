"""An ignore comment silences nothing.

## What it finds

Comments `# txlint: ignore[...]` on a line where no finding was silenced and no path was cut, and codes in them that no rule has. Comments
whose codes are all switched off, or at effects below the threshold of confidence, are left alone: another run may need them.

## Why it matters

The comment claims that an effect in a transaction stands here and was looked at. When the code has changed, it hides the next one.

## Example

```python
def total(order):
    return order.amount  # txlint: ignore[TX103] the partner wants it at once
```

## Instead

```python
def total(order):
    return order.amount
```

## How the fix works and when it is unsafe

`--fix` deletes the comment, and only that: other comments on the line stay, and of codes only those go that no rule has. A comment at an
effect that a run with a lower `--min-confidence` may report is left alone.

## Known limits

A comment on the line of an opener or of a call counts as used if a path to any effect was cut there.

## See also

`txlint why PATH:LINE` says what stands on a line.
"""

from __future__ import annotations

from txlint.rules.rule import Rule

RULE = Rule("TX901", "unused-ignore", True, __doc__ or "")
