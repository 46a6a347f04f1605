"""The stages a worker can run. A new stage is one line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from processors.lane.contract import Stage

if TYPE_CHECKING:
    from processors.apps.releases import InForce, ModelInForce


def _stage(place: str) -> Callable[..., Stage]:
    """Imported only when it is run, so that a worker of one stage loads no other."""
    module, name = place.split(":")

    def make(_in_force: Any = None) -> Stage:
        return cast(Stage, getattr(import_module(module), name)())

    return make


def _linker(in_force: ModelInForce | None = None) -> Stage:
    """With the model in force; `verify` works persons out with the same. None: the one that ships with Mainstem."""
    from processors.identity.linker import Linker

    return cast(Stage, Linker() if in_force is None else Linker(model=in_force.model, activations=in_force.activations))


def _reconcile(in_force: InForce | None = None) -> Stage:
    """With the terminology in force; `verify` folds with the same. None: the one that ships with Mainstem."""
    from mainstem.terminology import builtin
    from processors.reconcile.stage import ReconcileStage

    return cast(Stage, ReconcileStage(builtin()) if in_force is None else ReconcileStage(in_force.terms, in_force.activations))


STAGES: dict[str, Callable[..., Stage]] = {
    "linker": _linker,
    "identity": _stage("processors.identity.stage:IdentityStage"),
    "reconcile": _reconcile,
}
"""Each takes the release in force that it asks, or nothing."""
TERMS, MODEL = "reconcile", "linker"
"""Who asks a terminology, and who a matching model."""
