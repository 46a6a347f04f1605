"""Round trips of every schema, damage, and reading what an older writer wrote."""

from __future__ import annotations

import io
import json
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import avro.io
import avro.schema
import fastavro
import msgspec
import pytest
from confluent_kafka.schema_registry import Schema
from hypothesis import given
from hypothesis import strategies as st

from mainstem import model, operations, person_events
from schemas import codec as codecs
from schemas import topics
from schemas.codec import Codec
from schemas.errors import RegistryLostError, RegistryUnavailableError, UndecodableError

RAW = model.RawRef("raw.rxa-epr.v1", 0, 7, "row")
ASSERTION = model.Assertion(source="RXA/epr", patient="1", record="allergy/1", kind="allergy", position="0A", content=b'{"note":null}',
                            raw=RAW, labels=("sensitive",), committed=5)
EXAMPLES: dict[str, msgspec.Struct] = {
    "Assertion": ASSERTION,
    "Claim": model.Claim(source="RXA/epr", patient="1", type="carries-number", position="0A", body=b"{}", raw=RAW),
    "Assignment": model.Assignment(subject="RXA/epr|1", person="p", epoch=3, reason="identity.verified-number"),
    "PersonEvent": person_events.PersonEvent(op=person_events.Op.ATTACH, person="p", subject="RXA/epr|1", epoch=3,
                                             items=(model.Known(ASSERTION, 1, 2, 3),), last=False),
    "Task": model.Task(id="t", status="open", reason="identity.unverified-number", subjects=("RXA/epr|1",), persons=("p",),
                       evidence=(model.Compared(field="family", values=("Archer",), outcome="missing", weights=(1.25,)),), epoch=7,
                       scores=(-2.5,)),
    "Attached": person_events.Attached(subject="RXA/epr|1", person="p", epoch=3),
    "Entry": model.Entry(person="p", fact="f", kind="allergy", status="current", content=b"{}", version=1, known=2, rules={"a": "b"},
                         provenance=(model.Provenance(source="s", patient="1", record="r", part="", position="0", known=1, raw=RAW,
                                                      fields=("note",), lost={"agent": b"1"}),)),
    "Summary": model.Summary(person="p", digest="0" * 64, entries=1, sequence=2, known=3, nhs_numbers=("9990000018",),
                             sources=(model.SourceState(source="s", patient="1", last_heard=1, epoch=-1, handover=True, partial=(
                                 model.PartialList(kind="allergy", reasons=("empty",), known=1),)),)),
    "Change": model.Change(id="i", person="p", sequence=1, fact="f", kind="allergy", change="new", version=1, digest="0", known=1),
    "Ledger": operations.Ledger(producer="capture", topic="t", partition=0, first=1, last=2,
                                outcomes=(operations.Outcome(offset=1, result=operations.Result.IGNORED, reason="tombstone"),)),
    "Quarantined": operations.Quarantined(stage="capture", raw=RAW, source="s", reason="r", detail="d"),
    "Heartbeat": operations.Heartbeat(stage="capture", instance="1", at=1, processed=1, published=1, lag=0, positions={"t/0": 1},
                                      lags={"t/0": 2}, freshness=(0.5,)),
    "AuditEvent": operations.AuditEvent(id="i", at=1, actor="a", action="view", person="p", digest="0", known=1, purpose="direct care",
                                         moment=2),
    "Release": model.Release(activation="1", what="terminology", name="uk-2026-11", digest="0", actor="a", reason="r"),
}


def test_every_schema_has_an_example() -> None:
    assert sorted(EXAMPLES) == codecs.names()


@pytest.mark.parametrize("topic", [t for t in topics.ALL if t.schema], ids=lambda t: t.name)
def test_a_message_comes_back_as_it_was(topic: topics.Topic) -> None:
    codec = Codec("mock://round-trip")
    value = EXAMPLES[topic.schema]
    assert codec.decoder(topic)(codec.encoder(topic)(value)) == value


@pytest.mark.parametrize("topic", [t for t in topics.ALL if t.schema], ids=lambda t: t.name)
def test_the_reference_implementation_reads_the_same(topic: topics.Topic) -> None:
    """Subscribers have libraries of their own."""
    written = Codec("mock://reference").encoder(topic)(EXAMPLES[topic.schema])[codecs.FRAMING:]
    schema = avro.schema.parse((Path(codecs.__file__).parent / "avsc" / f"{topic.schema}.avsc").read_text())
    payload = io.BytesIO(written)
    read = avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(payload))
    assert payload.read() == b""
    assert read == fastavro.schemaless_reader(io.BytesIO(written), codecs.avsc(topic.schema))


@given(st.binary(max_size=60))
def test_damage_is_a_content_fault_and_nothing_else(noise: bytes) -> None:
    codec = Codec("mock://damage")
    good = codec.encoder(topics.PERSON_EVENTS)(EXAMPLES["PersonEvent"])
    decode = codec.decoder(topics.PERSON_EVENTS)
    for bad in (noise, good[:5] + noise, good[:len(noise) % len(good)]):
        try:
            decode(bad)
        except UndecodableError as fault:
            assert "persons.events.v1" in str(fault)


def test_a_schema_id_that_the_registry_does_not_know_is_a_content_fault() -> None:
    codec = Codec("mock://unknown")
    codec.register([topics.CLAIMS])
    with pytest.raises(UndecodableError, match="4711"):
        codec.decoder(topics.CLAIMS)(struct.pack(">bI", 0, 4711) + b"x")


def test_a_registry_that_holds_nothing_for_a_topic_is_a_dependency_fault_until_it_does() -> None:
    """Its messages are good: they wait, and are not put in quarantine."""
    value = EXAMPLES["Claim"]
    message = Codec("mock://has-it").encoder(topics.CLAIMS)(value)
    codec = Codec("mock://lost-it")
    codec.register([topics.ASSERTIONS])
    decode = codec.decoder(topics.CLAIMS)
    number = struct.unpack_from(">bI", message)[1]
    unknown = struct.pack(">bI", 0, number + 4711) + message[codecs.FRAMING:]
    for _ in range(2):
        with pytest.raises(RegistryLostError, match=r"identity\.claims\.v1"):
            decode(unknown)
    codec.register([topics.CLAIMS])
    with pytest.raises(UndecodableError):
        decode(unknown)


def test_a_registry_knows_the_messages_of_a_topic_by_number_and_name() -> None:
    codec = Codec("mock://knows")
    claim, assertion = codec.encoder(topics.CLAIMS)(EXAMPLES["Claim"]), codec.encoder(topics.ASSERTIONS)(EXAMPLES["Assertion"])
    other = Codec("mock://knows-not")
    assert codec.knows(topics.CLAIMS, claim)
    assert codec.knows(topics.CLAIMS, assertion) is False, "the number is another schema's"
    assert other.knows(topics.CLAIMS, claim) is False
    assert codec.knows(topics.CLAIMS, b"\0") is codec.knows(topics.CLAIMS, b"rubbish") is None


@pytest.mark.parametrize(("text", "kind"), [
    ('{"type": "object", "properties": {"a": {"type": "string"}}}', "JSON"),
    ('syntax = "proto3"; message A { string a = 1; }', "PROTOBUF"),
    ('{"type": "string"}', "JSON"),  # is Avro too, but nothing that ours could be resolved against
])
def test_a_schema_that_is_not_avro_is_a_content_fault(text: str, kind: str) -> None:
    codec = Codec(f"mock://no-avro-{kind}-{len(text)}")
    number = codec._client.register_schema("other-value", Schema(text, kind))
    for _ in range(2):
        with pytest.raises(UndecodableError, match=r"claims\.v1"):
            codec.decoder(topics.CLAIMS)(struct.pack(">bI", 0, number) + b"x")


def test_a_registry_that_is_down_is_a_dependency_fault() -> None:
    with pytest.raises(RegistryUnavailableError, match="mainstem stack up"):
        Codec("http://127.0.0.1:9").register(topics.ALL)


class Answers(BaseHTTPRequestHandler):
    """What stands at the registry's address: it says `said` to whatever it is asked, or nothing."""

    said: bytes | None = b""

    def do_GET(self) -> None:
        if self.said is None:
            self.connection.recv(1)  # until whoever asked goes away
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.said)))
        self.end_headers()
        self.wfile.write(self.said)

    do_POST = do_GET

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """URL of what answers as `Answers` does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("said", [b"<html>down for maintenance</html>", b"{}", b'{"status":"ok"}', b'{"schema":""}', b"[]", b"null", b""])
def test_what_answers_as_no_registry_does_is_a_dependency_fault_until_one_does(elsewhere: str, said: bytes,
                                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy before a registry that is away says 200 with something of its own. The messages are good, and wait."""
    monkeypatch.setattr(Answers, "said", said)
    codec = Codec(elsewhere)
    decode, message = codec.decoder(topics.CLAIMS), struct.pack(">bI", 0, 7) + Codec("mock://a").encoder(topics.CLAIMS)(EXAMPLES["Claim"])[5:]
    with pytest.raises(RegistryUnavailableError):
        decode(message)
    with pytest.raises(RegistryUnavailableError):
        codec.register([topics.CLAIMS])
    monkeypatch.setattr(Answers, "said", json.dumps({"id": 7, "schema": json.dumps(codecs.avsc("Claim"))}).encode())
    assert decode(message) == EXAMPLES["Claim"]
    assert codec.encoder(topics.CLAIMS)(EXAMPLES["Claim"]) == message


def test_a_registry_that_never_answers_is_not_waited_for_for_ever(elsewhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where its machine is gone and the connection stands: nothing would end the wait, though it is back long since."""
    monkeypatch.setattr(Answers, "said", None)
    monkeypatch.setattr(codecs, "_ANSWER_SECONDS", 0.2)
    raised: list[Exception] = []

    def ask() -> None:
        try:
            Codec(elsewhere).decoder(topics.CLAIMS)(struct.pack(">bI", 0, 7) + b"x")
        except RegistryUnavailableError as fault:
            raised.append(fault)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(30)
    assert raised


@pytest.mark.parametrize("name", codecs.names())
def test_an_older_writer_without_the_optional_fields_is_still_read(name: str) -> None:
    schema = json.loads(json.dumps(codecs.avsc(name)))
    full = codecs.to_avro(EXAMPLES[name])
    schema["fields"] = [field for field in schema["fields"] if "default" not in field]
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(_renamed(schema)), full)
    out.seek(0)
    body = fastavro.schemaless_reader(out, fastavro.parse_schema(_renamed(schema)), codecs.avsc(name))
    read = codecs.from_avro(body, type(EXAMPLES[name]))
    for field in schema["fields"]:
        assert getattr(read, field["name"]) == getattr(EXAMPLES[name], field["name"])


def test_container_files_are_read_back_and_a_cut_one_is_refused(tmp_path) -> None:
    path = tmp_path / "a.avro"
    with path.open("wb") as out:
        codecs.write_file(out, "Assertion", [ASSERTION] * 50)
    with path.open("rb") as source:
        assert [value for _, value in codecs.read_file(source)] == [ASSERTION] * 50
    path.write_bytes(path.read_bytes()[:-30])
    with path.open("rb") as source, pytest.raises((ValueError, EOFError)):
        list(codecs.read_file(source))


def _renamed(schema: dict) -> dict:
    return {key: value for key, value in schema.items() if not key.startswith("__")}
