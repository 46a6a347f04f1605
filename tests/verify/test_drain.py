"""When waiting for the stages is over: under load after as many rounds as a message passes stages, else when nothing grows any more."""

from __future__ import annotations

import pytest

from mainstem.verify.drain import fed, readers
from schemas import topics

RAW = topics.raw("RXA/epr")
STAGES = readers((RAW,), ("search",))
BEFORE = {"raw.rxa-epr.v1/0": 5, "assertions.clinical.v1/1": 7, "identity.claims.v1/0": 1, "identity.attached.v1/2": 3,
          "persons.events.v1/3": 9, "records.entries.v1/3": 4}


@pytest.mark.parametrize("place", ["raw.rxa-epr.v1/0", "assertions.clinical.v1/1", "identity.claims.v1/0", "assertions.clinical.v1/3"])
def test_what_comes_in_from_outside_is_load(place: str) -> None:
    assert RAW.name == "raw.rxa-epr.v1"
    assert fed(STAGES, BEFORE, BEFORE | {place: 99})


def test_a_handover_that_goes_on_by_itself_is_waited_for() -> None:
    assert not fed(STAGES, BEFORE, BEFORE | {"identity.attached.v1/2": 4, "persons.events.v1/3": 20, "records.entries.v1/3": 12})
