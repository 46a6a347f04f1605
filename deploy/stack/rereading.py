"""Tables of a captured database read anew while its changes go on: asked for through a topic that its connector listens to.

https://debezium.io/documentation/reference/stable/configuration/signalling.html, "Ad hoc blocking snapshots".
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence

import orjson
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.stack.addresses import Endpoints
from deploy.stack.captured import captured
from deploy.stack.errors import NotAskedError

_TOPIC = "connect.signals"
_SECONDS = 10.0


def listening(kafka: str) -> dict[str, str]:
    """What a connector's configuration needs for it, beside the topic."""
    return {"signal.enabled.channels": "kafka", "signal.kafka.topic": _TOPIC, "signal.kafka.bootstrap.servers": kafka}


def ensure_topic(kafka: str) -> None:
    """Of one partition, as Debezium wants it. Raises KafkaException."""
    new = NewTopic(_TOPIC, num_partitions=1, replication_factor=-1, config={"retention.ms": "86400000"})
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 3})
    try:
        admin.create_topics([new], request_timeout=_SECONDS)[_TOPIC].result()
    except KafkaException as fault:
        if fault.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise


def reread(endpoints: Endpoints, name: str, tables: Sequence[str] = ()) -> list[str]:
    """Ask a running connector to read the tables anew, or all that it captures; returns which. Nothing that is changed meanwhile is missed:
    the log is read on from where it was.

    Raises NotAskedError, KafkaException.
    """
    found = captured(endpoints, name)
    chosen = found.chosen(tables)
    if listening(endpoints.kafka).items() - found.config.items():
        raise NotAskedError(f"connector {name} does not listen to {_TOPIC}: bring its configuration up to date (`mainstem run` does)")
    if not found.running:
        raise NotAskedError(f"connector {name} does not run, and would not hear it: see `mainstem stack logs connect`")
    _send(endpoints.kafka, found.config["topic.prefix"], chosen)
    return chosen


def _send(kafka: str, prefix: str, tables: Iterable[str]) -> None:
    signal = {"id": str(uuid.uuid4()), "type": "execute-snapshot",
              "data": {"type": "BLOCKING", "data-collections": [re.escape(table) for table in tables]}}
    producer = Producer({"bootstrap.servers": kafka, "acks": "all", "log_level": 3, "message.timeout.ms": int(_SECONDS * 1000)})
    failed: list[KafkaError] = []
    producer.produce(_TOPIC, orjson.dumps(signal), prefix.encode(), on_delivery=lambda fault, _: failed.append(fault) if fault else None)
    producer.flush(_SECONDS * 2)
    if failed:
        raise KafkaException(failed[0])
