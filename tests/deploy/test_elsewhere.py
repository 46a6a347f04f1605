"""A Mainstem made for trial writes to no store that the environment names; one that is not has no Redis where it names another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.bench import __main__ as bench
from deploy.chaos import arena
from deploy.platform import elsewhere
from deploy.stack import SERVICES, StackError, artefacts, supervisor
from mainstem.cli import chaos
from sinks.settings import SinkSettings


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in elsewhere.VARIABLES:
        monkeypatch.setenv(name, "http://user:secret@elsewhere:1")


def none_is_named() -> bool:
    settings = SinkSettings()
    return settings.search_url is settings.analytics_url is None and not any(name in os.environ for name in elsewhere.VARIABLES)


@pytest.mark.usefixtures("named")
def test_chaos_does_no_harm_to_stores_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[bool] = []

    def started(*_: object, settings: supervisor.StackSettings, **__: object) -> None:
        seen.append(none_is_named() and settings.redis_url is None)
        raise StackError("enough")

    monkeypatch.setattr(arena, "up", started)
    monkeypatch.setattr(arena.SmallDisk, "mount", lambda _: True)
    told = CliRunner().invoke(chaos.app, ["--home", str(tmp_path / "chaos")])
    assert (told.exit_code, seen) == (1, [True]), told.output
    assert all(name in told.output for name in elsewhere.VARIABLES)
    assert "secret" not in told.output


@pytest.mark.usefixtures("named")
def test_the_bench_measures_stores_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(bench._Bench, "units", lambda _: seen.append(none_is_named()))
    bench.main(parts="units", out=tmp_path, events=bench._ROUND, append=False)
    assert seen == [True]


@pytest.mark.parametrize(("url", "only", "started"), [
    (None, None, list(SERVICES)), ("redis://elsewhere:1/0", None, [name for name in SERVICES if name != "redis"]),
    ("redis://elsewhere:1/0", ["redis"], ["redis"])])
def test_up_starts_no_redis_where_another_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str | None,
                                                   only: list[str] | None, started: list[str]) -> None:
    """So that it needs not be installed. Who asks for it by name gets it."""
    begun: list[list[str]] = []
    if url:
        monkeypatch.setenv("MAINSTEM_REDIS_URL", url)
    monkeypatch.setattr(supervisor._Start, "all", lambda _, wanted: begun.append(wanted))
    monkeypatch.setattr(artefacts, "fetch", lambda *_: tmp_path)
    supervisor.up(tmp_path, only=only, say=lambda _: None)
    assert begun == [started]
