"""Audit before view: who saw what, and that nothing is shown where it cannot be written."""

from __future__ import annotations

import pytest

from mainstem.canonical import record_digest
from processors.identity.persons import numbered_person, own_person
from tests.strategies import KEY
from tests.web.made import NUMBER, PERSON, MadeAudit, record, sources
from tests.web.pages import client


def test_every_view_is_written_with_what_was_seen() -> None:
    audit, one = MadeAudit(), record()
    visitor = client(sources(one, audit=audit))
    for path in ("", "/record.json", "/investigation-results"):
        visitor.get(f"/people/{PERSON}{path}")
    visitor.post("/search", data={"q": "ramsbottom"})
    assert audit.events == [("web", action, PERSON, one.digest, one.known) for action in ("record", "record", "record", "listed")]


@pytest.mark.parametrize("path", ["", "/record.json", "/problem-list"])
def test_without_audit_nothing_is_shown(path: str) -> None:
    answer = client(sources(record(), audit=MadeAudit(broken=True))).get(f"/people/{PERSON}{path}")
    assert answer.status_code == 503
    assert "audit of this view could not be written" in answer.text
    assert "Ramsbottom" not in answer.text and "RAMSBOTTOM" not in answer.text


LOOKS = [("/search", {"q": NUMBER}, numbered_person(KEY, NUMBER)), ("/search", {"q": "RXA/epr|9"}, own_person(KEY, "RXA/epr|9")),
         ("/search", {"q": "ramsbottom"}, ""), ("/identity/people", {"whom": "999 000 0018"}, numbered_person(KEY, NUMBER)),
         (f"/people/{PERSON}", {}, PERSON), (f"/people/{PERSON}/record.json", {}, PERSON), (f"/people/{PERSON}/problem-list", {}, PERSON),
         (f"/people/{PERSON}/then?at=2026-01-05", {}, PERSON), (f"/people/{PERSON}/changes?from=2026-01-05&to=now", {}, PERSON),
         (f"/identity/people/{PERSON}", {}, PERSON), (f"/identity/people/{PERSON}/history", {}, PERSON),
         (f"/people/{NUMBER}", {}, numbered_person(KEY, NUMBER))]


@pytest.mark.parametrize(("address", "form", "meant"), LOOKS, ids=lambda given: given if isinstance(given, str) else None)
def test_a_look_that_finds_nobody_is_written_without_what_was_asked(address: str, form: dict[str, str], meant: str) -> None:
    audit = MadeAudit()
    visitor = client(sources(audit=audit))
    answer = visitor.post(address, data=form) if form else visitor.get(address)
    assert answer.status_code in {200, 404}
    assert audit.events == [("web", "nobody", meant, record_digest(0), 0)]


@pytest.mark.parametrize(("address", "form", "meant"), LOOKS, ids=lambda given: given if isinstance(given, str) else None)
def test_without_audit_it_is_not_told_that_nobody_is_known(address: str, form: dict[str, str], meant: str) -> None:
    visitor = client(sources(audit=MadeAudit(broken=True)))
    answer = visitor.post(address, data=form) if form else visitor.get(address)
    assert answer.status_code == 503 and "audit of this view could not be written" in answer.text


def test_of_a_pair_that_nobody_knows_both_are_written() -> None:
    audit, form = MadeAudit(), {"one": "RXA/epr|8", "other": "RXA/epr|9"}
    assert client(sources(audit=audit)).post("/identity/pairs", data=form).status_code == 404
    assert [event[1:3] for event in audit.events] == [("nobody", own_person(KEY, each)) for each in form.values()]


def test_without_audit_no_one_is_listed() -> None:
    answer = client(sources(record(), audit=MadeAudit(broken=True))).post("/search", data={"q": "penicillin"})
    assert answer.status_code == 503 and "RAMSBOTTOM" not in answer.text


def test_the_signed_in_user_is_the_actor() -> None:
    audit = MadeAudit()
    visitor = client(sources(record(), audit=audit), actor_header="X-Signed-In")
    assert visitor.get(f"/people/{PERSON}").status_code == 401
    visitor.get(f"/people/{PERSON}", headers={"X-Signed-In": "cis2|555"})
    assert [event[0] for event in audit.events] == ["cis2|555"]
