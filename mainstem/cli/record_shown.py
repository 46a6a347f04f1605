"""A record in the terminal: tables by heading, explanations, and what is no more. Pure but for printing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from msgspec.structs import replace
from rich.console import Console

from mainstem import canonical, kinds
from mainstem.cli.printed import filled, plain
from mainstem.history import Ended
from mainstem.web import explained, words
from mainstem.web.page import Banner, Page, Section, as_json
from mainstem.web.record import Item, Record, nothing
from mainstem.web.related import Related
from mainstem.web.shown import Shown
from mainstem.web.shown import show as shown_of


def show(page: Page, console: Console, *, explain: bool) -> None:
    """The record as tables, one a heading."""
    show_banner(page.banner, console)
    if page.gaps.reasons:
        console.print(plain("This record may be incomplete:", "bold yellow"))
    for reason in page.gaps.reasons:
        console.print(plain(f"- {reason}", "yellow"))
    lines = ((line.source, line.patient, f"{line.heard} ({line.ago})") for line in page.gaps.lines)
    console.print(filled("Sources", ("source", "patient", "last heard"), lines))
    for section in page.sections:
        show_section(section, console, explain=explain)
    console.print(plain(f"\nKnown {page.known}, digest {page.record.digest}"))


def data(page: Page, gone: Sequence[Ended], *, explain: bool, withdrawn: bool) -> dict[str, Any]:
    """The record for programs; `explained` in each entry and `withdrawn` where they were asked for."""
    found: dict[str, Any] = orjson.loads(as_json(page))
    if explain:
        explain_data(found["entries"], page.record.entries)
    if withdrawn:
        found["withdrawn"] = [_ended_data(one) for one in gone]
    return found


def explain_data(entries: list[dict[str, Any]], items: Sequence[Item]) -> None:
    by_fact = {item.fact: item for item in items}
    for entry in entries:
        entry["explained"] = explained.as_data(by_fact[entry["fact"]])


def show_banner(banner: Banner, console: Console) -> None:
    console.print(plain(banner.name, "bold"))
    for name, values in (("born", banner.births), ("gender", banner.genders), ("NHS number", banner.numbers), ("died", banner.died)):
        if values:
            console.print(plain(f"{name} {' or '.join(values)}"))
    for what in banner.differ:
        console.print(plain(f"Sources disagree about {what}: check who you have.", "bold yellow"))


def show_section(section: Section, console: Console, *, explain: bool) -> None:
    console.print(plain(f"\n{section.heading.title}", "bold"))
    for caution in section.cautions:
        said, style = (f"Not checked: {caution.text}", "") if caution.quiet else (f"Caution: {caution.text}", "yellow")
        console.print(plain(said, f"bold {style}" if style else ""))
        for one in caution.about:
            console.print(plain(f"- {one.text}", style))
    if section.entries:
        console.print(filled("", ("what", "state", "when", "said by"), (_row(shown) for shown in section.entries)))
    for shown in section.entries:
        for line, style in _beside(shown, section.related.get(shown.item.fact, ())):
            console.print(plain(line, style), soft_wrap=True)
    if section.total > len(section.entries):
        console.print(plain(f"Showing {len(section.entries)} of {section.total}; --output json has them all.", "yellow"))
    for source in section.unspoken:
        console.print(plain(f"No information from {source}. This does not mean there is none."))
    for told in section.lists:
        console.print(plain(told))
    for source in section.empty:
        console.print(plain(f"{source} holds nothing current under this heading. This does not mean there is none."))
    if explain:
        for shown in section.entries:
            for line, style in _explained(shown):
                console.print(plain(line, style), soft_wrap=True)


def as_seen(gone: Sequence[Ended], person: str) -> Record:
    """For the audit: what is no more, as far as it is told."""
    said = (canonical.entry_digest(one.entry.fact, one.content or b"") for one in gone)
    return replace(nothing(person), digest=canonical.record_digest(sum(said)), known=max((one.entry.known for one in gone), default=0))


def show_withdrawn(gone: Sequence[Ended], page: Page, console: Console) -> None:
    """Entries that are no more: what they said, by which rule they ended and on whose word."""
    console.print(plain("\nNo more", "bold"))
    if not gone:
        console.print(plain("Nothing has been withdrawn from this record."))
    titles = {item.fact: shown_of(item).title for item in page.record.current}
    for one in gone:
        for line, style in _ended(one, titles):
            console.print(plain(line, style), soft_wrap=True)


def _row(shown: Shown) -> tuple[str, ...]:
    return (shown.title, ", ".join(tag.text for tag in shown.tags), shown.when, ", ".join(shown.item.sources))


def _beside(shown: Shown, related: Sequence[Related]) -> Iterator[tuple[str, str]]:
    """Lines and their styles: both sides where sources disagree, the views of a course, why a test is a repeat, what cannot be told,
    how it relates to other entries."""
    lines = [(f"  {one.about}: {'; '.join(f'{side.who}, says “{side.says}”' for side in one.sides)}", "yellow")
             for one in shown.discrepancies]
    if shown.item.conflict and not lines:
        lines = [(f"  {one.label}: {one.source} says “{', '.join(one.lines)}”; shown here is “{', '.join(one.shown)}”"
                  f"{f', as {one.shown_by} says' if one.shown_by else ''}", "yellow") for one in shown.differs]
    lines += [(f"  {view.who}: {', '.join(part for part in (view.status, *view.lines) if part)}", "") for view in shown.views]
    lines += [(f"  {said}", "yellow") for said in (shown.repeat.text if shown.repeat else "", shown.alone) if said]
    lines += [(f"  {one.said}: {one.title} ({one.by})", "") for one in related]
    if lines:
        yield shown.title + (": sources disagree" if shown.item.conflict or shown.discrepancies else ""), "bold"
        yield from lines


def _explained(shown: Shown) -> Iterator[tuple[str, str]]:
    """Lines and their styles: the fields with who said them, then the rules, then the assertions by number."""
    item = shown.item
    yield f"\n{shown.title}" + (": the sources disagree" if item.conflict else ""), "bold yellow" if item.conflict else "bold"
    found = explained.explain(item)
    for one in found:
        by = ", ".join(f"{voice.said.source} [{voice.number}]" for voice in one.voices) or "worked out from all that is said"
        value = f"“{'; '.join(one.shown)}”, said by {by}" if one.shown else "not shown"
        yield f"  {one.label}: {value}{f', by {one.rule.id}' if one.rule else ''}", ""
        for lost in one.lost:
            yield f"    {lost.voice.said.source} [{lost.voice.number}] says “{'; '.join(lost.lines)}”, {lost.voice.when}", "yellow"
    for rule in explained.rules_of(found):
        yield f"  {rule.id}: {rule.reason}{f' ({rule.source})' if rule.source else ''}", "dim"
    for what, ruled in (("a fact of its own", explained.alone(item)), ("sensitive", explained.labelled(item))):
        if ruled:
            yield f"  {what} by {ruled.id}: {ruled.reason}{f' ({ruled.source})' if ruled.source else ''}", "dim"
    for voice in explained.voices(item):
        yield f"  [{voice.number}] {voice.said.source}, {voice.when}", "dim"
        yield f"      {voice.place}; raw message {voice.raw}", "dim"
    if more := explained.unnamed(item):
        yield f"  {more}", ""
    version = f", version {item.version}" if item.version else ""
    yield f"  fact {item.fact}{version}", "dim"


def _ended(one: Ended, titles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    entry, rule = one.entry, explained.rule(one.entry.rules.get("*", ""))
    yield f"\n{_ended_title(one)}", "bold"
    yield f"  {rule.id}: {rule.reason}{f' ({rule.source})' if rule.source else ''}", ""
    for said in entry.provenance:
        recorded = f", recorded {words.date(said.recorded)}" if said.recorded else ""
        yield f"  ended by {said.source}, its patient {said.patient}, record {said.record}{recorded}, known {words.moment(said.known)}", ""
        yield f"      raw message {said.raw.topic} partition {said.raw.partition} offset {said.raw.offset} {said.raw.item}".rstrip(), "dim"
    if entry.successor:
        yield f"  in its place: {titles.get(entry.successor, 'an entry that is no more either')} (fact {entry.successor})", ""
    yield f"  fact {entry.fact}, version {entry.version}", "dim"


def _ended_title(one: Ended) -> str:
    kind = kinds.BY_NAME.get(one.entry.kind)
    if one.content is None or kind is None:
        return f"{one.entry.kind.capitalize()}: what it said cannot be told any more"
    return f"{one.entry.kind.capitalize()}: {kind.title(canonical.decode(one.content))}"


def _ended_data(one: Ended) -> dict[str, Any]:
    entry, rule = one.entry, explained.rule(one.entry.rules.get("*", ""))
    return {
        "fact": entry.fact, "kind": entry.kind, "version": entry.version, "known": entry.known, "successor": entry.successor,
        "rule": rule._asdict(), "title": _ended_title(one),
        "ended_by": [{"source": said.source, "patient": said.patient, "record": said.record, "part": said.part, "position": said.position,
                      "known": said.known, "recorded": said.recorded,
                      "raw": {"topic": said.raw.topic, "partition": said.raw.partition, "offset": said.raw.offset, "item": said.raw.item}}
                     for said in entry.provenance],
    }
