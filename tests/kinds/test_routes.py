"""Routes: one word for what codes and people call them, and what a product's name says of its own."""

from __future__ import annotations

import pytest

from mainstem import kinds
from mainstem.kinds import routes
from mainstem.kinds.base import DMD, SNOMED
from mainstem.terminology import builtin


@pytest.mark.parametrize(("route", "word"), [
    ({"codes": [{"system": SNOMED, "code": "26643006"}]}, "oral"), ({"text": "PO"}, "oral"), ({"text": "By mouth"}, "oral"),
    ({"codes": [{"system": "urn:local", "code": "7", "display": "S/C"}]}, "subcutaneous"), ({"text": "inhaled"}, "inhalation"),
    ({"text": "i.v."}, "intravenous"), ({"text": "Both eyes"}, "ocular"), ({"text": "via the hatch"}, "via the hatch"),
    ({"text": "P.O."}, "oral"), ({"text": "oral route"}, "oral"), ({"text": "slow IV injection"}, "intravenous"),
    ({"text": "intra-muscular"}, "intramuscular"), ({"text": "sub cut injection"}, "subcutaneous"),
    ({"text": "S.C."}, "subcutaneous"), ({"text": "into the right eye"}, "ocular"),
    ({"text": "eye drops"}, "ocular"), ({"text": "via nebuliser"}, "inhalation"), ({"text": "via NG tube"}, "gastroenteral"),
    ({"text": "oral or NG"}, "oral or ng"), ({"text": "PO/NG"}, "po/ng"), ({"text": "injection"}, "injection"),
    ({"text": "Patch applied to the skin"}, "transdermal"), ({"text": "patches to skin"}, "transdermal"),
    ({"text": "applied to the skin"}, "cutaneous"), ({"text": "topical patch"}, "topical patch"),
    ({"text": " "}, None), ({}, None), (None, None),
])
def test_stated(route, word):
    assert routes.stated(route) == word


@pytest.mark.parametrize(("product", "word"), [
    ("Omeprazole 20mg gastro-resistant capsules", "oral"), ("omeprazole caps 20mg", "oral"), ("Clotrimazole 500mg pessaries", "vaginal"),
    ("Chloramphenicol 0.5% eye drops", "ocular"), ("Salbutamol 100micrograms/dose inhaler CFC free", "inhalation"), ("Glyceryl trinitrate "
    "400micrograms/dose sublingual spray", "sublingual"), ("Insulin glargine 100units/ml solution for injection", None), ("drops", None),
    ("Ear/eye drops", None), ("Tablets/capsules", "oral"), ("Ear/eye", None), ("Prednisolone 5mg", None), ("", None),
])
def test_of_words(product, word):
    assert routes.of_words(product) == word


def dmd(code: str, text: str) -> dict:
    return {"codes": [{"system": DMD, "code": code, "display": text}], "text": text}


@pytest.mark.parametrize(("content", "key"), [
    ({"product": dmd("317291008", "Omeprazole 20mg gastro-resistant capsules")}, "25673006/oral"),
    ({"product": dmd("317291008", "Omeprazole"), "route": {"text": "NG"}}, "25673006/gastroenteral"),
    ({"product": {"text": "omeprazole caps 20mg"}}, "25673006/oral"),
    ({"product": {"text": "Omeprazole 20mg"}, "route": {"text": "oral"}}, "25673006/oral"),
    ({"product": {"text": "Prednisolone 1% eye drops"}}, "52388000/ocular"),
    ({"product": {"text": "prednisolone 5mg"}}, "52388000/oral"),
    ({"product": {"text": "Frusemide 40mg"}, "form": "tablets"}, "81609008/oral"),
    ({"product": {"text": "Furosemide 20mg/2ml solution for injection ampoules"}}, "81609008/?injection"),
    ({"product": {"text": "Salbutamol"}, "form": "injection"}, "91143003/?injection"),
    ({"product": {"text": "Beclometasone spray"}}, "1389007/?spray"), ({"product": {"text": "Ibuprofen 5% gel"}}, "38268001/?gel"),
    ({"product": {"text": "Ibuprofen 5% gel spray"}}, "38268001/?gel+spray"),
    ({"product": {"text": "Ibuprofen 400mg"}}, "38268001/?"),
    ({"product": {"text": "Fentanyl 100microgram lozenges"}}, "40648001/?lozenge"),
    ({"product": {"text": "fentanyl 100mcg/2ml amps"}}, "40648001/?injection"),
    ({"product": {"text": "Insulin glargine pre-filled pen"}}, "126212009/subcutaneous"),
    ({"product": {"text": "Latanoprost drops"}}, "108838001/ocular"), ({"product": {"text": "Metformin suspension"}}, "109081006/oral"),
    ({"product": {"text": "Amoxicillin 1g IV"}}, "27658006/intravenous"),
    ({"product": {"text": "Co-codamol 8/500 tablets"}}, "412556009/oral"),
    ({"product": {"text": "Metformin hydrochloride 500mg tabs"}}, "109081006/oral"),
    ({"product": {"text": "Amlodipine besilate 5mg (Teva UK Ltd)"}}, "108537001/oral"),
    ({"product": {"text": "Metoclopramide 10mg/2ml injection"}}, "56549003/?injection"),
    ({"product": dmd("41998211000001109", "A new product 5mg tablets")}, "41998211000001109/oral"),
    ({"product": dmd("0", "A new product 5mg tablets")}, None),
    ({"product": {"text": "water tablets"}}, None), ({"product": {"codes": [{"system": "urn:local", "code": "F1"}]}}, None), ({}, None),
])
def test_key_of_a_medicine(content, key):
    assert kinds.BY_NAME["medicine"].key(content, builtin()) == key
