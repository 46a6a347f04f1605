"""A test result, or the order that awaits one."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    first_to_value,
    latest_first,
)
from mainstem.kinds.identifiers import minute
from mainstem.kinds.same import DATE, PERSON, PROSE, WORDS, moment
from mainstem.kinds.samples import STANDING, at_minute, by_minute, identifier, parted, standing, value_of, valued
from mainstem.kinds.statuses import word
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

_NUMBER = re.compile(r"\d")
_REPORTED = ("status", "value", "value_text", "value_code", "low", "high", "interpretation")
"""What belongs to one report, and must not be mixed with another's."""


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
        """Order number and test; else specimen number and test; else test, specimen and minute. A day alone, with no number, tells two
        samples of it apart only by their values, so the value is part of the key."""
        test = meaning(content.get("test"), terms)
        what = test or meaning(content.get("panel"), terms)
        if what is None:
            return None
        what = what if test else f"panel {what}"
        for name in ("order_id", "specimen_id"):
            if known := identifier(content.get(name)):
                return f"{name} {known} {what}"
        taken = content.get("taken")
        span = moments(taken)
        if test is None or span is None or not isinstance(taken, str) or len(taken.strip()) < 10:
            return None
        specimen = meaning(content.get("specimen"), terms) or ""
        at = minute(taken)
        return f"taken {at} {what} {specimen}" if at else f"taken {moment(taken)} {what} {specimen} {value_of(content)}"

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return next((found for name in ("taken", "requested", "reported") if (found := days(content.get(name)))), None)

    def parted(self, members: Sequence[Member], terms: Terms) -> Sequence[Sequence[Member]]:
        """Samples under one number (08:00 and 11:00, nose and groin, Monday and Friday) are a result each, where one source patient's own
        records tell them all apart: by the minute, the specimen's number, the specimen, or the day. Two feeds that time one sample
        otherwise (collected, received) do not. A copy that tells none of these stands with a sample whose value it repeats. Where it says
        more (another value, a correction, that it was cancelled), it may be of any of them, and all stay one entry in conflict.
        Why: docs/decisions/serial-samples-are-results-of-their-own.md."""
        return parted(members, terms)

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """The report that supersedes the others decides what was found. Another source that still holds another value is a conflict, and so
        is a correction that leaves no value, beside one that is shown."""
        if len(members) == 1:
            return latest_first(members)
        order = sorted(by_recency(members), key=lambda index: -standing(members[index]))
        found = _in_order(members, order)
        show_coded(found, members, order, "test", terms)
        _time(found, members, order)
        report = next((index for index in order if valued(members[index])), order[0])
        return replace(found, conflict=_of_two(members, order) or any(
            _contradicts(members[report], members[index]) for index in order if index != report) or (
            report != order[0] and standing(members[order[0]]) == STANDING["corrected"]))

    def matters(self, members: Sequence[Member], terms: Terms) -> set[int]:
        """Of each standing and source patient the first two values: one of them contradicts the report that is shown, if any does.
        Of the cancelled two, since one may be that report; of valued ones of two moments one each."""
        order = sorted(by_recency(members), key=lambda index: -standing(members[index]))
        said = [member.content for member in members]
        dated = [(span[1] - span[0], place, index) for place, index in enumerate(order)
                 if (span := moments(said[index].get("taken"))) is not None]
        vague = [each for each in dated if at_minute(members[each[2]]) is None]
        values: dict[tuple[int, str], dict[str, int]] = {}
        for index in order:
            if valued(members[index]):
                told = values.setdefault((standing(members[index]), members[index].place.subject), {})
                value = value_of(said[index])
                if len(told) < 2 or value in told:
                    told.setdefault(value, index)
        return (first_to_value(members, order) | first_known(members, order, "test", terms)
                | set([index for index in order if word(said[index], "status") == "cancelled"][:2])
                | {index for told in values.values() for index in told.values()}
                | {index for two in _timed(members, order).values() for index in two} | {min(each)[2] for each in (dated, vague) if each})

    def line(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        """The same test of blood. Orders, cancelled tests and what has no value in numbers (`haemolysed`) are on no line, nor is what was
        taken on no known day."""
        span = moments(content.get("taken"))
        test = meaning(content.get("test"), terms)
        if test is None or span is None or len(content["taken"].strip()) < 10 or word(content, "status") in ("requested", "cancelled"):
            return None
        if not (content.get("value") or _NUMBER.search(str(content.get("value_text")))) or not retest.of_blood(content):
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


def _in_order(members: Sequence[Member], order: Sequence[int]) -> Derived:
    """Each field from the first in `order` that has it; what belongs to one report from the first report with a value."""
    report = next((index for index in order if valued(members[index])), order[0])
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
    report = next((index for index in order if valued(members[index])), order[0])
    samples = by_minute(members, order)
    spans = [(span[1] - span[0], place, index) for place, index in enumerate(order)
             if (span := moments(members[index].content.get("taken"))) is not None and not (samples and at_minute(members[index]))]
    if samples and at_minute(members[report]):
        chosen = report
    elif len(samples) == 1:
        [chosen] = samples.values()
    elif spans:
        chosen = min(spans)[2]
    else:
        if samples and at_minute(members[found.decided["taken"][0]]) is not None:
            del found.content["taken"], found.decided["taken"]
            found.rules["taken"] = MOST_PRECISE.id
        return
    if found.decided.get("taken") != (chosen,):
        found.content["taken"], found.decided["taken"] = members[chosen].content["taken"], (chosen,)
        found.rules["taken"] = MOST_PRECISE.id


def _timed(members: Sequence[Member], order: Sequence[int]) -> dict[tuple[str, str], list[int]]:
    """Of those with a value and a minute, the first two in `order` of two values, and of each source patient of two minutes."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for index in order:
        member = members[index]
        if valued(member) and (at := at_minute(member)) is not None:
            for what, told in ((("value", ""), value_of(member.content)), (("minute", member.place.subject), at)):
                if len(one := found.setdefault(what, {})) < 2:
                    one.setdefault(told, index)
    return {what: list(one.values()) for what, one in found.items()}


def _of_two(members: Sequence[Member], order: Sequence[int]) -> bool:
    """Whether values are of two minutes and differ, or one source patient tells both: one value of which one feed gives the minute of
    collection and another that of receipt is one."""
    return len(by_minute(members, order)) > 1 and any(len(two) > 1 for two in _timed(members, order).values())


def _contradicts(shown: Member, other: Member) -> bool:
    """Whether a source still says something else than what is shown. What a source itself has superseded is over; so is a preliminary
    value; a final one that another source still holds beside a correction is not."""
    above, below = standing(shown), standing(other)
    if below in (STANDING["requested"], STANDING["preliminary"]) or not valued(shown):
        return False
    if word(other.content, "status") == "cancelled":
        return True
    if above > below and shown.place.subject == other.place.subject:
        return False
    return valued(other) and value_of(shown.content) != value_of(other.content)


def _bounds(at: str) -> tuple[datetime, datetime]:
    text, _, day = at.partition("/")
    first = datetime.fromisoformat(text)
    return first, first + timedelta(days=1) if day else first


def _shown(at: str) -> str:
    text, _, day = at.partition("/")
    return text[:10] if day else datetime.fromisoformat(text).isoformat()


def _between(apart: timedelta, like: str) -> str:
    return f"{apart // timedelta(hours=1)} h" if like.endswith("h") else f"{apart.days} d"
