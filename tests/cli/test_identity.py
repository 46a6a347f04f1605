"""`mainstem identity` on a real broker: a decision is recorded in the claims topic, and only when it is meant."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

import deploy.stack
from mainstem.cli import identity
from processors.identity.linker import review
from schemas import kafka, topics
from schemas.codec import Codec
from schemas.partition import partition
from seeds import nhs
from tests.processors.identity.test_persons import BABY, MUM, number, who

NHS = nhs.number(777_777)
"""On the shared broker no other test carries it."""


@pytest.fixture
def run(provider, monkeypatch):
    """The command's JSON; two source patients, mother and newborn, carry one number."""
    servers = provider.need("kafka", "registry")
    monkeypatch.setattr(deploy.stack, "endpoints", lambda _home: servers)
    kafka.ensure_topics(servers.kafka, [topics.CLAIMS, topics.TASKS])
    codec, source = Codec(servers.registry), f"T{uuid.uuid4().hex[:8]}/x"
    mother, baby = f"{source}|1", f"{source}|2"
    claims = [number(mother, NHS), who(mother, **MUM), number(baby, NHS), who(baby, **BABY)]
    producer = kafka.producer(servers.kafka)
    for claim in claims:
        producer.produce(topics.CLAIMS.name, codec.encoder(topics.CLAIMS)(claim), claim.subject.encode(), partition=0)
    for task in review(claims, b"test"):
        producer.produce(topics.TASKS.name, codec.encoder(topics.TASKS)(task), task.id.encode(),
                         partition=partition(task.id, topics.TASKS.partitions))
    assert not producer.flush(30)

    def invoke(*arguments: str) -> Any:
        result = CliRunner().invoke(identity.app, [*arguments, "--output", "json"])
        assert result.exit_code == 0, result.output
        return orjson.loads(result.output)

    return mother, baby, invoke


def test_review_decide_and_take_back(run) -> None:
    mother, baby, invoke = run
    (task,) = (each for each in invoke("review") if mother in each["subjects"])
    assert task["reason"] == "identity.contradicting-demographics"
    dry = invoke("decide", task["id"], "--same", "--why", "asked the ward", "--dry-run")
    assert {each["subject"] for each in dry["moved"]} >= {baby}
    assert invoke("why", mother)["reason"] == "identity.contradicting-demographics", "nothing was recorded"
    invoke("link", mother, baby, "--why", "asked the ward")
    assert {"linked"} <= {each["type"] for each in invoke("why", baby)["claims"]}
    (person,) = invoke("show", baby)
    assert {each["subject"] for each in person["source_patients"]} == {mother, baby}
    invoke("undo", baby, mother, "--why", "the wrong two")
    assert len(invoke("show", NHS)) == 2
