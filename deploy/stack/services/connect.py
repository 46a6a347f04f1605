"""Kafka Connect with the Debezium PostgreSQL connector: distributed mode, so that connectors come and stay by REST."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx

from deploy.stack import java
from deploy.stack.ports import LOOPBACK
from deploy.stack.service import Command, Site


class Connect:
    name = "connect"
    needs: tuple[str, ...] = ("kafka",)
    ports: tuple[str, ...] = ("connect",)
    java = True
    patience = 180.0
    stop_signal = signal.SIGTERM

    def prepare(self, site: Site) -> Command:
        config = site.layout.config(self.name) / "connect.properties"
        config.parent.mkdir(parents=True, exist_ok=True)
        properties = worker_properties(bootstrap=site.endpoints.kafka, listener=f"http://{LOOPBACK}:{site.ports['connect']}",
                                       advertised=LOOPBACK, plugins=site.parts / "plugins")
        config.write_text("".join(f"{key}={value}\n" for key, value in properties.items()), encoding="utf-8")
        target = ("-cp", java.kafka_classpath(site.parts), "org.apache.kafka.connect.cli.ConnectDistributed", str(config))
        return Command(java.command(site.settings.connect_heap_mb, target, properties=java.logging_properties()), {})

    def ready(self, site: Site) -> bool:
        return answers(site.endpoints.connect)


def answers(url: str) -> bool:
    """Whether a worker serves there: it answers this only once it has joined its group and read its configuration topic."""
    try:
        return httpx.get(f"{url}/connectors", timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def worker_properties(*, bootstrap: str, listener: str, advertised: str, plugins: Path) -> dict[str, object]:
    """Of a Connect worker, wherever it runs."""
    converter = "org.apache.kafka.connect.json.JsonConverter"
    return {
        "bootstrap.servers": bootstrap,
        "group.id": "mainstem-connect",
        "listeners": listener,
        "rest.advertised.host.name": advertised,
        "plugin.path": plugins,
        "plugin.discovery": "service_load",   # scanning every class doubles the start
        "key.converter": converter,
        "key.converter.schemas.enable": "false",
        "value.converter": converter,
        "value.converter.schemas.enable": "false",
        "config.storage.topic": "connect.configs",
        "config.storage.replication.factor": 1,
        "offset.storage.topic": "connect.offsets",
        "offset.storage.replication.factor": 1,
        "offset.storage.partitions": 5,
        "status.storage.topic": "connect.status",
        "status.storage.replication.factor": 1,
        "status.storage.partitions": 1,
        "exactly.once.source.support": "enabled",
        "offset.flush.interval.ms": 5000,
        # One worker: after a kill its successor must not wait five minutes for it to come back, nor long for its session to end.
        "scheduled.rebalance.max.delay.ms": 0,
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 2000,
    }
