"""`mainstem identity` on a real broker: a decision is recorded only when it is meant, views are audited, a wrong join can be followed."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import orjson
import pytest
from typer.testing import CliRunner

import deploy.stack
from mainstem.adjudication.desk import KafkaDesk
from mainstem.cli import identity
from mainstem.model import Change, Entry
from mainstem.operations import AuditEvent
from mainstem.settings import Settings
from processors.identity.linker import review
from processors.identity.persons import own_person
from schemas import kafka, log, topics
from schemas.codec import Codec
from schemas.partition import partition
from seeds import nhs
from tests.processors.identity.test_persons import BABY, MUM, number, who
from tests.web.decided import MadeIdentity
from tests.web.test_adjudication import HOME, PAIR, A, lives, standings

NHS = nhs.number(777_777)
"""On the shared broker no other test carries it."""
PERSON_KEY = Settings().person_key.get_secret_value().encode()


@dataclasses.dataclass
class Run:
    servers: deploy.stack.Endpoints
    codec: Codec
    mother: str
    baby: str

    def publish(self, topic: topics.Topic, key: str, *values: msgspec.Struct) -> None:
        producer = kafka.producer(self.servers.kafka)
        for value in values:
            producer.produce(topic.name, self.codec.encoder(topic)(value), key.encode(), partition=partition(key, topic.partitions))
        assert not producer.flush(30)

    def audited(self, actor: str) -> list[AuditEvent]:
        decode = self.codec.decoder(topics.AUDIT)
        return [event for message in log.read(self.servers.kafka, topics.AUDIT) if (event := decode(message.value())).actor == actor]

    def invoke(self, *arguments: str) -> Any:
        """The command's JSON."""
        result = CliRunner().invoke(identity.app, [*arguments, "--output", "json"])
        assert result.exit_code == 0, result.output
        return orjson.loads(result.stdout)


@pytest.fixture
def run(provider, monkeypatch) -> Run:
    """Two source patients, mother and newborn, carry one number."""
    servers = provider.need("kafka", "registry", "redis")
    monkeypatch.setattr(deploy.stack, "endpoints", lambda _home: servers)
    kafka.ensure_topics(servers.kafka, topics.ALL)
    source = f"T{uuid.uuid4().hex[:8]}/x"
    made = Run(servers, Codec(servers.registry), f"{source}|1", f"{source}|2")
    claims = [number(made.mother, NHS), who(made.mother, **MUM), number(made.baby, NHS), who(made.baby, **BABY)]
    for claim in claims:
        made.publish(topics.CLAIMS, claim.subject, claim)
    for task in review(claims, PERSON_KEY):
        made.publish(topics.TASKS, task.id, task)
    return made


def test_review_decide_and_take_back(run: Run) -> None:
    mother, baby, invoke = run.mother, run.baby, run.invoke
    (task,) = (each for each in invoke("review") if mother in each["subjects"])
    assert task["reason"] == "identity.contradicting-demographics"
    dry = invoke("decide", task["id"], "--same", "--why", "asked the ward", "--dry-run")
    assert {each["subject"] for each in dry["moved"]} >= {baby}
    assert invoke("why", mother)["reason"] == "identity.contradicting-demographics", "nothing was recorded"
    invoke("link", mother, baby, "--why", "asked the ward")
    assert {"linked"} <= {each["type"] for each in invoke("why", baby)["claims"]}
    (person,) = invoke("show", baby)
    assert {each["subject"] for each in person["source_patients"]} >= {mother, baby}
    invoke("undo", baby, mother, "--why", "the wrong two")
    assert len(invoke("show", NHS)) >= 2


def test_why_two_are_apart_or_together_and_who_came_and_left(run: Run) -> None:
    mother, baby, invoke = run.mother, run.baby, run.invoke
    apart = invoke("why", mother, baby)
    assert not apart["together"] and {each["speaks"] for each in apart["grounds"]} >= {"for", "against"}
    assert [field["outcome"] for field in apart["fields"] if field["field"] == "given"] == ["differ"]
    linked = invoke("link", mother, baby, "--why", "asked the ward")
    together = invoke("why", baby, mother)
    assert together["together"] and together["way"][0]["rule"] == "identity.human-decision"
    assert linked["id"] in {claim["decision"] for claim in together["one"]["claims"]}
    actor = uuid.uuid4().hex
    (person,) = invoke("show", baby, "--history", "--actor", actor)
    assert {each["subject"] for each in person["history"] if each["after"] == person["person"]} >= {mother, baby}
    assert {claim["type"] for each in person["source_patients"] if each["subject"] == baby for claim in each["claims"]} >= {
        "carries-number", "demographics", "linked"}
    assert person["person"] in {event.person for event in run.audited(actor)}
    shown = CliRunner().invoke(identity.app, ["why", mother, baby])
    assert shown.exit_code == 0 and "are one person." in shown.stdout and "likeness" in shown.stdout
    desk = KafkaDesk(run.servers.kafka, run.codec, PERSON_KEY)
    assert msgspec.json.decode(msgspec.json.encode(desk.why(baby, mother))) == together, "what the pages show is what the command prints"
    assert desk.found(baby) == [person["person"]]
    assert [each.subject for each in desk.show(person["person"]).members] == [each["subject"] for each in person["source_patients"]]
    passed, _ = desk.history(person["person"])
    assert [each._asdict() for each in passed] == person["history"]
    table = CliRunner().invoke(identity.app, ["show", baby, "--history"])
    assert table.exit_code == 0 and "Who came and who left" in table.stdout
    invoke("undo", baby, mother, "--why", "the wrong two")


def test_what_is_shown_was_audited_first_and_the_list_names_nobody(run: Run) -> None:
    actor = uuid.uuid4().hex
    listed = CliRunner().invoke(identity.app, ["review"])
    assert listed.exit_code == 0 and run.mother not in listed.stdout and NHS not in listed.stdout
    found = run.invoke("show", run.mother, "--actor", actor)
    assert [(event.action, event.person) for event in run.audited(actor)] == [("identity", found[0]["person"])]
    (task,) = (each for each in run.invoke("review", "--actor", actor) if run.mother in each["subjects"])
    assert set(task["persons"]) <= {event.person for event in run.audited(actor)}


@pytest.mark.parametrize("broken", [{"redis": "redis://127.0.0.1:1/0"}, {"kafka_of_audit": "127.0.0.1:1"}])
def test_without_an_audit_nothing_is_shown(run: Run, monkeypatch, broken: dict[str, str]) -> None:
    from mainstem.web import audit

    if "redis" in broken:
        servers = SimpleNamespace(kafka=run.servers.kafka, registry=run.servers.registry, redis=broken["redis"])
        monkeypatch.setattr(deploy.stack, "endpoints", lambda _home: servers)
    else:
        real = audit.KafkaAudit
        monkeypatch.setattr(audit, "KafkaAudit", lambda _kafka, *given: real(broken["kafka_of_audit"], *given, seconds=1))
    two = [run.mother, run.baby, "--why", "x"]
    for arguments in (["show", run.mother], ["why", run.mother], ["review", "--output", "json"], ["link", *two],
                      ["unlink", *two, "--dry-run"], ["blast", run.mother, run.baby], ["blast", run.mother]):
        result = CliRunner().invoke(identity.app, arguments)
        assert result.exit_code == 1 and not result.stdout.strip(), result.output
        assert "mainstem stack status" in result.stderr
    assert not KafkaDesk(run.servers.kafka, run.codec, PERSON_KEY).about(run.mother, run.baby)


@pytest.mark.parametrize("command", ["link", "unlink"])
def test_whose_person_a_decision_would_change_is_audited_also_of_a_dry_run(run: Run, command: str) -> None:
    actor = uuid.uuid4().hex
    dry = run.invoke(command, run.mother, run.baby, "--why", "asked the ward", "--who", actor, "--dry-run")
    concerned = {person for each in dry["moved"] for person in (each["before"], each["after"])}
    if command == "unlink":
        assert not concerned, "nobody's person changes, and that too is told of the two"
        concerned = {run.invoke("why", each)["person"] for each in (run.mother, run.baby)}
    assert {(event.action, event.person) for event in run.audited(actor)} == {("identity", person) for person in concerned}


def test_the_blast_radius_of_a_join_taken_back(run: Run) -> None:
    linked = run.invoke("link", run.mother, run.baby, "--why", "asked the ward")
    person = run.invoke("show", run.mother)[0]["person"]
    changed = _changes(run, person)
    run.publish(topics.CHANGES, person, changed("f1", 1), changed("f2", 1), changed("f3", 1))
    source, _, patient = run.baby.partition("|")
    known = {fact: _behind(source, patient if fact == "f2" else "0") for fact in ("f1", "f2", "f3")}
    for fact, behind in known.items():
        _publish_entry(run, Entry(person=person, fact=fact, kind="allergy", status="current", content=b"{}", version=1, known=1,
                                  provenance=(behind,)))
    viewed = run.invoke("blast", run.mother, run.baby, "--actor", "x")
    assert viewed[-1]["ended"] is None and viewed[-1]["states"] == {"stands": 3}
    actor = uuid.uuid4().hex
    run.invoke("show", run.mother, "--actor", actor)
    undone = run.invoke("undo", run.mother, run.baby, "--why", "the wrong two")
    epoch = KafkaDesk(run.servers.kafka, run.codec, PERSON_KEY).decision(undone["id"]).offset
    run.publish(topics.CHANGES, person, msgspec.structs.replace(changed("f1", 2), change="withdrawn", handover=epoch))
    now = run.invoke("why", run.baby)["person"]
    for what in ([undone["id"]], [linked["id"]], [run.baby, run.mother], [run.baby], [now]):
        (found,) = (each for each in run.invoke("blast", *what) if each["ended"] == epoch and {each["one"], each["other"]} == {
            run.mother, run.baby})
        assert {fact["fact"]: fact["state"] for fact in found["facts"]} == {"f1": "corrected", "f2": "pending", "f3": "untouched"}
        assert found["published"]["records.changes.v1"] == 3
        assert actor in {view["actor"] for view in found["viewed"]}
    shown = CliRunner().invoke(identity.app, ["blast", undone["id"]])
    assert "3 facts: 1 corrected, 1 pending, 1 untouched" in shown.stdout
    for fact in known:  # others read the same topics, and no stage derived these
        _publish_entry(run, Entry(person=person, fact=fact, kind="allergy", status="withdrawn", content=b"", version=2, known=2))


def test_what_nobody_knows_is_said_so(run: Run) -> None:
    for arguments in (["show", "nobody"], ["why", "X/y|1"], ["why", run.mother, "X/y|1"], ["why", run.mother, run.mother],
                      ["blast", "X/y|1"], ["blast", "nothing"], ["review", "nothing"], ["decide", "nothing", "--same", "--why", "x"]):
        result = CliRunner().invoke(identity.app, arguments)
        assert result.exit_code == 1 and "mainstem identity: " in result.stderr and "Traceback" not in result.output
    assert run.invoke("blast", run.mother, "X/y|1") == []


@pytest.mark.parametrize("arguments", [["show", "X/y|1"], ["why", "X/y|1"], ["blast", "X/y|1"], ["show", "nobody"]])
def test_a_look_that_finds_nobody_is_audited_before_it_is_said(run: Run, monkeypatch, arguments: list[str]) -> None:
    from mainstem.web import audit

    actor = uuid.uuid4().hex
    CliRunner().invoke(identity.app, [*arguments, "--actor", actor])
    meant = "" if "nobody" in arguments else own_person(PERSON_KEY, "X/y|1")
    assert [(event.action, event.person) for event in run.audited(actor)] == [("nobody", meant)]
    real = audit.KafkaAudit
    monkeypatch.setattr(audit, "KafkaAudit", lambda _kafka, *given: real("127.0.0.1:1", *given, seconds=1))
    result = CliRunner().invoke(identity.app, arguments)
    assert result.exit_code == 1 and "audit of this view" in result.stderr and "known" not in result.stderr


def test_that_two_were_never_one_is_a_view_of_both(run: Run) -> None:
    actor = uuid.uuid4().hex
    assert run.invoke("blast", run.mother, "X/y|1", "--actor", actor) == []
    assert {(event.action, event.person) for event in run.audited(actor)} == {
        ("blast radius", run.invoke("why", run.mother)["person"]), ("blast radius", own_person(PERSON_KEY, "X/y|1"))}


def test_a_task_that_cannot_be_decided_so_names_no_patient(run: Run) -> None:
    (task,) = (each for each in run.invoke("review") if run.mother in each["subjects"])
    result = CliRunner().invoke(identity.app, ["decide", task["id"], "--same", "--why", "x", "--other", "X/y|1"])
    assert result.exit_code == 2 and "--other" in result.stderr
    assert not any(subject in result.output for subject in task["subjects"])


def _publish_entry(run: Run, entry: Entry) -> None:
    producer = kafka.producer(run.servers.kafka)
    producer.produce(topics.ENTRIES.name, run.codec.encoder(topics.ENTRIES)(entry), f"{entry.person}|{entry.fact}",
                     partition=partition(entry.person, topics.ENTRIES.partitions))
    assert not producer.flush(30)


def _changes(run: Run, person: str) -> Callable[[str, int], Change]:
    def changed(fact: str, version: int) -> Change:
        return Change(id=f"{run.mother}{fact}{version}", person=person, sequence=1, fact=fact, kind="allergy", change="new",
                      version=version, digest="d", known=1)

    return changed


def _behind(source: str, patient: str) -> Any:
    from mainstem.model import Provenance, RawRef

    return Provenance(source=source, patient=patient, record="allergy/1", part="", position="1", known=1, raw=RawRef("r", 0, 0))


def test_a_task_tells_where_someone_lives_only_where_they_are_known_not_to_be_restricted() -> None:
    made = MadeIdentity([*PAIR, lives(A, **HOME)])
    (task,) = (each.task for each in made.waiting())
    for records, told in standings(made, A):
        shown = identity._without_whereabouts(task, dict.fromkeys(task.persons) | {each.person: each for each in records})
        assert ("ZZ99 3CZ" in str(shown.evidence)) == told and ("withheld" in str(shown.evidence)) != told
