"""Matching models put in force on a real broker, in topics of this test alone: record and event together, and apart from terminologies."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka.admin import AdminClient
from msgspec.structs import replace
from typer.testing import CliRunner

import deploy.stack
from mainstem.cli import identity
from mainstem.model import Claim
from mainstem.shelf import ReleaseError, shown
from mainstem.terminology import Shelf, builtin, in_force
from mainstem.verify import received
from processors.apps import releases
from processors.identity.activated import MATCHING, release_of
from processors.identity.scoring.release import built_in
from processors.identity.scoring.shelf import ModelShelf
from schemas import kafka as clients
from schemas import topics
from schemas.codec import Codec
from tests.processors.identity.test_linked_by_score import LINKING

pytestmark = pytest.mark.stack
OURS = replace(LINKING, name="ours")


@dataclasses.dataclass
class Control:
    servers: deploy.stack.Endpoints
    home: Path
    codec: Codec

    @property
    def kafka(self) -> str:
        return self.servers.kafka

    @property
    def models(self) -> ModelShelf:
        return ModelShelf(self.home / "matching")

    def ship(self) -> list[str]:
        said: list[str] = []
        releases.ship(self.kafka, self.codec, Shelf(self.home / "terms"), self.models, said.append)
        return [text.partition(" in force")[0] for text in said]

    def in_force(self) -> str:
        found = in_force(releases.read(self.kafka, self.codec), MATCHING, 10**15)
        assert found is not None
        return found.name

    def send(self, *claims: Claim) -> None:
        producer = clients.producer(self.kafka)
        for claim in claims:
            producer.produce(topics.CLAIMS.name, self.codec.encoder(topics.CLAIMS)(claim), claim.subject.encode(), partition=0)
        assert not producer.flush(30)

    def claims(self) -> list[Claim]:
        return list(received.claims(self.kafka, self.codec))

    def invoke(self, *arguments: str, code: int = 0) -> Any:
        """The command's JSON, or what it says when it refuses."""
        result = CliRunner().invoke(identity.app, [*arguments, "--home", str(self.home), "--output", "json"])
        assert result.exit_code == code, result.output
        return orjson.loads(result.stdout) if code == 0 else result.stderr


@pytest.fixture
def control(provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Control]:
    servers, name = provider.need("kafka", "registry", "redis"), uuid.uuid4().hex[:8]
    own = ("CLAIMS", "RELEASES", "PERSON_EVENTS")
    for topic in own:
        monkeypatch.setattr(topics, topic, dataclasses.replace(getattr(topics, topic), name=f"control.{topic.lower()}-{name}.v1"))
    monkeypatch.setattr(deploy.stack, "endpoints", lambda _home: servers)
    made = [getattr(topics, topic) for topic in own]
    clients.ensure_topics(servers.kafka, made)
    yield Control(servers, tmp_path, Codec(servers.registry))
    AdminClient({"bootstrap.servers": servers.kafka}).delete_topics([topic.name for topic in made])


def test_what_ships_comes_into_force_once_and_displaces_only_its_own_elder(control: Control) -> None:
    assert control.ship() == ["terminology", "matching model", "rules"] and control.in_force() == "seeds-1"
    assert [path.name for path in control.models.folder.iterdir()] == [f"{shown(built_in())}.json"], "kept for what was known then"
    assert control.ship() == []
    elder = replace(built_in(), prior=0.001)
    releases.activate_model(control.kafka, control.codec, elder, "test", "an older version of Mainstem shipped it")
    with pytest.raises(ReleaseError, match="no model release seeds-1@"):
        releases.current_model(control.kafka, control.codec, control.models)
    assert control.ship() == ["matching model"]
    assert releases.current_model(control.kafka, control.codec, control.models).model == built_in()
    releases.activate_model(control.kafka, control.codec, OURS, "test", "an operator chose it")
    assert control.ship() == [] and control.in_force() == "ours"


def test_record_and_event_come_together_and_neither_waits_for_the_other_kind(control: Control) -> None:
    terms = releases.activate(control.kafka, control.codec, builtin(), "a", "r")
    assert releases.current_model(control.kafka, control.codec, control.models) == (built_in(), frozenset())
    model = releases.activate_model(control.kafka, control.codec, built_in(), "a", "r")
    assert [release_of(claim) for claim in control.claims()] == [replace(model, actor="", reason="")]
    assert releases.current_model(control.kafka, control.codec, control.models).activations == {model.activation}
    assert releases.current(control.kafka, control.codec, Shelf(control.home / "terms")).activations == {terms.activation}
