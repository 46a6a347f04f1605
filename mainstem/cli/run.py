"""`mainstem run`: everything on one machine, from servers to the page, on synthetic trusts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from deploy.platform import trusts
from mainstem.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def run(
    persons: Annotated[int, typer.Option(envvar="PERSONS", min=1, help="People in the synthetic trusts, when these are first made.")] = 500,
    rate: Annotated[float, typer.Option(envvar="RATE", min=0, help="Changes a second in the trusts; 0 for a still life.")] = 20,
    seconds: Annotated[float, typer.Option("--for", envvar="RUN_FOR", min=0, help="End after so many seconds, with a proof.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the synthetic trusts.")] = 1,
    profile: Annotated[str, typer.Option(help="Of the synthetic trusts: see `mainstem seeds make --help`.")] = "everyday",
    home: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
    port: Annotated[int | None, typer.Option(help="Of the web page.")] = None,
    keep_servers: Annotated[bool, typer.Option(help="Leave the servers running at the end.")] = False,
) -> None:
    """Start servers, synthetic trusts and Mainstem, and keep them running until Ctrl-C.

    With --for (or RUN_FOR) it ends by itself: the changes stop, `verify --source` runs, and the exit code is 0 only if it passes.
    A closed terminal ends it as Ctrl-C does.

    Examples:

        mainstem run

        mainstem run --persons 5000 --rate 200 --for 120
    """
    from deploy.platform.alone import AlreadyRunsError, alone
    from deploy.stack.ports import is_free
    from seeds.errors import UnknownProfileError
    from seeds.profiles import profile as known

    settings = Settings()
    home = home or settings.home
    port = port or settings.web_port
    try:
        known(profile)
        with alone(home):
            if not is_free(port):
                _refuse(f"port {port}, of the web page, is held by another process: end that one, or name another --port")
            passed = _until_ended(home, persons, rate, seconds, seed, profile, port, keep_servers)
    except (UnknownProfileError, AlreadyRunsError) as fault:
        _refuse(str(fault))
    raise typer.Exit(0 if passed else 1)


def _until_ended(home: Path, persons: int, rate: float, seconds: float, seed: int, profile: str, port: int, keep_servers: bool) -> bool:
    """Whether all began well, and the proof, where it was asked for, passed."""
    from confluent_kafka import KafkaException

    from deploy.platform import launch
    from deploy.stack import StackError, down, endpoints, up
    from mainstem.shelf import ReleaseError
    from mainstem.terminology import Shelf
    from processors.apps import releases
    from processors.identity.scoring.shelf import FOLDER, ModelShelf
    from schemas.errors import KafkaUnavailableError, RegistryUnavailableError, TopicDiffersError
    from schemas.log import TruncatedReadError
    from seeds.trusts import SOURCES

    ended = _on_signals()
    began = time.monotonic()

    def say(text: str) -> None:
        try:
            typer.echo(f"[{time.monotonic() - began:6.1f} s] {text}")
        except OSError:    # the terminal or the pipe is gone: it ends as by Ctrl-C, with the servers stopped
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ended.set()

    platform = player = None
    passed = True
    try:
        up(home, say=say)
        if ended.is_set():
            return True
        servers = endpoints(home)
        codec = launch.prepare(servers, SOURCES)
        releases.ship(servers.kafka, codec, Shelf(home / "terms"), ModelShelf(home / FOLDER), say)
        _make_trusts(home, persons, seed, profile, say)
        platform = launch.start(servers, home, SOURCES, port, say)
        launch.capture_trusts(servers, say)
        if rate > 0:
            player = _start("player", home, "seeds", "play", "--rate", str(rate), "--seed", str(int(time.time())))
            say(f"life happens in the trusts at {rate:g} changes a second")
        _say_where(port, say)
        ended.wait(seconds or None)
        if seconds and not ended.is_set():
            _end(player)
            say("proving that nothing was lost and nothing doubled")
            passed = _command(home, "verify", "--source").returncode == 0
    except (StackError, trusts.TrustsNotMadeError, TopicDiffersError, KafkaUnavailableError, RegistryUnavailableError,
            TruncatedReadError, KafkaException, ReleaseError) as fault:
        passed = False
        typer.echo(str(fault), err=True)
    finally:
        say("stopping")
        _end(player)
        if platform is not None:
            platform.stop()
        if not keep_servers:
            down(home, say=say)
    return passed


def _refuse(why: str) -> NoReturn:
    typer.echo(f"mainstem run: {why}", err=True)
    raise typer.Exit(1)


def _say_where(port: int, say: Callable[[str], None]) -> None:
    say(f"search and records: http://127.0.0.1:{port}/")
    say(f"rates, lag, freshness: http://127.0.0.1:{port}/stream")
    command = sys.argv[0] if sys.argv[0].endswith("mainstem") else "mainstem"    # as it was called: it need not be on PATH
    say("in another terminal:")
    for example in ('search "smith" --people', 'query "SELECT kind, count() FROM entries GROUP BY kind"', "verify --source"):
        say(f"  {command} {example}")


def _make_trusts(home: Path, persons: int, seed: int, profile: str, say: Callable[[str], None]) -> None:
    """The trusts are made once per home, and live on."""
    made = home / "trusts.json"
    if made.exists():
        say(f"the trusts are those that this home has: {made.read_text().strip()}")
        return
    trusts.make(home, persons, "--seed", str(seed), "--profile", profile, "--truth", str(home / "truth.jsonl"), shown=True)
    made.write_text(f'{{"persons": {persons}, "seed": {seed}, "profile": "{profile}"}}\n')


def _command(home: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*trusts.MAINSTEM, *arguments, "--home", str(home)], check=False)


def _start(name: str, home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    with (home / "logs" / f"{name}.log").open("ab") as log:
        return subprocess.Popen([*trusts.MAINSTEM, *arguments, "--home", str(home)], stdout=log, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL)


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _on_signals() -> threading.Event:
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        if not ended.is_set():
            with suppress(OSError):
                os.write(1, b"ending; what is just being started is waited for\n")    # no lock: a signal may come within another print
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:    # nohup means what it says
            signal.signal(number, end)
    return ended
