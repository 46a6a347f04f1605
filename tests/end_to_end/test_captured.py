"""What databases, Debezium and capture make of a row is what all else is measured by: the row as the seeds tell it, read in process."""

from __future__ import annotations

import re

import pytest

from mainstem.model import Known
from mainstem.truth.told import people
from mainstem.verify.received import assertions
from schemas.codec import Codec
from tests.end_to_end.conftest import PERSONS, PROFILE, SEED, World
from tests.eventually import eventually

pytestmark = pytest.mark.stack
Named = tuple[str, str, str]
_ZONED_DAY = re.compile(rb"\d{4}-\d\d-\d\d(Z|[+-]\d\d:)")
"""A day as Debezium spells it, which no kind takes for one."""


def _first(known: list[Known]) -> dict[Named, bytes]:
    """What was said first of each record."""
    found: dict[Named, bytes] = {}
    for one in sorted((each.assertion for each in known), key=lambda one: (one.position, one.content)):
        found.setdefault((one.subject, one.record, one.part), one.content)
    return found


@pytest.mark.timeout(400)
def test_every_row_is_captured_as_it_is_told(world: World) -> None:
    told = _first([each for person in people(PERSONS, SEED, PROFILE) for each in person.known])
    codec = Codec(world.endpoints.registry)

    def whole() -> dict[Named, bytes]:
        found = _first(list(assertions(world.endpoints.kafka, codec)))
        return found if told.keys() <= found.keys() else {}

    captured = eventually(whole, "the arrival of every row", 120)
    assert len(told) > 500
    assert [(name, content, captured[name]) for name, content in told.items() if captured[name] != content] == []
    assert [name for name, content in captured.items() if _ZONED_DAY.search(content)] == []
