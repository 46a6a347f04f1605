"""What a kind's rules work on and what they give: members of a fact in, the fact's content out, with who decided each field.

A kind says by `key` which of its members are one clinical truth, and by `derive` what that truth is. Both are pure and see
nothing but their arguments, so that the order of arrival cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import msgspec

from mainstem.kinds.dates import in_utc, stands_for_none
from mainstem.model import Known


class Rule(NamedTuple):
    """A rule that decides what is published: how it is named, why it is so, and where that comes from."""

    id: str
    reason: str
    source: str


GREATEST_VERSION = Rule(
    "record.greatest-version", "the source's own latest word on its record counts, in the words in which it first said it",
    "design.md, How convergence is had")
MOST_RECENTLY_RECORDED = Rule(
    "fact.most-recently-recorded", "of several records that speak of one fact, the one recorded last decides a field",
    "design.md, Reconciliation, per kind")
RULE_FAULT = Rule(
    "fact.rule-fault", "a rule failed on what is said here, which is a fault of Mainstem: each field is shown as it was recorded last, and "
    "whether it is what another entry is was not looked at", "design.md, promise 9")


OF_FACT = "fact"
"""In an entry's `rules`, beside its fields: the rule by which it is a fact of its own. No content has a field of this name."""


OF_LABELS = "labels"
"""Likewise: the rule by which it bears a label that no source gave it."""


class Place(NamedTuple):
    """One record, or one item of a record, of a source patient. Places compare; the least names the fact."""

    subject: str
    record: str
    item: str = ""


class Member(msgspec.Struct, frozen=True, gc=False):
    """What one record (or item) says, its parts united."""

    place: Place
    kind: str
    content: dict[str, Any]
    """Decoded JSON. A field that is null or an empty list in the source says nothing to a reader and is left out."""
    said: dict[str, Known]
    """Field -> the assertion that decided it; empty where there is one assertion."""
    lost: tuple[tuple[str, Known, Any], ...]
    """Field, assertion and value where a part valued a field that another part decides."""
    winners: tuple[Known, ...]
    """Every assertion that stands behind it: the greatest version of each of its parts."""

    @property
    def recorded(self) -> str:
        """When the source recorded it: the latest of its parts, as `comparable` text; empty where no part says."""
        if len(self.winners) == 1:
            return comparable(self.winners[0].assertion.recorded or "")
        return max([comparable(known.assertion.recorded or "") for known in self.winners], default="")


class Derived(msgspec.Struct, frozen=True, gc=False):
    """A fact's content."""

    content: dict[str, Any]
    decided: dict[str, tuple[int, ...]]
    """Field -> indexes of the members that decided it: one, or all that a united value was made from."""
    rules: dict[str, str]
    """Field -> rule id, also of a field that the rule leaves out; `*` for every field not named, `OF_FACT` for the fact itself,
    `OF_LABELS` for a label."""
    conflict: bool = False


class Previous(NamedTuple):
    """The fact just before another one on its line."""

    fact: str
    moment: str


class Terms(Protocol):
    """What rules may ask a terminology. A release of it is an input like any other."""

    release: str
    tells_held: bool
    """Whether it can tell what a medicine recorded by its moiety holds: not where an earlier version of Mainstem loaded it."""

    def agent(self, concept: dict[str, Any]) -> str | None:
        """The causative agent behind an allergy's coding (finding, product or substance); None where it cannot tell."""
        ...

    def agents(self, concept: dict[str, Any]) -> tuple[str, ...]:
        """The causative agents in a medicine or behind an allergy, as `agent` has them, sorted: its own and each ingredient's, of all
        its codings; empty where it cannot tell."""
        ...

    def by_name(self, concept: dict[str, Any]) -> bool:
        """Whether it knows none of the codings, so that what it tells of this rests on words alone."""
        ...

    def moiety(self, concept: dict[str, Any]) -> str | None:
        """VTM of a medicine's coding (pack, brand or virtual product), else its VMP; None where it cannot tell."""
        ...

    def lineage(self, concept: dict[str, Any]) -> tuple[str, ...]:
        """A medicine's code in use today, then, upwards, the codes of what it is a product of (pack, brand, VMP, VTM). By its codes alone,
        never its words; empty where it cannot tell."""
        ...

    def current(self, concept: dict[str, Any]) -> str | None:
        """The code in use today for what was coded, code history followed; None where it cannot tell."""
        ...

    def none_known(self, concept: dict[str, Any]) -> str | None:
        """The code, where it says `no known allergy` or a narrower form of it; else None."""
        ...

    def sensitive(self, concept: dict[str, Any]) -> bool:
        """Whether it is on the release's lists of what is sensitive (RCGP sensitive set), or below what is."""
        ...

    def parents(self, code: str) -> tuple[str, ...]:
        """Parents and classes of a code that `agent`, `moiety` or `current` gave; empty where it knows none."""
        ...

    def is_a(self, code: str, other: str) -> bool:
        """Whether `code` is `other` or one of it: amoxicillin is a penicillin."""
        ...

    def name(self, code: str) -> str | None:
        """The term of a code that it knows."""
        ...

    def route(self, concept: dict[str, Any]) -> str | None:
        """The route of a product, where it has exactly one."""
        ...

    def usual_route(self, code: str) -> str | None:
        """The route that all products have of what `moiety` gave; None where they differ."""
        ...


class NoTerms:
    """Knows no code."""

    release = "builtin"
    tells_held = True

    def agent(self, concept: dict[str, Any]) -> str | None:
        return None

    def agents(self, concept: dict[str, Any]) -> tuple[str, ...]:
        return ()

    def by_name(self, concept: dict[str, Any]) -> bool:
        return True

    def moiety(self, concept: dict[str, Any]) -> str | None:
        return None

    def lineage(self, concept: dict[str, Any]) -> tuple[str, ...]:
        return ()

    def current(self, concept: dict[str, Any]) -> str | None:
        return None

    def none_known(self, concept: dict[str, Any]) -> str | None:
        return None

    def sensitive(self, concept: dict[str, Any]) -> bool:
        return False

    def parents(self, code: str) -> tuple[str, ...]:
        return ()

    def is_a(self, code: str, other: str) -> bool:
        return code == other

    def name(self, code: str) -> str | None:
        return None

    def route(self, concept: dict[str, Any]) -> str | None:
        return None

    def usual_route(self, code: str) -> str | None:
        return None


_FIRST = (0,)
_GREATEST = {"*": GREATEST_VERSION.id}


def latest_first(members: Sequence[Member]) -> Derived:
    """The default: each field from the member recorded last that values it; equal times go to the least place."""
    if len(members) == 1:
        return Derived(members[0].content, dict.fromkeys(members[0].content, _FIRST), _GREATEST)
    content: dict[str, Any] = {}
    decided: dict[str, tuple[int, ...]] = {}
    for index in by_recency(members):
        for name, value in members[index].content.items():
            if name not in content:
                content[name], decided[name] = value, (index,)
    return Derived(content, decided, {"*": MOST_RECENTLY_RECORDED.id})


def first_to_value(members: Sequence[Member], order: Sequence[int]) -> set[int]:
    """For each field the first member in `order` that values it."""
    found: dict[str, int] = {}
    for index in order:
        for name in members[index].content:
            found.setdefault(name, index)
    return set(found.values())


def first_of(order: Iterable[int], what: Callable[[int], Hashable | None]) -> set[int]:
    """For each thing that `what` tells of a member the first in `order`. None tells nothing."""
    found: dict[Hashable, int] = {}
    for index in order:
        told = what(index)
        if told is not None:
            found.setdefault(told, index)
    return set(found.values())


def by_recency(members: Sequence[Member]) -> list[int]:
    """Indexes of the members, the one recorded last first. Equal or unknown times: the least place first."""
    if len(members) == 2:
        (one, other), (first, second) = members, (members[0].recorded, members[1].recorded)
        return [0, 1] if first > second or (first == second and one.place <= other.place) else [1, 0]
    order = sorted(range(len(members)), key=[member.place for member in members].__getitem__)
    order.sort(key=[member.recorded for member in members].__getitem__, reverse=True)
    return order


@lru_cache(maxsize=1 << 14)
def comparable(moment: str) -> str:
    """ISO 8601 text that compares as the moments do: times with a zone in UTC. A date counts as its beginning, and one that stands for none
    (9999-12-31) as none: the record that bears it was not recorded last."""
    if stands_for_none(moment):
        return ""
    if "T" not in moment:
        return moment
    try:
        return in_utc(datetime.fromisoformat(moment)).isoformat(timespec="microseconds")[:26]
    except ValueError:
        return moment
