"""The ledger's sums, by item and by kind; and what capture wrote of raw messages, against the same messages read again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from mainstem.model import Assertion, Claim
from mainstem.operations import Ledger, Quarantined, Result
from mainstem.verify import captured, received
from producers.batch import Batches
from producers.contract import RawMessage
from producers.formats import Readers
from producers.mapping.load import parse
from schemas import topics
from schemas.codec import Codec
from tests.producers.changes import ALLERGY, PATIENT, SMALL, change
from tests.verify.views import failed

MAPPING = parse(SMALL, "small.yaml")
SOURCE = "RXX/test"
RAW = topics.raw(SOURCE).name
MESSAGES = [message._replace(topic=RAW) for message in (
    change("c", "patient", None, PATIENT, offset=0), change("c", "allergy", None, ALLERGY, offset=1),
    change("c", "unheard-of", None, {"id": 1}, offset=2), change("c", "noise", None, {"id": 1}, offset=3))]
PLACES = [(message.topic, message.partition, message.offset) for message in MESSAGES]
LEDGER, CAPTURED = "every raw offset has one outcome", "captured = raw messages read again"
Written = list[Assertion | Claim | Quarantined | Ledger]


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec("mock://verify")


@pytest.fixture
def written(codec: Codec) -> Written:
    """What capture writes of the messages."""
    told = Batches(codec, Readers({SOURCE: MAPPING})).tell(MESSAGES)
    decoders = {topic.name: codec.decoder(topic) for topic in (topics.ASSERTIONS, topics.CLAIMS, topics.QUARANTINE, topics.LEDGER)}
    return [decoders[record.topic](record.value) for record in told.records]


def found(written: Written, codec: Codec, messages: list[RawMessage] = MESSAGES) -> dict[str, list[str]]:
    said = [each for each in written if not isinstance(each, Ledger)]
    read = captured.reader(codec, Readers({SOURCE: MAPPING}))
    return failed([
        received.check_ledger(PLACES, [each for each in written if isinstance(each, Ledger)], said),
        captured.check(messages, read, captured.written(written))])


def _first(written: Written, kind: type) -> int:
    return next(at for at, each in enumerate(written) if isinstance(each, kind))


def test_what_capture_wrote_passes(written: Written, codec: Codec) -> None:
    assert {type(each) for each in written} == {Assertion, Claim, Quarantined, Ledger}
    assert found(written, codec) == {}


def _lose(kind: type) -> Callable[[Written], None]:
    return lambda written: written.pop(_first(written, kind)) and None


def _double(kind: type) -> Callable[[Written], None]:
    return lambda written: written.append(written[_first(written, kind)])


def _lose_a_claim_and_double_an_assertion(written: Written) -> None:
    """Of one item, whose sum is what it was."""
    claim = written.pop(_first(written, Claim))
    written.append(next(each for each in written if isinstance(each, Assertion) and each.raw == claim.raw))


@pytest.mark.parametrize("harm", [
    _lose(Assertion), _lose(Claim), _lose(Quarantined), _lose(Ledger), _double(Assertion), _double(Quarantined), _double(Ledger),
    _lose_a_claim_and_double_an_assertion])
def test_what_the_ledger_does_not_speak_of_is_found(written: Written, codec: Codec, harm: Callable[[Written], None]) -> None:
    harm(written)
    assert found(written, codec).keys() == {LEDGER, CAPTURED}


def _change_content(written: Written) -> None:
    at = next(at for at, each in enumerate(written) if isinstance(each, Assertion) and each.kind == "allergy")
    written[at] = replace(written[at], content=written[at].content.replace(b"Penicillin", b"Peanut"))


def _lose_a_label(written: Written) -> None:
    at = _first(written, Assertion)
    written[at] = replace(written[at], labels=("sensitive",))


def _change_a_claim(written: Written) -> None:
    at = next(at for at, each in enumerate(written) if isinstance(each, Claim) and each.type == "carries-number")
    written[at] = replace(written[at], body=written[at].body.replace(b'"01"', b'"02"'))


def _never_read(written: Written) -> None:
    """Capture ignored what is an allergy, and said so in the ledger."""
    written[:] = [each for each in written if isinstance(each, Ledger) or each.raw.offset != 1]
    at = _first(written, Ledger)
    written[at] = replace(written[at], outcomes=tuple(
        replace(each, result=Result.IGNORED, reason="ignored-table", assertions=0) if each.offset == 1 else each
        for each in written[at].outcomes))


@pytest.mark.parametrize(("harm", "offset"), [(_change_content, 1), (_lose_a_label, 0), (_change_a_claim, 0), (_never_read, 1)])
def test_what_the_raw_message_does_not_say_is_found_when_it_is_read_again(
        written: Written, codec: Codec, harm: Callable[[Written], None], offset: int) -> None:
    harm(written)
    assert found(written, codec) == {CAPTURED: [f"{RAW}/0 offset {offset}: the topics hold other than it says, read again"]}


def test_a_copy_made_by_replay_says_the_same(written: Written, codec: Codec) -> None:
    assert found([replace(each, known=5) if isinstance(each, (Assertion, Claim)) else each for each in written], codec) == {}
