"""What a claim costs the linker where many share what it says: a default number, an unknown name. The same keys of state, however many."""

from __future__ import annotations

from collections import Counter

import pytest

from mainstem.model import Claim, Status
from processors.identity.linker import Linker
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from schemas import topics
from tests.processors.identity.counted import Counted
from tests.processors.identity.test_persons import became, link, number, who
from tests.strategies import KEY, NUMBERS, opted_out

DEFAULT, OTHER = NUMBERS
SOURCES = "ABC"


def unknown(at: int) -> Claim:
    return who(f"A|{at}", "Unknown", "Unknown", "1900-01-01")


def carrier(at: int) -> Claim:
    return number(f"{SOURCES[at % 3]}|{at}", DEFAULT)


CASES = {
    "an unknown name": (unknown, [], []),
    "a default number": (carrier, [], []),
    "that was superseded": (carrier, [became(DEFAULT, OTHER)], []),
    "that is superseded later": (carrier, [], [became(DEFAULT, OTHER)]),
    "that is made void": (carrier, [], [became(DEFAULT, None)]),
    "that is opted out": (carrier, [opted_out(DEFAULT)], []),
    "that is checked again": (carrier, [opted_out(DEFAULT)], [opted_out(DEFAULT, "02")]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_claim_costs_the_same_however_many_share_what_it_says(case: str) -> None:
    more, first, later = CASES[case]
    few, many = (_read(first, [more(at) for at in range(size)], [*later, more(size), more(size + 1)]) for size in (300, 900))
    assert many <= few + 3, "a few keys for the longer names"


def test_that_no_opt_out_stands_costs_the_same_however_many_the_person_is_made_of() -> None:
    """It is nearly everybody's answer. The first is news of who carries the number, and one like it of nobody."""
    checks = [opted_out(DEFAULT, at, Status.RETRACTED) for at in ("01", "02")]
    few, many = ([_read([number("A|0", DEFAULT)], [link("A|0", f"B|{at}") for at in range(size)], checks[:said])
                  for said in (1, 2)] for size in (3, 30))
    assert few == many


def _read(first: list[Claim], before: list[Claim], last: list[Claim]) -> int:
    """Keys read by the last claims, each in a batch of its own."""
    counts: Counter[str] = Counter()
    state, linker = Counted(MemoryState(), counts), Linker(KEY)
    batches = [[*first, *before], *([claim] for claim in last)]
    offset = 0
    for at, batch in enumerate(batches):
        if at == 1:
            counts.clear()
        linker.process([(Received(topics.CLAIMS, 0, offset + n, 0, None, None), claim) for n, claim in enumerate(batch)], state)
        offset += len(batch)
    return counts["read"]
