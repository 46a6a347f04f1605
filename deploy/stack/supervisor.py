"""Starting, stopping and looking at the services of one home."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from deploy.stack import account, addresses, artefacts, password, ports, state
from deploy.stack.errors import ServiceFailedError, UnknownServiceError
from deploy.stack.layout import Layout, StackSettings
from deploy.stack.service import Service, Site
from deploy.stack.services import SERVICES
from deploy.stack.tail import shorten, tail

Say = Callable[[str], None]
_POLL = 0.1
_GRACE = 20.0


@dataclass(frozen=True, slots=True)
class Status:
    """One service as it is now. `lost` means that we started it and it is gone."""

    service: str
    state: Literal["ready", "starting", "lost", "down"]
    pid: int | None
    port: int | None
    memory_mb: int | None
    log: Path


def up(home: Path | None = None, *, only: Iterable[str] | None = None, say: Say = print,
       settings: StackSettings | None = None) -> addresses.Endpoints:
    """Start what is not running, in order of need, and return when all of them answer. Safe to call again; repairs what was killed.

    `only` names services; those they need come along. Without it all are started but one whose place another takes (`StackSettings`).
    `settings`: instead of the environment's. Raises StackError.
    """
    settings = settings or StackSettings()
    layout = Layout(Path(home or settings.home).absolute())
    wanted = _with_needs(only)
    if only is None and settings.redis_url:
        wanted.remove("redis")
        say("redis: not started, since MAINSTEM_REDIS_URL names another")
    say(f"stack: {', '.join(wanted)} in {layout.root}")
    account.make_private(layout.home, say)
    java = any(SERVICES[name].java for name in wanted)
    parts = artefacts.fetch(settings.cache.absolute(), say) if java else artefacts.place(settings.cache.absolute())
    with state.locked(layout.lock):
        password.ensure(layout)
        _Start(layout, settings, parts, say).all(wanted)
    return addresses.started(layout)


def down(home: Path | None = None, *, only: Iterable[str] | None = None, say: Say = print) -> None:
    """Stop what `up` started and nothing else; data stays. Those that need a stopped service are stopped before it."""
    layout = Layout(Path(home or StackSettings().home).absolute())
    if not layout.state.exists():
        say(f"stack: nothing was started in {layout.home}")
        return
    with state.locked(layout.lock):
        kept = state.load(layout)
        doomed = [name for name in _with_dependants(only) if name in kept.processes]
        if not doomed:
            say("stack: nothing runs")
        for name in doomed:
            how = _stop(kept.processes[name], SERVICES[name].stop_signal)
            say(f"{name}: {how}")
            del kept.processes[name]
            state.save(layout, kept)


def status(home: Path | None = None) -> list[Status]:
    """Of every service, in order of need."""
    settings = StackSettings()
    layout = Layout(Path(home or settings.home).absolute())
    kept = state.load(layout)
    return [_status(service, layout, settings, kept) for service in SERVICES.values()]


class _Start:
    """One `up`: services start side by side as soon as what they need is ready."""

    def __init__(self, layout: Layout, settings: StackSettings, parts: Path, say: Say) -> None:
        self._layout, self._settings, self._parts, self._say = layout, settings, parts, say
        self._state = state.load(layout)
        self._writing = threading.Lock()

    def all(self, wanted: Sequence[str]) -> None:
        with ThreadPoolExecutor(len(SERVICES), "start") as pool:
            begun: dict[str, Future[None]] = {}
            for name in wanted:    # in order of need: what a service waits for is begun before it
                before = [begun[need] for need in SERVICES[name].needs]
                begun[name] = pool.submit(self._after, before, SERVICES[name])
            faults = [fault for done in as_completed(begun.values()) if (fault := done.exception())]
        if faults:
            raise faults[0]

    def _after(self, before: Sequence[Future[None]], service: Service) -> None:
        if any(need.exception() for need in before):
            return    # the fault of the needed service is told; this one was not even tried
        self._one(service)

    def _one(self, service: Service) -> None:
        began = time.monotonic()
        process = self._state.processes.get(service.name)
        if process is not None and process.alive():
            site = self._site(service)
            self._wait(service, site, process, None)
            self._say(f"{service.name}: runs at 127.0.0.1:{site.ports[service.name]}")
            return
        for last in (False, True):
            self._settle_ports(service)
            site = self._site(service)
            popen, process = self._spawn(service, site)
            try:
                self._wait(service, site, process, popen)
            except ServiceFailedError:
                _stop(process, signal.SIGKILL)
                # Somebody took the port between our look and the server's bind: once more, elsewhere.
                if last or all(ports.is_free(site.ports[name]) for name in service.ports):
                    raise
            else:
                self._say(f"{service.name}: ready at 127.0.0.1:{site.ports[service.name]} after {time.monotonic() - began:.1f} s")
                return

    def _settle_ports(self, service: Service) -> None:
        with self._writing:
            for name in service.ports:
                taken = frozenset(port for other, port in self._state.ports.items() if other != name)
                self._state.ports[name] = ports.settle(name, self._settings.demanded_port(name), self._state.ports.get(name), taken)
            state.save(self._layout, self._state)

    def _spawn(self, service: Service, site: Site) -> tuple[subprocess.Popen[bytes], state.Started]:
        command = service.prepare(site)
        log = self._layout.log(service.name)
        log.parent.mkdir(parents=True, exist_ok=True)
        shorten(log.parent)
        with log.open("ab") as output, self._writing:
            popen = subprocess.Popen(command.argv, env={**os.environ, **command.env}, cwd="/", stdin=subprocess.DEVNULL, stdout=output,
                                     stderr=subprocess.STDOUT, start_new_session=True)
            # A server that ends before us must not stay a zombie: PostgreSQL takes one for a server that runs, and would not start again.
            threading.Thread(target=popen.wait, name=f"reap-{service.name}", daemon=True).start()
            process = state.Started.of(popen.pid)
            self._state.processes[service.name] = process
            state.save(self._layout, self._state)
        return popen, process

    def _wait(self, service: Service, site: Site, process: state.Started, popen: subprocess.Popen[bytes] | None) -> None:
        deadline = time.monotonic() + service.patience
        port, log = site.ports[service.name], self._layout.log(service.name)
        while True:
            if (popen is not None and popen.poll() is not None) or not process.alive():
                code = "" if popen is None else f" with exit code {popen.returncode}"
                raise ServiceFailedError(service.name, f"ended{code} before it was ready", log, tail(log))
            # None: the kernel hides it, so `ready` decides. That is PostgreSQL as another user, which proves itself by its password.
            if ports.listens(process.pid, port) is not False and service.ready(site):
                return
            if time.monotonic() > deadline:
                raise ServiceFailedError(service.name, f"was not ready within {service.patience:.0f} s", log, tail(log))
            time.sleep(_POLL)

    def _site(self, service: Service) -> Site:
        return _site(service, self._layout, self._settings, self._state, self._parts)


def _site(service: Service, layout: Layout, settings: StackSettings, kept: state.State, parts: Path) -> Site:
    names = {service.name, *service.needs}
    known = addresses.of_ports({name: kept.ports[name] for name in names if name in kept.ports}, layout)
    return Site(layout, settings, dict(kept.ports), known, parts)


def _status(service: Service, layout: Layout, settings: StackSettings, kept: state.State) -> Status:
    log, process, port = layout.log(service.name), kept.processes.get(service.name), kept.ports.get(service.name)
    if process is None or port is None:
        return Status(service.name, "down", None, port, None, log)
    if not process.alive():
        return Status(service.name, "lost", None, port, None, log)
    memory = None
    with suppress(psutil.Error):
        memory = psutil.Process(process.pid).memory_info().rss // 1_000_000
    site = _site(service, layout, settings, kept, artefacts.place(settings.cache))
    ready = ports.listens(process.pid, port) is not False and service.ready(site)
    return Status(service.name, "ready" if ready else "starting", process.pid, port, memory, log)


def _stop(process: state.Started, how: signal.Signals) -> str:
    """End the process if it is still the one we started; SIGKILL after a grace."""
    if not process.alive():
        return "was gone already"
    os.kill(process.pid, how)
    deadline = time.monotonic() + _GRACE
    while process.alive():
        if time.monotonic() > deadline:
            os.kill(process.pid, signal.SIGKILL)
            deadline += _GRACE
        _reap(process.pid)
        time.sleep(0.05)
    _reap(process.pid)
    return "stopped"


def _reap(pid: int) -> None:
    """A server that this very process started would stay a zombie."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _checked(only: Iterable[str] | None) -> set[str]:
    names = set(SERVICES if only is None else only)
    for name in sorted(names - SERVICES.keys()):
        raise UnknownServiceError(name, tuple(SERVICES))
    return names


def _with_needs(only: Iterable[str] | None) -> list[str]:
    names = _checked(only)
    for service in reversed(SERVICES.values()):
        if service.name in names:
            names.update(service.needs)
    return [name for name in SERVICES if name in names]


def _with_dependants(only: Iterable[str] | None) -> list[str]:
    names = _checked(only)
    for service in SERVICES.values():
        if names & set(service.needs):
            names.add(service.name)
    return [name for name in reversed(SERVICES) if name in names]
