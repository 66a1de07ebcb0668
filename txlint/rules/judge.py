"""Judgement: which hazards are findings, and in which words. One finding per effect site and kind.

TX1xx where any path starts at a transaction that is known to be open, else TX2xx: a hook that cannot know its caller. Which rules are
switched on, and what comments silence, is decided in ``select``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from hashlib import blake2b

from txlint.catalog.families import JOINED_BY
from txlint.model.facts import Body, FileFacts
from txlint.model.finding import Effect, Finding, Fix, Opener, Place, Step
from txlint.model.graph import Misuse
from txlint.model.hazard import EffectSite, Hazard, Hop, Passage, Spot
from txlint.model.kinds import WIDE_OPENERS, Confidence, code_of
from txlint.model.shapes import calls_in, statements
from txlint.rules import FAMILIES, MISUSED, RULES
from txlint.rules.leading import body_of, caught, closed, deferrable, stays
from txlint.rules.relay import is_relay
from txlint.rules.remedy import Case, remedy
from txlint.rules.rule import Family
from txlint.rules.source import Sources
from txlint.rules.words import awaited, decorates, opener_name, shorten, step_label, through, where

MOST_PAIRS = 100
GROUPS = {"3": "deferral", "5": "structure"}
"""What a finding is about that is not about an effect, by the hundreds digit of its code."""
SLOW_KINDS = frozenset({"http", "rpc", "storage", "storage-write", "wait"})
"""Kinds that hold a transaction for as long as another side takes: the harm where a transaction has only read."""


def judge(
    hazards: Iterable[Hazard],
    sources: Sources,
    facts: Mapping[str, FileFacts] | None = None,
    min_confidence: Confidence = Confidence.LIKELY,
) -> tuple[Finding, ...]:
    """Findings in report order. ``facts`` by path lets a message say that a block which ended before the effect proves nothing, and
    tells relays."""
    known = facts or {}
    modules, joined = _modules(known), _joined(known)
    by_site = _by_site(hazards)
    called = {spot for spot, kind in by_site if kind == "called"}  # there the misuse is what is to be mended, not the effect
    found = (
        _judge_misuse(group, sources, modules, min_confidence)
        if kind in MISUSED
        else _judge_site(group, sources, known, modules, joined, min_confidence)
        for (spot, kind), group in by_site.items()
        if kind == "called" or spot not in called
    )
    return tuple(sorted((finding for finding in found if finding is not None), key=report_order))


def narrowed(
    wanted: Mapping[tuple[Place, str], Collection[str]],
    hazards: Iterable[Hazard],
    sources: Sources,
    facts: Mapping[str, FileFacts],
    min_confidence: Confidence,
) -> dict[tuple[Place, str], Finding]:
    """Findings as they read with some of their pairs only: for a place and kind the fingerprints of those pairs."""
    modules, joined = _modules(facts), _joined(facts)
    found = {}
    paths = {place.path for place, _ in wanted}
    for (spot, kind), group in _by_site(each for each in hazards if each.site.spot.path in paths).items():
        key = sources.place(spot), kind
        if (
            key in wanted
            and kind not in MISUSED
            and (finding := _judge_site(group, sources, facts, modules, joined, min_confidence, wanted[key])) is not None
        ):
            found[key] = finding
    return found


def _modules(facts: Mapping[str, FileFacts]) -> frozenset[str]:
    return frozenset(each.module for each in facts.values())


def _joined(facts: Mapping[str, FileFacts]) -> frozenset[str]:
    """The families of which some code makes the transactions part of those of another, which then commits them."""
    registering = (each for each in facts.values() if "register" in each.words)
    imported = {item.module for each in registering for item in each.imports}
    return frozenset(family for family, module in JOINED_BY.items() if module in imported)


def _by_site(hazards: Iterable[Hazard]) -> dict[tuple[Spot, str], list[Hazard]]:
    by_site: dict[tuple[Spot, str], list[Hazard]] = {}
    for hazard in hazards:
        by_site.setdefault((hazard.site.spot, hazard.site.effect.kind), []).append(hazard)
    return by_site


def is_misuse(finding: Finding) -> bool:
    """Is it about a deferral or a transaction itself, not about an effect?"""
    return finding.effect.kind in GROUPS.values()


def report_order(finding: Finding) -> tuple[str, int, int, str]:
    return finding.place.path, finding.place.line, finding.place.column, finding.code


def _judge_site(
    group: list[Hazard],
    sources: Sources,
    facts: Mapping[str, FileFacts],
    modules: frozenset[str],
    joined: frozenset[str],
    least: Confidence,
    only: Collection[str] | None = None,
) -> Finding | None:
    """The finding of a site, or none. ``only``: with the pairs of these fingerprints and no others."""
    site = max((hazard.site for hazard in group), key=lambda each: each.confidence)
    kind, family = site.effect.kind, FAMILIES[site.effect.kind]
    strong = [
        (confidence, passage)
        for hazard in group
        for passage in hazard.passages
        if (confidence := _confidence(hazard.site, passage)) >= least and (kind in SLOW_KINDS or not passage.origin.reads_only)
    ]
    certain_place = [(confidence, passage) for confidence, passage in strong if passage.origin.kind != "hook"]
    kept = _merged(sorted(certain_place or strong, key=_passage_order))
    if not kept:
        return None
    fingerprints = _fingerprints(site, kept[:MOST_PAIRS])
    omitted = max(0, len(kept) - MOST_PAIRS) + sum(
        each.ways
        for hazard in group
        for each in hazard.omitted
        if _limited(hazard.site, each.confidence) >= least
        and (kind in SLOW_KINDS or not each.reads_only)
        and not (certain_place and each.is_hook)
    )
    if only is not None:
        left = [(pair, fingerprint) for pair, fingerprint in zip(kept, fingerprints, strict=False) if fingerprint in only]
        kept, fingerprints, omitted = [pair for pair, _ in left], [fingerprint for _, fingerprint in left], 0
    passages = tuple(passage for _, passage in kept)
    relay = all(_is_relayed(passage, facts) for passage in passages)
    held = relay or all(passage.origin.reads_only for passage in passages)
    gone = closed(site, passages[0].origin, facts)
    tried = caught(site, passages[0].origin, facts)
    leading = deferrable(passages[0], facts) if site.result_used or gone or (tried and tried.decides) else None
    pairs = min(len(passages), MOST_PAIRS) + omitted
    clears = _clears_up(site, passages[0], facts)
    case = Case(site, family, passages, pairs, held, modules, relay, leading, joined, gone, clears, tried)
    rule = RULES[code_of(kind, 1 if certain_place else 2)]
    return Finding(
        code=rule.code,
        name=rule.name,
        message=f"{_told(case, passages[0], opener_name(case.origin, sources), _ended_block(case, facts))}: {_harm(case)}",
        remedy=remedy(case, sources),
        confidence=kept[0][0],
        severity="low" if relay else _severity(site, held),
        held=held or site.effect.reads,
        place=sources.place(site.spot),
        function=site.function,
        effect=Effect(
            kind,
            site.callee,
            site.effect.library,
            site.result_used,
            site.effect.deferred_by,
            site.effect.saves,
            site.effect.assigns,
            site.effect.raises,
        ),
        openers=_openers(case, kept[:MOST_PAIRS], fingerprints, sources, facts),
        omitted=omitted,
        fix=Fix(),
        fingerprint=_digest(kind, site.function, site.callee, str(site.ordinal)),
    )


def _judge_misuse(group: list[Hazard], sources: Sources, modules: frozenset[str], least: Confidence) -> Finding | None:
    """A deferral or transaction that is used wrongly: wherever it stands, or where a transaction is open."""
    site = max((hazard.site for hazard in group), key=lambda each: each.confidence)
    misuse, rule = site.effect, MISUSED[site.effect.kind]
    assert isinstance(misuse, Misuse)
    passages = [passage for hazard in group for passage in hazard.passages]
    if site.confidence < least or any(rule.excuses(passage.origin, misuse.detail) for passage in passages):
        return None
    kept = _merged(
        sorted(
            (
                (confidence, passage)
                for passage in passages
                if (confidence := _confidence(site, passage)) >= least and rule.counts(passage.origin, misuse.detail)
            ),
            key=_passage_order,
        )
    )
    if not kept and not misuse.alone:
        return None
    named = {"callee": shorten(site.callee), "detail": misuse.detail}
    does, harm = rule.does[misuse.kind].format(**named), rule.harm.format(**named)
    family = Family(misuse.kind, rule.default, does, harm, "", "")
    known = tuple(passage for _, passage in kept)
    case = Case(site, family, known, len(known), False, modules)
    told = _told(case, known[0], opener_name(case.origin, sources), None) if kept else f"`{named['callee']}` {does}"
    return Finding(
        code=rule.code,
        name=rule.name,
        message=f"{told}: {harm}",
        remedy=rule.remedy.format(**named),
        confidence=kept[0][0] if kept else site.confidence,
        severity=rule.severity,
        held=False,
        place=sources.place(site.spot),
        function=site.function,
        effect=Effect(GROUPS[rule.code[2]], site.callee, misuse.library),
        openers=_openers(case, kept[:MOST_PAIRS], _fingerprints(site, kept[:MOST_PAIRS]), sources, {}),
        omitted=max(0, len(kept) - MOST_PAIRS)
        + sum(each.ways for hazard in group for each in hazard.omitted if _limited(site, each.confidence) >= least),
        fix=Fix(),
        fingerprint=_digest(misuse.kind, site.function, site.callee, str(site.ordinal)),
    )


def _is_relayed(passage: Passage, facts: Mapping[str, FileFacts]) -> bool:
    """Is the call of the opener's own function that leads to the effect part of a relay?"""
    entry = passage.hops[0].spot
    known = facts.get(entry.path)
    return known is not None and is_relay(known, entry.pos)


def _clears_up(site: EffectSite, passage: Passage, facts: Mapping[str, FileFacts]) -> bool:
    """Does a call remove or move files in a handler or a ``finally``, inside of the transaction?"""
    body = body_of(site, facts) if site.effect.kind == "storage" and site.effect.library == "python" else ()
    opened = passage.origin.spot
    for stmt in statements(body):
        for block in (*(handler[2] for handler in stmt[2]), stmt[4]) if stmt[0] == "try" else ():
            places = {call[4] for call in calls_in(block)}
            if site.spot.pos in places and not (opened.path == site.spot.path and opened.pos in places):
                return True
    return False


def _severity(site: EffectSite, held: bool) -> str:
    """What cannot be undone weighs most, whatever the transaction has done so far; what only reads or holds, least."""
    if site.effect.reads or site.effect.raises:
        return "low"
    if site.effect.irreversible:
        return "high"
    return "low" if held else "high" if site.written else "medium"


def _confidence(site: EffectSite, passage: Passage) -> Confidence:
    return _limited(site, passage.least)


def _limited(site: EffectSite, confidence: Confidence) -> Confidence:
    return min(site.confidence, site.effect.confidence, confidence)


def _passage_order(ranked: tuple[Confidence, Passage]) -> tuple[object, ...]:
    confidence, passage = ranked
    return -confidence, passage.rank


def _merged(kept: list[tuple[Confidence, Passage]]) -> list[tuple[Confidence, Passage]]:
    """Passages of the same wide opener as one, the best, with all their entries counted. A request that the framework commits is one,
    whichever of its writes came first."""
    merged: dict[object, tuple[Confidence, Passage]] = {}
    for number, (confidence, passage) in enumerate(kept):
        origin = passage.origin
        key: object = number
        if awaited(origin):
            key = origin.kind, origin.family
        elif origin.kind in WIDE_OPENERS:
            key = origin.kind, origin.name, origin.spot
        if key in merged:
            best, first = merged[key]
            merged[key] = best, replace(first, entry_count=first.entry_count + passage.entry_count)
        else:
            merged[key] = confidence, passage
    return list(merged.values())


def _fingerprints(site: EffectSite, kept: list[tuple[Confidence, Passage]]) -> list[str]:
    """What the pairs are known by from run to run."""
    used: dict[str, int] = {}
    found = []
    for _, passage in kept:
        origin, entry = passage.origin, passage.hops[0]
        identity = [
            site.effect.kind,
            site.function,
            site.callee,
            str(site.ordinal),
            origin.kind,
            origin.family if awaited(origin) else origin.name,
        ]
        if origin.kind not in WIDE_OPENERS:
            identity += [origin.function, entry.callee]
        elif origin.kind == "hook":
            identity.append(origin.function)
        fingerprint = _digest(*identity)
        # Twins within one function (two blocks, two calls) differ by their order only: a line would not survive an edit above.
        used[fingerprint] = used.get(fingerprint, 0) + 1
        if used[fingerprint] > 1:
            fingerprint = _digest(*identity, str(used[fingerprint]))
        found.append(fingerprint)
    return found


def _openers(
    case: Case, kept: list[tuple[Confidence, Passage]], fingerprints: list[str], sources: Sources, facts: Mapping[str, FileFacts]
) -> tuple[Opener, ...]:
    openers = []
    for (confidence, passage), fingerprint in zip(kept, fingerprints, strict=True):
        origin = passage.origin
        name = opener_name(origin, sources)
        last = len(passage.hops) - 1
        asks = last + 2 - len(passage.calls) if passage.sure < passage.confidence else last + 1  # from which hop on tests are told
        trace = tuple(
            _step(hop, case.does if index == last else "", hop.tests if index >= asks else 0, sources)
            for index, hop in enumerate(passage.hops)
        )
        openers.append(
            Opener(
                kind=origin.kind,
                opener=name,
                place=sources.place(origin.spot),
                alias=origin.alias,
                confidence=confidence,
                fingerprint=fingerprint,
                entry=trace[0].place,
                entry_count=passage.entry_count,
                condition=origin.condition,
                trace=trace,
                told=_told(case, passage, name, None),
                decorates=decorates(origin, sources),
                family=origin.family,
                owner=origin.owner,
                stays=(case.site.result_used or bool(case.closed)) and stays(passage, facts),
            )
        )
    return tuple(openers)


def _step(hop: Hop, does: str, tests: int, sources: Sources) -> Step:
    is_line = hop.kind in ("property", "setter") and hop.spot.pos[1] == hop.spot.pos[3]
    place = sources.attribute(hop.spot, hop.callee.rpartition(".")[2]) if is_line else sources.place(hop.spot)
    return Step(hop.kind, place, hop.function, step_label(hop, does, tests))


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _told(case: Case, passage: Passage, name: str, ended: Place | None) -> str:
    """Effect first, then the opener and the way there. ``name`` is the opener's, ``ended`` a block that does not help."""
    origin = passage.origin
    opened = where(origin, name, case.modules, passage.hops[0].callee == origin.function)
    told = f"`{shorten(case.site.callee)}` {case.does} {opened}{through(origin, passage.hops, case.modules)}"
    if origin.condition:
        told += f", {shorten(origin.condition)}"
    if ended is not None:
        told += f"; the block that ended on line {ended.end_line} commits nothing while that one is open"
    return told


def _harm(case: Case) -> str:
    if case.relay:
        return "the locked rows are held until the other side answers"
    if case.held:
        return "the transaction has only read, and is held open until the other side answers"
    if case.site.effect.reads:
        return "it only reads, but the transaction with its locks is held open until the other side answers"
    if case.origin.retry:
        return "the transaction is tried again after a conflict, so this can happen more than once even when it commits in the end"
    return case.site.effect.harm or case.family.harm


def _ended_block(case: Case, facts: Mapping[str, FileFacts]) -> Place | None:
    """A `with` on an opener of the same name that ended earlier in the effect's own function, while a caller's is still open."""
    site, origin = case.site, case.origin
    known = facts.get(site.spot.path)
    function = known.function(site.function) if known is not None and origin.function != site.function else None
    if function is None:
        return None
    ended = [pos for pos in _blocks(function.body, origin.name.rpartition(".")[2]) if pos[2] < site.spot.pos[0]]
    return Place(site.spot.path, *max(ended, key=lambda pos: pos[2])) if ended else None


def _blocks(body: Body, tail: str) -> Iterable[tuple[int, int, int, int]]:
    """Spans of the `with` statements whose item is a call, or a name, that ends in ``tail``."""
    return (stmt[4] for stmt in statements(body) if stmt[0] == "with" and any(_ends_in(item[0], tail) for item in stmt[1]))


def _ends_in(expression: object, tail: str) -> bool:
    match expression:
        case str():
            return expression.rpartition(".")[2] == tail
        case ("call", func, *_):
            return _ends_in(func, tail)
        case ("attr", _, name):
            return bool(name == tail)
        case _:
            return False
