"""Each leaf of each clinical resource, changed by itself: published, or of those that are no clinical news, for the reason given here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from mainstem.model import Status
from tests.corpus.exports import Bundle, Resource, compared, june, later, resources, told, uk_core

pytestmark = pytest.mark.corpus

NO_NEWS = {
    "the record of another patient, which is new there": (r"\.(subject|patient)\.", r"^Appointment\.participant\.actor\."),
    "what tells copies apart, or only respells the id": (r"\.identifier\.",),
    "the terminology's affair, where the code stays": (r"\bcoding\.display$", r"\.class\.display$"),
    "how a code was found, and in whose words": (r"userSelected$", "sctdescid", "CodingSCTDescDisplay"),
    "a null flavour": (r"^Immunization\.vaccineCode\.coding\.",),
    "told in words, not by its code": (
        r"\.(method|site|bodySite|category|specialty|appointmentType|additionalInstruction|asNeededCodeableConcept"
        r"|outcomeCodeableConcept|dataAbsentReason)\.coding\.(code|system)$", r"activity\.detail\.code\.coding\.",
        r"NHSCommunication.*\.coding\.", r"\(statusReason\).*\.coding\.", r"communication\.language\.coding\."),
    "told by its code alone, whichever table it is of": (
        r"(Status|interpretation|class|courseOfTherapyType|doseAndRate\.type)(\.coding)?\.system$",
        r"(PrescriptionType|PrescribingAgency|PrescribingOrganizationType|VerificationStatus)\)\.valueCodeableConcept\.(coding\.system|text)$",
        r"Observation\.category\.text$", r"doseAndRate\.type\.coding\.code$"),
    "a quantity is told in its unit, of which this is the code": (
        r"([qQ]uantity|Duration|[sS]upply|dose|low|high)\.(code|system)$",),
    "who recorded it, and when": (
        r"\.(recorder|asserter|custodian|onBehalfOf|receiver)\.", r"^Flag\.author\.", r"DateRecorded\)|\(statusChangeDate\)",
        r"\.(assertedDate|dateAsserted|indexed|issued|recordedDate|created|authoredOn)$", r"^DocumentReference\.date$"),
    "the encounter it was written in": (r"\.(context|encounter)\.(encounter\.)?(reference|display)$", r"ssociatedEncounter\)"),
    "who is not in the file, and has no name": (r"\.(author|performer|requester|actor)\.(reference|type)$",),
    "its name is known by what it refers to": (r"\.(performer|actor|supportingInfo)\.display$",),
    "an entry of its own, or not in the file": (
        r"\.(basedOn|partOf|request|authorizingPrescription|supportingInformation|priorPrescription|derivedFrom|hasMember|result|specimen"
        r"|reasonReference|locationReference)\.",),
    "what a problem was made from, and headings": (
        r"\(Extension-CareConnect-(ActualProblem|RelatedClinicalContent)\)", r"\(type\)\.valueCode$"),
    "a document's description is its title": (r"\.attachment\.title$",),
    "who typed, and what for; where, if a place is named": (
        r"^Encounter\.participant\.", r"^Encounter\.serviceProvider\.", r"practitioner\.role\.", r"^Appointment\.participant\."),
    "the latest issue says when it was, and no more": (r"^MedicationRequest \(issue\)",),
    "a care plan is one": (r"^CarePlan\.intent$",),
    "not kept (docs/fhir.md)": (
        "substitution", "DeliveryChannel", "BookingOrganization", "PharmacistVerified", "AdditionalContact", "SourceOfServiceRequest",
        "PriorityReason", "RcordingSetting", "triggeredBy", "composition", "AdmissionMethod", r"\.media\.", "scheduledTiming",
        r"\.sequence$", r"detail\.(location|performer)\.", r"^DocumentReference\.context\.(event|period)", r"^DiagnosticReport\.category\.",
        r"^Appointment\.(priority|serviceCategory)",
        r"^Patient\.(photo|_birthDate|generalPractitioner|address\.(type|use)$|telecom\.(_?system|use))",
        r"^Patient\.contact\.(organization|gender|extension|address\.(type|use)|name\.use|telecom\.(rank|use|system))",
        r"^Patient\.extension\((?!.*([iI]nterpreterRequired|NHSCommunication))"),
}
"""Why a change of a leaf may be seen by nobody -> the leaves."""
OTHERWISE = {
    "active": "completed", "completed": "active", "stopped": "active", "current": "superseded", "finished": "cancelled", "final": "amended",
    "resolved": "active", "inactive": "active", "confirmed": "unconfirmed", "unconfirmed": "confirmed", "booked": "cancelled",
    "mild": "severe", "severe": "mild", "low": "high", "high": "low", "routine": "urgent", "order": "plan", "plan": "order",
    "true": "false", "false": "true", "male": "female", "female": "male", "unknown": "active", "unk": "n",
    "major": "minor", "minor": "major",
}
DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T.*)?)?)?")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
NUMBERED = re.compile(r"(value|frequency|period|size|rank|priority|sequence|Allowed|PositiveInt|UnsignedInt)$")
ENOUGH = 3
"""Times that a leaf of one name is changed."""


def test_a_leaf_that_changes_is_published_or_no_news(tmp_path):
    seen, unseen = Counter[str](), dict[str, str]()
    for number, bundle in enumerate((*june(), uk_core())):
        before = told(tmp_path / f"before{number}", bundle)
        taken_in = {each.assertion.raw.item for each in before.read.assertions if each.assertion.status is Status.ASSERTED}
        for changed, after in _changes(bundle, taken_in, seen + Counter(unseen.keys())):
            published = {change.resource.item for change in compared(before, told(tmp_path / "after", after)).published}
            seen.update(leaf for item, leaf in changed.items() if item in published)
            unseen |= {leaf: item for item, leaf in changed.items() if item not in published}
    known = {each: [leaf for leaf in unseen if re.search(each, leaf)] for some in NO_NEWS.values() for each in some}
    assert len(seen) > 250
    assert {leaf: item for leaf, item in unseen.items() if not any(leaf in leaves for leaves in known.values())} == {}
    assert [each for each, leaves in known.items() if not leaves] == [], "seen by now"


def _changes(bundle: Bundle, taken_in: set[str], done: Counter[str]) -> Iterator[tuple[dict[str, str], Bundle]]:
    """One leaf of each clinical resource changed, and of the next time another: item -> leaf, and the Bundle."""
    pending = {_item(each): list(_leaves(each, _type(each))) for each in resources(bundle) if _item(each) in taken_in}
    others: dict[str, list[str]] = {}
    for each in resources(bundle):
        others.setdefault(each["resourceType"], []).append(str(each.get("id")))
    for _ in count():
        after, changed = later(bundle), dict[str, str]()
        for each in resources(after):
            left = pending.get(_item(each), [])
            while left:
                path, leaf = left.pop()
                if done[leaf] < ENOUGH:
                    done[leaf] += 1
                    _change(each, path, others)
                    changed[_item(each)] = leaf
                    break
        if not changed:
            return
        yield changed, after


def _item(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource.get('id')}"


def _type(resource: Resource) -> str:
    issue = resource["resourceType"] == "MedicationRequest" and resource["intent"] == "order" and "basedOn" in resource
    return "MedicationRequest (issue)" if issue else resource["resourceType"]


def _leaves(value: Any, name: str, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Path and name of each; an extension is named by the end of its url."""
    if isinstance(value, dict):
        if "url" in value and "xtension" in name.rpartition(".")[2]:
            name += f"({re.sub(r'-[0-9]$', '', value['url'].rpartition('/')[2])})"
        for key, inner in value.items():
            if not (key in ("resourceType", "id", "meta", "text") and not path) and not (key == "url" and "(" in name):
                yield from _leaves(inner, f"{name}.{key}", (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, name, (*path, number))
    else:
        yield path, name


def _change(resource: Resource, path: tuple[str | int, ...], others: dict[str, list[str]]) -> None:
    """`others`: type -> ids of the file."""
    holder: Any = resource
    for step in path[:-1]:
        holder = holder[step]
    key, value = path[-1], holder[path[-1]]
    name = str(key if isinstance(key, str) else path[-2])
    kind, _, referred = str(value).partition("/")
    if name == "reference" and referred in others.get(kind, ()):
        holder[key] = f"{kind}/{next((each for each in others[kind] if each != referred), 'another')}"
    elif isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, (int, float)):
        holder[key] = value + 1
    elif DATE.fullmatch(value) and not NUMBERED.search(name) and name not in ("code", "valueId"):
        holder[key] = f"{int(value[:4]) - 4}{value[4:]}"
    elif NUMBER.fullmatch(value) and NUMBERED.search(name):
        holder[key] = str(float(value) + 1 if "." in value else int(value) + 1)
    else:
        holder[key] = OTHERWISE.get(value, f"{value} otherwise" if " " in value or name in ("display", "text") else f"{value}1")
