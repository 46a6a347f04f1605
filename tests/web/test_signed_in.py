"""Where the deployment demands to know who looks, no address answers to who does not say, and nothing is read for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from mainstem.observe.connect import Connector
from mainstem.web.app import build
from mainstem.web.settings import WebSettings
from mainstem.web.sources import Sources
from tests.web.decided import MadeIdentity
from tests.web.made import NUMBER, PERSON, record, sources
from tests.web.pages import client
from tests.web.test_adjudication import PAIR, A

OPEN = {"/healthz", "/accessibility", "/static"}


def addresses() -> Iterator[tuple[str, str]]:
    """Method and path of every route that the application has."""
    for route in cast(Starlette, build(sources(), WebSettings()).app).routes:
        assert isinstance(route, Mount | Route)
        for method in sorted(route.methods or ()) if isinstance(route, Route) else ("GET",):
            yield method, route.path


CLOSED = [each for each in addresses() if each[1] not in OPEN]


class Spied:
    """A source that notes that it was asked anything."""

    def __init__(self, of: Any, asked: list[str]) -> None:
        self._of, self._asked = of, asked

    def __getattr__(self, name: str) -> Any:
        self._asked.append(name)
        return getattr(self._of, name)

    def __call__(self) -> Any:
        self._asked.append("")
        return self._of()


def spied(asked: list[str]) -> Sources:
    given = sources(record(), identity=MadeIdentity(PAIR), connectors=lambda: [Connector("rxa_epr", ("RUNNING", "RUNNING"))])
    return Sources(**{each.name: Spied(getattr(given, each.name), asked) for each in fields(Sources)})


def test_all_addresses_but_three_are_behind_the_sign_in() -> None:
    assert {path for _, path in addresses()} == {path for _, path in CLOSED} | OPEN
    visitor = client(spied([]), actor_header="x-user")
    assert [visitor.get(path).status_code for path in ("/healthz", "/accessibility", "/static/mainstem.css")] == [200, 200, 200]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_no_address_answers_to_who_does_not_say_who_they_are(method: str, path: str) -> None:
    asked: list[str] = []
    visitor = client(spied(asked), actor_header="x-user")
    address = path.replace("{person}", PERSON).replace("{", "").replace("}", "")
    for headers in ({}, {"x-user": " "}):
        answer = visitor.request(method, address, headers=headers, data={"q": NUMBER, "whom": A}, follow_redirects=False)
        assert answer.status_code == 401 and (method == "HEAD" or "You need to sign in" in answer.text) and not asked
    answer = visitor.request(method, address, headers={"x-user": "u7"}, data={"q": NUMBER, "whom": A}, follow_redirects=False)
    assert answer.status_code not in {401, 405, 500}


def test_of_two_names_none_is_believed() -> None:
    """A visitor may send one along, and the proxy add its own behind it."""
    asked: list[str] = []
    visitor = client(spied(asked), actor_header="x-user")
    for names in (("me", "u7"), ("u7", "me"), ("u7", "")):
        answer = visitor.get(f"/people/{PERSON}", headers=[("x-user", name) for name in names])
        assert answer.status_code == 401 and not asked
    assert visitor.get(f"/people/{PERSON}", headers=[("x-user", "u7"), ("x-user", "u7")]).status_code == 200


@pytest.mark.parametrize("path", ["/none", "/people/", "/staticky", "/healthz/"])
def test_not_even_whether_there_is_an_address_is_told(path: str) -> None:
    assert client(sources(), actor_header="x-user").get(path).status_code == 401


def test_who_has_the_address_of_a_search_cannot_follow_it_without_a_name() -> None:
    asked: list[str] = []
    visitor = client(spied(asked), actor_header="x-user")
    kept = visitor.post("/search", data={"q": NUMBER}, headers={"x-user": "u7"}, follow_redirects=False).headers["location"]
    assert visitor.get(kept).status_code == 401 and not asked
