"""A past record whose terminology is not at hand says so wherever it is shown: which was in force, what is used, what to do."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from lxml import html
from rich.console import Console
from starlette.testclient import TestClient

from mainstem.cli import record_past
from mainstem.history import BeginningLostError, Past
from mainstem.history.instead import Missing
from mainstem.shelf import ReleaseError
from mainstem.terminology import builtin
from mainstem.web.app import build
from mainstem.web.errors import StoreUnavailableError
from mainstem.web.history import unavailable
from mainstem.web.past import as_record
from mainstem.web.settings import WebSettings
from tests.web.made import PERSON, MadeHistory, entry, folded, item, record, sources
from tests.web.test_then import AT

GONE = Missing("uk-1@0123456789ab", "no release uk-1@0123456789ab; at hand are the shipped one (load it with `mainstem terms load`)")
THEN = folded(entry(item("patient")), entry(item("allergy")))
SAID = (f"This is not exactly what was known then. Terminology uk-1@0123456789ab was in force and is not at hand here; {builtin().release} "
        "is used in its place.")
MEND = "What your platform team can do: no release uk-1@0123456789ab; at hand are the shipped one (load it with `mainstem terms load`)."


class Told(MadeHistory):
    """Until 2026-06-01 the terminology is missing."""

    def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
        return [Past(at, THEN, builtin(), missing=GONE if at < 1_780_272_000_000 else None) for at in moments]


def get(path: str) -> str:
    asked = TestClient(build(sources(record(), history=Told()), WebSettings()), base_url="http://127.0.0.1")
    return asked.get(f"/people/{PERSON}/{path}").text


def read(path: str) -> str:
    return " ".join(html.fromstring(get(path)).text_content().split())


def test_on_the_page_and_not_where_it_is_at_hand() -> None:
    page = read(f"then?at={AT}")
    assert SAID in page and MEND in page
    assert "Terminology in forceuk-1@0123456789ab, which is not at hand here" in page and f"Worked out with{builtin().release}" in page
    later = read("then?at=2026-07-01T00:00")
    assert "not at hand" not in later and "Worked out with" not in later and f"Terminology in force{builtin().release}" in later


def test_in_the_difference_of_two_moments() -> None:
    told = read(f"changes?from={AT}&to=2026-07-01T00:00")
    assert told.count(SAID) == 1 and "Not exactly as known at 5 January 2026" in told and "one of terminologies alone" in told


def test_in_json() -> None:
    asked = TestClient(build(sources(record(), history=Told()), WebSettings()), base_url="http://127.0.0.1")
    data, later = (asked.get(f"/people/{PERSON}/then.json", params={"at": at}).json() for at in (AT, "2026-07-01T00:00"))
    assert (data["terminology"], data["worked_out_with"]) == (GONE.release, builtin().release)
    assert data["inexact"].startswith(SAID) and data["gaps"][0] == data["inexact"]
    assert (later["terminology"], later["worked_out_with"], later["inexact"]) == (builtin().release, builtin().release, None)
    assert not any("not at hand" in reason for reason in later["gaps"])


def then(missing: Missing | None) -> record_past.Then:
    past = Past(60, THEN, builtin(), missing=missing)
    return record_past.Then(past, as_record(past))


def test_in_the_terminal() -> None:
    console = Console(width=250, record=True)
    record_past.show(then(GONE), console, explain=False)
    out = " ".join(console.export_text().split())
    assert SAID in out and MEND in out and f"with terminology {builtin().release} in place of {GONE.release}, digest" in out
    record_past.show(then(None), console, explain=False)
    assert "not at hand" not in console.export_text()
    record_past.show_changes(then(GONE), then(None), console)
    out = " ".join(console.export_text().split())
    assert out.count(SAID) == 1 and out.index(SAID) > out.index("Nothing changed")
    data = record_past.changes_data(then(GONE), then(None))
    assert data["from"]["inexact"].startswith(SAID) and data["to"]["inexact"] is None
    assert (data["from"]["terminology"], data["from"]["worked_out_with"]) == (GONE.release, builtin().release)


def test_rules_of_then_and_who_else_carried_the_number_are_told_of_changes_too() -> None:
    doubtful = then(None)._replace(past=Past(60, THEN, builtin(), ("another",), rules="2"))
    console = Console(width=250, record=True)
    record_past.show_changes(doubtful, then(None), console)
    out = " ".join(console.export_text().split())
    for said in ("Rules of edition 2 were in force then", "Another record carried this NHS number then"):
        assert out.count(said) == 1
    data = record_past.changes_data(doubtful, then(None))
    assert len(data["from"]["gaps"]) == 2 and data["to"]["gaps"] == []


@pytest.mark.parametrize(("missing", "named"), [
    (ReleaseError("no model release ours@ab; at hand are none (freeze it)"), "no model release ours@ab"),
    (BeginningLostError("identity.claims.v1", 0, 17), "identity.claims.v1 partition 0 begins at offset 17"),
])
def test_nothing_stands_in_for_the_matching_model_or_the_beginning_and_that_is_no_store_that_does_not_answer(missing, named) -> None:
    try:
        with unavailable(20):
            raise missing
    except StoreUnavailableError as fault:
        assert named in str(fault) and "Nothing is shown in its place" in str(fault)
        assert "does not answer" not in str(fault) and "Try again" not in str(fault)
    else:
        raise AssertionError("not told")
