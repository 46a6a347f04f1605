"""AllergyIntolerance, R4 and STU3. Codes stay as the source gave them: findings, substances, "no known", transfer-degraded."""

from __future__ import annotations

from collections.abc import Iterator

from mainstem.kinds.allergy import AllergyContent, Reaction
from mainstem.kinds.base import Coded
from producers.fhir.datatypes import code, coded, codes, concept, label, labels, moment, notes
from producers.fhir.elements import Resource, children, choice, date, text
from producers.fhir.mapping.base import ENTERED_IN_ERROR, Context, Mapped, joined, said, status_of


def allergy(resource: Resource, _: Context) -> Mapped:
    verification = code(resource, "verificationStatus")
    recorded = choice(resource, "recordedDate", "assertedDate")
    substances = (concept(reaction, "substance") for reaction in children(resource, "reaction"))
    return Mapped("allergy", AllergyContent(
        agent=said(concept(resource, "code") or next((each for each in substances if each), None)),
        category=said(joined(sorted(codes(resource, "category")), ", ")),
        clinical_status=said(code(resource, "clinicalStatus")),
        verification=said(None if verification == ENTERED_IN_ERROR else verification),
        criticality=said(text(resource, "criticality")),
        reactions=said(_reactions(resource)),
        onset=said(moment(resource, "onset")),
        recorded=said(recorded),
        last_occurrence=said(date(resource, "lastOccurrence")),
        note=said(joined([_type(resource), *_accounts(resource), notes(resource)])),
    ), status_of(verification), recorded)


def _type(resource: Resource) -> str | None:
    told = text(resource, "type")
    return f"Type: {told}" if told else None


def _accounts(resource: Resource) -> Iterator[str]:
    """What each reaction was to, when and how, in a line of the note: a reaction holds what it was and how severe."""
    agent = concept(resource, "code")
    for reaction in children(resource, "reaction"):
        substance, route, seen = label(reaction, "substance"), label(reaction, "exposureRoute"), labels(reaction, "manifestation")
        more = [f"to {substance}" if substance and agent else None, date(reaction, "onset"), f"by {route}" if route else None,
                text(reaction, "description") if seen else None, notes(reaction)]
        if any(more):
            yield f"Reaction: {joined([', '.join(seen), *more], '; ')}"


def _reactions(resource: Resource) -> tuple[Reaction, ...] | None:
    found: list[Reaction] = []
    for reaction in children(resource, "reaction"):
        severity, description = text(reaction, "severity"), text(reaction, "description")
        manifestations = [each for each in (coded(one) for one in children(reaction, "manifestation")) if each]
        if not manifestations and description:
            manifestations = [Coded(text=description)]
        found.extend(Reaction(manifestation=each, severity=severity) for each in manifestations)
        if not manifestations and severity:
            found.append(Reaction(severity=severity))
    return tuple(found) or None
