"""What each kind of change says, and what becomes of everything that is no change."""

from __future__ import annotations

import orjson
import pytest

from mainstem import versions
from mainstem.model import Assertion, Status
from mainstem.operations import Outcome, Result
from producers.contract import RawMessage
from producers.debezium import SNAPSHOT_MARGIN, DebeziumFormat
from producers.mapping.load import parse
from producers.reasons import Reason
from producers.unsent import PLACEHOLDER
from tests.producers.changes import ALLERGY, BEGUN, CONTACT, PATIENT, SMALL, change, message, only, reader, said

MOVED = ALLERGY | {"mrn": "1002"}


def test_an_insert_asserts_what_the_row_says() -> None:
    item = only(reader().read(change("c", "allergy", after=ALLERGY)))
    [assertion] = item.assertions
    assert said(assertion) == ("1001", "allergy/5", "", "asserted")
    assert orjson.loads(assertion.content) == {
        "agent": {"codes": [{"system": "http://snomed.info/sct", "code": "764146007", "display": "Penicillin"}], "text": "Penicillin"},
        "clinical_status": "active", "onset": "2019-04-14"}
    assert (assertion.position, assertion.committed, assertion.raw.offset) == (f"{BEGUN:016X}" * 2, 1_700_000_000_000, 7)
    assert (item.outcome.result, item.outcome.assertions, item.outcome.claims) == (Result.ASSERTIONS, 1, 0)


def test_an_update_asserts_the_row_anew() -> None:
    [assertion] = only(reader().read(change("u", "allergy", ALLERGY, ALLERGY | {"status": "R"}))).assertions
    assert orjson.loads(assertion.content)["clinical_status"] == "resolved"


def test_a_delete_removes() -> None:
    [assertion] = only(reader().read(change("d", "allergy", ALLERGY))).assertions
    assert said(assertion) == ("1001", "allergy/5", "", "removed")


def test_a_snapshots_row_yields_to_what_the_log_says_of_a_transaction_that_was_open_then() -> None:
    [snapshot] = only(reader().read(change("r", "allergy", after=ALLERGY))).assertions
    [logged] = only(reader().read(change("u", "allergy", ALLERGY, ALLERGY, lsn=BEGUN - 1000))).assertions
    assert snapshot.position == f"{BEGUN - SNAPSHOT_MARGIN:016X}" < logged.position
    [early] = only(reader().read(change("r", "allergy", after=ALLERGY, lsn=5))).assertions
    assert early.position == "0" * 16


def position(raw: RawMessage) -> str:
    [assertion] = only(reader().read(raw)).assertions
    return assertion.position


@pytest.mark.parametrize("earlier", [1000, SNAPSHOT_MARGIN * 20])
def test_of_a_transaction_open_at_the_snapshot_the_rows_are_later_than_it_however_long_it_was_open(earlier: int) -> None:
    """As it came from a database: updated, then much was written by others, the snapshot was taken, and it was committed."""
    snapshot, changed = change("r", "allergy", after=ALLERGY), ALLERGY | {"status": "R"}
    logged = change("u", "allergy", ALLERGY, changed, lsn=BEGUN - earlier, committed_before=BEGUN + 120)
    assert position(snapshot) < position(logged)
    assert position(logged) < position(change("u", "allergy", changed, ALLERGY, lsn=BEGUN + 800, committed_before=BEGUN + 760))


def test_a_snapshot_asked_for_stands_between_what_was_captured_before_it_and_what_follows() -> None:
    """The log was read up to BEGUN when it was taken: what its rows say, read by another mapping, takes the place of what was said."""
    snapshot = position(change("r", "allergy", after=ALLERGY, lsn=BEGUN, committed_before=BEGUN))
    assert position(change("u", "allergy", ALLERGY, ALLERGY, lsn=BEGUN - 40, committed_before=BEGUN - 40)) < snapshot
    assert snapshot < position(change("u", "allergy", ALLERGY, ALLERGY, lsn=BEGUN, committed_before=BEGUN))


def test_positions_sort_as_the_database_committed() -> None:
    first = [change("c", "allergy", after=ALLERGY, lsn=lsn, committed_before=90) for lsn in (91, 140, 2**40)]
    second = [change("c", "allergy", after=ALLERGY, lsn=lsn, committed_before=2**41) for lsn in (100, 2**42)]
    positions = [position(each) for each in (*first, *second)]
    assert positions == sorted(positions)
    by_its_own_place = position(change("c", "allergy", after=ALLERGY, lsn=2**41))
    for odd in ("", "null", "[]", '["-1","5"]', '["x","5"]', '["99999999999999999999999","5"]', 7, None):
        envelope = orjson.loads(change("c", "allergy", after=ALLERGY, lsn=2**41).value or b"")
        envelope["source"]["sequence"] = odd
        assert position(message(orjson.dumps(envelope))) == by_its_own_place


def test_positions_sort_as_the_log_does() -> None:
    positions = [only(reader().read(change("c", "allergy", after=ALLERGY, lsn=lsn))).assertions[0].position
                 for lsn in (9, 10, 255, 2**40, 2**63)]
    assert positions == sorted(positions)


@pytest.mark.parametrize(("before", "after"), [(ALLERGY, MOVED), (MOVED, ALLERGY)])
def test_a_row_filed_under_another_patient_is_removed_from_the_first(before: dict, after: dict) -> None:
    assertions = only(reader().read(change("u", "allergy", before, after))).assertions
    assert [said(each) for each in assertions] == [
        (after["mrn"], "allergy/5", "", "asserted"), (before["mrn"], "allergy/5", "", "removed")]


def test_a_row_with_a_new_key_is_removed_under_the_old_one() -> None:
    assertions = only(reader().read(change("u", "allergy", ALLERGY, ALLERGY | {"id": 6}))).assertions
    assert [said(each) for each in assertions] == [("1001", "allergy/6", "", "asserted"), ("1001", "allergy/5", "", "removed")]


def standing(*changes: RawMessage) -> dict[tuple[str, str], str]:
    """Patient and record -> the status of the greatest version, after these."""
    greatest: dict[tuple[str, str], Assertion] = {}
    for each in (one for raw in changes for one in only(reader().read(raw)).assertions):
        place = each.patient, each.record
        greatest[place] = max(greatest.get(place, each), each, key=versions.of_assertion)
    return {place: each.status.value for place, each in greatest.items()}


def test_a_row_unfiled_from_its_patient_is_removed_from_them_whatever_comes_of_it() -> None:
    unfiled = ALLERGY | {"mrn": None}
    filed, taken = change("c", "allergy", after=ALLERGY, lsn=1), change("u", "allergy", ALLERGY, unfiled, lsn=2)
    assert standing(filed, taken) == {("1001", "allergy/5"): "removed"}
    assert standing(filed, taken, change("u", "allergy", unfiled, MOVED, lsn=3)) == {
        ("1001", "allergy/5"): "removed", ("1002", "allergy/5"): "asserted"}
    assert standing(filed, taken, change("d", "allergy", unfiled, lsn=3)) == {("1001", "allergy/5"): "removed"}


@pytest.mark.parametrize(("lacks", "reason"), [("mrn", Reason.NO_PATIENT), ("id", Reason.NO_KEY)])
def test_a_row_that_is_refused_is_quarantined_with_the_removals_it_brings(lacks: str, reason: Reason) -> None:
    item = only(reader().read(change("u", "allergy", ALLERGY, ALLERGY | {lacks: None})))
    assert [said(each) for each in item.assertions] == [("1001", "allergy/5", "", "removed")]
    assert item.outcome == Outcome(offset=7, result=Result.QUARANTINED, reason=reason.value, assertions=1)
    assert item.quarantined is not None
    assert f"column {lacks} of table t.allergy" in item.quarantined.detail


def test_the_claims_of_a_patient_row_that_loses_its_patient_are_taken_back() -> None:
    item = only(reader().read(change("u", "patient", PATIENT | {"survivor": "1002"}, PATIENT | {"mrn": None})))
    assert [(each.patient, each.type, each.status.value) for each in item.claims] == [
        ("1001", "carries-number", "removed"), ("1001", "merged-into", "retracted")]
    assert (item.outcome.result, item.outcome.assertions, item.outcome.claims) == (Result.QUARANTINED, 1, 2)


def test_of_a_row_with_several_records_one_without_its_key_hides_no_other() -> None:
    """Row -> order, and the result in it; the result's key goes away, and then the row."""
    table = SMALL + """  t.order:
    records:
      - {kind: result, record: "order/{id}", fields: {note: note}}
      - {kind: result, record: "sample/{sample}", fields: {note: note}}
"""
    both = {"id": 1, "mrn": "1001", "sample": 2, "note": "x"}
    one = both | {"sample": None}
    read = DebeziumFormat("RXX/test", parse(table, "small.yaml")).read
    lost, gone = only(read(change("u", "order", both, one))), only(read(change("d", "order", one)))
    assert (lost.outcome.reason, [said(each) for each in lost.assertions]) == (
        Reason.NO_KEY, [("1001", "sample/2", "", "removed")])
    assert (gone.outcome.reason, [said(each) for each in gone.assertions]) == (
        Reason.NO_BEFORE, [("1001", "order/1", "", "removed")])


def test_a_row_that_turns_into_another_kind_is_removed_as_the_first() -> None:
    assertions = only(reader().read(change("u", "contact", CONTACT, CONTACT | {"kind": "done"}))).assertions
    assert [(each.kind, said(each)) for each in assertions] == [
        ("encounter", ("1001", "contact/9", "", "asserted")), ("appointment", ("1001", "appointment/9", "", "removed"))]


def test_where_the_row_before_is_not_known_what_it_might_have_said_is_removed() -> None:
    for op in ("r", "u"):
        assertions = only(reader().read(change(op, "contact", after=CONTACT))).assertions
        assert [said(each)[1::2] for each in assertions] == [("appointment/9", "asserted"), ("contact/9", "removed")]
    assert len(only(reader().read(change("c", "contact", after=CONTACT))).assertions) == 1


def test_entered_in_error_is_retracted_and_soft_deleted_is_removed_with_what_the_row_says() -> None:
    for columns, status in (({"wrong": True}, Status.RETRACTED), ({"deleted": 1}, Status.REMOVED),
                            ({"wrong": True, "deleted": 1}, Status.RETRACTED)):
        [assertion] = only(reader().read(change("u", "allergy", ALLERGY, ALLERGY | columns))).assertions
        assert assertion.status is status
        assert orjson.loads(assertion.content)["agent"]["text"] == "Penicillin"


def test_an_update_without_the_row_before_is_taken_and_told_of_unless_its_key_names_the_patient() -> None:
    """It may have been filed under another patient: nothing says so, and that patient still shows it."""
    item = only(reader().read(change("u", "allergy", after=MOVED, key={"id": 5})))
    assert [said(each) for each in item.assertions] == [("1002", "allergy/5", "", "asserted")]
    assert item.outcome == Outcome(offset=7, result=Result.QUARANTINED, reason=Reason.MOVE_UNSEEN.value, assertions=1)
    assert item.quarantined is not None
    assert "column mrn of table t.allergy" in item.quarantined.detail
    for sure in (change("u", "allergy", after=MOVED, key={"mrn": "1002", "id": 5}), change("u", "allergy", ALLERGY, MOVED, key={"id": 5}),
                 change("r", "allergy", after=MOVED, key={"id": 5}), change("c", "allergy", after=MOVED, key={"id": 5})):
        assert only(reader().read(sure)).outcome.result is Result.ASSERTIONS


def test_a_delete_whose_patient_debezium_made_up_is_nobodys() -> None:
    """Without REPLICA IDENTITY FULL: what was not sent is 0 where the column is a number and never null."""
    item = only(reader().read(change("d", "allergy", {"id": 5, "mrn": 0, "code": "", "test_row": False}, key={"id": 5})))
    assert (item.outcome.reason, item.assertions) == (Reason.NO_BEFORE, ())
    own = only(reader().read(change("d", "allergy", ALLERGY | {"mrn": 0}, key={"payload": {"id": 5, "mrn": 0}})))
    assert [said(each) for each in own.assertions] == [("0", "allergy/5", "", "removed")]


def test_moments_of_columns_without_a_zone() -> None:
    """Debezium puts a `Z` behind each of them."""
    mapped = """  t.stay:
    records:
      - kind: encounter
        record: stay/{id}
        fields: {start: {column: began, date: local}, end: {moment: left_on, time: left_at, date: day}}
"""
    row = {"id": 1, "mrn": "1001", "began": "2024-06-05T10:00:00Z", "left_on": "2024-06-06Z", "left_at": "11:30:00Z"}
    [stay] = only(DebeziumFormat("RXX/test", parse(SMALL + mapped, "small.yaml")).read(change("c", "stay", after=row))).assertions
    assert orjson.loads(stay.content) == {"start": "2024-06-05T09:00:00Z", "end": "2024-06-06T11:30:00"}


def test_labels() -> None:
    [assertion] = only(reader().read(change("c", "allergy", after=ALLERGY | {"private": "y"}))).assertions
    assert assertion.labels == ("sensitive",)


def test_a_row_to_ignore_is_ignored_and_one_that_was_not_is_removed() -> None:
    trained = ALLERGY | {"test_row": True}
    outcome = only(reader().read(change("c", "allergy", after=trained))).outcome
    assert (outcome.result, outcome.reason) == (Result.IGNORED, Reason.IGNORED_ROW)
    [assertion] = only(reader().read(change("u", "allergy", ALLERGY, trained))).assertions
    assert assertion.status is Status.REMOVED
    assert not only(reader().read(change("d", "allergy", trained))).assertions


def test_a_large_value_not_sent_again_is_taken_from_the_row_before() -> None:
    before = ALLERGY | {"note": "long text"}
    [assertion] = only(reader().read(change("u", "allergy", before, before | {"note": PLACEHOLDER, "status": "R"}))).assertions
    assert orjson.loads(assertion.content)["note"] == "long text"


@pytest.mark.parametrize(("spelled", "value"), [
    ([PLACEHOLDER], ["a", "b"]), ("X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==", "AAEC"),
    (["X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="], ["AAEC"]), ([*PLACEHOLDER.encode()], [1, 2]),
    ("5f5f646562657a69756d5f756e617661696c61626c655f76616c7565", "000102"), ({PLACEHOLDER: PLACEHOLDER}, {"a": "b"}),
    (f'{{"{PLACEHOLDER}":"{PLACEHOLDER}"}}', "{}"), (["b68a35a7-17ad-35b3-af2a-ae46edb4545a"], ["0"])])
def test_a_large_value_of_another_type_not_sent_again_is_no_content(spelled: object, value: object) -> None:
    """As Debezium's `UnchangedToastedPlaceholder` spells it in arrays, bytes, hstore."""
    told = only(reader().read(change("u", "allergy", ALLERGY | {"note": value}, ALLERGY | {"note": spelled})))
    assert told.assertions[0].content == only(reader().read(change("c", "allergy", after=ALLERGY | {"note": value}))).assertions[0].content
    for before in (None, ALLERGY | {"note": None}, ALLERGY | {"note": spelled}, dict.fromkeys(ALLERGY) | {"id": 5, "mrn": "1001"}):
        item = only(reader().read(change("u", "allergy", before, ALLERGY | {"note": spelled})))
        assert (item.outcome.reason, item.assertions) == (Reason.UNAVAILABLE_VALUE, ())


def test_with_schema_and_payload_the_change_is_the_same() -> None:
    bare = change("c", "allergy", after=ALLERGY)
    wrapped = message(orjson.dumps({"schema": {"type": "struct"}, "payload": orjson.loads(bare.value or b"")}))
    assert only(reader().read(wrapped)) == only(reader().read(bare))


def test_incarnation_goes_before_position() -> None:
    restored = DebeziumFormat("RXX/test", parse(SMALL.replace("patient: mrn", "incarnation: 2\npatient: mrn", 1), "small.yaml"))
    item = only(restored.read(change("c", "patient", after=PATIENT)))
    assert {each.incarnation for each in (*item.assertions, *item.claims)} == {2}


@pytest.mark.parametrize(("raw", "reason"), [
    (message(None), Reason.TOMBSTONE),
    (message(b'{"schema": {}, "payload": null}'), Reason.TOMBSTONE),
    (message(b'{"ts_ms": 1}'), Reason.HEARTBEAT),
    (message(b'{"status": "END", "id": "5:9", "event_count": 1, "data_collections": []}'), Reason.TRANSACTION_MARK),
    (message(b'{"op": "m", "message": {"prefix": "x"}}'), Reason.LOGICAL_MESSAGE),
    (change("c", "noise", after={"a": 1}), Reason.IGNORED_TABLE),
])
def test_ignored(raw, reason: Reason) -> None:
    item = only(reader().read(raw))
    assert (item.outcome.result, item.outcome.reason) == (Result.IGNORED, reason)
    assert not item.assertions
    assert not item.claims
    assert item.quarantined is None


@pytest.mark.parametrize(("raw", "reason", "names"), [
    (message(b"{"), Reason.UNREADABLE, ""),
    (message(b"[1]"), Reason.NOT_A_CHANGE, ""),
    (message(b'{"a": 1}'), Reason.NOT_A_CHANGE, ""),
    (message(b'{"op": "c", "source": null, "after": {}}'), Reason.NOT_A_CHANGE, ""),
    (change("c", "allergy", after=ALLERGY, lsn=-1), Reason.NOT_A_CHANGE, ""),
    (change("c", "allergy", after=None), Reason.NOT_A_CHANGE, "t.allergy"),
    (change("c", "other", after={"a": 1}), Reason.UNMAPPED_TABLE, "t.other"),
    (change("t", "allergy"), Reason.TRUNCATED_TABLE, "t.allergy"),
    (change("c", "allergy", after={k: v for k, v in ALLERGY.items() if k != "term"}), Reason.MISSING_COLUMN, "column term of table t."),
    (change("c", "allergy", after=ALLERGY | {"mrn": " "}), Reason.NO_PATIENT, "column mrn"),
    (change("c", "allergy", after=ALLERGY | {"id": None}), Reason.NO_KEY, "column id"),
    (change("d", "allergy"), Reason.NO_BEFORE, "t.allergy"),
    (change("d", "allergy", {"id": 5}), Reason.MISSING_COLUMN, "column test_row of table t.allergy"),
    (change("d", "allergy", dict.fromkeys(ALLERGY) | {"id": 5}), Reason.NO_BEFORE, "t.allergy"),
    (change("u", "allergy", None, ALLERGY | {"note": PLACEHOLDER}), Reason.UNAVAILABLE_VALUE, "column note"),
    (change("u", "allergy", {"id": 5}, ALLERGY | {"note": PLACEHOLDER}), Reason.UNAVAILABLE_VALUE, "column note"),
    (change("u", "allergy", ALLERGY, ALLERGY | {"note": PLACEHOLDER}), Reason.UNAVAILABLE_VALUE, "column note"),
])
def test_quarantined_with_what_to_do(raw, reason: Reason, names: str) -> None:
    item = only(reader().read(raw))
    assert (item.outcome.result, item.outcome.reason) == (Result.QUARANTINED, reason)
    assert not item.assertions
    assert not item.claims
    assert item.quarantined is not None
    assert item.quarantined.raw.offset == 7
    assert names in item.quarantined.detail
    assert reason.todo in item.quarantined.detail


def test_a_source_without_a_mapping_is_quarantined() -> None:
    item = only(DebeziumFormat("RXZ/new", None).read(change("c", "allergy", after=ALLERGY)))
    assert item.outcome.reason == Reason.NO_MAPPING
