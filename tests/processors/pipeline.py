"""The stream without servers: linker, identity and reconcile on logs in memory, in whatever interleaving a test draws.

A crash is a batch whose outputs and state never were: it is processed on a copy of the state, thrown away, and comes again. A restart
is a new process over the state that was kept: nothing that a stage remembers beside its state may count.
"""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from mainstem import canonical
from mainstem.kinds.facts import NoTerms, Terms
from mainstem.model import Assertion, Claim, Entry, Known, Release, Summary
from mainstem.terminology.releases import Activation
from processors.identity.activated import MATCHING, event
from processors.identity.linker import Linker, assign
from processors.identity.scoring.release import Model, built_in
from processors.identity.stage import IdentityStage
from processors.lane.contract import Received, Stage
from processors.lane.memory import MemoryState
from processors.reconcile.fold import fold
from processors.reconcile.folded import Record
from processors.reconcile.stage import ReconcileStage
from schemas import topics
from schemas.partition import partition
from schemas.topics import Topic


class Pipeline:
    """Everything from assertions and claims to entries."""

    def __init__(self, person_key: bytes, terms: Terms | None = None) -> None:
        self.key = person_key
        self.terms = terms or NoTerms()
        self.activations: tuple[str, ...] = ()
        """Of terminologies, so far."""
        self.model = built_in()
        self.models: list[Activation] = []
        """Activations of matching models, so far."""
        self.logs: defaultdict[tuple[str, int], list[tuple[int, bytes, Any]]] = defaultdict(list)
        self.stages: list[Stage] = self._new_stages()
        self.states = {(stage.name, p): MemoryState() for stage in self.stages for p in range(stage.inputs[0].partitions)}
        self.read: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self.clock = 1000

    def publish(self, value: Assertion | Claim) -> None:
        topic = topics.ASSERTIONS if isinstance(value, Assertion) else topics.CLAIMS
        self._append(topic, value.subject, value.subject.encode(), value)

    def run(self, rng: random.Random, crashes: bool = True) -> None:
        """Until every stage has read everything, in an order and in batches that `rng` draws."""
        while self._waiting():
            if crashes and rng.random() < 0.05:
                self.restart()
            if crashes and rng.random() < 0.1:
                self.crash(rng, rng.choice([1, 3, 100]))
            self.step(rng, rng.choice([1, 2, 5, 100]))

    def step(self, rng: random.Random, count: int) -> None:
        """One stage takes a batch of what waits for it, if anything does."""
        if waiting := self._waiting():
            stage, topic, p = rng.choice(waiting)
            outputs, read = self._batch(stage, topic, p, count, self.states[stage.name, p])
            self.read[stage.name, topic.name, p] += read
            for output in outputs:
                self._append(output.topic, output.partition_by, output.key, output.value)

    def crash(self, rng: random.Random, count: int) -> None:
        """One stage takes a batch and dies before its outputs and its state are."""
        if waiting := self._waiting():
            stage, topic, p = rng.choice(waiting)
            self._batch(stage, topic, p, count, MemoryState(self.states[stage.name, p].items()))

    def restart(self) -> None:
        """Every process ends and starts again, with the release in force and the state that it has."""
        self.stages = self._new_stages()
        self.states = {name: MemoryState(list(state.items())) for name, state in self.states.items()}

    def activate_model(self, model: Model) -> None:
        """As the operator and the supervisor do: the workers end and start with it, and an event goes into the claims."""
        release = Release(activation=f"model-{len(self.models)}", what=MATCHING, name=model.name, digest=model.digest, actor="", reason="")
        self.publish(event(release))
        self.model = model
        self.models.append(Activation(self.clock, len(self.models), release))
        self.restart()

    def _new_stages(self) -> list[Stage]:
        activations = [each.release.activation for each in self.models]
        return [Linker(self.key, self.model, activations), IdentityStage(self.key), ReconcileStage(self.terms, self.activations)]

    def known(self) -> list[Known]:
        return [Known(value, at, p, offset) for (name, p), log in self.logs.items() if name == topics.ASSERTIONS.name
                for offset, (at, _, value) in enumerate(log)]

    def folded(self) -> dict[str, Record]:
        claims = [value for _, _, value in self.logs[topics.CLAIMS.name, 0]]
        return fold(self.known(), assign(claims, self.key, self.model), self.key, self.terms)

    def history(self) -> dict[tuple[str, str], list[Entry]]:
        """(person, fact) -> its entries in order."""
        found: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
        for value in self.published(topics.ENTRIES):
            found[value.person, value.fact].append(value)
        return found

    def current(self) -> dict[tuple[str, str], bytes]:
        return {key: entries[-1].content for key, entries in self.history().items() if entries[-1].status == "current"}

    def summaries(self) -> dict[str, Summary]:
        return {value.person: value for value in self.published(topics.SUMMARIES)}

    def digests(self) -> dict[str, str]:
        """Of persons of whom anything is left: an order may have told of others, who have empty records."""
        empty = canonical.record_digest(0)
        return {person: summary.digest for person, summary in self.summaries().items() if summary.digest != empty}

    def published(self, topic: Topic) -> list[Any]:
        return [value for p in range(topic.partitions) for _, _, value in self.logs[topic.name, p]]

    def _append(self, topic: Topic, partition_by: str, key: bytes, value: Any) -> None:
        self.clock += 1
        self.logs[topic.name, partition(partition_by, topic.partitions)].append((self.clock, key, value))

    def _batch(self, stage: Stage, topic: Topic, p: int, count: int, state: MemoryState) -> tuple[list[Any], int]:
        start = self.read[stage.name, topic.name, p]
        rows = self.logs[topic.name, p][start:start + count]
        batch = [(Received(topic, p, start + i, at, key, None), value) for i, (at, key, value) in enumerate(rows)]
        return stage.process(batch, state), len(rows)

    def _waiting(self) -> list[tuple[Stage, Topic, int]]:
        return [(stage, topic, p) for stage in self.stages for topic in stage.inputs for p in range(topic.partitions)
                if self.read[stage.name, topic.name, p] < len(self.logs[topic.name, p])]
