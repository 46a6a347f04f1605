"""What is gone from a table: rows that were deleted unseen, whatever else happens to the table meanwhile; and when nothing is concluded."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.missing.compare import Begun, Compared, compare, withholding_many
from mainstem.verify.trusts import Word, Words, last_words, row
from producers.missing import Cut, Last, delete

TABLE, TOPIC = "epr.allergy", "raw.rxz-epr.v1"
MARK = Begun((0, f"{5000:016X}{5010:016X}"), {0: 100})


class Message(NamedTuple):
    """As the client gives it."""

    of: int
    body: bytes
    at: int

    def key(self) -> bytes:
        return key(self.of)

    def value(self) -> bytes:
        return self.body

    def headers(self) -> list[Any]:
        return []

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self.at


def key(number: int) -> bytes:
    return orjson.dumps({"id": number})


def change(op: str, number: int, commit: int) -> bytes:
    image = {"id": number}
    source = {"schema": "epr", "table": "allergy", "lsn": commit + 1, "sequence": f'["{commit}","{commit + 1}"]', "ts_ms": 0}
    return orjson.dumps({"op": op, "before": image if op in "ud" else None, "after": None if op == "d" else image, "source": source})


def hashed(number: int) -> bytes:
    found = row(key(number), change("c", number, 1))
    assert found is not None
    return found[0][1]


class Life:
    """A table whose changes are captured but while nobody looks: what is in it, and its raw topic."""

    def __init__(self) -> None:
        self.rows: set[int] = set()
        self.topic: list[Message] = []
        self.unseen: set[int] = set()
        """Rows deleted unseen of which nothing was told since."""
        self.clock = 1000

    def tell(self, op: str, number: int) -> None:
        self.topic.append(Message(number, change(op, number, self.clock), len(self.topic)))
        self.unseen.discard(number)

    def do(self, what: str, number: int) -> None:
        self.clock += 100
        there = number in self.rows
        if what == "put":
            self.rows.add(number)
            self.tell("u" if there else "c", number)
        elif what == "delete" and there:
            self.rows.discard(number)
            self.tell("d", number)
        elif what == "lose" and there:
            self.rows.discard(number)
            self.unseen.add(number)
        elif what == "reread":
            for each in sorted(self.rows):
                self.tell("r", each)

    def words(self) -> Words:
        return last_words(TOPIC, self.topic, {})  # type: ignore[arg-type]


steps = st.lists(st.tuples(st.sampled_from(["put", "put", "delete", "lose", "reread"]), st.integers(1, 5)), max_size=25)
meanwhile = st.lists(st.tuples(st.sampled_from(["put", "delete", "reread"]), st.integers(1, 5)), max_size=10)


@given(before=steps, early=meanwhile, late=meanwhile, after=meanwhile, order=st.randoms(use_true_random=False))
def test_what_was_deleted_unseen_is_found_and_nothing_else_and_once(before: list[Any], early: list[Any], late: list[Any], after: list[Any],
                                                                   order: Any) -> None:
    """`early`: between the first mark and the snapshot; `late`: from there until the topic is read; `after`: until it is told of."""
    life = Life()
    for step in before:
        life.do(*step)
    life.clock += 100
    cut = Cut(f"{life.clock:016X}{life.clock + 1:016X}", life.clock + 1, None)
    begun = Begun((0, cut.position), {0: len(life.topic)})
    for step in early:
        life.do(*step)
    held = {TABLE: {hashed(number) for number in life.rows}}
    for step in late:
        life.do(*step)
    [found] = compare(life.words(), held, begun, {})
    assert not found.withheld
    assert {name for name, _ in found.gone} == {hashed(number) for number in life.unseen}
    told = [life.topic[word.offset] for _, word in found.gone]
    removals = [Message(last.of, delete(Last(last.body, word.version[1], 0, word.offset), cut, restored=False), 0)
                for last, (_, word) in zip(told, found.gone, strict=True)]
    for step in after:
        life.do(*step)
    everything = [*life.topic, *removals]
    order.shuffle(everything)
    life.topic = [message._replace(at=offset) for offset, message in enumerate(everything)]
    assert {name for (_, name), word in life.words().items() if word.lives} == {hashed(number) for number in life.rows}
    [again] = compare(life.words(), {TABLE: {hashed(number) for number in life.rows}}, begun._replace(ends={0: 0}), {})
    assert (len(again.gone), again.withheld) == (0, "")


def living(*numbers: int, at: str = f"{1000:016X}{1001:016X}", offset: int = 0, incarnation: int = 0) -> Words:
    return {(TABLE, hashed(number)): Word((incarnation, at), True, 0, offset) for number in numbers}


def keys(*numbers: int) -> dict[str, set[bytes]]:
    return {TABLE: {hashed(number) for number in numbers}}


def test_rows_that_were_never_captured_withhold_a_table() -> None:
    """Its keys may be spelt otherwise in the topic, so that every row of it would seem to be gone."""
    [found] = compare(living(1, 2), keys(2, 3), MARK, {})
    assert len(found.gone) == 1 and "1 rows of the database were never captured" in found.withheld
    dead = {(TABLE, hashed(3)): Word((0, f"{900:016X}"), False, 0, 0)}
    assert compare({**living(1, 2), **dead}, keys(2, 3), MARK, {})[0].withheld == found.withheld
    [since] = compare({**living(1, 2), **living(3, at=f"{6000:016X}{6001:016X}", offset=120)}, keys(2, 3), MARK, {})
    assert (len(since.gone), since.withheld) == (1, "")


def test_what_came_behind_the_mark_and_is_of_before_it_is_compared() -> None:
    """The connector read a snapshot just then."""
    [found] = compare(living(*range(1, 4), offset=150), keys(2, 3), MARK, {})
    assert (found.captured, len(found.gone), found.withheld) == (3, 1, "")


def test_a_database_whose_log_began_again_is_told_by_what_was_captured_at_a_later_place() -> None:
    late = f"{9000:016X}{9001:016X}"
    [found] = compare(living(1, at=late, offset=3), keys(), MARK, {})
    assert "incarnation" in found.withheld
    raised = MARK._replace(version=(1, MARK.version[1]))
    [found] = compare(living(1, at=late, offset=3), keys(), raised, {})
    assert (len(found.gone), found.withheld) == (1, "")


def test_since_the_incarnation_was_raised_a_table_has_to_be_read_anew() -> None:
    """What is told of a row that is gone is then later than all that was captured before, of other rows, too."""
    raised = MARK._replace(version=(1, MARK.version[1]))
    [found] = compare(living(1, 2), keys(2), raised, {})
    assert "1 rows were not captured again" in found.withheld
    [nothing] = compare(living(2), keys(2), raised, {})
    assert nothing.withheld == ""
    [again] = compare({**living(1), **living(2, incarnation=1)}, keys(2), raised, {})
    assert (len(again.gone), again.withheld) == (1, "")


def test_of_a_table_that_cannot_be_read_nothing_is_concluded() -> None:
    found = compare(living(1), {}, MARK, {TABLE: "it is not there"})
    assert found == [Compared(TABLE, withheld="it is not there")]


def lost(missing: int, captured: int, table: str = TABLE) -> Compared:
    return Compared(table, captured, tuple((b"%d" % number, Word((0, ""), True, 0, 0)) for number in range(missing)))


@pytest.mark.parametrize(("missing", "captured", "many"), [
    (0, 0, False), (1, 1, True), (1, 2, False), (2, 3, True), (100, 200, False), (100, 199, True), (101, 2019, True), (101, 2020, False),
    (500, 10_000, False), (501, 10_000, True)])
def test_more_than_goes_unseen_as_a_rule_withholds_a_table(missing: int, captured: int, many: bool) -> None:
    [found] = withholding_many([lost(missing, captured)])
    assert bool(found.withheld) is many


def test_many_of_several_tables_withhold_them_all_and_many_of_one_that_one() -> None:
    several = withholding_many([lost(60, 200, "a"), lost(60, 200, "b"), lost(0, 10, "c")])
    assert [bool(each.withheld) for each in several] == [True, True, False]
    one = withholding_many([lost(60, 100, "a"), lost(1, 10_000, "b"), Compared("c", withheld="it is not there")])
    assert [each.withheld[:7] for each in one] == ["that is", "", "it is n"]


def test_what_is_left_standing_counts_among_the_many() -> None:
    several = [replace(lost(30, 600, name), standing=lost(30, 0).gone) for name in "ab"]
    assert [bool(each.withheld) for each in withholding_many(several)] == [True, True]
    assert [bool(each.withheld) for each in withholding_many([several[0], lost(0, 600, "b")])] == [False, False]
    [one] = withholding_many([replace(lost(60, 2000), standing=lost(60, 0).gone)])
    assert one.withheld
    left = [((table, hashed(1)), Word((0, ""), True, 0, offset)) for offset, table in enumerate([TABLE, "other"])]
    [found] = compare(living(1), keys(1), MARK, {}, left)
    assert [word.offset for _, word in found.taken_back] == [0]


def test_what_is_no_word_of_a_row_is_none() -> None:
    other = SimpleNamespace(key=lambda: key(1), value=lambda: change("c", 1, 1), headers=lambda: [("mainstem-format", b"fhir")])
    assert last_words(TOPIC, [other], {}) == {}  # type: ignore[list-item]
