"""What holds of every page: hostile text, headers, landmarks, whom it answers, and what it keeps out of the page and the log."""

from __future__ import annotations

import logging
import re
from itertools import pairwise

import pytest
from lxml import html

from tests.web import made
from tests.web.made import NOW, NUMBER, PERSON, MadePeople, MadeQuarantine, item, record, said, sources
from tests.web.pages import client

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_hostile_text_stays_text() -> None:
    patient = made.CONTENTS["patient"] | {"names": [{"family": HOSTILE, "given": [HOSTILE], "prefix": HOSTILE}]}
    content = {
        "code": {"text": HOSTILE, "codes": [{"system": HOSTILE, "code": HOSTILE, "display": HOSTILE}]},
        "note": HOSTILE,
        "status": HOSTILE,
    }
    entries = [
        item("patient", patient),
        item(
            "problem",
            content,
            fact=HOSTILE,
            sources=(HOSTILE,),
            rules={HOSTILE: HOSTILE},
            conflict=True,
            provenance=(said(HOSTILE, patient=HOSTILE, lost={"note": HOSTILE}),),
        ),
    ]
    visitor = client(sources(record(entries)))
    pages = [visitor.get(f"/people/{PERSON}"), visitor.post("/search", data={"q": HOSTILE}), visitor.get(f"/people/{PERSON}/problem-list")]
    for answer in pages:
        assert answer.status_code == 200
        tree = html.fromstring(answer.text)
        assert not tree.xpath("//script[not(@src)] | //img | //*[@onerror]")


@pytest.mark.parametrize(
    "path", ["/", "/stream", "/quarantine", "/accessibility", f"/people/{PERSON}", "/no-such-page", "/static/mainstem.css"]
)
def test_headers_and_nothing_from_elsewhere(path: str) -> None:
    answer = client(sources(record())).get(path)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert not re.findall(r"(?:src|href|action)=\"(?:https?:)?//", answer.text)
    assert "style=" not in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/stream", "/quarantine", "/accessibility", f"/people/{PERSON}", f"/people/{PERSON}/problem-list", "/no-such-page"]
)
def test_landmarks_and_names(path: str) -> None:
    tree = html.fromstring(client(sources(record())).get(path).text)
    assert tree.get("lang") == "en-GB"
    assert tree.xpath("//a[@class='skip']/@href") == ["#main"] and len(tree.xpath("//main[@id='main']")) == 1
    assert len(tree.xpath("//h1")) == 1 and tree.findtext(".//title")
    assert all(tree.xpath(f"//label[@for='{one}']") for one in tree.xpath("//input/@id"))
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    levels = [int(node.tag[1]) for node in tree.xpath("//h1 | //h2 | //h3 | //h4")]
    assert all(below <= level + 1 for level, below in pairwise(levels)), "a heading stands under the one above it"
    wide = tree.xpath("//div[svg or table]")
    assert all(node.get("tabindex") == "0" and node.get("aria-label") for node in wide), "who has only a keyboard scrolls them too"


def test_another_host_is_refused() -> None:
    assert client(sources()).get("/", headers={"host": "evil.example"}).status_code == 421
    assert client(sources()).post("/search", data={"q": "x"}, headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_quarantine_page_has_no_patient_content() -> None:
    quarantine = MadeQuarantine()
    quarantine.add(made.held(patient="LOCAL-ID"), NOW)
    shown = client(sources(quarantine=quarantine)).get("/quarantine").text
    assert "mapping.unknown-code" in shown and "offset 99" in shown
    assert "CANARY" not in shown and "LOCAL-ID" not in shown


def test_nothing_about_a_patient_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MadePeople):
        def find(self, text: str, limit: int) -> list[made.Hit]:
            raise RuntimeError(f"no result for {text}")

    caplog.set_level(logging.DEBUG, logger="mainstem")
    visitor = client(sources(record(), people=Broken()))
    for typed in ("ramsbottom", NUMBER, "9990000019"):
        visitor.post("/search", data={"q": typed})
    visitor.get(f"/people/{PERSON}?note=ramsbottom")
    assert "RuntimeError in results" in caplog.text and "GET person 200" in caplog.text
    for canary in ("ramsbottom", NUMBER, "9990000019", "999 000", PERSON):
        assert canary not in caplog.text.lower()
