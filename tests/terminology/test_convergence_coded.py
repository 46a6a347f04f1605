"""Promise 1 with the terminology that ships: coded allergies of several sources, incremental engine against fold."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical
from mainstem.kinds.base import EMIS, SNOMED
from mainstem.terminology import builtin
from tests.processors.convergence import check, streamed
from tests.strategies import assertions, claims

CODINGS = [(SNOMED, code) for code in ("91936005", "764146007", "292967008", "372687004", "27658006", "323510009", "91935009", "256349002",
                                       "716186003", "62014003", "1012851000006104")] + [(EMIS, "ALLERGY4276EGTON"), ("urn:local", "AL10")]
agents = st.lists(st.sampled_from(CODINGS), min_size=1, max_size=2).map(
    lambda found: canonical.encode({"agent": {"codes": [{"system": system, "code": code} for system, code in found]}}))
coded = st.builds(lambda a, content: msgspec.structs.replace(a, content=content), assertions.filter(lambda a: a.kind == "allergy"), agents)
worlds = st.lists(st.one_of(coded, coded, assertions, claims), max_size=25)


@settings(max_examples=100, deadline=None)
@given(worlds, st.integers(0, 2**32))
def test_the_stream_gives_what_the_fold_gives(world, seed):
    check(streamed(world, random.Random(seed), builtin()))
