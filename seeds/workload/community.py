"""What happens in the community: a nurse notes an allergy, sees a medicine in the home, visits; errors, deletes, amalgamations."""

from __future__ import annotations

from seeds.workload.world import Action, Deed, Pool, World

CARE = "RXC/community"
POOLS = {
    "care.client": Pool(CARE, "SELECT client_id, client_id FROM care.client WHERE amalgamated_into IS NULL ORDER BY client_id"),
    "care.referral": Pool(CARE,
    "SELECT referral_no, client_id FROM care.referral WHERE status = 'Accepted' ORDER BY client_id, referral_no"),
    "care.home_med": Pool(CARE, "SELECT med_no, client_id FROM care.home_med WHERE taking <> 'ERROR' ORDER BY client_id, med_no"),
    "care.allergy_note": Pool(CARE, "SELECT note_no, client_id FROM care.allergy_note WHERE status <> 'ERROR' ORDER BY client_id, note_no"),
    "care.amalgamated": Pool(CARE, "SELECT client_id, client_id FROM care.client WHERE amalgamated_into IS NOT NULL ORDER BY client_id"),
    "care.alert": Pool(CARE, "SELECT alert_no, client_id FROM care.alert ORDER BY client_id, alert_no"),
}


def _allergy(world: World) -> Deed | None:
    if (found := world.pick("care.client")) is None:
        return None
    client, agent, reaction = found[0], world.rng.choice(world.catalogue.allergens), world.rng.choice(world.catalogue.concepts["reaction"])
    coded = world.rng.random() < 0.5
    key = world.insert(CARE, "care.allergy_note", {
        "client_id": client, "note_no": world.sequence("care.allergy_note", "note_no", client),
        "allergy_code": agent.community_code if coded else None, "code_type": "RXC" if coded else None, "allergy_text": agent.name,
        "reaction_text": reaction.term, "severity": "Medium", "status": "Current", "noted": f"{world.clock():%d/%m/%Y}",
        "noted_by": "Nurse J Dock", "last_changed": _now(world)})
    world.add("care.allergy_note", (key["note_no"], client))
    return Deed(client, (("care.allergy_note", key),))


def _home_medicine(world: World) -> Deed | None:
    if (found := world.pick("care.home_med")) is None:
        return None
    world.change(CARE, "UPDATE care.home_med SET taking = %s, seen_on = %s, note = %s, last_changed = %s"
                 " WHERE client_id = %s AND med_no = %s",
                 world.rng.choice(("Y", "N", "Sometimes")), f"{world.clock():%d/%m/%Y}", f"{world.rng.randint(0, 60)} left in the box",
                     _now(world),
                 found[1], found[0])
    return Deed(found[1], (("care.home_med", {"client_id": found[1], "med_no": found[0]}),))


def _contact(world: World) -> Deed | None:
    if (found := world.pick("care.referral")) is None:
        return None
    referral, client = found
    now = world.clock()
    key = world.insert(CARE, "care.contact", {
        "client_id": client, "referral_no": referral, "contact_no": world.sequence("care.contact", "contact_no", client),
        "kind": "Contact", "contact_date": f"{now:%d/%m/%Y}", "contact_time": f"{now:%H:%M}", "mode": "Home visit",
        "clinician": world.rng.choice(world.catalogue.words["nurses"]), "outcome": "Attended", "last_changed": _now(world)})
    return Deed(client, (("care.contact", key),))


def _entered_in_error(world: World) -> Deed | None:
    if (found := world.take("care.allergy_note")) is None:
        return None
    world.change(CARE, "UPDATE care.allergy_note SET status = 'ERROR', last_changed = %s WHERE client_id = %s AND note_no = %s",
        _now(world), found[1],
                 found[0])
    return Deed(found[1], (("care.allergy_note", {"client_id": found[1], "note_no": found[0]}),))


def _delete(world: World) -> Deed | None:
    table, column = world.rng.choice((("care.home_med", "med_no"), ("care.alert", "alert_no")))
    if (found := world.take(table)) is None:
        return None
    world.change(CARE, f"DELETE FROM {table} WHERE client_id = %s AND {column} = %s", found[1], found[0])  # noqa: S608  names of our own
    return Deed(found[1], ((table, {"client_id": found[1], column: found[0]}),))


def _amalgamation(world: World) -> Deed | None:
    if (found := world.take("care.client")) is None:
        return None
    if (survivor := world.pick("care.client")) is None:
        world.add("care.client", found)
        return None
    world.change(CARE, "UPDATE care.client SET amalgamated_into = %s, last_changed = %s WHERE client_id = %s", survivor[0], _now(world),
        found[0])
    world.add("care.amalgamated", found)
    return Deed(found[0], (("care.client", {"client_id": found[0]}),), {"into": survivor[0]})


def _parting(world: World) -> Deed | None:
    """An amalgamation was wrong, and is undone: else a long play would leave one client only."""
    if (found := world.take("care.amalgamated")) is None:
        return None
    world.change(CARE, "UPDATE care.client SET amalgamated_into = NULL, last_changed = %s WHERE client_id = %s", _now(world), found[0])
    world.add("care.client", found)
    return Deed(found[0], (("care.client", {"client_id": found[0]}),))


def _demographics(world: World) -> Deed | None:
    if (found := world.pick("care.client")) is None:
        return None
    world.change(CARE, "UPDATE care.client SET telephone = %s, last_changed = %s WHERE client_id = %s",
        f"07700 9{world.rng.randint(0, 99999):05d}",
                 _now(world), found[0])
    return Deed(found[0], (("care.client", {"client_id": found[0]}),))


def _now(world: World):
    return world.clock().replace(tzinfo=None)


ACTIONS = (
    Action("community-allergy", CARE, 12, _allergy),
    Action("community-home-medicine", CARE, 15, _home_medicine),
    Action("community-contact", CARE, 15, _contact),
    Action("community-entered-in-error", CARE, 3, _entered_in_error),
    Action("community-delete", CARE, 3, _delete),
    Action("community-amalgamation", CARE, 1, _amalgamation),
    Action("community-amalgamation-undone", CARE, 1, _parting),
    Action("community-demographics", CARE, 3, _demographics),
)
