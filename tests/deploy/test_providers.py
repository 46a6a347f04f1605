"""The fixtures' contract, on whichever provider was chosen; and the refusal where no Docker engine answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

ROOT = Path(__file__).resolve().parents[2]


def test_a_database_is_fresh_and_can_be_decoded(database: str, postgres: str) -> None:
    assert database != postgres
    with psycopg.connect(database, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
        connection.execute("SELECT pg_create_logical_replication_slot('left_behind', 'pgoutput')")


def test_a_database_that_left_a_slot_was_dropped_with_it(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'left_behind'").fetchone() == (0,)


def test_redis_answers(redis_url: str) -> None:
    assert redis.Redis.from_url(redis_url).ping()


def test_containers_without_an_engine_are_refused_in_words() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--provider=containers", f"{__file__}::test_redis_answers"]
    nowhere = {**os.environ, "DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=nowhere, timeout=120, check=False)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "needs a Docker engine" in done.stdout + done.stderr
