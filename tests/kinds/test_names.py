"""Names meet by equality after folding: what is dropped is strength, form and supplier, and nothing that could tell two agents apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.kinds.names import caused_by, doubted, form_of, forms, plain, spelled_out, without_salt


@pytest.mark.parametrize(("text", "bare"), [
    ("Omeprazole 20mg gastro-resistant capsules", "omeprazole"), ("omeprazole caps 20mg", "omeprazole"),
    ("Omeprazole 20 mg caps", "omeprazole"),
    ("Xalatan 50micrograms/ml eye drops (Upjohn UK Ltd)", "xalatan"), ("Angettes 75 tablets", "angettes"),
    ("Zimovane LS 3.75mg tabs", "zimovane ls"),
    ("Co-codamol 15mg/500mg tablets", "co codamol"), ("Co-codamol 8/500", "co codamol"), ("latex free", "latex free"),
    ("Salbutamol 100micrograms/dose inhaler CFC free", "salbutamol"), ("Paracetamol oral suspension sugar free", "paracetamol"),
    ("Prednisolone 5 mg e/c tabs", "prednisolone"), ("Vitamin C 500mg", "vitamin c"),
    ("Alendronic acid 70 mg once-weekly tablets", "alendronic acid"), ("Salbutamol 100 micrograms per puff inhaler", "salbutamol"),
    ("Glyceryl trinitrate 400micrograms/dose pump sublingual spray", "glyceryl trinitrate"),
    ("Timolol 0.25% eye drops to both eyes", "timolol"), ("Tresiba FlexTouch 100units/ml pens", "tresiba"),
    ("Hydroxocobalamin 1 mg intramuscular injection", "hydroxocobalamin"), ("Proton pump inhibitor", "proton inhibitor"),
    ("Interferon alfa 2b", "interferon alfa 2b"), ("Humalog Mix 25 100units/ml pens", "humalog mix"),
    ("Insulin glargine 100units/ml solution for injection 3ml pre-filled pens", "insulin glargine"),
])
def test_strength_form_and_supplier_go(text, bare):
    assert list(forms(text))[-1] == bare


def test_names_are_told_from_the_most_telling_to_the_barest_each_once():
    product = "Xalatan 50micrograms/ml eye drops (Upjohn UK Ltd)"
    told = ["xalatan 50micrograms/ml eye drops upjohn uk ltd", "xalatan 50micrograms/ml eye drops", "xalatan"]
    assert list(forms(product)) == list(forms(product, whole=True)) == told
    assert list(forms("Xalatan (Upjohn UK Ltd)")) == ["xalatan upjohn uk ltd", "xalatan"]
    assert list(forms("Penicillin (negative test)", whole=True)) == ["penicillin negative test"], "no supplier, for all that is known"
    assert list(forms("Penicillin (substance)", whole=True)) == ["penicillin substance", "penicillin"]
    assert list(forms("20mg tablets")) == ["20mg tablets"]


@pytest.mark.parametrize(("word", "form"), [
    ("tablets", "tablet"), ("tab", "tablet"), ("tabs", "tablet"), ("caps", "capsule"), ("suppositories", "suppository"),
    ("patches", "patch"), ("pens", "pen"), ("inh", "inhaler"),
    ("iron", None), ("mix", None), ("mixt", "mixture"), ("ca", None), ("tablette", None),
])
def test_forms_whole_several_or_cut_short(word, form):
    assert form_of(word) == form


@pytest.mark.parametrize(("text", "cause"), [
    ("Allergy to penicillin", "penicillin"), ("Adverse reaction caused by simvastatin", "simvastatin"), ("Latex allergy", "latex"),
    ("intolerant of codeine", "codeine"), ("Penicillin sensitive", "penicillin"), ("reaction to codeine", "codeine"),
    ("Allergy to penicillin (finding)", "penicillin"), ("Reports intolerance of penicillin", "penicillin"),
    ("Patient has an allergy to penicillin", "penicillin"), ("no allergy to penicillin", None), ("denies allergy to penicillin", None),
    ("previous allergy to penicillin", None), ("penicillin", None), ("allergy", None),
])
def test_causes_of_findings(text, cause):
    assert caused_by(text) == cause


@pytest.mark.parametrize(("text", "folded"), [
    ("Weight <50kg", "weight < 50kg"), ("weight > 50kg", "weight > 50kg"), ("Age >= 65", "age \u2265 65"),
    ("age \u226565", "age \u2265 65"), ("base excess <-5", "base excess < 5"),
    ("Penicillin V.", "penicillin v"), ("_ointment_ 0.5% b/d/", "ointment 0.5% b/d"), ("Penicillin -> rash", "penicillin rash"),
    ("<Penicillin>", "penicillin")])
def test_more_and_less_than_a_number_are_two_names(text, folded):
    assert plain(text) == folded


@pytest.mark.parametrize(("text", "found"), [
    ("?Asthma", True), ("asthma ?", True), ("Asthma (?)", True), ("Penicillin (suspected)", True), ("Penicillin (no allergy)", True),
    ("Asthma (-)", True), ("\u2191 BP", True), ("Penicillin", False), ("Xalatan (Upjohn UK Ltd)", False), ("Penicillin (rash)", False),
    ("Sj?gren", False),
    ("possible asthma", False)])
def test_what_folding_would_make_a_statement_of(text, found):
    assert doubted(text) is found


@pytest.mark.parametrize(("text", "name"), [
    ("AF (atrial fibrillation)", "atrial fibrillation"), ("Ulcerative colitis (UC)", "Ulcerative colitis"),
    ("DVT - deep vein thrombosis", "deep vein thrombosis"),
    ("GORD (gastro-oesophageal reflux disease)", "gastro-oesophageal reflux disease"),
    ("MI (mitral stenosis)", None), ("FH (asthma)", None), ("AF (?atrial fibrillation)", None), ("Asthma (A)", None),
    ("Asthma (childhood)", None),
    ("DVT", None), ("AF (atrial fibrillation) resolved", None), ("Asthma - severe", None)])
def test_initials_beside_their_name_say_nothing_more(text, name):
    assert spelled_out(text) == name


@pytest.mark.parametrize(("text", "base"), [
    ("Metformin hydrochloride 500mg tablets", "metformin"), ("Amlodipine besilate (Teva UK Ltd)", "amlodipine"),
    ("Lidocaine plain hydrochloride", "lidocaine plain"), ("500mg tablets", None), ("Morphine sulphate 10mg/5ml oral solution", "morphine"),
    ("Metformin", None), ("hydrochloride", None), ("Quinine sulfate 200mg tablets", None), ("Diclofenac sodium", None)])
def test_salts_that_tell_no_moiety_apart_go(text, base):
    assert without_salt(text) == base


@given(st.text(max_size=40) | st.text("<>=?- 5a\u2264", max_size=10))
def test_any_text_folds_and_folds_no_further(text):
    assert plain(plain(text)) == plain(text)
    assert all(name == plain(name) for name in forms(text))
