"""Containers as a provider, through testcontainers: the same servers, for machines that have a Docker engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import docker
from docker.errors import DockerException
from testcontainers.community.postgres import PostgresContainer
from testcontainers.community.redis import RedisContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy, LogMessageWaitStrategy

from deploy.stack import SERVICES, Endpoints, artefacts
from deploy.stack.layout import StackSettings
from deploy.stack.ports import LOOPBACK, free_port
from deploy.stack.services.connect import answers, worker_properties
from tests.providers.contract import ProviderUnavailableError

KAFKA, REGISTRY, POSTGRES, REDIS = "apache/kafka:4.2.2", "apicurio/apicurio-registry:3.3.3", "postgres:15", "redis:7"


class Containers:
    """A container a service. Raises ProviderUnavailableError where no engine answers."""

    def __init__(self, scratch: Path) -> None:
        try:
            docker.from_env().ping()
        except DockerException as fault:
            raise ProviderUnavailableError("--provider=containers needs a Docker engine, and none answers "
                                           f"({type(fault).__name__}); start one, or use --provider=native") from fault
        self._scratch = scratch
        self._running: list[DockerContainer] = []
        self._addresses: dict[str, str] = {}
        self._start: dict[str, Callable[[], str]] = {
            "kafka": self._kafka, "registry": self._registry, "postgres": self._postgres, "redis": self._redis, "connect": self._connect,
        }

    def need(self, *services: str) -> Endpoints:
        for service in services:
            self.need(*SERVICES[service].needs)
            if service not in self._addresses:
                self._addresses[service] = self._start[service]()
        return Endpoints(dict(self._addresses))

    def close(self) -> None:
        for container in reversed(self._running):
            container.stop()

    def _run(self, container: DockerContainer) -> None:
        self._running.append(container)
        container.start()

    def _kafka(self) -> str:
        port = free_port()    # fixed beforehand: the broker must advertise it
        settings = {
            "NODE_ID": "1", "PROCESS_ROLES": "broker,controller", "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "CONTROLLER_LISTENER_NAMES": "CONTROLLER", "INTER_BROKER_LISTENER_NAME": "INSIDE",
            "LISTENERS": "OUTSIDE://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093,INSIDE://0.0.0.0:19092",
            "ADVERTISED_LISTENERS": f"OUTSIDE://{LOOPBACK}:{port},INSIDE://localhost:19092",
            "LISTENER_SECURITY_PROTOCOL_MAP": "OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT,INSIDE:PLAINTEXT",
            "OFFSETS_TOPIC_REPLICATION_FACTOR": "1", "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1", "TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "GROUP_INITIAL_REBALANCE_DELAY_MS": "0", "LOG_MESSAGE_TIMESTAMP_TYPE": "LogAppendTime", "AUTO_CREATE_TOPICS_ENABLE": "false",
            "LOG_RETENTION_MS": "-1",
        }
        container = DockerContainer(KAFKA).with_envs(**{f"KAFKA_{name}": value for name, value in settings.items()})
        container.with_bind_ports(9092, port).waiting_for(LogMessageWaitStrategy("Kafka Server started"))
        self._run(container)
        return f"{LOOPBACK}:{port}"

    def _registry(self) -> str:
        container = DockerContainer(REGISTRY).with_env("APICURIO_RULES_GLOBAL_COMPATIBILITY", "BACKWARD").with_exposed_ports(8080)
        container.waiting_for(HttpWaitStrategy(8080, "/apis/ccompat/v7/subjects").for_status_code(200))
        self._run(container)
        return f"http://{container.get_container_host_ip()}:{container.get_exposed_port(8080)}/apis/ccompat/v7"

    def _postgres(self) -> str:
        container = PostgresContainer(POSTGRES, username="mainstem", password="mainstem", dbname="postgres", driver=None)
        container.with_command(["postgres", "-c", "wal_level=logical", "-c", "max_replication_slots=20", "-c", "max_wal_senders=20"])
        self._run(container)
        return container.get_connection_url()

    def _redis(self) -> str:
        container = RedisContainer(REDIS)
        self._run(container)
        return f"redis://{container.get_container_host_ip()}:{container.get_exposed_port(6379)}/0"

    def _connect(self) -> str:
        """Kafka's own image runs Connect; the connector is the one that the native stack fetched and checked.

        It shares the host's network, so that the addresses it is given are those that the tests use.
        """
        plugins = artefacts.fetch(StackSettings().cache.absolute(), print) / "plugins"
        url = f"http://{LOOPBACK}:{free_port()}"
        config = self._scratch / "connect.properties"
        properties = worker_properties(bootstrap=self._addresses["kafka"], listener=url, advertised=LOOPBACK, plugins=Path("/plugins"))
        config.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        container = DockerContainer(KAFKA).with_volume_mapping(plugins, "/plugins").with_volume_mapping(config, "/connect.properties")
        container.with_command(["/opt/kafka/bin/connect-distributed.sh", "/connect.properties"]).with_kwargs(network_mode="host")
        self._run(container)
        deadline = time.monotonic() + 120
        while not answers(url):
            if time.monotonic() > deadline:
                raise ProviderUnavailableError(f"Kafka Connect did not answer at {url}; see `docker logs {container.get_container_id()}`")
            time.sleep(0.2)
        return url
