"""A whole Mainstem for the tests of this folder: real servers, three small trusts, all processes; started once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import psycopg
import pytest

from deploy.chaos.arena import Arena, arena
from deploy.platform.launch import Platform
from deploy.stack import Endpoints
from seeds.trusts import TRUSTS
from tests.end_to_end.commands import Commands

PERSONS, SEED, PROFILE = 40, 7, "everyday"


@dataclass(frozen=True)
class World:
    """The platform under test and the trusts behind it."""

    arena: Arena
    commands: Commands

    @property
    def home(self) -> Path:
        return self.arena.home

    @property
    def endpoints(self) -> Endpoints:
        return self.arena.endpoints

    @property
    def platform(self) -> Platform:
        return self.arena.platform

    @property
    def web_port(self) -> int:
        return self.arena.web_port

    def mainstem(self, *arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """The command line, as a user calls it."""
        return self.commands.run([*arguments, "--home", str(self.home)], timeout)

    def verify(self, *arguments: str, timeout: float = 240) -> dict:
        """The report of `mainstem verify`."""
        done = self.mainstem("verify", "--output", "json", *arguments, timeout=timeout)
        assert done.stdout, done.stderr
        return orjson.loads(done.stdout)

    def play(self, changes: int, rate: float, seed: int, timeout: float = 240) -> None:
        done = self.mainstem("seeds", "play", "--changes", str(changes), "--rate", str(rate), "--seed", str(seed), timeout=timeout)
        assert done.returncode == 0, done.stderr

    def trust(self, source: str) -> psycopg.Connection:
        database = next(trust.database for trust in TRUSTS if trust.source == source)
        return psycopg.connect(self.endpoints.database(database), autocommit=True)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("mainstem")
    with Commands(tmp_path_factory.mktemp("commands")) as commands, arena(home, PERSONS, SEED, print) as made:
        yield World(made, commands)
