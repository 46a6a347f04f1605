"""Whole re-exports of GP records that say the same: in another order, with other ids, spelt otherwise. None publishes anything."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mainstem.cli.churn_report import Side
from tests.corpus.exports import Bundle, compared, june, later, resources, told

pytestmark = pytest.mark.corpus

Respelling = Callable[[dict[str, Any], str, str], str | None]
"""A text's other spelling, by what holds it and its name there; None where it stays."""
ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
WORDS = {"text", "comment", "description", "patientInstruction"}
PLACES = {"Organization", "Location", "HealthcareService"}


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Side:
    return told(tmp_path_factory.mktemp("june"), *june())


def _holders(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _holders(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _holders(inner)


def _in_another_order(bundle: Bundle) -> None:
    rng = random.Random(1)
    for holder in _holders(bundle):
        for name, value in holder.items():
            if isinstance(value, list) and name not in ("given", "line"):
                rng.shuffle(value)


def _with_other_ids(bundle: Bundle) -> None:
    """Of all that is no record of its own: a Medication, people, places, consultation headings."""
    anew = {f"{each['resourceType']}/{each['id']}": hashlib.sha256(each["id"].encode()).hexdigest()[:32] for each in resources(bundle)
            if each["resourceType"] in {"Medication", "Practitioner", "PractitionerRole", "List", *PLACES} and "id" in each}
    for each in resources(bundle):
        each["id"] = anew.get(f"{each['resourceType']}/{each.get('id')}", each.get("id"))
    for holder in _holders(bundle):
        name = holder.get("reference")
        if name in anew:
            holder["reference"] = f"{name.partition('/')[0]}/{anew[name]}"


def _with_furniture(bundle: Bundle) -> None:
    bundle["entry"].append({"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}})
    for each in resources(bundle):
        each["text"] = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">as above</div>'}
        each["meta"] = each.get("meta", {}) | {"versionId": "7", "lastUpdated": "2021-07-02T09:00:00Z", "tag": [{"code": "x"}]}
        each["implicitRules"] = None
        each["extension"] = [*each.get("extension", ()), {"url": "https://supplier/row", "valueIdentifier": {"value": "1"}}]
        for name in ("note", "reasonCode", "category", "component", "supportingInfo"):
            each.setdefault(name, [])


def _with_addresses(bundle: Bundle) -> None:
    for entry in bundle["entry"]:
        if "id" in entry["resource"]:
            entry["fullUrl"] = f"https://gp.test/fhir/{entry['resource']['resourceType']}/{entry['resource']['id']}"
    for holder in _holders(bundle):
        if "reference" in holder:
            holder |= {"reference": f"https://gp.test/fhir/{holder['reference']}/_history/3", "display": "somebody"}


def _with_names_in_capitals(bundle: Bundle) -> None:
    for each in resources(bundle):
        named = _holders(each.get("name")) if each["resourceType"] == "Practitioner" else [each] if each["resourceType"] in PLACES else []
        for holder in named:
            for name in {"family", "name"} & holder.keys():
                holder[name] = holder[name].upper()


def _spelt(respelling: Respelling, but: str = "") -> Callable[[Bundle], None]:
    """`but`: a type of resources that stay."""
    def over(bundle: Bundle) -> None:
        for each in (each for each in resources(bundle) if each["resourceType"] != but):
            for holder in _holders(each):
                for name, value in holder.items():
                    if isinstance(value, str) and (other := respelling(holder, name, value)) is not None:
                        holder[name] = other
    return over


def _moment(shown: Callable[[datetime], str]) -> Respelling:
    return lambda _, __, value: shown(datetime.fromisoformat(value)) if ZONED.fullmatch(value) else None


def _prose(shown: Callable[[str], str]) -> Respelling:
    return lambda _, name, value: shown(value) if name in WORDS else None


UNITS = {"day": "days", "tablet": "tablets", "capsule": "capsules", "mm[Hg]": "mmHg", "g": "gram", "ml": "mL"}
SAME: dict[str, Callable[[Bundle], None]] = {
    "order": _in_another_order,
    "other ids": _with_other_ids,
    "furniture": _with_furniture,
    "absolute, versioned references": _with_addresses,
    "names in capitals": _with_names_in_capitals,
    "moments in UTC": _spelt(_moment(lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"))),
    "moments an hour east": _spelt(_moment(lambda at: at.astimezone(timezone(timedelta(hours=1))).isoformat(timespec="microseconds"))),
    "days as midnights": _spelt(lambda _, name, value: f"{value}T00:00:00+00:00" if DAY.fullmatch(value) and name != "birthDate" else None),
    "midnights as days": _spelt(lambda _, __, value: value[:10] if re.fullmatch(r"[\d-]+T00:00:00[\d.+:]*", value) else None),
    "units": _spelt(lambda _, name, value: UNITS.get(value) if name == "unit" else None),
    "spaces": _spelt(_prose(lambda text: " " + text.replace(" ", "\u00a0 ") + "\r\n")),
    "commas for new lines": _spelt(_prose(lambda text: text.replace("\n", ", "))),
    "dashes for new lines": _spelt(_prose(lambda text: text.replace("\n", " - "))),
    "full stops": _spelt(_prose(lambda text: f"{text}."), but="Patient"),
    "displays of a terminology": _spelt(lambda holder, name, value: f"Now {value}" if name == "display" and (
        holder.get("system") == "http://snomed.info/sct") else None),
    "displays of FHIR's own codes": _spelt(lambda holder, name, value: f"Now {value}" if name == "display" and (
        str(holder.get("system")).startswith("http://hl7.org/fhir")) else None),
}


@pytest.mark.parametrize("how", SAME)
def test_the_same_in_other_words_publishes_nothing(how, before, tmp_path):
    bundles = [later(bundle) for bundle in june()]
    for bundle in bundles:
        SAME[how](bundle)
    report = compared(before, told(tmp_path / "after", *bundles))
    assert report.in_common
    assert [(change.resource.item, change.fields) for change in report.published] == []
    assert report.faults == []
