"""Acknowledged writes against what was found of them."""

from __future__ import annotations

import pytest

from deploy.chaos import registers
from deploy.chaos.registers import NoRegisterError, Registers, _same, due, gathered

WRITTEN = {"a": [1, 3, 5], "b": [2, 4]}


def test_the_same_agrees() -> None:
    assert _same("", WRITTEN, dict(WRITTEN)).passed


@pytest.mark.parametrize(("found", "said"), [
    ({"a": [1, 5], "b": [2, 4]}, "missing [3]"),
    ({"a": [1, 3, 3, 5], "b": [2, 4]}, "doubled [3]"),
    ({"a": [1, 5, 3], "b": [2, 4]}, "in order: False"),
    ({"a": [1, 3, 5], "b": [2, 4, 6]}, "not acknowledged [6]"),
    ({"b": [2, 4]}, "missing [1, 3, 5]"),
])
def test_a_difference_is_named(found: dict[str, list[int]], said: str) -> None:
    check = _same("", WRITTEN, found)
    assert len(check.differences) == 1
    assert said in next(iter(check.differences.values()))


def test_a_write_nobody_was_told_of_must_be_found_once_if_at_all() -> None:
    acknowledged, unsure = {"a": [1, 5]}, {"a": [3], "b": [2]}
    assert due(acknowledged, unsure, {"a": [1, 5]}, "a") == [1, 5]
    assert due(acknowledged, unsure, {"a": [1, 3, 5]}, "a") == [1, 3, 5]
    assert due(acknowledged, unsure, {"a": [1, 3, 3, 5]}, "a") == [1, 3, 5]
    assert due(acknowledged, unsure, {"b": [2]}, "b") == [2]
    assert due(acknowledged, unsure, {"a": [1, 7]}, "a") == [1, 5], "neither acknowledged nor begun"


def row(op: str, number: int | None, register: str = "a", before: str = "one a day") -> dict[str, object]:
    dose = "two a day" if number is None else f"register {number}"
    return {"op": op, "before": {"dosage": before}, "after": {"medication_guid": register, "dosage": dose}}


def test_a_snapshot_stands_for_the_writes_before_it_even_where_a_row_has_changed_since() -> None:
    found = gathered([((0, 0), row("r", 4, "a")), ((0, 1), row("r", None, "b")), ((1, 0), row("r", 3, "c")),
                      ((0, 2), row("u", 4, "a")), ((0, 3), row("u", 5, "b")), ((1, 1), row("u", 6, "c"))])
    acknowledged = {"a": [1, 4], "b": [2, 5], "c": [3, 6]}
    assert (found.seen, found.late) == (4, 0)
    captured = found.histories()
    assert {name: due(acknowledged, {}, captured, name, found.seen) for name in "abc"} == {"a": [4], "b": [5], "c": [6]}
    assert due(acknowledged, {}, {}, "b", found.seen) == [5], "after the snapshot nothing stands for it"


def test_a_snapshot_after_captured_changes_is_told() -> None:
    """Else it would stand for what was lost between."""
    before = [((0, 0), row("r", None)), ((0, 1), row("u", 1))]
    assert gathered([*before, ((0, 2), row("r", 9))]).late == 1
    assert gathered([*before, ((1, 0), row("r", 9))]).late == 0, "another partition has its own order"


def test_a_change_of_another_column_is_no_write() -> None:
    assert gathered([((0, 0), row("u", 7, before="register 7"))]).writes == {}


class Database:
    """A connection to one whose tables are empty, or that asks for what nobody foresaw."""

    def __init__(self, fault: Exception | None = None) -> None:
        self._fault = fault

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None: ...

    def execute(self, *_: object) -> list[tuple[str]]:
        if self._fault:
            raise self._fault
        return []


@pytest.mark.parametrize(("fault", "raised"), [(None, NoRegisterError), (RuntimeError("x"), RuntimeError)])
def test_what_ends_the_writing_early_is_raised_at_its_end(fault: Exception | None, raised: type[Exception],
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registers.psycopg, "connect", lambda *_, **__: Database(fault))
    monkeypatch.setattr(registers, "_PAUSE", 0)
    writes = Registers("")
    writes.start()
    writes._thread.join(10)
    with pytest.raises(raised):
        writes.stop()
