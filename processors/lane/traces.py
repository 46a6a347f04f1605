"""Which outputs of a batch a traced message caused: a core does not say, but each output speaks of raw positions or of an epoch."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from mainstem.model import Assertion, Assignment, Change, Claim, Entry
from mainstem.observe import tracing
from mainstem.observe.tracing import Followed, Headers
from mainstem.person_events import Attached, Op, PersonEvent
from processors.lane.contract import Received


class Traces:
    """Of one batch: spans of the messages that carry a trace, and the headers of what they caused."""

    def __init__(self, stage: str, began: int, found: Sequence[tuple[Received, Any, bytes]]) -> None:
        self._followed = Followed(stage, began)
        self._of: dict[Hashable, Headers] = {}
        for received, value, parent in found:
            headers = self._followed.follow(parent, received.partition, received.offset)
            for thread in _threads(value, received.offset):
                self._of.setdefault(thread, headers)

    @classmethod
    def of(cls, stage: str, began: int, batch: Sequence[tuple[Received, Any]]) -> Traces | None:
        """None where tracing is off or no message carries a trace: nothing then costs anything."""
        if not tracing.on():
            return None
        found = [(received, value, parent) for received, value in batch
                 if received.headers and (parent := tracing.carried(received.headers)) is not None]
        return cls(stage, began, found) if found else None

    def headers(self, value: Any) -> Headers:
        """What an output is to carry. Ask in the order of the outputs: a change follows the entry that it tells of."""
        for thread in _threads(value):
            if (headers := self._of.get(thread)) is not None:
                if isinstance(value, Entry):
                    self._of[value.person, value.fact, value.version] = headers
                return headers
        return {}

    def done(self, events: int, published: int) -> None:
        self._followed.done(events, published=published)


def _threads(value: Any, offset: int = -1) -> Iterator[Hashable]:
    match value:
        case Assertion():
            yield value.raw
        case Claim():
            yield value.raw
            yield "epoch", offset
        case Assignment() | Attached():
            yield "epoch", value.epoch
        case PersonEvent():
            for known in value.items:
                yield known.assertion.raw
            if value.op is not Op.APPLY:
                yield "epoch", value.epoch
        case Entry():
            for provenance in value.provenance:
                yield provenance.raw
        case Change():
            yield value.person, value.fact, value.version
