"""One entry as it is shown: title, tags, details, who said it and when, what lost and why. Pure; any kind, by its content's fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from mainstem import kinds
from mainstem.web import words
from mainstem.web.record import Item, Said

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
_PLAIN = {"status", "clinical_status", "verification"}
"""Tags that read by themselves; the others name their field: "Criticality: high"."""
_HOT = {"active", "high", "critical", "severe", "urgent", "major", "hh", "ll", "abnormal", "corrected"}
_PAST = {"resolved", "inactive", "stopped", "completed", "cancelled", "refuted", "entered-in-error", "not-done", "ended"}
_WHEN = ("taken", "given", "performed", "start", "onset", "recorded", "created", "referred", "last_issued", "reported", "requested")
"""Fields that date an entry, the telling one first."""
_LABELS = {
    "sensitive": "Sensitive",
    "nopat": "Not to be shown to the patient",
    "pds-restricted": "Restricted: where they are is withheld",
}
_VERIFICATION = {
    "01": "number present and verified",
    "02": "number present, not traced",
    "03": "trace required",
    "04": "trace attempted, no match or several",
    "05": "trace to be resolved: conflict",
    "06": "trace in progress",
    "07": "number not required",
    "08": "trace postponed (baby under six weeks)",
}


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

    @property
    def said(self) -> tuple[Said, ...]:
        return self.item.provenance


def show(item: Item) -> Shown:
    kind = kinds.BY_NAME.get(item.kind)
    title = _readable(kind.title(item.content)) if kind else item.kind.capitalize()
    if item.kind == "patient":
        title = next((words.person_name(name) for name in item.content.get("names") or ()), "Name not stated")
    state = {str(item.content.get(field)).lower() for field in ("status", "clinical_status") if item.content.get(field)}
    when = _when(item)
    told = {title, when[1]}
    details = tuple(one for one in _details(item) if len(one.lines) != 1 or _readable(one.lines[0]) not in told)
    return Shown(
        item,
        item.fact,
        title,
        when[0],
        tuple(_tags(item)),
        details,
        tuple(dict.fromkeys(words.codes(item.content))),
        tuple(_differs(item)),
        bool(state & _PAST),
    )


def order(item: Shown) -> tuple[bool, bool, str]:
    """Sort descending: conflicts first, then what is not past, then the latest."""
    return item.item.conflict, not item.past, _sortable(item.item)


def _details(item: Item) -> Iterator[Detail]:
    for field in _fields(item):
        thing = item.content[field]
        if thing in ([], {}) or _is_tag(item, field):
            continue
        lines = tuple(words.value(thing, field))
        if field == "verification" and item.kind == "patient":
            lines = tuple(f"{line}: {_VERIFICATION[line]}" if line in _VERIFICATION else line for line in lines)
        yield Detail(words.label(field), lines, item.rules.get(field, ""))


def _fields(item: Item) -> list[str]:
    """In the order the kind declares them; unknown ones after."""
    kind = kinds.BY_NAME.get(item.kind)
    declared = [field.encode_name for field in msgspec.structs.fields(kind.Content)] if kind else []
    return [*(field for field in declared if field in item.content), *sorted(item.content.keys() - set(declared))]


def _tags(item: Item) -> Iterator[Tag]:
    if item.conflict:
        yield Tag("Sources disagree", "orange")
    for text in dict.fromkeys(_LABELS.get(label, label) for label in item.labels):
        yield Tag(text, "purple")
    if item.kind == "patient":
        return
    for field in _TAGGED:
        if _is_tag(item, field):
            low = item.content[field].lower()
            text = _readable(item.content[field]) if field in _PLAIN else f"{words.label(field)}: {item.content[field]}"
            yield Tag(text, "red" if low in _HOT and field != "status" else "grey" if low in _PAST else "blue")


def _is_tag(item: Item, field: str) -> bool:
    text = item.content.get(field)
    return field in _TAGGED and item.kind != "patient" and isinstance(text, str) and bool(text)


def _differs(item: Item) -> Iterator[Differs]:
    for said in item.provenance:
        for field, lost in sorted(said.lost.items()):
            shown = tuple(words.value(item.content[field], field)) if field in item.content else ("Not stated",)
            yield Differs(words.label(field), said.source, tuple(words.value(lost, field)), shown, item.rules.get(field, ""))


def _when(item: Item) -> tuple[str, str]:
    """The line under the title, and the date in it."""
    for field in _WHEN:
        text = item.content.get(field)
        if isinstance(text, str) and text:
            return f"{_WHEN_WORDS.get(field, words.label(field))} {words.date(text)}", words.date(text)
    return ("", "") if item.kind == "patient" else ("No date given", "")


_WHEN_WORDS = {"start": "From", "onset": "Since", "last_issued": "Last issued"}


def _sortable(item: Item) -> str:
    dates: list[Any] = [item.content.get(field) for field in _WHEN]
    return next((text for text in dates if isinstance(text, str) and text), "")


def _readable(text: str) -> str:
    return text[:1].upper() + text[1:]
