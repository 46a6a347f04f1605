"""What is related to penicillins: the agents that are named are dm+d's, and classes are a release's own."""

from __future__ import annotations

import pytest

from mainstem.across import CARBAPENEMS, CEPHALOSPORINS, PENICILLINS, beta_lactams
from mainstem.kinds.base import DMD
from mainstem.kinds.facts import NoTerms
from mainstem.relations import ACROSS, NEAR, TAKEN, relations
from mainstem.terminology import Terminology, builtin, dmd, store
from mainstem.terminology.statements import Concept, Level, Link, Relation, Statements
from mainstem.web.record import Item
from tests.terminology.test_releases_read import CORPUS
from tests.test_relations import AMOXICILLIN, allergy, medicine
from tests.web.made import coded, item

LISTED = {PENICILLINS, *CEPHALOSPORINS, *CARBAPENEMS}
CLASS, CARBAPENEM, FIRST, ANTIBACTERIAL, TRIMETHOPRIM = "10000006", "10001005", "10002003", "10003008", "387179001"
"""Made, but for the last; so are the two below."""
NEWER, FINDING, AXETIL = "10004002", "10005001", "89678001"


def release(*, told: bool = True) -> Terminology:
    """With parents as SNOMED CT has them, of made classes; `told`: also those of penicillins."""
    parents = [(AMOXICILLIN, PENICILLINS), ("387304003", FIRST), (FIRST, CLASS), ("372833007", CLASS), ("372670001", CLASS), (NEWER, CLASS),
               (CLASS, ANTIBACTERIAL), *((code, CARBAPENEM) for code in CARBAPENEMS), (CARBAPENEM, ANTIBACTERIAL),
               (TRIMETHOPRIM, ANTIBACTERIAL), *[(PENICILLINS, ANTIBACTERIAL)] * told]
    codes = {code for pair in parents for code in pair} | {AXETIL}
    said = [Concept(int(code), Level.SUBSTANCE, code) for code in sorted(codes)] + [Concept(int(FINDING), Level.OTHER, "finding")]
    linked = [Relation(int(code), Link.IS_A, int(parent)) for code, parent in parents]
    linked += [Relation(int(FINDING), Link.AGENT, int(CLASS)), Relation(int(AXETIL), Link.BASE, 372833007)]
    return Terminology(store.Store(store.made("test", Statements(said, linked), {})))


def found(terms: Terminology, *entries: Item) -> list[tuple[str, str, str]]:
    return [(one.rule.id, one.fact, one.other) for one in relations(entries, terms)]


def test_classes_are_those_that_a_release_has_of_all_and_of_no_penicillin() -> None:
    assert beta_lactams(release()) == LISTED | {CLASS, CARBAPENEM}
    assert beta_lactams(release(told=False)) == beta_lactams(builtin()) == beta_lactams(NoTerms()) == LISTED, "that tells no such class"


@pytest.mark.parametrize(("taken", "to", "rule"), [
    (AXETIL, PENICILLINS, NEAR.id), ("387304003", AMOXICILLIN, NEAR.id), (NEWER, AMOXICILLIN, NEAR.id), (AMOXICILLIN, FINDING, NEAR.id),
    ("387540000", FINDING, NEAR.id), (AMOXICILLIN, NEWER, NEAR.id), (NEWER, AXETIL, NEAR.id), (AXETIL, FINDING, TAKEN.id),
    (NEWER, CLASS, TAKEN.id), (AMOXICILLIN, ANTIBACTERIAL, TAKEN.id), (AMOXICILLIN, PENICILLINS, TAKEN.id),
    (PENICILLINS, AMOXICILLIN, ACROSS.id),
    (TRIMETHOPRIM, PENICILLINS, None), (AXETIL, TRIMETHOPRIM, None), (TRIMETHOPRIM, FINDING, None),
])
def test_what_is_taken_is_held_against_related_classes_by_the_parents_of_a_release(taken: str, to: str, rule: str | None) -> None:
    assert found(release(), medicine("m", coded(taken, "x")), allergy("a", to)) == ([(rule, "m", "a")] if rule else [])


@pytest.mark.parametrize("code", sorted(LISTED - {PENICILLINS}))
def test_each_is_told_by_its_code_in_any_release_that_knows_it(code: str) -> None:
    said = [Concept(int(code), Level.SUBSTANCE, code), Concept(int(PENICILLINS), Level.SUBSTANCE, "y")]
    terms = Terminology(store.Store(store.made("test", Statements(said, []), {})))
    assert found(terms, medicine("m", coded(code, "x", DMD)), allergy("a", PENICILLINS)) == [(NEAR.id, "m", "a")]


@pytest.mark.parametrize("name", ["Cefaclor", "Cefadroxil", "Cefalexin", "Cefazolin", "Cefixime", "Cefotaxime", "Cefpodoxime", "Cefradine",
                                  "Ceftazidime", "Ceftriaxone", "Cefuroxime", "Meropenem", "Ertapenem", "Imipenem with cilastatin",
                                  "Cephalexin 500mg capsules", "cefuroxime 250mg tabs"])
def test_the_commonest_are_known_to_the_built_in_release_by_name(name: str) -> None:
    taken, problem = medicine("m", {"text": name}), item("problem", {"code": {"text": "Penicillin allergy"}}, fact="w")
    assert [one[0] for one in found(builtin(), taken, allergy("a", PENICILLINS))] == [NEAR.id]
    assert [one[0] for one in found(builtin(), taken, problem)] == ["medicine.taken-despite-warning"]


@pytest.mark.corpus
def test_they_are_what_dmd_calls_them() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"no {CORPUS}")
    terms = {str(one.code): one.term for one in dmd.read(CORPUS)[0].concepts if one.level is Level.SUBSTANCE}
    named = CEPHALOSPORINS | CARBAPENEMS
    assert {code: terms[code] for code in named} == named
    bases = {term for term in terms.values() if term.startswith("Cef") or term.endswith("penem")}
    assert {term for term in bases if len(term.split()) == 1} <= {*named.values()}, "each base that it lists"
