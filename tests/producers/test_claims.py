"""Claims of a patient row: a number carried, a merge pointed at."""

from __future__ import annotations

import orjson
import pytest

from mainstem.model import Claim, Status
from producers.debezium import DebeziumFormat
from producers.mapping.errors import MappingError
from producers.mapping.load import parse
from tests.producers.changes import PATIENT, change, only, reader


def claims(op: str, before: dict | None, after: dict | None) -> list[tuple[str, str, str, Status, dict]]:
    found: tuple[Claim, ...] = only(reader().read(change(op, "patient", before, after))).claims
    return [(each.patient, each.type, each.ref, each.status, orjson.loads(each.body)) for each in found]


def test_a_number_is_carried_as_ten_digits_with_its_national_status() -> None:
    assert claims("c", None, PATIENT) == [
        ("1001", "carries-number", "", Status.ASSERTED, {"nhs_number": "9990000018", "verification": "01"})]
    assert claims("c", None, PATIENT | {"traced": "N"})[0][-1]["verification"] == "02"
    assert claims("c", None, PATIENT | {"traced": "?"})[0][-1]["verification"] == "03"
    assert claims("c", None, PATIENT | {"traced": None})[0][-1]["verification"] == "03"


@pytest.mark.parametrize("number", ["9990000019", "999000001", "99900000188", "999000001X", "9999999999", "٩٩٩٠٠٠٠٠١٨"])
def test_a_number_that_cannot_be_right_stays_on_record_and_asks_for_a_trace(number: str) -> None:
    item = only(reader().read(change("c", "patient", None, PATIENT | {"nhs": number})))
    assert orjson.loads(item.claims[0].body) == {"nhs_number": number, "verification": "03"}
    assert item.claims[0].status is Status.ASSERTED
    content = orjson.loads(item.assertions[0].content)
    assert (content["nhs_number"], content["verification"]) == (number, "Y")


def test_no_number_retracts_the_claim() -> None:
    assert claims("u", PATIENT, PATIENT | {"nhs": None}) == [("1001", "carries-number", "", Status.RETRACTED, {})]


def test_a_deleted_patient_carries_no_number() -> None:
    assert claims("d", PATIENT, None) == [("1001", "carries-number", "", Status.REMOVED, {})]


def test_a_merge_pointer_and_its_correction() -> None:
    merged, elsewhere = PATIENT | {"survivor": "1002"}, PATIENT | {"survivor": "1003"}
    assert claims("u", PATIENT, merged)[1:] == [
        ("1001", "merged-into", "RXX/test|1002", Status.ASSERTED, {"into": "RXX/test|1002"})]
    assert claims("u", merged, PATIENT)[1:] == [("1001", "merged-into", "RXX/test|1002", Status.RETRACTED, {})]
    assert claims("u", merged, elsewhere)[1:] == [
        ("1001", "merged-into", "RXX/test|1003", Status.ASSERTED, {"into": "RXX/test|1003"}),
        ("1001", "merged-into", "RXX/test|1002", Status.RETRACTED, {})]
    assert [each[3] for each in claims("d", merged, None)] == [Status.REMOVED, Status.REMOVED]


def test_a_patient_merged_into_itself_says_nothing() -> None:
    assert len(claims("c", None, PATIENT | {"survivor": "1001"})) == 1


def test_a_patient_with_a_new_local_id_leaves_nothing_under_the_old_one() -> None:
    told = claims("u", PATIENT, PATIENT | {"mrn": "2001"})
    assert [(patient, status) for patient, _, _, status, _ in told] == [("2001", Status.ASSERTED), ("1001", Status.REMOVED)]


def test_a_date_that_cannot_be_read_is_kept() -> None:
    item = only(reader().read(change("c", "patient", None, PATIENT | {"born": "31/02/1980"})))
    assert orjson.loads(item.assertions[0].content)["birth_date"] == "31/02/1980"


WHO = """
source: RXX/test
patient: mrn
tables:
  t.patient:
    records:
      - kind: patient
        record: patient
        retracted: {column: wrong, equals: true}
        fields:
          names:
            names: [{given: called, use: nickname}, {family: born_as, use: maiden}, {family: surname, given: forenames, use: official}]
          birth_date: {column: born, date: day}
          gender: sex
    claims: {demographics: true}
"""
ROW = {"mrn": "1", "called": "Nan", "surname": "Archer", "forenames": "Ann May", "born": "1980-03-02", "sex": "female", "wrong": False,
       "born_as": None}


def test_what_tells_humans_apart_is_claimed_with_the_official_name() -> None:
    read = DebeziumFormat("RXX/test", parse(WHO, "who.yaml")).read
    (found,) = only(read(change("c", "patient", None, ROW))).claims
    assert (found.type, orjson.loads(found.body)) == (
        "demographics", {"family": "Archer", "given": ["Ann", "May"], "birth_date": "1980-03-02", "gender": "female"})
    (found,) = only(read(change("c", "patient", None, ROW | {"born_as": "Bell"}))).claims
    assert orjson.loads(found.body)["former_names"] == [{"family": "Bell", "given": []}]
    assert only(read(change("u", "patient", ROW, ROW | {"wrong": True}))).claims[0].status is Status.RETRACTED
    assert only(read(change("d", "patient", ROW))).claims[0].status is Status.REMOVED


def test_demographics_are_those_of_the_patient_record_in_the_same_table() -> None:
    with pytest.raises(MappingError, match="expected a record of kind 'patient'"):
        parse(WHO.replace("kind: patient", "kind: flag").replace("record: patient", "record: flag"), "who.yaml")
