"""The reconcile stage fed event by event."""

from __future__ import annotations

from mainstem import canonical
from mainstem.model import Assertion, Entry, Known, RawRef, Summary
from mainstem.person_events import Op, PersonEvent
from processors.lane.contract import Output, Received
from processors.lane.memory import MemoryState
from processors.reconcile.stage import ReconcileStage
from schemas import topics

P = "p" * 32


class Stage:
    """The stage with its state and what it published last."""

    def __init__(self, terms=None) -> None:
        self.stage, self.state, self.offset = ReconcileStage(terms), MemoryState(), 0
        self.outputs: list[Output] = []

    def send(self, *events: PersonEvent) -> list[Entry]:
        batch = [(Received(topics.PERSON_EVENTS, 0, self.offset + i, 0, None, None), event) for i, event in enumerate(events)]
        self.offset += len(batch)
        self.outputs = self.stage.process(batch, self.state)
        return self.of(topics.ENTRIES)

    def of(self, topic):
        return [output.value for output in self.outputs if output.topic is topic]

    @property
    def summary(self) -> Summary:
        return self.of(topics.SUMMARIES)[-1]


SAID = {"source": "RXA/epr", "patient": "1", "kind": "allergy"}
ENVELOPE = ("source", "patient", "part", "kind", "status", "labels", "recorded")


def said(record: str = "allergy/1", position: str = "01", *, known: int = 1000, **given) -> Known:
    """An assertion: what is no field of its envelope is content."""
    envelope = {**SAID, **{name: given.pop(name) for name in ENVELOPE if name in given}}
    assertion = Assertion(record=record, position=position, content=canonical.encode(given), raw=RawRef("raw.x.v1", 0, known), **envelope)
    return Known(assertion, known, 0, known)


def event(*items: Known, op: Op = Op.APPLY, epoch: int = -1, subject: str | None = None, last: bool = True,
          opted_out: bool | None = None, restricted: bool = False) -> PersonEvent:
    return PersonEvent(op=op, person=P, subject=subject or items[0].assertion.subject, epoch=epoch, items=items, last=last,
                       opted_out=opted_out, restricted=restricted)
