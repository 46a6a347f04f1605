"""What may enter which store: labels, kinds, fields and their forms."""

from __future__ import annotations

import msgspec
import pytest

from mainstem import kinds
from schemas.topics import Purpose
from sinks import policy
from sinks.analytics.pseudonyms import Pseudonyms
from sinks.analytics.rows import content_of, day
from sinks.policy import SECONDARY, Form
from tests.sinks.made import entry

FREE = {"note", "text", "title", "author", "value_text", "dose", "frequency", "performer", "prescriber", "clinician", "outcome", "names",
        "address", "postcode", "telecom", "communication", "contacts", "nhs_number", "identifiers", "order_id", "specimen_id", "visit_id",
        "document_id", "location", "batch", "goals",
        "activities", "recipient", "referrer"}
"""Fields that hold names, numbers, places or somebody's words."""


def test_every_declared_field_is_a_field_of_its_kind() -> None:
    for name, fields in SECONDARY.items():
        known = {field.name for field in msgspec.structs.fields(kinds.BY_NAME[name].Content)}
        assert set(fields) <= known, name


def test_no_free_field_is_declared() -> None:
    assert not [(kind, field) for kind, fields in SECONDARY.items() for field in fields if field in FREE]


def test_no_date_of_birth_or_death_but_its_year() -> None:
    assert {field: form for field, form in SECONDARY["patient"].items() if "a" in field and form is Form.DATE} == {}


@pytest.mark.parametrize(("purpose", "labels", "enters"), [
    (Purpose.DIRECT_CARE, ("sensitive", "nopat", "pds-restricted"), True), (Purpose.SECONDARY_USE, (), True),
    (Purpose.SECONDARY_USE, ("nopat",), True), (Purpose.SECONDARY_USE, ("sensitive",), False),
    (Purpose.SECONDARY_USE, ("nopat", "sensitive"), False),
])
def test_labels(purpose: Purpose, labels: tuple[str, ...], enters: bool) -> None:
    assert policy.enters(purpose, "allergy", labels) is enters


def test_a_kind_nobody_declared_stays_out_of_secondary_use() -> None:
    assert not policy.enters(Purpose.SECONDARY_USE, "manifest", ())
    assert policy.enters(Purpose.DIRECT_CARE, "anything", ())


@pytest.mark.parametrize("value", ["Jo Bloggs", "see note", "1980", "", "x" * 50, None, 3, ["active"], {"a": 1}])
def test_a_value_without_its_declared_form_is_left_out(value: object) -> None:
    assert content_of(entry("a", "f", 1, {"clinical_status": value, "onset": f"about {value}", "agent": value}, kind="allergy")).words == {}


def test_forms() -> None:
    content = content_of(entry("a", "f", 1, {
        "product": {"codes": [{"system": "urn:local", "code": "L1", "display": "private words"},
                              {"system": "https://dmd.nhs.uk", "code": "322236009", "display": "Paracetamol 500mg tablets"}],
                    "text": "private"},
        "as_needed": True, "status": "Active", "start": "2020-01", "end": "soon",
        "dose_quantity": {"value": "2", "unit": "tablet"}, "quantity": {"value": "a few"}}, kind="medicine"))
    assert content.main == ("https://dmd.nhs.uk", "322236009", "Paracetamol 500mg tablets")
    assert content.concepts[0] == ("product", "urn:local", "L1", "")
    assert content.words == {"as_needed": "true", "status": "active"}
    assert content.dates == {"start": "2020-01"}
    assert (content.amounts, content.unit, content.value) == ({"dose_quantity": 2.0}, "tablet", 2.0)
    assert "private" not in repr(content)


@pytest.mark.parametrize(("text", "first"), [("2019", "2019-01-01"), ("2019-03", "2019-03-01"), ("2024-02-29T10:15:00Z", "2024-02-29"),
                                             ("2023-02-29", None), ("0001-01-01", None), ("", None)])
def test_days(text: str, first: str | None) -> None:
    found = day(text)
    assert (found.isoformat() if found else None) == first


def test_seals_open_in_their_place_with_their_key_alone() -> None:
    names = Pseudonyms(b"key")
    sealed = names.seal("p", "f", 1, "person\0fact\0digest")
    assert names.unseal("p", "f", 1, sealed) == "person\0fact\0digest"
    for other, place in ((names, ("p", "f", 2)), (names, ("q", "f", 1)), (Pseudonyms(b"other"), ("p", "f", 1))):
        try:
            opened = other.unseal(*place, sealed)
        except UnicodeDecodeError:
            continue
        assert "person" not in opened


@pytest.mark.parametrize("field", ["address", "postcode", "telecom", "gp_practice", "contacts"])
def test_what_tells_where_a_restricted_person_is_is_not_searched(field: str) -> None:
    content = {field: ["1 High Street"], "names": [{"family": "Test"}]}
    assert policy.searchable(content, ["pds-restricted"]).keys() == {"names"}
    assert policy.searchable(content, []) == content
