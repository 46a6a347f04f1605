"""FHIR data types to the data types of contents."""

from __future__ import annotations

from mainstem.kinds.base import DMD, Code, Coded, Quantity
from producers.fhir.elements import Resource, boolean, child, children, date, decimal, many, plain, text, texts
from producers.fhir.errors import FieldError

JUDGED = {
    "N": "normal", "A": "abnormal", "AA": "critical abnormal", "H": "high", "HH": "critical high", "HU": "significantly high", "L": "low",
    "LL": "critical low", "LU": "significantly low", "S": "susceptible", "I": "intermediate", "R": "resistant", "POS": "positive",
    "NEG": "negative", "IND": "indeterminate",
}
"""v2 table 0078 and v3-ObservationInterpretation, whose displays differ from version to version."""
NULL_FLAVOR = ("http://hl7.org/fhir/v3/NullFlavor", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor")


def coded(element: Resource | None) -> Coded | None:
    """A CodeableConcept with all its codings in the source's order; null flavours say nothing and are left out."""
    if element is None:
        return None
    codes, spoken = [], text(element, "text")
    for coding in children(element, "coding"):
        system, code, display = text(coding, "system") or "", text(coding, "code"), text(coding, "display")
        if system in NULL_FLAVOR:
            continue
        if code is None:
            spoken = spoken or display
            continue
        if system.rstrip("/") == DMD:
            system = DMD
        codes.append(Code(system=system, code=code, display=display, user_selected=boolean(coding, "userSelected") or False))
    return Coded(codes=tuple(codes), text=spoken) if codes or spoken else None


def concept(element: Resource, *names: str) -> Coded | None:
    """The first of several CodeableConcept elements that says anything."""
    for name in names:
        for each in children(element, name):
            found = coded(each)
            if found is not None:
                return found
    return None


def label(element: Resource, name: str) -> str | None:
    """A CodeableConcept as one text: its text, else a display, else a code. A plain code stays as it is."""
    for value in many(element, name):
        if isinstance(value, str):
            return plain(value, name) or None
        if not isinstance(value, dict):
            raise FieldError(name, "a coded element")
        found = coded(value)
        if found is not None:
            return words(found)
    return None


def words(value: Coded) -> str:
    """A concept as one text: its text, else a display, else a code."""
    return value.text or next((code.display for code in value.codes if code.display), None) or value.codes[0].code


def labels(element: Resource, *names: str) -> list[str]:
    """All CodeableConcepts of some elements, as texts."""
    return [words(found) for name in names for each in children(element, name) if (found := coded(each)) is not None]


def judged(element: Resource) -> list[str]:
    """All interpretations: each as its text, else the word of its code, else as its display."""
    found = [each for each in map(coded, children(element, "interpretation")) if each is not None]
    return [words(each) if each.text else JUDGED.get(each.codes[0].code, words(each)) for each in found]


def codes(element: Resource, name: str) -> list[str]:
    """The codes of an element that is a plain `code` in STU3 and a CodeableConcept in R4."""
    found = []
    for value in many(element, name):
        if isinstance(value, str):
            found.append(plain(value, name))
        elif isinstance(value, dict):
            here = [code for code in (text(coding, "code") for coding in children(value, "coding")) if code]
            spoken = text(value, "text")
            found.extend(here or ([spoken] if spoken else []))
        else:
            raise FieldError(name, "a coded element")
    return [code for code in found if code]


def code(element: Resource, name: str) -> str | None:
    found = codes(element, name)
    return found[0] if found else None


def quantity(element: Resource | None) -> Quantity | None:
    """A Quantity with its value as the source wrote it; the unit as shown, else its code."""
    if element is None:
        return None
    value = decimal(element, "value")
    if value is None:
        return None
    return Quantity(value=value, unit=text(element, "unit") or text(element, "code"), comparator=text(element, "comparator"))


def amount(element: Resource, name: str) -> Quantity | None:
    return quantity(child(element, name))


def shown(value: Quantity | None) -> str:
    """A quantity as text; empty where there is none."""
    return " ".join(part for part in (value.comparator, value.value, value.unit) if part) if value else ""


def ranged(value: Resource | None) -> str | None:
    """A Range as text: `10 to 20 mg`, `10 mg to 1 g`, `from 10 mg`, `up to 20 mg`."""
    if value is None:
        return None
    low, high = amount(value, "low"), amount(value, "high")
    if low is None or high is None:
        return f"from {shown(low)}" if low else f"up to {shown(high)}" if high else None
    return f"{low.value if low.unit == high.unit and not low.comparator else shown(low)} to {shown(high)}"


def ratio(value: Resource | None) -> str | None:
    """A Ratio as text: `4 tablet per 24 h`."""
    if value is None:
        return None
    parts = [shown(amount(value, name)) for name in ("numerator", "denominator")]
    return " per ".join(part for part in parts if part) or None


def notes(element: Resource, *names: str) -> str | None:
    """Annotations and plain comments, in order, a line each."""
    found = []
    for name in names or ("note",):
        for value in many(element, name):
            if isinstance(value, dict):
                found.extend(texts(value, "text"))
            elif isinstance(value, str):
                found.append(plain(value, name))
            else:
                raise FieldError(name, "an annotation")
    return "\n".join(dict.fromkeys(note for note in found if note)) or None


def period(element: Resource, name: str) -> tuple[str | None, str | None]:
    """Start and end."""
    value = child(element, name)
    return (None, None) if value is None else (date(value, "start"), date(value, "end"))


def moment(element: Resource, stem: str) -> str | None:
    """The start of a choice of dateTime, instant, date or Period: `effective`, `performed`; words where it is an age or only text."""
    for suffix in ("DateTime", "Instant", "Date"):
        value = date(element, stem + suffix)
        if value:
            return value
    start, end = period(element, f"{stem}Period")
    age = shown(amount(element, f"{stem}Age")) or ranged(child(element, f"{stem}Range"))
    return start or end or text(element, f"{stem}String") or (f"age {age}" if age else None)


def until(element: Resource, name: str) -> str | None:
    """The end of a Period whose start a field holds, as a line of a note."""
    start, end = period(element, name)
    return f"Until {end}" if start and end and start != end else None
