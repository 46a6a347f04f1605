"""`mainstem freshness`: messages and exit codes, without servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException
from typer.testing import CliRunner

from deploy.stack import Endpoints
from mainstem.cli.freshness import app
from mainstem.freshness import Freshness

FOUND = Freshness("sink-cache", 2, 0.1, 0.2, 0.3, 0.4)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.stack.endpoints", lambda _: Endpoints({"kafka": "127.0.0.1:9", "registry": "http://127.0.0.1:9"}))


def test_without_servers_it_says_what_to_start(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--home", str(tmp_path)])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert "mainstem stack up" in done.stderr


def test_a_broker_that_does_not_answer_is_a_message(servers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(*_: object) -> list[Freshness]:
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    monkeypatch.setattr("mainstem.freshness.measure", measure)
    done = CliRunner().invoke(app, [])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert "the broker does not answer (_TRANSPORT)" in done.stderr


@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize(("found", "code"), [([FOUND], 0), ([], 1)])
def test_the_exit_code_is_the_same_however_it_is_shown(found: list[Freshness], code: int, output: str, servers: None,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.freshness.measure", lambda *_: found)
    done = CliRunner().invoke(app, ["--output", output])
    assert done.exit_code == code
    assert ("no changes reached a store" in done.stderr) is (not found)
