"""Which manifest counts for which kind, case by case: the stream and the fold share these rules, so that comparing them shows nothing."""

from __future__ import annotations

import random

import pytest

from mainstem import canonical
from mainstem.model import Assertion, Known, RawRef, Status
from processors.reconcile.absence import content, listings


def manifest(record: str, position: str, kinds: str, listed: str = "", status: Status = Status.ASSERTED, part: str = "") -> Known:
    body = {"kinds": kinds.split(), "records": listed.split()}
    assertion = Assertion(source="A82038/gp", patient="1", record=record, part=part, kind="manifest", status=status, position=position,
                          content=canonical.encode(body), raw=RawRef("raw.x.v1", 0, 0))
    return Known(assertion, 0, 0, 0)


@pytest.mark.parametrize(("manifests", "expected"), [
    ([], {}),
    ([manifest("m/1", "01", "allergy problem", "allergy/1")], {"allergy": "allergy/1", "problem": "allergy/1"}),
    ([manifest("m/1", "01", "allergy", "allergy/1"), manifest("m/1", "02", "allergy", "allergy/2")], {"allergy": "allergy/2"}),
    ([manifest("m/1", "01", "allergy", "allergy/1"), manifest("m/1", "02", "problem", "p/1")], {"allergy": "allergy/1", "problem": "p/1"}),
    ([manifest("m/1", "02", "allergy", "allergy/1"), manifest("m/2", "01", "allergy", "allergy/2")], {"allergy": "allergy/1"}),
    ([manifest("m/1", "01", "allergy", "allergy/1"), manifest("m/2", "01", "allergy", "allergy/1")], {"allergy": "allergy/1"}),
    # one taken back speaks for nothing, in any of its versions; others still speak
    ([manifest("m/1", "01", "allergy", "allergy/1"), manifest("m/1", "02", "allergy", "", Status.RETRACTED)], {}),
    ([manifest("m/1", "01", "allergy", "allergy/1"), manifest("m/1", "02", "allergy", "", Status.REMOVED)], {}),
    ([manifest("m/1", "09", "allergy", "", Status.RETRACTED), manifest("m/2", "01", "allergy", "allergy/2")], {"allergy": "allergy/2"}),
    ([manifest("m/1", "01", "allergy", "allergy/1"), manifest("m/2", "02", "allergy", "", Status.RETRACTED)], {"allergy": "allergy/1"}),
    # one retracted and then sent again speaks in the versions that stand
    ([manifest("m/1", "01", "allergy", "allergy/1"), manifest("m/1", "02", "allergy", "", Status.RETRACTED),
      manifest("m/1", "03", "problem", "p/1")], {"allergy": "allergy/1", "problem": "p/1"}),
])
def test_which_manifest_counts(manifests: list[Known], expected: dict[str, str]) -> None:
    for seed in range(6):
        random.Random(seed).shuffle(manifests)
        found = listings(manifests)
        assert {kind: " ".join(content(one.known).records) for kind, one in found.items()} == expected
        assert all(one.record == one.known.assertion.record for one in found.values())


@pytest.mark.parametrize("body", [b"{}", b"[]", b"not json", b"[" * 100_000, b'{"kinds":["allergy"]}', b'{"kinds":"allergy","records":[]}'])
def test_what_is_no_manifest_makes_nothing_absent(body: bytes) -> None:
    assertion = Assertion(source="A82038/gp", patient="1", record="m/1", kind="manifest", position="01", content=body,
                          raw=RawRef("raw.x.v1", 0, 0))
    found = content(Known(assertion, 0, 0, 0))
    assert (found.kinds, found.records) == ((), ())


def test_a_manifest_is_one_part() -> None:
    found = content(manifest("m/1", "01", "allergy", "allergy/1", part="page/2"))
    assert (found.kinds, found.records) == ((), ())
