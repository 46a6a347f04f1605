"""What a committed batch counts."""

from __future__ import annotations

import pytest

from mainstem.kinds.facts import OF_FACT, RULE_FAULT
from mainstem.model import Entry, Provenance, RawRef
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


def test_an_entry_on_which_a_rule_failed_is_counted_and_its_raw_message_told_but_not_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    behind = Provenance(source="RXA/epr", patient="1", record="allergy/1", part="", position="1", known=1, raw=RawRef("raw.x.v1", 2, 7))

    def entry(**rules: str) -> Output:
        told = Entry(person="p", fact="f", kind="allergy", status="current", content=b'{"note":"canary"}', version=1, known=1,
                     sources=("RXA/epr",), provenance=(behind,), rules=rules, release="r")
        return Output(topics.ENTRIES, b"p", told, "p")

    meter = Meter("faulty", 0)
    meter.committed(2, [entry(note="fact.most-recently-recorded")], [])
    assert (metrics.now(metrics.RULE_FAULTS, stage="faulty"), caplog.text) == ([0], "")
    meter.committed(2, [entry(), entry(**{OF_FACT: RULE_FAULT.id})], [])
    assert metrics.now(metrics.RULE_FAULTS, stage="faulty") == [1]
    assert "allergy" in caplog.text
    assert "raw.x.v1-2 at 7" in caplog.text
    assert "canary" not in caplog.text
