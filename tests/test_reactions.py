"""What problems and alerts tell of allergies: by code and by words, and what tells of none."""

from __future__ import annotations

from typing import Any

import pytest

from mainstem.kinds.facts import NoTerms
from mainstem.reactions import causes
from mainstem.relations import UNLISTED, WARNED, relations, unlisted
from mainstem.terminology import builtin
from tests.test_relations import AMOXICILLIN, FLUCLOXACILLIN, PENICILLINS, allergy, medicine
from tests.web.made import coded, item

PENICILLIN = coded("91936005", "Allergy to penicillin")
IN_WORDS = {"text": "Penicillin allergy"}


def agents(kind: str, content: dict[str, Any]) -> set[str]:
    return {agent for concept in causes(item(kind, content), builtin()) for agent in builtin().agents(concept)}


@pytest.mark.parametrize("code", [
    PENICILLIN, IN_WORDS, {"text": "ALLERGY - PENICILLIN"}, {"text": "H/O: penicillin allergy"}, {"text": "Severe penicillin allergy"},
    {"text": "History of anaphylaxis due to penicillin"}, coded("PA1", "Penicillin allergy", "urn:local"),
    {"text": "Allergic to: penicillin"}, {"text": "Penicillin - adverse reaction"}, {"text": "?penicillin allergy"},
    {"text": "Penicillin allergy?"}, {"text": "Suspected penicillin allergy"}, {"text": "Possible severe penicillin allergy"},
    PENICILLIN | {"text": "Do not give penicillin: allergy"},
])
@pytest.mark.parametrize("kind", ["problem", "flag"])
def test_what_tells_of_an_allergy(kind: str, code: dict[str, Any]) -> None:
    assert agents(kind, {"code": code, "status": "active"}) == agents(kind, {"code": code}) == {PENICILLINS}
    assert not agents(kind, {"code": code, "status": "resolved"}) and not agents("procedure", {"code": code})


@pytest.mark.parametrize("code", [
    {"text": "No history of penicillin allergy"}, {"text": "Not allergic to penicillin"}, {"text": "Penicillin allergy de-labelled"},
    {"text": "Family history of penicillin allergy"}, {"text": "Penicillin allergy excluded"}, {"text": "Penicillin"},
    {"text": "Paracetamol overdose"}, {"text": "Allergy clinic"}, coded("21719001", "Allergic rhinitis due to pollen"),
    coded("716186003", "No known allergies"), {}, {"text": None}, {"codes": None},
])
def test_what_tells_of_none(code: dict[str, Any]) -> None:
    assert not agents("problem", {"code": code, "status": "active"}) and not agents("flag", {"code": code, "status": "active"})


def test_the_note_of_an_alert_may_be_the_warning_and_one_denied_is_none() -> None:
    assert agents("flag", {"code": {"text": "Allergy alert"}, "note": "Penicillin - rash"}) == {PENICILLINS}
    assert not agents("problem", {"code": {"text": "Allergy"}, "note": "Penicillin"}), "of a problem it is a remark"
    assert not agents("problem", {"code": PENICILLIN, "verification": "refuted"})


def test_a_warning_is_held_against_what_is_taken_unless_an_allergy_says_so() -> None:
    warning = item("problem", {"code": IN_WORDS, "status": "active"}, fact="w")
    told = relations([medicine("m"), warning], builtin())
    assert [(one.rule, one.fact, one.other, one.code, one.fact_by_name, one.other_by_name) for one in told] == [
        (WARNED, "m", "w", PENICILLINS, False, True)]
    amoxicillin = item("flag", {"code": coded("294505008", "Allergy to amoxicillin")}, fact="w")
    assert [one.code for one in relations([medicine("m", coded(FLUCLOXACILLIN, "x")), amoxicillin], builtin())] == [PENICILLINS]
    assert unlisted([warning, allergy("a", AMOXICILLIN)], builtin()) == ("w",), "of the class, more than the one"
    assert unlisted([warning, allergy("p", PENICILLINS)], builtin()) == () == unlisted([warning], NoTerms())
    assert unlisted([warning, allergy("p", PENICILLINS, clinical_status="resolved")], builtin()) == ("w",)
    assert UNLISTED.id == "allergy.told-elsewhere"
