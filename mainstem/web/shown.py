"""One entry as it is shown: title, tags, details, who said it and when, what lost and why. Pure; any kind, by its content's fields."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

import msgspec

from mainstem import kinds
from mainstem.kinds import flag
from mainstem.kinds.facts import OF_FACT, RULE_FAULT
from mainstem.kinds.statuses import word
from mainstem.labels import OF_A_NUMBER, OF_THE_PERSON
from mainstem.web import beside, words
from mainstem.web.cautions import says_none_known
from mainstem.web.record import Item
from mainstem.web.withheld import MAY_BE
from sinks.cache.record import Said

_TAGGED = (
    "status",
    "clinical_status",
    "verification",
    "criticality",
    "severity",
    "significance",
    "interpretation",
    "view",
    "course",
    "priority",
)
"""Fields shown as a tag beside the title instead of among the details."""
_PLAIN = {"status", "clinical_status", "verification", "view"}
"""Tags that read by themselves; the others name their field: "Criticality: high"."""
_HOT = {"active", "high", "critical", "severe", "urgent", "major", "hh", "ll", "abnormal", "corrected"}
_PAST = {"resolved", "inactive", "stopped", "completed", "cancelled", "refuted", "entered-in-error", "not-done", "ended",
         "revoked", "superseded", "withdrawn", "noshow"}
_WHEN = ("taken", "given", "performed", "start", "onset", "recorded", "created", "referred", "last_issued", "reported", "requested")
"""Fields that date an entry, the telling one first."""
_LINKS = {"related"}
"""Ids of other records: nothing to read."""
_LABELS = {
    "sensitive": "Sensitive",
    "nopat": "Not to be shown to the patient",
    "pds-restricted": "Restricted: where they are is withheld",
    "opt-out": "Opted out of uses beyond their care",
    MAY_BE: "May be restricted today: where they were is withheld",
}
_ALONE = {
    "allergy": "Mainstem does not know this agent by its code or words. It may be the same as another allergy here, and is never merged.",
    "medicine": "Mainstem does not know this product by its code or words. It may be the same as another medicine here, and doses are not "
                "compared.",
    "": "Mainstem cannot tell from what is recorded whether this is the same as another entry here. It is never merged.",
}
_FAULT = "Mainstem failed to read what is recorded here, and shows it as it stands. Look at what each source says."
_NEVER = object()
"""In place of a field that the entry does not have."""


@dataclass(frozen=True, slots=True)
class Tag:
    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One field: its lines, and the rule that decided it where several sources spoke."""

    label: str
    lines: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Differs:
    """A value that a source gave and the entry does not show."""

    label: str
    source: str
    lines: tuple[str, ...]
    shown: tuple[str, ...]
    shown_by: str
    """Who says what is shown; empty where nobody does."""
    rule: str


@dataclass(frozen=True, slots=True)
class Shown:
    item: Item
    anchor: str
    title: str
    when: str
    tags: tuple[Tag, ...]
    details: tuple[Detail, ...]
    codes: tuple[tuple[str, str, str], ...]
    differs: tuple[Differs, ...]
    past: bool
    views: tuple[beside.View, ...] = ()
    discrepancies: tuple[beside.Discrepancy, ...] = ()
    repeat: beside.Repeat | None = None
    alone: str = ""
    """Why it cannot be told whether it is what another entry is; empty where it can."""

    @property
    def said(self) -> tuple[Said[Any], ...]:
        return self.item.provenance


def show(item: Item) -> Shown:
    kind = kinds.BY_NAME.get(item.kind)
    title = _readable(kind.title(item.content)) if kind else item.kind.capitalize()
    if item.kind == "patient":
        title = next((words.person_name(name) for name in item.content.get("names") or ()), "Name not stated")
    dated = _dated(item)
    return Shown(
        item,
        item.fact,
        title,
        _when(item, dated),
        tuple(_tags(item)),
        tuple(_details(item, title, dated)),
        tuple(dict.fromkeys(words.codes(item.content))),
        tuple(_differs(item)),
        _past(item),
        beside.views(item.content),
        beside.discrepancies(item.content),
        beside.repeat(item.content),
        _alone(item),
    )


def _alone(item: Item) -> str:
    rule = item.rules.get(OF_FACT)
    return "" if rule is None else _FAULT if rule == RULE_FAULT.id else _ALONE.get(item.kind, _ALONE[""])


def order(item: Item) -> tuple[bool, bool, bool, str]:
    """Sort descending: conflicts first, then what is not past, what is there before what is said not to be, then the latest."""
    dated = _dated(item)
    return item.conflict, not _past(item), not says_none_known(item), item.content[dated] if dated else ""


def _past(item: Item) -> bool:
    if item.kind == "flag":
        return not flag.stands(item.content)
    return any(word(item.content, field) in _PAST for field in ("status", "clinical_status"))


def _details(item: Item, title: str, dated: str | None) -> Iterator[Detail]:
    """All that is not said already: by a tag, by the date under the title, by the title."""
    for field in fields(item):
        thing = item.content[field]
        if thing in ([], {}) or field == dated or field in _LINKS or field in beside.FIELDS or _is_tag(item, field):
            continue
        lines = tuple(dict.fromkeys(words.value(thing, field)))
        if (words.coded(thing) or field in {"title", "names"}) and [_readable(line) for line in lines] == [title]:
            continue
        if field == "verification" and item.kind == "patient":
            lines = tuple(map(words.verification, lines))
        yield Detail(words.label(field), lines, item.rules.get(field, ""))


def fields(item: Item) -> list[str]:
    """In the order the kind declares them; unknown ones after."""
    return _in_order(item, item.content.keys())


def _in_order(item: Item, names: Set[str]) -> list[str]:
    kind = kinds.BY_NAME.get(item.kind)
    declared = [field.encode_name for field in msgspec.structs.fields(kind.Content)] if kind else []
    return [*(field for field in declared if field in names), *sorted(names - set(declared))]


def _tags(item: Item) -> Iterator[Tag]:
    if item.conflict:
        yield Tag("Sources disagree", "orange")
    if item.content.get("repeat_of"):
        yield Tag("Repeated early", "yellow")
    if OF_FACT in item.rules:
        yield Tag("Cannot be matched", "yellow")
    for label in item.labels:
        if label not in OF_THE_PERSON | OF_A_NUMBER or item.kind == "patient":
            yield Tag(_LABELS.get(label, label), "purple")
    if item.kind == "patient":
        return
    for field in _TAGGED:
        if _is_tag(item, field):
            yield _tag(item, field)


def _tag(item: Item, field: str) -> Tag:
    value = item.content[field]
    low = value.lower()
    text = beside.VIEWS.get(low, value) if field == "view" else value
    hot = low in _HOT and field != "status" and not says_none_known(item)
    return Tag(
        _readable(text) if field in _PLAIN else f"{words.label(field)}: {text}", "red" if hot else "grey" if low in _PAST else "blue"
    )


def _is_tag(item: Item, field: str) -> bool:
    text = item.content.get(field)
    return field in _TAGGED and item.kind != "patient" and isinstance(text, str) and bool(text)


def _differs(item: Item) -> Iterator[Differs]:
    """Field by field as the kind declares them."""
    for field in _in_order(item, {field for said in item.provenance for field in said.lost}):
        by = ", ".join(dict.fromkeys(one.source for one in item.provenance if field in one.fields))
        for said in item.provenance:
            if field in said.lost and (told := _apart(said.lost[field], item.content.get(field, _NEVER), field)):
                yield Differs(words.label(field), said.source, *told, by, item.rules.get(field, ""))


def _apart(lost: Any, shown: Any, field: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """How two values read; with their codes where they would read alike, and None where they still do."""
    here = ("Not stated",) if shown is _NEVER else tuple(words.value(shown, field))
    there = tuple(words.value(lost, field))
    if here != there:
        return there, here
    coded = [tuple(f"{system} {code}" for system, code, _ in words.codes(one)) or ("no code",) for one in (lost, shown)]
    return None if coded[0] == coded[1] else ((*there, *coded[0]), (*here, *coded[1]))


def _dated(item: Item) -> str | None:
    """The field that dates the entry."""
    return next((field for field in _WHEN if isinstance(item.content.get(field), str) and item.content[field]), None)


def _when(item: Item, dated: str | None) -> str:
    if dated is None:
        return "" if item.kind == "patient" else "No date given"
    return f"{_WHEN_WORDS.get(dated, words.label(dated))} {words.date(item.content[dated])}"


_WHEN_WORDS = {"start": "From", "onset": "Since", "last_issued": "Last issued"}


def _readable(text: str) -> str:
    return text[:1].upper() + text[1:]
