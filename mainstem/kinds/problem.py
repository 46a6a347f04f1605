"""A condition, diagnosis or problem."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from mainstem.kinds import episodes, sites
from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.concepts import CODED_FIRST, first_known, meaning, show_coded, told
from mainstem.kinds.dates import days, exact, moments
from mainstem.kinds.facts import Derived, Member, Rule, Terms, by_recency, first_of, first_to_value, latest_first
from mainstem.kinds.same import DATE, PARTS, PROSE, WORDS
from mainstem.kinds.statuses import DENIED, word
from mainstem.kinds.titles import named

EARLIEST_ONSET = Rule(
    "problem.earliest-onset", "of several onsets of one problem the earliest is shown, the most precise of those that may be it",
    "docs/reconcile.md, Problems")
NO_END = Rule("problem.active-has-no-end", "a problem that goes on has no end: one that another record gives is not shown beside it",
              "FHIR R4, Condition, con-4")
PARENTS = Rule("problem.parents", "what the terminology says that it is one of: a relation, which groups nothing",
               "design.md, Reconciliation, per kind")
CANNOT_TELL = Rule(
    "problem.cannot-tell", "its codes contradict each other, or its words say no problem: it is shown as it stands, and may be what "
    "another entry is", "design.md, Reconciliation, per kind")
OPEN = "9999-12-31"
_ON_LIST = "problem-list-item"
_OVER = frozenset({"inactive", "remission", "resolved"})
"""FHIR R4, condition-clinical: what may have an end (con-4). Any other word, also one that no standard has, says that it goes on."""

_DENIES = re.compile(r"\b(?:excluded|ruled out|no evidence of|denie[sd]|family history|fhx?:|fh of)", re.IGNORECASE)


class ProblemContent(Content, frozen=True):
    code: Concept = UNSET
    category: Text = UNSET
    status: Text = UNSET
    """`active`, `inactive`, `resolved`; a word that says no end counts as active."""
    verification: Text = UNSET
    significance: Text = UNSET
    """`major`, `minor`."""
    severity: Text = UNSET
    body_site: Concept = UNSET
    onset: Text = UNSET
    abatement: Text = UNSET
    recorded: Text = UNSET
    related: tuple[str, ...] | UnsetType | None = UNSET
    """Ids of what the source links to the problem (`ReferralRequest/1`), sorted: referrals, medicines, findings, other problems."""
    note: Text = UNSET


class Problem(Kind):
    """A fact's content has `parents` besides: the concepts that the terminology says it is one of."""

    name = "problem"
    heading = "Problem list"
    Content = ProblemContent
    rules = (CODED_FIRST, EARLIEST_ONSET, NO_END, PARENTS, CANNOT_TELL)
    cannot_tell = CANNOT_TELL
    compared = MappingProxyType({"category": WORDS, "onset": DATE, "abatement": DATE, "recorded": DATE, "related": PARTS, "note": PROSE})
    gap = 183
    """Half a year: onsets further apart than that are two episodes, unless the earlier one still went on."""

    def title(self, content: dict) -> str:
        return named(content.get("code"), "Problem")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """What it is. Words that say it was not so, or somebody else's, beside a code that says neither, leave it a fact of its own."""
        concept = content.get("code")
        return None if _denies(concept, terms) else meaning(concept, terms)

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        """From onset to its end. An active problem on a problem list goes on; a diagnosis of one encounter tells its onset alone."""
        onset = days(content.get("onset"))
        if onset is None:
            return None
        ended = days(content.get("abatement"))
        if ended is not None:
            return onset[0], max(onset[1], ended[1])
        on_list = _ON_LIST in str(content.get("category") or "") and _goes_on(content)
        return onset[0], OPEN if on_list else onset[1]

    def parted(self, members: Sequence[Member], terms: Terms) -> Sequence[Sequence[Member]]:
        """What one source patient's own records place at two sites (hip, knee) or on two sides, in the words of the code too, are two
        problems, where every record names its own; one that names none may be of either, and all stay one entry, in conflict. So is what
        it closed and had again."""
        tellers = [member.place.subject for member in members]
        if len(set(tellers)) == len(tellers):
            return [members]
        parts: Sequence[Sequence[Member]] = sites.parted(members, lambda content: sites.site(content, terms))
        parts = [part for run in parts for part in sites.parted(run, sites.sides)]
        return [part for run in parts for part in episodes.parted(run, lambda content: self.span(content, terms), _goes_on)]

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Fields of the member recorded last, but for the onset. Active here and over there, refuted by one, or standing at two body sites
        is a conflict."""
        found = latest_first(members)
        parents = terms.parents(self.key(members[0].content, terms) or "")
        if len(members) == 1 and not parents:
            return found
        found = Derived(dict(found.content), dict(found.decided), dict(found.rules), found.conflict)
        order = by_recency(members)
        if len(members) > 1:
            show_coded(found, members, order, "code", terms)
            _onset(found, members, order)
            found = replace(found, conflict=_disagree(members, terms))
            _end(found)
        if parents:
            found.content["parents"] = [told(parent, terms) for parent in parents]
            found.decided["parents"] = found.decided.get("code", (0,))
            found.rules["parents"] = PARENTS.id
        return found

    def matters(self, members: Sequence[Member], terms: Terms) -> set[int]:
        """The first with a code that the terminology knows, for each side of a disagreement and body site, and with the earliest onset."""
        order = by_recency(members)
        said = [member.content for member in members]
        dated = [(span, place, index) for place, index in enumerate(order) if (span := moments(said[index].get("onset"))) is not None]
        sure = [each for each in dated if exact(said[each[2]]["onset"])]
        return (first_to_value(members, order) | first_known(members, order, "code", terms)
                | first_of(order, lambda index: _goes_on(said[index])) | first_of(order, lambda index: _is_denied(said[index]))
                | first_of(order, lambda index: _site(said[index], terms) or None)
                | first_of(order, lambda index: _sides(said[index]) or None)
                | {min(each)[2] for each in (dated, sure) if each})


def stands(content: dict[str, Any]) -> bool:
    """Whether who says this holds that it goes on: no status, and a word that says no end, count as such."""
    return _goes_on(content) is not False and not _is_denied(content)


def _denies(concept: Any, terms: Terms) -> bool:
    if not isinstance(concept, dict) or not concept.get("codes") or not _DENIES.search(str(concept.get("text"))):
        return False
    current = terms.current(concept)
    says = [name for name in (terms.name(current) if current else None, *(code.get("display") for code in concept["codes"])) if name]
    return bool(says) and not any(map(_DENIES.search, says))


def _disagree(members: Sequence[Member], terms: Terms) -> bool:
    """It goes on and is over, is denied and upheld, or stands at two sites, or on two sides: what a member does not say is no side."""
    going, denied = ({told(member.content) for member in members} - {None} for told in (_goes_on, _is_denied))
    at, on = {_site(member.content, terms) for member in members}, {_sides(member.content) for member in members}
    return len(going) > 1 or len(denied) > 1 or sites.differ(at) or sites.differ(on)


def _site(content: dict[str, Any], terms: Terms) -> frozenset[str]:
    """Empty where the problem does not stand."""
    return sites.site(content, terms) if "body_site" in content and stands(content) else frozenset()


def _sides(content: dict[str, Any]) -> frozenset[str]:
    return on if (on := sites.sides(content)) and stands(content) else frozenset()


def _goes_on(content: dict[str, Any]) -> bool | None:
    """None where no status is given."""
    status = word(content, "status")
    return None if status is None else status not in _OVER


def _is_denied(content: dict[str, Any]) -> bool | None:
    verification = word(content, "verification")
    return None if verification is None else verification in DENIED


def _onset(found: Derived, members: Sequence[Member], order: Sequence[int]) -> None:
    """The earliest that some member is sure of to the day stands for a year or month that it may be."""
    dated = [(moments(members[index].content.get("onset")), place, index) for place, index in enumerate(order)]
    spans = sorted((span, place, index) for span, place, index in dated if span is not None)
    if not spans:
        return
    (_, before), _, chosen = spans[0]
    chosen = next((index for (first, _), _, index in spans if first < before and exact(members[index].content["onset"])), chosen)
    if found.decided.get("onset") != (chosen,):
        found.content["onset"], found.decided["onset"] = members[chosen].content["onset"], (chosen,)
        found.rules["onset"] = EARLIEST_ONSET.id


def _end(found: Derived) -> None:
    """Active has no end: that another record had one is among the values that lost."""
    if _goes_on(found.content) and "abatement" in found.content:
        del found.content["abatement"], found.decided["abatement"]
        found.rules["abatement"] = NO_END.id
