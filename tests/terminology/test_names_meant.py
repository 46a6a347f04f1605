"""Which of the concepts that bear one name it means."""

from __future__ import annotations

from mainstem.terminology import Terminology, store
from mainstem.terminology.lookup import SEVERAL
from mainstem.terminology.statements import Concept, Level, Link, Name, Relation, Statements


def made(statements: Statements) -> Terminology:
    return Terminology(store.Store(store.made("test", statements, {})))


VTM, VMP, OTHER_VMP, AMP, OTHER_AMP, DUPLICATE, LOOSE = range(1001, 1008)


def test_a_name_that_products_share_is_that_of_what_they_are_products_of():
    """Two moieties' worth of products would answer, and thousands of them."""
    terms = made(Statements(
        [Concept(VTM, Level.VTM, "Mopra"), Concept(VMP, Level.VMP, "Mopra 20mg capsules"),
         Concept(OTHER_VMP, Level.VMP, "Mopra 10mg tablets"), Concept(AMP, Level.AMP, "Mopra 20mg capsules (One Ltd)"),
         Concept(OTHER_AMP, Level.AMP, "Mopra 20mg capsules (Other Ltd)")],
        [Relation(VMP, Link.MOIETY, VTM), Relation(OTHER_VMP, Link.MOIETY, VTM), Relation(AMP, Link.ACTUAL_OF, VMP),
         Relation(OTHER_AMP, Link.ACTUAL_OF, VMP)],
        names=(Name(AMP, "Mopra 20mg capsules"), Name(OTHER_AMP, "Mopra 20mg capsules"), Name(AMP, "Mopra brand"))))
    for text, code in (("mopra", VTM), ("Mopra 20mg capsules", VMP), ("mopra brand", AMP), ("Mopra 20mg capsules (Other Ltd)", OTHER_AMP)):
        assert terms.current({"text": text}) == str(code)
        assert terms.moiety({"text": text}) == str(VTM)
    assert terms.moiety({"text": "mopra caps 40 mg"}) == str(VTM)


def test_a_name_that_a_valid_concept_bears_is_not_that_of_one_that_is_no_longer_valid():
    said = [Concept(LOOSE, Level.OTHER, "Wheeze"), Concept(DUPLICATE, Level.OTHER, "Wheeze", active=False)]
    assert made(Statements(said, [])).current({"text": "wheeze"}) == str(LOOSE)
    both = made(Statements([said[0], said[1]._replace(active=True)], []))
    assert both.current_of({"text": "wheeze"}).reason == SEVERAL
    assert made(Statements([said[1]], [])).current({"text": "wheeze"}) == str(DUPLICATE)


def test_a_name_counts_before_what_is_left_of_a_longer_one_without_strength_and_form():
    """As in dm+d: diclofenac, and `Diclofenac 2.32% gel`, which is of diclofenac diethylammonium."""
    terms = made(Statements(
        [Concept(VTM, Level.VTM, "Mopra"), Concept(LOOSE, Level.VTM, "Mopra salt"), Concept(VMP, Level.VMP, "Mopra 2.32% gel"),
         Concept(AMP, Level.AMP, "Brand 5mg tablets (One Ltd)")],
        [Relation(VMP, Link.MOIETY, LOOSE), Relation(AMP, Link.MOIETY, VTM)]))
    for text, moiety in (("mopra", VTM), ("Mopra 2.32% gel", LOOSE), ("brand", VTM), ("brand 10mg tabs", VTM)):
        assert terms.moiety({"text": text}) == str(moiety), text
    assert terms.moiety_of({"text": "mopra gel"}).reason == SEVERAL, "it may be either"
    assert terms.agent({"text": "Allergy to mopra"}) == str(VTM)
