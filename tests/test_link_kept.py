"""What is kept in a place may be taken from that very place: asking what it is comes to an end."""

from __future__ import annotations

from txlint.catalog.lookup import Catalog
from txlint.link.kept import options
from txlint.link.linker import Linker
from txlint.link.values import OneOf, Stored


def test_a_choice_among_its_own_choices_ends() -> None:
    linker = Linker((), Catalog(()))
    place = ("attr", 1, "items")
    stored = linker.atoms(Stored, place)
    seven = linker.atoms.const(7)
    linker.contents[place] = (linker.atoms(OneOf, (stored, seven)),)
    assert options(linker, stored) == (seven,)
    assert options(linker, linker.atoms(OneOf, (stored,))) == (seven,)
