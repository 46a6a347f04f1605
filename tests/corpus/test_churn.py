"""Two exports of one GP system, half a year apart: every true change is published, and almost nothing else.

The labels are ids and verdicts of a reader of both files who had not seen what the tool says. `otherwise`: what differs in nothing but
identifiers, version ids and the ids of Medications, which are new in every export.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mainstem.cli.churn_report import Report, compare, side
from mainstem.terminology import builtin

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
    return compare(side([EXPORTS / "january"], None), side([EXPORTS / "june"], None), b"test", builtin())


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
    report = compare(january, january, b"test", builtin())
    assert (report.byte_different, report.published, report.new, report.vanished) == ([], [], [], [])


def test_the_older_export_on_top_of_the_newer_takes_nothing_back():
    if not EXPORTS.is_dir():
        pytest.skip("no corpora here")
    january, june = side([EXPORTS / "january"], None), side([EXPORTS / "june"], None)
    changed = {change.resource.item for change in compare(june, january, b"test", builtin()).published}
    assert not changed & set(LABELS["change"])


CLINICAL = {
    "AllergyIntolerance": ("code.coding.code", "clinicalStatus", "onsetDateTime", "note.text", "type", "category"),
    "Condition": ("code.coding.code", "clinicalStatus", "onsetDateTime", "abatementDateTime", "note.text"),
    "DocumentReference": ("created", "type.text", "content.attachment.url", "status"),
    "Encounter": ("period.start", "period.end", "type.text", "status"),
    "Immunization": ("date",),
    "MedicationRequest": ("dispenseRequest.quantity.value", "dispenseRequest.expectedSupplyDuration.value",
                          "extension.valueCodeableConcept.coding.code"),
    "MedicationStatement": ("dosage.text", "effectivePeriod.start", "effectivePeriod.end", "status"),
    "Observation": ("valueQuantity.value", "valueQuantity.unit", "effectiveDateTime", "comment", "component.valueQuantity.value",
                    "component.valueString", "code.coding.code"),
    "ProcedureRequest": ("code.coding.code", "occurrenceDateTime", "status", "note.text"),
    "ReferralRequest": ("priority", "reasonCode.coding.code", "authoredOn", "description", "note.text", "supportingInfo.reference"),
}
"""Elements by which a resource means something else when they do."""
STATUSES = {
    "active": "completed", "current": "superseded", "finished": "cancelled", "completed": "active", "stopped": "active",
    "unknown": "active", "resolved": "active",
}


def test_each_clinical_element_that_changes_is_published(tmp_path):
    """Every element of `CLINICAL`, changed in every resource that can be given one change, in a later copy of each June export."""
    if not EXPORTS.is_dir():
        pytest.skip("no corpora here")
    expected: dict[str, str] = {}
    for path in sorted((EXPORTS / "june").iterdir()):
        bundle = json.loads(gzip.decompress(path.read_bytes()).replace(b'"2021-06-02T', b'"2021-07-02T'))
        for each in bundle["entry"]:
            resource = each["resource"]
            paths = CLINICAL.get(resource["resourceType"], ())
            if resource["resourceType"] == "MedicationRequest" and resource["intent"] != "plan":
                continue
            for n in range(len(paths)):
                element = paths[(n + len(expected)) % len(paths)]  # another one each time
                if any(_change(*leaf) for leaf in _leaves(resource, element.split("."))):
                    expected[f"{resource['resourceType']}/{resource['id']}"] = element
                    break
        (tmp_path / f"{path.name}.json").write_text(json.dumps(bundle))
    report = compare(side([EXPORTS / "june"], None), side([tmp_path], None), b"test", builtin())
    published = {change.resource.item for change in report.published}
    assert len(expected) > 400
    assert {item: element for item, element in expected.items() if item not in published} == {}
    assert published <= expected.keys()


def _leaves(value: Any, names: list[str]) -> Iterator[tuple[dict[str, Any], str]]:
    """The places of an element, the first of each list."""
    if isinstance(value, list):
        for each in value[:1]:
            yield from _leaves(each, names)
    elif isinstance(value, dict) and names[0] in value:
        if len(names) == 1 and not isinstance(value[names[0]], list):
            yield value, names[0]
        elif len(names) > 1:
            yield from _leaves(value[names[0]], names[1:])


def _change(holder: dict[str, Any], name: str) -> bool:
    value = holder[name]
    if isinstance(value, (int, float)):
        holder[name] = value + 1
    elif re.match(r"\d{4}-", value):
        holder[name] = f"{int(value[:4]) - 4}{value[4:]}"
    else:
        other = STATUSES.get(value, f"{value} otherwise" if " " in value else f"{value}1")
        holder[name] = "resolved" if (name, value) == ("clinicalStatus", "active") else other
    return True
