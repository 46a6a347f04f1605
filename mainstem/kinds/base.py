"""What a kind is, and the data types its contents are made of.

A content is what one source says: every field may be left out (UNSET: says nothing), or null (the source cleared it). Dates
and times are ISO 8601 text as precise as the source gave them: `2019`, `2019-03`, `2019-03-02`, `2019-03-02T10:15:00Z`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from mainstem.kinds.facts import Derived, Member, Previous, Rule, Terms, by_recency, first_to_value, latest_first

SNOMED = "http://snomed.info/sct"
DMD = "https://dmd.nhs.uk"
READ2 = "http://read.info/readv2"
EMIS = "https://fhir.hl7.org.uk/Id/emis-drug-codes"


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all contents. Unknown fields are refused, so that a mapping's typo is found where it is made."""


class Code(Content, frozen=True):
    system: str
    code: str
    display: str | None = None
    user_selected: bool = False


class Coded(Content, frozen=True):
    """A concept as the source coded it: all its codings, the original first, and its text."""

    codes: tuple[Code, ...] = ()
    text: str | None = None


class Quantity(Content, frozen=True):
    value: str
    """Decimal as text, as given."""
    unit: str | None = None
    comparator: str | None = None


Text = str | None | UnsetType
Concept = Coded | None | UnsetType
Amount = Quantity | None | UnsetType


class Kind(Protocol):
    """One kind of clinical fact. Adding one is one module with a subclass of this, and a line in `mainstem.kinds.ALL`."""

    name: str
    """`allergy`: in assertions, entries, file names."""
    heading: str
    """PRSB Core Information Standard heading it is shown under."""
    Content: type[Content]
    rules: tuple[Rule, ...] = ()
    """The rules that `derive` decides fields by, beyond those of `mainstem.kinds.facts`."""
    risk: bool = False
    """Whether what is hidden may harm: an export that lists nothing at all says nothing of this kind (design.md, promise 4)."""
    cannot_tell: Rule | None = None
    """The rule named by an entry whose one member has no key, where that means that it may be what another entry is."""
    compared: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType({})
    """How fields are compared from one version of a record to the next, where their type does not say: see `mainstem.kinds.same`."""

    def title(self, content: dict) -> str:
        """One line a clinician reads, from an entry's content (decoded JSON)."""
        ...

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """The canonical key: members of a person with equal keys are one fact. None: a fact of its own, whatever else there is."""
        return None

    gap: int | None = None
    """Days. Members of one key are one fact where their spans follow each other with no more than this between them (single linkage
    over sorted dates: a course, an onset). None: whatever its dates, a key is one fact."""

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        """First and last day (`2019-03-02`) that a member speaks of, where `gap` counts. None: undated; it joins only a sole cluster."""
        return None

    def parted(self, members: Sequence[Member], terms: Terms) -> Sequence[Sequence[Member]]:
        """Members whose dates run on, sorted by place, parted further where they tell themselves apart (serial samples under one number);
        each part in their order. Where `gap` counts; not asked of a key that more than `clusters.SERIES` records share."""
        return [members]

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """The fact's content from its members, which come sorted by place; at least one."""
        return latest_first(members)

    def matters(self, members: Sequence[Member], terms: Terms) -> set[int]:
        """Indexes of the members that `derive` cannot do without, of those of one fact, sorted by place.

        With the least and the greatest place, they alone give the same content, rules and conflict as all members. Who does not matter
        among some members must not matter among more of them: a crowded key is worked out piece by piece (`processors.reconcile.tree`).
        Of a kind with rules of its own everyone matters, unless it says who.
        """
        if type(self).derive is not Kind.derive:
            return set(range(len(members)))
        return first_to_value(members, by_recency(members))

    def line(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        """From a fact's content: the line it stands on among the person's facts of this kind (the same test), and the moment, as text
        that compares. None: on no line."""
        return None

    def follow(self, derived: Derived, before: Previous, terms: Terms) -> Derived:
        """The fact's content, given the one just before it on its line: what is a repeat is marked here."""
        return derived


__all__ = ["DMD", "EMIS", "READ2", "SNOMED", "UNSET", "Amount", "Code", "Coded", "Concept", "Content", "Kind", "Quantity", "Text"]
