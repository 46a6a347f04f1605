"""`up` and `down`: safe to repeat, repairing, never touching what is not ours. On Redis and PostgreSQL, which start fast."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson
import psycopg
import pytest
import redis

from deploy.platform.processes import processes
from deploy.stack import Endpoints, account, down, endpoints, status, up
from deploy.stack import state as stack_state
from deploy.stack.errors import NotRunningError, PortTakenError, ServiceFailedError, UnknownServiceError
from deploy.stack.layout import Layout
from deploy.stack.ports import free_port, listens
from tests.eventually import eventually

pytestmark = pytest.mark.stack


def quiet(_: str) -> None:
    pass


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    down(tmp_path / "home", say=quiet)


def pid(home: Path, service: str) -> int:
    found = next(one.pid for one in status(home) if one.service == service)
    assert found is not None
    return found


def states(home: Path) -> dict[str, str]:
    return {one.service: one.state for one in status(home) if one.state != "down"}


def test_up_twice_and_down_twice_change_nothing_the_second_time(home: Path) -> None:
    first = up(home, only=["redis", "postgres"], say=quiet)
    pids = {service: pid(home, service) for service in ("redis", "postgres")}
    assert up(home, only=["redis", "postgres"], say=quiet) == first == endpoints(home)
    assert {service: pid(home, service) for service in ("redis", "postgres")} == pids
    assert states(home) == {"redis": "ready", "postgres": "ready"}
    down(home, say=quiet)
    down(home, say=quiet)
    assert states(home) == {}
    with pytest.raises(NotRunningError, match="stack up"):
        _ = endpoints(home).redis


def test_a_live_cache_elsewhere_is_where_programs_go_and_not_what_up_starts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = up(home, only=["redis"], say=quiet)
    monkeypatch.setenv("MAINSTEM_REDIS_URL", "redis+cluster://user:secret@10.0.0.1:6379,10.0.0.2:6379")
    assert up(home, only=["redis"], say=quiet) == ours
    assert endpoints(home).redis == "redis+cluster://user:secret@10.0.0.1:6379,10.0.0.2:6379"


@pytest.mark.parametrize(("url", "shown"), [("redis://127.0.0.1:1/0", True), ("redis+cluster://user:secret@10.0.0.1:6379", False),
                                             ("rediss://10.0.0.1:6379/0?password=secret", False)])
def test_processes_are_told_the_live_cache_and_show_no_password(tmp_path: Path, url: str, shown: bool) -> None:
    servers = Endpoints({"kafka": "127.0.0.1:1", "registry": "http://127.0.0.1:1", "redis": url, "connect": "http://127.0.0.1:1"})
    told = [each for each in processes(servers, tmp_path, ["RXA/epr"], 1) if each.name in {"sink-cache", "web"}]
    assert len(told) == 2
    for each in told:
        assert ("--redis" in each.argv, url in each.argv, each.environment.get("MAINSTEM_REDIS_URL") == url) == (shown, shown, not shown)
        assert not any("secret" in word for word in each.argv)


def test_data_and_addresses_outlive_a_restart(home: Path) -> None:
    before = up(home, only=["redis", "postgres"], say=quiet)
    redis.Redis.from_url(before.redis).set("kept", "yes")
    with psycopg.connect(before.postgres) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        assert connection.execute("SHOW wal_level").fetchone() == ("logical",)
    down(home, say=quiet)
    after = up(home, only=["redis", "postgres"], say=quiet)
    assert after == before
    assert redis.Redis.from_url(after.redis).get("kept") == b"yes"
    with psycopg.connect(after.postgres) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


@pytest.mark.parametrize("service", ["redis", "postgres"])
def test_up_repairs_a_service_that_was_killed(home: Path, service: str) -> None:
    up(home, only=["redis", "postgres"], say=quiet)
    killed = pid(home, service)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: states(home)[service] == "lost", "it is gone")
    up(home, only=["redis", "postgres"], say=quiet)
    assert states(home) == {"redis": "ready", "postgres": "ready"}
    assert pid(home, service) != killed


def test_another_process_repairs_what_was_killed_while_its_starter_lives_on(home: Path) -> None:
    """As `mainstem stack up` beside `mainstem run`."""
    starter = f"from deploy.stack import up; from pathlib import Path; up(Path({str(home)!r}), only=['postgres'], say=print); input()"
    with subprocess.Popen([sys.executable, "-c", starter], stdin=subprocess.PIPE, cwd=Path(__file__).parents[2]) as other:
        try:
            eventually(lambda: states(home) == {"postgres": "ready"}, "it is up")
            os.kill(pid(home, "postgres"), signal.SIGKILL)
            eventually(lambda: states(home) == {"postgres": "lost"}, "it is gone")
            up(home, only=["postgres"], say=quiet)
            assert states(home) == {"postgres": "ready"}
        finally:
            other.kill()


def test_a_foreign_listener_on_the_remembered_port_is_avoided_and_left_alone(home: Path) -> None:
    before = up(home, only=["redis"], say=quiet)
    down(home, say=quiet)
    port = int(before.redis.split(":")[2].split("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        after = up(home, only=["redis"], say=quiet)
        assert after.redis != before.redis
        assert redis.Redis.from_url(after.redis).ping()
        assert listens(os.getpid(), port)


def test_a_demanded_port_that_is_taken_is_refused_by_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        monkeypatch.setenv("MAINSTEM_REDIS_PORT", str(foreign.getsockname()[1]))
        with pytest.raises(PortTakenError, match="MAINSTEM_REDIS_PORT"):
            up(home, only=["redis"], say=quiet)
    monkeypatch.setenv("MAINSTEM_REDIS_PORT", str(free_port()))
    assert os.environ["MAINSTEM_REDIS_PORT"] in up(home, only=["redis"], say=quiet).redis


def test_a_service_that_cannot_start_names_its_log_and_shows_its_end(home: Path) -> None:
    append_only = Layout(home).data("redis") / "appendonlydir"
    append_only.mkdir(parents=True)
    (append_only / "appendonly.aof.manifest").write_text("this is no manifest\n")
    with pytest.raises(ServiceFailedError) as caught:
        up(home, only=["redis"], say=quiet)
    assert caught.value.service == "redis"
    assert str(Layout(home).log("redis")) in str(caught.value)
    assert any("manifest" in line for line in caught.value.last_lines)


def test_down_leaves_a_process_that_took_over_the_pid(home: Path) -> None:
    up(home, only=["redis"], say=quiet)
    ours = pid(home, "redis")
    layout = Layout(home)
    kept = stack_state.load(layout)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        stack_state.save(layout, stack_state.State({"redis": stack_state.Started(other.pid, kept.processes["redis"].born)}, kept.ports))
        down(home, say=quiet)
        assert other.poll() is None
        other.communicate(b"\n")
    assert other.returncode == 0
    stack_state.save(layout, kept)
    assert pid(home, "redis") == ours


def test_two_homes_are_two_stacks(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    try:
        assert up(home, only=["redis"], say=quiet).redis != up(other, only=["redis"], say=quiet).redis
        down(home, say=quiet)
        assert redis.Redis.from_url(endpoints(other).redis).ping()
    finally:
        down(other, say=quiet)


def test_an_unknown_service_is_refused_with_the_names_that_exist(home: Path) -> None:
    with pytest.raises(UnknownServiceError, match="kafka, registry, postgres, redis, connect"):
        up(home, only=["zookeeper"], say=quiet)


def test_the_command_line_tells_state_as_json_and_as_exit_code(home: Path) -> None:
    def stack(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mainstem.cli.stack", *arguments, "--home", str(home)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert stack("up", "--only", "redis").returncode == 0
    told = stack("status", "--output", "json")
    assert told.returncode == 0
    assert next(one for one in orjson.loads(told.stdout) if one["service"] == "redis")["state"] == "ready"
    assert "Ready to accept connections" in stack("logs", "redis").stdout
    os.kill(pid(home, "redis"), signal.SIGKILL)
    assert stack("status").returncode == 1
    wrong = stack("up", "--only", "zookeeper")
    assert wrong.returncode == 1
    assert "there is no service 'zookeeper'" in wrong.stderr
    assert stack("down").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look at how root steps down")
def test_postgres_of_root_does_not_run_as_root(home: Path) -> None:
    up(home, only=["postgres"], say=quiet)
    assert Path(f"/proc/{pid(home, 'postgres')}").stat().st_uid != 0


def test_a_home_is_closed_to_other_accounts_but_to_the_server_that_must_get_through() -> None:
    with tempfile.TemporaryDirectory() as name:
        there = Path(name)
        there.chmod(0o755)    # unlike pytest's directories, which are closed themselves
        home = there / "home"
        up(home, only=["redis", "postgres"], say=quiet)
        try:
            assert home.stat().st_mode & 0o047 == 0
            capable = re.search(r"CapEff:\s*(\w+)", Path(f"/proc/{pid(home, 'postgres')}/status").read_text())
            assert capable is not None and int(capable.group(1), 16) == 0
            assert states(home) == {"redis": "ready", "postgres": "ready"}
        finally:
            down(home, say=quiet)


@pytest.mark.parametrize("ours", [True, False], ids=["of the checkout", "made by somebody else"])
def test_a_home_that_was_open_is_closed_or_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: bool) -> None:
    home = tmp_path / ".mainstem"
    home.mkdir(mode=0o755)
    monkeypatch.setattr(account, "CHECKOUT", tmp_path if ours else tmp_path / "elsewhere")
    said: list[str] = []
    account.make_private(home, said.append)
    assert home.stat().st_mode & 0o777 == (0o750 if ours else 0o755)
    assert bool(said) is not ours
