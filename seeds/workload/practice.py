"""What happens at the practice: dose changes, issues, allergies, errors, deletes, re-registration with a wrong number."""

from __future__ import annotations

from seeds.workload.world import Action, Deed, Pool, World

GP = "A82038/gp"
POOLS = {
    "gp.registration": Pool(GP, "SELECT patient_no, patient_no FROM gp.registration WHERE deleted = 0 ORDER BY patient_no"),
    "gp.medication": Pool(GP,
    "SELECT medication_guid, patient_no FROM gp.medication WHERE status = 'Current' AND deleted = 0 ORDER BY medication_guid"),
    "gp.allergy": Pool(GP, "SELECT allergy_guid, patient_no FROM gp.allergy WHERE deleted = 0 ORDER BY allergy_guid"),
    "gp.problem": Pool(GP, "SELECT problem_guid, patient_no FROM gp.problem WHERE deleted = 0 ORDER BY problem_guid"),
    "gp.observation": Pool(GP, "SELECT observation_guid, patient_no FROM gp.observation ORDER BY observation_guid"),
}
_DOSES = ("Take one daily", "Take two daily", "Take one twice a day", "Take two at night", "Half a tablet in the morning")


def _dose_change(world: World) -> Deed | None:
    if (found := world.pick("gp.medication")) is None:
        return None
    dosage = f"{world.rng.choice(_DOSES)}, review in {world.rng.randint(2, 26)} weeks"
    world.change(GP, "UPDATE gp.medication SET dosage = %s WHERE medication_guid = %s", dosage, found[0])
    return Deed(str(found[-1]), (("gp.medication", {"medication_guid": found[0]}),))


def _issue(world: World) -> Deed | None:
    if (found := world.pick("gp.medication")) is None:
        return None
    today = world.clock().date()
    key = world.insert(GP, "gp.medication_issue", {
        "issue_guid": world.guid(), "medication_guid": found[0], "patient_no": found[1], "issued_date": today, "quantity": 28,
        "quantity_unit": "tablet", "days_supply": 28})
    world.change(GP, "UPDATE gp.medication SET last_issued_date = %s WHERE medication_guid = %s", today, found[0])
    return Deed(str(found[-1]), (("gp.medication_issue", key), ("gp.medication", {"medication_guid": found[0]})))


def _new_medicine(world: World) -> Deed | None:
    if (found := world.pick("gp.registration")) is None:
        return None
    medicine, today = world.rng.choice(world.catalogue.medicines), world.clock().date()
    key = world.insert(GP, "gp.medication", {
        "medication_guid": world.guid(), "patient_no": found[0], "code": medicine.code, "code_scheme": "DMD", "drug_name": medicine.name,
        "dosage": world.rng.choice(_DOSES), "quantity": 28, "quantity_unit": medicine.unit_form, "course_type": medicine.course,
        "status": "Current", "authorised_date": today, "prescriber": "Dr B Linden", "entered_date": today})
    world.add("gp.medication", (key["medication_guid"], found[0]))
    return Deed(str(found[0]), (("gp.medication", key),))


def _stop_medicine(world: World) -> Deed | None:
    if (found := world.take("gp.medication")) is None:
        return None
    world.change(GP, "UPDATE gp.medication SET status = 'Past', ended_date = %s, stop_reason = 'Side effects' WHERE medication_guid = %s",
                 world.clock().date(), found[0])
    return Deed(str(found[-1]), (("gp.medication", {"medication_guid": found[0]}),))


def _allergy(world: World) -> Deed | None:
    if (found := world.pick("gp.registration")) is None:
        return None
    agent, today = world.rng.choice(world.catalogue.allergens), world.clock().date()
    key = world.insert(GP, "gp.allergy", {
        "allergy_guid": world.guid(), "patient_no": found[0], "code": agent.finding, "code_scheme": "SNOMED", "term": agent.finding_term,
        "allergy_type": "drug" if agent.category == "DRUG" else "non-drug", "severity": "moderate", "certainty": "likely",
        "status": "Active", "onset_date": today, "entered_date": today})
    world.add("gp.allergy", (key["allergy_guid"], found[0]))
    return Deed(str(found[0]), (("gp.allergy", key),))


def _observation(world: World) -> Deed | None:
    if (found := world.pick("gp.registration")) is None:
        return None
    what = world.catalogue.concepts["measurement"][0]
    key = world.insert(GP, "gp.observation", {
        "observation_guid": world.guid(), "patient_no": found[0], "code": what.code, "code_scheme": "SNOMED", "term": what.term,
        "value": world.rng.randint(100, 170), "value2": world.rng.randint(60, 95), "unit": "mm[Hg]",
        "observed_date": world.clock().date(), "recorded_by": "Practice nurse"})
    world.add("gp.observation", (key["observation_guid"], found[0]))
    return Deed(str(found[0]), (("gp.observation", key),))


def _entered_in_error(world: World) -> Deed | None:
    """Soft-deleted with reason `error`."""
    table, column = world.rng.choice((("gp.allergy", "allergy_guid"), ("gp.problem", "problem_guid")))
    if (found := world.take(table)) is None:
        return None
    statement = f"UPDATE {table} SET deleted = 1, deleted_reason = 'error' WHERE {column} = %s"  # noqa: S608  names of our own
    world.change(GP, statement, found[0])
    return Deed(str(found[-1]), ((table, {column: found[0]}),))


def _delete(world: World) -> Deed | None:
    if (found := world.take("gp.observation")) is None:
        return None
    world.change(GP, "DELETE FROM gp.observation WHERE observation_guid = %s", found[0])
    return Deed(str(found[-1]), (("gp.observation", {"observation_guid": found[0]}),))


def _wrong_registration(world: World) -> Deed | None:
    """A patient is registered again, with another patient's number."""
    found, other = world.pick("gp.registration"), world.pick("gp.registration")
    if found is None or other is None or found == other:
        return None
    number = world.number(GP, "gp.registration", "patient_no", least=10_000_000)
    (wrong,) = world.one(GP, "SELECT nhs_no FROM gp.registration WHERE patient_no = %s", other[0]) or (None,)
    world.change(GP, """INSERT INTO gp.registration (patient_no, nhs_no, nhs_no_traced, surname, forenames, prefix, dob, sex,
                 address, postcode, mobile, usual_gp, registered_date, status)
                 SELECT %s, %s, %s, surname, forenames, prefix, dob, sex, address, postcode, mobile, usual_gp, %s, 'R'
                 FROM gp.registration WHERE patient_no = %s""",
                 number, wrong, "untraced" if world.rng.random() < 0.7 else "verified", world.clock().date(), found[0])
    world.add("gp.registration", (number, number))
    return Deed(str(number), (("gp.registration", {"patient_no": number}),), {"same_as": str(found[0]), "nhs_number": wrong})


def _demographics(world: World) -> Deed | None:
    if (found := world.pick("gp.registration")) is None:
        return None
    world.change(GP, "UPDATE gp.registration SET mobile = %s, surname = %s WHERE patient_no = %s",
        f"07700 9{world.rng.randint(0, 99999):05d}",
                 world.rng.choice(world.catalogue.words["families"]).upper(), found[0])
    return Deed(str(found[0]), (("gp.registration", {"patient_no": found[0]}),))


ACTIONS = (
    Action("gp-dose-change", GP, 40, _dose_change),
    Action("gp-issue", GP, 20, _issue),
    Action("gp-new-medicine", GP, 8, _new_medicine),
    Action("gp-stop-medicine", GP, 5, _stop_medicine),
    Action("gp-allergy", GP, 5, _allergy),
    Action("gp-observation", GP, 15, _observation),
    Action("gp-entered-in-error", GP, 4, _entered_in_error),
    Action("gp-delete", GP, 4, _delete),
    Action("gp-wrong-registration", GP, 1, _wrong_registration),
    Action("gp-demographics", GP, 3, _demographics),
)
