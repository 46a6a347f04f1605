"""Entries as rows of ReplacingMergeTree tables through clickhouse-connect: chDB inside this process, or a ClickHouse server."""

from __future__ import annotations

import fcntl
import logging
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import clickhouse_connect
import orjson
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.insert import InsertContext

from mainstem import canonical, faults
from mainstem.model import Entry, Summary
from schemas.topics import Purpose
from sinks import addresses, policy
from sinks.analytics import rows, tables
from sinks.analytics.pseudonyms import Pseudonyms
from sinks.contract import CURRENT, Batch, Held, Place, Positions
from sinks.errors import StoreHeldError, StoreMovedError, StoreUnavailableError

log = logging.getLogger(__name__)
_LOOK_SECONDS = 5.0
_CLEARING = "clearing"
"""In place of positions while the tables are being emptied, so that an emptying cut short is finished at the next start."""

_NOTHING: tuple[Any, ...] = ("", "", [], "", "", "", [], None, "", "", {}, {}, "", None, {}, False, [])
"""The columns of content, empty."""


class AnalyticsStore:
    """A batch cut short is taken in again, and the greatest version of a fact wins whatever came twice.

    A withdrawn entry is a row without content that outlives older ones (`gone`). An entry that policy keeps out is a row without content,
    not shown, that says under seal which version was seen.
    """

    name = "analytics"
    purpose = Purpose.SECONDARY_USE
    pace = 0.2

    def __init__(self, home: Path, person_key: bytes, url: str | None = None, *, checked_only: bool = False) -> None:
        """`url` of a ClickHouse server; without it `home/stores/analytics` is held by this process. `checked_only`: whoever no check for
        opt-outs has answered of is not shown. Raises StoreUnavailableError where the address is none."""
        if url:
            addresses.check(self.name, "MAINSTEM_ANALYTICS_URL", url)
        self._path = home / "stores" / "analytics" / tables.LAYOUT
        self._spool = self._path.parent / "spool"
        self._url = url
        self._checked_only = checked_only
        self.pseudonyms = Pseudonyms(person_key)
        self._client: Client | None = None
        self._written = 0
        self._look, self._met = 0.0, 0
        """When it is next looked for damage, and the faults that were met before."""
        self._into: InsertContext | None = None
        """What ClickHouse told of the table's columns, asked once."""

    def connect(self, settings: dict[str, Any] | None = None) -> Client:
        """A client of its own, for another thread. Raises StoreUnavailableError, StoreHeldError."""
        try:
            if self._url:
                return clickhouse_connect.get_client(dsn=self._url, settings=settings)
            self._path.mkdir(parents=True, exist_ok=True)
            return clickhouse_connect.get_client(interface="chdb", path=str(self._path), settings=settings)
        except (ClickHouseError, OSError, RuntimeError) as fault:
            if not self._url and _held(self._path):
                raise StoreHeldError(self.name, str(self._path)) from None
            raise StoreUnavailableError(self.name, _why(fault)) from None

    def open(self) -> Positions:
        self.close()
        self._client = client = self.connect()
        try:
            if not self._url:
                shutil.rmtree(self._spool, ignore_errors=True)
                self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
            for statement in tables.statements(checked_only=self._checked_only):
                client.command(statement)
            body = self._read_positions(client)
            broken = client.query(tables.BROKEN).result_rows
            if broken:
                log.warning("%s: %d parts of its tables are broken; building it anew from the topics", self.name, len(broken))
            if broken or body == _CLEARING:
                self.clear()
                body = "{}"
            for table, part in broken:  # last, so that it is begun again where it was cut short
                client.command(tables.drop(table, part))
        except (ClickHouseError, OSError) as fault:
            raise StoreUnavailableError(self.name, _why(fault)) from None
        return {Place.parse(text): offset for text, offset in orjson.loads(body).items()}

    def apply(self, batch: Batch, positions: Positions) -> None:
        client = self._opened()
        written = self._written
        made = [*map(self._summary, batch.latest_summaries()), *map(self._entry, batch.latest_entries())]
        faults.at("sink half applied")
        try:
            if self._url:
                self._read_positions(client)
                if self._written != written:
                    raise StoreMovedError(self.name)
            self._write(made, orjson.dumps({str(place): offset for place, offset in positions.items()}).decode())
        except (ClickHouseError, OSError) as fault:
            raise StoreUnavailableError(self.name, _why(fault)) from None

    def fits(self, entry: Entry) -> None:
        self._entry(entry)

    def contents(self) -> Iterator[Held]:
        """Persons, facts and digests lie sealed in the store; this opens them with the key."""
        client = self.connect()
        try:
            with client.query_rows_stream(tables.CONTENTS) as stream:
                for pseudonym, fact, version, sealed in stream:
                    person, true_fact, digest = self.pseudonyms.unseal(pseudonym, fact, version, sealed).split("\0")
                    yield Held(person, true_fact, version, digest)
        except ClickHouseError as fault:
            raise StoreUnavailableError(self.name, _why(fault)) from None
        finally:
            client.close()

    def damaged(self) -> bool:
        """Of chDB, whose merges were seen to take the place of what they merged though a file could not be written to its end. Where the
        engine says that it met something of the kind, merging on or asked by somebody, all parts are checked."""
        now = time.monotonic()
        if self._url or now < self._look:
            return False
        self._look = now + _LOOK_SECONDS
        client = self._opened()
        try:
            met = client.query(tables.FAULTS).result_rows[0][0]
            if met == self._met:
                return False
            self._met = met
            return not client.query(tables.SOUND).result_rows[0][0]
        except ClickHouseError as fault:
            raise StoreUnavailableError(self.name, _why(fault)) from None

    def clear(self) -> None:
        client = self._opened()
        try:
            self._write((), _CLEARING)
            client.command(f"TRUNCATE TABLE {tables.BASE}.entries")
        except ClickHouseError as fault:
            raise StoreUnavailableError(self.name, _why(fault)) from None

    def compact(self) -> None:
        """Merge old versions and withdrawn content away now, instead of when ClickHouse finds time."""
        self._opened().command(f"OPTIMIZE TABLE {tables.BASE}.entries FINAL")

    def close(self) -> None:
        client, self._client = self._client, None
        self._into = None
        if client is not None:
            client.close()

    def _opened(self) -> Client:
        if self._client is None:
            raise StoreUnavailableError(self.name, "not opened")
        return self._client

    @contextmanager
    def _spooled(self) -> Iterator[None]:
        """chDB's client hands an insert over in a temporary file. A killed process leaves it: here, where the next start removes it."""
        before, tempfile.tempdir = tempfile.tempdir, str(self._spool)
        try:
            yield
        finally:
            tempfile.tempdir = before

    def _read_positions(self, client: Client) -> str:
        found = client.query(tables.POSITIONS).result_rows
        body, self._written = found[0] if found else ("{}", 0)
        return str(body)

    def _write(self, made: Sequence[tuple[Any, ...]], positions: str) -> None:
        marker = (*tables.POSITIONS_KEY, *_NOTHING, _moment(0), None, positions, False, self._written + 1, 0)
        client = self._opened()
        if self._into is None:
            self._into = client.create_insert_context("entries", tables.ENTRY_COLUMNS, tables.BASE)
        with nullcontext() if self._url else self._spooled():
            client.insert(data=[*made, marker], context=self._into)
        self._written += 1

    def _entry(self, entry: Entry) -> tuple[Any, ...]:
        place = self.pseudonyms.person(entry.person), self.pseudonyms.fact(entry.fact)
        known = _moment(entry.known)
        if entry.status != CURRENT:
            return (*place, *_NOTHING, known, None, "", False, entry.version, 1)
        seal = self.pseudonyms.seal(*place, entry.version, f"{entry.person}\0{entry.fact}\0{canonical.digest(entry.content).hex()}")
        if not policy.enters(self.purpose, entry.kind, entry.labels):
            return (*place, *_NOTHING, known, None, seal, False, entry.version, 0)
        content = rows.content_of(entry)
        return (*place, entry.kind, content.status, rows.organisations(entry.sources), *content.main, content.concepts, content.value,
                content.comparator, content.unit, content.amounts, content.words, content.dated, rows.day(content.dated), content.dates,
                entry.conflict, list(entry.labels), known, None if entry.committed is None else _moment(entry.committed), seal, True,
                entry.version, 0)

    def _summary(self, summary: Summary) -> tuple[Any, ...]:
        organisations = rows.organisations(tuple(source.source for source in summary.sources))
        handover = any(source.handover for source in summary.sources)
        enters = policy.person_enters(self.purpose, summary.labels)
        return (tables.SUMMARY, self.pseudonyms.person(summary.person), "", "", organisations, "", "", "", [], None, "", "",
                {tables.COUNT: summary.entries}, {}, "", None, {}, handover, [], _moment(summary.known), None, "", summary.checked,
                summary.revision, int(not enters))


def _why(fault: Exception) -> str:
    """The kind of fault and the engine's number for it; its text may quote content."""
    code = re.search(r"\bCode: (\d+)|\(([A-Z_]{4,})\)", str(fault))
    return type(fault).__name__ + (f", {code[0].strip('()')}" if code else "")


def _held(path: Path) -> bool:
    """Whether a process has locked the directory: the engine itself says why only on standard error."""
    try:
        with (path / "status").open("rb") as status:
            fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
