"""Promise 3 with what sources really send: a wrong merge that the producers read, put right, leaves the records that would have been.

Each case is a base that everyone tells of, the wrong messages, and those that put them right. With clinical events and other claims among
them, in any order, twice, through stages that race and crash, records and digests are those of a stream in which the wrong never came.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.adjudication.decisions import made
from mainstem.model import Assertion, Claim, RawRef
from processors.identity.claimed import Claimed
from processors.identity.linker import assign
from producers.contract import RawMessage
from producers.debezium import DebeziumFormat
from producers.hl7.er7 import parse as parse_hl7
from producers.hl7.identity import Feed
from producers.hl7.identity import claims as adt_claims
from producers.mapping.load import parse as parse_mapping
from producers.pds.format import items as pds_items
from tests.processors.identity.test_persons import number
from tests.processors.pipeline import Pipeline
from tests.producers.changes import PATIENT, SMALL, change
from tests.producers.fhir.conftest import read as read_fhir
from tests.producers.hl7.test_hl7_identity import message, mrg, pid
from tests.producers.pds.test_pds_format import answers, entry
from tests.strategies import KEY, NUMBERS, SOURCES, Terms, assertions, claims

EPR = SOURCES[0]
ONE, TWO, GP = f"{EPR}|1", f"{EPR}|2", f"{SOURCES[1]}|1"
N1, N2 = NUMBERS
Said = list[Assertion | Claim]
HL7, ROWS = Feed(EPR, frozenset()), DebeziumFormat(EPR, parse_mapping(SMALL.replace("RXX/test", EPR), "small.yaml"))


class Case(NamedTuple):
    base: Said
    wrong: Said
    right: Said


def hl7(*messages: bytes) -> Said:
    return [claim for each in messages for claim in adt_claims(parse_hl7(each), HL7, RawRef("raw.x.v1", 0, 1))]


def fhir(identity: str, day: int, *links: tuple[str, str], **more: Any) -> Said:
    """A version of a Patient."""
    told = [{"type": kind, "other": {"reference": f"Patient/{other}"}} for kind, other in links]
    patient = {"resourceType": "Patient", "id": identity, "meta": {"lastUpdated": f"2026-01-0{day}T00:00:00Z"}, **more}
    found = read_fhir(patient | ({"link": told} if told else {}), source=EPR)
    return [value for item in found for value in (*item.assertions, *item.claims)]


def rows(*messages: RawMessage) -> Said:
    return [value for each in messages for item in ROWS.read(each) for value in (*item.assertions, *item.claims)]


def pds(day: int, asked: str, answered: str, *security: str) -> Said:
    patient = {"resourceType": "Patient", "id": answered, "meta": {"security": [{"code": code} for code in security]}}
    bundle = answers(entry(asked, patient), at=f"2026-01-0{day}T00:00:00Z")
    return [claim for item in pds_items(json.dumps(bundle).encode(), RawRef("raw.x.v1", 0, 1)) for claim in item.claims]


def human(one: str, other: str, *decisions: str) -> Said:
    """`link`, `unlink`, `undo`, one after the other."""
    found: Said = [number(each, "", position="00") for each in (one, other)]
    for day, decision in enumerate(decisions, 1):
        view = Claimed(each for each in found if isinstance(each, Claim))
        found.append(made(view.said, one, other, apart=decision == "unlink", who="w", when=f"2026-01-0{day}", why="y",
                          undo=decision == "undo"))
    return found[2:]


def row(survivor: str | None) -> dict[str, Any]:
    return PATIENT | {"mrn": "1", "survivor": survivor}


def decided(one: str, other: str, *decisions: str, base: Said) -> Case:
    """The last decision puts the others right; `undo` leaves nothing behind."""
    told = human(one, other, *decisions)
    return Case(base, told, []) if decisions[-1] == "undo" else Case(base, told[:-1], told[-1:])


HOME = {"name": [{"use": "official", "family": "Archer", "given": ["Ann"]}], "birthDate": "1980-03-02"}
CARRIERS = [number(ONE, N1), number(GP, N2)]
ALSO = [number(ONE, N1), number(GP, N1)]
A40, A47, A34 = (
    (lambda at, into, merged, event=event: hl7(message(event, at, pid(into), mrg(merged)))) for event in ("A40", "A47", "A34"))

CASES: dict[str, Case] = {
    "A24, A37": Case([], hl7(message("A24", "0201100000", pid("1"), pid("2")), message("A37", "0202100000", pid("2"), pid("1"))), []),
    "A40 put right by an A40": Case([], A40("0201100000", "1", "2"), A40("0202100000", "3", "2")),
    "A47 put right by an A47": Case([], A47("0201100000", "1", "2"), A47("0202100000", "3", "2")),
    "A34 put right by an A40": Case([], A34("0203100000", "1", "2"), A40("0202100000", "3", "2")),
    "A31 with another's number, put right": Case(
        [number(GP, N1)], hl7(message("A31", "0201100000", pid("1", N1, "01"))), hl7(message("A31", "0202100000", pid("1", N2, "01")))),
    "A31 with another's number, cleared": Case(
        [number(GP, N1)], hl7(message("A31", "0201100000", pid("1", N1, "01"))),
        hl7(message("A31", "0202100000", 'PID|||1^^^RXA^MR~""^^^NHS^NH'))),
    "replaced-by, then not": Case([], fhir("1", 1, ("replaced-by", "2")), fhir("1", 2)),
    "replaces, then not": Case([], fhir("1", 1, ("replaces", "2"), ("replaces", "3")), fhir("1", 2)),
    "replaces, then another": Case([], fhir("1", 1, ("replaces", "2")), fhir("1", 2, ("replaces", "3"))),
    "both tell of it, then neither": Case(
        [], fhir("1", 1, ("replaces", "2")) + fhir("2", 1, ("replaced-by", "1")), fhir("1", 2) + fhir("2", 2)),
    "a Patient's demographics, put right": Case(ALSO, fhir("1", 1, birthDate="1999-09-09"), fhir("1", 2, **HOME)),
    "a row's survivor, cleared": Case(
        [], rows(change("u", "patient", row(None), row("2"), lsn=10)),
        rows(change("u", "patient", row("2"), row(None), lsn=11))),
    "a row's survivor, another": Case(
        [], rows(change("u", "patient", row(None), row("2"), lsn=10)),
        rows(change("u", "patient", row("2"), row("3"), lsn=11))),
    "PDS superseded, then not": Case(CARRIERS, pds(1, N2, N1), pds(2, N2, N2)),
    "PDS void, then not": Case(ALSO, pds(1, N1, N1, "REDACTED"), pds(2, N1, N1)),
    "a human links, and takes it back": decided(GP, TWO, "link", "undo", base=[]),
    "a human parts, and takes it back": decided(GP, ONE, "unlink", "undo", base=ALSO),
    "a human links, then parts": decided(GP, ONE, "link", "unlink", base=ALSO),
    "a human parts, then links": decided(GP, ONE, "unlink", "link", base=CARRIERS),
}


def persons(said: Iterable[Assertion | Claim]) -> dict[str, set[str]]:
    """Who is with whom, those alone left out."""
    sides: dict[str, set[str]] = {}
    for subject, placed in assign([each for each in said if isinstance(each, Claim)], KEY).items():
        sides.setdefault(placed.person, set()).add(subject)
    return {person: side for person, side in sides.items() if len(side) > 1}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_wrong_would_join_or_part_and_what_puts_it_right_undoes_it(case: Case) -> None:
    wrong = [each for each in case.wrong if not (isinstance(each, Claim) and str(each.status) == "retracted")]
    assert persons([*case.base, *wrong]) != persons([*case.base, *case.right])
    assert persons([*case.base, *case.wrong, *case.right]) == persons([*case.base, *case.right])


def restores(case: Case, said: list[Assertion], claimed: list[Claim], seed: int, again: bool) -> None:
    rng = random.Random(seed)
    decided = {(each.subject, each.ref) for each in case.wrong if isinstance(each, Claim)}
    others: Said = [*said, *(each for each in claimed if (each.subject, each.ref) not in decided or not each.ref)]
    plain, mixed = Pipeline(KEY, Terms()), Pipeline(KEY, Terms())
    for value in (*others, *case.base, *case.right):
        plain.publish(value)
    plain.run(rng, crashes=False)
    world = [*others, *case.base, *case.wrong, *case.right]
    world += rng.sample(world, len(world)) if again else []
    rng.shuffle(world)
    for value in world:
        mixed.publish(value)
        if rng.random() < 0.3:
            mixed.step(rng, rng.choice([1, 2, 100]))
    mixed.run(rng)
    assert mixed.current() == plain.current()
    assert mixed.digests() == plain.digests()


drawn: Callable[..., Any] = given(st.sampled_from(list(CASES.values())), st.lists(assertions, max_size=10), st.lists(claims, max_size=5),
                                  st.integers(0, 2**32), st.booleans())


@settings(max_examples=200, deadline=None)
@drawn
def test_a_merge_put_right_leaves_what_would_have_been(
        case: Case, said: list[Assertion], claimed: list[Claim], seed: int, again: bool) -> None:
    restores(case, said, claimed, seed, again)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None)
@drawn
def test_a_merge_put_right_leaves_what_would_have_been_deep(
        case: Case, said: list[Assertion], claimed: list[Claim], seed: int, again: bool) -> None:
    restores(case, said, claimed, seed, again)


