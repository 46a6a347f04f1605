"""The stages a worker can run. A new stage is one line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from processors.lane.contract import Stage


def _stage(place: str) -> Callable[[], Stage]:
    """Imported only when it is run, so that a worker of one stage loads no other."""
    module, name = place.split(":")

    def make() -> Stage:
        return cast(Stage, getattr(import_module(module), name)())

    return make


def _reconcile() -> Stage:
    """With the release that ships with Mainstem; `verify` and `mainstem fold` fold with the same."""
    from mainstem.terminology import builtin
    from processors.reconcile.stage import ReconcileStage

    return cast(Stage, ReconcileStage(builtin()))


STAGES: dict[str, Callable[[], Stage]] = {
    "linker": _stage("processors.identity.linker:Linker"),
    "identity": _stage("processors.identity.stage:IdentityStage"),
    "reconcile": _reconcile,
}
