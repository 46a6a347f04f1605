"""Every topic: its key, schema, purpose and retention. Nothing else in the project names a topic by text.

`docs/topics.md` is checked against this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """From the environment of every process of an installation (`MAINSTEM_*`), the same for all."""

    model_config = SettingsConfigDict(env_prefix="MAINSTEM_", extra="ignore")

    partitions: int = Field(default=4, ge=1)
    """Of every topic keyed by source patient or person: as many workers can share a stage. While it works, each partition of a stage costs
    the broker and a worker ten transactions a second. Fixed when the topics are made: another number then is refused."""


PARTITIONS = Settings().partitions


class Purpose(StrEnum):
    DIRECT_CARE = "direct care"
    SECONDARY_USE = "secondary use"
    OPERATIONS = "operations"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of ours. `schema` names an `avsc`; None means bytes kept as they came."""

    name: str
    key: str
    schema: str | None
    purpose: Purpose
    partitions: int
    compacted: bool
    expires: bool
    """After an hour: only for what is of no use later."""
    what: str
    writer: str
    readers: str

    @property
    def config(self) -> dict[str, str]:
        """Broker settings: truth topics are neither compacted nor expired (design.md, "The flow")."""
        return {
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": "16777216",
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": "3600000" if self.expires else "-1",
        }


def _topic(name: str, key: str, schema: str | None, what: str, writer: str, readers: str, *, partitions: int = PARTITIONS,
           compacted: bool = False, expires: bool = False, purpose: Purpose = Purpose.DIRECT_CARE) -> Topic:
    return Topic(name, key, schema, purpose, partitions, compacted, expires, what, writer, readers)


ASSERTIONS = _topic("assertions.clinical.v1", "source patient", "Assertion", "What sources say",
    "capture", "identity, verify")
CLAIMS = _topic("identity.claims.v1", "source patient", "Claim",
    "Evidence about who someone is, what national services answer of a number, and that another matching model counts from here on",
    "capture, command line, operators", "linker, verify, command line, web", partitions=1)
LEDGER = _topic("operations.ledger.v1", "raw topic", "Ledger", "One outcome for every input item",
    "capture", "verify", purpose=Purpose.OPERATIONS)
QUARANTINE = _topic("operations.quarantine.v1", "source", "Quarantined", "Input that could not be taken in, and why",
    "capture, stages, sinks", "web, verify", purpose=Purpose.OPERATIONS)
ASSIGNMENTS = _topic("identity.assignments.v1", "source patient", "Assignment", "Source patient -> person",
    "linker", "identity", compacted=True)
TASKS = _topic("identity.tasks.v1", "task", "Task", "Review tasks: what only a human can settle",
    "linker", "web, command line", compacted=True)
ATTACHED = _topic("identity.attached.v1", "source patient", "Attached", "Reconcile has taken a handover over, or its next slice is due",
    "reconcile, identity", "identity")
PERSON_EVENTS = _topic("persons.events.v1", "person", "PersonEvent", "Assertions by person, handovers, and deriving anew",
    "identity, reconcile, operators", "reconcile")
ENTRIES = _topic("records.entries.v1", "person|fact", "Entry", "Facts as published",
    "reconcile", "sinks, subscribers, verify", compacted=True)
SUMMARIES = _topic("records.summaries.v1", "person", "Summary", "Each record's head: digest, sources, what is pending",
    "reconcile", "sinks, verify", compacted=True)
CHANGES = _topic("records.changes.v1", "person", "Change", "Notifications: which entry changed",
    "reconcile", "subscribers, verify")
LINKER_CHANGELOG = _topic("identity.linker-changelog.v2", "state key", None, "State of the linker",
    "linker", "linker", partitions=1, compacted=True, purpose=Purpose.OPERATIONS)
IDENTITY_CHANGELOG = _topic("identity.stage-changelog.v1", "state key", None, "State of the identity stage",
    "identity", "identity", compacted=True, purpose=Purpose.OPERATIONS)
RECONCILE_CHANGELOG = _topic("records.reconcile-changelog.v1", "state key", None, "State of the reconcile stage",
    "reconcile", "reconcile, verify", compacted=True, purpose=Purpose.OPERATIONS)
HEARTBEATS = _topic("operations.heartbeats.v1", "stage", "Heartbeat", "Each process, once a second: progress, lag, freshness",
    "every process", "web, verify", partitions=1, expires=True, purpose=Purpose.OPERATIONS)
AUDIT = _topic("operations.audit.v1", "person", "AuditEvent", "Every view of a record, and every look that found nobody",
    "web, command line", "privacy officers", purpose=Purpose.OPERATIONS)
RELEASES = _topic("control.releases.v1", "activation", "Release", "Which rules, terminology and matching model are in force from now on",
    "operators", "linker, reconcile, verify, command line, web", partitions=1, compacted=True, purpose=Purpose.OPERATIONS)

ALL: tuple[Topic, ...] = (
    ASSERTIONS, CLAIMS, LEDGER, QUARANTINE, ASSIGNMENTS, TASKS, ATTACHED, PERSON_EVENTS, ENTRIES, SUMMARIES, CHANGES,
    LINKER_CHANGELOG, IDENTITY_CHANGELOG, RECONCILE_CHANGELOG, HEARTBEATS, AUDIT, RELEASES,
)


RAW_PATTERN = r"^raw\..+\.v1$"
"""Every raw topic, of whatever source."""


def raw(source: str) -> Topic:
    """The raw topic of a source: `RXA/epr` -> `raw.rxa-epr.v1`. Bytes kept as they came; header `mainstem-format` names the format
    (absent: Debezium JSON)."""
    slug = re.sub(r"[^a-z0-9]+", "-", source.lower())
    return raw_named(f"raw.{slug}.v1", source)


def source_of(raw: str) -> str:
    """What a reader knows the source of a raw topic by: `raw.rxa-epr.v1` -> `RXA/epr`. ODS codes have no hyphen and no small letters; of a
    system's name it cannot give back other signs than letters and digits."""
    ods, slash, system = raw.removeprefix("raw.").removesuffix(".v1").partition("-")
    return f"{ods.upper()}/{system}" if slash else raw


def raw_named(name: str, source: str = "a source that its messages name") -> Topic:
    return _topic(name, "as the source keys it", None, f"Input of {source} as it came",
                  "Debezium, `mainstem ingest`, `mainstem stack missing`", "capture, verify", partitions=2)


def table() -> str:
    """The topics as the Markdown table of `docs/topics.md`; `python -m schemas.topics` prints it."""
    rows = ["| topic | key | schema | purpose | partitions | kept | written by | read by | what |", "|---|---|---|---|---|---|---|---|---|"]
    for topic in (raw("ODS/system"), *ALL):
        kept = "an hour" if topic.expires else "latest per key" if topic.compacted else "for ever"
        rows.append(f"| `{topic.name}` | {topic.key} | {topic.schema or 'bytes'} | {topic.purpose.value} | {topic.partitions} | {kept} | "
                    f"{topic.writer} | {topic.readers} | {topic.what} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
