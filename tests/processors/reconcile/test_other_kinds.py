"""The kinds on business identifiers through the core: the stream against the fold, with crashes, retractions, merges and late versions."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.terminology import builtin
from tests.processors.convergence import check, order_and_duplicates_make_no_difference, streamed
from tests.strategies import SAME_PERSON, assertions_of, claims

DAYS = st.sampled_from(["2026-08-01", "2026-08-01T09:00:00Z", "2026-08-01T09:00:30+00:00", "2026-08-02", "2029-08-01", "2026", "?"])
NUMBERS = st.sampled_from(["V1234", "v 1234", "W9999", "1", "0000 1234 5678"])


def _of(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: st.just(value) for name, value in required.items()},
                                 optional={name: st.sampled_from(found) if isinstance(found, list) else found
                                           for name, found in optional.items()})


WORLD = {
    "encounter": _of({"encounter_class": "inpatient"}, visit_id=NUMBERS, start=DAYS, end=DAYS,
                     status=["in-progress", "finished", "cancelled"],
                     specialty=["Renal", "Diet"]),
    "appointment": _of({"service": {"text": "Renal"}}, appointment_id=NUMBERS, start=DAYS, status=["booked", "fulfilled", "cancelled"]),
    "document": _of({}, title=["Letter", "Summary"], document_id=NUMBERS, created=DAYS, text=["Seen.", "Seen", "Not seen."]),
    "procedure": _of({"code": {"text": "Hip"}}, performed=DAYS | st.just("2026-08-01T18:00:00Z"),
                     body_site=[{"text": "Left"}], status=["completed", "not-done"]),
    "immunisation": _of({}, vaccine=[{"text": "Fluad"}, {"text": "MMR"}], procedure=[{"text": "Flu vaccination"}], given=DAYS,
                        batch=["A", "B"], status=["completed", "not-done"]),
    "flag": _of({"code": {"text": "Risk to staff"}}, status=["active", "inactive"], note=["Dog", "In pairs"], start=DAYS, end=DAYS),
    "referral": _of({"service": {"text": "Podiatry"}}, referral_id=NUMBERS, referred=DAYS, status=["active", "completed"]),
    "careplan": _of({"title": "Diabetes"}, plan_id=NUMBERS, start=DAYS, goals=[["Walk"], ["Walk", "Swim"]]),
    "observation": _of({"code": {"text": "Pulse"}}, taken=DAYS, value=[{"value": "72"}, {"value": "72.0"}, {"value": "80"}]),
}
worlds = st.lists(st.one_of(*(assertions_of(kind, contents) for kind, contents in WORLD.items()), claims), min_size=15, max_size=50).map(
    lambda said: [*SAME_PERSON, *said])


@settings(max_examples=40, deadline=None)
@given(worlds, st.integers(0, 2**32))
def test_the_stream_gives_what_the_fold_gives(world: list[Any], seed: int) -> None:
    rng = random.Random(seed)
    rng.shuffle(world)
    check(streamed(world, rng, builtin()))


@settings(max_examples=25, deadline=None)
@given(worlds, st.integers(0, 2**32))
def test_order_and_duplicates_make_no_difference(world: list[Any], seed: int) -> None:
    order_and_duplicates_make_no_difference(world, random.Random(seed), builtin())
