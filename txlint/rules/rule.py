"""What a rule is: a code, a name, a page. Everything that prints rules (explain, docs, SARIF, tables) derives from this.

A *family* is a kind of effect. It gives two rules of one shape: TX1xx where a transaction is known to be open, TX2xx in a hook whose
caller is not known. Its module's docstring is the page of both: a section ``X in a hook`` stands for ``X`` on the TX2xx page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from txlint.model.hazard import Origin
from txlint.model.kinds import code_of

SECTIONS = (
    "What it finds",
    "Why it matters",
    "Example",
    "Instead",
    "How the fix works and when it is unsafe",
    "Known limits",
    "See also",
)
IN_A_HOOK = " in a hook"


@dataclass(frozen=True, slots=True)
class Rule:
    """``kind`` is the effect kind, ``None`` for rules about other things than effects. ``doc`` is the module's docstring."""

    code: str
    name: str
    default: bool
    doc: str
    kind: str | None = None

    @property
    def summary(self) -> str:
        return self.doc.strip().partition("\n")[0]

    def sections(self) -> dict[str, str]:
        """The page by heading, in order, as this rule's own page has it."""
        found: dict[str, str] = {}
        hooked: dict[str, str] = {}
        for part in self.doc.split("\n## ")[1:]:
            heading, _, body = part.partition("\n")
            if heading.endswith(IN_A_HOOK):
                hooked[heading.removesuffix(IN_A_HOOK)] = body.strip("\n")
            else:
                found[heading] = body.strip("\n")
        return found | hooked if self.code.startswith("TX2") else found

    def page(self) -> str:
        """Markdown, heading included."""
        default = "on" if self.default else "off"
        head = f"# {self.code}: {self.name}\n\n{self.summary}\n\nDefault: {default}.\n"
        return head + "".join(f"\n## {heading}\n\n{body}\n" for heading, body in self.sections().items())

    def code_block(self, heading: str) -> str:
        """The code of the section ``Example`` or ``Instead``, empty if it has none."""
        _, _, rest = self.sections().get(heading, "").partition("```python\n")
        return rest.partition("```")[0]


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of effect in words: ``does`` follows the callee (``enqueues a job``), ``harm`` completes the sentence, ``way`` is how
    it is mended: ``defer`` to the commit, or ``outside``: called before the transaction or after it."""

    kind: str
    default: bool
    does: str
    harm: str
    way: str
    doc: str

    def rules(self) -> tuple[Rule, Rule]:
        return (
            Rule(code_of(self.kind, 1), f"{self.kind}-in-transaction", self.default, self.doc, self.kind),
            Rule(code_of(self.kind, 2), f"{self.kind}-in-hook", self.default, self.doc, self.kind),
        )


def _any(origin: Origin, detail: str) -> bool:
    return True


def _none(origin: Origin, detail: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Misused:
    """A deferral or transaction used wrongly, in words: ``does`` (by the kind of misuse) follows the callee, ``harm`` completes the
    sentence; both, and ``remedy``, may name ``{callee}`` and ``{detail}``. ``counts`` says which open transactions make it one,
    ``excuses`` which make it none, given the misuse's detail."""

    code: str
    name: str
    default: bool
    does: Mapping[str, str]
    harm: str
    remedy: str
    severity: str
    doc: str
    counts: Callable[[Origin, str], bool] = _any
    excuses: Callable[[Origin, str], bool] = _none

    def rule(self) -> Rule:
        return Rule(self.code, self.name, self.default, self.doc)
