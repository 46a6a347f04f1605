"""The same trust's second feed, that spells things its own way: every event of it is the one of the first feed, and no two become one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from mainstem import canonical
from mainstem.model import Known
from mainstem.terminology import builtin
from mainstem.truth import people
from processors.reconcile.fold import fold_by

KINDS = {"encounter", "appointment", "document", "procedure", "immunisation", "flag", "referral", "careplan", "observation"}
ALONE = {"immunisation", "observation", "document", "encounter"}
"""Some are told undated, or by the month: a fact of its own in each feed, shown twice."""
FEED = "RXZ/feed"


def respelt(content: dict[str, Any]) -> dict[str, Any]:
    """Identifiers with spaces and in another case, dates with a time, times in another zone, names of codes left out."""
    said: dict[str, Any] = {}
    for name, value in content.items():
        if name.endswith("_id") and isinstance(value, str):
            said[name] = f" {value.lower()} "
        elif isinstance(value, str) and value.endswith("+00:00") and "T" in value:
            said[name] = value.replace("+00:00", "Z")
        elif isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
            said[name] = f"{value}T00:00:00Z"
        else:
            said[name] = value
    return said


@pytest.mark.parametrize("profile", ["everyday", "messy", "unseen"])
def test_a_second_feed_is_one_with_the_first(profile: str) -> None:
    told: Counter[tuple[str, bool]] = Counter()
    for person in people(150, 7, profile):
        ours = [known for known in person.known if known.assertion.kind in KINDS]
        again = []
        for n, known in enumerate(ours, 10**6):
            a = known.assertion
            content = canonical.encode(respelt(canonical.decode(a.content)))
            copy = msgspec.structs.replace(a, source=FEED, patient=f"{a.source} {a.patient}", content=content)
            again.append(Known(copy, n, 0, n))
        once = fold_by(ours, lambda _, of=person.id: of, builtin())
        twice = fold_by([*ours, *again], lambda _, of=person.id: of, builtin())
        if not ours:
            continue
        entries = twice[person.id].entries
        for entry in entries:
            both = FEED in entry.sources and len(entry.sources) > 1
            told[entry.kind, both] += 1
            assert both or entry.kind in ALONE, entry.kind
            assert len({behind.record for behind in entry.provenance}) == 1, "no two events of one feed become one"
            assert not entry.conflict
        alone = sum(FEED in entry.sources and len(entry.sources) == 1 for entry in entries)
        assert len(entries) == len(once[person.id].entries) + alone
    assert {kind for kind, both in told if both} >= KINDS - {"appointment"}, "appointments are rare"
    for kind in ALONE:
        assert 2 * told[kind, True] > told[kind, False], f"most are told: {told}"
