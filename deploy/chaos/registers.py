"""Writes whose success is known: numbered doses in one trust's database, and afterwards where each of them is found.

A register is one medication of the GP's. Its writes are numbered, one transaction each, and noted once PostgreSQL has acknowledged them.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg

from mainstem.verify.report import Check
from schemas import log, topics
from schemas.codec import Codec

SOURCE = "A82038/gp"
_TABLE = "gp.medication"
_MARK = "register "
_REGISTERS = 20
_PAUSE = 0.2
"""Seconds from one write to the next."""
_AGAIN = 0.3
"""Seconds from one try to reach a server that is away to the next."""
History = dict[str, list[int]]
"""Register -> numbers, in order."""
Place = tuple[int, int]
"""Partition and offset in the raw topic."""


class NoRegisterError(LookupError):
    """The GP's patients take nothing: there is no row to write to."""

    def __init__(self) -> None:
        super().__init__(f"{_TABLE} holds no row to write numbered doses to; make more people (--persons)")


class Registers:
    """Writes from `start` to `stop`, in a thread of its own."""

    def __init__(self, dsn: str) -> None:
        self.acknowledged: History = defaultdict(list)
        self.unsure: History = defaultdict(list)
        """Writes during which the server went away: committed or not, nobody was told."""
        self._dsn = dsn
        self._number = 0
        self._begun: str | None = None
        """Register of a write that is under way."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, name="registers", daemon=True)
        self.fault: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> int:
        """How many writes were acknowledged. Raises what ended the writing early: NoRegisterError, or what the database raised."""
        self._stop.set()
        self._thread.join()
        if self.fault is not None:
            raise self.fault
        return sum(map(len, self.acknowledged.values()))

    def _write(self) -> None:
        chosen: list[str] = []
        while not self._stop.is_set():
            self._begun = None
            try:
                with psycopg.connect(self._dsn, autocommit=True, connect_timeout=5) as connection:
                    chosen = chosen or self._choose(connection)
                    self._write_to(connection, chosen)
            except psycopg.OperationalError:
                if self._begun is not None:
                    self.unsure[self._begun].append(self._number)
                self._stop.wait(_AGAIN)
            except Exception as fault:  # whatever it is: `stop` raises it, or nobody would know
                self.fault = fault
                return

    def _choose(self, connection: psycopg.Connection) -> list[str]:
        query = f"SELECT medication_guid::text FROM {_TABLE} WHERE deleted = 0 ORDER BY 1 LIMIT %s"  # noqa: S608
        if found := [row[0] for row in connection.execute(query, (_REGISTERS,))]:
            return found
        raise NoRegisterError

    def _write_to(self, connection: psycopg.Connection, chosen: Sequence[str]) -> None:
        update = f"UPDATE {_TABLE} SET dosage = %s WHERE medication_guid::text = %s"  # noqa: S608
        while not self._stop.wait(_PAUSE):
            self._number += 1
            self._begun = chosen[self._number % len(chosen)]
            if connection.execute(update, (f"{_MARK}{self._number}", self._begun)).rowcount:
                self.acknowledged[self._begun].append(self._number)
            self._begun = None


@dataclass(slots=True)
class Captured:
    """What the raw topic tells of the registers."""

    writes: dict[Place, tuple[str, int]] = field(default_factory=dict)
    """Place -> register and number of each write. A write is a change of the dose: the load changes other columns of the same rows."""
    seen: int = 0
    """The greatest number that a snapshot found: it stands for all writes up to there, whatever became of their rows since."""
    late: int = 0
    """Rows of a snapshot after changes that were captured one by one: what lies between was lost, if only for a while."""

    def histories(self) -> History:
        found: History = defaultdict(list)
        for register, number in self.writes.values():
            found[register].append(number)
        return found


def gathered(rows: Iterable[tuple[Place, Mapping[str, Any]]]) -> Captured:
    """From the rows of the raw topic, by place; of a partition in order."""
    found = Captured()
    streaming: set[int] = set()
    for (partition, offset), row in rows:
        op, after = row.get("op"), row.get("after") or {}
        dose = str(after.get("dosage"))
        number = int(dose.removeprefix(_MARK)) if dose.startswith(_MARK) else None
        if op == "r":
            found.late += partition in streaming
            found.seen = max(found.seen, number or 0)
        elif op in ("c", "u", "d"):
            streaming.add(partition)
            if number is not None and (row.get("before") or {}).get("dosage") != dose:
                found.writes[partition, offset] = (after["medication_guid"], number)
    return found


def checks(bootstrap: str, codec: Codec, acknowledged: History, unsure: History) -> list[Check]:
    """Every acknowledged write is in the raw topic once and in order, and what is there is asserted so; entries never go back."""
    raw = gathered(_raw(bootstrap))
    captured, asserted = raw.histories(), defaultdict(list)
    expected = {register: due(acknowledged, unsure, captured, register, raw.seen) for register in acknowledged.keys() | unsure.keys()}
    for place in _assertions(bootstrap, codec):
        if place in raw.writes:
            asserted[raw.writes[place][0]].append(raw.writes[place][1])
    snapshot = Check("no snapshot follows captured changes", len(raw.writes))
    if raw.late:
        snapshot.differs(f"{raw.late} rows")
    order = Check("entries of a register never go back")
    for fact, numbers in _entries(bootstrap, codec).items():
        order.compared += len(numbers)
        if numbers != sorted(numbers):
            order.differs(f"{fact}: {numbers}")
    return [_same("every acknowledged write was captured once, in order", expected, captured), snapshot,
            _same("every captured write is an assertion once, in order", captured, asserted), order]


def due(acknowledged: History, unsure: History, captured: History, register: str, seen: int = 0) -> list[int]:
    """The writes that must be found: all that were acknowledged, and of the others those that were committed after all.

    Up to `seen` a snapshot stands for them: there, those that were captured besides.
    """
    there = set(captured.get(register, ()))
    told = set(acknowledged.get(register, ()))
    return sorted({number for number in told if number > seen or number in there} | (set(unsure.get(register, ())) & there))


def _same(name: str, expected: History, found: History) -> Check:
    check = Check(name, sum(map(len, expected.values())))
    for register, numbers in expected.items():
        seen = found.get(register, [])
        if numbers != seen:
            missing, strange = sorted(set(numbers) - set(seen)), sorted(set(seen) - set(numbers))
            twice = sorted({number for number in seen if seen.count(number) > 1})
            check.differs(f"register {register}: missing {missing}, doubled {twice}, not acknowledged {strange}, "
                          f"in order: {seen == sorted(seen)}")
    return check


def _raw(bootstrap: str) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Rows as Debezium tells them; what chaos sent besides is left out."""
    for message in log.read(bootstrap, topics.raw(SOURCE)):
        try:
            row = orjson.loads(message.value() or b"")
        except orjson.JSONDecodeError:
            continue
        if isinstance(row, dict) and "lsn" in (row.get("source") or {}):
            yield log.place(message), row


def _assertions(bootstrap: str, codec: Codec) -> Iterator[Place]:
    """Raw place of each assertion that tells a register."""
    decode = codec.decoder(topics.ASSERTIONS)
    for message in log.read(bootstrap, topics.ASSERTIONS):
        if _MARK.encode() in (message.value() or b""):
            raw = decode(message.value()).raw
            yield raw.partition, raw.offset


def _entries(bootstrap: str, codec: Codec) -> History:
    found: History = defaultdict(list)
    decode = codec.decoder(topics.ENTRIES)
    for message in log.read(bootstrap, topics.ENTRIES):
        if _MARK.encode() in (message.value() or b""):
            entry = decode(message.value())
            dose = orjson.loads(entry.content).get("dose")
            if isinstance(dose, str) and dose.startswith(_MARK):
                found[f"{entry.person}|{entry.fact}"].append(int(dose.removeprefix(_MARK)))
    return found
