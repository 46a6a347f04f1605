"""The format `hl7`: every message has exactly one outcome, whatever it holds, and no reason tells of a patient."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.model import Claim, RawRef
from mainstem.operations import Result
from processors.identity.linker import assign
from producers.contract import FORMAT_HEADER, SOURCE_HEADER, ItemResult, RawMessage
from producers.formats import Reader
from producers.hl7.er7 import Message
from producers.hl7.files import AUTHORITIES_HEADER, messages, read_file
from producers.hl7.format import items
from producers.hl7.identity import Feed, claims
from producers.hl7.reasons import Reason
from producers.processing import Processing
from tests.producers.hl7.test_hl7_identity import admitted, message, mrg, pid
from tests.producers.test_reading_properties import check
from tests.strategies import KEY, NUMBERS

CORPORA = Path(__file__).resolve().parents[4] / "shared" / "corpora"
DAMAGE = [b"", b"|", b"^", b"\r", b"\n", b"\\", b'""', b"\xff", b"MSH|", b"\x1c"]
CANARY = "ZEBEDEE"
ADMIT, MERGE = admitted("1", NUMBERS[0]), message("A40", "0201100000", pid("1"), mrg("2"))
RESULT = b"MSH|^~\\&|LAB|RXA|||20260101||ORU^R01|7|P|2.4\rPID|||1^^^RXA^MR\rOBX|1|ST|x||y"
HEADERS = {FORMAT_HEADER: b"hl7", SOURCE_HEADER: b"RXA/hl7", AUTHORITIES_HEADER: b"RXA"}


def read(value: bytes | None, headers: dict[str, bytes] | None = None, offset: int = 5) -> list[ItemResult]:
    made = RawMessage("raw.rxa-hl7.v1", 0, offset, 0, None, value, HEADERS if headers is None else headers)
    found = Reader("", None).read(made)
    check(found, offset)
    return found


def outcomes(found: list[ItemResult]) -> list[str]:
    return [each.outcome.reason or f"{each.outcome.claims} claims" for each in found]


@pytest.mark.parametrize(("value", "outcome"), [
    (ADMIT, "2 claims"), (MERGE, "1 claims"), (RESULT, "not-adt"), (message("A03", "01", pid("1")), "other-event"),
    (message("A08", "0101080000", pid("1")), "nothing-said"), (message("A40", "0101080000", pid("1"), mrg("1")), "nothing-said"),
    (message("A08", "0101080000"), "unidentified"), (message("A31", "0101080000", pid("1", NUMBERS[0]), pid("2")), "unidentified"),
    (message("A40", "0101080000", pid("1")), "unidentified"), (message("A31", "x", pid("1", NUMBERS[0])), "unidentified"),
    (b"PID|||1", "unreadable"), (b"", "unreadable"), (None, "unreadable"), (b"BHS|^~\\&|\rBTS|0\r", "unreadable")])
def test_one_message_has_one_outcome(value: bytes | None, outcome: str) -> None:
    assert outcomes(read(value)) == [outcome]


def test_authorities_tell_whose_numbers_they_are() -> None:
    foreign = ADMIT.replace(b"RXA^MR", b"RXB^MR")
    assert outcomes(read(foreign)) == ["unidentified"]
    assert outcomes(read(foreign, {FORMAT_HEADER: b"hl7", SOURCE_HEADER: b"RXA/hl7"})) == ["2 claims"]


def test_a_topic_that_names_no_source_and_a_message_without_one() -> None:
    assert outcomes(read(ADMIT, {FORMAT_HEADER: b"hl7"})) == ["no-source"]
    assert outcomes(read(RESULT, {FORMAT_HEADER: b"hl7"})) == ["not-adt"]


def test_a_batch_in_one_raw_message_has_an_outcome_for_each_message_in_it() -> None:
    found = read(b"\r".join((b"FHS|^~\\&|", b"BHS|^~\\&|", ADMIT, MERGE, RESULT, b"BTS|3", b"FTS|1")))
    assert [(each.outcome.item, outcomes([each])[0]) for each in found] == [
        ("message/1", "2 claims"), ("message/2", "1 claims"), ("message/3", "not-adt")]
    assert [claim.raw.item for each in found for claim in each.claims] == ["message/1", "message/1", "message/2"]


@pytest.mark.parametrize("zone", [b"+9900", b"+2400", b"-0099"])
def test_a_time_zone_that_there_is_not_is_of_its_message_alone(zone: bytes) -> None:
    sent = ADMIT.replace(b"ADT", zone + b"ADT").replace(b"20260101080000||" + zone, b"20260101080000" + zone + b"||")
    assert sent.count(zone) == 1
    assert outcomes(read(b"\r".join((ADMIT, sent, MERGE)))) == ["2 claims", "2 claims", "1 claims"], "EVN-2 says when it was recorded"
    neither = b"\r".join((sent.split(b"\r")[0], b"EVN|A28|20260101080000" + zone, *sent.split(b"\r")[2:]))
    assert outcomes(read(b"\r".join((ADMIT, neither, MERGE)))) == ["2 claims", "unidentified", "1 claims"]


def test_a_fault_of_the_reader_is_of_the_message_in_which_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(message: Message, feed: Feed, raw: RawRef) -> list[Claim]:
        if message.of("MRG"):
            raise RuntimeError(CANARY)
        return claims(message, feed, raw)

    monkeypatch.setattr("producers.hl7.format.claims", fails)
    found = items(b"\r".join((ADMIT, MERGE, ADMIT)), Feed("RXA/hl7"), RawRef("raw.rxa-hl7.v1", 0, 5))
    assert [each.reason for each in found] == ["", "reader-fault", ""]
    assert "RuntimeError" in found[1].detail
    assert CANARY not in found[1].detail


def lines(end: bytes, value: bytes) -> bytes:
    return value.replace(b"\r", end) + end


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\r\n"])
@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n\r\n", b"\x1c\r\x0b", b"BTS|1\rBHS|^~\\&|PAS\r"])
def test_files_are_split_whatever_their_line_ends(end: bytes, between: bytes) -> None:
    found = messages(between.join(lines(end, each) for each in (ADMIT, MERGE, RESULT)))
    assert [outcomes(read(each)) for each in found] == [["2 claims"], ["1 claims"], ["not-adt"]]
    assert [each.split(b"|")[8] for each in found] == [b"ADT^A28", b"ADT^A40", b"ORU^R01"]


def test_what_has_lost_its_head_is_no_part_of_the_message_before() -> None:
    """The MRG of another merge under this one's PID would merge two people."""
    headless = b"\r".join((pid("7").encode(), mrg("8").encode()))
    found = messages(ADMIT + b"\r\r" + headless)
    assert [outcomes(read(each)) for each in found] == [["2 claims"], ["unreadable"]]


def test_a_file_loses_no_byte_of_a_message(tmp_path: Path) -> None:
    path = tmp_path / "a.hl7.gz"
    path.write_bytes(gzip.compress(ADMIT + b"\r\n" + MERGE + b"\r\n\x1ajunk"))
    raws = read_file(path, "RXA/hl7", {"RXA"})
    assert b"".join(each.value or b"" for each in raws) == ADMIT + b"\r\n" + MERGE + b"\r\n\x1ajunk"
    assert all(each.headers == HEADERS for each in raws)
    assert [outcomes(read(each.value)) for each in raws] == [["2 claims"], ["unreadable"]]


def test_a_message_cut_short_anywhere_has_one_outcome() -> None:
    for whole in (ADMIT, MERGE, RESULT):
        for end in range(len(whole)):
            assert len(read(whole[:end])) == 1


def test_a_batch_cut_short_anywhere_keeps_the_messages_before_the_cut() -> None:
    whole = ADMIT + b"\n\n" + RESULT
    for end in range(len(ADMIT) + 2, len(whole)):
        assert outcomes(read(whole[:end]))[0] == "2 claims"


@given(st.binary(max_size=300) | st.text(alphabet="MSHPIDRGADT^A40|~\\&\r\n\"1920x", max_size=300).map(str.encode))
def test_any_bytes_have_outcomes(value: bytes) -> None:
    read(value)
    read(b"MSH|^~\\&|" + value)


def test_damaged_messages_have_one_outcome_and_no_reason_tells_of_the_patient() -> None:
    chance = random.Random(5)
    whole = message("A40", "0201100000", pid(CANARY, NUMBERS[0], "01", CANARY, CANARY), mrg(CANARY)) + b"\rZZZ|" + CANARY.encode()
    seen: Counter[str] = Counter()
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(data))
            data[place:place + chance.randint(0, 3)] = chance.choice(DAMAGE)
        for each in read(bytes(data)):
            seen[each.outcome.result] += 1
            told = each.outcome.reason + (each.quarantined.detail if each.quarantined else "")
            assert CANARY not in told
            assert NUMBERS[0] not in told
    assert seen.keys() == {Result.ASSERTIONS, Result.QUARANTINED, Result.IGNORED}


def claims_of(values: list[bytes], headers: dict[str, bytes] = HEADERS) -> list[Claim]:
    return [claim for place, value in enumerate(values) for each in read(value, headers, place) for claim in each.claims]


def test_the_order_in_which_messages_come_is_nothing() -> None:
    values = [admitted("1", NUMBERS[0]), admitted("2"), admitted("3"), MERGE, message("A40", "0202100000", pid("3"), mrg("2")),
              message("A24", "0203100000", pid("1"), pid("3")), message("A37", "0204100000", pid("3"), pid("1"))]
    placed = {who: each.person for who, each in assign(claims_of(values), KEY).items()}
    assert placed["RXA/hl7|2"] == placed["RXA/hl7|3"] != placed["RXA/hl7|1"]
    chance = random.Random(3)
    for _ in range(20):
        order = chance.sample(values, len(values))
        assert {who: each.person for who, each in assign(claims_of(order + order[:3]), KEY).items()} == placed


def corpus(folder: str) -> list[RawMessage]:
    files = sorted((CORPORA / folder).glob("*.hl7*"))
    if not files:
        pytest.skip(f"no corpora at {CORPORA}")
    return [each for path in files for each in read_file(path, "RXA/hl7", processing=Processing.TRAINING)]


@pytest.mark.corpus
@pytest.mark.parametrize(("folder", "count", "expected"), [
    ("hl7v2-events", 57, {"assertions": 8, "other-event": 18, "not-adt": 31}),
    ("hl7v2-simhospital", 340, {"assertions": 144, "not-adt": 196})])
def test_every_message_of_the_corpora_has_one_outcome(folder: str, count: int, expected: dict[str, int]) -> None:
    raws = corpus(folder)
    assert len(raws) == count
    found = [read(each.value, dict(each.headers)) for each in raws]
    assert all(len(each) == 1 for each in found)
    assert Counter(each.outcome.reason or str(each.outcome.result) for (each,) in found) == expected


@pytest.mark.corpus
def test_the_a34_of_the_simulated_hospital_joins_two_numbers_and_nobody_else() -> None:
    """Played in sending order: the person map before that message, and after it."""
    values = [each.value or b"" for each in corpus("hl7v2-simhospital")]
    headers = {FORMAT_HEADER: b"hl7", SOURCE_HEADER: b"RXA/hl7", **Processing.TRAINING.headers}
    said = [claims_of([value], headers) for value in values]
    at = next(place for place, each in enumerate(values) if b"|ADT^A34|" in each)
    merged, into = "RXA/hl7|618454581", "RXA/hl7|2777246431"
    before, after = (assign(chain.from_iterable(said[:end]), KEY) for end in (at, at + 1))
    assert merged in before
    assert into not in before, "the survivor's number is new"
    assert after[merged].person == after[into].person
    others = before.keys() - {merged}
    assert len(others) > 50
    assert {who: before[who].person for who in others} == {who: after[who].person for who in others}
    assert after.keys() - before.keys() <= {merged, into}


@pytest.mark.corpus
@pytest.mark.parametrize(("event", "merged", "into"), [("A40", "56789", "12345"), ("A47", "MR102", "MR101")])
def test_merges_of_the_corpus_through_the_format(event: str, merged: str, into: str) -> None:
    raw = next(each for each in corpus("hl7v2-events") if f"ADT^{event}^".encode() in (each.value or b""))
    two = [admitted(merged).replace(b"RXA^MR", b"^MR"), admitted(into, NUMBERS[0]).replace(b"RXA^MR", b"^MR")]
    headers = {FORMAT_HEADER: b"hl7", SOURCE_HEADER: b"RXA/hl7"}

    def persons(values: list[bytes]) -> list[str | None]:
        found = assign(claims_of(values, headers), KEY)
        return [found[f"RXA/hl7|{who}"].person if f"RXA/hl7|{who}" in found else None for who in (merged, into)]

    before, after = persons(two), persons([*two, raw.value or b""])
    assert before[0] != before[1] == after[1] == after[0]


@pytest.mark.corpus
def test_the_a31_of_the_corpus_says_who_its_patient_is() -> None:
    raw = next(each for each in corpus("hl7v2-events") if b"ADT^A31^" in (each.value or b""))
    (found,) = read(raw.value, dict(raw.headers))
    assert {each.type for each in found.claims} == {"demographics"}
    assert {each.patient for each in found.claims} == {"PATID1234"}


@pytest.mark.corpus
def test_messages_of_the_corpora_cut_short_have_one_outcome() -> None:
    for each in corpus("hl7v2-events"):
        value = each.value or b""
        for end in range(0, len(value), max(1, len(value) // 20)):
            assert len(read(value[:end], dict(each.headers))) == 1


def test_reasons_are_advice() -> None:
    assert all(reason.todo.endswith(".") and len(reason.todo) > 30 for reason in Reason)
