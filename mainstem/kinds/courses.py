"""A course of a medicine from the views that several records give of it: what is shown, what each says, and where they disagree.

Within one source patient and view the active records speak; where none is, the one recorded last. The others are its history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from mainstem.kinds import dates, dosing
from mainstem.kinds.base import DMD, SNOMED
from mainstem.kinds.discrepancies import discrepancies, side
from mainstem.kinds.facts import Derived, Member, Rule, by_recency, first_of, first_to_value
from mainstem.kinds.taking import ENDED, OF_STATUS, UNKNOWN, by_status, standing, taken
from mainstem.kinds.titles import named
from mainstem.kinds.voices import speaking, voice

ACTIVE_FIRST = Rule(
    "medicine.active-first", "what is still taken somewhere is shown before what has ended elsewhere; in either, what was recorded last",
    "docs/reconcile.md, Medicines")
DISPENSED = Rule("medicine.dispensed-product", "the product that was dispensed counts before the one that was asked for",
                 "design.md, Reconciliation, per kind")
CODED = Rule("medicine.coded-product", "a product with a dm+d code is shown before one in words or with a local code",
             "docs/reconcile.md, Medicines")
TOGETHER = Rule(
    "medicine.regimen-together", "dose, frequency and `when required` are of one record: a mixture of two was prescribed by nobody; where "
    "the dose is counted (tablets), so is the product, unless both are known to be of one strength", "docs/reconcile.md, Medicines")
SEVERAL = Rule(
    "medicine.several-taken", "where the list, chart or home that counts first holds several of the medicine at once (two strengths, two "
    "times of the day), all are shown and none of them alone as its dose", "docs/reconcile.md, Medicines")
ENDING = Rule(
    "medicine.ending-together", "status, end and its reason are of one record; where what counts first holds it without a status or an "
    "end, none is shown, nor is another's", "docs/reconcile.md, Medicines")
EARLIEST = Rule("medicine.earliest-start", "a course began when its earliest view says", "docs/reconcile.md, Medicines")
VIEWS = Rule("medicine.views", "list, chart, dispensing and home are views of one course, shown side by side",
             "design.md, Reconciliation, per kind")
DISCREPANCIES = Rule(
    "medicine.discrepancies", "views that say another dose or strength, another frequency or release, or that it has stopped while "
    "another holds it active are named, with both sides; no rule settles which is right",
    "NICE QS120; design.md, Reconciliation, per kind")
RULES: tuple[Rule, ...] = (ACTIVE_FIRST, DISPENSED, CODED, TOGETHER, SEVERAL, ENDING, EARLIEST, VIEWS, DISCREPANCIES)

_DOSE = ("dose", "dose_quantity", "frequency")
_REGIMEN = (*_DOSE, "as_needed")
_END = ("status", "end")
_ENDING = (*_END, "stop_reason")


def united(members: Sequence[Member]) -> Derived:
    """The fact of several members."""
    order = sorted(by_recency(members), key=lambda index: standing(members[index]))
    found = Derived({}, {}, {"*": ACTIVE_FIRST.id})
    for index in order:
        for name, value in members[index].content.items():
            if name not in found.content and name != "view" and name not in _REGIMEN and name not in _ENDING:
                found.content[name], found.decided[name] = value, (index,)
    dosed = _together(found, members, order, _REGIMEN, _DOSE, TOGETHER)
    _together(found, members, _ending(members, order), _ENDING, _END, ENDING)
    _product(found, members, order)
    _start(found, members, order)
    voiced = list(speaking(members, order))
    if not _several(found, members, order, voiced) and dosed is not None:
        _counted(found, members, order[0], dosed)
    found.content["views"] = [_shown(members[index]) for index in voiced]
    found.decided["views"], found.rules["views"] = tuple(sorted(voiced or order)), VIEWS.id
    if any("view" in member.content for member in members):
        found.rules["view"] = VIEWS.id
    differing = list(discrepancies(members, voiced))
    if not differing:
        return found
    found.content["discrepancies"] = [
        {"about": about, "sides": [side(members[index], about) for index in sides]} for about, sides in differing]
    found.decided["discrepancies"] = tuple(sorted({index for _, sides in differing for index in sides}))
    found.rules["discrepancies"] = DISCREPANCIES.id
    return replace(found, conflict=any(standing(members[index]) < ENDED for _, sides in differing for index in sides))


def matters(members: Sequence[Member]) -> set[int]:
    """Indexes of the members that `united` cannot do without: all that speak, the first to tell each field or each precision of the start,
    and the first whose status may be the course's, planned or not. All active records of a list or chart speak."""
    order = sorted(by_recency(members), key=lambda index: standing(members[index]))
    said = [member.content for member in members]
    stating = [index for index in order if said[index].get("view") in OF_STATUS]
    dated = [(days, place, index) for place, index in enumerate(order) if (days := dates.days(said[index].get("start")))]
    starts = [[each for each in dated if _width(each[0]) == width] for width in range(3)]
    return (first_to_value(members, order) | first_of(order, lambda index: _product_told(members[index])) | set(stating[:1])
            | {min(each)[2] for each in starts if each} | set(speaking(members, order)))


def _product_told(member: Member) -> tuple[bool, bool] | None:
    if "product" not in member.content:
        return None
    return member.content.get("view") == "dispense", any(code.get("system") in (DMD, SNOMED) for code in _codes(member))


def _width(days: tuple[str, str]) -> int:
    """0: a day, 1: a month, 2: a year."""
    first, last = days
    return 0 if first == last else 1 if first[:7] == last[:7] else 2


def is_taken(status: str | None) -> bool:
    """Whether what has this status is still taken, for all that is known: neither over nor on hold nor planned."""
    return by_status({"status": status}) <= UNKNOWN


def is_over(status: str | None) -> bool:
    """Whether it ended: stopped, completed, cancelled, not taken, or entered in error."""
    return by_status({"status": status}) == ENDED


def _together(found: Derived, members: Sequence[Member], order: Sequence[int], fields: Sequence[str], telling: Sequence[str],
              rule: Rule) -> int | None:
    """All of `fields` from the first member that values one of the `telling` ones: which one that is."""
    index = next((index for index in order if any(name in members[index].content for name in telling)), None)
    for name in fields:
        if any(name in member.content for member in members):
            found.rules[name] = rule.id
        if index is not None and name in members[index].content:
            found.content[name], found.decided[name] = members[index].content[name], (index,)
    return index


def _ending(members: Sequence[Member], order: Sequence[int]) -> Sequence[int]:
    """Whose status and end may be shown: views that have the course's, else all. Where the first of those holds it active by being there
    at all (a list without a status), only who says that it is active: the ending of another would be shown of what goes on."""
    stating = [index for index in order if members[index].content.get("view") in OF_STATUS]
    if stating and standing(members[stating[0]]) == 0 and not any(name in members[stating[0]].content for name in _END):
        return [index for index in stating if standing(members[index]) == 0 and "status" in members[index].content]
    return stating or order


def _product(found: Derived, members: Sequence[Member], order: Sequence[int]) -> None:
    speaking = [index for index in order if "product" in members[index].content]
    dispensed = [index for index in speaking if members[index].content.get("view") == "dispense"]
    coded = [index for index in speaking if any(code.get("system") in (DMD, SNOMED) for code in _codes(members[index]))]
    for rule, chosen in ((DISPENSED, dispensed), (CODED, coded)):
        if chosen:
            found.content["product"], found.decided["product"] = members[chosen[0]].content["product"], (chosen[0],)
            found.rules["product"] = rule.id
            return


def _several(found: Derived, members: Sequence[Member], order: Sequence[int], voiced: Sequence[int]) -> bool:
    """All that who speaks first holds at once, in place of one dose; whether they are several. Of dispensings and doses given, of which
    only the latest speaks, it cannot be told."""
    first = next((index for index in order if members[index].content.get("view") in OF_STATUS), None)
    if first is None:
        return False
    who, is_held = voice(members[first]), standing(members[first]) > UNKNOWN
    at_once = [index for index in voiced if voice(members[index]) == who and (standing(members[index]) > UNKNOWN) == is_held]
    said = {index: {"product": named(members[index].content.get("product"), ""), "taken": taken(members[index].content)}
            for index in at_once}
    regimens = list({(one["product"], one["taken"]): one for one in said.values()}.values())
    if len(regimens) < 2 or ("dose" in found.rules and not any(one["taken"] for one in regimens)):
        return False
    _leave_out_dose(found)
    found.rules.update({name: SEVERAL.id for name in _REGIMEN if name in found.rules})
    found.content["regimens"], found.decided["regimens"], found.rules["regimens"] = regimens, tuple(sorted(said)), SEVERAL.id
    return True


def _counted(found: Derived, members: Sequence[Member], first: int, dosed: int) -> None:
    """A dose that counts is said of its own record's product: `5 tablets` of 1 mg are not five of what was dispensed, of 5 mg. Where that
    record ended or is on hold and the course goes on, the dose is left out: it is not what is taken."""
    own, shown = members[dosed].content, found.content.get("product")
    if own.get("product") in (None, shown) or dosing.goes_with(own, {"product": shown}):
        return
    if standing(members[dosed]) > UNKNOWN >= standing(members[first]):
        _leave_out_dose(found)
    else:
        found.content["product"], found.decided["product"], found.rules["product"] = own["product"], (dosed,), TOGETHER.id


def _leave_out_dose(found: Derived) -> None:
    for name in _REGIMEN:
        found.content.pop(name, None)
        found.decided.pop(name, None)


def _codes(member: Member) -> Sequence[dict[str, Any]]:
    product = member.content.get("product")
    return product.get("codes") or () if isinstance(product, dict) else ()


def _start(found: Derived, members: Sequence[Member], order: Sequence[int]) -> None:
    """The earliest; of a day and the year or month that it lies in, the day."""
    dated = sorted((days, place, index) for place, index in enumerate(order) if (days := dates.days(members[index].content.get("start"))))
    if not dated:
        return
    span, _, chosen = dated[0]
    for days, _, index in dated:
        if days != span and days[1] <= span[1]:
            span, chosen = days, index
    found.content["start"], found.decided["start"], found.rules["start"] = members[chosen].content["start"], (chosen,), EARLIEST.id


def _shown(member: Member) -> dict[str, Any]:
    """One view, short enough to stand beside the others."""
    content = member.content
    said = {name: content.get(name) for name in ("view", "status", "course", "start", "end")}
    said |= {"source": member.winners[0].assertion.source, "product": named(content.get("product"), ""), "taken": taken(content)}
    return {name: value for name, value in said.items() if value}
