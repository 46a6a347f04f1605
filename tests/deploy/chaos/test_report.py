"""The verdict of a run: agreement proves nothing where nothing happened."""

from __future__ import annotations

import pytest

from deploy.chaos.inject import Met
from deploy.chaos.plan import Fault, Kind
from deploy.chaos.run import Report
from mainstem.verify.report import Check

BIT, MISSED = (Met(Fault(Kind.KILL, "worker", 0, 0), bit, 1.0) for bit in (True, False))


def report(met: tuple[Met, ...] = (BIT, MISSED), changes: int = 1, acknowledged: int = 1, agrees: bool = True) -> Report:
    check = Check("c", 1)
    if not agrees:
        check.differs("x")
    return Report(1, "", 1.0, met, changes, acknowledged, {}, {}, {"passed": True, "checks": []}, (check,))


def test_a_run_that_hit_something_and_agrees_passes() -> None:
    assert report().passed and report().missing == ()
    assert not report(agrees=False).passed and report(agrees=False).missing == ()


@pytest.mark.parametrize(("one", "missing"), [
    (report(met=()), "fault that hit something"), (report(met=(MISSED,)), "fault that hit something"),
    (report(changes=0), "change in the trusts"), (report(acknowledged=0), "acknowledged write")])
def test_a_run_in_which_nothing_happened_does_not_pass_and_says_what_is_missing(one: Report, missing: str) -> None:
    assert one.agrees and not one.passed
    assert one.missing == (missing,)
    assert one.as_dict()["passed"] is False and one.as_dict()["missing"] == [missing]
