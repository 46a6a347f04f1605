"""What is seen first of a record: allergies that stand, alerts, cautions, disagreements, and who said nothing of them."""

from __future__ import annotations

from typing import Any

from tests.web.made import COURSE, coded, item, record
from tests.web.pages import read, text

RESOLVED = {"agent": coded("300913006", "Allergy to shellfish"), "clinical_status": "resolved"}


def first(*entries: Any, **changes: Any) -> tuple[dict[str, str], Any]:
    """What is said, by row; and the page."""
    page = read(record(entries, **changes))
    rows = page.xpath("//section[@aria-labelledby='glance']//dl/div")
    return {text(row, "./dt"): text(row, "./dd") for row in rows}, page


def test_what_stands_is_named_before_any_heading_and_what_is_past_is_not() -> None:
    rows, page = first(item("allergy", conflict=True), item("allergy", RESOLVED, fact="past"), item("flag"))
    assert rows["Allergies and adverse reactions"].startswith("Allergy to penicillin Sources disagree Criticality: high")
    assert "shellfish" not in rows["Allergies and adverse reactions"]
    assert rows["Alerts"].startswith("Not for attempted cardiopulmonary resuscitation")
    assert "Sources disagree about" not in rows, "it is said beside the allergy"
    anchors = [way[1:] for way in page.xpath("//section[@aria-labelledby='glance']//a/@href")]
    assert anchors and all(page.xpath("//*[@id=$id]", id=anchor) for anchor in anchors)
    assert page.xpath("//main//h2")[0].text_content() == "See first"


def test_an_alert_that_was_revoked_or_closed_does_not_stand_and_one_under_review_does() -> None:
    alerts = {"Dog": "Revoked", "Falls": "closed", "Latex": "under review", "Stairs": None}
    rows, _ = first(*(item("flag", {"code": {"text": name}} | ({"status": status} if status else {}), fact=name)
                      for name, status in alerts.items()))
    assert [name for name in alerts if name in rows["Alerts"]] == ["Latex", "Stairs"]


def test_that_nothing_is_held_is_never_that_there_is_none() -> None:
    none = item("allergy", {"agent": coded("716186003", "No known allergy"), "clinical_status": "active"})
    for one, said in ((item("patient"), "Nothing active is held. This does not mean there is none."), (none, "No known allerg")):
        told = first(one)[0]["Allergies and adverse reactions"]
        assert said in told and "No information from A82038/gp" in told


def test_other_disagreements_are_named_and_those_beyond_a_dozen_counted() -> None:
    rows, _ = first(item("allergy"), item("medicine", COURSE))
    assert rows["Sources disagree about"] == "Atorvastatin 20mg tablets One at night"
    rows, _ = first(*(item("problem", {"code": {"text": f"Problem {n}"}}, fact=f"p{n}", conflict=True) for n in range(15)))
    assert rows["Sources disagree about"].endswith("And 3 more, marked under their headings")


def test_cautions_are_said_once_with_the_way_to_their_entries() -> None:
    rows, page = first(item("allergy", {"agent": coded("764146007", "Penicillin")}, fact="to"),
                       item("medicine", {"product": coded("27658006", "Amoxicillin"), "status": "active", "view": "list"}, fact="taken"))
    assert rows["Cautions"].startswith("A medicine is taken that is") and rows["Cautions"].count("A medicine is taken that is") == 1
    (way,) = page.xpath("//section[@aria-labelledby='glance']//dl/div[1]//a/@href")
    assert page.xpath("//h2[@id=$id]", id=way[1:])
