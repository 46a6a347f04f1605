"""One item of a message as a format found it, before it is an outcome of the contract."""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.model import Assertion, Claim, RawRef
from mainstem.operations import Outcome, Quarantined, Result
from producers.contract import ItemResult
from producers.reasons import Advised

STAGE = "capture"


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one item. `type` is what the operator is shown of it: `ADT^A40`. `reason` is empty where it was taken in."""

    item: str
    type: str
    result: Result
    reason: str = ""
    detail: str = ""
    """What to do, without patient content; set exactly where it is quarantined."""
    source: str = ""
    patient: str | None = None
    assertions: tuple[Assertion, ...] = ()
    claims: tuple[Claim, ...] = ()

    def as_result(self, raw: RawRef, source: str = "") -> ItemResult:
        """`source`: whose the message is, where the item does not say."""
        outcome = Outcome(offset=raw.offset, item=self.item, result=self.result, reason=self.reason, assertions=len(self.assertions),
                          claims=len(self.claims))
        quarantined = None
        if self.result is Result.QUARANTINED:
            place = RawRef(raw.topic, raw.partition, raw.offset, self.item)
            quarantined = Quarantined(stage=STAGE, raw=place, source=self.source or source, patient=self.patient, reason=self.reason,
                                      detail=self.detail)
        return ItemResult(outcome, self.assertions, self.claims, quarantined)


def taken(item: str, kind: str, source: str, claims: tuple[Claim, ...]) -> Read:
    return Read(item, kind, Result.ASSERTIONS, source=source, claims=claims)


def ignored(item: str, kind: str, source: str, reason: Advised) -> Read:
    return Read(item, kind, Result.IGNORED, reason.value, source=source)


def quarantined(item: str, kind: str, source: str, reason: Advised, why: str = "") -> Read:
    return Read(item, kind, Result.QUARANTINED, reason.value, f"{why}: {reason.todo}" if why else reason.todo, source)
