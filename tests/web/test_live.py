"""The web process and `mainstem record` on real servers: audit before view, quarantine and lag as they stand, nothing in the log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import uuid
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from lxml import html

from deploy.stack.ports import free_port
from mainstem.model import Claim, RawRef
from mainstem.operations import Quarantined, View
from mainstem.web.app import build
from mainstem.web.audit import KafkaAudit
from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError
from mainstem.web.figures import STAGES
from mainstem.web.live import live
from mainstem.web.record import Record
from mainstem.web.settings import WebSettings
from mainstem.web.stores import CachedRecords, SearchedPeople
from schemas import log, topics
from schemas.codec import Codec
from tests.processors.identity.test_persons import who
from tests.web import made
from tests.web.conftest import PATIENT, PERSON, SOURCE, Running, until

NOWHERE = "127.0.0.1:1"
ROOT = Path(__file__).parents[2]


def opened(url: str, **form: str) -> tuple[str, str]:
    """Address and text after redirects."""
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(url, data, timeout=20) as answer:
        return answer.url, answer.read().decode()


def test_search_and_record_are_audited_with_the_digest_seen(running: Running) -> None:
    before = len(running.audited())
    _, found = opened(f"{running.url}/search", q="ramsbottom")
    assert "RAMSBOTTOM, Edith May" in found and "Name: " in found
    address, shown = opened(f"{running.url}/search", q="999 000 0018")
    assert address == f"{running.url}/people/{PERSON}"
    assert running.digest in shown and "said otherwise" in shown
    events = running.audited()[before:]
    assert sorted(event.action for event in events) == ["listed", "listed", "record"]
    assert {(event.digest, event.known, event.purpose, event.actor) for event in events} == {
        (running.digest, made.NOW, "direct care", "web")
    }


def test_two_are_joined_after_a_dry_run_and_put_back_and_the_topic_holds_both_decisions(running: Running) -> None:
    source = f"T{uuid.uuid4().hex[:8]}/x"
    one, other = f"{source}|1", f"{source}|2"
    for subject in (one, other):
        running.publish(topics.CLAIMS, subject, who(subject, "Archer", "Ann", "1980-03-02"))

    def decisions() -> list[Claim]:
        decode = running.codec.decoder(topics.CLAIMS)
        return [claim for message in log.read(running.kafka, topics.CLAIMS) if (claim := decode(message.value())).subject == one
                and claim.type == "linked"]

    def confirmed(text: str) -> str:
        page = html.fromstring(text)
        hidden = {node.get("name"): node.get("value") for node in page.xpath("//form//input[@type='hidden']")}
        return opened(running.url + page.xpath("//form/@action")[0], **hidden)[0]

    address, page = opened(f"{running.url}/identity/pairs", one=one, other=other)
    assert "They are two persons" in page and source not in address
    dry = opened(address, decision="same", why="asked the ward")[1]
    assert "source patient changes person" in dry and decisions() == []
    decision = confirmed(dry)
    (made_,) = decisions()
    assert json.loads(made_.body)["why"] == "asked the ward" and json.loads(made_.body)["who"] == "web"
    assert "They are one person" in opened(address)[1]
    found, shown = opened(f"{running.url}/identity/people", whom=other)
    assert one in shown and "/identity/people/" in found and source not in found
    assert "Who came and who left" in opened(f"{found}/history")[1]
    confirmed(opened(f"{decision}/undo", why="the wrong two")[1])
    assert [claim.status for claim in decisions()] == ["asserted", "retracted"]
    assert "They are two persons" in opened(address)[1]
    assert "Nothing is left to be put right" in opened(f"{address}/radius")[1]
    assert source not in running.log.read_text()


def test_what_is_missing_is_said_as_it_stands(running: Running) -> None:
    raw = RawRef(topics.raw(SOURCE).name, 0, 7)
    running.publish(
        topics.QUARANTINE,
        SOURCE,
        Quarantined(stage="capture", raw=raw, source=SOURCE, patient=PATIENT, reason="test.reason", detail="Do this."),
    )
    address = f"{running.url}/people/{PERSON}"
    assert until(lambda: f"1 item from {SOURCE} (patient {PATIENT}) could not be taken in" in opened(address)[1])
    assert "test.reason" in opened(f"{running.url}/quarantine")[1]
    assert f"No information from <b>{SOURCE}</b>" not in opened(address)[1].split('id="allergies')[0]


def test_stream_is_heard_and_healthz_means_it(running: Running) -> None:
    raw = topics.raw(SOURCE)
    running.publish(topics.HEARTBEATS, "capture", made.beat("capture", time.time_ns() // 1_000_000, 5, positions={f"{raw.name}/0": 0}))
    assert until(lambda: 'capture</th>\n    <td><strong class="tag tag--green">Running' in opened(f"{running.url}/stream")[1], 4)
    assert running.status("/healthz") == 503  # nobody else is heard


def test_every_stage_heard_is_healthy(running: Running) -> None:
    def well() -> bool:
        # The broker is shared: whatever stage was ever heard on it has to be heard again.
        checked = httpx.get(f"{running.url}/healthz").json()["checks"]
        heard = {name.removeprefix("stage ") for name in checked if name.startswith("stage ")}
        now = time.time_ns() // 1_000_000
        running.publish(topics.HEARTBEATS, "all", *(made.beat(stage, now) for stage in sorted(heard | set(STAGES))))
        return running.status("/healthz") == 200

    assert until(well)


def test_log_of_the_process_tells_pages_and_nothing_of_patients(running: Running) -> None:
    opened(f"{running.url}/search", q="ramsbottom")
    opened(f"{running.url}/search", q=made.NUMBER)
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    with urllib.request.urlopen(urllib.request.Request(f"{running.url}/people/{PERSON}?ramsbottom", headers=upgrade), timeout=20) as answer:
        assert answer.status == 200
    assert until(lambda: running.log.read_text().count("GET person 200") >= 2)
    log = running.log.read_text().lower()
    for canary in ("ramsbottom", "edith", made.NUMBER, PERSON, "penicillin", "/search/"):
        assert canary not in log


def test_command_shows_the_record_and_audits_it(running: Running, pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--provider") != "native":
        pytest.skip("the command finds servers through the native stack")
    before = len(running.audited())
    command = [sys.executable, "-m", "mainstem.cli", "record", made.NUMBER, "--home", str(running.home), "--actor", "tester"]
    as_json = json.loads(subprocess.run([*command, "--output", "json"], capture_output=True, check=True).stdout)
    assert as_json["digest"] == running.digest and len(as_json["entries"]) == len(made.CONTENTS)
    explained = subprocess.run([*command, "--explain"], capture_output=True, check=True, text=True).stdout
    assert "Allergy to penicillin" in explained and "offset 4711" in explained
    assert [event.actor for event in running.audited()[before:]] == ["tester", "tester"]
    unknown = subprocess.run([*command[:4], "9990000026", "--home", str(running.home)], capture_output=True, check=False, text=True)
    assert unknown.returncode == 1 and "does not mean that the person has no records" in unknown.stderr


def test_audit_that_cannot_be_written_refuses(registry: str) -> None:
    audit = KafkaAudit(NOWHERE, Codec(registry), "direct care", b"key", seconds=1)
    with pytest.raises(AuditUnavailableError):
        audit.viewed("web", View.RECORD, [made.record()])
    with pytest.raises(AuditUnavailableError):
        KafkaAudit(NOWHERE, Codec("http://127.0.0.1:1"), "direct care", b"key", seconds=1).viewed("web", View.RECORD, [made.record()])


def test_stores_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="nothing has been indexed yet"):
        SearchedPeople(tmp_path).find("anyone", 5)
    for ask in (CachedRecords(f"redis://{NOWHERE}/0").check, lambda: CachedRecords(f"redis://{NOWHERE}/0").by_number(made.NUMBER)):
        with pytest.raises(StoreUnavailableError, match="live cache"):
            ask()


def test_pages_come_up_before_anything_else_does(tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    with live(NOWHERE, "http://127.0.0.1:1", f"redis://{NOWHERE}/0", tmp_path, WebSettings()) as sources:
        visitor = TestClient(build(sources, WebSettings()), base_url="http://127.0.0.1", raise_server_exceptions=False)
        assert visitor.get("/").status_code == 200
        assert "never heard" in visitor.get("/stream").text
        answer = visitor.post("/search", data={"q": made.NUMBER})
        assert answer.status_code == 503 and "live cache does not answer" in answer.text


def test_digest_of_what_is_seen_not_of_the_head(running: Running, redis_url: str) -> None:
    record = CachedRecords(redis_url).by_person(PERSON)
    assert isinstance(record, Record) and record.settled and record.digest == running.digest


def test_the_web_process_ends_in_order_and_takes_its_address_away(tmp_path: Path) -> None:
    """Else Prometheus would go on asking, and page for a process that was stopped."""
    port = free_port()
    argv = (sys.executable, "-m", "mainstem.web", "--kafka", NOWHERE, "--registry", f"http://{NOWHERE}", "--redis", f"redis://{NOWHERE}/0",
            "--home", str(tmp_path), "--port", str(port))
    with subprocess.Popen(argv, env=os.environ | {"MAINSTEM_METRICS_DIR": str(tmp_path / "metrics")}, cwd=ROOT,
                          stderr=subprocess.DEVNULL) as web:
        assert until(lambda: answers(f"http://127.0.0.1:{port}/accessibility"))
        assert (tmp_path / "metrics" / "web.json").exists()
        web.terminate()
        assert web.wait(30) == 0
    assert not (tmp_path / "metrics" / "web.json").exists()


def answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(url, timeout=5).is_success
    return False
