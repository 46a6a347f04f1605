"""One system that sends HL7 v2 and FHIR under one source name: what was said last counts, in whichever format and order it came."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mainstem.model import Claim, RawRef
from processors.identity.claimed import Claimed
from producers.fhir.format import items
from producers.fhir.reader import Origin
from producers.hl7.er7 import parse
from producers.hl7.identity import Feed, claims
from tests.producers.fhir.test_fhir_patients import number as carried
from tests.producers.fhir.test_fhir_patients import patient
from tests.producers.hl7.test_hl7_identity import message, pid
from tests.strategies import NUMBERS, THIRD

RAW, SOURCE = RawRef("raw.rxz-pas.v1", 0, 0), "RXZ/pas"
FIRST = datetime(2026, 1, 2, tzinfo=UTC)

words = st.tuples(st.sampled_from(["hl7", "fhir"]), st.sampled_from([*NUMBERS, THIRD]), st.sampled_from(["Archer", "Bell", "Cole"]))


def said(format_: str, nhs: str, family: str, at: datetime) -> list[Claim]:
    """What one message or file claims of the patient `p1`."""
    if format_ == "hl7":
        whole = message("A31", f"{at:%m%d%H%M%S}", pid("p1", nhs, "01", family))
        return claims(parse(whole), Feed(SOURCE, frozenset({"RXA"})), RAW)
    whole = patient(carried(nhs, "01"), name=[{"family": family}], meta={"lastUpdated": f"{at:%Y-%m-%dT%H:%M:%SZ}", "versionId": "1"})
    return [claim for each in items(json.dumps(whole).encode(), Origin(RAW, SOURCE)) for claim in each.claims]


@given(st.lists(words, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_what_was_said_last_counts_in_whichever_format_and_order(told: list[tuple[str, str, str]], chance: random.Random) -> None:
    found = [claim for place, each in enumerate(told) for claim in said(*each, FIRST + timedelta(seconds=place))]
    chance.shuffle(found)
    known = Claimed(found).said(f"{SOURCE}|p1")
    assert known.numbers == (told[-1][1],)
    assert known.demographics is not None and known.demographics.family == told[-1][2]
