"""What a committed batch of capture counts: what was left out, and why."""

from __future__ import annotations

from mainstem.observe import metrics
from producers.hl7.reasons import Reason
from producers.meter import Meter
from schemas import topics
from tests.producers.hl7.test_hl7_format import ADMIT
from tests.producers.hl7.test_hl7_processing import marked
from tests.producers.test_batch import SOURCE, file, told


def test_what_was_ignored_and_quarantined_is_counted_by_its_reason() -> None:
    def counted() -> list[float]:
        return [sum(metrics.now(of, stage="capture", topic=topics.raw(SOURCE).name, reason=reason)) for of, reason in (
            (metrics.IGNORED, Reason.NOT_PRODUCTION), (metrics.IGNORED, Reason.UNREADABLE), (metrics.QUARANTINED, Reason.UNREADABLE),
            (metrics.QUARANTINED, Reason.NOT_PRODUCTION))]

    before = counted()
    Meter().committed(told(*(file(value, n, b"hl7") for n, value in enumerate((marked(ADMIT, "T"), ADMIT, marked(ADMIT, "D"), b"junk")))))
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [2, 0, 1, 0]
