"""The web application as a visitor meets it, over made sources: its pages as trees, and the text on them."""

from __future__ import annotations

from typing import Any

from lxml import html
from starlette.testclient import TestClient

from mainstem.web.app import build
from mainstem.web.record import Record
from mainstem.web.settings import WebSettings
from mainstem.web.sources import Sources
from tests.web.made import sources


def client(given: Sources, **settings: Any) -> TestClient:
    return TestClient(build(given, WebSettings(**settings)), base_url="http://127.0.0.1", raise_server_exceptions=False)


def read(one: Record, **changes: Any) -> Any:
    """The record's page as a tree."""
    answer = client(sources(one, **changes)).get(f"/people/{one.person}")
    assert answer.status_code == 200, answer.text
    return html.fromstring(answer.text)


def text(tree: Any, path: str = "//main") -> str:
    return " ".join(" ".join(node.text_content().split()) for node in tree.xpath(path))


def under(tree: Any, heading: str) -> str:
    return text(tree, f"//section[@aria-labelledby='{heading}']")
