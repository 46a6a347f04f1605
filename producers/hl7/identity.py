"""What ADT messages say of who someone is, as claims. Pure; no state, so every claim is a function of its message alone.

| event | claims |
|---|---|
| A01 A04 A05 A08 A28 A31 | the number with its status; family, given, birth date, gender, address, PID-31: a claim each that is valued |
| A40, A34 | MRG-1 `merged-into` PID-3; nothing of demographics, which a merge must not change (HL7 UK A.3: an A31 follows) |
| A47 | MRG-1, the wrong id, `merged-into` PID-3, the right one, as a `correction`: the right one must not have been anybody's |
| A24, A37 | the two PIDs linked, and that taken back |

An empty field says nothing, so what an earlier message said of it stays; `""` clears it (HL7 v2.4, 2.7.1).

A34 is legacy: where an A40 speaks of the same patient it counts, whichever came first. A46 and all else says nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mainstem import canonical
from mainstem.model import Claim, RawRef, Status
from producers.hl7 import moments
from producers.hl7.er7 import CLEARED, Message, Repeat, Segment
from producers.hl7.identifiers import local_ids, nhs_number
from producers.processing import Processing

PERSON = frozenset({"A01", "A04", "A05", "A08", "A28", "A31"})
MERGE, LEGACY_MERGE, CORRECTION, LINK, UNLINK = "A40", "A34", "A47", "A24", "A37"
_MERGED = "merge"
"""`ref` of merges. FHIR's `Patient.link` is a claim of another."""
_GENDERS = {"M": "male", "F": "female", "O": "other", "U": None, "A": None, "N": None, CLEARED: None}
"""PID-8 (HL7 table 0001). None: the source does not know, or knows no longer."""
_NAMES = {"L": 0, "D": 1, "CURRENT": 1, "": 2}
"""XPN-7, best first. Nicknames, partners' and pseudonymous names identify nobody."""
_FORMER = frozenset({"A", "B", "C", "M"})
"""XPN-7 (HL7 table 0200): alias, at birth, adopted, maiden. A person is found by them too."""
_LINES, _POSTCODE = (1, 2, 3, 4), 5
"""XAD: street, second line, town, county; postcode."""
_NO_HOME = frozenset({"B", "BA", "BDL", "BI", "BR", "F", "N", "O"})
"""XAD-7 (HL7 table 0190): business, bad, of birth, of origin."""


class UnidentifiedError(ValueError):
    """A message from which no source patient or no moment can be told. `why` holds no value."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}. Ask the source to send it again with that, or correct `authorities` of the source")
        self.why = why


@dataclass(frozen=True, slots=True)
class Feed:
    """One source's messages. `authorities`: CX-4 of its local numbers; empty where the feed names none."""

    source: str
    authorities: frozenset[str] = frozenset()
    incarnation: int = 0
    processing: Processing = Processing.PRODUCTION


def event_of(message: Message) -> str:
    """`A40`: MSH-9.2, or in old messages EVN-1."""
    if (message.head.value(9) or "") != "ADT":
        return ""
    return message.head.value(9, 2) or next((each.value(1) or "" for each in message.of("EVN")), "")


def claims(message: Message, feed: Feed, raw: RawRef) -> list[Claim]:
    """None for a message that says nothing of who someone is. Raises UnidentifiedError."""
    event = event_of(message)
    said = _Said(message, feed, raw, event)
    if event in PERSON:
        pids = message.of("PID")
        if len(pids) != 1:
            raise UnidentifiedError("an event of one patient has one PID segment: a segment was lost, or the MSH of another message")
        return list(said.person(pids[0]))
    if event in (MERGE, LEGACY_MERGE, CORRECTION):
        return list(said.merges())
    if event in (LINK, UNLINK):
        return [said.link()]
    return []


class _Said:
    def __init__(self, message: Message, feed: Feed, raw: RawRef, event: str) -> None:
        self._message, self._feed, self._raw, self._event = message, feed, raw, event

    def person(self, pid: Segment) -> Iterator[Claim]:
        patient, number = self._patient(pid), nhs_number(pid)
        if number is not None:
            body = {"nhs_number": number.value, "verification": number.verification} if number.value else {}
            yield self._claim(patient, "carries-number", "", body, Status.ASSERTED if number.value else Status.RETRACTED)
        for ref, body in _demographics(pid):
            yield self._claim(patient, "demographics", ref, body)

    def merges(self) -> Iterator[Claim]:
        """Each MRG is about the PID before it. One ref a patient: a later merge of the same patient takes the earlier one's place.

        Of a message with several, all can be told or none is: half a merge is no merge that the source spoke of."""
        pid: Segment | None = None
        found = False
        for segment in self._message.segments:
            if segment.name == "PID":
                if pid is not None and not found:
                    raise UnidentifiedError("no MRG says what was merged into a PID before another")
                pid, found = segment, False
            elif segment.name == "MRG":
                numbers = local_ids(segment.repeats(1), self._feed.authorities)
                if pid is None or not numbers:
                    raise UnidentifiedError("MRG-1 holds no patient number of this source, or no PID goes before it")
                found, into = True, self._patient(pid)
                for merged in numbers:
                    if merged != into:
                        correction = {"correction": True} if self._event == CORRECTION else {}
                        yield self._claim(merged, "merged-into", _MERGED, {"into": f"{self._feed.source}|{into}", **correction})
        if not found:
            raise UnidentifiedError("MRG-1 holds no patient number of this source")

    def link(self) -> Claim:
        """Of the lesser of the two, so that the unlink finds it whichever is named first."""
        patients = sorted(self._patient(pid) for pid in self._message.of("PID"))
        if len(set(patients)) != 2:
            raise UnidentifiedError("a link is between two PID segments with different patient numbers")
        lesser, greater = patients
        into = f"{self._feed.source}|{greater}"
        return self._claim(lesser, "merged-into", f"link/{into}", {"into": into},
                           Status.ASSERTED if self._event == LINK else Status.RETRACTED)

    def _patient(self, pid: Segment) -> str:
        found = local_ids(pid.repeats(3), self._feed.authorities)
        if not found:
            raise UnidentifiedError("PID-3 holds no patient number of this source")
        return found[0]

    def _claim(self, patient: str, type_: str, ref: str, body: dict[str, Any], status: Status = Status.ASSERTED) -> Claim:
        return Claim(source=self._feed.source, patient=patient, type=type_, ref=ref, status=status, incarnation=self._feed.incarnation,
                     position=self._position(ref), body=canonical.encode(body), raw=self._raw,
                     recorded=next((moments.utc(each.value(2)) for each in self._message.of("EVN")), None))

    def _position(self, ref: str) -> str:
        """Message time and control id (design.md); of one moment, number 10 is later than 9. The time stands first, as in FHIR, so that
        what both say of one patient of a source compares by when it was said. Of merges alone, which FHIR has no claim of, legacy ones are
        less than all others."""
        sent = moments.utc(self._message.head.value(7)) or next((moments.utc(each.value(2)) for each in self._message.of("EVN")), None)
        if sent is None:
            raise UnidentifiedError("neither MSH-7 nor EVN-2 says when it was sent")
        said = f"{sent}|{self._message.head.value(10) or '':0>20}"
        return f"{0 if self._event == LEGACY_MERGE else 1}|{said}" if ref == _MERGED else said


def _demographics(pid: Segment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each field that is valued its name and what it says; null for what it clears. Family and given name are each of its own: a
    name sent by half says nothing of the other half. What cannot be read says nothing."""
    names = sorted((each for each in pid.repeats(5) if _use(each) in _NAMES), key=lambda each: _NAMES[_use(each)])
    if names and any(names[0].component(place) for place in (1, 2)):
        middle = (_text(names[0].component(3)) or "").split()
        family, first = names[0].component(1), names[0].component(2)
        given = [each for each in [_text(first), *middle] if each]
        whole = family == CLEARED and first is None and not middle
        if family:
            yield "family", {"family": _text(family)}
        if given or first == CLEARED or whole:
            yield "given", {"given": given or None}
    yield from _former_names(pid)
    born, pseudo = pid.value(7), pid.value(31)
    if born == CLEARED or moments.birth_date(born):
        yield "birth_date", {"birth_date": moments.birth_date(_text(born))}
    if (gender := (pid.value(8) or "").upper()) in _GENDERS:
        yield "gender", {"gender": _GENDERS[gender]}
    homes = [each for each in pid.repeats(11) if (each.component(7) or "").upper() not in _NO_HOME]
    if lived := [each for each in homes if any(each.component(place) for place in (*_LINES, _POSTCODE))]:
        home = next((each for each in lived if _text(each.component(_POSTCODE))), lived[0])
        others = [_home(each) for each in lived if each is not home]
        yield "address", {"postcode": _text(home.component(_POSTCODE)), "address": _home(home)["address"] or None,
                          **({"former_homes": others} if others else {})}
    if pseudo in ("Y", "N", CLEARED):
        yield "pseudo", {"pseudo": pseudo == "Y" or None}


def _former_names(pid: Segment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of PID-9 (aliases), and of the repeats of PID-5 that say so. A message without any says nothing; `""` in PID-9 clears them."""
    told = [*(each for each in pid.repeats(5) if _use(each) in _FORMER), *pid.repeats(9)]
    found = [{"family": family, "given": given} for each in told
             if any((family := _text(each.component(1)) or "", given := [
                 *filter(None, [_text(each.component(2))]), *(_text(each.component(3)) or "").split()]))]
    if found or pid.value(9) == CLEARED:
        yield "former_names", {"former_names": found or None}


def _home(address: Repeat) -> dict[str, Any]:
    lines = [line for place in _LINES if (line := _text(address.component(place)))]
    return {"postcode": _text(address.component(_POSTCODE)) or "", "address": lines}


def _use(name: Repeat) -> str:
    """XPN-7; the v2.3 feeds of HL7 UK put it into XPN-8."""
    return (name.component(7) or name.component(8) or "").upper()


def _text(value: str | None) -> str | None:
    return None if value == CLEARED else value
