"""Hand-made records and sources, for pages without servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mainstem import canonical
from mainstem.history import Past
from mainstem.model import Entry, Provenance, RawRef, SourceState
from mainstem.operations import Heartbeat, Quarantined, View
from mainstem.terminology import builtin
from mainstem.web.asked import whom
from mainstem.web.errors import AuditUnavailableError
from mainstem.web.figures import STAGES, Beats, Figures
from mainstem.web.quarantine import Counts
from mainstem.web.record import Item, Record, nothing
from mainstem.web.sources import Hit, Sources
from processors.reconcile.folded import Record as Folded
from sinks.cache.record import Said
from tests.strategies import KEY

SNOMED = "http://snomed.info/sct"
NOW = 1_790_000_000_000
NUMBER = "9990000018"
PERSON = "0f" * 16


def coded(code: str, display: str, system: str = SNOMED) -> dict[str, Any]:
    return {"codes": [{"system": system, "code": code, "display": display}], "text": display}


CONTENTS: dict[str, dict[str, Any]] = {
    "patient": {
        "nhs_number": NUMBER,
        "verification": "01",
        "names": [{"family": "Ramsbottom", "given": ["Edith", "May"], "prefix": "Mrs"}],
        "birth_date": "1947-03-02",
        "gender": "female",
        "address": ["1 Test Street", "Testham"],
        "postcode": "ZZ99 3CZ",
        "gp_practice": "A82038",
    },
    "allergy": {
        "agent": coded("91936005", "Allergy to penicillin"),
        "clinical_status": "active",
        "verification": "confirmed",
        "criticality": "high",
        "reactions": [{"manifestation": coded("247472004", "Hives"), "severity": "moderate"}],
        "recorded": "2019-03-02",
    },
    "medicine": {
        "view": "list",
        "product": coded("39113611000001102", "Atorvastatin 20mg tablets", "https://dmd.nhs.uk"),
        "dose": "One at night",
        "status": "active",
        "course": "repeat",
        "start": "2021-05",
        "quantity": {"value": "28", "unit": "tablet"},
        "as_needed": False,
    },
    "problem": {"code": coded("44054006", "Type 2 diabetes mellitus"), "status": "active", "significance": "major", "onset": "2014"},
    "result": {
        "test": coded("1000731000000107", "Serum creatinine level"),
        "value": {"value": "182", "unit": "umol/L"},
        "low": {"value": "45", "unit": "umol/L"},
        "high": {"value": "84", "unit": "umol/L"},
        "interpretation": "high",
        "status": "final",
        "taken": "2026-08-01T09:12:00Z",
    },
    "encounter": {"encounter_class": "inpatient", "specialty": "Renal medicine", "start": "2026-08-01T08:00:00Z", "status": "finished"},
    "document": {
        "type": coded("823681000000100", "Outpatient letter"),
        "title": "Renal clinic letter",
        "created": "2026-08-20",
        "author": "Consultant",
    },
    "procedure": {"code": coded("80146002", "Appendicectomy"), "performed": "1961", "status": "completed"},
    "immunisation": {
        "vaccine": coded("39114911000001105", "Influenza vaccine"),
        "status": "completed",
        "given": "2025-10-03",
        "batch": "AB123",
    },
    "flag": {"code": coded("450476008", "Not for attempted cardiopulmonary resuscitation"), "status": "active", "start": "2026-07-30"},
    "referral": {
        "service": coded("415274009", "Referral to renal physician"),
        "priority": "urgent",
        "referred": "2026-07-15",
        "status": "active",
    },
    "appointment": {"service": coded("1", "Renal clinic", "urn:local"), "start": "2026-12-01T10:00:00Z", "status": "booked"},
    "careplan": {"title": "Diabetes care plan", "status": "active", "goals": ["HbA1c below 58", "Walk every day"], "start": "2026-01-05"},
    "observation": {
        "code": coded("75367002", "Blood pressure"),
        "components": [
            {"code": coded("271649006", "Systolic"), "value": {"value": "142", "unit": "mmHg"}},
            {"code": coded("271650006", "Diastolic"), "value": {"value": "88", "unit": "mmHg"}},
        ],
        "taken": "2026-08-01T09:20:00Z",
    },
}

COURSE: dict[str, Any] = {
    "product": CONTENTS["medicine"]["product"],
    "dose": "One at night",
    "status": "active",
    "views": [
        {"view": "list", "source": "A82038/gp", "status": "active", "course": "repeat", "product": "Atorvastatin 20mg tablets",
         "taken": "One at night", "start": "2021-05"},
        {"view": "order", "source": "RXA/epr", "status": "stopped", "product": "Atorvastatin 40mg tablets", "taken": "1 tablet OD",
         "end": "2026-08-02"},
    ],
    "discrepancies": [
        {"about": "dose", "sides": [{"source": "A82038/gp", "view": "list", "says": "Atorvastatin 20mg tablets One at night"},
                                    {"source": "RXA/epr", "view": "order", "says": "Atorvastatin 40mg tablets 1 tablet OD"}]},
        {"about": "stopped", "sides": [{"source": "A82038/gp", "view": "list", "says": "active"},
                                       {"source": "RXA/epr", "view": "order", "says": "stopped 2026-08-02"}]},
    ],
}
"""A course that two views tell, and tell otherwise."""


def said(source: str = "RXA/epr", **changes: Any) -> Said:
    given: dict[str, Any] = {
        "source": source,
        "patient": "P100",
        "record": "allergy/123",
        "position": "000000000172F0A8",
        "known": NOW - 60_000,
        "raw": RawRef("raw.rxa-epr.v1", 1, 4711),
        "recorded": "2019-03-02T10:15:00Z",
        "fields": ("agent",),
    }
    return Said(**(given | changes))


def item(kind: str, content: dict[str, Any] | None = None, **changes: Any) -> Item:
    sources = changes.get("sources", ("RXA/epr",))
    given: dict[str, Any] = {
        "fact": f"{kind}-{'ab' * 8}",
        "kind": kind,
        "version": 1,
        "content": content if content is not None else CONTENTS[kind],
        "known": NOW - 60_000,
        "sources": sources,
        "provenance": tuple(said(source) for source in sources),
    }
    return Item(**(given | changes))


def record(entries: Sequence[Item] | None = None, **changes: Any) -> Record:
    entries = tuple(entries if entries is not None else map(item, CONTENTS))
    states = (
        SourceState(source="RXA/epr", patient="P100", last_heard=NOW - 60_000, epoch=3, kinds=tuple(CONTENTS)),
        SourceState(source="A82038/gp", patient="77", last_heard=NOW - 7_200_000, epoch=3, kinds=("patient", "problem", "medicine")),
    )
    given: dict[str, Any] = {
        "person": PERSON,
        "nhs_numbers": (NUMBER,),
        "digest": "c0ffee" + "0" * 58,
        "sequence": 12,
        "known": NOW - 60_000,
        "sources": states,
        "entries": entries,
    }
    return Record(**(given | changes))


class MadeRecords:
    def __init__(self, *records: Record) -> None:
        self.records = records

    def by_person(self, person: str) -> Record | None:
        return next((one for one in self.records if one.person == person), None)

    def by_number(self, number: str) -> Sequence[Record]:
        return [one for one in self.records if number in one.nhs_numbers]

    def others(self, record: Record) -> int:
        return sum(1 for one in self.records if one.person != record.person and set(one.nhs_numbers) & set(record.nhs_numbers))

    def check(self) -> None:
        return


class MadePeople:
    def __init__(self, *hits: Hit) -> None:
        self.hits = hits

    def find(self, text: str, limit: int) -> Sequence[Hit]:
        return self.hits[:limit]

    def check(self) -> None:
        return


class MadeAudit:
    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.events: list[tuple[str, str, str, str, int]] = []
        self.moments: list[int] = []

    def viewed(self, actor: str, view: View, records: Sequence[Record], moments: Sequence[int] = ()) -> None:
        self.check()
        self.events += [(actor, view, one.person, one.digest, one.known) for one in records]
        self.moments += moments

    def nobody(self, actor: str, asked: str) -> None:
        self.viewed(actor, View.NOBODY, [nothing(whom(asked, KEY))])

    def check(self) -> None:
        if self.broken:
            raise AuditUnavailableError("the broker did not confirm it in time")


class MadeStream:
    def __init__(self, beats: Beats | None = None, waiting: dict[str, int] | None = None) -> None:
        self.beats = beats or Beats(15)
        if beats is None:
            for stage in STAGES:
                self.beats.add(beat(stage, NOW - 500))
        self._waiting = {"RXA/epr": 0, "A82038/gp": 0} if waiting is None else waiting
        self.now = NOW
        self.heard = True

    def figures(self) -> Figures:
        return self.beats.figures(self.now)

    def waiting(self, source: str) -> int | None:
        return self._waiting.get(source)

    def feeds(self) -> Sequence[str]:
        return ["raw.a82038-gp.v1", "raw.rxa-epr.v1"]


class MadeQuarantine(Counts):
    counted = True


class MadeHistory:
    """Knows the pasts it is given by person; asked for others it has nothing of them."""

    def __init__(self, **records: Folded) -> None:
        self.records = records
        self.asked: list[tuple[str, tuple[str, ...], tuple[int, ...]]] = []

    def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
        self.asked.append((person, tuple(besides), moments))
        nothing = Folded(person=person, nhs_numbers=(), digest=canonical.record_digest(0), entries=(), sources=())
        return [Past(at, self.records.get(person, nothing), builtin()) for at in moments]


def folded(*entries: Entry, **changes: Any) -> Folded:
    """A record as it was, of these entries."""
    given: dict[str, Any] = {
        "person": PERSON,
        "nhs_numbers": (NUMBER,),
        "digest": canonical.record_digest(sum(canonical.entry_digest(one.fact, one.content) for one in entries)),
        "entries": entries,
        "sources": (SourceState(source="RXA/epr", patient="P100", last_heard=NOW - 3_600_000, epoch=-1, kinds=("patient", "problem")),),
    }
    return Folded(**(given | changes))


def entry(one: Item, person: str = PERSON) -> Entry:
    """As it is published."""
    behind = tuple(
        Provenance(source=p.source, patient=p.patient, record=p.record, part=p.part, position=p.position, known=p.known, raw=p.raw,
                   recorded=p.recorded, fields=p.fields, lost={name: canonical.encode(value) for name, value in p.lost.items()})
        for p in one.provenance
    )
    return Entry(person=person, fact=one.fact, kind=one.kind, status=one.status, content=canonical.encode(one.content), version=1,
                 known=one.known, sources=one.sources, provenance=behind, rules=one.rules, conflict=one.conflict, labels=one.labels)


def sources(*records: Record, **changes: Any) -> Sources:
    from tests.web import decided

    given: dict[str, Any] = {
        "people": MadePeople(*(Hit(one.person, ("Allergy to penicillin",)) for one in records)),
        "records": MadeRecords(*records),
        "audit": MadeAudit(),
        "stream": MadeStream(),
        "quarantine": MadeQuarantine(),
        "history": MadeHistory(),
        "identity": decided.MadeIdentity(),
        "registry": lambda: None,
    }
    return Sources(**(given | changes))


def beat(stage: str, at: int, processed: int = 0, **changes: Any) -> Heartbeat:
    given: dict[str, Any] = {"stage": stage, "instance": f"{stage}-1", "at": at, "processed": processed, "published": processed, "lag": 0}
    return Heartbeat(**(given | changes))


def held(source: str = "RXA/epr", patient: str | None = "P100", reason: str = "mapping.unknown-code") -> Quarantined:
    return Quarantined(
        stage="capture",
        raw=RawRef("raw.rxa-epr.v1", 0, 99),
        source=source,
        patient=patient,
        reason=reason,
        detail="Add the code to the mapping's vocabulary.",
        payload=b"CANARY",
    )
