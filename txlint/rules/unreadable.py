"""A file cannot be read or parsed, so nothing is known of what it does.

## What it finds

Python files under the given paths that cannot be read, decoded or parsed: missing rights, bytes that are not what the coding cookie says,
syntax errors, nesting that is too deep, and syntax that is newer than the Python which runs txlint. The message names the file, the line
and, for newer syntax, the Python that is needed. And single functions that could not be followed, as they nest too deeply or an error of
txlint's own ended it: they are taken to do nothing, everything else is looked at.

## Why it matters

A file that was not read is not a clean file. Its functions are missing from the call graph, so that findings elsewhere may be missing too.
The exit code is 2, and the findings in the other files are still printed.

## Example

```text
shop/orders.py:7: TX900 invalid syntax
```

## Instead

Mend the file, leave it out with `extend-exclude`, or, for templates that only look like Python, declare it:

```toml
[tool.txlint.per-file-ignores]
"templates/*" = ["TX900"]
```

Then it is counted in the last line only.

## How the fix works and when it is unsafe

There is no fix.

## Known limits

Many files that fail for the same newer syntax give one line with their number. A file that was not given on the command line, but is needed
to follow calls, gives a note and does not change the exit code.

## See also

`txlint check --statistics`.
"""

from __future__ import annotations

from txlint.rules.rule import Rule

RULE = Rule("TX900", "unreadable-file", True, __doc__ or "")
