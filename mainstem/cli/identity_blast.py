"""A blast radius in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mainstem.cli.printed import line, table

if TYPE_CHECKING:
    from mainstem.adjudication.blast import Radius


def as_builtins(radius: Radius) -> dict[str, Any]:
    return dict(msgspec.to_builtins(radius))


def printed(found: list[Radius]) -> None:
    from mainstem.web.words import moment

    if not found:
        line("They were never one person.")
    for each in found:
        until = "and still are" if each.ended is None else f"until {moment(each.until or each.since)}"
        line(f"\n{each.one} and {each.other} were person {each.person} from {moment(each.since)} {until}.")
        table("Published while they were one", [
            {"topic": topic, "messages": count, "first and last": " to ".join(map(moment, each.between.get(topic, ())))}
            for topic, count in each.published.items()])
        table(f"{len(each.facts)} facts: {', '.join(f'{count} {state}' for state, count in each.states.items()) or 'none'}", [
            {"fact": fact.fact, "kind": fact.kind, "versions": " ".join(map(str, fact.versions)), "last": moment(fact.last),
             "state": fact.state, "told again": f"{fact.corrected} {moment(fact.corrected_at)}" if fact.corrected_at else "",
             "by": fact.corrected_place}
            for fact in each.facts])
        if each.compensating:
            table("Subscribers were told again", [
                {"record of": person, "changes": len(places), "first": places[0], "last": places[-1],
                 "": "what was wrong is put right" if person == each.person else "what is theirs came to them"}
                for person, places in each.compensating.items()])
        table(f"{len(each.viewed)} views", [{"when": moment(view.at), "who": view.actor, "what": view.action, "purpose": view.purpose,
                                             "digest": view.digest[:16]} for view in each.viewed])
