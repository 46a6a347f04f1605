"""The page of a person's record: what it shows of each entry, in which order, and of entries that speak to each other."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from mainstem import kinds
from mainstem.terminology import builtin
from mainstem.web.numbers import spaced
from mainstem.web.record import Record
from mainstem.web.withheld import withhold
from tests.web import made
from tests.web.made import PERSON, item, record, said, sources
from tests.web.pages import client, read, text, under


@pytest.mark.parametrize("kind", sorted(made.CONTENTS))
def test_every_kind_is_shown_under_its_heading_with_all_its_values(kind: str) -> None:
    tree = read(record([item(kind)]))
    heading = re.sub(r"[^a-z]+", "-", kinds.BY_NAME[kind].heading.lower())
    shown = under(tree, heading).lower()
    for value in _leaves(made.CONTENTS[kind]):
        assert value.lower() in shown, f"{value} of {kind} is not shown"
    assert "raw.rxa-epr.v1" in shown and "4711" in shown
    assert "said by rxa/epr, recorded 2 march 2019 at 10:15 utc" in shown


def test_every_kind_of_the_domain_has_a_made_content() -> None:
    assert set(made.CONTENTS) == {kind.name for kind in kinds.ALL if kind.heading}


def _leaves(thing: Any) -> list[str]:
    """Texts that must be readable on the page; dates are put in words, NHS numbers as they are read out, codes systems by name."""
    if isinstance(thing, dict):
        return [spaced(leaf) if name == "nhs_number" else leaf for name, one in thing.items() if name != "system" for leaf in _leaves(one)]
    if isinstance(thing, list):
        return [leaf for one in thing for leaf in _leaves(one)]
    if isinstance(thing, str) and not re.match(r"\d{4}-\d\d", thing):
        return [thing]
    return []


def test_headings_come_in_the_order_of_the_standard() -> None:
    titles = [node.text_content() for node in read(record()).xpath("//section/h2")]
    assert titles[:2] == ["See first", "Sources"]
    assert titles[2:9] == [
        "Demographics",
        "Alerts",
        "Allergies and adverse reactions",
        "Medications and medical devices",
        "Problem list",
        "Investigation results",
        "Procedures and therapies",
    ]


def test_digest_and_known_time_are_shown() -> None:
    shown = under(read(record()), "seen")
    assert record().digest in shown
    assert "21 September 2026 at 14:12:20 UTC" in shown


def test_json_is_the_same_record() -> None:
    answer = client(sources(record())).get(f"/people/{PERSON}/record.json")
    assert msgspec.json.decode(answer.content, type=Record) == record()


def test_a_record_leads_to_why_it_is_one_persons() -> None:
    one = record()
    assert f'href="/identity/people/{one.person}"' in client(sources(one)).get(f"/people/{one.person}").text


def test_unknown_person_is_told_in_plain_english() -> None:
    answer = client(sources()).get("/people/" + "00" * 16)
    assert answer.status_code == 404 and "search for them again" in answer.text


def test_related_entries_are_named_at_each_other_and_a_medicine_taken_despite_an_allergy_is_a_caution() -> None:
    class_ = item("allergy", {"agent": made.coded("764146007", "Penicillin")}, sources=("A82038/gp",), fact="class")
    member = item("allergy", {"agent": made.coded("372687004", "Amoxicillin")}, fact="member")
    taken = item("medicine", {"product": made.coded("27658006", "Amoxicillin"), "status": "active", "view": "list"}, fact="taken")
    page = read(record([class_, member, taken]))
    allergies, medicines = (under(page, name) for name in ("allergies-and-adverse-reactions", "medications-and-medical-devices"))
    assert "Of the class of: Penicillin" in allergies and "Its class holds: Amoxicillin" in allergies
    assert "Medicine taken despite it: Amoxicillin" in allergies and "Taken despite the allergy: Penicillin" in medicines
    caution = "A medicine is taken that is, or holds, or is of the class of, what an allergy in this record is to."
    assert caution in allergies and caution in medicines and "Amoxicillin; allergy: Penicillin" in medicines
    assert page.xpath("//a[@href='#class']") and page.xpath("//a[@href='#member']")
    assert page.xpath("//article[@id='taken']//ul[@aria-label='Related entries']//a[@href='#class']"), "under another heading"
    assert f"Penicillin (by code 764146007, terminology {builtin().release})" in medicines
    stopped = item("medicine", taken.content | {"status": "stopped"}, fact="taken")
    assert caution not in read(record([class_, member, stopped])).text_content()


def test_none_known_beside_an_allergy_is_a_caution() -> None:
    denied = item("allergy", {"agent": made.coded("716186003", "No known allergies")}, sources=("A82038/gp",), fact="denied")
    shown = under(read(record([item("allergy"), denied])), "allergies-and-adverse-reactions")
    assert "A82038/gp says no allergies are known, but allergies are recorded" in shown
    no_drug = item("allergy", {"agent": {"text": "NKDA"}}, sources=("A82038/gp",), fact="denied")
    shown = under(read(record([item("allergy"), no_drug])), "allergies-and-adverse-reactions")
    assert "A82038/gp says no drug allergies are known, but allergies are recorded" in shown, "no more than was said"
    over = item("allergy", made.CONTENTS["allergy"] | {"clinical_status": "resolved"})
    for entries in ([denied], [denied, over]):
        assert "Rely on" not in under(read(record(entries)), "allergies-and-adverse-reactions")


def test_transfer_degraded_allergy_stops_prescribing() -> None:
    degraded = item("allergy", {"agent": made.coded("196461000000101", "Transfer-degraded drug allergy")})
    assert "Do not prescribe" in under(read(record([degraded])), "allergies-and-adverse-reactions")


def test_conflict_shows_both_sides_and_the_rule() -> None:
    one = item(
        "medicine",
        sources=("RXA/epr", "A82038/gp"),
        conflict=True,
        rules={"dose": "medicine.latest"},
        provenance=(said(), said("A82038/gp", lost={"dose": "Two at night"})),
    )
    shown = under(read(record([one])), "medications-and-medical-devices")
    assert "Sources disagree" in shown
    assert "A82038/gp says “Two at night”; shown here is “One at night” (rule medicine.latest)" in shown


def test_losing_values_are_kept_without_a_conflict() -> None:
    one = item("problem", provenance=(said(), said("A82038/gp", lost={"onset": "2015"})), rules={"onset": "problem.earliest"})
    assert "A82038/gp says “2015” (rule problem.earliest decided)" in under(read(record([one])), "problem-list")


def test_long_headings_are_cut_openly_and_read_on_their_own_page() -> None:
    many = [item("result", made.CONTENTS["result"] | {"order_id": f"order-{n}"}, fact=f"r{n}") for n in range(260)]
    one = record(many)
    assert "Showing 50 of 260" in under(read(one), "investigation-results")
    visitor = client(sources(one))
    pages = [visitor.get(f"/people/{PERSON}/investigation-results?page={n}").text for n in (1, 2)]
    assert all(sum(f"order-{n}<" in page for page in pages) == 1 for n in range(260))
    assert visitor.get(f"/people/{PERSON}/no-such-heading").status_code == 404


def test_two_dates_alike_are_both_shown() -> None:
    shown = under(read(record([item("flag", made.CONTENTS["flag"] | {"end": "2026-07-30"})])), "alerts")
    assert "From 30 July 2026" in shown and "End 30 July 2026" in " ".join(shown.replace("End", "End ").split())


def test_what_is_there_comes_before_what_is_said_not_to_be() -> None:
    denied = item(
        "allergy", {"agent": made.coded("716186003", "No known allergies"), "clinical_status": "active", "recorded": "2026"}, fact="denied"
    )
    resolved = item("allergy", made.CONTENTS["allergy"] | {"clinical_status": "resolved"}, fact="resolved")
    tree = read(record([denied, resolved, item("allergy")]))
    ids = tree.xpath("//section[@aria-labelledby='allergies-and-adverse-reactions']/article/@id")
    assert ids == [item("allergy").fact, "denied", "resolved"]


def test_withdrawn_entries_are_not_shown_as_true() -> None:
    assert "Hives" not in text(read(record([item("allergy", status="withdrawn")])))


def test_labels_are_shown() -> None:
    assert "Restricted: where they are is withheld" in under(read(record([item("patient", labels=("pds-restricted",))])), "demographics")


def test_whereabouts_of_a_restricted_person_are_withheld_whoever_says_them() -> None:
    told = item("patient", fact="told", sources=("A82038/gp",), provenance=(said(lost={"postcode": "ZZ99 3WZ", "gender": "male"}),))
    one = withhold(record([item("patient", labels=("pds-restricted",)), told, item("problem")]))
    visitor = client(sources(one))
    for path in (f"/people/{PERSON}", f"/people/{PERSON}/record.json"):
        shown = visitor.get(path).text
        assert not [where for where in ("Test Street", "ZZ99", "A82038<", "gp_practice") if where in shown]
        assert "44054006" in shown
    assert withhold(record()) == record()


def test_fields_and_kinds_nobody_knows_yet_do_not_break_the_page() -> None:
    one = item("problem", {"code": None, "later": {"deep": [1, {"x": None}]}, "severity": None})
    assert "Cleared by the source" in under(read(record([one, item("of-the-future", {"a": "b"})])), "problem-list")
