"""What can go wrong with the stack. Every message says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class StackError(Exception):
    """Any fault of the native stack."""


class ServiceFailedError(StackError):
    """A server ended, or did not answer in time. The end of its log is in the message."""

    def __init__(self, service: str, reason: str, log: Path, last_lines: Sequence[str]) -> None:
        self.service, self.reason, self.log, self.last_lines = service, reason, log, tuple(last_lines)
        tail = "".join(f"\n    {line}" for line in last_lines) or "\n    (the log is empty)"
        super().__init__(f"{service} {reason}. Read {log}; it ends with:{tail}\nThen repair the cause and run `mainstem stack up` again.")


class PortTakenError(StackError):
    """A port that the configuration demands is held by a process that is not ours."""

    def __init__(self, port_name: str, port: int, setting: str) -> None:
        self.port_name, self.port, self.setting = port_name, port, setting
        super().__init__(f"port {port}, demanded for {port_name} by {setting}, is held by another process; "
                         f"stop that process, set {setting} to another port, or unset it to have a free one chosen")


class NoFreePortError(StackError):
    """No free port was found in the range we choose from."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__(f"no free port between {first} and {last} on 127.0.0.1; set MAINSTEM_<SERVICE>_PORT")


class NotRunningError(StackError):
    """An address was asked of a service that was never started in this home."""

    def __init__(self, service: str) -> None:
        self.service = service
        super().__init__(f"{service} is not running; start it with `mainstem stack up` (or `mainstem stack up --only {service}`)")


class UnknownServiceError(StackError):
    """A name that is no service."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"there is no service {name!r}; the services are {', '.join(known)}")


class MissingProgramError(StackError):
    """A program of a system package is not installed."""

    def __init__(self, program: str, package: str) -> None:
        self.program, self.package = program, package
        super().__init__(f"{program} is not installed; run `make setup`, or `sudo apt-get install {package}`")


class FetchError(StackError):
    """Maven could not bring the Java parts."""

    def __init__(self, part: str, last_lines: Sequence[str]) -> None:
        self.part, self.last_lines = part, tuple(last_lines)
        tail = "".join(f"\n    {line}" for line in last_lines)
        super().__init__(f"Maven could not fetch {part}; check the network (and ~/.m2/settings.xml behind a proxy), then try again. "
                         f"It ended with:{tail}")


class ChecksumError(StackError):
    """What Maven brought is not what the `checksums.sha256` beside the pom lists."""

    def __init__(self, part: str, differing: Sequence[str], listed: Path) -> None:
        self.part, self.differing = part, tuple(differing)
        names = ", ".join(differing)
        super().__init__(f"{part}: fetched files differ from {listed}: {names}. Nothing was installed. Delete them "
                         f"from the local Maven repository and try again; after a change of the pom run `mainstem stack fetch --relock`")


class ConnectorFailedError(StackError):
    """A connector was refused, or its task failed. The trace is Connect's."""

    def __init__(self, name: str, reason: str, trace: str = "") -> None:
        self.name, self.reason, self.trace = name, reason, trace
        super().__init__(f"connector {name} {reason}; see `mainstem stack logs connect`" + (f"\n{trace}" if trace else ""))


class NotAskedError(StackError):
    """Of a connector what was asked cannot be had: it is not there, does not run, or captures something else."""
