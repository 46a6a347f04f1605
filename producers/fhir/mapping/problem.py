"""Condition: diagnoses, and GP Connect problem headers with their significance."""

from __future__ import annotations

from collections.abc import Callable

from mainstem.kinds.problem import ProblemContent
from producers.fhir.datatypes import code, codes, concept, label, moment, notes
from producers.fhir.elements import Resource, boolean, children, choice, extension, extensions
from producers.fhir.mapping.base import ENTERED_IN_ERROR, Context, Mapped, joined, noted, said, status_of

STATUS = {"active": "active", "recurrence": "active", "relapse": "active", "inactive": "inactive", "remission": "inactive",
          "resolved": "resolved"}


def problem(resource: Resource, context: Context) -> Mapped:
    verification, status = code(resource, "verificationStatus"), code(resource, "clinicalStatus")
    significance = extension(resource, "ProblemSignificance")
    recorded = choice(resource, "recordedDate", "assertedDate")
    return Mapped("problem", ProblemContent(
        code=said(concept(resource, "code")),
        category=said(joined(codes(resource, "category"), ", ")),
        status=said(STATUS.get(status, status) if status else "resolved" if boolean(resource, "abatementBoolean") else None),
        verification=said(None if verification == ENTERED_IN_ERROR else verification),
        significance=said((code(significance, "valueCode") or code(significance, "valueCodeableConcept")) if significance else None),
        severity=said(label(resource, "severity")),
        body_site=said(concept(resource, "bodySite")),
        onset=said(moment(resource, "onset")),
        abatement=said(moment(resource, "abatement")),
        recorded=said(recorded),
        related=said(_related(resource, context.contents.named)),
        note=said(joined([
            noted(resource, "Also at", "bodySite", beyond=1), *(noted(each, "Stage", "summary") for each in children(resource, "stage")),
            *(noted(each, "Evidence", "code") for each in children(resource, "evidence")), notes(resource)])),
    ), status_of(verification), recorded)


def _related(resource: Resource, named: Callable[[Resource, str], list[str]]) -> tuple[str, ...] | None:
    """What GP Connect links to a problem, and its parents and children; not the Lists, which are headings of consultations."""
    linked = [target for each in extensions(resource, "RelatedClinicalContent") for target in named(each, "valueReference")]
    linked += [target for each in extensions(resource, "RelatedProblemHeader") for other in extensions(each, "target")
               for target in named(other, "valueReference")]
    return tuple(sorted({target for target in linked if not target.startswith("List/")})) or None
