"""Which manifest counts for which kind, case by case: the stream and the fold share these rules, so that comparing them shows nothing."""

from __future__ import annotations

import random

import msgspec
import pytest

from mainstem import canonical
from mainstem.model import Assertion, Known, RawRef, Status
from processors.reconcile.absence import content, listings, partial, spared


def manifest(record: str, position: str, kinds: str, listed: str = "", status: Status = Status.ASSERTED, part: str = "",
             **more: object) -> Known:
    body = {"kinds": kinds.split(), "records": listed.split(), **more}
    assertion = Assertion(source="A82038/gp", patient="1", record=record, part=part, kind="manifest", status=status, position=position,
                          content=canonical.encode(body), raw=RawRef("raw.x.v1", 0, 0))
    return Known(assertion, 7, 0, 0)


@pytest.mark.parametrize(("manifests", "expected"), [
    ([], {}),
    ([manifest("m/1", "01", "allergy problem", "allergy/1")], {"allergy": "allergy/1", "problem": "allergy/1"}),
    ([manifest("m/1", "01", "allergy", "allergy/1"), manifest("m/1", "02", "allergy", "allergy/2")], {"allergy": "allergy/2"}),
    ([manifest("m/1", "01", "allergy", "allergy/1"), manifest("m/1", "02", "problem", "p/1")], {"allergy": "allergy/1", "problem": "p/1"}),
    ([manifest("m/1", "02", "allergy", "allergy/1"), manifest("m/2", "01", "allergy", "allergy/2")], {"allergy": "allergy/1"}),
    ([manifest("m/1", "01", "allergy", "allergy/1"), manifest("m/2", "01", "allergy", "allergy/1")], {"allergy": "allergy/1"}),
    # one heard twice is one
    ([manifest("m/1", "01", "allergy", "allergy/1"),
      msgspec.structs.replace(manifest("m/1", "01", "allergy", "allergy/1"), known=9)], {"allergy": "allergy/1"}),
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


def lists(position: str, kinds: str = "", record: str = "m/1", status: Status = Status.ASSERTED, **partly: list[str]) -> Known:
    return manifest(record, position, kinds, kinds, status, partial=partly)


@pytest.mark.parametrize(("manifests", "expected"), [
    ([], ""),
    ([lists("01", allergy=["empty"], problem=["confidential-items", "empty"])], "allergy: empty; problem: confidential-items, empty"),
    # per kind the latest export that had a list of it; one that says nothing of it is silent
    ([lists("01", allergy=["empty"]), lists("02", problem=["empty"])], "allergy: empty; problem: empty"),
    ([lists("01", allergy=["empty"]), lists("02", allergy=["incomplete"])], "allergy: incomplete"),
    ([lists("01", allergy=["empty"]), lists("02", "allergy")], ""),
    ([lists("02", allergy=["empty"]), lists("01", "allergy")], "allergy: empty"),
    # complete since a day, and partial besides
    ([manifest("m/1", "01", "allergy", "a/1", since={"allergy": "2020-03-02"}, partial={"allergy": ["data-in-transit"]})],
     "allergy: data-in-transit"),
    # taken back
    ([lists("01", allergy=["empty"]), lists("02", status=Status.RETRACTED)], ""),
    ([lists("01", "allergy", record="m/2"), lists("02", allergy=["empty"]), lists("03", status=Status.RETRACTED)], ""),
    ([lists("01", allergy=["empty"], record="m/2"), lists("02", "allergy"), lists("03", status=Status.REMOVED)], "allergy: empty"),
])
def test_what_lists_are_not_complete_in(manifests: list[Known], expected: str) -> None:
    for seed in range(6):
        random.Random(seed).shuffle(manifests)
        found = partial(manifests)
        assert "; ".join(f"{each.kind}: {', '.join(each.reasons)}" for each in found) == expected
        assert all(each.known == 7 for each in found), "since when it is known"


@pytest.mark.parametrize(("recorded", "present"), [
    ("2020-03-02", False), ("2020-03-01", True), ("2021", False), ("2020", True), ("2020-03", True), (None, True), ("soon", True),
    ("2020-03-02T00:00:00Z", False), ("2020-03-02T00:30:00+01:00", True)])
def test_what_may_have_been_recorded_before_the_day_is_not_absent(recorded: str | None, present: bool) -> None:
    said = content(manifest("m/1", "02", "allergy", "allergy/1", since={"allergy": "2020-03-02"}))
    one = Known(Assertion(source="A82038/gp", patient="1", record="allergy/2", kind="allergy", position="01", recorded=recorded,
                          content=b"{}", raw=RawRef("raw.x.v1", 0, 0)), 0, 0, 0)
    late = Known(msgspec.structs.replace(one.assertion, part="more", recorded="2024-01-01"), 0, 0, 0)
    assert spared("allergy", said, [one]) == spared("allergy", said, [late, one]) == present
    assert not spared("problem", said, [one])
