"""Free text as people write it, in the manner a profile asks for: `plain`, `terse`, `hurried`, `label` or `prose`."""

from __future__ import annotations

from decimal import Decimal

from seeds.catalogue import Medicine
from seeds.life.model import Course, When

_OFTEN = {"OD": "once a day", "BD": "twice a day", "TDS": "three times a day", "QDS": "four times a day", "ON": "at night",
    "PRN": "when required"}
_HURRIED = {"OD": "o.d.", "BD": "bid", "TDS": "t.i.d.", "QDS": "q.i.d.", "ON": "nocte", "PRN": "p.r.n."}
_LABEL = {"OD": "ONCE a day with a glass of water", "BD": "TWICE a day to prevent symptoms", "TDS": "THREE times a day for the pain",
          "QDS": "FOUR times a day (max 8 in 24 hours)", "ON": "at night, do not chew", "PRN": "up to FOUR times a day when required"}
_PROSE = {"OD": "once daily", "BD": "twice daily", "TDS": "three times daily", "QDS": "four times daily", "OM": "every morning",
          "ON": "at bedtime", "PRN": "as required", "WEEKLY": "once a week on the same day", "Q72H": "every seventy-two hours",
          "Q12W": "every twelve weeks"}
_DONE = {"puff": "inhaled", "drop": "instilled", "unit": "injected", "ampoule": "injected", "patch": "applied", "spray": "used"}
_BY = {"oral": "By mouth", "inhaled": "By inhalation", "subcutaneous": "Under the skin", "ocular": "Into the eyes",
       "transdermal": "Patch applied to the skin", "nasal": "Into the nose", "sublingual": "Under the tongue",
       "intramuscular": "Into the muscle"}
_ROUTES = {"oral": "P.O.", "inhaled": "via inhaler", "subcutaneous": "s.c. injection", "ocular": "into both eyes"}
_SALTS = {"Metformin": "hydrochloride", "Amlodipine": "besilate", "Citalopram": "hydrobromide", "Fluoxetine": "hydrochloride",
          "Quetiapine": "fumarate", "Amitriptyline": "hydrochloride", "Doxazosin": "mesilate"}
_WORDS = {1: "one", 2: "two", 3: "three", 4: "four"}


def dosage(course: Course, wording: str) -> str:
    """`Take two tablets twice a day`, `2 BD`, `Take TWO tablets TWICE a day to prevent symptoms` or `Two tablets to be taken twice daily`;
    the amount in units where it is no whole number of forms."""
    medicine = course.medicine
    forms = Decimal(course.dose) / Decimal(medicine.unit_strength)
    whole = int(forms) if forms == int(forms) else None
    if wording not in ("plain", "label", "prose"):
        amount = str(whole) if whole else course.dose.removeprefix("0" if wording == "hurried" else "") + medicine.dose_unit
        return f"{amount} {_HURRIED[course.frequency] if wording == 'hurried' else course.frequency}"
    amount = f"{course.dose} {medicine.dose_unit}"
    if whole:
        amount = f"{_WORDS.get(whole, str(whole))} {medicine.unit_form}{'s' if whole > 1 else ''}"
    if wording == "prose":
        return f"{amount[0].upper()}{amount[1:]} to be {_DONE.get(medicine.unit_form, 'taken')} {_PROSE[course.frequency]}."
    verb = {"puff": "Inhale", "drop": "Apply", "unit": "Inject"}.get(medicine.unit_form, "Take")
    if wording == "label":
        number, _, form = amount.partition(" ")
        return f"{verb} {number.upper()} {form} {_LABEL[course.frequency]}"
    return f"{verb} {amount} {_OFTEN[course.frequency]}"


def written(medicine: Medicine, wording: str) -> str:
    """The drug as a nurse notes it from the box: `Omeprazole 20mg`, `omeprazole caps 20mg`, or `METFORMIN HYDROCHLORIDE 500MG TAB`; a
    label has the whole name; prose the other name it goes by."""
    if wording == "label":
        return medicine.name
    if wording == "prose":
        return otherwise(medicine.name, medicine.said, wording)
    words = medicine.name.split(" (")[0].split()
    strength = next((word for word in words if word[0].isdigit()), "")
    name = " ".join(words[: words.index(strength)] if strength in words[1:] else words[:1])
    if wording == "terse":
        return f"{name.lower()} {medicine.unit_form[:3]}s {strength}".strip()
    if wording == "hurried":
        return " ".join(f"{name} {_SALTS.get(name, '')} {strength} {medicine.unit_form[:3]}".upper().split())
    return f"{name} {strength}".strip()


def route(medicine: Medicine, wording: str) -> str | None:
    if wording == "prose":
        return _BY[medicine.route]
    return {"plain": medicine.route, "hurried": _ROUTES.get(medicine.route, medicine.route)}.get(wording)


def allergy(name: str, reaction: str | None, wording: str) -> str:
    """`Penicillin`; `H/O: penicillin allergy`; `penicillin - rash`; `Rash w/ penicillin`, `Penicillin sensitivity` where none is known;
    `Allergic to penicillins (caused rash).`"""
    if wording == "plain":
        return name
    if wording == "prose":
        return _sentence(name, (reaction or "").lower())
    if wording == "label":
        return f"H/O: {name.lower()} allergy"
    if wording == "terse":
        return f"{name.lower()} - {(reaction or 'reaction unknown').lower()}"
    return f"{reaction} w/ {name.lower()}" if reaction else f"{name} sensitivity"


def _sentence(name: str, reaction: str) -> str:
    """One of several, the same for the same words."""
    return (f"Allergic to {name} (caused {reaction}).", f"Known {name} allergy: {reaction}.",
            f"Reports intolerance of {name} with {reaction} in the past.",
            f"Developed {reaction} after {name}.")[len(name + reaction) % 4]


def otherwise(official: str, said: str, wording: str) -> str:
    """What another organisation calls it, where the profile has it so and the catalogue knows."""
    return said if wording == "prose" and said else official


def none_known(wording: str) -> str:
    return {"terse": "nil known", "prose": "No known drug allergies"}.get(wording, "NKDA")


def month(when: When, wording: str) -> str:
    """`03/2019`, or `March 2019`."""
    return f"{when.day:%B %Y}" if wording == "prose" else f"{when.day:%m/%Y}"


def undated(wording: str) -> str:
    """What stands where no date is known: nothing, the first that the form takes, or that it is not."""
    return {"hurried": "01/01/1900", "prose": "not known"}.get(wording, "")
