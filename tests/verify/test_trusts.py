"""What `verify --source` takes for a captured row: what capture takes for a row change, and nothing else."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from mainstem.verify import trusts
from mainstem.verify.trusts import row

SOURCE = {"schema": "epr", "table": "patient", "lsn": 7}


def read(envelope: Any, key: Any = None) -> Any:
    return row(orjson.dumps({"mrn": 1} if key is None else key), orjson.dumps(envelope))


def test_a_row_change_with_and_without_its_schema():
    plain = read({"op": "u", "source": SOURCE})
    assert plain is not None and (plain[0][0], plain[1:]) == ("epr.patient", (7, True))
    assert read({"schema": {}, "payload": {"op": "u", "source": SOURCE}}, {"schema": {}, "payload": {"mrn": 1}}) == plain
    deleted = read({"op": "d", "source": SOURCE | {"lsn": 8}})
    assert deleted == (plain[0], 8, False)


def test_a_delete_in_a_transaction_that_was_open_at_the_snapshot_is_later_than_its_row():
    """As capture places the two (docs/decisions/snapshot-rows-yield-to-the-log.md)."""
    snapshot = read({"op": "r", "source": SOURCE | {"lsn": 1 << 30}})
    deleted = read({"op": "d", "source": SOURCE | {"lsn": (1 << 30) - 500}})
    assert snapshot[0] == deleted[0]
    assert snapshot[1] < deleted[1]
    assert read({"op": "r", "source": SOURCE})[1] == 0


@pytest.mark.parametrize("envelope", [
    {"op": "u", "source": {"schema": "epr", "table": "patient"}}, {"op": "u", "source": SOURCE | {"lsn": "7"}},
    {"op": "u", "source": SOURCE | {"lsn": None}}, {"op": "u", "source": SOURCE | {"table": None}},
    {"op": "u", "source": {"table": "patient", "lsn": 7}}, {"op": "u", "source": "a table"}, {"op": "u", "source": None},
    {"op": "u"}, {"op": "m", "source": SOURCE}, {"source": SOURCE}, {"op": ["u"], "source": SOURCE}, {"payload": None}, [], None, 7,
])
def test_what_is_no_row_change_is_no_row(envelope: Any):
    assert read(envelope) is None


@pytest.mark.parametrize(("key", "value"), [(b"{", b"{}"), (b"[]", b"{}"), (b"7", b"7"), (b"{}", b"\xff")])
def test_rubbish_is_no_row(key: bytes, value: bytes):
    assert row(key, value) is None


@pytest.mark.parametrize("grows", [True, False])
def test_a_row_that_is_lost_is_named_in_each_look(monkeypatch: pytest.MonkeyPatch, grows: bool) -> None:
    """Also while rows come in: two are lost for ever, one is captured later; another was deleted, and nobody was told."""
    looks = []
    for late in (0, 1):
        count = 1000 + (late if grows else 0)
        held, lost = {f"{n}".encode() for n in range(count)}, {b"0", b"1"} if late else {b"0", b"1", b"2"}
        monkeypatch.setattr(trusts, "_held", lambda *_, held=held: {"allergy": held})
        monkeypatch.setattr(trusts, "_captured", lambda *_, seen=held - lost | {b"gone"}: {"allergy": seen})
        looks.append(trusts.check_source("", "A82038/gp", "", ("gp.allergy",)))
    assert [len(look.differences) for look in looks] == [4, 3]
    assert set(looks[1].lasting(looks[0]).differences) == {("allergy", b"0"), ("allergy", b"1"), ("allergy", b"gone")}


def test_tables_of_one_name_in_two_schemas_are_two() -> None:
    """Their rows have the same keys, so that one's row would stand for the other's that was lost."""
    places = {read({"op": "c", "source": SOURCE | {"schema": schema}})[0] for schema in ("epr", "archive")}
    assert {table for table, _ in places} == {"epr.patient", "archive.patient"}
