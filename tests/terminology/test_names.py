"""Names meet by equality after folding: what is dropped is strength, form and supplier, and nothing that could tell two agents apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.terminology.names import caused_by, form_of, forms, plain


@pytest.mark.parametrize(("text", "bare"), [
    ("Omeprazole 20mg gastro-resistant capsules", "omeprazole"), ("omeprazole caps 20mg", "omeprazole"),
    ("Omeprazole 20 mg caps", "omeprazole"),
    ("Xalatan 50micrograms/ml eye drops (Upjohn UK Ltd)", "xalatan"), ("Angettes 75 tablets", "angettes"),
    ("Zimovane LS 3.75mg tabs", "zimovane ls"),
    ("Co-codamol 15mg/500mg tablets", "co codamol"), ("Prednisolone 5 mg e/c tabs", "prednisolone"), ("Vitamin C 500mg", "vitamin c"),
    ("Interferon alfa 2b", "interferon alfa 2b"),
    ("Insulin glargine 100units/ml solution for injection 3ml pre-filled pens", "insulin glargine"),
])
def test_strength_form_and_supplier_go(text, bare):
    assert list(forms(text))[-1] == bare


@pytest.mark.parametrize(("word", "form"), [
    ("tablets", "tablet"), ("tab", "tablet"), ("tabs", "tablet"), ("caps", "capsule"), ("suppositories", "suppository"), ("inh", "inhaler"),
    ("iron", None), ("ca", None), ("tablette", None),
])
def test_forms_whole_several_or_cut_short(word, form):
    assert form_of(word) == form


@pytest.mark.parametrize(("text", "cause"), [
    ("Allergy to penicillin", "penicillin"), ("Adverse reaction caused by simvastatin", "simvastatin"), ("Latex allergy", "latex"),
    ("intolerant of codeine", "codeine"), ("penicillin", None), ("allergy", None),
])
def test_causes_of_findings(text, cause):
    assert caused_by(text) == cause


@given(st.text(max_size=40))
def test_any_text_folds_and_folds_no_further(text):
    assert plain(plain(text)) == plain(text)
    assert all(name == plain(name) for name in forms(text))
