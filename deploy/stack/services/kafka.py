"""Kafka: one node, KRaft, broker and controller in one process."""

from __future__ import annotations

import base64
import signal
import uuid
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.stack import java
from deploy.stack.errors import ServiceFailedError
from deploy.stack.ports import LOOPBACK
from deploy.stack.run import run_once
from deploy.stack.service import Command, Site
from deploy.stack.tail import tail


class Kafka:
    name = "kafka"
    needs: tuple[str, ...] = ()
    ports: tuple[str, ...] = ("kafka", "kafka-controller")
    java = True
    patience = 180.0
    stop_signal = signal.SIGTERM

    def prepare(self, site: Site) -> Command:
        config = site.layout.config(self.name) / "server.properties"
        data = site.layout.data(self.name)
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text("".join(f"{key}={value}\n" for key, value in _properties(site, data).items()), encoding="utf-8")
        if not (data / "meta.properties").exists():
            self._format(site, config)
        return Command(self._java(site, "kafka.Kafka", str(config), heap_mb=site.settings.kafka_heap_mb), {})

    def ready(self, site: Site) -> bool:
        client = AdminClient({"bootstrap.servers": site.endpoints.kafka, "log_level": 0, "socket.timeout.ms": 2000})
        try:
            return bool(client.list_topics(timeout=2).brokers)
        except KafkaException:
            return False

    def _format(self, site: Site, config: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        log = site.layout.log(self.name)
        argv = self._java(site, "kafka.tools.StorageTool", "format", "--cluster-id", cluster, "--config", str(config), heap_mb=128)
        if run_once(argv, log) != 0:
            raise ServiceFailedError(self.name, "could not format its storage", log, tail(log))

    def _java(self, site: Site, main: str, *arguments: str, heap_mb: int) -> tuple[str, ...]:
        target = ("-cp", java.kafka_classpath(site.parts), main, *arguments)
        return java.command(heap_mb, target, properties=java.logging_properties())


def _properties(site: Site, data: Path) -> dict[str, object]:
    port, controller = site.ports["kafka"], site.ports["kafka-controller"]
    behind, proxy = site.settings.kafka_behind_proxy_port, site.settings.kafka_proxy_port
    proxied = behind is not None and proxy is not None
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        # A static voter: its address is configuration, so that the port may change between two starts.
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}"
                     + (f",PROXIED://{LOOPBACK}:{behind}" if proxied else ""),
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}" + (f",PROXIED://{LOOPBACK}:{proxy}" if proxied else ""),
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data,
        "default.replication.factor": 1,
        "min.insync.replicas": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 5,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 5,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 5,
        "group.initial.rebalance.delay.ms": 0,
        # The fifth clock of the design, *known*, is the broker's append time.
        "log.message.timestamp.type": "LogAppendTime",
        "auto.create.topics.enable": "false",
        # Topics are the truth: nothing expires unless a topic says so; nor do the positions of a reader that pauses for weeks.
        "log.retention.ms": -1,
        "log.retention.bytes": -1,
        "offsets.retention.minutes": 525600,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.cleaner.dedupe.buffer.size": 33554432,
    }
