"""What one source patient's own claims say, read once and kept as a value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Generic, TypeVar

import msgspec

from mainstem import versions
from mainstem.model import Claim, Status
from mainstem.nhs_number import VERIFIED, verified
from processors.identity import demographics
from processors.identity.demographics import Demographics
from processors.identity.scoring import blocking
from processors.identity.scoring.fields import Fields, fields, known_as

NUMBER = "carries-number"
MERGED = "merged-into"
DEMOGRAPHICS = "demographics"
LINKED = "linked"
UNLINKED = "unlinked"
SUPERSEDED = "superseded"

READ = (NUMBER, MERGED, DEMOGRAPHICS, LINKED, UNLINKED, SUPERSEDED)
"""Types that say who someone is. `erased` and types yet unknown are kept, and move nobody."""


_Worked = TypeVar("_Worked")


class _once(Generic[_Worked]):  # noqa: N801 - a decorator
    """A property worked out once. `functools.cached_property` until Python 3.12 takes a lock, which costs more than most of these do."""

    def __init__(self, work: Callable[[Any], _Worked]) -> None:
        self._work, self._name, self.__doc__ = work, work.__name__, work.__doc__

    def __get__(self, said: Evidence, of: type) -> _Worked:
        found = said.__dict__[self._name] = self._work(said)
        return found


class Decision(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """What a human decided about this source patient and another. The greatest one of a pair counts, so the order of fields is the rule:
    a source's version; what stands before what was taken back; at one moment apart before together."""

    incarnation: int
    position: str
    stands: bool
    apart: bool
    digest: str
    other: str


class Evidence(msgspec.Struct, frozen=True, array_like=True, dict=True):
    numbers: tuple[str, ...] = ()
    """Verified numbers carried, sorted."""
    carried: tuple[tuple[str, str], ...] = ()
    """Every number carried, with its verification status; sorted."""
    merged_into: tuple[str, ...] = ()
    """Subjects of the same source that it was merged into, sorted."""
    decisions: tuple[Decision, ...] = ()
    superseded: tuple[tuple[str, str], ...] = ()
    """(old number, new number or empty where the old one is void), sorted."""
    demographics: Demographics | None = None
    corrected_to: tuple[str, ...] = ()
    """Those of `merged_into` that are called its right id, which nobody had before; sorted."""
    replaces: tuple[str, ...] = ()
    """Subjects of the same source that were merged into it, in its own words; sorted."""

    @_once
    def decided_about(self) -> frozenset[str]:
        """Other source patients that its decisions name."""
        return frozenset(decision.other for decision in self.decisions) if self.decisions else frozenset()

    @_once
    def pointed_at(self) -> frozenset[str]:
        """Other source patients that it names."""
        return self.decided_about.union(self.merges) if self.merges else self.decided_about

    @_once
    def merges(self) -> tuple[str, ...]:
        """Other source patients that it says it was merged with, whichever into which."""
        return tuple(sorted({*self.merged_into, *self.replaces})) if self.replaces else self.merged_into

    @_once
    def candidate_keys(self) -> tuple[str, ...]:
        """What others have to share, one at least, to be compared with."""
        return blocking.keys(self.demographics, self.carried)

    @_once
    def fields(self) -> Fields:
        """What is compared."""
        return fields(self.demographics, self.carried)

    @_once
    def known_as(self) -> tuple[Fields, ...]:
        """The same, and with former names and homes."""
        return known_as(self.demographics, self.carried)


NOTHING = Evidence()
_Said = TypeVar("_Said", str, tuple[str, str], Decision)


def evidence(claims: Iterable[Claim]) -> Evidence:
    """From the greatest versions of one source patient's claims."""
    numbers, carried, merged, decisions, superseded, corrected, replaced = set(), set(), set(), [], set(), set(), set()
    who: list[tuple[Claim, dict[str, Any]]] = []
    for claim in claims:
        if claim.type in (LINKED, UNLINKED):
            decisions += _decision(claim)
            continue
        if claim.status is not _ASSERTED or claim.type not in READ:
            continue
        body = _body(claim)
        if claim.type == NUMBER and (given := _text(body.get("nhs_number"))):
            verification = _text(body.get("verification")) or ""
            carried.add((_digits(given), verification))
            if number := verified(given, verification):
                numbers.add(number)
        elif claim.type == MERGED:
            merged.update(into := _own(claim, body.get("into")))
            replaced.update(_own(claim, body.get("from")))
            if body.get("correction") is True:
                corrected.update(into)
        elif claim.type == DEMOGRAPHICS:
            who.append((claim, body))
        elif claim.type == SUPERSEDED:
            old, new = verified(_text(body.get("old")), VERIFIED), _text(body.get("new"))
            if old and (new is None or verified(new, VERIFIED)) and old != (now := _digits(new or "")):
                superseded.add((old, now))
    return Evidence(_sorted(numbers), _sorted(carried), _sorted(merged), _sorted(decisions), _sorted(superseded),
                    demographics.read(_united(who)) if who else None, _sorted(corrected), _sorted(replaced))


def _sorted(found: Collection[_Said]) -> tuple[_Said, ...]:
    return tuple(sorted(found)) if found else ()


def _own(claim: Claim, told: Any) -> set[str]:
    """Other subjects of the claim's source, of one or a list."""
    found = filter(None, map(_text, told if isinstance(told, list) else [told]))
    return {each for each in found if each != claim.subject and each.startswith(f"{claim.source}|")}


def _united(who: list[tuple[Claim, dict[str, Any]]]) -> dict[str, Any]:
    """Each field as the greatest claim has it that names it: most sources say all in one claim, HL7 v2 each in one of its own, since a
    message does not speak of what it leaves empty. Null is a field that was cleared."""
    if len(who) == 1:
        return who[0][1]
    return {field: value for _, body in sorted(who, key=lambda each: versions.of_claim(each[0])) for field, value in body.items()}


def _decision(claim: Claim) -> list[Decision]:
    """A decision taken back says that the pair is undecided, whoever decided what before."""
    other = _text(_body(claim).get("other"))
    if other is None and claim.status is not Status.ASSERTED:
        other = claim.ref.partition(PAIR)[2] or None
    if other is None or other == claim.subject or "|" not in other:
        return []
    version = versions.of_claim(claim)
    return [Decision(version.incarnation, version.position, claim.status is Status.ASSERTED, claim.type == UNLINKED,
                     version.digest.hex(), other)]


_ASSERTED = Status.ASSERTED
_decode = msgspec.json.Decoder().decode
PAIR = " ~ "
"""Between the two source patients in the `ref` of a decision."""


def _body(claim: Claim) -> dict[str, Any]:
    try:
        body = _decode(claim.body)
    except (ValueError, RecursionError):
        return {}  # capture writes bodies; one that is no JSON says nothing, and stays in state for whoever looks
    return body if isinstance(body, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _digits(number: str) -> str:
    return "".join(number.split()).replace("-", "")
