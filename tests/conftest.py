"""Fixtures every test may use: real servers, started when first asked for, from the provider that was chosen.

`--provider=native` (the default) starts the stack of `deploy/`; `--provider=containers` uses testcontainers. The environment
variable MAINSTEM_TEST_PROVIDER says the same. Tests that use one of these fixtures are marked `stack` by it.
"""


from __future__ import annotations

import os

os.environ.setdefault("MAINSTEM_COMPILED", "no")  # tests replace parts of it, which a build does not see

import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from deploy.platform import elsewhere
from deploy.stack import SERVICES, Endpoints
from tests.providers.contract import Provider, ProviderUnavailableError

pytest.register_assert_rewrite("tests.processors.convergence", "tests.web.pages")  # modules of shared checks: what differs is shown

# A busy machine must not fail a property; the same tree has the same outcome in every run. `make fuzz` looks further, at random.
hypothesis.settings.register_profile("mainstem", deadline=None, derandomize=True)
hypothesis.settings.register_profile("fuzz", deadline=None, print_blob=True)
hypothesis.settings.load_profile("mainstem")

elsewhere.forget(print)

SERVER_FIXTURES = {"provider", "endpoints", "kafka", "registry", "connect_url", "postgres", "database", "redis_url",
                   "opensearch", "own_opensearch"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--provider", choices=("native", "containers"), default=os.environ.get("MAINSTEM_TEST_PROVIDER", "native"),
                     help="where real servers come from (default: native)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("stack")


@pytest.fixture(scope="session")
def provider(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The provider itself, for tests that need servers by name."""
    home = tmp_path_factory.mktemp("servers", numbered=False)
    try:
        chosen = _provider(pytestconfig.getoption("--provider"), home)
    except ProviderUnavailableError as fault:
        pytest.exit(str(fault), returncode=pytest.ExitCode.USAGE_ERROR)
    yield chosen
    chosen.close()


@pytest.fixture(scope="session")
def endpoints(provider: Provider) -> Endpoints:
    """All five servers."""
    return provider.need(*SERVICES)


@pytest.fixture(scope="session")
def kafka(provider: Provider) -> str:
    """Bootstrap address. The broker is shared: give topics and groups names of their own."""
    return provider.need("kafka").kafka


@pytest.fixture(scope="session")
def registry(provider: Provider) -> str:
    """URL of the Confluent-compatible API."""
    return provider.need("registry").registry


@pytest.fixture(scope="session")
def connect_url(provider: Provider) -> str:
    """REST API of Kafka Connect; it writes to the broker of `kafka`."""
    return provider.need("connect").connect


@pytest.fixture(scope="session")
def postgres(provider: Provider) -> str:
    """The administrator's URL, on a server with logical decoding."""
    return provider.need("postgres").postgres


@pytest.fixture(scope="session")
def redis_url(provider: Provider) -> str:
    return provider.need("redis").redis


@pytest.fixture
def database(provider: Provider) -> Iterator[str]:
    """URL of a fresh database, dropped afterwards with its replication slots."""
    servers, name = provider.need("postgres"), f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(servers.postgres, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield servers.database(name)
        admin.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = %s AND active", (name,))
        for (slot,) in admin.execute("SELECT slot_name FROM pg_replication_slots WHERE database = %s", (name,)).fetchall():
            admin.execute("SELECT pg_drop_replication_slot(%s)", (slot,))
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _provider(name: str, home: Path) -> Provider:
    if name == "containers":
        from tests.providers.containers import Containers

        return Containers(home)
    from tests.providers.native import Native

    return Native(home)
