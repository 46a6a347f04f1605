"""What a release says, whatever format it came in: concepts, and relations between them. Readers make these, the store is made of them."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Level(IntEnum):
    """What a code stands for."""

    OTHER = 0
    """A finding, procedure, situation ... of SNOMED CT."""
    SUBSTANCE = 1
    """A SNOMED CT substance, a dm+d ingredient."""
    PRODUCT = 2
    """A SNOMED CT medicinal product that dm+d does not list."""
    VTM = 3
    VMP = 4
    AMP = 5
    VMPP = 6
    AMPP = 7
    FORM = 8
    ROUTE = 9


class Link(IntEnum):
    """How one code relates to another."""

    IS_A = 0
    """Parent concept."""
    CLASS = 1
    """Substance -> class of medicines that it belongs to, where the release says it otherwise than by parents."""
    REPLACED_BY = 2
    """An id no longer used -> the one to use now."""
    AGENT = 3
    """Finding -> causative agent."""
    SUBSTANCE_OF = 4
    """VTM or product -> the one substance that it is."""
    BASE = 5
    """Salt or ester -> the substance it is a modification of, or its VTM."""
    INGREDIENT = 6
    MOIETY = 7
    """VMP -> VTM."""
    ACTUAL_OF = 8
    """AMP -> VMP, AMPP -> AMP, VMPP -> VMP."""
    FORM = 9
    ROUTE = 10


class Concept(NamedTuple):
    code: int
    level: Level
    term: str
    active: bool = True


class Relation(NamedTuple):
    code: int
    link: Link
    target: int


class Name(NamedTuple):
    """Another name of a concept, beside its term."""

    code: int
    text: str


class Statements(NamedTuple):
    """All that a release says; the order does not matter. `refused`: ids whose check digit is wrong, left out."""

    concepts: list[Concept]
    relations: list[Relation]
    refused: int = 0
    names: tuple[Name, ...] = ()
    sensitive: frozenset[int] = frozenset()
    """Codes on its lists of what is sensitive."""

    def __add__(self, other: object) -> Statements:
        if not isinstance(other, Statements):
            return NotImplemented
        return Statements(self.concepts + other.concepts, self.relations + other.relations, self.refused + other.refused,
                          self.names + other.names, self.sensitive | other.sensitive)
