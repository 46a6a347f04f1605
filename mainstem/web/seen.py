"""Views of who someone is, audited before anything of them is shown, as views of a record are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from mainstem.adjudication.explain import Member, Shown, Why
from mainstem.model import Compared
from mainstem.operations import View
from mainstem.web.record import Record, nothing
from mainstem.web.sources import Audit, Records
from mainstem.web.withheld import restricted
from processors.identity.demographics import FORMER_HOMES
from sinks.policy import WHEREABOUTS

WITHHELD = "withheld"
_WHEREABOUTS = WHEREABOUTS | {FORMER_HOMES}


def seen(records: Records, audit: Audit, actor: str, view: View, persons: Iterable[str]) -> dict[str, Record | None]:
    """Each person's record as the live cache holds it, once one audit event a person is safe. None: it holds none.

    Raises AuditUnavailableError and StoreUnavailableError: then nothing may be shown.
    """
    found = {person: records.by_person(person) for person in sorted(set(persons))}
    audit.viewed(actor, view, [record or nothing(person) for person, record in found.items()])
    return found


def hidden(subject: str, record: Record | None) -> bool:
    """Whether what a source patient says of where they live must not be told: its person is restricted (PDS code R), or may be, since what
    the source patient says besides has not come to the person's record. Claims are there before entries are."""
    return record is None or restricted(record) or subject not in {f"{state.source}|{state.patient}" for state in record.sources}


def withheld(evidence: Sequence[Compared], hidden: Sequence[bool]) -> tuple[Compared, ...]:
    """The evidence without the whereabouts of those that are restricted. `hidden`: in the order of its values."""
    if not any(hidden):
        return tuple(evidence)
    return tuple(_withheld(each, hidden) if each.field in _WHEREABOUTS else each for each in evidence)


def likeness(scores: Sequence[float], evidence: Sequence[Compared], hidden: Sequence[bool]) -> tuple[float, ...]:
    """Match weights of the first with each other, without the bits that `withheld` takes out of the evidence: by those that stay they could
    be reckoned."""
    gone = [each.weights for each, left in zip(evidence, withheld(evidence, hidden), strict=True) if each.weights != left.weights]
    if not gone:
        return tuple(scores)
    return tuple(round(score - sum(bits), 2) for score, bits in zip(scores, zip(*gone, strict=True), strict=True))


def says(said: Mapping[str, Any], *, hidden: bool) -> dict[str, Any]:
    """A claim's body, without the whereabouts of who is restricted."""
    return {name: WITHHELD if hidden and value and name in _WHEREABOUTS else value for name, value in said.items()}


def shown(person: Shown, record: Record | None) -> Shown:
    """What a person is made of, without the whereabouts of who is restricted, or may be."""
    hides = [hidden(each.subject, record) for each in person.members]
    return replace(person, members=tuple(_member(each, hidden=hide) for each, hide in zip(person.members, hides, strict=True)),
                   fields=withheld(person.fields, hides))


def told(why: Why, records: Mapping[str, Record | None]) -> Why:
    """Why two are one person or two, without the whereabouts of who is restricted, or may be."""
    one, other = (hidden(each.subject, records.get(each.person)) for each in (why.one, why.other))
    (score,) = likeness((why.score,), why.fields, (one, other))
    return replace(why, one=_member(why.one, hidden=one), other=replace(_member(why.other, hidden=other), bits=score), score=score,
                   fields=withheld(why.fields, (one, other)))


def _withheld(each: Compared, hidden: Sequence[bool]) -> Compared:
    """Where another's home is shown beside a hidden one, that they agree would tell it, and so would the bits."""
    said = [(value, hide) for value, hide in zip(each.values, hidden, strict=True) if value]
    values = tuple(WITHHELD if hide and value else value for value, hide in zip(each.values, hidden, strict=True))
    if len({hide for _, hide in said}) < 2:
        return replace(each, values=values)
    return replace(each, values=values, outcome=WITHHELD, weights=())


def _member(member: Member, *, hidden: bool) -> Member:
    return replace(member, claims=tuple(replace(each, says=says(each.says, hidden=hidden)) for each in member.claims))
