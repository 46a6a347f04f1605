"""Capture: Debezium connectors, described and registered with Kafka Connect."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
from psycopg.conninfo import conninfo_to_dict

from deploy.stack import rereading
from deploy.stack.addresses import Endpoints
from deploy.stack.errors import ConnectorFailedError
from schemas import topics

Config = Mapping[str, str]
_ANSWER = 10.0
"""Seconds that Connect has for one answer."""
_AGAIN = 0.2
_MESSAGE_BYTES = 16 << 20
"""As raw topics take them (schemas/topics.py)."""
_VALUE_CHARACTERS = 4_100_000
_STALE = 3.0
"""Seconds after which a reported failure is believed."""


def mark(source: str) -> str:
    """How a source's slot, publication and connector are told from others': `RXA/epr` -> `rxa_epr`."""
    return re.sub(r"[^a-z0-9]+", "_", source.lower()).strip("_")


def slot(source: str) -> str:
    """The name of its replication slot, and of its publication."""
    return f"mainstem_{mark(source)}"


def debezium_postgres(source: str, postgres: str, database: str, tables: Iterable[str], topic: str,
                      kafka: str | None = None) -> dict[str, str]:
    """Configuration that captures `schema.table` names of one database, all into one raw topic, kept as they came.

    `source` is ODS code and system (`RXA/epr`); it names the replication slot and the publication. `postgres` is a URL or DSN of the
    server, whose user may replicate. Values: decimals as text, times as ISO 8601 text, whole before-images where the table's replica
    identity is FULL, no tombstones. `kafka`: where it listens for being asked to read tables anew (`rereading.py`).
    """
    server = conninfo_to_dict(postgres)
    prefix = f"capture-{mark(source)}"
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "database.hostname": str(server["host"]),
        "database.port": str(server.get("port", 5432)),
        "database.user": str(server["user"]),
        "database.password": str(server.get("password", "")),
        "database.dbname": database,
        "topic.prefix": prefix,
        "plugin.name": "pgoutput",
        "slot.name": slot(source),
        "slot.retry.delay.ms": "1000",
        "publication.name": slot(source),
        "publication.autocreate.mode": "filtered",
        "publish.via.partition.root": "true",   # a partition's changes under the name that is listed; else none of them are captured
        "table.include.list": ",".join(re.escape(table) for table in tables),
        "snapshot.mode": "initial",
        "tombstones.on.delete": "false",
        "skipped.operations": "none",
        "decimal.handling.mode": "string",
        "time.precision.mode": "isostring",
        # Moves the slot of a quiet database on while others of the same server write; else their WAL would be kept for it.
        "heartbeat.interval.ms": "10000",
        # Transactional, so that it keeps the order of commits; not itself a change to be captured.
        "heartbeat.action.query": "SELECT pg_logical_emit_message(true, 'mainstem', 'heartbeat')",
        "message.prefix.exclude.list": "mainstem",
        # Records and their source position in one transaction: with positions flushed later, a kill soon after the snapshot made a
        # second snapshot, and rows deleted between the two were never heard of again.
        "exactly.once.support": "required",
        "producer.override.transaction.timeout.ms": "10000",   # how long readers wait for what a killed worker left open
        "poll.interval.ms": "100",
        "retriable.restart.connector.wait.ms": "1000",
        "producer.override.compression.type": "lz4",
        # A row that the topic takes is sent, or nothing behind it would be. A larger value is cut, so that a row with its row before is a
        # message too: behind what capture takes of a record (producers/batch.py), which then quarantines it where the mapping reads it.
        "producer.override.max.request.size": str(_MESSAGE_BYTES),
        f"column.truncate.to.{_VALUE_CHARACTERS}.chars": ".*",
        # One topic a source. Heartbeats have another prefix and keep their topic, which Connect makes.
        "transforms": "gather",
        "transforms.gather.type": "org.apache.kafka.connect.transforms.RegexRouter",
        "transforms.gather.regex": rf"{re.escape(prefix)}\..*",
        "transforms.gather.replacement": topic,
        "topic.creation.default.replication.factor": "-1",
        "topic.creation.default.partitions": "1",
        **(rereading.listening(kafka) if kafka else {}),
    }


def ensure_captured(endpoints: Endpoints, source: str, postgres: str, database: str, tables: Iterable[str]) -> None:
    """The database is captured into the source's raw topic, which is there. Raises as `ensure_connector`."""
    config = debezium_postgres(source, postgres, database, tables, topics.raw(source).name, endpoints.kafka)
    ensure_connector(endpoints, mark(source), config)


def ensure_connector(endpoints: Endpoints, name: str, config: Config, *, seconds: float = 90) -> None:
    """Register the connector or bring it up to date, and return when its task runs. A failed task is started again, once.

    Connect that does not answer, as for half a minute after its broker was away, is asked again. Raises ConnectorFailedError with
    Connect's reason, or the trace of the task.
    """
    deadline = time.monotonic() + seconds
    with httpx.Client(base_url=f"{endpoints.connect}/connectors/{name}", timeout=min(_ANSWER, seconds)) as client:
        connect = _Connect(client, name, deadline)
        status: dict[str, Any] = {}
        if connect.told("/config") != {**config, "name": name}:
            connect.ask("PUT", "/config", json=dict(config))
        elif _failure(connect.told("/status")):
            connect.ask("POST", "/restart", params={"includeTasks": "true", "onlyFailed": "true"})
        failing_since: float | None = None
        while time.monotonic() < deadline:
            status = connect.told("/status")
            failure = _failure(status)
            if _running(status):
                return
            failing_since = None if not failure else failing_since or time.monotonic()
            # Right after a change Connect still reports how the task was before.
            if failing_since is not None and time.monotonic() - failing_since > _STALE:
                raise ConnectorFailedError(name, "failed", failure)
            time.sleep(0.2)
    raise ConnectorFailedError(name, f"did not run within {seconds:.0f} s (last seen: {_states(status)})", _failure(status))


def remove_connector(endpoints: Endpoints, name: str) -> None:
    """Does nothing where there is none. The replication slot stays: drop it when the source is gone for good."""
    response = httpx.delete(f"{endpoints.connect}/connectors/{name}", timeout=30)
    if response.status_code not in {httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND}:
        raise ConnectorFailedError(name, f"could not be removed: {_message(response)}")


class _Connect:
    """One connector, as Connect's API tells of it. Every call may raise ConnectorFailedError once the deadline has passed."""

    def __init__(self, client: httpx.Client, name: str, deadline: float) -> None:
        self._client, self._name, self._deadline = client, name, deadline

    def ask(self, method: str, path: str, **content: Any) -> None:
        """A change; asked again while the worker is in a rebalance (409) or starting. What is asked for twice is done once."""
        while True:
            response = self._answer(method, path, **content)
            if response.is_success:
                return
            if response.status_code != httpx.codes.CONFLICT or time.monotonic() > self._deadline:
                raise ConnectorFailedError(self._name, f"was refused by Connect: {_message(response)}")
            time.sleep(_AGAIN)

    def told(self, path: str) -> dict[str, Any]:
        """Empty while Connect knows of none."""
        response = self._answer("GET", path)
        return response.json() if response.status_code == httpx.codes.OK else {}

    def _answer(self, method: str, path: str, **content: Any) -> httpx.Response:
        while True:
            try:
                return self._client.request(method, path, **content)
            except httpx.TransportError as fault:
                if time.monotonic() > self._deadline:
                    why = f"could not be asked for: Connect does not answer ({type(fault).__name__})"
                    raise ConnectorFailedError(self._name, why) from None
                time.sleep(_AGAIN)


def _parts(status: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [status["connector"], *status["tasks"]] if status else []


def _running(status: Mapping[str, Any]) -> bool:
    """Connector and at least one task: the connector alone is up before its task exists."""
    parts = _parts(status)
    return len(parts) > 1 and all(part["state"] == "RUNNING" for part in parts)


def _failure(status: Mapping[str, Any]) -> str:
    """The trace of what failed; empty where nothing did."""
    return next((part.get("trace", "no trace given") for part in _parts(status) if part["state"] == "FAILED"), "")


def _states(status: Mapping[str, Any]) -> str:
    return ", ".join(part["state"] for part in _parts(status)) or "not known to Connect"


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json().get("message", response.status_code))
    except ValueError:
        return str(response.status_code)
