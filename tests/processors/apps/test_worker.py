"""The worker as a process, with the real stages on a real broker: what it publishes is the fold, whatever is killed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstem import canonical, nhs_number
from mainstem.kinds.base import SNOMED
from mainstem.kinds.facts import Terms
from mainstem.model import Assertion, Claim, RawRef
from mainstem.settings import Settings
from mainstem.terminology import builtin
from mainstem.verify import drain, published, received
from processors.apps.stages import STAGES
from processors.apps.worker import EXIT_AWAY, EXIT_OTHER
from processors.identity.linker import assign
from processors.lane import changelog
from processors.reconcile.fold import fold
from schemas import log, topics
from schemas.codec import Codec
from schemas.kafka import ensure_topics, producer
from schemas.partition import partition
from tests.eventually import eventually
from tests.schemas import subscriber

AGENTS = ("penicillin", "peanut", "latex", "aspirin")
STAGE_INPUTS = {name: inputs for name, inputs in drain.readers((), ()).items() if name in STAGES}


class Stream:
    """Input for all stages, and the worker process."""

    def __init__(self, kafka: str, registry: str, directory: Path) -> None:
        self.kafka, self.registry, self.directory = kafka, registry, directory
        self.codec = Codec(registry)
        ensure_topics(kafka, topics.ALL)
        self._producer = producer(kafka)
        self._encode = {t.name: self.codec.encoder(t) for t in (topics.ASSERTIONS, topics.CLAIMS)}
        self._process: subprocess.Popen[bytes] | None = None
        self._clock = time.time_ns() // 1_000_000
        self._random = random.Random(7)

    def start(self) -> None:
        command = [sys.executable, "-m", "processors.apps.worker", "--kafka", self.kafka, "--registry", self.registry,
                   "--state-dir", str(self.directory / "state"), "--instance", "only"]
        with (self.directory / "worker.log").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def terminate(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(20)

    def ended(self) -> int:
        """The code with which the worker ends by itself."""
        assert self._process is not None
        return self._process.wait(60)

    def live(self, steps: int, persons: int = 30) -> None:
        """Allergies noted and changed by two sources; numbers given, mistaken and put right."""
        for _ in range(steps):
            self._clock += 1
            person, source = self._random.randrange(persons), self._random.choice(("RXA/epr", "A82038/gp"))
            if self._random.random() < 0.2:
                self._number(source, str(person), nhs_numbers(persons)[max(0, person - (self._random.random() < 0.2))])
            else:
                self._allergy(source, str(person))
        self._producer.flush()

    def drained(self) -> None:
        drain.wait(self.kafka, self.codec, STAGE_INPUTS, 90, lambda text: None)

    def coded(self, persons: int) -> None:
        """Each has an allergy to penicillin as a finding and as a substance: one fact, for whoever knows the codes."""
        for person in range(persons):
            for record, code in (("finding", "91936005"), ("substance", "764146007")):
                self._clock += 1
                content = canonical.encode({"agent": {"codes": [{"system": SNOMED, "code": code}]}})
                self._send(topics.ASSERTIONS, Assertion(
                    source="RXA/epr", patient=f"coded-{person}", record=f"allergy/{record}", kind="allergy",
                    position=f"{self._clock:016x}", content=content, raw=RawRef("raw.test.v1", 0, self._clock)))
        self._producer.flush()

    def _number(self, source: str, patient: str, number: str) -> None:
        body = canonical.encode({"nhs_number": number, "verification": "01"})
        self._send(topics.CLAIMS, Claim(source=source, patient=patient, type="carries-number", position=f"{self._clock:016x}", body=body,
                                        raw=RawRef("raw.test.v1", 0, self._clock)))

    def _allergy(self, source: str, patient: str) -> None:
        content = canonical.encode({"agent": {"text": self._random.choice(AGENTS)}, "note": str(self._random.randrange(3))})
        self._send(topics.ASSERTIONS, Assertion(
            source=source, patient=patient, record=f"allergy/{self._random.randrange(4)}", kind="allergy", position=f"{self._clock:016x}",
            content=content, raw=RawRef("raw.test.v1", 0, self._clock), committed=self._clock))

    def _send(self, topic: topics.Topic, value: Assertion | Claim) -> None:
        self._producer.produce(topic.name, self._encode[topic.name](value), value.subject.encode(),
                               partition=partition(value.subject, topic.partitions))


def nhs_numbers(count: int) -> list[str]:
    """Valid numbers of the synthetic range."""
    found = (f"{base}" for base in range(9_990_000_000, 9_990_100_000) if nhs_number.verified(f"{base}", "01"))
    return [next(found) for _ in range(count)]


@pytest.fixture
def stream(kafka: str, registry: str, tmp_path: Path) -> Iterator[Stream]:
    made = Stream(kafka, registry, tmp_path)
    yield made
    made.kill()


def check(stream: Stream, terms: Terms | None = None) -> None:
    """Entries, versions, envelopes and heads are those of a fold over everything the topics hold. What entries rest on is not looked at:
    other tests may have put some there by hand, withdrawn ones."""
    key = Settings().person_key.get_secret_value().encode()
    known = list(received.assertions(stream.kafka, stream.codec))
    records = fold(known, assign(received.claims(stream.kafka, stream.codec), key), key, terms or builtin())
    latest, (order, _) = published.entries(published.read(stream.kafka, stream.codec, topics.ENTRIES), ())
    checks = [order, *published.check_entries(records.values(), latest),
              published.check_heads(records, published.heads(published.read(stream.kafka, stream.codec, topics.SUMMARIES)))]
    assert [each for each in checks if not each.passed] == []


def check_headers(stream: Stream, since: int) -> None:
    """Each message that subscribers read is an event to a library that knows nothing of ours, and no two are the same. `since`: of a
    moment before the stream, milliseconds."""
    for topic in (topics.ENTRIES, topics.CHANGES):
        decode, ids = stream.codec.decoder(topic), []
        for message in log.read(stream.kafka, topic):
            if message.timestamp()[1] >= since:
                event = subscriber.received(message.headers() or (), message.key() or b"", message.value() or b"")
                attributes = event.get_attributes()
                assert attributes | subscriber.expected(decode(message.value()), message.key() or b"") == attributes
                ids.append((event.get_source(), event.get_id()))
        assert len(set(ids)) == len(ids) > 0


@pytest.mark.stack
def test_entries_are_the_fold_after_kills(stream: Stream) -> None:
    began = time.time_ns() // 1_000_000
    stream.start()
    stream.live(1_500)
    for _ in range(3):
        before = _entries(stream)
        stream.live(1_000)
        eventually(lambda before=before: _entries(stream) > before, "progress")
        stream.kill()
        stream.live(300)
        stream.start()
    stream.drained()
    check(stream)
    check_headers(stream, began)
    assert stream.terminate() == 0


def test_an_unknown_stage_is_refused_with_the_known_ones() -> None:
    done = subprocess.run([sys.executable, "-m", "processors.apps.worker", "--kafka", "127.0.0.1:1", "--registry", "mock://",
                           "--state-dir", "unused", "--stages", "linker,wrong"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no stage wrong" in done.stderr
    assert "reconcile" in done.stderr


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_is_what_its_name_says(name: str) -> None:
    stage = STAGES[name]()
    assert stage.name == name
    assert {topic.partitions for topic in stage.inputs} == {stage.changelog.partitions}
    assert stage.inputs == STAGE_INPUTS[name]


def _entries(stream: Stream) -> int:
    """How far the entries topic has grown; transaction markers count."""
    consumer = changelog.reader(stream.kafka)
    try:
        return sum(changelog.bounds(consumer, topics.ENTRIES.name, p)[1] for p in range(topics.ENTRIES.partitions))
    finally:
        consumer.close()


def test_a_worker_whose_state_has_no_place_says_so_in_a_line(tmp_path: Path) -> None:
    (place := tmp_path / "file").touch()
    done = subprocess.run([sys.executable, "-m", "processors.apps.worker", "--kafka", "127.0.0.1:1", "--registry", "http://127.0.0.1:1",
                           "--stages", "identity", "--state-dir", str(place)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == EXIT_OTHER
    assert str(place) in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_worker_that_finds_no_broker_says_so_in_a_line_and_ends(tmp_path: Path) -> None:
    """Slow: it asks for 30 s."""
    done = subprocess.run([sys.executable, "-m", "processors.apps.worker", "--kafka", "127.0.0.1:1", "--registry", "http://127.0.0.1:1",
                           "--state-dir", str(tmp_path / "state")], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == EXIT_AWAY
    assert "Kafka at 127.0.0.1:1" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
