"""A test result, or the order that awaits one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds import retest
from mainstem.kinds.base import Amount, Concept, Content, Kind, Text
from mainstem.kinds.concepts import CODED_FIRST, first_known, meaning, show_coded
from mainstem.kinds.dates import days, moments
from mainstem.kinds.facts import (
    MOST_RECENTLY_RECORDED,
    Derived,
    Member,
    Previous,
    Rule,
    Terms,
    by_recency,
    first_of,
    first_to_value,
    latest_first,
)
from mainstem.kinds.identifiers import minute
from mainstem.kinds.same import DATE, PERSON, PROSE, WORDS, coded, line, moment, number, unit
from mainstem.kinds.titles import named

SUPERSEDES = Rule(
    "result.supersedes", "a corrected report supersedes a final one, a final one a preliminary, else the one recorded last counts; value, "
    "range and flag are those of one report", "design.md, Reconciliation, per kind")
MOST_PRECISE = Rule(
    "result.most-precise-time", "of several times of one specimen the most precise is shown, beside a value never another sample's",
    "docs/reconcile.md, Results")
REPEAT = Rule("result.repeat", "taken again sooner than the minimum retest interval after the result before it", retest.SOURCE)
CANNOT_TELL = Rule(
    "result.cannot-tell", "it names no test, or neither an order, a specimen nor a day: it is shown as it stands, and may be what another "
    "entry is", "design.md, Reconciliation, per kind")

_STANDING = {"corrected": 4, "final": 3, "preliminary": 2, "cancelled": 1, "requested": 0}
"""What no status is given for counts as final: a copy of a report."""
_REPORTED = ("status", "value", "value_text", "value_code", "low", "high", "interpretation")
"""What belongs to one report, and must not be mixed with another's."""
_VALUES = ("value", "value_text", "value_code")
_BETWEEN = re.compile(r"[^\w/]|_")


class ResultContent(Content, frozen=True):
    test: Concept = UNSET
    panel: Concept = UNSET
    specimen: Concept = UNSET
    specimen_id: Text = UNSET
    order_id: Text = UNSET
    """Placer or filler number: the business identifier shared across feeds."""
    status: Text = UNSET
    """`requested`, `preliminary`, `final`, `corrected`, `cancelled`."""
    value: Amount = UNSET
    value_text: Text = UNSET
    value_code: Concept = UNSET
    low: Amount = UNSET
    high: Amount = UNSET
    interpretation: Text = UNSET
    requested: Text = UNSET
    taken: Text = UNSET
    reported: Text = UNSET
    performer: Text = UNSET
    note: Text = UNSET


class Result(Kind):
    """A fact's content has `repeat_of` besides, where it is a repeat: `fact` and `taken` of the result before it, the `interval` between
    them, and the `minimum`."""

    name = "result"
    heading = "Investigation results"
    Content = ResultContent
    rules = (CODED_FIRST, SUPERSEDES, MOST_PRECISE, REPEAT, CANNOT_TELL)
    cannot_tell = CANNOT_TELL
    compared = MappingProxyType({"interpretation": WORDS, "requested": DATE, "taken": DATE, "reported": DATE, "performer": PERSON,
                                 "note": PROSE})
    gap = 31
    """Laboratories use an order number again after months or years; a copy dated by its report is days late."""

    def title(self, content: dict) -> str:
        value = content.get("value") or {}
        shown = " ".join(x for x in (value.get("comparator"), value.get("value"), value.get("unit")) if x)
        return " ".join(x for x in (named(content.get("test") or content.get("panel"), "Result"), shown or content.get("value_text")) if x)

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """Order number and test; else specimen number and test; else test, specimen and time. A day alone, with no number, tells two
        samples of it apart only by their values, so the value is part of the key."""
        test = meaning(content.get("test"), terms)
        what = test or meaning(content.get("panel"), terms)
        if what is None:
            return None
        what = what if test else f"panel {what}"
        for name in ("order_id", "specimen_id"):
            if identifier := _identifier(content.get(name)):
                return f"{name} {identifier} {what}"
        taken = content.get("taken")
        span = moments(taken)
        if test is None or span is None or not isinstance(taken, str) or len(taken.strip()) < 10:
            return None
        specimen = meaning(content.get("specimen"), terms) or ""
        at = moment(taken)
        return f"taken {at} {what} {specimen}" + (f" {_value(content)}" if len(at) == 10 else "")

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return next((found for name in ("taken", "requested", "reported") if (found := days(content.get(name)))), None)

    def parted(self, members: Sequence[Member], terms: Terms) -> Sequence[Sequence[Member]]:
        """Serial samples under one number: each minute of a value is a result, where one source patient's own records tell of all these
        minutes; two feeds that time one sample otherwise (collected, received) do not. A copy that tells no minute stands with a sample
        whose value it repeats. Where it says more (another value, a correction, that it was cancelled), it may be of any of them, and all
        stay one entry in conflict. Why: docs/decisions/serial-samples-are-results-of-their-own.md."""
        if len({taken for member in members if isinstance(taken := member.content.get("taken"), str) and "T" in taken}) < 2:
            return [members]
        samples: dict[str, list[Member]] = {}
        for member in members:
            if _valued(member) and (at := _sample(member)) is not None:
                samples.setdefault(at, []).append(member)
        if len(samples) < 2 or not _told_by_one(samples):
            return [members]
        homes = [_home(member, samples) for member in members]
        if None in homes:
            return [members]
        return [[member for member, home in zip(members, homes, strict=True) if home == at] for at in samples]

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """The report that supersedes the others decides what was found; another source that still holds another value is a conflict."""
        if len(members) == 1:
            return latest_first(members)
        order = sorted(by_recency(members), key=lambda index: -_standing(members[index]))
        found = _in_order(members, order)
        show_coded(found, members, order, "test", terms)
        _time(found, members, order)
        report = next((index for index in order if _valued(members[index])), order[0])
        return replace(found, conflict=len(_samples(members, order)) > 1 or any(
            _contradicts(members[report], members[index]) for index in order if index != report))

    def matters(self, members: Sequence[Member], terms: Terms) -> set[int]:
        """Of each standing and source patient the first two values: one of them contradicts the report that is shown, if any does.
        Of the cancelled two, since one may be that report; of valued ones of two moments one each."""
        order = sorted(by_recency(members), key=lambda index: -_standing(members[index]))
        said = [member.content for member in members]
        dated = [(span[1] - span[0], place, index) for place, index in enumerate(order)
                 if (span := moments(said[index].get("taken"))) is not None]
        vague = [each for each in dated if _sample(members[each[2]]) is None]
        values: dict[tuple[int, str], dict[str, int]] = {}
        for index in order:
            if _valued(members[index]):
                told = values.setdefault((_standing(members[index]), members[index].place.subject), {})
                value = _value(said[index])
                if len(told) < 2 or value in told:
                    told.setdefault(value, index)
        return (first_to_value(members, order) | first_known(members, order, "test", terms) | set(order[:1])
                | first_of(order, lambda index: True if _valued(members[index]) else None)
                | set([index for index in order if said[index].get("status") == "cancelled"][:2])
                | {index for told in values.values() for index in told.values()}
                | set(list(_samples(members, order).values())[:2]) | {min(each)[2] for each in (dated, vague) if each})

    def line(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        """The same test. Orders, cancelled tests and what has no value are on no line, nor is what was taken on no known day."""
        span = moments(content.get("taken"))
        test = meaning(content.get("test"), terms)
        if test is None or span is None or len(content["taken"].strip()) < 10 or content.get("status") in ("requested", "cancelled"):
            return None
        if not any(content.get(name) for name in _VALUES):
            return None
        return test, span[0].isoformat(timespec="microseconds") + ("" if span[0] == span[1] else "/P1D")

    def follow(self, derived: Derived, before: Previous, terms: Terms) -> Derived:
        """Marks a repeat where the dates leave no doubt: it was taken after the other, and sooner than the interval."""
        row = retest.interval(derived.content, terms)
        stands = self.line(derived.content, terms)
        if row is None or stands is None:
            return derived
        (first, last), (now, end) = _bounds(before.moment), _bounds(stands[1])
        longest = end - first
        if now < last or now == first or longest > row.least or (longest == row.least and now == end):
            return derived
        repeat = {"fact": before.fact, "taken": _shown(before.moment), "interval": _between(now - first, row.shown), "minimum": row.shown}
        return replace(derived, content=derived.content | {"repeat_of": repeat},
                                decided=derived.decided | {"repeat_of": derived.decided["taken"]},
                                rules=derived.rules | {"repeat_of": REPEAT.id})


def _identifier(text: Any) -> str:
    """A business identifier however it is spaced and written: `s-0012 a` and `S0012A` are one; `7/1/12` and `7/11/2` are two. Empty where
    it stands for a number that is not known: without a digit (`UNKNOWN`), or of one zero or nine alone (`0`, `9999`). What is short tells
    here, unlike in `identifiers`: the test stands beside it."""
    bare = _BETWEEN.sub("", text).upper() if isinstance(text, str) else ""
    signs = set(bare) - {"/"}
    return bare if any(sign.isdigit() for sign in signs) and signs not in ({"0"}, {"9"}) else ""


def _standing(member: Member) -> int:
    return _STANDING.get(member.content.get("status", "final"), _STANDING["final"])


def _valued(member: Member) -> bool:
    return any(member.content.get(name) for name in _VALUES)


def _in_order(members: Sequence[Member], order: Sequence[int]) -> Derived:
    """Each field from the first in `order` that has it; what belongs to one report from the first report with a value."""
    report = next((index for index in order if _valued(members[index])), order[0])
    found = Derived({}, {}, {"*": MOST_RECENTLY_RECORDED.id})
    for index in order:
        for name, value in members[index].content.items():
            if name not in found.content and (index == report or name not in _REPORTED):
                found.content[name], found.decided[name] = value, (index,)
    found.rules.update((name, SUPERSEDES.id) for name in _REPORTED if any(name in member.content for member in members))
    return found


def _time(found: Derived, members: Sequence[Member], order: Sequence[int]) -> None:
    """The report's own moment; else that of the sole sample of those with a value; else the most precise. Of several samples none lends
    its moment to a report that has none."""
    report = next((index for index in order if _valued(members[index])), order[0])
    samples = _samples(members, order)
    spans = [(span[1] - span[0], place, index) for place, index in enumerate(order)
             if (span := moments(members[index].content.get("taken"))) is not None and not (samples and _sample(members[index]))]
    if samples and _sample(members[report]):
        chosen = report
    elif len(samples) == 1:
        [chosen] = samples.values()
    elif spans:
        chosen = min(spans)[2]
    else:
        if samples and _sample(members[found.decided["taken"][0]]) is not None:
            del found.content["taken"], found.decided["taken"]
            found.rules["taken"] = MOST_PRECISE.id
        return
    if found.decided.get("taken") != (chosen,):
        found.content["taken"], found.decided["taken"] = members[chosen].content["taken"], (chosen,)
        found.rules["taken"] = MOST_PRECISE.id


def _sample(member: Member) -> str | None:
    """The minute at which it was taken, in UTC; None where no more than the day is told."""
    taken = member.content.get("taken")
    span = moments(taken)
    return None if span is None or minute(taken) is None else span[0].isoformat(timespec="minutes")


def _samples(members: Sequence[Member], order: Sequence[int]) -> dict[str, int]:
    """Minute -> the first in `order` with a value of then. More than one: serial samples under one number, none of which is another's."""
    found: dict[str, int] = {}
    for index in order:
        if _valued(members[index]) and (sample := _sample(members[index])) is not None:
            found.setdefault(sample, index)
    return found


def _told_by_one(samples: Mapping[str, Sequence[Member]]) -> bool:
    """Whether one source patient has values of every minute."""
    told = Counter(subject for members in samples.values() for subject in {member.place.subject for member in members})
    return max(told.values()) == len(samples)


def _home(member: Member, samples: Mapping[str, Sequence[Member]]) -> str | None:
    """The sample a member stands with: its own; else one that it says nothing beyond, of its day before others, the earliest. None: it
    may be of any."""
    at, taken = _sample(member), str(member.content.get("taken") or "")
    if at in samples:
        return at
    may_be = [each for each, held in samples.items() if any(_adds_nothing(member, report) for report in held)]
    return min(may_be, key=lambda each: (each[:10] != taken[:10], each), default=None)


def _adds_nothing(copy: Member, report: Member) -> bool:
    """Whether it is the order, or says the same value in no later standing."""
    if not _valued(copy):
        return copy.content.get("status") == "requested"
    return _standing(copy) <= _standing(report) and _value(copy.content) == _value(report.content)


def _contradicts(shown: Member, other: Member) -> bool:
    """Whether a source still says something else than what is shown. What a source itself has superseded is over; so is a preliminary
    value; a final one that another source still holds beside a correction is not."""
    above, below = _standing(shown), _standing(other)
    if below in (_STANDING["requested"], _STANDING["preliminary"]) or not _valued(shown):
        return False
    if other.content.get("status") == "cancelled":
        return True
    if above > below and shown.place.subject == other.place.subject:
        return False
    return _valued(other) and _value(shown.content) != _value(other.content)


def _value(content: dict[str, Any]) -> str:
    """What was found, however it is spelt. The unit counts where it is given."""
    value = content.get("value")
    if isinstance(value, dict):
        return f"{value.get('comparator') or ''}{number(str(value.get('value')))} {unit(value.get('unit') or '')}".strip()
    if content.get("value_text"):
        return line(content["value_text"]).casefold()
    return repr(content.get("value_code") and coded(content["value_code"]))


def _bounds(at: str) -> tuple[datetime, datetime]:
    text, _, day = at.partition("/")
    first = datetime.fromisoformat(text)
    return first, first + timedelta(days=1) if day else first


def _shown(at: str) -> str:
    text, _, day = at.partition("/")
    return text[:10] if day else datetime.fromisoformat(text).isoformat()


def _between(apart: timedelta, like: str) -> str:
    return f"{apart // timedelta(hours=1)} h" if like.endswith("h") else f"{apart.days} d"
