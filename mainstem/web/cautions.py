"""Cautions of a heading: rules about several entries together that a reader must not miss. Each has an id, a reason and a source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mainstem import kinds
from mainstem.admissions import Admission, Omission, admissions
from mainstem.kinds.agents import is_degraded, none_known
from mainstem.kinds.allergy import BESIDE_ACTIVE, TRANSFER_DEGRADED, categories, stands
from mainstem.kinds.facts import Rule, Terms
from mainstem.relations import ACROSS, NEAR, TAKEN, UNLISTED, WARNED, Relation, unlisted
from mainstem.terminology import builtin
from mainstem.unchecked import NOT_CHECKED, unchecked
from mainstem.web import beside, words
from mainstem.web.record import Item
from mainstem.web.related import titles_of

_SCOPES = {"716186003": ("allergies", None), "409137002": ("drug allergies", None), "429625007": ("food allergies", "food"),
           "428607008": ("environmental allergies", "environment")}
"""SNOMED CT: what is said not to be known, and the FHIR R4 category that alone contradicts it; None: whatever allergy is recorded."""
_DESPITE = (
    (TAKEN, "A medicine is taken that is, or holds, or is of the class of, what an allergy in this record is to. Both may be right: check "
            "before it is prescribed or given again."),
    (ACROSS, "A medicine is taken that is of the same class as what an allergy in this record is to: who reacts to one may react to "
             "another. Both may be right: check before it is prescribed or given again."),
    (NEAR, "A medicine is taken that is related to what an allergy in this record is to: both are beta-lactams. About 0.5 to 6.5 in 100 of "
           "those allergic to a penicillin react to a cephalosporin too, and whoever reacted to a beta-lactam at once (anaphylaxis, hives) "
           "should not have another. Else both may be right: check what the reaction was before it is prescribed or given again."),
    (WARNED, "A medicine is taken that a problem or an alert in this record says an allergy or reaction to, or one of its class or related "
             "to it, and the allergies do not say so. Both may be right: check before it is prescribed or given again."))
_NAMED = " (found by its name, not by a code)"


class About(NamedTuple):
    """An entry that a caution names."""

    fact: str
    text: str


@dataclass(frozen=True, slots=True)
class Caution:
    rule: Rule
    text: str
    about: tuple[About, ...] = ()
    quiet: bool = False
    """Shown without colour: it says what was not looked at, and may be there for years."""


def of(heading: Sequence[str], record: Sequence[Item], terms: Terms, found: Sequence[Relation] = (), on: str = "") -> list[Caution]:
    """`heading`: the kinds that stand under it; `record`: all current entries of the person; `terms`: the terminology in force then;
    `found`: the relations of the record's entries; `on`: the day. The quiet ones last."""
    items = [item for item in record if item.kind in heading]
    return [*_none_known_beside_active(items, terms), *_told_elsewhere(heading, record, terms), *_transfer_degraded(items),
            *_on_admission(items, record, terms), *_taken_despite(items, record, found),
            *_not_checked(heading, record, terms, on)]


def says_none_known(item: Item) -> bool:
    """By the release that Mainstem ships with: a matter of order and colour alone."""
    return item.kind == "allergy" and none_known(item.content, builtin()) is not None


def _none_known_beside_active(items: Sequence[Item], terms: Terms) -> Iterator[Caution]:
    """Safety of absence (design.md, promise 4): an active allergy is never hidden by "no known allergies"."""
    allergies = [item for item in items if item.kind == "allergy"]
    named = [item for item in allergies if none_known(item.content, terms) is None and stands(item.content)]
    denied: dict[str, set[str]] = {}
    for item in allergies:
        if (code := none_known(item.content, terms)) is not None:
            denied.setdefault(code, set()).update(item.sources)
    for code, sources in sorted(denied.items()):
        what, category = _SCOPES.get(code, ("allergies of some kind", None))
        if any(category is None or _may_be(item, category) for item in named):
            yield Caution(BESIDE_ACTIVE, f"{', '.join(sorted(sources))} says no {what} are known, but allergies are recorded. Rely on the "
                                         "allergies listed here.")


def _may_be(item: Item, category: str) -> bool:
    """Also where it does not say which it is."""
    said = categories(item.content)
    return not said or any(category in one for one in said)


def _told_elsewhere(heading: Sequence[str], record: Sequence[Item], terms: Terms) -> Iterator[Caution]:
    """Under the allergies, also where there is none."""
    found = unlisted(record, terms) if "allergy" in heading else ()
    if found:
        titles = {item.fact: kinds.BY_NAME[item.kind].title(item.content) for item in record if item.fact in found}
        yield Caution(UNLISTED, "A problem or an alert in this record tells of an allergy or reaction that is not among the active "
                                "allergies here. Do not rely on these allergies alone.", tuple(About(fact, titles[fact]) for fact in found))


def _transfer_degraded(items: Sequence[Item]) -> Iterator[Caution]:
    """GP2GP transfer-degraded allergies: prescribing has to stop until a person has read the original text."""
    if any(is_degraded(item.content) for item in items if item.kind == "allergy"):
        yield Caution(
            TRANSFER_DEGRADED,
            "An allergy lost its meaning when the record moved between GP systems. Do not prescribe "
            "until you have read its original text and recorded the allergy again.",
        )


def _on_admission(items: Sequence[Item], record: Sequence[Item], terms: Terms) -> Iterator[Caution]:
    """Of each open inpatient stay, what the lists hold active and its chart does not have."""
    medicines = {item.fact: item for item in items if item.kind == "medicine"}
    if not medicines:
        return
    for stay in admissions(record, terms):
        where = f"In hospital at {stay.source} since {words.date(stay.since)}"
        if not stay.charted:
            yield Caution(stay.rule, f"{where}. No medicine charted there since has reached this record, so that the chart cannot be "
                                     "compared with the lists. That is due within 24 hours of admission.")
            continue
        certain = [one for one in stay.omitted if one.certain]
        if certain:
            yield Caution(stay.rule, f"{where}. The chart there does not have these medicines, which are active elsewhere. Stopping one "
                                     "may be right: check that each was meant.", tuple(_omitted(one, medicines) for one in certain))
        unsure = [one for one in stay.omitted if not one.certain]
        if unsure:
            yield Caution(stay.rule, f"{where}. These medicines are active elsewhere, and Mainstem cannot tell whether the chart there has "
                                     f"them under another name or route, or in another system{_unmatched(stay)}.",
                          tuple(_omitted(one, medicines) for one in unsure))


def _taken_despite(items: Sequence[Item], record: Sequence[Item], found: Sequence[Relation]) -> Iterator[Caution]:
    """Under the medicines, and under the allergies, problems and alerts: both sides of each, neither of them changed."""
    here = {item.fact for item in items}
    for rule, text in _DESPITE:
        pairs = [one for one in found if one.rule == rule]
        titles = titles_of(pairs, record)
        about = []
        for one in pairs:
            taken, to = titles[one.fact] + _NAMED * one.fact_by_name, titles[one.other] + _NAMED * one.other_by_name
            what = "warning" if rule == WARNED else "allergy"
            about += [About(fact, said) for fact, said in ((one.fact, f"{taken}; {what}: {to}"), (one.other, f"{to}; taken: {taken}"))
                      if fact in here]
        if about:
            yield Caution(rule, text, tuple(about))


def _not_checked(heading: Sequence[str], record: Sequence[Item], terms: Terms, on: str) -> Iterator[Caution]:
    """Under the allergies and under the medicines, the entries of both: whoever reads one of the two must not take silence for a check."""
    found = unchecked(record, terms, on) if {"allergy", "medicine"} & set(heading) else ()
    if found:
        about = [About(item.fact, f"{kinds.BY_NAME[item.kind].title(item.content)} ({item.kind})") for item in record if item.fact in found]
        text = ("Whether a medicine is taken despite an allergy could not be checked for these: the terminology in force "
                f"({terms.release}) knows no code or name that tells what they are. Check these by hand. Silence about the others is no "
                "clearance to prescribe.")
        yield Caution(NOT_CHECKED, text, tuple(sorted(about, key=lambda one: one.text)), quiet=True)


def _omitted(omission: Omission, medicines: dict[str, Item]) -> About:
    title = kinds.BY_NAME["medicine"].title(medicines[omission.fact].content)
    return About(omission.fact, f"{title}: {'; '.join(f'{source}, {beside.VIEWS.get(view, view)}' for source, view in omission.held)}")


def _unmatched(stay: Admission) -> str:
    if not stay.unmatched:
        return ""
    return f" ({stay.unmatched} medicine{' there has' if stay.unmatched == 1 else 's there have'} no code or name that it knows)"
