"""What happens in the hospital: admissions with orders and results, corrections, discharges, errors, deletes, merges."""

from __future__ import annotations

from decimal import Decimal

from seeds.catalogue import ROUTES
from seeds.workload.world import Action, Deed, Pool, World

EPR = "RXA/epr"
POOLS = {
    "epr.patient": Pool(EPR, "SELECT mrn, mrn FROM epr.patient WHERE merged_into_mrn IS NULL ORDER BY mrn"),
    "epr.encounter": Pool(EPR, "SELECT encounter_id, mrn FROM epr.encounter WHERE discharged_at IS NULL ORDER BY encounter_id"),
    "epr.allergy": Pool(EPR, "SELECT allergy_id, mrn FROM epr.allergy WHERE NOT entered_in_error ORDER BY allergy_id"),
    "epr.prescription": Pool(EPR, "SELECT prescription_id, mrn FROM epr.prescription WHERE status = 'ACTIVE' ORDER BY prescription_id"),
    "epr.lab_result": Pool(EPR, "SELECT result_id, mrn FROM epr.lab_result WHERE status <> 'X' ORDER BY result_id"),
    "epr.merged": Pool(EPR, "SELECT mrn, mrn FROM epr.patient WHERE merged_into_mrn IS NOT NULL ORDER BY mrn"),
}


def _admission(world: World) -> Deed | None:
    """An admission, an order with its first results, and a medicine on the chart."""
    if (found := world.pick("epr.patient")) is None:
        return None
    mrn, now, rng = found[0], world.clock(), world.rng
    number = world.number(EPR, "epr.encounter", "encounter_id")
    reason = rng.choice(world.catalogue.concepts["presentation"])
    encounter = world.insert(EPR, "epr.encounter", {
        "encounter_id": number, "mrn": mrn, "visit_number": f"V{number}", "class_code": "I", "status": "ARRIVED",
        "specialty": rng.choice(world.catalogue.words["specialties"]), "ward": rng.choice(world.catalogue.words["wards"]),
        "reason_code": reason.code, "reason_text": reason.term, "admitted_at": now,
        "consultant": rng.choice(world.catalogue.words["clinicians"]), "updated_at": now})
    world.add("epr.encounter", (number, mrn))
    medicine = rng.choice(world.catalogue.medicines)
    prescription = world.insert(EPR, "epr.prescription", {
        "prescription_id": world.number(EPR, "epr.prescription", "prescription_id"), "encounter_id": number, "mrn": mrn,
        "drug_code": medicine.code, "code_system": "DMD", "drug_level": medicine.level, "drug_name": medicine.name,
        "dose_value": Decimal(medicine.doses[0]), "dose_unit": medicine.dose_unit, "route_code": ROUTES[medicine.route].code,
        "route_name": ROUTES[medicine.route].term, "frequency": medicine.frequencies[0], "status": "ACTIVE", "start_at": now,
        "prescriber": "Dr N Ward", "recorded_at": now})
    world.add("epr.prescription", (prescription["prescription_id"], mrn))
    return Deed(mrn, (("epr.encounter", encounter), ("epr.prescription", prescription), *_order(world, mrn, number)))


def _order(world: World, mrn: str, encounter: int) -> list[tuple[str, dict]]:
    panel, now = world.rng.choice(world.catalogue.panels), world.clock()
    order = world.number(EPR, "epr.lab_order", "order_id")
    made = [("epr.lab_order", world.insert(EPR, "epr.lab_order", {
        "order_id": order, "encounter_id": encounter, "mrn": mrn, "order_number": f"P{order}L", "panel_code": panel.code,
        "panel_name": panel.name, "specimen_type": panel.specimen, "specimen_number": f"SP{order}", "status": "PARTIAL",
        "requested_at": now, "collected_at": now, "requested_by": "Dr N Ward", "updated_at": now}))]
    for test in panel.tests:
        key = world.insert(EPR, "epr.lab_result", {
            "result_id": world.number(EPR, "epr.lab_result", "result_id"), "order_id": order, "mrn": mrn, "test_code": test.code,
            "code_system": "SNOMED", "test_name": test.term,
            "value_numeric": Decimal(f"{world.rng.uniform(test.low, test.high * 1.3):.1f}"), "unit": test.unit,
            "range_low": Decimal(str(test.low)), "range_high": Decimal(str(test.high)), "status": "P", "reported_at": now})
        world.add("epr.lab_result", (key["result_id"], mrn))
        made.append(("epr.lab_result", key))
    return made


def _correction(world: World) -> Deed | None:
    """A result is reported as final, or corrected."""
    if (found := world.pick("epr.lab_result")) is None:
        return None
    factor = Decimal(str(world.rng.choice((1, 1, 0.8, 1.2))))
    world.change(EPR, "UPDATE epr.lab_result SET value_numeric = round(value_numeric * %s, 1), status = %s, reported_at = %s"
                 " WHERE result_id = %s",
                 factor, "F" if factor == 1 else "C", world.clock(), found[0])
    return Deed(found[-1], (("epr.lab_result", {"result_id": found[0]}),))


def _discharge(world: World) -> Deed | None:
    """The stay ends, and its summary is written."""
    if (found := world.take("epr.encounter")) is None:
        return None
    encounter, mrn = found
    now = world.clock()
    world.change(EPR, "UPDATE epr.encounter SET status = 'DISCHARGED', discharged_at = %s, outcome = 'Discharged home', updated_at = %s"
                 " WHERE encounter_id = %s", now, now, encounter)
    type_ = world.catalogue.concepts["document"][0]
    document = world.insert(EPR, "epr.document", {
        "document_id": world.number(EPR, "epr.document", "document_id"), "encounter_id": encounter, "mrn": mrn, "type_code": type_.code,
        "type_name": type_.term, "title": type_.term, "status": "FINAL", "authored_at": now, "author": "Dr N Ward"})
    section = world.insert(EPR, "epr.document_section", {
        "document_id": document["document_id"], "section_no": 1, "mrn": mrn, "heading": "Plan", "body": "GP to continue medicines."})
    return Deed(mrn, (("epr.encounter", {"encounter_id": encounter}), ("epr.document", document), ("epr.document_section", section)))


def _allergy(world: World) -> Deed | None:
    if (found := world.pick("epr.patient")) is None:
        return None
    agent, reaction = world.rng.choice(world.catalogue.allergens), world.rng.choice(world.catalogue.concepts["reaction"])
    code, system = (agent.substance, "SNOMED") if agent.substance else (agent.vtm, "DMD")
    key = world.insert(EPR, "epr.allergy", {
        "allergy_id": world.number(EPR, "epr.allergy", "allergy_id"), "mrn": found[0], "substance_code": code, "code_system": system,
        "substance_name": agent.name, "category": agent.category, "reaction_code": reaction.code, "reaction_text": reaction.term,
        "severity": "MODERATE", "certainty": "CONFIRMED", "status": "ACTIVE", "recorded_at": world.clock(),
        "recorded_by": "Ward pharmacist"})
    world.add("epr.allergy", (key["allergy_id"], found[0]))
    return Deed(found[0], (("epr.allergy", key),))


def _entered_in_error(world: World) -> Deed | None:
    table, column = world.rng.choice((("epr.allergy", "allergy_id"), ("epr.prescription", "prescription_id")))
    if (found := world.take(table)) is None:
        return None
    world.change(EPR, f"UPDATE {table} SET entered_in_error = true WHERE {column} = %s", found[0])  # noqa: S608  names of our own
    return Deed(found[-1], ((table, {column: found[0]}),))


def _delete(world: World) -> Deed | None:
    """A duplicate result row is deleted for good."""
    if (found := world.take("epr.lab_result")) is None:
        return None
    world.change(EPR, "DELETE FROM epr.lab_result WHERE result_id = %s", found[0])
    return Deed(found[-1], (("epr.lab_result", {"result_id": found[0]}),))


def _merge(world: World) -> Deed | None:
    """One hospital number is merged into another of the hospital."""
    if (found := world.take("epr.patient")) is None:
        return None
    if (survivor := world.pick("epr.patient")) is None:
        world.add("epr.patient", found)
        return None
    world.change(EPR, "UPDATE epr.patient SET merged_into_mrn = %s, updated_at = %s WHERE mrn = %s", survivor[0], world.clock(), found[0])
    world.add("epr.merged", found)
    return Deed(found[0], (("epr.patient", {"mrn": found[0]}),), {"into": survivor[0]})


def _unmerge(world: World) -> Deed | None:
    """A merge was wrong, and is undone."""
    if (found := world.take("epr.merged")) is None:
        return None
    world.change(EPR, "UPDATE epr.patient SET merged_into_mrn = NULL, updated_at = %s WHERE mrn = %s", world.clock(), found[0])
    world.add("epr.patient", found)
    return Deed(found[0], (("epr.patient", {"mrn": found[0]}),))


def _demographics(world: World) -> Deed | None:
    if (found := world.pick("epr.patient")) is None:
        return None
    words, rng = world.catalogue.words, world.rng
    town, area = rng.choice(list(words["towns"].items()))
    world.change(EPR, "UPDATE epr.patient SET address_line1 = %s, town = %s, postcode = %s, updated_at = %s WHERE mrn = %s",
                 f"{rng.randint(1, 180)} {rng.choice(words['streets'])}", town, f"{area}AA", world.clock(), found[0])
    return Deed(found[0], (("epr.patient", {"mrn": found[0]}),))


ACTIONS = (
    Action("admission", EPR, 10, _admission),
    Action("result-reported-or-corrected", EPR, 30, _correction),
    Action("discharge", EPR, 6, _discharge),
    Action("hospital-allergy", EPR, 6, _allergy),
    Action("hospital-entered-in-error", EPR, 4, _entered_in_error),
    Action("hospital-delete", EPR, 3, _delete),
    Action("hospital-merge", EPR, 1, _merge),
    Action("hospital-unmerge", EPR, 1, _unmerge),
    Action("hospital-demographics", EPR, 3, _demographics),
)
