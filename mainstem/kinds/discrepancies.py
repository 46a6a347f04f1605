"""Where those who speak of a course disagree: about what, who stands on which side, and what each side says. No rule settles it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from mainstem.kinds import dosing
from mainstem.kinds.facts import Member
from mainstem.kinds.taking import ENDED, OF_STATUS, standing, taken, told
from mainstem.kinds.titles import named
from mainstem.kinds.voices import Voice, voice

_OF_DOSE = ("list", "order", "dispense", "home", None)


def discrepancies(members: Sequence[Member], speaking: Sequence[int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What about, and the members on the sides, in the order they speak. `speaking`: indexes (`mainstem.kinds.voices`)."""
    current = [index for index in speaking if standing(members[index]) < ENDED]
    dosed = [index for index in (current or speaking) if members[index].content.get("view") in _OF_DOSE]
    held = [index for index in speaking if members[index].content.get("view") in OF_STATUS]
    sides: dict[str, set[int]] = {}
    for about, one, other in (*_of_doses(members, dosed), *_of_statuses(members, held)):
        sides.setdefault(about, set()).update((one, other))
    for about in ("dose", "strength", "release", "frequency", "stopped", "on-hold"):
        if about in sides:
            yield about, tuple(index for index in speaking if index in sides[about])


def side(member: Member, about: str) -> dict[str, Any]:
    """What one side of a discrepancy says: its source, its view, and its words on what it is about."""
    content = member.content
    if about == "frequency":
        says = taken(content)
    elif about in ("dose", "strength", "release"):
        says = " ".join(word for word in (named(content.get("product"), ""), taken(content)) if word)
    else:
        says = " ".join(str(word) for word in (content.get("status"), content.get("end")) if word)
    said = {"source": member.winners[0].assertion.source, "view": content.get("view"), "says": says}
    return {name: value for name, value in said.items() if value}


def _of_doses(members: Sequence[Member], dosed: Sequence[int]) -> Iterator[tuple[str, int, int]]:
    """Pairs of different voices whose regimens differ, and in what."""
    voices = {index: voice(members[index]) for index in dosed} if len(dosed) > 1 else {}
    if len(set(voices.values())) < 2:
        return
    regimens = {index: dosing.regimen(members[index].content) for index in dosed}
    rows: dict[Voice, list[dosing.Regimen]] = {}
    for index in dosed:
        rows.setdefault(voices[index], []).append(regimens[index])
    strengths = {who: {one.strength for one in said} for who, said in rows.items()}
    both = {who for who, said in rows.items() if len(set(map(dosing.is_required, said))) > 1}
    several = _Several(voices, regimens, rows) if len(dosed) > len(rows) else None
    for one, other in combinations(dosed, 2):
        if voices[one] != voices[other] and not _apart(regimens[one], regimens[other], bool(both & {voices[one], voices[other]})):
            for about in dosing.differ(regimens[one], regimens[other]):
                if several is not None and several.settle(about, one, other):
                    continue
                if about != "strength" or not (_holds(strengths[voices[one]], regimens[other].strength)
                                               or _holds(strengths[voices[other]], regimens[one].strength)):
                    yield about, one, other


class _Several:
    """What settles a difference of two, where one side lists several of a medicine: levothyroxine of 25 and of 100 micrograms."""

    def __init__(self, voices: dict[int, Voice], regimens: dict[int, dosing.Regimen], rows: dict[Voice, list[dosing.Regimen]]) -> None:
        self._voices, self._regimens = voices, regimens
        self._both_releases = {who for who, said in rows.items() if len({one.modified for one in said}) > 1}
        self._total = {who: dosing.together(said) for who, said in rows.items()}
        self._lists = {(who, index): any(dosing.alike(regimens[index], each) for each in said)
                       for who, said in rows.items() for index in regimens}

    def settle(self, about: str, one: int, other: int) -> bool:
        """Each side lists the other's too; or several come to what the other gives in one; or one lists slow release and plain."""
        of, there = self._voices[one], self._voices[other]
        if self._listed(there, one) and self._listed(of, other):
            return True
        if about == "release":
            return bool(self._both_releases & {of, there})
        regular = not any(dosing.is_required(self._regimens[index]) for index in (one, other))
        return about == "dose" and regular and self._total[of] == self._total[there] is not None

    def _listed(self, who: Voice, index: int) -> bool:
        """Of dispensings the latest alone speaks, so that it is none of theirs to list all."""
        return self._lists[who, index] or (who.view == "dispense" and self._voices[index].view != "dispense")


def _of_statuses(members: Sequence[Member], held: Sequence[int]) -> Iterator[tuple[str, int, int]]:
    """Pairs of which one holds it active and the other does not."""
    for one, other in combinations(held, 2):
        if about := _status_apart(members[one].content, members[other].content):
            yield about, one, other


def _apart(one: dosing.Regimen, other: dosing.Regimen, both: bool) -> bool:
    """Whether two are a regular course and one when required, which are not to be compared. `both`: a side has one of each."""
    return dosing.two_courses(one, other) or (both and dosing.is_required(one) != dosing.is_required(other))


def _holds(strengths: Iterable[dosing.Strength | None], strength: dosing.Strength | None) -> bool:
    """Whether one who speaks lists this strength too: warfarin of 1 mg, 3 mg and 5 mg here and there is one list, in six pairs."""
    return any(dosing.apart(each, strength) is False for each in strengths)


def _status_apart(one: dict[str, Any], other: dict[str, Any]) -> str | None:
    """A chart that ran its course says so of itself: against an active list it speaks only where that is of a single issue too."""
    statuses = {told(one), told(other)}
    if statuses in ({"active", "stopped"}, {"active", "cancelled"}):
        return "stopped"
    if statuses == {"active", "completed"}:
        active = one if told(one) == "active" else other
        return "stopped" if active.get("course") == "acute" else None
    return "on-hold" if statuses == {"active", "on-hold"} else None
