"""A patient registers with another practice: what the rows claim, who is with whom before and after. No registration joins by itself."""

from __future__ import annotations

import re
from itertools import permutations
from pathlib import Path
from typing import Any

import orjson
import pytest

from mainstem.model import Claim, Task
from processors.identity.linker import assign, review
from producers.debezium import DebeziumFormat
from producers.mapping.load import parse
from tests.processors.identity.test_persons import claim, number
from tests.producers.changes import change
from tests.strategies import KEY, NUMBERS

TEXT = (Path(__file__).resolve().parents[2] / "producers" / "mappings" / "a82038_gp.yaml").read_text()
PRACTICES = {code: DebeziumFormat(f"{code}/gp", parse(re.sub("A82038", code, TEXT), "gp.yaml")) for code in ("A82038", "B81001")}
HERE, THERE = "A82038", "B81001"
ROW: dict[str, Any] = {
    "patient_no": 1, "nhs_no": NUMBERS[0], "nhs_no_traced": "verified", "surname": "Quillfeather", "forenames": "Ann May", "known_as": None,
    "prefix": "Ms", "dob": "1980-03-02", "sex": "female", "address": "12 High Street\nNorthtown", "postcode": "AB1 2CD", "home_phone": None,
    "mobile": None, "email": None, "usual_gp": None, "registered_date": "2010-01-01", "deducted_date": None, "status": "R",
    "death_date": None, "death_date_text": None, "shared_record": True, "deleted": 0, "deleted_reason": None}
LEFT = {"status": "L", "deducted_date": "2026-02-01"}
MOVED = {"address": "4 Long Lane\nSouthtown", "postcode": "ZZ9 9ZZ", "registered_date": "2026-02-01"}
UNTRACED = {"nhs_no_traced": "untraced"}
NONE = {"nhs_no": None, "nhs_no_traced": "none"}
TWIN = {"forenames": "Beth"}


def row(practice: str, no: int, *changed: dict[str, Any], at: int = 10) -> list[Claim]:
    """The claims of a registration."""
    after = ROW | {"patient_no": no}
    for each in changed:
        after |= each
    told = change("u" if at > 10 else "c", "registration", None, after, schema="gp", lsn=at, key={"patient_no": no})
    (item,) = PRACTICES[practice].read(told)
    assert item.quarantined is None, item.quarantined
    return list(item.claims)


def persons(claims: list[Claim]) -> str:
    sides: dict[str, list[str]] = {}
    for subject, placed in assign(claims, KEY).items():
        sides.setdefault(placed.person, []).append(re.sub(r"/\w+\|", "-", subject))
    return " / ".join(sorted(" ".join(sorted(side)) for side in sides.values()))


def tasks(claims: list[Claim]) -> list[Task]:
    return review(claims, KEY)


CASES: dict[str, tuple[list[list[Claim]], list[list[Claim]], str, str, int]] = {
    "deducted: still who it was": (
        [row(HERE, 1)], [row(HERE, 1, LEFT, at=11)], "A82038-1", "A82038-1", 0),
    "registers elsewhere, the number verified": (
        [row(HERE, 1)], [row(HERE, 1, LEFT, at=11), row(THERE, 7, MOVED)], "A82038-1", "A82038-1 B81001-7", 0),
    "registered elsewhere before it is deducted": (
        [row(HERE, 1)], [row(THERE, 7, MOVED)], "A82038-1", "A82038-1 B81001-7", 0),
    "elsewhere the number is not traced: a human is asked": (
        [row(HERE, 1, LEFT)], [row(THERE, 7, MOVED, UNTRACED)], "A82038-1", "A82038-1 / B81001-7", 1),
    "elsewhere there is no number, the address as before: a human is asked": (
        [row(HERE, 1, LEFT)], [row(THERE, 7, NONE)], "A82038-1", "A82038-1 / B81001-7", 1),
    "elsewhere another number is verified: two": (
        [row(HERE, 1, LEFT)], [row(THERE, 7, MOVED, {"nhs_no": NUMBERS[1]})], "A82038-1", "A82038-1 / B81001-7", 0),
    "back under a new local number": (
        [row(HERE, 1, LEFT)], [row(HERE, 2, {"registered_date": "2027-01-01"})], "A82038-1", "A82038-1 A82038-2", 0),
    "back under a new local number, which is not traced": (
        [row(HERE, 1, LEFT)], [row(HERE, 2, UNTRACED)], "A82038-1", "A82038-1 / A82038-2", 1),
    "back under the same local number": (
        [row(HERE, 1, LEFT)], [row(HERE, 1, MOVED, at=11)], "A82038-1", "A82038-1", 0),
    "a twin registers at the address that was left": (
        [row(HERE, 1, LEFT)], [row(THERE, 8, TWIN, NONE)], "A82038-1", "A82038-1 / B81001-8", 0),
    "another's number elsewhere: the demographics contradict": (
        [row(HERE, 1, LEFT)], [row(THERE, 8, {"surname": "Zebedee", "forenames": "Xavier", "dob": "1951-11-30", "sex": "male"})],
        "A82038-1", "A82038-1 / B81001-8", 1),
}


@pytest.mark.parametrize(("before", "then", "was", "becomes", "asked"), CASES.values(), ids=CASES)
def test_persons_before_and_after(before: list[list[Claim]], then: list[list[Claim]], was: str, becomes: str, asked: int) -> None:
    assert persons([each for some in before for each in some]) == was
    for order in permutations([*before, *then]):
        told = [each for some in order for each in some]
        assert (persons(told), len(tasks(told))) == (becomes, asked)


def test_the_address_of_who_left_is_a_former_home_and_the_practice_is_theirs_no_more() -> None:
    home = {"postcode": "AB1 2CD", "address": ["12 High Street", "Northtown"]}
    for changed, expected in ({}, home), (LEFT, {"former_homes": [home]}), ({"deducted_date": "2026-02-01"}, {"former_homes": [home]}):
        (found,) = (each for each in row(HERE, 1, changed) if each.type == "demographics")
        body = orjson.loads(found.body)
        assert {each: body[each] for each in body if each in {"postcode", "address", "former_homes"}} == expected
        assert (body["family"], body["birth_date"]) == ("Quillfeather", "1980-03-02")
    practices = []
    for status in "RDL":
        (item,) = PRACTICES[HERE].read(change("c", "registration", None, ROW | {"status": status}, schema="gp"))
        practices.append(orjson.loads(item.assertions[0].content).get("gp_practice"))
    assert practices == [HERE, HERE, None]


def test_a_hospital_that_still_has_the_old_address_finds_who_moved_on() -> None:
    """By the former home, which the task names."""
    there = claim("RXB/epr|5", "demographics", {"family": "Quillfeather", "given": ["Ann"], "birth_date": "1980-03-02",
                                                "postcode": "AB1 2CD", "address": ["12 High Street", "Northtown"]})
    (task,) = tasks([*row(HERE, 1, LEFT, NONE), there, number("RXB/epr|5", "", "02")])
    (found,) = (each for each in task.evidence if each.field == "former_homes")
    assert found.outcome == "agree" and found.weights[0] > 5


def test_a_change_of_practice_in_pds_claims_nothing() -> None:
    from mainstem.model import RawRef
    from mainstem.operations import Result
    from producers.pds.format import items

    signal = {"specversion": "1.0", "id": "x", "source": "uk.nhs.pds", "type": "pds-change-of-gp-2", "subject": NUMBERS[0],
              "time": "2026-02-01T00:00:00Z", "dataref": f"https://pds.invalid/Patient/{NUMBERS[0]}"}
    (item,) = items(orjson.dumps(signal), RawRef("raw.x26-pds.v1", 0, 0))
    assert (item.result, item.reason, item.claims) == (Result.IGNORED, "other-signal", ())
