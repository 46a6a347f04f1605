"""Free text as people write it: doses, drug names, in the manner a profile asks for (`plain` or `terse`)."""

from __future__ import annotations

from decimal import Decimal

from seeds.catalogue import Medicine
from seeds.life.model import Course

_OFTEN = {"OD": "once a day", "BD": "twice a day", "TDS": "three times a day", "QDS": "four times a day", "ON": "at night",
    "PRN": "when required"}
_WORDS = {1: "one", 2: "two", 3: "three", 4: "four"}


def dosage(course: Course, wording: str) -> str:
    """`Take two tablets twice a day`, or `2 BD`; the amount in units where it is no whole number of forms."""
    medicine = course.medicine
    forms = Decimal(course.dose) / Decimal(medicine.unit_strength)
    whole = int(forms) if forms == int(forms) else None
    if wording == "terse":
        return f"{whole if whole else course.dose + medicine.dose_unit} {course.frequency}"
    amount = f"{course.dose} {medicine.dose_unit}"
    if whole:
        amount = f"{_WORDS.get(whole, str(whole))} {medicine.unit_form}{'s' if whole > 1 else ''}"
    verb = {"puff": "Inhale", "drop": "Apply", "unit": "Inject"}.get(medicine.unit_form, "Take")
    return f"{verb} {amount} {_OFTEN[course.frequency]}"


def written(medicine: Medicine, wording: str) -> str:
    """The drug as a nurse notes it from the box: `Omeprazole 20mg`, or `omeprazole caps 20mg`."""
    words = medicine.name.split(" (")[0].split()
    strength = next((word for word in words if word[0].isdigit()), "")
    name = " ".join(words[: words.index(strength)] if strength in words[1:] else words[:1])
    if wording == "terse":
        return f"{name.lower()} {medicine.unit_form[:3]}s {strength}".strip()
    return f"{name} {strength}".strip()
