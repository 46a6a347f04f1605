"""What a coded concept is taken for: codes that can be national ones, words as they are compared, a code shown with its name."""

from __future__ import annotations

import pytest

from mainstem.kinds.concepts import is_national, meaning, plain, told
from mainstem.kinds.facts import NoTerms
from mainstem.terminology import builtin

LOCAL = "urn:mainstem:codes:RXA/epr"


@pytest.mark.parametrize(("code", "found"), [
    ("195967001", True), ("100001", True), (" 195967001 ", True), ("195967001|Asthma|", True), ("111111", False), ("12345", False),
    ("012345678", False), ("1959670010000000000", False), ("A195967001", False), (195967001, False), (None, False)])
def test_codes_that_can_be_national(code, found):
    assert is_national(code) is found


@pytest.mark.parametrize(("text", "words"), [
    ("Asthma (disorder)", "asthma"), ("HIV -", "hiv -"), ("HIV \u2212", "hiv -"), ("x-ray", "x ray"), ("?Asthma", "? asthma"),
    ("asthma??", "asthma ?"), ("Sj?gren", "sj gren"), (">= 65", "\u2265 65"), ("\u2191 BP", "\u2191 bp"), ("-", ""), ("> ?", "")])
def test_words_as_they_are_compared(text, words):
    assert plain(text) == words


@pytest.mark.parametrize(("code", "means"), [
    ({"code": "A1", "display": "Sciatica"}, "words sciatica"), ({"code": "A1", "display": "See notes"}, f"{LOCAL} A1"),
    ({"code": "A1"}, f"{LOCAL} A1"), ({"code": "0000"}, None), ({"code": "UNK"}, None), ({"code": "-1"}, None), ({"code": ""}, None)])
def test_a_source_s_own_code_means_its_display_else_itself(code, means):
    assert meaning({"codes": [{"system": LOCAL} | code]}, NoTerms()) == means


def test_a_code_is_shown_with_its_name_where_it_is_known():
    asthma = {"system": "http://snomed.info/sct", "code": "195967001"}
    assert told("195967001", NoTerms()) == {"codes": [asthma]}
    assert told("195967001", builtin()) == {"codes": [asthma | {"display": "Asthma"}], "text": "Asthma"}
