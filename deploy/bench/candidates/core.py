"""The core that all candidates run: the reconcile stage with the shipped terminology, under topics of the run's own."""

from __future__ import annotations

from dataclasses import replace

from mainstem.terminology import builtin
from processors.reconcile.stage import ReconcileStage
from schemas import topics
from schemas.topics import Topic

PARTITIONS = topics.PERSON_EVENTS.partitions
OUTPUTS = (topics.ENTRIES, topics.SUMMARIES, topics.CHANGES, topics.ATTACHED)


def events(name: str) -> Topic:
    """The input topic of a run."""
    return replace(topics.PERSON_EVENTS, name=name)


def changelog(name: str) -> Topic:
    return replace(topics.RECONCILE_CHANGELOG, name=f"{name}.changelog")


class Core(ReconcileStage):
    """Outputs go to the product's topics; nobody else writes there on the bench's own broker."""

    def __init__(self, name: str) -> None:
        super().__init__(builtin())
        self.name = name
        self.inputs = (events(name),)
        self.changelog = changelog(name)
