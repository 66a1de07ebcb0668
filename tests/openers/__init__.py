"""Each opener, deferral and hook of a library, executed on it: what does the *database* say before, and what while the code runs?

A module for each library has ``prove()``, which gives for each entry's name what was seen: a pair (before, then) of whether a transaction
is open, or the reason why it cannot be run here. An opener is shown by (False, True). So is a hook that runs in whatever its caller has:
(outside of a transaction, in one); and a deferral: (has it run before the commit, has it run after it with no transaction open). What
the catalog says to run outside is shown by (False, False). Every answer is the database's own, or where it cannot be asked (a session
that keeps rows back) the library's.

    python -m tests.openers LIBRARY      prints them as JSON; a process for each, since frameworks are set up once
"""

from __future__ import annotations

NONE_HERE = "this release has none"

Seen = dict[str, tuple[bool, bool] | str]
