"""The web process on real servers and stores, with one person in them, and a browser."""

from __future__ import annotations

import base64
import dataclasses
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import TopicPartition
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from mainstem import canonical
from mainstem.model import Entry, Provenance, RawRef, SourceState, Summary
from mainstem.web.record import Item
from schemas import kafka as clients
from schemas import topics
from schemas.codec import Codec
from schemas.partition import partition
from sinks.cache import CacheStore
from sinks.contract import Batch
from sinks.search import SearchStore
from tests.web import made

PERSON = "5e" * 16
SOURCE = "RXW/web-test"
PATIENT = "W1"


def until(holds: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Poll for a condition, with a deadline."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@dataclasses.dataclass
class Running:
    """A web process, and what it reads from."""

    url: str
    kafka: str
    codec: Codec
    home: Path
    log: Path
    digest: str

    def publish(self, topic: topics.Topic, key: str, *values: msgspec.Struct) -> None:
        producer = clients.producer(self.kafka)
        encode = self.codec.encoder(topic)
        for value in values:
            producer.produce(topic.name, encode(value), key, partition(key, topic.partitions))
        assert producer.flush(20) == 0

    def audited(self) -> list[Any]:
        """Every audit event of the person."""
        consumer = clients.consumer(self.kafka, "web-test", enable_partition_eof=True)
        decode, found, ended = self.codec.decoder(topics.AUDIT), [], 0
        try:
            consumer.assign([TopicPartition(topics.AUDIT.name, p, 0) for p in range(topics.AUDIT.partitions)])
            while ended < topics.AUDIT.partitions:
                for message in consumer.consume(100, timeout=1):
                    if message.error():
                        ended += 1
                    else:
                        found.append(decode(message.value()))
        finally:
            consumer.close()
        return [event for event in found if event.person == PERSON]

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as fault:
            return fault.code


@pytest.fixture(scope="module")
def running(kafka: str, registry: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.getbasetemp() / "servers"  # the native provider's home, so that `--home` finds servers and stores together
    clients.ensure_topics(kafka, topics.ALL)
    codec = Codec(registry)
    codec.register(topics.ALL)
    contents = made.CONTENTS | {"medicine": made.COURSE}
    entries = [entry_of(made.item(kind, content, sources=(SOURCE,)), version=1) for kind, content in contents.items()]
    digest = _store(home, redis_url, entries)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("web") / "web.log"
    arguments = ["--kafka", kafka, "--registry", registry, "--redis", redis_url, "--home", str(home), "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "mainstem.web", *arguments], stdout=out, stderr=subprocess.STDOUT)
        given = Running(f"http://127.0.0.1:{port}", kafka, codec, home, log, digest)
        try:
            assert until(lambda: process.poll() is None and _answers(port)), log.read_text()
            yield given
        finally:
            process.terminate()
            process.wait(20)


def entry_of(item: Item, version: int) -> Entry:
    return Entry(
        person=PERSON,
        fact=item.fact,
        kind=item.kind,
        status="current",
        content=canonical.encode(item.content),
        version=version,
        known=item.known,
        sources=item.sources,
        provenance=tuple(
            Provenance(
                source=one.source,
                patient=PATIENT,
                record=one.record,
                part="",
                position=one.position,
                known=one.known,
                raw=RawRef(topics.raw(SOURCE).name, 1, 4711),
                recorded=one.recorded,
                lost={"note": b'"said otherwise"'},
            )
            for one in item.provenance
        ),
    )


def _store(home: Path, redis_url: str, entries: list[Entry]) -> str:
    digest = canonical.record_digest(sum(canonical.entry_digest(entry.fact, entry.content) for entry in entries))
    state = SourceState(
        source=SOURCE, patient=PATIENT, last_heard=made.NOW, epoch=1, kinds=tuple(kind for kind in made.CONTENTS if kind != "allergy")
    )
    summary = Summary(
        person=PERSON, digest=digest, entries=len(entries), sequence=1, known=made.NOW, nhs_numbers=(made.NUMBER,), sources=(state,)
    )
    for store in (CacheStore(redis_url), SearchStore(home)):
        positions = store.open()
        store.apply(Batch(tuple(entries), (summary,)), positions)
        store.close()
    return digest


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """Headless Chromium that reaches nothing but what it is told to."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("Chromium is not installed (Debian: chromium, chromium-driver)")
    width, height = request.param
    options = Options()
    options.binary_location = chromium
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "no-first-run",
        f"window-size={width},{height}",
        f"user-data-dir={tmp_path / 'profile'}",
        "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    chrome.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    )
    yield chrome
    chrome.quit()


def picture(browser: webdriver.Chrome, path: Path) -> None:
    """The whole page, for people to look at."""
    browser.execute_script("window.scrollTo(0, 0)")
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    path.write_bytes(base64.b64decode(taken["data"]))
