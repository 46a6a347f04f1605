"""Audit before view: who saw what, and that nothing is shown where it cannot be written."""

from __future__ import annotations

import pytest

from tests.web.made import PERSON, MadeAudit, record, sources
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


def test_without_audit_no_one_is_listed() -> None:
    answer = client(sources(record(), audit=MadeAudit(broken=True))).post("/search", data={"q": "penicillin"})
    assert answer.status_code == 503 and "RAMSBOTTOM" not in answer.text


def test_the_signed_in_user_is_the_actor() -> None:
    audit = MadeAudit()
    visitor = client(sources(record(), audit=audit), actor_header="X-Signed-In")
    assert visitor.get(f"/people/{PERSON}").status_code == 401
    visitor.get(f"/people/{PERSON}", headers={"X-Signed-In": "cis2|555"})
    assert [event[0] for event in audit.events] == ["cis2|555"]
