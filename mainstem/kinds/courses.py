"""A course of a medicine from the views that several records give of it: what is shown, what each says, and where they disagree.

Within one source patient and view the active records speak; where none is, the one recorded last. The others are its history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

from msgspec.structs import replace

from mainstem.kinds import dates, dosing
from mainstem.kinds.base import DMD, SNOMED
from mainstem.kinds.facts import Derived, Member, Rule, by_recency, first_of, first_to_value
from mainstem.kinds.statuses import word
from mainstem.kinds.titles import named

ACTIVE_FIRST = Rule(
    "medicine.active-first", "what is still taken somewhere is shown before what has ended elsewhere; in either, what was recorded last",
    "docs/reconcile.md, Medicines")
DISPENSED = Rule("medicine.dispensed-product", "the product that was dispensed counts before the one that was asked for",
                 "design.md, Reconciliation, per kind")
CODED = Rule("medicine.coded-product", "a product with a dm+d code is shown before one in words or with a local code",
             "docs/reconcile.md, Medicines")
TOGETHER = Rule(
    "medicine.regimen-together", "dose, frequency and `when required` are of one record: a mixture of two was prescribed by nobody",
    "docs/reconcile.md, Medicines")
ENDING = Rule("medicine.ending-together", "status, end and its reason are of one record", "docs/reconcile.md, Medicines")
EARLIEST = Rule("medicine.earliest-start", "a course began when its earliest view says", "docs/reconcile.md, Medicines")
VIEWS = Rule("medicine.views", "list, chart, dispensing and home are views of one course, shown side by side",
             "design.md, Reconciliation, per kind")
DISCREPANCIES = Rule(
    "medicine.discrepancies", "views that say another dose (or, where doses cannot be compared, another strength), another frequency, or "
    "that it has stopped while another holds it active are named, with both sides; no rule settles which is right",
    "NICE QS120; design.md, Reconciliation, per kind")
RULES = (ACTIVE_FIRST, DISPENSED, CODED, TOGETHER, ENDING, EARLIEST, VIEWS, DISCREPANCIES)

OPEN = "9999-12-31"
_SUPPLIED = 84
"""Days that a dispensing lasts where it does not say: the longest usual supply."""
_VIEWS = ("list", "order", "dispense", "home", "administration")
_STANDING = {"active": 0, None: 0, "on-hold": 2, "stopped": 3, "completed": 3, "cancelled": 3, "not-taken": 3, "entered-in-error": 3,
             "draft": 4}
"""Least first. Without a status, a list or chart holds what is current."""
_UNKNOWN, _ENDED, _DRAFT = 1, 3, 4
"""A status that no rule knows (`unknown`, a word of a local list) ends no medicine; the plain active is shown before it."""
_OF_STATUS = ("list", "order", "home", None)
"""Views whose status is the course's. A dispensing that is completed has been handed over, a dose given is one dose."""
_OF_DOSE = ("list", "order", "dispense", "home", None)
_DOSE = ("dose", "dose_quantity", "frequency")
_REGIMEN = (*_DOSE, "as_needed")
_END = ("status", "end")
_ENDING = (*_END, "stop_reason")
_DAYS = {"day": 1, "days": 1, "d": 1, "week": 7, "weeks": 7, "wk": 7, "month": 30, "months": 30, "mo": 30}


def united(members: Sequence[Member]) -> Derived:
    """The fact of several members."""
    order = sorted(by_recency(members), key=lambda index: _standing(members[index]))
    found = Derived({}, {}, {"*": ACTIVE_FIRST.id})
    for index in order:
        for name, value in members[index].content.items():
            if name not in found.content and name != "view" and name not in _REGIMEN and name not in _ENDING:
                found.content[name], found.decided[name] = value, (index,)
    _together(found, members, order, _REGIMEN, _DOSE, TOGETHER)
    _together(found, members, [index for index in order if members[index].content.get("view") in _OF_STATUS] or order, _ENDING,
              _END, ENDING)
    _product(found, members, order)
    _start(found, members, order)
    speaking = list(_speaking(members, order))
    found.content["views"] = [_shown(members[index]) for index in speaking]
    found.decided["views"], found.rules["views"] = tuple(sorted(speaking or order)), VIEWS.id
    if any("view" in member.content for member in members):
        found.rules["view"] = VIEWS.id
    differing = list(_discrepancies(members, speaking))
    if not differing:
        return found
    found.content["discrepancies"] = [
        {"about": about, "sides": [_side(members[index], about) for index in sides]} for about, sides in differing]
    found.decided["discrepancies"] = tuple(sorted({index for _, sides in differing for index in sides}))
    found.rules["discrepancies"] = DISCREPANCIES.id
    return replace(found, conflict=any(_standing(members[index]) < _ENDED for _, sides in differing for index in sides))


def matters(members: Sequence[Member]) -> set[int]:
    """Indexes of the members that `united` cannot do without: all that speak, and the first to tell each field or each precision of the
    start. All active records of a list or chart speak."""
    order = sorted(by_recency(members), key=lambda index: _standing(members[index]))
    said = [member.content for member in members]
    stating = [index for index in order if said[index].get("view") in _OF_STATUS]
    dated = [(days, place, index) for place, index in enumerate(order) if (days := dates.days(said[index].get("start")))]
    starts = [[each for each in dated if _width(each[0]) == width] for width in range(3)]
    return (first_to_value(members, order) | first_of(order, lambda index: _product_told(members[index])) | set(stating[:1])
            | first_of(order, lambda index: _tells(said[index], _DOSE)) | first_of(order, lambda index: _tells(said[index], _END))
            | first_of(stating, lambda index: _tells(said[index], _END)) | {min(each)[2] for each in starts if each}
            | set(_speaking(members, order)) | first_of(order, lambda index: _silent(members[index])))


def _tells(content: dict[str, Any], fields: Sequence[str]) -> bool | None:
    return True if any(name in content for name in fields) else None


def _product_told(member: Member) -> tuple[bool, bool] | None:
    if "product" not in member.content:
        return None
    return member.content.get("view") == "dispense", any(code.get("system") in (DMD, SNOMED) for code in _codes(member))


def _silent(member: Member) -> _Voice | None:
    """First said of each voice, also where an active record speaks for it."""
    return _voice(member) if _standing(member) < _DRAFT else None


def _width(days: tuple[str, str]) -> int:
    """0: a day, 1: a month, 2: a year."""
    first, last = days
    return 0 if first == last else 1 if first[:7] == last[:7] else 2


def taken(content: dict[str, Any]) -> str:
    """How it is taken, in a line: the instruction, else amount and frequency."""
    amount = content.get("dose_quantity") or {}
    words = (amount.get("value"), amount.get("unit"), content.get("frequency"), "when required" if content.get("as_needed") is True else "")
    said = content.get("dose")
    return said if isinstance(said, str) and said else " ".join(str(word) for word in words if word)


def span(content: dict[str, Any]) -> tuple[str, str] | None:
    """First and last day. What is active goes on; what ended on no stated day is known to have lasted until it was last issued."""
    start, end = dates.days(content.get("start")), dates.days(content.get("end"))
    if start is None:
        return end
    if end is not None:
        return start[0], max(start[1], end[1])
    view, issued = content.get("view"), dates.days(content.get("last_issued"))
    if view == "dispense":
        return start[0], _later(start[1], _supplied(content.get("supply")))
    if view != "administration" and _status(content) < _ENDED:
        return start[0], OPEN
    return start[0], max(start[1], issued[1]) if issued else start[1]


def _standing(member: Member) -> int:
    if member.content.get("view") in ("dispense", "administration") and member.content.get("status") == "completed":
        return 0
    return _status(member.content)


def is_taken(status: str | None) -> bool:
    """Whether what has this status is still taken, for all that is known: neither over nor on hold nor planned."""
    return _status({"status": status}) <= _UNKNOWN


def is_over(status: str | None) -> bool:
    return _status({"status": status}) == _ENDED


def _status(content: dict[str, Any]) -> int:
    found = _STANDING.get(content.get("status"))
    return _STANDING.get(word(content, "status"), _UNKNOWN) if found is None else found


def _together(found: Derived, members: Sequence[Member], order: Sequence[int], fields: Sequence[str], telling: Sequence[str],
              rule: Rule) -> None:
    """All of `fields` from the first member that values one of the `telling` ones."""
    index = next((index for index in order if any(name in members[index].content for name in telling)), -1)
    for name in fields:
        if any(name in member.content for member in members):
            found.rules[name] = rule.id
        if index >= 0 and name in members[index].content:
            found.content[name], found.decided[name] = members[index].content[name], (index,)


def _product(found: Derived, members: Sequence[Member], order: Sequence[int]) -> None:
    speaking = [index for index in order if "product" in members[index].content]
    dispensed = [index for index in speaking if members[index].content.get("view") == "dispense"]
    coded = [index for index in speaking if any(code.get("system") in (DMD, SNOMED) for code in _codes(members[index]))]
    for rule, chosen in ((DISPENSED, dispensed), (CODED, coded)):
        if chosen:
            found.content["product"], found.decided["product"] = members[chosen[0]].content["product"], (chosen[0],)
            found.rules["product"] = rule.id
            return


def _codes(member: Member) -> Sequence[dict[str, Any]]:
    product = member.content.get("product")
    return product.get("codes") or () if isinstance(product, dict) else ()


def _start(found: Derived, members: Sequence[Member], order: Sequence[int]) -> None:
    """The earliest; of a day and the year or month that it lies in, the day."""
    dated = [(days, place, index) for place, index in enumerate(order) if (days := dates.days(members[index].content.get("start")))]
    if not dated:
        return
    (_, last), _, chosen = min(dated)
    within = [(days, place, index) for days, place, index in dated if days[1] < last]
    chosen = min(within)[2] if within else chosen
    found.content["start"], found.decided["start"], found.rules["start"] = members[chosen].content["start"], (chosen,), EARLIEST.id


class _Voice(NamedTuple):
    """Who speaks: a source patient in one view."""

    rank: int
    subject: str
    view: str


def _voice(member: Member) -> _Voice:
    view = member.content.get("view")
    return _Voice(_VIEWS.index(view) if view in _VIEWS else len(_VIEWS), member.place.subject, view or "")


def _speaking(members: Sequence[Member], order: Sequence[int]) -> Iterator[int]:
    """Of each voice its active records, else its latest; of doses given and of dispensings only the latest. Views in their order."""
    voices: dict[_Voice, list[int]] = {}
    for index in order:
        if _standing(members[index]) < _DRAFT:
            voices.setdefault(_voice(members[index]), []).append(index)
    for voice in sorted(voices):
        said = voices[voice]
        active = [index for index in said if _standing(members[index]) < _ENDED]
        yield from active[:1] if voice.view in ("dispense", "administration") else active or said[:1]


def _discrepancies(members: Sequence[Member], speaking: Sequence[int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What about, and the members on the sides, in the order they speak."""
    current = [index for index in speaking if _standing(members[index]) < _ENDED]
    dosed = [index for index in (current or speaking) if members[index].content.get("view") in _OF_DOSE]
    sides: dict[str, set[int]] = {}
    voices = {index: _voice(members[index]) for index in dosed} if len(dosed) > 1 else {}
    if len(set(voices.values())) > 1:
        regimens = {index: dosing.regimen(members[index].content) for index in dosed}
        strengths: dict[_Voice, set[dosing.Strength | None]] = {}
        for index in dosed:
            strengths.setdefault(voices[index], set()).add(regimens[index].strength)
        required = {(voices[index], dosing.is_required(regimens[index])) for index in dosed}
        both = {voice for voice, is_required in required if is_required and (voice, False) in required}
        for one, other in combinations(dosed, 2):
            if voices[one] != voices[other] and not _apart(regimens[one], regimens[other], bool(both & {voices[one], voices[other]})):
                for about in dosing.differ(regimens[one], regimens[other]):
                    if about != "strength" or not (_holds(strengths[voices[one]], regimens[other].strength)
                                                   or _holds(strengths[voices[other]], regimens[one].strength)):
                        sides.setdefault(about, set()).update((one, other))
    held = [index for index in speaking if members[index].content.get("view") in _OF_STATUS]
    for one, other in combinations(held, 2):
        if apart := _status_apart(members[one].content, members[other].content):
            sides.setdefault(apart, set()).update((one, other))
    for about in ("dose", "strength", "frequency", "stopped", "on-hold"):
        if about in sides:
            yield about, tuple(index for index in speaking if index in sides[about])


def _apart(one: dosing.Regimen, other: dosing.Regimen, both: bool) -> bool:
    """Whether two are a regular course and one when required, which are not to be compared. `both`: a side has one of each."""
    return dosing.two_courses(one, other) or (both and dosing.is_required(one) != dosing.is_required(other))


def _holds(strengths: Iterable[dosing.Strength | None], strength: dosing.Strength | None) -> bool:
    """Whether one who speaks lists this strength too: warfarin of 1 mg, 3 mg and 5 mg here and there is one list, in six pairs."""
    return any(dosing.apart(each, strength) is False for each in strengths)


def _status_apart(one: dict[str, Any], other: dict[str, Any]) -> str | None:
    """A chart that ran its course says so of itself: against an active list it speaks only where that is of a single issue too."""
    statuses = {_told(one), _told(other)}
    if statuses in ({"active", "stopped"}, {"active", "cancelled"}):
        return "stopped"
    if statuses == {"active", "completed"}:
        active = one if _told(one) == "active" else other
        return "stopped" if active.get("course") == "acute" else None
    return "on-hold" if statuses == {"active", "on-hold"} else None


def _told(content: dict[str, Any]) -> str | None:
    """The status in the words of rules: one that no rule knows may be active."""
    said = word(content, "status")
    return said if said in _STANDING else "active"


def _shown(member: Member) -> dict[str, Any]:
    """One view, short enough to stand beside the others."""
    content = member.content
    said = {name: content.get(name) for name in ("view", "status", "course", "start", "end")}
    said |= {"source": member.winners[0].assertion.source, "product": named(content.get("product"), ""), "taken": taken(content)}
    return {name: value for name, value in said.items() if value}


def _side(member: Member, about: str) -> dict[str, Any]:
    content = member.content
    if about == "frequency":
        says = taken(content)
    elif about in ("dose", "strength"):
        says = " ".join(word for word in (named(content.get("product"), ""), taken(content)) if word)
    else:
        says = " ".join(str(word) for word in (content.get("status"), content.get("end")) if word)
    side = {"source": member.winners[0].assertion.source, "view": content.get("view"), "says": says}
    return {name: value for name, value in side.items() if value}


def _supplied(supply: Any) -> int:
    if isinstance(supply, dict) and str(supply.get("value")).isdigit():
        return int(supply["value"]) * _DAYS.get(str(supply.get("unit") or "day").strip().casefold(), _SUPPLIED)
    return _SUPPLIED


@lru_cache(maxsize=1 << 14)
def _later(day: str, days: int) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return day
