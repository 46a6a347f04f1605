"""What a committed batch counts."""

from __future__ import annotations

from mainstem.observe import metrics
from mainstem.person_events import Attached
from processors.identity.stage import GO_ON
from processors.lane.contract import Output
from processors.lane.meter import Meter
from schemas import topics


def test_a_handover_counts_once_however_many_slices_it_comes_in() -> None:
    def counted() -> float:
        return float(sum(metrics.now(metrics.HANDOVERS)))

    def note(person: str) -> Output:
        return Output(topics.ATTACHED, b"RXA/epr|1", Attached(subject="RXA/epr|1", person=person, epoch=3), "RXA/epr|1")

    before, meter = counted(), Meter("test", 0)
    meter.committed(5, [note(GO_ON), note(GO_ON)], [])
    assert counted() == before, "more is to be sent"
    meter.committed(5, [note("p"), note(GO_ON)], [])
    assert counted() == before + 1


def test_what_an_alert_counts_stands_at_zero_before_the_first_batch() -> None:
    """Prometheus sees no increase in the first value of a series: a stage that processes nothing since its start would not be told of."""
    Meter("never-fed", 0)
    assert metrics.now(metrics.EVENTS_IN, stage="never-fed") == [0]
    assert 0 in metrics.now(metrics.RECOVERY_SECONDS, stage="never-fed", le="15.0")
