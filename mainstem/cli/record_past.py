"""The record as it was known at a moment, and what changed between two, in the terminal and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from rich.console import Console

from mainstem.cli.printed import filled, plain
from mainstem.cli.record_shown import explain_data, show_banner, show_section
from mainstem.history import Past, iso
from mainstem.web import words
from mainstem.web.changes import Changed, Field, changes
from mainstem.web.past import as_data, doubts, inexact, past_page
from mainstem.web.record import Item, Record
from mainstem.web.shown import show as shown_of


class Then(NamedTuple):
    """A past record and how it is shown."""

    past: Past
    record: Record


def show(then: Then, console: Console, *, explain: bool) -> None:
    page = past_page(*then)
    console.print(plain(f"As known at {page.moment}, not now", "bold reverse"))
    show_banner(page.banner, console)
    if page.inexact:
        console.print(plain(page.inexact, "bold yellow"))
    for reason in page.reasons:
        console.print(plain(f"- {reason}", "yellow"))
    heard = ((one.source, one.patient, one.when) for one in page.heard)
    console.print(filled("Sources", ("source", "patient", "last heard by then"), heard))
    for section in page.sections:
        show_section(section, console, explain=explain)
    console.print(plain(f"\nAs known at {page.at}, the last of it known {page.known or 'never'}, with terminology {page.used}"
                        f"{f' in place of {page.release}' if page.inexact else ''}, digest {page.record.digest}"))


def data(then: Then, *, explain: bool) -> dict[str, Any]:
    found = as_data(past_page(*then))
    if explain:
        explain_data(found["entries"], then.record.entries)
    return found


def show_changes(before: Then, after: Then, console: Console) -> None:
    found = changes(before.record, after.record)
    console.print(plain(f"Changed between {words.moment(before.past.at)} and {words.moment(after.past.at)}", "bold"))
    for what, subjects in (("joined the record", found.joined), ("left the record", found.left)):
        for subject in subjects:
            console.print(plain(f"{subject.replace('|', ' patient ')} {what}", "bold yellow"))
    for what, items in (("new", found.new), ("gone", found.gone)):
        if items:
            rows = ((item.kind, shown_of(item).title, shown_of(item).when, ", ".join(item.sources)) for item in items)
            console.print(filled(what, ("kind", "what", "when", "said by"), rows))
    if found.changed:
        told = (row for one in found.changed for row in _rows(one))
        console.print(filled("changed", ("kind", "what", "field", "before", "after"), told))
    if found.nothing:
        console.print(plain("Nothing changed."))
    for then in (before, after):
        if why := inexact(then.past):
            console.print(plain(f"As known at {iso(then.past.at)}: {why}", "bold yellow"))
        for doubt in doubts(then.past):
            console.print(plain(f"As known at {iso(then.past.at)}: {doubt}", "yellow"))
    for then in (before, after):
        console.print(plain(f"As known at {iso(then.past.at)}: digest {then.record.digest}, terminology {then.past.terms.release}"))


def changes_data(before: Then, after: Then) -> dict[str, Any]:
    found = changes(before.record, after.record)
    return {
        "from": _moment(before), "to": _moment(after), "new": [_entry(item) for item in found.new],
        "gone": [_entry(item) for item in found.gone],
        "changed": [{**_named(one.after), "fields": [_field(field) for field in one.fields],
                     **{name: {"before": getattr(one.before, name), "after": getattr(one.after, name)}
                        for name in ("sources", "labels", "conflict") if getattr(one.before, name) != getattr(one.after, name)}}
                    for one in found.changed],
        "source_patients": {"joined": found.joined, "left": found.left},
    }


def _rows(one: Changed) -> Iterator[tuple[str, ...]]:
    what = (one.after.kind, shown_of(one.after).title)
    for field in one.fields:
        yield *what, words.label(field.name), _value(field.before, field.name), _value(field.after, field.name)
    if one.before.sources != one.after.sources:
        yield *what, "Said by", ", ".join(one.before.sources), ", ".join(one.after.sources)
    if one.before.conflict != one.after.conflict:
        yield *what, "Sources", *("disagree" if item.conflict else "do not disagree" for item in (one.before, one.after))
    if one.before.labels != one.after.labels:
        yield *what, "Labels", ", ".join(one.before.labels), ", ".join(one.after.labels)


def _value(value: Any, field: str) -> str:
    return "" if value is None else "\n".join(words.value(value, field))


def _moment(then: Then) -> dict[str, Any]:
    return {"as_known_at": iso(then.past.at), "person": then.record.person, "digest": then.record.digest, "known": then.past.known,
            "terminology": then.past.release, "worked_out_with": then.past.terms.release, "inexact": inexact(then.past) or None,
            "gaps": doubts(then.past)}


def _field(field: Field) -> dict[str, Any]:
    return {"field": field.name, "before": field.before, "after": field.after}


def _named(item: Item) -> dict[str, Any]:
    return {"fact": item.fact, "kind": item.kind, "title": shown_of(item).title}


def _entry(item: Item) -> dict[str, Any]:
    return {**_named(item), "sources": item.sources, "content": msgspec.to_builtins(item.content)}
