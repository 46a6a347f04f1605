"""Search: who is found and why, what an address never holds, and that nobody found is not nobody known."""

from __future__ import annotations

import pytest
from lxml import html

from mainstem import canonical
from mainstem.adjudication.desk import KafkaDesk
from schemas.codec import Codec
from tests.processors.identity.test_persons import number as claimed
from tests.web import made
from tests.web.decided import MadeIdentity
from tests.web.made import NUMBER, PERSON, MadeAudit, MadePeople, record, sources
from tests.web.pages import client, text

NOWHERE = "127.0.0.1:9"


def test_by_name_shows_who_and_why() -> None:
    answer = client(sources(record())).post("/search", data={"q": "ramsbottom"})
    shown = text(html.fromstring(answer.text))
    assert "RAMSBOTTOM, Edith May (Mrs)" in shown and "2 March 1947" in shown and "999 000 0018" in shown
    assert "A82038/gp, RXA/epr" in shown and "Allergy to penicillin" in shown


@pytest.mark.parametrize("typed", [NUMBER, "999 000 0018", " 999-000-0018 ", "999\u2013000\u20110018", "999.000.0018",
                                   "\u202a9990000018\u202c", "\ufeff999\u00a0000\u00a00018\u200b"])
def test_by_number_goes_to_the_record(typed: str) -> None:
    answer = client(sources(record())).post("/search", data={"q": typed})
    assert answer.url.path == f"/people/{PERSON}"


def test_whose_a_number_is_is_not_told_without_audit() -> None:
    audit = MadeAudit()
    client(sources(record(), audit=audit)).post("/search", data={"q": NUMBER})
    assert [event[1:3] for event in audit.events] == [("listed", PERSON), ("record", PERSON)]
    answer = client(sources(record(), audit=MadeAudit(broken=True))).post("/search", data={"q": NUMBER})
    assert answer.status_code == 503 and answer.url.path.startswith("/search/") and PERSON not in answer.text


def test_no_address_holds_the_term_or_a_number() -> None:
    for typed in ("ramsbottom", NUMBER):
        answer = client(sources(record())).post("/search", data={"q": typed})
        addresses = [str(one.url) for one in (*answer.history, answer)] + [one.headers["location"] for one in answer.history]
        assert not [one for one in addresses if typed in one]


@pytest.mark.parametrize(
    ("typed", "why"), [("9990000019", "check digit"), ("999000001", "has 9 digits"), ("99900000180", "has 11 digits")]
)
def test_wrong_number_is_explained(typed: str, why: str) -> None:
    answer = client(sources(record())).post("/search", data={"q": typed})
    assert answer.status_code == 400
    assert why in text(html.fromstring(answer.text), "//*[@id='q-error']")


def test_number_that_two_records_carry_is_not_chosen_between() -> None:
    answer = client(sources(record(), record(person="ab" * 16))).post("/search", data={"q": NUMBER})
    assert "More than one record carries this NHS number" in answer.text and "2 people found" in answer.text


def test_number_that_only_a_source_holds_is_searched_for() -> None:
    answer = client(sources(record(nhs_numbers=()))).post("/search", data={"q": NUMBER})
    assert "RAMSBOTTOM" in answer.text and answer.url.path.startswith("/search/")


@pytest.mark.parametrize("typed", [NUMBER, "RXA/epr|9"])
def test_who_is_named_by_claims_alone_is_found_and_audited(typed: str) -> None:
    identity, audit = MadeIdentity([claimed("RXA/epr|9", NUMBER, verification="02")]), MadeAudit()
    whose = record(person=identity.person_of("RXA/epr|9"), nhs_numbers=())
    given = sources(whose, people=MadePeople(), identity=identity, audit=audit)
    answer = client(given).post("/search", data={"q": typed})
    assert "1 person found" in answer.text and f"/people/{whose.person}" in answer.text
    assert "no entries are held" not in answer.text
    assert [event[1:3] for event in audit.events] == [("listed", whose.person)]
    for other in ("999 000 0026", "RXA/epr|8"):
        assert "No person found" in client(given).post("/search", data={"q": other}).text


@pytest.mark.parametrize("typed", [NUMBER, "RXA/epr|8"])
def test_who_has_claims_and_no_entries_is_said_to_be_known_and_audited(typed: str) -> None:
    identity, audit = MadeIdentity([claimed("RXA/epr|8", NUMBER)]), MadeAudit()
    given = sources(people=MadePeople(), identity=identity, audit=audit)
    answer, person = client(given).post("/search", data={"q": typed}), identity.person_of("RXA/epr|8")
    shown = text(html.fromstring(answer.text))
    assert "Known, but no entries are held" in shown and "This does not mean that the person has no records" in shown
    assert "No person found" not in shown
    assert [event[1:4] for event in audit.events] == [("listed", person, canonical.record_digest(0))]
    (way,) = html.fromstring(answer.text).xpath("//main//li/a/@href")
    assert "No record is held yet" in client(given).get(way).text


@pytest.mark.parametrize("typed", [NUMBER, "RXA/epr|8"])
def test_who_is_known_and_has_no_entries_is_not_shown_without_audit(typed: str) -> None:
    identity = MadeIdentity([claimed("RXA/epr|8", NUMBER)])
    given = sources(people=MadePeople(), identity=identity, audit=MadeAudit(broken=True))
    answer = client(given).post("/search", data={"q": typed})
    assert answer.status_code == 503 and identity.person_of("RXA/epr|8") not in answer.text


def test_where_the_claims_cannot_be_read_a_number_is_not_said_to_be_nobody_s() -> None:
    audit = MadeAudit()
    given = sources(people=MadePeople(), identity=KafkaDesk(NOWHERE, Codec(f"http://{NOWHERE}"), b"key", seconds=0.2), audit=audit)
    answer = client(given).post("/search", data={"q": NUMBER})
    assert answer.status_code == 503 and "No person found" not in answer.text and not audit.events
    assert "No person found" in client(given).post("/search", data={"q": "ramsbottom"}).text, "words are not looked up in the claims"


def test_nothing_found_is_not_no_records() -> None:
    for typed in ("nobody", NUMBER):
        assert "This does not mean that the person has no records" in client(sources()).post("/search", data={"q": typed}).text


def test_person_not_yet_in_the_cache() -> None:
    people = MadePeople(made.Hit("ee" * 16))
    assert "1 more person matches" in client(sources(people=people)).post("/search", data={"q": "new"}).text


def test_too_long() -> None:
    assert client(sources()).post("/search", data={"q": "x" * 5000}).status_code == 413


def test_empty_and_forgotten() -> None:
    visitor = client(sources())
    assert "Enter a name" in visitor.post("/search", data={"q": " "}).text
    assert visitor.get("/search/unknown").status_code == 410
