"""Sides of one fact beside each other: on the page, in the terminal and for programs."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from mainstem import kinds
from mainstem.kinds.base import DMD
from mainstem.kinds.facts import OF_FACT
from mainstem.web import beside
from mainstem.web.page import as_json, page
from mainstem.web.record import Item
from tests.cli.test_record import printed
from tests.web import made
from tests.web.made import NOW, PERSON, coded, item, record, said, sources
from tests.web.pages import client, read, text, under

EPR, GP, HOME = "RXA/epr", "A82038/gp", "RXC/community"
MEDICINES = "medications-and-medical-devices"
APIXABAN = coded("27831011000001100", "Apixaban 5mg tablets", DMD)
RAMIPRIL = coded("318906001", "Ramipril 10mg capsules", DMD)
COURSE = item("medicine", made.COURSE, fact="course", sources=(GP, EPR), conflict=True,
              provenance=(said(GP, fields=("dose", "status"), recorded=None), said(EPR, lost={"status": "stopped"}, recorded=None)))
STAY = item("encounter", {"encounter_class": "inpatient", "status": "in-progress", "start": "2026-08-01T08:00:00Z"}, fact="stay")
CHARTED = item("medicine", {"view": "order", "product": RAMIPRIL, "status": "active", "start": "2026-08-01T09:00:00Z"}, fact="charted",
               provenance=(said(recorded="2026-08-01T09:05:00Z"),))
REPEATED = item("result", made.CONTENTS["result"] | {
    "repeat_of": {"fact": "before", "taken": "2026-08-01T05:00:00+00:00", "interval": "4 h", "minimum": "24 h"}}, fact="after")


def listed(fact: str, product: dict[str, Any], view: str = "list", source: str = GP, **changes: Any) -> Item:
    content = {"view": view, "product": product, "status": "active", "course": "repeat", "start": "2021-05"}
    return item("medicine", content, fact=fact, sources=(source,), provenance=(said(source, recorded=None),), **changes)


def cautions(*entries: Item) -> list[dict[str, Any]]:
    one = record(entries)
    found: list[dict[str, Any]] = json.loads(as_json(page(one, sources(one), NOW)))["cautions"]
    return found


def test_discrepancies_are_named_with_both_sides_and_views_stand_beside_each_other():
    shown = under(read(record([COURSE])), MEDICINES)
    for expected in (
        "Sources disagree Dose A82038/gp, on the GP list: “Atorvastatin 20mg tablets One at night” "
        "RXA/epr, ordered: “Atorvastatin 40mg tablets 1 tablet OD”",
        "Stopped in one place, active in another A82038/gp, on the GP list: “active” RXA/epr, ordered: “stopped 2 August 2026”",
        "What each says A82038/gp, on the GP list Active",
    ):
        assert expected in shown
    tree = read(record([COURSE]))
    assert [text(node, ".") for node in tree.xpath(f"//section[@aria-labelledby='{MEDICINES}']//dl[contains(@class, 'views')]//dt")] == [
        "A82038/gp, on the GP list", "RXA/epr, ordered"]
    assert not {"Views", "Discrepancies"} & {node.text_content() for node in tree.xpath("//article/dl/div/dt")}, "said once, in words"


def test_they_are_in_the_terminal_too():
    out = printed(record([COURSE]))
    assert "Dose: A82038/gp, on the GP list, says “Atorvastatin 20mg tablets One at night”; RXA/epr, ordered, says" in out
    assert "  A82038/gp, on the GP list: active, Atorvastatin 20mg tablets, One at night, Course: repeat, from May 2021" in out
    assert "  RXA/epr, ordered: stopped, Atorvastatin 40mg tablets, 1 tablet OD, until 2 August 2026" in out


def test_a_conflict_of_another_kind_shows_both_sides_and_who_says_each():
    one = item("problem", sources=(EPR, GP), conflict=True, rules={"*": "fact.most-recently-recorded"},
               provenance=(said(fields=("status", "code")), said(GP, lost={"status": "resolved"})))
    assert "A82038/gp says “resolved”; shown here is “active”, as RXA/epr says" in under(read(record([one])), "problem-list")
    assert "  Status: A82038/gp says “resolved”; shown here is “active”, as RXA/epr says" in printed(record([one]))


def test_values_that_read_alike_are_told_apart_by_their_codes_or_left_out():
    """Fields in the order of the kind: what it is, how it stands, when."""
    ours, theirs = made.coded("13645005", "COPD"), made.coded("H3...00", "COPD", "http://read.info/readv2")
    lost = {"abatement": "2026-01-02", "body_site": {"codes": [], "text": "Lung"}, "status": "resolved", "code": theirs}
    one = item("problem", {"code": ours, "body_site": {"text": "Lung"}, "status": "active"}, sources=(EPR, GP), conflict=True,
               provenance=(said(fields=("code", "body_site", "status")), said(GP, lost=lost)))
    out = printed(record([one]))
    assert "  Code: A82038/gp says “COPD, Read v2 H3...00”; shown here is “COPD, SNOMED CT 13645005”, as RXA/epr says" in out
    assert "Body site:" not in out and "nobody" not in out
    assert "  Abatement: A82038/gp says “2 January 2026”; shown here is “Not stated”" in out
    assert out.index("  Code:") < out.index("  Status:") < out.index("  Abatement:")


def test_an_entry_that_nobody_disputes_has_no_sides():
    out = printed(record([item("medicine"), item("problem")]))
    assert "What each says" not in under(read(record([item("medicine")])), MEDICINES)
    assert "sources disagree" not in out and " says “" not in out


def test_a_repeat_says_of_what_and_leads_there_where_that_is_shown():
    before = item("result", made.CONTENTS["result"] | {"taken": "2026-08-01T05:00:00Z"}, fact="before")
    tree = read(record([before, REPEATED]))
    shown = under(tree, "investigation-results")
    assert "Repeated early" in shown
    assert "Taken 4 hours after the one of 1 August 2026 at 05:00 UTC; the minimum retest interval is 24 hours" in shown
    assert tree.xpath("//a[@href='#before']") and not read(record([REPEATED])).xpath("//a[@href='#before']")
    assert "Taken 4 hours after the one of 1 August 2026" in printed(record([REPEATED]))


@pytest.mark.parametrize(("text_", "read_"), [("1 h", "1 hour"), ("24 h", "24 hours"), ("56 d", "56 days"), ("a while", "a while"),
                                            ("", "")])
def test_lengths(text_: str, read_: str):
    assert beside.length(text_) == read_


@pytest.mark.parametrize("kind", [kind.name for kind in kinds.ALL if kind.cannot_tell])
def test_what_cannot_be_told_says_so(kind: str):
    rule = kinds.BY_NAME[kind].cannot_tell
    assert rule is not None and rule in kinds.BY_NAME[kind].rules
    one = item(kind, rules={"*": "record.greatest-version", OF_FACT: rule.id})
    for told in (text(read(record([one]))), printed(record([one]))):
        assert "Cannot be matched" in told and "same as another" in told
    for told in (text(read(record([one]))), printed(record([one]), explain=True, width=400)):
        assert f"{rule.id}: {rule.reason} ({rule.source})" in told
    assert "Cannot be matched" not in text(read(record([item(kind)])))


def test_classes_and_parents_are_relations_in_words():
    classes = [coded("6369005", "Penicillin"), coded("59672003", "Beta-lactam antibiotic")]
    allergy = item("allergy", made.CONTENTS["allergy"] | {"classes": classes})
    assert "Of the class Penicillin" in under(read(record([allergy])), "allergies-and-adverse-reactions")
    problem = item("problem", made.CONTENTS["problem"] | {"parents": [coded("73211009", "Diabetes mellitus")]})
    assert "A kind of Diabetes mellitus" in under(read(record([problem])), "problem-list")


class TestOmittedOnAdmission:
    """The rule itself: tests/test_admissions.py."""

    def test_on_the_page_with_a_way_to_the_entry(self):
        tree = read(record([STAY, CHARTED, listed("left out", APIXABAN)]))
        shown = under(tree, MEDICINES)
        assert "In hospital at RXA/epr since 1 August 2026 at 08:00 UTC. The chart there does not have these medicines" in shown
        [link] = tree.xpath("//div[@aria-label='Caution']//a")
        assert (link.text_content(), link.get("href")) == ("Apixaban 5mg tablets: A82038/gp, on the GP list", "#left out")
        assert tree.xpath("//article[@id='left out']")

    def test_in_the_terminal_and_for_programs_with_rule_reason_and_source(self):
        entries = STAY, CHARTED, listed("left out", APIXABAN), listed("home", made.CONTENTS["medicine"]["product"], "home", HOME)
        out = printed(record(entries))
        assert "- Apixaban 5mg tablets: A82038/gp, on the GP list" in out
        assert "- Atorvastatin 20mg tablets: RXC/community, found in the home" in out
        [one] = cautions(*entries)
        assert one["rule"]["id"] == "medicine.omitted-on-admission" and one["rule"]["reason"] and "NICE" in one["rule"]["source"]
        assert one["heading"] == "Medications and medical devices"
        assert [entry["fact"] for entry in one["entries"]] == ["home", "left out"]

    def test_what_cannot_be_told_is_said_apart_and_not_as_omitted(self):
        blue = item("medicine", {"view": "order", "product": {"text": "blue tablets"}, "start": "2026-08-01"}, fact="blue")
        [one] = cautions(STAY, CHARTED, blue, listed("white", {"text": "white tablets"}))
        assert "cannot tell whether the chart there has them" in one["text"] and "1 medicine there has no code or name" in one["text"]
        assert [entry["fact"] for entry in one["entries"]] == ["white"]

    def test_a_chart_not_begun_is_said(self):
        [one] = cautions(STAY, listed("left out", APIXABAN))
        assert one["rule"]["id"] == "medicine.not-reconciled" and not one["entries"]
        assert "No medicine charted there since has reached this record" in under(read(record([STAY, listed("x", APIXABAN)])), MEDICINES)

    def test_out_of_hospital_or_all_charted_there_is_none(self):
        assert cautions(CHARTED, listed("left out", APIXABAN)) == []
        assert cautions(STAY, CHARTED) == []
        assert cautions(STAY, item("problem")) == []

    def test_on_the_headings_own_page_and_nowhere_else(self):
        visitor = client(sources(record([STAY, CHARTED, listed("left out", APIXABAN)])))
        assert "The chart there does not have" in visitor.get(f"/people/{PERSON}/{MEDICINES}").text
        assert "The chart there does not have" not in visitor.get(f"/people/{PERSON}/contacts-and-encounters").text


def test_landmarks_links_and_labels_of_a_page_with_all_of_it():
    everything = [STAY, CHARTED, COURSE, REPEATED, listed("left out", APIXABAN),
                  item("allergy", {"agent": {"text": "the yellow one"}}, rules={OF_FACT: "allergy.cannot-tell"})]
    answer = client(sources(record(everything))).get(f"/people/{PERSON}")
    tree = html.fromstring(answer.text)
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids)) and "style=" not in answer.text
    assert {link[1:] for link in tree.xpath("//main//a/@href") if link.startswith("#")} <= set(ids), "every link leads somewhere"
    levels = [int(node.tag[1]) for node in tree.xpath("//main//h1 | //main//h2 | //main//h3 | //main//h4")]
    assert all(after - before <= 1 for before, after in pairwise(levels)), "no level of heading is left out"
    assert all(node.get("aria-label") for node in tree.xpath("//*[@role='group']"))


@given(st.dictionaries(st.sampled_from(["views", "discrepancies", "repeat_of"]), st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["about", "sides", "source", "view", "says", "taken", "start", "fact", "interval"]), inner))))
def test_whatever_stands_in_a_content_it_can_be_shown(content: dict[str, Any]):
    beside.views(content), beside.discrepancies(content), beside.repeat(content)
