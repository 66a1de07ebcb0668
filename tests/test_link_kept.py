"""What is kept in a place may be taken from that very place: asking what it is comes to an end."""

from __future__ import annotations

from itertools import pairwise

import pytest

from txlint.catalog.lookup import Catalog
from txlint.link.kept import fill, kept, options, put
from txlint.link.keyed import entries
from txlint.link.linker import Linker
from txlint.link.values import Fn, OneOf, Stored
from txlint.lower import lower_source
from txlint.model.facts import FileFacts
from txlint.model.graph import Test


def test_a_choice_among_its_own_choices_ends() -> None:
    linker = Linker((), Catalog(()))
    place = ("attr", 1, "items")
    stored = linker.atoms(Stored, place)
    seven = linker.atoms.const(7)
    linker.contents[place] = (linker.atoms(OneOf, (stored, seven)),)
    assert options(linker, stored) == (seven,)
    assert options(linker, linker.atoms(OneOf, (stored,))) == (seven,)


def _crossing(linker: Linker, layers: int, under: tuple[tuple[int, Test], ...] = ()) -> list[tuple[object, ...]]:
    """Layers of two places each; either holds what both of the next layer hold, so that the ways through double with each layer. It was put
    there ``under`` tests."""
    places: list[list[tuple[object, ...]]] = [[("attr", 10 * layer + side, "items") for side in (0, 1)] for layer in range(layers)]
    for here, there in pairwise(places):
        for place in here:
            put(linker, place, tuple(linker.atoms(Stored, other) for other in there), under=under)
    for place in places[-1]:
        put(linker, place, (linker.atoms(Fn, linker.project.funs[1], None),))
    return places[0]


@pytest.mark.parametrize("under", [(), ((0, Test("late", "truthy", True, True)),)], ids=["always", "under a test"])
def test_places_that_lead_to_each_other_are_looked_at_once(under: tuple[tuple[int, Test], ...]) -> None:
    facts = lower_source(b"def run(): pass\n", "a.py", "a", False)
    assert isinstance(facts, FileFacts)
    linker = Linker([facts], Catalog(()))
    first, _ = _crossing(linker, 60, under)
    run = linker.atoms(Fn, linker.project.funs[1], None)
    assert kept(linker, first) == ()
    linker.unfilled.clear()  # nothing is to be searched for it: all is there
    fill(linker)
    assert kept(linker, first) == (run,)
    assert list(entries(linker, first)) == [(run, None)]
