"""Who speaks of a course: each source patient in each view, by its active records, else by the one recorded last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mainstem.kinds.facts import Member
from mainstem.kinds.taking import DRAFT, ENDED, standing

_VIEWS = ("list", "order", "dispense", "home", "administration")


class Voice(NamedTuple):
    """Who speaks: a source patient in one view. They sort as their views are shown."""

    rank: int
    subject: str
    view: str


def voice(member: Member) -> Voice:
    """Whose word a member is. A view that no rule knows comes last."""
    view = member.content.get("view")
    return Voice(_VIEWS.index(view) if view in _VIEWS else len(_VIEWS), member.place.subject, view or "")


def speaking(members: Sequence[Member], order: Sequence[int]) -> Iterator[int]:
    """Indexes of the members that speak, of those in `order`: of each voice its active records, else its latest; of doses given
    and of dispensings only the latest. Views in their order."""
    voices: dict[Voice, list[int]] = {}
    for index in order:
        if standing(members[index]) < DRAFT:
            voices.setdefault(voice(members[index]), []).append(index)
    for who in sorted(voices):
        said = voices[who]
        active = [index for index in said if standing(members[index]) < ENDED]
        yield from active[:1] if who.view in ("dispense", "administration") else active or said[:1]
