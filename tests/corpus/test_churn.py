"""Two exports of one GP system, half a year apart: every true change is published, and almost nothing else.

The labels are ids and verdicts of a reader of both files who had not seen what the tool says. `otherwise`: what differs in nothing but
identifiers, version ids and the ids of Medications, which are new in every export.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mainstem.cli.churn_report import Report, compare, side

pytestmark = pytest.mark.corpus

LABELS = json.loads((Path(__file__).parent / "churn_labels.json").read_text())
EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "gp-connect-stu3"
KEPT = {"DocumentReference", "Encounter", "Observation", "ReferralRequest"}
"""Types with new or vanished resources that are records; the others are read through references."""
NOISE = 1 / 20


@pytest.fixture(scope="module")
def report() -> Report:
    if not EXPORTS.is_dir():
        pytest.skip("no corpora here")
    return compare(side([EXPORTS / "january"], None), side([EXPORTS / "june"], None), b"test")


def test_every_true_change_is_published_and_almost_nothing_else(report):
    published = {change.resource.item for change in report.published}
    missed = set(LABELS["change"]) - published
    noise = {item for item in published if (item in LABELS["noise"] or LABELS["otherwise"] == "noise") and item not in LABELS["change"]}
    assert not missed, f"not published: {sorted(missed)}"
    assert len(noise) <= NOISE * len(published), f"published noise: {sorted(noise)}"


def test_what_is_new_and_what_vanished_is_told(report):
    assert {each.item for each in report.new if each.type in KEPT} == set(LABELS["new"])
    assert {each.item for each in report.vanished if each.type in KEPT} == set(LABELS["vanished"])


def test_most_of_what_both_sides_hold_differs_in_bytes(report):
    assert (len(report.in_common), len(report.byte_different)) == (1069, 771)
    assert {*LABELS["change"], *LABELS["noise"]} <= {each.item for each in report.byte_different}


def test_an_export_compared_with_itself_is_no_news():
    if not EXPORTS.is_dir():
        pytest.skip("no corpora here")
    january = side([EXPORTS / "january"], None)
    report = compare(january, january, b"test")
    assert (report.byte_different, report.published, report.new, report.vanished) == ([], [], [], [])


def test_the_older_export_on_top_of_the_newer_takes_nothing_back():
    if not EXPORTS.is_dir():
        pytest.skip("no corpora here")
    january, june = side([EXPORTS / "january"], None), side([EXPORTS / "june"], None)
    changed = {change.resource.item for change in compare(june, january, b"test").published}
    assert not changed & set(LABELS["change"])
