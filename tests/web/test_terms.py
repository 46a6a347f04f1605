"""Cautions go by the terminology in force, today and of a past day; where it cannot be looked up, by what was known last."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mainstem.history import Past
from mainstem.kinds.facts import Terms
from mainstem.shelf import NoSuchReleaseError
from mainstem.terminology import builtin
from mainstem.web.page import as_json, page
from mainstem.web.past import as_data, as_record, past_page
from mainstem.web.terms import TermsInForce
from schemas.errors import KafkaUnavailableError
from tests.web.made import NOW, PERSON, entry, folded, record, sources
from tests.web.pages import client
from tests.web.test_beside import CHARTED, MEDICINES, STAY, listed

WHITE = {"text": "white tablets"}
ENTRIES = (STAY, CHARTED, listed("white", WHITE))


class Knowing:
    """A release that tells one product more than the shipped one."""

    release = "knowing@1"

    def moiety(self, concept: dict[str, Any]) -> str | None:
        return "111" if concept == WHITE else builtin().moiety(concept)

    def __getattr__(self, name: str) -> Any:
        return getattr(builtin(), name)


def certain(data: dict[str, Any]) -> bool:
    [one] = data["cautions"]
    return "does not have these medicines" in one["text"]


def test_today_by_what_is_in_force_today():
    one = record(ENTRIES)
    assert not certain(json.loads(as_json(page(one, sources(one), NOW))))
    knowing = sources(one, terms=Knowing)
    assert certain(json.loads(as_json(page(one, knowing, NOW))))
    assert "does not have these medicines" in client(knowing).get(f"/people/{PERSON}/{MEDICINES}").text


def test_of_a_past_day_by_what_was_in_force_then():
    past = Past(NOW, folded(*map(entry, ENTRIES)), builtin())
    assert not certain(as_data(past_page(past, as_record(past))))
    told = past._replace(terms=Knowing())
    assert certain(as_data(past_page(told, as_record(told))))


@pytest.mark.parametrize("fault", [KafkaUnavailableError("here", "down"), NoSuchReleaseError("release", "uk", (), "load it")])
def test_it_is_looked_up_again_after_a_while_and_kept_where_that_fails(fault: Exception):
    now, answers = 0.0, iter([fault, Knowing(), fault, builtin()])

    def look_up() -> Terms:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    terms = TermsInForce(look_up, lambda: now)
    found = []
    for now in (0.0, 10.0, 40.0, 50.0, 80.0, 120.0, 130.0):  # noqa: B007
        found.append(terms().release)
    shipped = builtin().release
    assert found == [shipped, shipped, "knowing@1", "knowing@1", "knowing@1", shipped, shipped]
