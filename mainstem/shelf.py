"""Releases at hand (of a terminology, of the matching model): one file each, named by the release and its digest, never changed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from mainstem.model import Release

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
Held = TypeVar("Held")


class ReleaseError(ValueError):
    """A release cannot be read, made or found. The message says what to do."""


class NoSuchReleaseError(ReleaseError):
    """No release of that name is at hand, or more than one."""

    def __init__(self, what: str, name: str, known: tuple[str, ...], mend: str) -> None:
        super().__init__(f"no {what} {name}; at hand are {', '.join(known)} ({mend})")
        self.name = name
        self.known = known


class MisnamedReleaseError(ReleaseError):
    """A file holds another release than its name says."""

    def __init__(self, path: str, holds: str, mend: str) -> None:
        super().__init__(f"{path} holds {holds}: remove it, and {mend}")
        self.path = path
        self.holds = holds


class ReleaseDiffersError(ReleaseError):
    """What is at hand under a name is not what the control record activated."""

    def __init__(self, what: str, name: str, activated: str, found: str, mend: str) -> None:
        super().__init__(f"{what} {name} has content {found}, and {activated} was activated: {mend}")
        self.name = name
        self.activated = activated
        self.found = found


class Named(Protocol):
    """A release by its name and the SHA-256 of its content, as hex."""

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...


def shown(release: Named) -> str:
    """`name@digest`: as people and files call it."""
    return f"{release.name}@{release.digest[:12]}"


def fit(name: str) -> bool:
    """Whether a release may be called so: it is part of a file's name."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Kept(Generic[Held]):
    """How releases of one sort are kept. `mend`: what an operator does where one is not at hand."""

    what: str
    suffix: str
    built_in: Callable[[], Held]
    read: Callable[[Path], Held]
    named: Callable[[Held], Named]
    mend: str


class ReleaseShelf(Generic[Held]):
    """The releases of one sort in a folder. The built-in one is always there."""

    def __init__(self, folder: Path, kept: Kept[Held]) -> None:
        self.folder = folder
        self._kept = kept

    def names(self) -> tuple[str, ...]:
        """`name@digest` of every release, the built-in one first."""
        ours, suffix = self._shown(self._kept.built_in()), self._kept.suffix
        return (ours, *sorted({path.name.removesuffix(suffix) for path in self.folder.glob(f"*{suffix}")} - {ours}))

    def open(self, name: str) -> Held:
        """By `name@digest`, or by name where that is only one. Raises ReleaseError."""
        ours = self._kept.built_in()
        if name in (self._kept.named(ours).name, self._shown(ours)):
            return ours
        names = self.names()
        found = [known for known in names if name in (known, known.partition("@")[0])]
        if len(found) != 1:
            raise NoSuchReleaseError(self._kept.what, name, names, self._kept.mend)
        path = self._path(found[0])
        held = self._kept.read(path)
        if self._shown(held) != found[0]:
            raise MisnamedReleaseError(str(path), self._shown(held), self._kept.mend)
        return held

    def activated(self, release: Release | None) -> Held:
        """The release of a control record; None: none was activated, so the built-in one counts.

        Raises ReleaseError where it is not at hand here, or what is has other content."""
        if release is None:
            return self._kept.built_in()
        held = self.open(shown(release))
        digest = self._kept.named(held).digest
        if digest != release.digest:
            raise ReleaseDiffersError(self._kept.what, release.name, release.digest, digest, self._kept.mend)
        return held

    def put(self, release: str, write: Callable[[Path], object]) -> None:
        """From now on it is opened by its `name@digest`. `write` is given the file to write, which is seen once it is whole and on the
        disk; else nothing of it stays. Raises ReleaseError where it cannot be written."""
        path = self._path(release)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write(part)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as fault:
            raise ReleaseError(f"{path} cannot be written: {fault.strerror}; mend that and try again") from fault
        finally:
            with suppress(OSError):
                part.unlink()

    def _path(self, release: str) -> Path:
        return self.folder / f"{release}{self._kept.suffix}"

    def _shown(self, held: Held) -> str:
        return shown(self._kept.named(held))
