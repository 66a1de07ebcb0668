"""The rules: one module per family, each with its page and declaration; ``RULES`` by code and ``FAMILIES`` by kind derive from them.

To add one: copy a module, write its page, and list it here."""

from __future__ import annotations

from txlint.rules.cache import FAMILY as CACHE
from txlint.rules.http import FAMILY as HTTP
from txlint.rules.mail import FAMILY as MAIL
from txlint.rules.process import FAMILY as PROCESS
from txlint.rules.publish import FAMILY as PUBLISH
from txlint.rules.rpc import FAMILY as RPC
from txlint.rules.rule import Family, Rule
from txlint.rules.storage import FAMILY as STORAGE
from txlint.rules.storage_write import FAMILY as STORAGE_WRITE
from txlint.rules.store import FAMILY as STORE
from txlint.rules.task import FAMILY as TASK
from txlint.rules.unreadable import RULE as UNREADABLE
from txlint.rules.unused_ignore import RULE as UNUSED_IGNORE
from txlint.rules.wait import FAMILY as WAIT

_FAMILIES = (TASK, MAIL, HTTP, RPC, PUBLISH, STORE, STORAGE, PROCESS, WAIT, CACHE, STORAGE_WRITE)
_RULES = (*(rule for family in _FAMILIES for rule in family.rules()), UNREADABLE, UNUSED_IGNORE)

FAMILIES: dict[str, Family] = {family.kind: family for family in _FAMILIES}
RULES: dict[str, Rule] = {rule.code: rule for rule in sorted(_RULES, key=lambda rule: rule.code)}
NAMES: dict[str, Rule] = {rule.name: rule for rule in RULES.values()}
