"""Whether a version of a part says what an earlier one said, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from mainstem import canonical
from mainstem.model import Assertion, Known, RawRef, Status
from processors.reconcile.news import says_the_same


def version(note: str = "rash", **said: Any) -> Known:
    told = {"kind": "allergy", "recorded": "2024-01-01", "labels": ("nopat", "sensitive")} | said
    return Known(Assertion(source="A82038/gp", patient="1", record="r/1", position="01", content=canonical.encode({"note": note}),
                           raw=RawRef("raw.x.v1", 0, 0), **told), 0, 0, 0)


@pytest.mark.parametrize(("before", "after", "same"), [
    ({}, {}, True), ({}, {"note": "rash."}, True), ({}, {"note": "wheeze"}, False),
    ({}, {"recorded": "2024-01-01T00:00:00Z"}, True), ({}, {"recorded": "2024-01-02"}, False), ({}, {"recorded": None}, False),
    ({"recorded": None}, {"recorded": None}, True),
    ({}, {"labels": ("sensitive", "nopat")}, True), ({}, {"labels": ("nopat",)}, False), ({}, {"labels": ()}, False),
    ({}, {"kind": "problem"}, False), ({}, {"status": Status.RETRACTED}, False),
    # what is taken back, what no kind compares, and what an export held are the same only to the letter
    *(({"kind": kind, "status": status}, {"kind": kind, "status": status, "note": note}, note == "rash")
      for kind, status in (("allergy", Status.RETRACTED), ("allergy", Status.REMOVED), ("unheard of", Status.ASSERTED),
                           ("manifest", Status.ASSERTED)) for note in ("rash", "rash.")),
])
def test_whether_a_version_says_what_an_earlier_one_said(before, after, same):
    assert says_the_same(version(**before), version(**after)) is says_the_same(version(**after), version(**before)) is same
