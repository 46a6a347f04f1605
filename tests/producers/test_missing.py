"""A delete that stands for one nobody told of: what capture reads of it, and what is later than it."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem import versions
from mainstem.model import Assertion, Status
from mainstem.verify.trusts import row
from producers.contract import RawMessage
from producers.debezium import DebeziumFormat, position
from producers.mapping.load import parse
from producers.missing import Cut, Last, delete
from producers.unsent import PLACEHOLDER
from tests.producers.changes import ALLERGY, BEGUN, PATIENT, SMALL, change, message, only, reader, said

CUT = Cut(f"{BEGUN + 10_000:016X}{BEGUN + 10_100:016X}", BEGUN + 10_100, 1_700_000_900_000)
KEY = {"id": 5}
FIRST = 1 << 24
"""Where the log of every new database server begins."""


def last(raw: RawMessage) -> Last:
    assert raw.value is not None
    source = orjson.loads(raw.value)["source"]
    return Last(raw.value, position(source, snapshot=orjson.loads(raw.value)["op"] == "r"), raw.partition, raw.offset)


def missing(raw: RawMessage, *, restored: bool = False) -> RawMessage:
    return message(delete(last(raw), CUT, restored=restored), offset=90, key=raw.key)


def read(raw: RawMessage, incarnation: int = 0) -> list[Assertion]:
    mapping = parse(f"incarnation: {incarnation}\n{SMALL}", "small.yaml")
    return list(only(DebeziumFormat("RXX/test", mapping).read(raw)).assertions)


def latest(*told: list[Assertion]) -> Assertion:
    return max((each for some in told for each in some), key=versions.of_assertion)


CHANGES = [change("c", "allergy", after=ALLERGY, key=KEY), change("u", "allergy", ALLERGY, ALLERGY, key=KEY, committed_before=BEGUN - 50),
           change("r", "allergy", after=ALLERGY, key=KEY), change("r", "allergy", after=ALLERGY, key=KEY, committed_before=BEGUN - 50)]


@pytest.mark.parametrize("told", CHANGES)
def test_it_removes_what_the_row_said_last(told: RawMessage) -> None:
    [removed] = read(missing(told))
    assert said(removed) == ("1001", "allergy/5", "", "removed")
    assert removed.committed == CUT.committed
    assert latest(read(told), [removed]).status is Status.REMOVED


@pytest.mark.parametrize("told", CHANGES)
def test_what_came_later_in_the_log_is_later_than_it_and_what_came_before_is_not(told: RawMessage) -> None:
    removed = read(missing(told))
    for at in (BEGUN + 1, CUT.lsn + 1):
        again = read(change("c", "allergy", after=ALLERGY, lsn=at + 8, committed_before=at))
        assert latest(removed, again).status is Status.ASSERTED
        assert latest(removed, read(change("r", "allergy", after=ALLERGY, committed_before=at))).status is Status.ASSERTED
    early = read(change("u", "allergy", ALLERGY, ALLERGY, lsn=BEGUN - (2 << 20), committed_before=BEGUN - (3 << 20)))
    assert latest(removed, early).status is Status.REMOVED


def test_of_a_database_that_was_restored_all_that_it_says_is_later() -> None:
    """Its log positions began again."""
    told = change("u", "allergy", ALLERGY, ALLERGY, committed_before=BEGUN - 50)
    removed = read(missing(told, restored=True), incarnation=1)
    assert latest(read(told), removed).status is Status.REMOVED
    for again in (change("r", "allergy", after=ALLERGY, lsn=FIRST), change("c", "allergy", after=ALLERGY, lsn=FIRST)):
        assert latest(removed, read(again, incarnation=1)).status is Status.ASSERTED


def test_a_number_that_a_row_carried_is_carried_no_more() -> None:
    told = change("r", "patient", after=PATIENT)
    item = only(reader().read(missing(told)))
    numbers = [claim for claim in (*only(reader().read(told)).claims, *item.claims) if claim.type == "carries-number"]
    assert max(numbers, key=versions.of_claim).status is Status.REMOVED


def test_a_large_value_that_was_not_sent_again_is_that_of_the_row_before() -> None:
    told = change("u", "allergy", ALLERGY | {"note": "long"}, ALLERGY | {"note": PLACEHOLDER})
    assert orjson.loads(delete(last(told), CUT, restored=False))["before"]["note"] == "long"
    told = change("u", "allergy", None, ALLERGY | {"note": PLACEHOLDER})
    assert orjson.loads(delete(last(told), CUT, restored=False))["before"]["note"] == PLACEHOLDER


def test_it_says_what_it_stands_for() -> None:
    made = orjson.loads(delete(last(change("r", "allergy", after=ALLERGY, offset=41)), CUT, restored=False))
    assert made["source"]["connector"] == "mainstem"
    assert made["mainstem"] == {"last": {"partition": 0, "offset": 41}, "missing_at": {"lsn": CUT.lsn}}


def test_of_a_change_without_a_row_there_is_none() -> None:
    with pytest.raises(ValueError, match="without a row"):
        delete(last(change("u", "allergy", ALLERGY, None)), CUT, restored=False)


@given(op=st.sampled_from("cur"), lsn=st.integers(0, (1 << 64) - 2), before=st.none() | st.integers(0, (1 << 64) - 1))
def test_nothing_stands_between_a_change_and_the_delete_that_stands_for_an_unseen_one(op: str, lsn: int, before: int | None) -> None:
    """Verify takes it so, too."""
    told = change(op, "allergy", after=ALLERGY, lsn=lsn, committed_before=before, key=KEY)
    made = delete(last(told), CUT, restored=False)
    living, gone = row(told.key or b"", told.value or b""), row(told.key or b"", made)
    assert living is not None and gone is not None
    assert (living[0], living[2], gone[2]) == (gone[0], True, False)
    behind = gone[1]
    assert living[1] < behind
    assert int(behind, 16) - int(living[1].ljust(32, "0"), 16) in (0, 1)
