"""The model releases at hand: one file each, named by the release and its digest, never changed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from mainstem.model import Release
from processors.identity.scoring.release import BUILT_IN, Model, ReleaseError, built_in, dump, load

FOLDER = "matching"
"""Of a home."""
SHIPPED = frozenset({BUILT_IN.stem})
"""Names under which a version of Mainstem shipped one: nobody else's."""
_SUFFIX = ".json"
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")


class ModelShelf:
    """Model releases in a folder. The built-in one is always there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, model: Model) -> None:
        """From now on it is opened by its name. Raises what `check` raises."""
        self.check(model)
        path = self._path(shown(model))
        self.folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        dump(model, part)
        part.replace(path)

    def check(self, model: Model) -> None:
        """Raises ReleaseError where it cannot be kept under its name."""
        if not _NAME.fullmatch(model.name):
            raise ReleaseError(f"{model.name} is no name for a release; use small letters, digits, dots and dashes: train it with --name")
        if model.name in SHIPPED and model.digest != built_in().digest:
            raise ReleaseError(f"{model.name} is the name of a release that ships with Mainstem: train yours with another --name")

    def names(self) -> tuple[str, ...]:
        """`name@digest` of every release, the built-in one first."""
        ours = shown(built_in())
        return (ours, *sorted({path.name.removesuffix(_SUFFIX) for path in self.folder.glob(f"*{_SUFFIX}")} - {ours}))

    def open(self, name: str) -> Model:
        """By `name@digest`, or by name where that is only one. Raises ReleaseError."""
        if name in (built_in().name, shown(built_in())):
            return built_in()
        found = [known for known in self.names() if name in (known, known.partition("@")[0])]
        if len(found) != 1:
            raise ReleaseError(f"no model release {name}; at hand are {', '.join(self.names())} (activate the file that "
                               "`mainstem identity train` wrote, or copy it from where it is at hand)")
        model = load(self._path(found[0]))
        if shown(model) != found[0]:
            raise ReleaseError(f"{self._path(found[0])} holds {shown(model)}: copy it again from where it is at hand")
        return model

    def activated(self, release: Release | None) -> Model:
        """The release of a control record; None: none was activated, so the built-in one counts.

        Raises ReleaseError where it is not at hand here, or what is has other content."""
        if release is None:
            return built_in()
        model = self.open(f"{release.name}@{release.digest[:12]}")
        if model.digest != release.digest:
            raise ReleaseError(f"model release {release.name} has content {model.digest}, and {release.digest} was activated: "
                               "copy the file that was activated")
        return model

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"


def shown(model: Model) -> str:
    return f"{model.name}@{model.digest[:12]}"


def only_shipped(release: Release | None) -> Model:
    """Where there is no folder. Raises ReleaseError for any other release than the built-in one."""
    if release is None or release.digest == built_in().digest:
        return built_in()
    raise ReleaseError(f"no model release {release.name}@{release.digest[:12]}: name the folder in which it is at hand")


Opened = Callable[[Release | None], Model]
"""The model release of a control record; None: the built-in one. Raises ReleaseError where it is not at hand."""
