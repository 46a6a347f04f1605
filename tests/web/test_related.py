"""How related entries, and cautions that rest on them, are shown: found by which code, or by a name alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from lxml import html
from rich.console import Console
from starlette.testclient import TestClient

from mainstem.cli import record_shown
from mainstem.history import Past
from mainstem.kinds.base import DMD
from mainstem.kinds.facts import NoTerms
from mainstem.terminology import builtin
from mainstem.web import words
from mainstem.web.app import build
from mainstem.web.headings import headings
from mainstem.web.page import as_json, page, section
from mainstem.web.past import as_data, as_record, past_page
from mainstem.web.settings import WebSettings
from tests.web import made
from tests.web.made import NOW, PERSON, coded, entry, folded, item, record, sources

PENICILLIN, AMOXICILLIN = coded("764146007", "Penicillin"), coded("27658006", "Amoxicillin", DMD)
CO_AMOXICLAV, IN_WORDS = coded("89519005", "Co-amoxiclav", DMD), {"text": "Penicillin - rash"}
THIS, OTHER = (f"; {which} entry was found by its name, since it is shown without a code known there" for which in ("this", "the other"))
BOTH = "; both entries were found by their names, since they are shown without a code known there"
UNDER = {"flag": "alerts", "problem": "problem-list", "medicine": "medications-and-medical-devices",
         "allergy": "allergies-and-adverse-reactions"}


def allergy(agent: dict[str, Any], **content: Any) -> made.Item:
    return item("allergy", {"agent": agent, "clinical_status": "active"} | content, fact="to")


def medicine(product: dict[str, Any]) -> made.Item:
    return item("medicine", {"product": product, "status": "active", "view": "list"}, fact="taken")


def shown(*entries: made.Item, **changes: Any) -> dict[str, str]:
    """By kind, what the page says under its heading."""
    given = sources(record(entries), **changes)
    tree = html.fromstring(TestClient(build(given, WebSettings()), base_url="http://127.0.0.1").get(f"/people/{PERSON}").text)
    return {kind: " ".join(tree.xpath(f"//section[@aria-labelledby='{slug}']")[0].text_content().split()) for kind, slug in UNDER.items()}


def printed(*entries: made.Item) -> str:
    console = Console(width=200, record=True, force_terminal=False)
    record_shown.show(page(record(entries), sources(record(entries)), NOW), console, explain=False)
    return " ".join(console.export_text().split())


@pytest.mark.parametrize(("product", "agent", "by_name", "at_medicine", "at_allergy"), [
    (AMOXICILLIN, PENICILLIN, [], "", ""),
    ({"text": "Amoxicillin"}, PENICILLIN, ["entry"], THIS, OTHER),
    (AMOXICILLIN, {"text": "Penicillin"}, ["other"], OTHER, THIS),
    ({"text": "amoxycillin 250mg caps"}, IN_WORDS, ["entry", "other"], BOTH, BOTH),
    # a local code tells as little as none
    (coded("AMCA17510NEMIS", "Amoxicillin 250mg capsules", "urn:local"), PENICILLIN, ["entry"], THIS, OTHER),
])
def test_what_was_found_by_its_name_says_so(product: dict[str, Any], agent: dict[str, Any], by_name: list[str], at_medicine: str,
                                            at_allergy: str) -> None:
    entries = medicine(product), allergy(agent, reactions=[{"manifestation": {"text": "rash"}}])
    found, out = shown(*entries), printed(*entries)
    name, to = product["text"], agent["text"]
    by = f"(by code 764146007, terminology {builtin().release}"
    for where, said in ((found["medicine"], f"Taken despite the allergy: {to} {by}{at_medicine}"),
                        (found["allergy"], f"Medicine taken despite it: {name} {by}{at_allergy}")):
        assert f"{said})" in where and f"{said})" in out
    named = {side: " (found by its name, not by a code)" * (side in by_name) for side in ("entry", "other")}
    about = f"{name}{named['entry']}; allergy: {to}{named['other']}"
    assert about in found["medicine"] and about in out
    assert f"{to}{named['other']}; taken: {name}{named['entry']}" in found["allergy"]
    data = msgspec.json.decode(as_json(page(record(entries), sources(record(entries)), NOW)))
    assert [one["by_name"] for one in data["relations"]] == [by_name]


@pytest.mark.parametrize("agent", [PENICILLIN, coded("372687004", "Amoxicillin")])
def test_a_moiety_of_several_ingredients_taken_despite_an_allergy_to_one_is_a_caution(agent: dict[str, Any]) -> None:
    found = shown(medicine(CO_AMOXICLAV), allergy(agent))
    assert "A medicine is taken that is, or holds, or is of the class of" in found["medicine"]
    assert f"Co-amoxiclav; allergy: {agent['text']}" in found["medicine"] and "taken: Co-amoxiclav" in found["allergy"]
    assert "Medicine taken despite it: Amoxicillin" in shown(medicine(AMOXICILLIN), allergy(CO_AMOXICLAV))["allergy"]


def test_another_medicine_of_a_class_within_which_people_react_across_is_a_caution() -> None:
    flucloxacillin = coded("96067005", "Flucloxacillin", DMD)
    found = shown(medicine(flucloxacillin), allergy(coded("372687004", "Amoxicillin")))
    assert "A medicine is taken that is of the same class as what an allergy in this record is to" in found["medicine"]
    assert "Flucloxacillin; allergy: Amoxicillin" in found["medicine"] and "Amoxicillin; taken: Flucloxacillin" in found["allergy"]
    assert "Taken despite an allergy to another of its class: Amoxicillin (by code 764146007" in found["medicine"]
    assert "Medicine of its class taken despite it: Flucloxacillin" in found["allergy"]


def test_a_cephalosporin_beside_an_allergy_to_a_penicillin_is_a_caution_that_says_how_many_react_and_who_should_not_have_it() -> None:
    entries = medicine(coded("54887004", "Cefalexin", DMD)), allergy(coded("91936005", "Allergy to penicillin"))
    found, out = shown(*entries), printed(*entries)
    for said in (found["medicine"], found["allergy"], out):
        assert "A medicine is taken that is related to what an allergy in this record is to: both are beta-lactams." in said
        assert "About 0.5 to 6.5 in 100 of those allergic to a penicillin react to a cephalosporin too" in said
        assert "whoever reacted to a beta-lactam at once (anaphylaxis, hives) should not have another." in said
        assert "is of the same class" not in said and "is, or holds" not in said
    assert "Cefalexin; allergy: Allergy to penicillin" in found["medicine"]
    assert "Allergy to penicillin; taken: Cefalexin" in found["allergy"]
    assert "Taken despite an allergy to what it is related to: Allergy to penicillin (by code 764146007" in found["medicine"]
    assert "Medicine related to it taken despite it: Cefalexin" in found["allergy"]
    erythromycin = medicine(coded("30427009", "Erythromycin", DMD))
    assert not any("beta-lactam" in said for said in shown(erythromycin, entries[1]).values())


def test_what_was_handed_over_lately_is_held_against_allergies_today_under_its_heading_and_of_a_past_day() -> None:
    day, later = words.day(NOW), words.day(NOW + 200 * 86_400_000)
    dispensed = item("medicine", {"view": "dispense", "product": AMOXICILLIN, "status": "completed", "start": day}, fact="taken")
    entries, told = record((dispensed, allergy(PENICILLIN))), "A medicine is taken that is, or holds"
    given = sources(entries)
    assert any(told in one.text for part in page(entries, given, NOW).sections for one in part.cautions)
    assert not any(told in one.text for part in page(entries, given, NOW + 200 * 86_400_000).sections for one in part.cautions)
    chosen = next(one for one in headings() if "medicine" in one.kinds)
    assert [told in one.text for on in (day, later) for one in section(entries, chosen, 0, 9, builtin(), on).cautions] == [True]
    for at, so in ((NOW, True), (NOW + 200 * 86_400_000, False)):
        past = Past(at, folded(entry(dispensed), entry(allergy(PENICILLIN))), builtin())
        assert any(told in one["text"] for one in as_data(past_page(past, as_record(past)))["cautions"]) is so


@pytest.mark.parametrize("kind", ["problem", "flag"])
def test_an_allergy_told_by_a_problem_or_an_alert_is_a_caution_and_held_against_what_is_taken(kind: str) -> None:
    warning = item(kind, {"code": coded("91936005", "Allergy to penicillin"), "status": "active"}, fact="warning")
    none = item("allergy", {"agent": coded("716186003", "No known allergies")}, fact="none")
    elsewhere = "tells of an allergy or reaction that is not among the active allergies here"
    despite = "A medicine is taken that a problem or an alert in this record says an allergy or reaction to"
    found, out = shown(warning, none, medicine(AMOXICILLIN)), printed(warning, none, medicine(AMOXICILLIN))
    assert elsewhere in found["allergy"] and elsewhere in out and "Allergy to penicillin" in found["allergy"]
    assert despite in found["medicine"] and "Amoxicillin; warning: Allergy to penicillin" in found["medicine"]
    assert despite in found[kind] and "Allergy to penicillin; taken: Amoxicillin" in found[kind]
    assert "Taken despite a warning: Allergy to penicillin (by code 764146007" in found["medicine"]
    assert elsewhere in shown(warning)["allergy"], "also where no allergy is recorded at all"
    # an allergy that stands says so itself; one that is over or denied does not
    stands = shown(warning, allergy(PENICILLIN), medicine(AMOXICILLIN))
    assert not any(elsewhere in said or despite in said for said in stands.values())
    for over in ({"clinical_status": "resolved"}, {"verification": "refuted"}):
        assert elsewhere in shown(warning, allergy(PENICILLIN, **over))["allergy"]
    over_now = item(kind, warning.content | {"status": "resolved"}, fact="warning")
    assert not any(elsewhere in said or despite in said for said in shown(over_now, medicine(AMOXICILLIN)).values())


def test_what_could_not_be_checked_is_named_under_both_headings_in_the_terminal_and_for_programs_without_alarm() -> None:
    said = ("Whether a medicine is taken despite an allergy could not be checked for these: the terminology in force "
            f"({builtin().release}) knows no code or name that tells what they are. Check these by hand. Silence about the others is no "
            "clearance to prescribe.")
    entries = item("allergy", {"agent": {"text": "blue antibiotic"}}, fact="to"), medicine(AMOXICILLIN)
    found, out = shown(*entries), printed(*entries)
    assert f"{said} blue antibiotic (allergy)" in found["allergy"] and f"{said} blue antibiotic (allergy)" in found["medicine"]
    assert f"Not checked: {said} - blue antibiotic (allergy)" in out
    assert all("Caution" not in text for text in (*found.values(), out)), "it tells of nothing that was found"
    cautions = msgspec.json.decode(as_json(page(record(entries), sources(record(entries)), NOW)))["cautions"]
    assert [(one["heading"], one["rule"]["id"], one["entries"]) for one in cautions] == [
        (heading.title, "allergy.not-checked", [{"fact": "to", "text": "blue antibiotic (allergy)"}])
        for heading in headings() if {"allergy", "medicine"} & set(heading.kinds)]
    past = Past(NOW, folded(*map(entry, entries)), builtin())
    assert {one["rule"]["id"] for one in as_data(past_page(past, as_record(past)))["cautions"]} == {"allergy.not-checked"}


def test_what_could_not_be_checked_hides_no_caution_and_is_said_after_it() -> None:
    entries = (allergy(PENICILLIN), medicine(AMOXICILLIN), item("medicine", {"product": {"text": "the pink ones"}}, fact="pink"),
               item("allergy", {"agent": {"text": "blue antibiotic"}}, fact="blue"))
    for kind, said in shown(*entries).items():
        if kind in ("allergy", "medicine"):
            at = [said.index(each) for each in ("A medicine is taken that is, or holds", "could not be checked for these",
                                                "blue antibiotic (allergy)", "the pink ones (medicine)")]
            assert at == sorted(at)
    for nothing in (entries[3:], entries[1:3], entries[:2]):
        assert not any("could not be checked" in said for said in shown(*nothing).values())


@pytest.mark.parametrize(("denied", "category", "told"), [
    ("429625007", "food", "A82038/gp says no food allergies are known, but allergies are recorded."),
    ("429625007", "food, medication", "A82038/gp says no food allergies are known"),
    ("429625007", None, "A82038/gp says no food allergies are known"),
    ("429625007", "medication", ""),
    ("428607008", "environment", "A82038/gp says no environmental allergies are known"),
    ("428607008", "food", ""),
    ("409137002", "food", "A82038/gp says no drug allergies are known"),
])
def test_no_known_allergy_of_a_kind_beside_one_of_that_kind_is_a_caution(denied: str, category: str | None, told: str) -> None:
    none = item("allergy", {"agent": coded(denied, "None known")}, sources=("A82038/gp",), fact="none")
    for status in ("active", "resolved"):
        found = shown(none, allergy(coded("91935009", "Peanut allergy"), clinical_status=status, category=category))["allergy"]
        assert ("are known, but allergies are recorded. Rely on" in found) is (bool(told) and status == "active")
        assert status != "active" or told in found


def test_a_terminology_that_does_not_tell_what_moieties_hold_is_a_gap() -> None:
    class Elder(NoTerms):
        release = "uk-1@0123456789ab"
        tells_held = False

    for terms, told in ((Elder(), True), (builtin(), False)):
        reasons = page(record(), sources(record(), terms=lambda terms=terms: terms), NOW).gaps.reasons
        assert any("uk-1@0123456789ab was loaded by an earlier version" in one for one in reasons) is told
