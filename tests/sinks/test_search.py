"""Searching: people by number, name, date of birth and what is known of them; entries by words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sinks.contract import Batch, Place
from sinks.errors import NotBuiltError, StoreHeldError
from sinks.search import SearchReader, SearchStore
from tests.sinks.made import PERSONS, entry
from tests.sinks.searching import SEARCH, Searching, searching

AT = Place("records.entries.v1", 0)
P, Q = PERSONS


def patient(person: str, given: str, family: str, number: str, birth: str, **more: object):  # type: ignore[no-untyped-def]
    labels = more.pop("labels", ())
    content = {"names": [{"given": [given], "family": family}], "nhs_number": number, "birth_date": birth,
               "identifiers": [{"system": "local", "value": f"L-{number[-3:]}"}], **more}
    return entry(person, "who", 1, content, kind="patient", labels=labels)  # type: ignore[arg-type]


ATORVASTATIN = {"system": "https://dmd.nhs.uk", "code": "39113611000001102", "display": "Atorvastatin 20mg"}
PEOPLE = (
    patient(P, "Zoë", "Featherstone", "9990000018", "1980-03-02", postcode="ZZ99 3CZ"),
    patient(Q, "Zeb", "O'Harrow", "9990000026", "1990-12-31", postcode="ZZ98 1AA", labels=("pds-restricted",)),
    entry(P, "f1", 1, {"agent": {"text": "Penicillin V"}, "note": "wheals on both arms"}),
    entry(Q, "f1", 1, {"product": {"codes": [ATORVASTATIN]}, "dose": "one at night"}, kind="medicine", sources=("A82038/gp",)),
)


@pytest.fixture(scope="module", params=SEARCH)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchReader]:
    with searching(request, tmp_path_factory.mktemp("home")) as place:
        store = place.store()
        store.open()
        store.apply(Batch(PEOPLE), {AT: 4})
        store.close()
        yield place.reader()


@pytest.fixture(params=SEARCH)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Searching]:
    """Of nothing yet."""
    with searching(request, tmp_path) as found:
        yield found


@pytest.mark.parametrize("text", ["9990000018", "999 000 0018", "featherstone", "Zoe Feather", "zoë", "Fetherstone", "1980-03-02",
                                  "02/03/1980 feather", "penicillin", "wheals", "feather penicillin", "ZZ99"])
def test_people_are_found_by(reader: SearchReader, text: str) -> None:
    found = reader.people(text)
    assert found[0].person == P
    assert found[0].name == "Zoë Featherstone"
    assert found[0].numbers == ("9990000018",)
    assert found[0].birth_date == "1980-03-02"
    assert found[0].reasons


@pytest.mark.parametrize("text", ["", "  ", "zzzz", "featherstone atorvastatin", "9990000999", "1981-01-01", '"*:)(', "+", "a AND"])
def test_nobody_is_found_by(reader: SearchReader, text: str) -> None:
    assert reader.people(text) == []


def test_the_reason_says_why(reader: SearchReader) -> None:
    assert reader.people("atorva")[0].reasons == ("Medications and medical devices: Atorvastatin 20mg one at night",)
    assert reader.people("o'harrow")[0].reasons == ("Name: Zeb O'Harrow",)


def test_whereabouts_of_who_must_not_be_found_are_not_searchable(reader: SearchReader) -> None:
    assert reader.people("ZZ98") == []


def test_one_source_that_restricts_hides_what_others_say_of_whereabouts(place: Searching) -> None:
    store = place.store()
    store.open()
    told = patient(P, "Zoë", "Featherstone", "9990000018", "1980-03-02", labels=("pds-restricted",))
    untold = entry(P, "other", 1, {"names": [{"family": "Featherstone"}], "postcode": "ZZ99 3CZ"}, kind="patient")
    store.apply(Batch((told, untold)), {AT: 1})
    reader = place.reader()
    assert reader.people("ZZ99") == reader.entries("ZZ99") == []
    assert [hit.person for hit in reader.people("featherstone")] == [P]
    store.close()


def test_entries_by_words_and_filters(reader: SearchReader) -> None:
    (hit,) = reader.entries("atorvastatin night")
    assert (hit.person, hit.kind, hit.organisations) == (Q, "medicine", ("A82038",))
    assert reader.entries("atorvastatin", kind="allergy") == []
    assert reader.entries("atorvastatin", organisation="RXA") == []
    assert reader.entries("atorvastatin", person=Q) == [reader.entries("atorvastatin")[0]]
    assert reader.entries("39113611000001102")[0].person == Q


def test_an_open_reader_sees_what_is_committed_later_and_not_what_was_withdrawn(place: Searching) -> None:
    store = place.store()
    store.open()
    reader = place.reader()
    assert reader.people("featherstone") == []
    store.apply(Batch((PEOPLE[0],)), {AT: 1})
    assert len(reader.people("featherstone")) == 1
    store.apply(Batch((entry(P, "who", 2, kind="patient", status="withdrawn"),)), {AT: 2})
    assert reader.people("featherstone") == []
    store.close()


def test_one_writer(tmp_path: Path) -> None:
    first, second = SearchStore(tmp_path), SearchStore(tmp_path)
    first.open()
    with pytest.raises(StoreHeldError, match="one sink a store"):
        second.open()
    first.close()
    second.open()
    second.close()


def test_a_store_that_is_not_there(place: Searching) -> None:
    with pytest.raises(NotBuiltError, match="mainstem run"):
        place.reader().people("featherstone")
    with pytest.raises(NotBuiltError, match="mainstem run"):
        list(place.reader().contents())
