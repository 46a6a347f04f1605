"""The words of the design as types: what sources say, who people are, and what is published of them.

All are frozen. Times are milliseconds since the Unix epoch (UTC) unless a field says it is text as the source gave it.
`content` and `body` are canonical JSON (see `mainstem.canonical`); their shape is the kind's `Content`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec


class Status(StrEnum):
    """What the source says of the record part. Absence is derived from manifests, never stated."""

    ASSERTED = "asserted"
    RETRACTED = "retracted"
    """Entered in error: withdraws this source's own assertion and nothing else."""
    REMOVED = "removed"
    """The source deleted it."""


class Version(NamedTuple):
    """The source's own order of versions. Tuples compare; the greatest counts.

    `incarnation` first, so that a restored database whose log positions restart is not ignored for ever. `position`
    compares as text: producers pad it (log positions as hex digits, UTC time as ISO 8601 with fixed width). `digest` of the
    content breaks ties, so that two different contents at one position still have one winner whatever the order.
    """

    incarnation: int
    position: str
    digest: bytes


class RawRef(msgspec.Struct, frozen=True, gc=False):
    """Where the input item lies: a Kafka position, or a file (`topic` = `file:<sha256>`, offset = 0)."""

    topic: str
    partition: int
    offset: int
    item: str = ""
    """Which item of the message: `AllergyIntolerance/123` in a bundle, empty for a row change."""


class Assertion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one source says about one source patient in one part of one of its records, at one version."""

    source: str
    """ODS code and system, `RXA/epr`."""
    patient: str
    """Local patient id within the source."""
    record: str
    """Record id within the source, `allergy/123`: unique within (source, patient)."""
    part: str = ""
    """Empty or a plain name (`order`): merged into the record. `result/5`: an item, see `mainstem.kinds`."""
    kind: str
    status: Status = Status.ASSERTED
    incarnation: int = 0
    position: str
    content: bytes = b"{}"
    recorded: str | None = None
    """When the source says it recorded this (ISO 8601, as precise as given)."""
    committed: int | None = None
    """Commit time in the source's database, for freshness."""
    raw: RawRef
    known: int | None = None
    """Set only on copies made by replay; else the broker's append time of the assertions topic counts."""
    labels: tuple[str, ...] = ()
    """Privacy labels the producer could see (`mainstem.labels`)."""
    key_id: str | None = None
    """Payload key, for erasure by key destruction."""

    @property
    def subject(self) -> str:
        """The source patient as one text: `RXA/epr|12345`. The message key."""
        return f"{self.source}|{self.patient}"


class Claim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Evidence about who someone is. Identified by (subject, type, ref); versioned like an assertion."""

    source: str
    patient: str
    type: str
    """`carries-number`, `demographics`, `merged-into`, `linked`, `unlinked`, `superseded`, `erased`; `opted-out` and `restricted`, which
    are about a number, and `activated`, which is about nobody."""
    ref: str = ""
    """What makes the claim one of its own: the other source patient, the superseded number, the operator's case."""
    status: Status = Status.ASSERTED
    incarnation: int = 0
    position: str
    body: bytes = b"{}"
    """Canonical JSON: `carries-number` {"nhs_number","verification"}; `merged-into` {"into": subject}; see docs/identity.md."""
    recorded: str | None = None
    committed: int | None = None
    raw: RawRef
    known: int | None = None
    key_id: str | None = None

    @property
    def subject(self) -> str:
        return f"{self.source}|{self.patient}"


class Assignment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Source patient -> person. `epoch` is the offset of the claim that caused it; the greatest epoch counts."""

    subject: str
    person: str
    epoch: int
    reason: str
    """Rule id, `identity.verified-number`."""
    opted_out: bool | None = None
    """Whether an opt-out stands for a number that a source patient of the person carries. Where none does: False where it was asked about
    one that this source patient carries, else None."""
    restricted: bool = False
    """Whether PDS restricts the whereabouts of whoever carries a number that a source patient of the person carries."""


class Compared(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One field of what source patients say of who they are, side by side."""

    field: str
    """`nhs_number`, `verification`, `family`, `given`, `birth_date`, `gender`, `postcode`, `address`; where there are any `former_names`,
    `former_homes`."""
    values: tuple[str, ...]
    """In the order of the task's subjects; empty where one says nothing."""
    outcome: str
    """`agree`, `differ`, or `missing` where fewer than two say anything."""
    weights: tuple[float, ...] = ()
    """Bits for one person, of the first subject with each further one; empty where the field was not weighed."""


class Task(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something about who someone is that only a human can settle. No machine decision is in it."""

    id: str
    status: str
    """`open`, or `closed`: settled by a human, or by what sources said since."""
    reason: str
    """Rule id, `identity.unverified-number`."""
    subjects: tuple[str, ...]
    """Source patients: a pair, a group, or one and then those it may be, best first. Empty where a number itself is in doubt."""
    persons: tuple[str, ...]
    """The person of each subject, as it is while nobody has decided."""
    evidence: tuple[Compared, ...] = ()
    epoch: int = -1
    """Offset of the claim that caused this version; -1 where worked out from scratch."""
    scores: tuple[float, ...] = ()
    """Match weights in bits, of the first subject with each further one; empty where nothing was scored."""


class Known(msgspec.Struct, frozen=True, gc=False):
    """An assertion with its place in the log: what provenance and as-known-then rest on."""

    assertion: Assertion
    known: int
    partition: int
    offset: int


class Provenance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One assertion behind an entry: who said it, where it lies, which published fields it decided."""

    source: str
    patient: str
    record: str
    part: str
    position: str
    known: int
    raw: RawRef
    recorded: str | None = None
    fields: tuple[str, ...] = ()
    lost: dict[str, bytes] = {}
    """Fields this assertion valued otherwise than the entry shows, with its value as canonical JSON."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fact as published. `content` is digested and compared; all else is envelope."""

    person: str
    fact: str
    kind: str
    status: str
    """`current`, or `withdrawn` (the fact has ceased; `successor` names what took its place, if anything)."""
    content: bytes
    version: int
    """1, 2, 3 ... per fact of a person; what stores compare."""
    known: int
    committed: int | None = None
    """Latest commit time in a source among what caused this version."""
    sources: tuple[str, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    rules: dict[str, str] = {}
    """Field -> id of the rule that decided it."""
    conflict: bool = False
    labels: tuple[str, ...] = ()
    successor: str | None = None
    release: str = "builtin"
    unnamed: int = 0
    """How many assertions stand behind it beside those in `provenance`, which of a crowded key are the ones that decide it."""


class PartialList(msgspec.Struct, frozen=True, kw_only=True):
    """A list in a source's export that is not, or not by itself, all that the source holds of a kind: nothing can be told from it."""

    kind: str
    reasons: tuple[str, ...]
    """`mainstem.kinds.manifest`: `empty`, warning codes, `incomplete`; sorted."""
    known: int
    """Known time of the export."""


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says about one source patient feeding it."""

    source: str
    patient: str
    last_heard: int
    """Known time of the latest assertion."""
    epoch: int
    handover: bool = False
    kinds: tuple[str, ...] = ()
    """Kinds this source has spoken about for this person."""
    partial: tuple[PartialList, ...] = ()
    """Of each kind, where its latest list was such a one; sorted by kind."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A record's head: its digest and, per source, what was heard and what is pending."""

    person: str
    digest: str
    """64 hex digits: sum mod 2^256 of SHA-256(fact id, content) over current entries."""
    entries: int
    sequence: int
    """Of the latest change notified."""
    revision: int = 0
    """1, 2, 3 ... with every summary of the person, also where no entry changed (a source heard again, a handover): what stores compare."""
    known: int
    nhs_numbers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Those that hold for every entry of the record (`mainstem.labels.OF_THE_PERSON`)."""
    checked: bool = False
    """Checks for opt-outs have answered: of one source patient at least, and of each that has a verified number."""
    sources: tuple[SourceState, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A notification: one entry of one person changed. At least once; `id` is deterministic."""

    id: str
    person: str
    sequence: int
    fact: str
    kind: str
    change: str
    """`new`, `updated`, `withdrawn`."""
    version: int
    digest: str
    known: int
    handover: int = -1
    """Epoch of the handover that caused it (the offset of the claim about who someone is); -1 where a source's word did."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A control record: from its append on, this version of the rules, the terminology or the matching model is in force."""

    activation: str
    """Unique per activation and the message key, so that compaction keeps every one: what was in force then stays known."""
    what: str
    """`terminology`, `rules`, `matching`."""
    name: str
    digest: str
    """SHA-256 of its content: a worker refuses a release of that name with other content."""
    actor: str
    reason: str
