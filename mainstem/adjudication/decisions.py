"""Human decisions about two source patients: the claim that records one, and what it would change. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mainstem import canonical
from mainstem.adjudication.errors import NotDecidableError
from mainstem.model import Claim, RawRef, Status
from processors.identity.apart import newest, ordered
from processors.identity.claimed import Claimed
from processors.identity.evidence import LINKED, PAIR, UNLINKED, Evidence
from processors.identity.linker import assign
from processors.identity.persons import own_person
from processors.identity.scoring.release import Model
from schemas import topics


class Moved(NamedTuple):
    subject: str
    before: str
    after: str
    reason: str


def decision(claims: Sequence[Claim], one: str, other: str, *, apart: bool, who: str, when: str, why: str, undo: bool = False) -> Claim:
    """`made`, by claims that are all at hand. Raises NotDecidableError."""
    return made(Claimed(claims).evidence.get, one, other, apart=apart, who=who, when=when, why=why, undo=undo)


def made(said: Callable[[str], Evidence | None], one: str, other: str, *, apart: bool, who: str, when: str, why: str,
         undo: bool = False) -> Claim:
    """The claim of the lesser of the two. `when`: UTC, ISO 8601 at fixed width, which is its version too: later than any of the pair.

    `said`: what a source patient's claims say, None where it has none. Raises NotDecidableError.
    """
    if one == other:
        raise NotDecidableError("name two different source patients")
    if not why.strip():
        raise NotDecidableError("say why: whoever reviews this decision has nothing else to go by (--why)")
    ours, theirs = said(one), said(other)
    if ours is None or theirs is None:
        unknown = " and ".join(each for each, found in ((one, ours), (other, theirs)) if found is None)
        raise NotDecidableError(f"no claim is known of {unknown}; source patients are written as in RXA/epr|1000001")
    held = newest(one, ours, other, theirs)
    if undo:
        if held is None or not held.stands:
            raise NotDecidableError("there is no decision about these two to take back")
        apart = held.apart
    lesser, greater = ordered(one, other)
    source, _, patient = lesser.partition("|")
    position = when if held is None or held.position < when else held.position + "0"  # a clock that went back makes no decision older
    body = canonical.encode({"other": greater, "who": who, "when": when, "why": why.strip()})
    return Claim(source=source, patient=patient, type=UNLINKED if apart else LINKED, ref=f"{lesser}{PAIR}{greater}",
                 position=position, incarnation=held.incarnation if held else 0, body=body, recorded=when,
                 status=Status.RETRACTED if undo else Status.ASSERTED,
                 raw=RawRef(topics.CLAIMS.name, 0, -1, canonical.digest(body + position.encode()).hex()[:16]))


def changes(claims: Sequence[Claim], decided: Claim, key: bytes, model: Model | None = None) -> list[Moved]:
    """Whose person the decision changes, sorted. `model`: the one in force; by default the one that ships with Mainstem."""
    before, after = assign(claims, key, model), assign([*claims, decided], key, model)
    moved = []
    for subject, placed in sorted(after.items()):
        was = before[subject].person if subject in before else own_person(key, subject)
        if was != placed.person:
            moved.append(Moved(subject, was, placed.person, placed.reason))
    return moved
