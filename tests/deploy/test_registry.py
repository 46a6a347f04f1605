"""The registry's promise: an id it gave is for ever, even if it is killed the moment after."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from deploy.stack import down, status, up
from tests.eventually import eventually

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A stack of its own, since its registry is killed."""
    place = tmp_path_factory.mktemp("registry")
    try:
        up(place, only=["registry"])
        yield place
    finally:
        down(place)


def record(*fields: str) -> Schema:
    listed = ", ".join(fields)
    return Schema(f'{{"type": "record", "name": "R", "fields": [{listed}]}}', "AVRO")


def test_an_id_survives_a_kill_the_moment_after_it_was_given(home: Path) -> None:
    client = SchemaRegistryClient({"url": up(home, only=["registry"]).registry})
    given = client.register_schema("survives-value", record('{"name": "a", "type": "int"}'))
    pid = next(one.pid for one in status(home) if one.service == "registry")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: "lost" in {one.state for one in status(home)}, "it is gone")
    again = SchemaRegistryClient({"url": up(home, only=["registry"]).registry})
    assert again.lookup_schema("survives-value", record('{"name": "a", "type": "int"}')).schema_id == given
    assert again.register_schema("later-value", record('{"name": "b", "type": "int"}')) > given


def test_an_incompatible_schema_is_refused(home: Path) -> None:
    client = SchemaRegistryClient({"url": up(home, only=["registry"]).registry})
    client.register_schema("strict-value", record('{"name": "a", "type": "int"}'))
    with pytest.raises(SchemaRegistryError) as caught:
        client.register_schema("strict-value", record('{"name": "a", "type": "int"}', '{"name": "b", "type": "string"}'))
    assert caught.value.http_status_code == 409
