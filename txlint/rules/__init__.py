"""The rules: one module per family, each with its page and declaration; ``RULES`` by code, ``FAMILIES`` and ``MISUSED`` by kind derive
from them.

To add one: copy a module, write its page, and list it here."""

from __future__ import annotations

from txlint.rules.cache import FAMILY as CACHE
from txlint.rules.called_callback import RULE as CALLED_CALLBACK
from txlint.rules.deep_savepoint import RULE as DEEP_SAVEPOINT
from txlint.rules.deferred_result import RULE as DEFERRED_RESULT
from txlint.rules.http import FAMILY as HTTP
from txlint.rules.inert_transaction import RULE as INERT_TRANSACTION
from txlint.rules.late_binding import RULE as LATE_BINDING
from txlint.rules.mail import FAMILY as MAIL
from txlint.rules.nested_databases import RULE as NESTED_DATABASES
from txlint.rules.nested_durable import RULE as NESTED_DURABLE
from txlint.rules.never_awaited import RULE as NEVER_AWAITED
from txlint.rules.never_committed import RULE as NEVER_COMMITTED
from txlint.rules.other_database import RULE as OTHER_DATABASE
from txlint.rules.process import FAMILY as PROCESS
from txlint.rules.publish import FAMILY as PUBLISH
from txlint.rules.rpc import FAMILY as RPC
from txlint.rules.rule import Family, Misused, Rule
from txlint.rules.storage import FAMILY as STORAGE
from txlint.rules.storage_write import FAMILY as STORAGE_WRITE
from txlint.rules.store import FAMILY as STORE
from txlint.rules.swallowed_error import RULE as SWALLOWED_ERROR
from txlint.rules.task import FAMILY as TASK
from txlint.rules.unreadable import RULE as UNREADABLE
from txlint.rules.unused_ignore import RULE as UNUSED_IGNORE
from txlint.rules.wait import FAMILY as WAIT

_FAMILIES = (TASK, MAIL, HTTP, RPC, PUBLISH, STORE, STORAGE, PROCESS, WAIT, CACHE, STORAGE_WRITE)
_MISUSED = (
    CALLED_CALLBACK, LATE_BINDING, DEFERRED_RESULT, OTHER_DATABASE, NEVER_AWAITED, NEVER_COMMITTED,
    NESTED_DATABASES, DEEP_SAVEPOINT, NESTED_DURABLE, SWALLOWED_ERROR, INERT_TRANSACTION,
)  # fmt: skip
_RULES = (
    *(rule for family in _FAMILIES for rule in family.rules()),
    *(misused.rule() for misused in _MISUSED),
    UNREADABLE,
    UNUSED_IGNORE,
)

FAMILIES: dict[str, Family] = {family.kind: family for family in _FAMILIES}
MISUSED: dict[str, Misused] = {kind: misused for misused in _MISUSED for kind in misused.does}
RULES: dict[str, Rule] = {rule.code: rule for rule in sorted(_RULES, key=lambda rule: rule.code)}
NAMES: dict[str, Rule] = {rule.name: rule for rule in RULES.values()}
