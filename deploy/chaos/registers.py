"""Writes whose success is known: numbered doses in one trust's database, and afterwards where each of them is found.

A register is one medication of the GP's. Its writes are numbered, one transaction each, and noted once PostgreSQL has acknowledged them.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator

import orjson
import psycopg

from mainstem.verify.report import Check
from schemas import log, topics
from schemas.codec import Codec

SOURCE = "A82038/gp"
_TABLE = "gp.medication"
_MARK = "register "
History = dict[str, list[int]]
"""Register -> numbers, in order."""
Place = tuple[int, int]
"""Partition and offset in the raw topic."""


class Registers:
    """Writes from `start` to `stop`, in a thread of its own."""

    def __init__(self, dsn: str, registers: int = 20, rate: float = 5.0) -> None:
        self.acknowledged: History = defaultdict(list)
        self._dsn, self._registers, self._pause = dsn, registers, 1 / rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, name="registers", daemon=True)
        self.fault: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> int:
        """How many writes were acknowledged. Raises what the database raised."""
        self._stop.set()
        self._thread.join()
        if self.fault is not None:
            raise self.fault
        return sum(map(len, self.acknowledged.values()))

    def _write(self) -> None:
        try:
            with psycopg.connect(self._dsn, autocommit=True) as connection:
                chosen = [row[0] for row in connection.execute(
                    f"SELECT medication_guid::text FROM {_TABLE} WHERE deleted = 0 ORDER BY 1 LIMIT %s", (self._registers,))]  # noqa: S608
                number = 0
                while chosen and not self._stop.wait(self._pause):
                    register, number = chosen[number % len(chosen)], number + 1
                    update = f"UPDATE {_TABLE} SET dosage = %s WHERE medication_guid::text = %s"  # noqa: S608
                    if connection.execute(update, (f"{_MARK}{number}", register)).rowcount:
                        self.acknowledged[register].append(number)
        except psycopg.Error as fault:
            self.fault = fault


def checks(bootstrap: str, codec: Codec, acknowledged: History) -> list[Check]:
    """Every acknowledged write is in the raw topic and among the assertions exactly once and in order; entries never go back."""
    writes, snapshots = _raw(bootstrap)
    expected = {register: [number for number in numbers if number > snapshots.get(register, 0)]
                for register, numbers in acknowledged.items()}
    captured, asserted = defaultdict(list), defaultdict(list)
    for register, number in writes.values():
        captured[register].append(number)
    for place in _assertions(bootstrap, codec):
        if place in writes:
            asserted[writes[place][0]].append(writes[place][1])
    order = Check("entries of a register never go back")
    for fact, numbers in _entries(bootstrap, codec).items():
        order.compared += len(numbers)
        if numbers != sorted(numbers):
            order.differs(f"{fact}: {numbers}")
    return [_same("every acknowledged write was captured once, in order", expected, captured),
            _same("every acknowledged write is an assertion once, in order", expected, asserted), order]


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


def _raw(bootstrap: str) -> tuple[dict[Place, tuple[str, int]], dict[str, int]]:
    """Place -> register and number of each write; and the number that a snapshot found in a register, which then stands for those before.

    A write is a change of the dose: the load changes other columns of the same rows.
    """
    writes: dict[Place, tuple[str, int]] = {}
    snapshots: dict[str, int] = {}
    for message in log.read(bootstrap, topics.raw(SOURCE)):
        value = message.value()
        if value is None or _MARK.encode() not in value:
            continue
        row = orjson.loads(value)
        after = row.get("after") or {}
        dose = str(after.get("dosage"))
        if not dose.startswith(_MARK):
            continue
        register, number = after["medication_guid"], int(dose.removeprefix(_MARK))
        if row["op"] == "r":
            snapshots[register] = number
        elif (row.get("before") or {}).get("dosage") != dose:
            writes[message.partition() or 0, message.offset() or 0] = (register, number)
    return writes, snapshots


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
