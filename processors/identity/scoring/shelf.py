"""The model releases at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mainstem.model import Release
from mainstem.shelf import Kept, ReleaseError, ReleaseShelf, fit, shown
from processors.identity.scoring.release import BUILT_IN, Model, built_in, dump, load

FOLDER = "matching"
"""Of a home."""
SHIPPED = frozenset({BUILT_IN.stem})
"""Names under which a version of Mainstem shipped one: nobody else's."""


_KEPT: Kept[Model] = Kept("model release", ".json", built_in, load, lambda model: model,
                          "copy its file from where it is at hand, or activate the one that `mainstem identity train` wrote")


class ModelShelf(ReleaseShelf[Model]):
    """Model releases in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _KEPT)

    def keep(self, model: Model) -> None:
        """From now on it is opened by its name. Raises what `check` raises."""
        self.check(model)
        self.put(shown(model), lambda part: dump(model, part))

    def check(self, model: Model) -> None:
        """Raises ReleaseError where it cannot be kept under its name."""
        if not fit(model.name):
            raise ReleaseError(f"{model.name} is no name for a release; use small letters, digits, dots and dashes: train it with --name")
        if model.name in SHIPPED and model.digest != built_in().digest:
            raise ReleaseError(f"{model.name} is the name of a release that ships with Mainstem: train yours with another --name")


def only_shipped(release: Release | None) -> Model:
    """Where there is no folder. Raises ReleaseError for any other release than the built-in one."""
    if release is None or release.digest == built_in().digest:
        return built_in()
    raise ReleaseError(f"no model release {shown(release)}: name the folder in which it is at hand")


Opened = Callable[[Release | None], Model]
"""The model release of a control record; None: the built-in one. Raises ReleaseError where it is not at hand."""
