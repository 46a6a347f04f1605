"""What ships is right, covers the seeds' catalogue, and knows what it does not know."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from mainstem.kinds.base import DMD, EMIS, READ2, SNOMED
from mainstem.terminology import builtin, dmd, shipped
from mainstem.terminology.lookup import NO_ANSWER, NONE_KNOWN, NOT_CODED, OTHER_SYSTEM, SEVERAL, UNKNOWN_CODE
from mainstem.terminology.statements import Level

ROOT = Path(__file__).parents[2]
CORPORA = ROOT.parent / "shared" / "corpora"
SOURCES = {"dmd", "gp-connect", "uk-core", "hl7", "bnf", "snomed"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def of_seeds(name: str) -> list[dict[str, str]]:
    """Rows of the seeds' catalogue but those of set 3 alone, of which it holds the commonest: they stand for what it does not know."""
    return [row for row in rows(ROOT / "seeds/catalogue" / name) if row["sets"] != "3"]


def coded(*codes: str, system: str = SNOMED) -> dict:
    return {"codes": [{"system": system, "code": code} for code in codes]}


@pytest.mark.parametrize("row", of_seeds("allergens.csv"), ids=lambda row: row["name"])
def test_every_way_to_code_a_seeds_allergen_is_one_agent(row):
    agents = {builtin().agent(coded(row[way])) for way in ("substance", "vtm", "finding") if row[way]}
    assert len(agents) == 1
    assert None not in agents


@pytest.mark.parametrize("row", of_seeds("medicines.csv"), ids=lambda row: row["name"])
def test_every_seeds_medicine_has_its_moiety(row):
    assert builtin().moiety(coded(row["code"], system=DMD)) == row["vtm"]
    assert builtin().route(coded(row["code"], system=DMD))
    assert builtin().agent(coded(row["code"])) == builtin().agent(coded(row["vtm"]))


def test_every_seeds_problem_is_known():
    for row in of_seeds("problems.csv"):
        assert builtin().current(coded(row["code"])) == row["code"]


@pytest.mark.parametrize(("concept", "reason"), [
    ({}, NOT_CODED), ({"text": "allergy to the blue tablets"}, NOT_CODED), ({"codes": []}, NOT_CODED), ({"codes": "x"}, NOT_CODED),
    (coded("ALLERGY4276EGTON", system=EMIS), OTHER_SYSTEM), (coded("TJ00300", system=READ2), OTHER_SYSTEM),
    (coded("91936005", system="urn:local"), OTHER_SYSTEM), ({"codes": [None, 7, {"system": SNOMED, "code": 91936005}]}, OTHER_SYSTEM),
    (coded("AL10"), OTHER_SYSTEM), (coded("9" * 30), OTHER_SYSTEM), (coded("²"), OTHER_SYSTEM),
    (coded("1012851000006104"), UNKNOWN_CODE), (coded("195967001"), NO_ANSWER), (coded("62014003"), NO_ANSWER),
    (coded("196461000000101"), NO_ANSWER), (coded("716186003"), NONE_KNOWN), (coded("409137002"), NONE_KNOWN),
    (coded("91936005", "91935009"), SEVERAL),
])
def test_cannot_tell_has_its_reason(concept, reason):
    answer = builtin().agent_of(concept)
    assert (answer.code, answer.reason) == (None, reason)
    assert builtin().agent(concept) is None


def test_a_suppliers_code_beside_a_snomed_code_does_not_matter():
    concept = {"codes": [{"system": READ2, "code": "TJ00300"}, {"system": SNOMED, "code": "292967008"}]}
    assert builtin().agent(concept) == "372687004"


@pytest.mark.parametrize("row", of_seeds("medicines.csv"), ids=lambda row: row["name"])
def test_a_product_in_words_or_with_a_local_code_has_the_moiety_of_its_code(row):
    assert builtin().moiety({"text": row["name"]}) == row["vtm"]
    assert builtin().moiety({"codes": [{"system": "urn:local", "code": row["community_code"], "display": row["name"]}]}) == row["vtm"]
    assert builtin().usual_route(row["vtm"]) == builtin().route(coded(row["code"], system=DMD))


@pytest.mark.parametrize(("text", "vtm"), [
    ("OMEPRAZOLE 20 mg caps", "25673006"), ("Frusemide 40mg tabs", "81609008"), ("Lipitor 10mg tablets", "108600003"),
    ("lipitor tabs 10 mg", "108600003"), ("levothyroxine sodium 25 micrograms", "10071011000001106"),
    ("GTN spray 400micrograms/dose", "71759000"), ("Losec 20mg caps", "25673006"), ("Lantus", "126212009"),
    ("Metformin hydrochloride 500mg tablets", "109081006"), ("Diclofenac potassium 50mg tablets", None),
    ("codeine with paracetamol", None), ("Paracetamol and metoclopramide", None), ("omeprazol", None), ("his water tablets", None),
    ("20mg tablets", None), ("", None),
])
def test_words_name_a_product_by_equality_only(text, vtm):
    assert builtin().moiety({"text": text}) == vtm


@pytest.mark.parametrize(("text", "agent"), [
    ("Allergy to penicillin", "764146007"), ("allergic to penicillins", "764146007"), ("Penicillin allergy", "764146007"),
    ("Adverse reaction to Lustral", "372594008"), ("Egg", "102263004"), ("amoxycillin 250mg capsules", "372687004"),
    ("not allergic to penicillin", None), ("Allergy to drug", None), ("penicillin or its relatives", None),
])
def test_words_name_an_agent_by_equality_only(text, agent):
    assert builtin().agent({"text": text}) == agent


@pytest.mark.parametrize("text", ["?Asthma", "asthma ?", "Asthma (?)", "\uff1fAsthma"])
def test_words_that_ask_name_no_concept(text):
    concept = {"codes": [{"system": "urn:local", "code": "X9", "display": "Asthma"}], "text": text}
    for asked in ({"text": text}, concept, {"codes": [{"system": "urn:local", "code": "X9", "display": text}]}):
        assert builtin().current(asked) is None
        assert builtin().current_of(asked).code is None
    assert builtin().agent({"text": "?penicillin"}) is builtin().agent_of({"text": "?penicillin"}).code is None


def test_a_medicine_in_doubt_is_still_held_against_allergies():
    assert builtin().agents({"text": "?amoxicillin 500mg capsules"}) == ("372687004",)
    assert builtin().moiety({"text": "?amoxicillin 500mg capsules"}) == builtin().moiety({"text": "amoxicillin 500mg capsules"})


def test_a_code_that_is_known_counts_before_words():
    assert builtin().moiety({"codes": [{"system": DMD, "code": "317291008"}], "text": "Paracetamol 500mg tablets"}) == "25673006"
    assert builtin().agent({"codes": [{"system": SNOMED, "code": "196461000000101"}], "text": "Allergy to penicillin"}) is None
    assert builtin().current({"text": "Asthma"}) == "195967001"
    assert builtin().current({"text": "HYPERTENSION"}) == builtin().current({"text": "High blood pressure"}) == "38341003"
    assert builtin().current({"text": "Penicillin allergy"}) is None, "what caused a finding is not the finding"
    assert builtin().none_known({"text": "NKDA"}) == "409137002"


@pytest.mark.parametrize(("text", "code"), [
    ("Ferritin", "993381000000106"), ("CRP", "1001371000000100"), ("AF (atrial fibrillation)", "49436004"), ("COPD", "13645005"),
    ("?AF (atrial fibrillation)", None), ("AF (asthma)", None), ("Sodium", None),
])
def test_words_name_what_a_list_means_by_them(text, code):
    """A result named `Ferritin` is the test, not the order for it; sodium may be serum's or urine's."""
    assert builtin().current({"text": text}) == code


def test_a_brand_of_two_holds_both():
    assert {"1389007", "386171009"} < set(builtin().agents({"text": "Fostair 100/6 inhaler"}))


def test_class_is_a_relation_and_no_agent():
    penicillin, amoxicillin = (builtin().agent(coded(code)) for code in ("91936005", "372687004"))
    assert penicillin != amoxicillin
    assert builtin().is_a(amoxicillin, penicillin)
    assert builtin().parents(amoxicillin) == (penicillin,)


def test_every_row_has_its_source_and_no_relation_dangles():
    concepts = rows(shipped.FOLDER / "concepts.csv")
    relations = rows(shipped.FOLDER / "relations.csv")
    names = rows(shipped.FOLDER / "names.csv")
    sensitive = rows(shipped.FOLDER / "sensitive.csv")
    assert {row["source"] for row in concepts + relations + names + sensitive} <= SOURCES
    assert {row["code"] for row in sensitive} <= {row["code"] for row in concepts}
    assert {row["code"] for row in names} <= {row["code"] for row in concepts}
    listed = [row["code"] for row in concepts]
    assert len(set(listed)) == len(listed)
    assert {row["target"] for row in relations} <= set(listed)
    assert {row["code"] for row in relations if row["link"] != "replaced-by"} <= set(listed)


@pytest.mark.corpus
def test_what_it_takes_from_dmd_is_what_dmd_says():
    if not (CORPORA / "dmd").is_dir():
        pytest.skip(f"no {CORPORA}")
    said, _ = dmd.read(CORPORA / "dmd")
    terms = {concept.code: concept.term for concept in said.concepts}
    relations = {(r.code, r.link.name.lower().replace("_", "-"), r.target) for r in said.relations}
    for row in rows(shipped.FOLDER / "concepts.csv"):
        if row["source"] == "dmd":
            assert terms[int(row["code"])] == row["term"]
    for row in rows(shipped.FOLDER / "relations.csv"):
        if row["source"] == "dmd" and row["link"] in ("replaced-by", "substance-of"):
            assert (int(row["code"]), row["link"], int(row["target"])) in relations


@pytest.mark.corpus
def test_what_it_takes_from_gp_connect_is_there():
    if not CORPORA.is_dir():
        pytest.skip(f"no {CORPORA}")
    text = "".join(gzip.decompress(path.read_bytes()).decode() for path in sorted((CORPORA / "gp-connect-stu3").rglob("*.gz")))
    assert [row["code"] for row in rows(shipped.FOLDER / "concepts.csv")
            if row["source"] == "gp-connect" and f'"{row["code"]}"' not in text] == []


def test_levels_are_told():
    assert builtin().concept("643911000001108").level is Level.AMP
    assert builtin().concept("1") is None
