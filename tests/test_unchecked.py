"""Which allergies and medicines could not be held against each other, and when there is nothing to tell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.kinds.base import DMD
from mainstem.kinds.facts import NoTerms
from mainstem.relations import relations, taken
from mainstem.terminology import builtin
from mainstem.unchecked import unchecked
from mainstem.web.record import Item
from tests.test_relations import AMOXICILLIN_VTM, DISPENSED, IBUPROFEN, PENICILLINS, allergy, in_words, medicine
from tests.web.made import coded, item

PINK = {"text": "the pink ones"}
NONE_KNOWN, NO_DRUG_KNOWN, ANY_DRUG, DEGRADED = "716186003", "409137002", "62014003", "196461000000101"


@pytest.mark.parametrize(("entries", "expected"), [
    ([], ""),
    # an allergy that nothing tells, beside whatever is taken, told or not
    ([in_words("antibiotics, unsure which"), medicine("m")], "w"),
    ([in_words("antibiotics, unsure which"), medicine("m", PINK)], "m w"),
    ([in_words("Adverse reaction to drug", ANY_DRUG), medicine("m")], "w"),
    ([allergy("a", "1012851000006104"), medicine("m")], "a"),
    ([allergy("a", DEGRADED), medicine("m")], "a"),
    ([item("allergy", {}, fact="a"), medicine("m")], "a"),
    ([in_words("Allergy to cephalosporin"), medicine("m")], "w"),
    # also of a kind that is not said, or of several
    ([in_words("cats", category=""), medicine("m")], "w"),
    ([in_words("cats", category="Environment, medication"), medicine("m")], "w"),
    ([in_words("the blue ones", verification="unconfirmed", clinical_status="recurrence"), medicine("m")], "w"),
    # a medicine that nothing tells, beside an allergy that may be to a drug, or a problem or alert that tells of one
    ([allergy("p", PENICILLINS), medicine("m", PINK), medicine("n")], "m"),
    ([allergy("p", PENICILLINS), item("medicine", {}, fact="m")], "m"),
    ([allergy("p", PENICILLINS), medicine("m", coded("AMCA1", "Amoxicillin", "urn:local"))], ""),
    ([allergy("p", PENICILLINS), medicine("m", coded("999999999999", "Novelty 5mg tablets", DMD))], "m"),
    ([item("problem", {"code": {"text": "Penicillin allergy"}}), medicine("m", PINK)], "m"),
    ([item("flag", {"code": {"text": "Penicillin allergy"}}), medicine("m", PINK)], "m"),
    # nothing on the other side
    ([in_words("antibiotics, unsure which")], ""),
    ([medicine("m", PINK)], ""),
    ([in_words("antibiotics, unsure which"), medicine("m", status="stopped")], ""),
    ([allergy("p", PENICILLINS), medicine("m", PINK, status="stopped")], ""),
    ([allergy("p", PENICILLINS, clinical_status="resolved"), medicine("m", PINK)], ""),
    ([item("problem", {"code": {"text": "Penicillin allergy excluded"}}), medicine("m", PINK)], ""),
    # no allergy: none known, over, denied
    ([in_words("No known allergies", NONE_KNOWN), medicine("m", PINK)], ""),
    ([in_words("nil known", NO_DRUG_KNOWN), medicine("m", PINK)], ""),
    ([in_words("NKDA"), medicine("m", PINK)], ""),
    ([in_words("the blue ones", clinical_status="inactive"), medicine("m")], ""),
    ([in_words("the blue ones", verification="refuted"), medicine("m")], ""),
    # to no drug, as it says itself
    ([in_words("cats", category="environment"), medicine("m", PINK)], ""),
    ([in_words("kiwi", category="Food , environment"), medicine("m", PINK)], ""),
    ([in_words("kiwi", category="food"), allergy("p", PENICILLINS), medicine("m", PINK)], "m"),
    # all of it told, whatever the terminology has it as
    ([allergy("p", PENICILLINS), allergy("i", IBUPROFEN), medicine("m"), medicine("n", {"text": "Ibuprofen 400mg tablets"})], ""),
    ([allergy("x", "91935009"), medicine("m")], ""),
    ([in_words("Penicillin - rash"), medicine("m")], ""),
])
def test_what_could_not_be_checked(entries: list[Item], expected: str) -> None:
    assert unchecked(entries, builtin()) == unchecked(entries[::-1], builtin()) == tuple(expected.split())


def test_what_was_handed_over_and_lasts_is_something_to_check() -> None:
    entries = [in_words("the blue ones"), item("medicine", {"product": PINK} | DISPENSED, fact="m")]
    assert unchecked(entries, builtin(), "2026-11-02") == ("m", "w") and unchecked(entries, builtin(), "2027-11-02") == ()


_CODED = [coded(code, "x") for code in (PENICILLINS, IBUPROFEN, NONE_KNOWN, NO_DRUG_KNOWN, ANY_DRUG, DEGRADED)]
_AGENTS: Any = st.sampled_from([*_CODED, PINK, {"text": "Penicillin"}, {}])
_ENTRIES = st.lists(st.one_of(
    st.builds(lambda agent, status, category: ("allergy", {"agent": agent, "clinical_status": status, "category": category}), _AGENTS,
              st.sampled_from(["active", "resolved", None]), st.sampled_from(["food", "medication", None])),
    st.builds(lambda product, status: ("medicine", {"product": product, "status": status}),
              st.sampled_from([AMOXICILLIN_VTM, PINK, {}, coded("0", "x", DMD)]), st.sampled_from(["active", "stopped", None])),
    st.builds(lambda code: ("problem", {"code": code}), st.sampled_from([{"text": "Penicillin allergy"}, {"text": "Asthma"}]))), max_size=7)


@given(_ENTRIES)
def test_what_is_related_was_checked_and_what_nothing_tells_is_named(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    entries = [item(kind, content, fact=str(at)) for at, (kind, content) in enumerate(drawn)]
    named, found = set(unchecked(entries, builtin())), relations(entries, builtin())
    assert not named & {fact for one in found for fact in (one.fact, one.other)}, "what is related was told"
    medicines = {entry.fact: entry.content["product"] for entry in taken(entries)}
    assert not named or medicines, "nothing to check"
    assert named <= {entry.fact for entry in entries if entry.kind == "allergy"} | medicines.keys()
    if any(one.rule.id.startswith("medicine.taken-despite") for one in found):
        assert {fact for fact, product in medicines.items() if not builtin().agents(product)} <= named
    for entry in entries:
        if entry.kind == "allergy" and entry.content["agent"] in (PINK, {}) and entry.content["clinical_status"] != "resolved":
            assert (entry.fact in named) is (bool(medicines) and entry.content["category"] != "food")
    listed = [entry for entry in entries if entry.kind != "problem"]
    assert {*unchecked(listed, NoTerms())} >= {*unchecked(listed, builtin())}, "a terminology that knows less checks less"
