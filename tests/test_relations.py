"""How entries of one record relate: by table with the terminology that ships, and whatever the order."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.kinds import BY_NAME
from mainstem.kinds.base import DMD
from mainstem.kinds.facts import NoTerms
from mainstem.relations import ACROSS, HOLDS, NEAR, PRODUCT, TAKEN, WITHIN, relations
from mainstem.terminology import builtin
from mainstem.web.record import Item
from tests.kinds.members import member
from tests.web.made import coded, item

PENICILLINS, AMOXICILLIN, IBUPROFEN, NSAID = "764146007", "372687004", "387207008", "372665008"
AMOXICILLIN_VTM = coded("27658006", "Amoxicillin", DMD)
CAPSULES = coded("323509004", "Amoxicillin 250mg capsules", DMD)
CO_AMOXICLAV, CLAVULANIC, FLUCLOXACILLIN, PARACETAMOL, CODEINE, CO_CODAMOL = (
    "89519005", "395939008", "387544009", "387517004", "387494007", "412556009")
CEFALEXIN = coded("54887004", "Cefalexin", DMD)
SERTRALINE = "321958004"
LUSTRAL = coded("936411000001108", "Lustral 50mg tablets", DMD)


def allergy(fact: str, code: str, **content: Any) -> Item:
    return item("allergy", {"agent": coded(code, "x"), "clinical_status": "active"} | content, fact=fact)


def in_words(text: str, code: str = "", **content: Any) -> Item:
    """An allergy told by words, under a code that tells no agent."""
    return item("allergy", {"agent": {"text": text} | ({"codes": coded(code, "x")["codes"]} if code else {})} | content, fact="w")


def medicine(fact: str, product: dict[str, Any] = AMOXICILLIN_VTM, **content: Any) -> Item:
    return item("medicine", {"view": "list", "product": product, "status": "active", "start": "2024-01"} | content, fact=fact)


def found(*entries: Item) -> list[tuple[str, str, str, str]]:
    return [(one.rule.id, one.fact, one.other, one.code) for one in relations(entries, builtin())]


@pytest.mark.parametrize(("entries", "expected"), [
    ([], []),
    # a finding of the class, a substance of it
    ([allergy("a", AMOXICILLIN), allergy("p", "91936005")], [(WITHIN.id, "a", "p", PENICILLINS)]),
    # of an allergy that is over or denied as well: it is a relation of what they are to
    ([allergy("a", AMOXICILLIN, clinical_status="resolved"), allergy("p", PENICILLINS, verification="refuted")],
     [(WITHIN.id, "a", "p", PENICILLINS)]),
    ([allergy("a", AMOXICILLIN), allergy("b", "292967008"), allergy("n", NSAID)], []),
    ([allergy("a", AMOXICILLIN), allergy("i", IBUPROFEN), allergy("n", NSAID), allergy("p", PENICILLINS)],
     [(WITHIN.id, "a", "p", PENICILLINS), (WITHIN.id, "i", "n", NSAID)]),
    ([allergy("a", AMOXICILLIN), allergy("none", "716186003"), allergy("lost", "196461000000101")], []),
    # taken, by the class and by the agent itself
    ([medicine("m"), allergy("p", PENICILLINS), allergy("a", AMOXICILLIN)],
     [(WITHIN.id, "a", "p", PENICILLINS), (TAKEN.id, "m", "a", AMOXICILLIN), (TAKEN.id, "m", "p", PENICILLINS)]),
    ([medicine("m"), allergy("i", IBUPROFEN)], []),
    # a status that no rule knows ends neither
    ([medicine("m", status="unknown"), allergy("a", AMOXICILLIN, clinical_status="recurrence")], [(TAKEN.id, "m", "a", AMOXICILLIN)]),
    ([medicine("m", status=None), allergy("a", AMOXICILLIN, clinical_status=None)], [(TAKEN.id, "m", "a", AMOXICILLIN)]),
    ([medicine("m", status="stopped"), allergy("a", AMOXICILLIN)], []),
    ([medicine("m"), allergy("a", AMOXICILLIN, clinical_status="resolved")], []),
    ([medicine("m"), allergy("a", AMOXICILLIN, verification="refuted")], []),
    # one line of products, at two levels of it
    ([medicine("m", CAPSULES), medicine("v")], [(PRODUCT.id, "m", "v", "27658006")]),
    ([medicine("m", LUSTRAL), medicine("v", coded(SERTRALINE, "x", DMD))], [(PRODUCT.id, "m", "v", SERTRALINE)]),
    ([medicine("m", CAPSULES), medicine("n", coded("323510009", "Amoxicillin 500mg capsules", DMD))], []),
    ([medicine("m"), medicine("n")], []),
    ([medicine("m", CAPSULES), medicine("v", status="stopped")], []),
    ([medicine("m", {"text": "Amoxicillin 250mg capsules"}), medicine("v")], []),
    ([medicine("m", CAPSULES), medicine("v", {"text": "Amoxicillin"})], []),
    ([medicine("m", CAPSULES), allergy("p", PENICILLINS), medicine("v", status="on-hold")],
     [(TAKEN.id, "m", "p", PENICILLINS)]),
    # a moiety of several ingredients, on either side; each pair once, by what it is to itself first
    ([medicine("m", coded(CO_AMOXICLAV, "x", DMD)), allergy("p", PENICILLINS)], [(TAKEN.id, "m", "p", PENICILLINS)]),
    ([medicine("m", coded(CO_AMOXICLAV, "x", DMD)), allergy("a", AMOXICILLIN)], [(TAKEN.id, "m", "a", AMOXICILLIN)]),
    ([medicine("m", {"text": "Augmentin 625mg tablets"}), allergy("p", "91936005")], [(TAKEN.id, "m", "p", PENICILLINS)]),
    ([medicine("m", coded(CO_AMOXICLAV, "x", DMD)), allergy("c", CO_AMOXICLAV)], [(TAKEN.id, "m", "c", CO_AMOXICLAV)]),
    ([medicine("m"), allergy("c", CO_AMOXICLAV)], [(TAKEN.id, "m", "c", AMOXICILLIN)]),
    ([medicine("m", coded(CO_CODAMOL, "x", DMD)), allergy("c", CODEINE), allergy("i", IBUPROFEN)], [(TAKEN.id, "m", "c", CODEINE)]),
    ([medicine("m", coded("3805611000001109", "Co-codamol 15mg/500mg tablets", DMD)), allergy("c", CODEINE)],
     [(TAKEN.id, "m", "c", CODEINE)]),
    ([medicine("m", coded(CO_CODAMOL, "x", DMD), status="stopped"), allergy("c", CODEINE)], []),
    ([allergy("c", CO_AMOXICLAV), allergy("a", AMOXICILLIN), allergy("p", PENICILLINS), allergy("x", CLAVULANIC)],
     [(HOLDS.id, "c", "a", AMOXICILLIN), (HOLDS.id, "c", "x", CLAVULANIC), (WITHIN.id, "a", "p", PENICILLINS),
      (WITHIN.id, "c", "p", PENICILLINS)]),
    # another one of a class within which people react across; told once, and not where it is told more closely
    ([medicine("m"), allergy("f", FLUCLOXACILLIN)], [(ACROSS.id, "m", "f", PENICILLINS)]),
    ([medicine("m", coded(CO_AMOXICLAV, "x", DMD)), allergy("f", FLUCLOXACILLIN)], [(ACROSS.id, "m", "f", PENICILLINS)]),
    ([medicine("m", {"text": "Penicillin"}), allergy("a", AMOXICILLIN)], [(ACROSS.id, "m", "a", PENICILLINS)]),
    ([medicine("m", {"text": "Ibuprofen 400mg tablets"}), allergy("s", "387458008")], [(ACROSS.id, "m", "s", NSAID)]),
    ([medicine("m", {"text": "Ramipril"}), allergy("l", "386873009")], [(ACROSS.id, "m", "l", "372733002")]),
    ([medicine("m"), allergy("f", FLUCLOXACILLIN, clinical_status="resolved")], []),
    # a beta-lactam of another class, or another cephalosporin or carbapenem
    ([medicine("m", CEFALEXIN), allergy("p", "91936005")], [(NEAR.id, "m", "p", PENICILLINS)]),
    ([medicine("m", CEFALEXIN), allergy("c", CO_AMOXICLAV)], [(NEAR.id, "m", "c", PENICILLINS)]),
    ([medicine("m", {"text": "Meropenem 1g powder for solution for injection vials"}), in_words("Penicillin - rash")],
     [(NEAR.id, "m", "w", PENICILLINS)]),
    ([medicine("m", coded("323964004", "Imipenem + Cilastatin", DMD)), allergy("a", AMOXICILLIN)], [(NEAR.id, "m", "a", PENICILLINS)]),
    ([medicine("m", CEFALEXIN), allergy("c", "372833007")], [(NEAR.id, "m", "c", "372833007")]),
    ([medicine("m"), allergy("c", "372833007")], [(NEAR.id, "m", "c", "372833007")]),
    # not where it is told more closely, of what is over, or of another antibacterial
    ([medicine("m", CEFALEXIN), allergy("c", "387304003"), allergy("p", PENICILLINS)],
     [(NEAR.id, "m", "p", PENICILLINS), (TAKEN.id, "m", "c", "387304003")]),
    ([medicine("m", CEFALEXIN), allergy("p", PENICILLINS, clinical_status="resolved")], []),
    ([medicine("m", CEFALEXIN, status="stopped"), allergy("p", PENICILLINS)], []),
    ([medicine("m", CEFALEXIN), allergy("e", "91931000"), allergy("x", CLAVULANIC), allergy("s", "387406002")], []),
    ([medicine("m", {"text": "Erythromycin"}), medicine("n", {"text": "Trimethoprim"}), allergy("p", PENICILLINS)], []),
    ([allergy("c", "387304003"), allergy("p", PENICILLINS)], []),
    # of other classes that is the usual course of things
    ([medicine("m", {"text": "Atorvastatin"}), allergy("s", "387584000")], []),
    ([medicine("m", {"text": "Bisoprolol"}), allergy("s", "387506000")], []),
    # a text that goes on to tell the reaction is told as for the key
    ([medicine("m"), in_words("Penicillin - rash", reactions=[{"manifestation": {"text": "Rash"}}])], [(TAKEN.id, "m", "w", PENICILLINS)]),
    ([medicine("m"), in_words("Penicillin - rash")], [(TAKEN.id, "m", "w", PENICILLINS)]),
    # a text that tells several, a code that tells no agent beside one that does
    ([medicine("m"), medicine("i", {"text": "Ibuprofen"}), in_words("penicillin, ibuprofen and plasters")],
     [(TAKEN.id, "i", "w", IBUPROFEN), (TAKEN.id, "m", "w", PENICILLINS)]),
    ([medicine("m"), in_words("Penicillin", "62014003")], [(TAKEN.id, "m", "w", PENICILLINS)]),
    ([medicine("m"), in_words("house dust mite (not penicillin)")], []),
    ([medicine("m"), in_words("No known allergies, penicillin")], [(TAKEN.id, "m", "w", PENICILLINS)]),
    ([medicine("m"), in_words("Penicillin", "716186003")], [(TAKEN.id, "m", "w", PENICILLINS)]),
    ([medicine("m"), in_words("No known allergies", "716186003")], []),
    ([medicine("m"), in_words("Penicillin", "196461000000101")], []),
    # codings that say different things: one of them may be right
    ([medicine("m"), item("allergy", {"agent": {"codes": [*coded("91936005", "x")["codes"], *coded(IBUPROFEN, "x")["codes"]]}}, fact="b")],
     [(TAKEN.id, "m", "b", PENICILLINS)]),
    ([medicine("m", {"codes": [*AMOXICILLIN_VTM["codes"], *coded("90332006", "x", DMD)["codes"]]}), allergy("p", PENICILLINS)],
     [(TAKEN.id, "m", "p", PENICILLINS)]),
    # what cannot be told has none
    ([medicine("m", {"text": "the pink ones"}), allergy("a", AMOXICILLIN)], []),
    ([medicine("m"), item("allergy", {"agent": {"text": "antibiotics, unsure which"}}, fact="w")], []),
    ([item("medicine", {}, fact="m"), item("allergy", {}, fact="a")], []),
])
def test_what_is_related(entries: list[Item], expected: list[tuple[str, str, str, str]]) -> None:
    assert found(*entries) == sorted(expected)


DISPENSED = {"view": "dispense", "status": "completed", "start": "2026-11-01"}
GIVEN = {"view": "administration", "status": "completed", "start": "2026-11-01T08:00:00Z"}


@pytest.mark.parametrize(("content", "on", "told"), [
    (DISPENSED, "2026-11-01", True), (DISPENSED, "2027-01-24", True), (DISPENSED, "2027-01-25", False), (DISPENSED, "", False),
    (DISPENSED | {"supply": {"value": "7", "unit": "day"}}, "2026-11-08", True),
    (DISPENSED | {"supply": {"value": "7", "unit": "day"}}, "2026-11-09", False),
    (DISPENSED | {"status": "cancelled"}, "2026-11-01", False), (DISPENSED | {"start": None}, "2026-11-01", False),
    (GIVEN, "2026-11-03", True), (GIVEN, "2026-11-04", False), (GIVEN | {"status": "not-taken"}, "2026-11-01", False),
    # a list, chart or home that tells of it too has the word
    ({"status": "stopped", "views": [DISPENSED, {"view": "list", "status": "stopped"}]}, "2026-11-02", False),
    ({"status": "completed", "views": [DISPENSED, GIVEN]}, "2026-11-30", True),
    ({"view": "list", "status": "completed", "start": "2026-11-01"}, "2026-11-01", False),
])
def test_what_was_dispensed_and_lasts_or_was_just_given_is_taken(content: dict[str, Any], on: str, told: bool) -> None:
    taken = item("medicine", {"product": AMOXICILLIN_VTM} | content, fact="m")
    assert bool(relations([taken, allergy("p", PENICILLINS)], builtin(), on)) is told


def test_a_stopped_chart_beside_a_list_without_a_status_takes_no_caution_away() -> None:
    said = {"product": {"text": "Amoxicillin 500mg capsules"}, "start": "2026-01-01"}
    bare = member("medicine", 1, "RXB/fhir", view="list", **said)
    over = member("medicine", 2, "RXA/fhir", view="order", status="stopped", **said)
    course = item("medicine", BY_NAME["medicine"].derive([over, bare], builtin()).content, fact="m")
    assert found(course, allergy("p", "91936005")) == [(TAKEN.id, "m", "p", PENICILLINS)]


def test_each_is_told_by_the_terminology_that_was_asked() -> None:
    class Other(NoTerms):
        release = "other@0123456789ab"

        def lineage(self, concept: dict[str, Any]) -> tuple[str, ...]:
            return ("brand", "product", "moiety")[("brand", "product", "moiety").index(concept["codes"][0]["code"]):]

    brand, product, moiety = (medicine(name[0], coded(name, name)) for name in ("brand", "product", "moiety"))
    assert [(*one[1:4], one.release) for one in relations([product, brand, moiety], Other())] == [
        ("b", "m", "moiety", Other.release), ("b", "p", "product", Other.release), ("p", "m", "moiety", Other.release)]
    assert {one.release for one in relations([medicine("m", CAPSULES), medicine("v"), allergy("a", AMOXICILLIN),
                                              allergy("p", PENICILLINS)], builtin())} == {builtin().release}


def test_a_product_is_held_against_each_of_its_ingredients() -> None:
    class Two(NoTerms):
        def agent(self, concept: dict[str, Any]) -> str | None:
            return concept["codes"][0]["code"] if "codes" in concept else None

        def agents(self, concept: dict[str, Any]) -> tuple[str, ...]:
            found = self.agent(concept)
            return ("both", "one", "other") if found == "both" else (found,) if found else ()

    entries = [medicine("m", coded("both", "Both")), allergy("a", "other"), allergy("b", "third")]
    assert [(one.fact, one.other, one.code) for one in relations(entries, Two())] == [("m", "a", "other")]


_CODES = st.sampled_from([PENICILLINS, AMOXICILLIN, CO_AMOXICLAV, CLAVULANIC, FLUCLOXACILLIN, IBUPROFEN, NSAID, "91936005", "716186003",
                          "387304003", "372833007", "0"])
_STATUS = st.sampled_from(["active", "inactive", "resolved", "stopped", "unknown", None])
_entries = st.lists(st.one_of(
    st.builds(lambda code, status: ("allergy", {"agent": coded(code, "x"), "clinical_status": status}), _CODES, _STATUS),
    st.builds(lambda product, status: ("medicine", {"product": product, "status": status}),
              st.sampled_from([AMOXICILLIN_VTM, CAPSULES, CEFALEXIN, coded(CO_AMOXICLAV, "x", DMD), {"text": "Ibuprofen"}, {}]),
              _STATUS)), max_size=8)


@given(_entries, st.integers(0, 2**16))
def test_order_makes_no_difference_and_entries_stay_as_they_are(drawn: list[tuple[str, dict[str, Any]]], seed: int) -> None:
    entries = [item(kind, content, fact=str(at)) for at, (kind, content) in enumerate(drawn)]
    before = copy.deepcopy(entries)
    told = relations(entries, builtin())
    random.Random(seed).shuffle(entries)
    assert relations(entries, builtin()) == told
    assert sorted(entries, key=lambda one: int(one.fact)) == before
    assert all(one.fact != one.other for one in told), "none is related to itself"
    assert not {(one.rule.id, one.other, one.fact) for one in told} & {(one.rule.id, one.fact, one.other) for one in told}
    assert len({(one.rule.id in (TAKEN.id, ACROSS.id, NEAR.id), one.rule.id if one.rule.id == PRODUCT.id else "", one.fact, one.other)
                for one in told}) == len(told), "each pair is told once of the allergies, once of what is taken, once of its product"
    assert relations(entries, NoTerms()) == ()
