"""A person, a source patient, and why two are one person or two, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from mainstem.cli.options import Output
from mainstem.cli.printed import as_json, line, table

if TYPE_CHECKING:
    from mainstem.adjudication.explain import Member, Said, Shown, Why
    from mainstem.adjudication.history import Passed


def person(shown: Shown, answers: Mapping[str, Sequence[Said]], history: Sequence[Passed]) -> None:
    """`answers`: of national services about its numbers, by type."""
    from mainstem.web.words import moment
    from processors.identity.answers import OPTED_OUT, RESTRICTED

    table(f"Person {shown.person}", [
        {"subject": member.subject, "reason": member.reason, **_fields(shown, place), "bits": "" if member.bits is None else member.bits}
        for place, member in enumerate(shown.members)])
    table("What counts", _rows([claim for member in shown.members for claim in member.claims if claim.by == member.subject]))
    for title, asked, type_ in (("Checks for opt-outs", "opted out", OPTED_OUT), ("Confidentiality in PDS", "restricted", RESTRICTED)):
        if answers[type_]:
            table(title, [{"of": said.by, asked: "yes" if said.status == "asserted" else "no", "when": said.position, "raw": said.raw}
                          for said in answers[type_]])
    if history:
        table("Who came and who left", [
            {"when": moment(each.at), "source patient": each.subject, "": "came" if each.after == shown.person else "left",
             "from or to": each.before if each.after == shown.person else each.after, "by": each.reason, "claim": each.epoch}
            for each in history])


def person_as_builtins(shown: Shown, answers: Mapping[str, Sequence[Said]], history: Sequence[Passed] | None) -> dict[str, Any]:
    """Each source patient with what it says of who it is, and what national services answered of its numbers; `history` where it was
    asked for."""
    from processors.identity.answers import OPTED_OUT, RESTRICTED

    found: dict[str, Any] = {"person": shown.person, "source_patients": [
        {"subject": member.subject, "reason": member.reason, **_fields(shown, place), "bits": member.bits,
         "claims": msgspec.to_builtins(member.claims)} for place, member in enumerate(shown.members)],
        "opt_outs": msgspec.to_builtins(answers[OPTED_OUT]), "restrictions": msgspec.to_builtins(answers[RESTRICTED])}
    return found if history is None else found | {"history": [each._asdict() for each in history]}


def alone(member: Member, output: Output) -> None:
    if output is Output.JSON:
        as_json(msgspec.to_builtins(member))
        return
    line(f"{member.subject} is person {member.person}: {member.reason}")
    table("", _rows(member.claims))


def pair(why: Why, output: Output) -> None:
    if output is Output.JSON:
        as_json(msgspec.to_builtins(why))
        return
    line(f"{why.one.subject} and {why.other.subject} are {'one person' if why.together else 'two persons'}.")
    table("", [{"source patient": each.subject, "person": each.person, "by": each.reason} for each in (why.one, why.other)])
    table("What speaks for one person, and what against", [msgspec.structs.asdict(each) for each in why.grounds])
    if len(why.way) > 1:
        table("From one to the other", [msgspec.structs.asdict(each) for each in why.way])
    table("", [{"field": each.field, "": each.outcome, why.one.subject: each.values[0], why.other.subject: each.values[1],
                "bits": f"{each.weights[0]:+.1f}" if each.weights else ""} for each in why.fields])
    line(f"likeness: {why.score:+.1f} bits by {why.model}; offered to a human from {why.review:+.1f} on, "
         + (f"linked from {why.automatic:+.1f} on" if why.links else "never linked by it"))
    decisions = {claim.decision: claim for claim in (*why.one.claims, *why.other.claims)
                 if claim.decision and {claim.by, claim.says.get("other")} == {why.one.subject, why.other.subject}}
    if decisions:
        table("Decisions about the two", _rows(list(decisions.values())))


def _fields(shown: Shown, place: int) -> dict[str, str]:
    return {field.field: field.values[place] for field in shown.fields}


def _rows(claims: Sequence[Said]) -> list[dict[str, Any]]:
    return [{"of": claim.by, "type": claim.type, "status": claim.status, "position": claim.position,
             "says": orjson.dumps(claim.says).decode(), "raw": claim.raw} for claim in claims]
