"""Observation and DiagnosticReport: results of investigations, and other observations.

An Observation is a result if it says so (category, specimen) or a DiagnosticReport in the file names it, directly or through
a group; otherwise it is a vital sign, measurement or finding.
"""

from __future__ import annotations

from mainstem.kinds.base import Coded, Quantity
from mainstem.kinds.observation import Component, ObservationContent
from mainstem.kinds.result import ResultContent
from producers.fhir import identity
from producers.fhir.bundle import Contents
from producers.fhir.datatypes import amount, codes, concept, judged, label, labels, moment, notes, period, ranged, shown
from producers.fhir.datatypes import words as wording
from producers.fhir.elements import Resource, child, children, date, many, text
from producers.fhir.errors import FieldError, RefusedError
from producers.fhir.identity import business_identifier
from producers.fhir.mapping.base import ENTERED_IN_ERROR, Context, Mapped, joined, noted, said, status_of, told, under
from producers.fhir.reasons import Reason

INVESTIGATIONS = {"laboratory", "LAB", "imaging", "RAD"}
STATUS = {"registered": "requested", "partial": "preliminary", "preliminary": "preliminary", "final": "final",
          "amended": "corrected", "corrected": "corrected", "appended": "corrected", "cancelled": "cancelled"}
UNSHOWN = {"valueSampledData": "sampled data", "valueAttachment": "attachment"}
"""Values that no content can hold; that there is one is said."""


def observation(resource: Resource, context: Context) -> Mapped:
    if _of_another(resource, context):
        raise RefusedError(Reason.MODIFIED)
    report = context.reports.get(identity.name(resource) or "")
    if report is not None or "specimen" in resource or INVESTIGATIONS & set(codes(resource, "category")):
        return _result(resource, report, context)
    value, words, concept_ = _value(resource)
    recorded = date(resource, "issued")
    return Mapped("observation", ObservationContent(
        code=said(concept(resource, "code")),
        category=said(joined(codes(resource, "category"), ", ")),
        status=said(STATUS.get(text(resource, "status") or "")),
        value=said(value), value_text=said(joined([words, *_contained(resource, context)])), value_code=said(concept_),
        interpretation=said(joined(judged(resource), ", ")), normal=said(_normal(resource)),
        components=said(_components(resource)),
        taken=said(moment(resource, "effective")),
        performer=said(context.names(resource, "performer")),
        method=said(label(resource, "method")),
        note=said(joined([noted(resource, "At", "bodySite"), notes(resource, "note", "comment")])),
    ), status_of(text(resource, "status")), recorded)


def _result(resource: Resource, report: Resource | None, context: Context) -> Mapped:
    value, words, concept_ = _value(resource)
    ranges = children(resource, "referenceRange")
    limits = ranges[0] if len(ranges) == 1 else {}
    own = child(resource, "specimen")
    specimen = (context.contents.resolve(own, resource) if own else
                told(report, lambda one: context.contents.resolve(child(one, "specimen"), one)))
    recorded = date(resource, "issued")
    parts = [*(_component_text(each) for each in _components(resource) or ()), *_contained(resource, context)]
    return Mapped("result", ResultContent(
        test=said(concept(resource, "code")),
        panel=said(told(report, lambda one: concept(one, "code"))),
        specimen=said(told(specimen, lambda one: concept(one, "type"))),
        specimen_id=said(told(specimen, _specimen_id)),
        order_id=said(_order_id(resource, context) or told(report, lambda one: _order_id(one, context))),
        status=said(STATUS.get(text(resource, "status") or "")),
        value=said(value), value_text=said(joined([words, *parts])), value_code=said(concept_),
        low=said(amount(limits, "low")), high=said(amount(limits, "high")),
        interpretation=said(joined(judged(resource), ", ")),
        taken=said(moment(resource, "effective") or told(report, lambda one: moment(one, "effective")) or told(specimen, _collected)),
        reported=said(recorded or told(report, lambda one: date(one, "issued"))),
        performer=said(context.names(resource, "performer")),
        note=said(joined([noted(resource, "At", "bodySite"), told(specimen, _sampled), notes(resource, "note", "comment"),
                          joined([_whom(limits), text(limits, "text")], ": ") if limits else _normal(resource)])),
    ), status_of(text(resource, "status")), recorded)


def report(resource: Resource, context: Context) -> Mapped:
    """The report as a whole: its conclusion. Its results are facts of their own."""
    specimen = context.contents.resolve(child(resource, "specimen"), resource)
    issued = date(resource, "issued")
    conclusions = labels(resource, "conclusionCode", "codedDiagnosis")
    return Mapped("result", ResultContent(
        panel=said(concept(resource, "code")),
        specimen=said(told(specimen, lambda one: concept(one, "type"))),
        specimen_id=said(told(specimen, _specimen_id)),
        order_id=said(_order_id(resource, context)),
        status=said(STATUS.get(text(resource, "status") or "")),
        value_text=said(joined([text(resource, "conclusion"), *(conclusions if len(conclusions) > 1 else []),
                                *_contained(resource, context)])),
        value_code=said(concept(resource, "conclusionCode", "codedDiagnosis") if len(conclusions) == 1 else None),
        taken=said(moment(resource, "effective")),
        reported=said(issued),
        performer=said(context.names(resource, "performer")),
        note=said(joined([told(specimen, _sampled), notes(resource), *map(_attached, children(resource, "presentedForm"))])),
    ), status_of(text(resource, "status")), issued)


def reports(contents: Contents) -> dict[str, Resource]:
    """Observation -> the report that names it; the least report id where several do, so that order does not matter."""
    found: dict[str, Resource] = {}
    for each in sorted(contents.of("DiagnosticReport"), key=lambda one: str(one.get("id"))):
        queue = _named(contents, each, "result")
        for name in queue:                                 # grows while it is walked: groups name their members
            if name in found:
                continue
            found[name] = each
            member = contents.targets.get(name, {})
            queue += _named(contents, member, "hasMember")
            queue += [target for related in many(member, "related") if isinstance(related, dict)
                      for target in _named(contents, related, "target")]
    return found


def _named(contents: Contents, element: Resource, name: str) -> list[str]:
    """References that can be read; one that cannot quarantines its own resource, not those it stands beside."""
    try:
        return contents.named(element, name)
    except FieldError:
        return []


def _sampled(specimen: Resource) -> str | None:
    """What may make a result another: where the specimen is from, whether it was fit, its condition, the laboratory's remarks."""
    fit = text(specimen, "status")
    return joined([noted(child(specimen, "collection") or {}, "Taken from", "bodySite"),
                   under("Specimen", [fit if fit not in (None, "available") else None]), noted(specimen, "Specimen", "condition"),
                   under("Specimen", [notes(specimen)])])


def _attached(form: Resource) -> str | None:
    return under("Attached", [text(form, "title"), text(form, "url") or text(form, "contentType")])


def _of_another(resource: Resource, context: Context) -> bool:
    """Whether it observes somebody or something else than whose record it is in: a donor, a fetus (R4, Observation.focus)."""
    subject = child(resource, "subject") or {}
    named, who = text(subject, "reference"), context.contents.resolve(subject, resource)
    return not all(each == subject or (named is not None and text(each, "reference") == named)
                   or (who is not None and context.contents.resolve(each, resource) is who) for each in children(resource, "focus"))


def _contained(resource: Resource, context: Context) -> list[str]:
    """The results that it contains, a line each: they are parts of it, and no records of their own (R4, "Contained Resources")."""
    found = {id(resource): resource}
    queue = [resource]
    for owner in queue:                                    # grows while it is walked: groups name their members
        related = [child(each, "target") for each in children(owner, "related")]
        for reference in (*children(owner, "result"), *children(owner, "hasMember"), *related):
            target = context.contents.resolve(reference, owner)
            if target is not None and id(target) not in found and context.contents.container(target) is resource:
                found[id(target)] = target
                queue.append(target)
    return [line for each in queue[1:] if text(each, "status") != ENTERED_IN_ERROR and (line := _line(each))]


def _line(observation: Resource) -> str | None:
    """`Sodium: 140 mmol/L, high, 133 to 146`."""
    value, words, _ = _value(observation)
    status = text(observation, "status")
    return under(label(observation, "code") or "Result", [
        shown(value), words, label(observation, "valueCodeableConcept"), *judged(observation), _normal(observation),
        *map(_component_text, _components(observation) or ()), None if status == "final" else status,
        notes(observation, "note", "comment")])


def _value(resource: Resource) -> tuple[Quantity | None, str | None, Coded | None]:
    words = joined([text(resource, "valueString"), text(resource, "valueInteger"), text(resource, "valueBoolean"),
                    date(resource, "valueDateTime"), _span(resource), text(resource, "valueTime"), _range(resource), _ratio(resource),
                    label(resource, "dataAbsentReason"),
                    *(f"({what}: see the source)" for name, what in UNSHOWN.items() if name in resource)])
    return amount(resource, "valueQuantity"), words, concept(resource, "valueCodeableConcept")


def _normal(resource: Resource) -> str | None:
    """The reference range, or several with what each is for, in the source's words."""
    ranges = children(resource, "referenceRange")
    return joined(joined([_for(each) if len(ranges) > 1 else None, text(each, "text") or _limits(each)], ": ") for each in ranges)


def _for(limits: Resource) -> str | None:
    return joined([*labels(limits, "type"), _whom(limits)], ", ")


def _whom(limits: Resource) -> str | None:
    """`pregnant, 18 a to 40 a`: of whom a range holds."""
    return joined([*labels(limits, "appliesTo"), ranged(child(limits, "age"))], ", ")


def _limits(limits: Resource) -> str:
    return " to ".join(shown(amount(limits, name)) for name in ("low", "high")).strip()


def _range(resource: Resource) -> str | None:
    value = child(resource, "valueRange")
    return _limits(value) if value else None


def _ratio(resource: Resource) -> str | None:
    value = child(resource, "valueRatio")
    return " : ".join(shown(amount(value, name)) for name in ("numerator", "denominator")) if value else None


def _span(resource: Resource) -> str | None:
    start, end = period(resource, "valuePeriod")
    return f"{start} to {end}" if start and end else start or end


def _components(resource: Resource) -> tuple[Component, ...] | None:
    found = []
    for each in children(resource, "component"):
        value, words, concept_ = _value(each)
        code, words = concept(each, "code"), joined([words, *judged(each), _normal(each)])
        if concept_:
            words = joined([words, label(each, "valueCodeableConcept")])
        if code or value or words:
            found.append(Component(code=code or Coded(), value=value, value_text=words))
    return tuple(found) or None


def _component_text(component: Component) -> str:
    name = wording(component.code) if component.code != Coded() else ""
    return f"{name}: {joined([shown(component.value), component.value_text], ', ') or ''}".strip(": ")


def _specimen_id(specimen: Resource) -> str | None:
    return business_identifier(specimen, "accessionIdentifier", "identifier")


def _collected(specimen: Resource) -> str | None:
    collection = child(specimen, "collection")
    return moment(collection, "collected") if collection else None


def _order_id(resource: Resource, context: Context) -> str | None:
    """The request's number, else the report's own: what is shared across feeds."""
    for reference in children(resource, "basedOn"):
        order = context.contents.resolve(reference, resource)
        logical = child(reference, "identifier")
        found = told(order, business_identifier) or (text(logical, "value") if logical else None)
        if found:
            return found
    return business_identifier(resource) if resource.get("resourceType") == "DiagnosticReport" else None


