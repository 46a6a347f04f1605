"""What nobody took back: once it is told of, capture's assertions are those of the rows there are, whatever was missed before."""

from __future__ import annotations

import random
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from mainstem import versions
from mainstem.missing.compare import Begun, compare
from mainstem.missing.standing import left_standing
from mainstem.model import Assertion, Status
from mainstem.verify.trusts import Words, begun, last_words, row
from producers.contract import RawMessage
from producers.debezium import DebeziumFormat
from producers.mapping.load import parse
from producers.missing import Cut, Last, delete
from tests.producers.changes import ALLERGY, SMALL

TABLE = "t.allergy"
Row = dict[str, Any]


class Trust:
    """A table, what capture made of its changes, and a log that may miss some; rows before are sent or not."""

    def __init__(self, *, full: bool) -> None:
        self.full = full
        self.rows: dict[int, Row] = {}
        self.topic: list[RawMessage] = []
        self.clock = 1 << 24
        self.incarnation = 0
        self.written: list[Assertion] = []

    def tell(self, op: str, before: Row | None, after: Row | None) -> None:
        number = (after or before or {})["id"]
        if not self.full and before is not None:
            before = None if op == "u" else {column: number if column == "id" else None for column in before}
        source = {"schema": "t", "table": "allergy", "lsn": self.clock + 1, "ts_ms": 0,
                  "sequence": f'["{self.clock}","{self.clock + 1}"]'}
        self.send(number, orjson.dumps({"op": op, "before": before, "after": after, "source": source}))

    def send(self, number: int, value: bytes) -> None:
        self.topic.append(RawMessage("raw.rxx-test.v1", 0, len(self.topic), 0, orjson.dumps({"id": number}), value))
        self.written += self.read(self.topic[-1], self.incarnation)

    def read(self, message: RawMessage, incarnation: int = 0) -> tuple[Assertion, ...]:
        return MAPPED[incarnation].read(message)[0].assertions

    def do(self, what: str, number: int, patient: str, kind: bool) -> None:
        self.clock += 100
        before = self.rows.get(number)
        after = ALLERGY | {"id": number, "mrn": patient, "test_row": kind}
        seen = not what.startswith("unseen")
        if what.endswith("put"):
            self.rows[number] = after
            if seen:
                self.tell("c" if before is None else "u", before, after)
        elif what.endswith("delete") and before is not None:
            del self.rows[number]
            if seen:
                self.tell("d", before, None)
        elif what == "restore":
            self.incarnation, self.clock = min(self.incarnation + 1, len(MAPPED) - 1), self.clock - 50 if self.incarnation else 1 << 24
            self.reread()
        elif what == "reread":
            self.reread()

    def reread(self) -> None:
        self.clock += 100
        for each in self.rows.values():
            self.tell("r", None, each)

    def mend(self) -> int:
        """As `mainstem stack missing --write` does, behind a snapshot."""
        self.reread()
        self.clock += 100
        cut = Cut(f"{self.clock:016X}{self.clock + 1:016X}", self.clock + 1, None)
        known, words = begun(self.written), self.words()
        left = left_standing(self.topic, MAPPED[0].read, known, self.incarnation)
        [found] = compare(words, {TABLE: {hashed(number) for number in self.rows}},
                          Begun((self.incarnation, cut.position), {0: len(self.topic)}), {}, left)
        assert found.withheld == ""
        for _, word in found.taken_back:
            message = self.topic[word.offset]
            last = Last(message.value or b"", word.version[1], 0, word.offset)
            self.send(orjson.loads(message.key or b"")["id"], delete(last, cut, restored=word.version[0] < self.incarnation))
        return len(found.taken_back)

    def words(self) -> Words:
        return last_words("raw.rxx-test.v1", map(_Message, self.topic), begun(self.written))  # type: ignore[arg-type]

    def standing(self) -> set[tuple[str, str]]:
        latest: dict[tuple[str, str], Assertion] = {}
        shuffled = random.Random(len(self.written)).sample(self.written, len(self.written))
        for each in shuffled:
            place = each.patient, each.record
            if place not in latest or versions.of_assertion(each) > versions.of_assertion(latest[place]):
                latest[place] = each
        return {place for place, each in latest.items() if each.status is Status.ASSERTED}


class _Message:
    def __init__(self, raw: RawMessage) -> None:
        self.key, self.value, self.headers = lambda: raw.key, lambda: raw.value, list
        self.partition, self.offset = lambda: raw.partition, lambda: raw.offset


MAPPED = [DebeziumFormat("RXX/test", parse(f"incarnation: {number}\n{SMALL}", "small.yaml")) for number in range(3)]



def hashed(number: int) -> bytes:
    source = {"schema": "t", "table": "allergy", "lsn": 1}
    found = row(orjson.dumps({"id": number}), orjson.dumps({"op": "c", "source": source}))
    assert found is not None
    return found[0][1]


steps = st.lists(st.tuples(
    st.sampled_from(["put", "put", "delete", "unseen put", "unseen put", "unseen delete", "reread", "restore"]),
    st.integers(1, 3), st.sampled_from(["1001", "1002", "1003"]), st.sampled_from([False, False, False, True])), max_size=30)


@given(done=steps, later=steps, full=st.booleans())
def test_what_stands_is_what_the_rows_say(done: list[Any], later: list[Any], full: bool) -> None:
    trust = Trust(full=full)
    for some in (done, later):
        for step in some:
            trust.do(*step)
        trust.mend()
        assert trust.standing() == {(each["mrn"], f"allergy/{number}") for number, each in trust.rows.items() if not each["test_row"]}
        assert trust.mend() == 0, "what was told of is not found again"


def test_a_change_that_nothing_was_taken_of_leaves_standing_what_stood() -> None:
    """Its table has another shape now: nobody knows what it says."""
    trust = Trust(full=True)
    trust.do("put", 1, "1001", False)
    trust.clock += 100
    trust.tell("r", None, {"id": 1})
    assert left_standing(trust.topic, MAPPED[0].read, {}, 0) == []
    trust.do("unseen put", 1, "1002", False)
    trust.reread()
    assert [word.offset for _, word in left_standing(trust.topic, MAPPED[0].read, {}, 0)] == [0]


def test_nothing_is_taken_back_that_would_hide_a_later_change() -> None:
    """The incarnation was raised, and of this table nothing was read anew: all that is said now is later than all that it said."""
    trust = Trust(full=True)
    trust.do("put", 1, "1001", False)
    trust.do("unseen put", 1, "1002", False)
    trust.reread()
    assert len(left_standing(trust.topic, MAPPED[0].read, {}, 0)) == 1
    assert left_standing(trust.topic, MAPPED[0].read, {}, 1) == []
