"""Promises 1 and 2, step by step: whatever arrives, early, late, again, in whatever batches, with crashes between, against a plain model.

The model is the list of what was sent. A step may send, let a stage take a batch, crash (a batch processed whose outputs and state never
were), lose a stage's state and rebuild it from its changelog, or replay an input from its beginning. Settling compares with the fold.
"""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mainstem.model import Assertion, Claim
from processors.lane.memory import MemoryState
from tests.processors.convergence import check
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY, Terms, assertions, claims


class Stream(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.pipeline = Pipeline(KEY, Terms())
        self.sent: list[Assertion | Claim] = []

    @rule(value=st.one_of(assertions, assertions, claims))
    def send(self, value: Assertion | Claim) -> None:
        self.pipeline.publish(value)
        self.sent.append(value)

    @rule(rng=st.randoms(use_true_random=False))
    def send_again(self, rng: random.Random) -> None:
        if self.sent:
            self.pipeline.publish(rng.choice(self.sent))

    @rule(rng=st.randoms(use_true_random=False), count=st.sampled_from([1, 2, 5, 100]))
    def take(self, rng: random.Random, count: int) -> None:
        self.pipeline.step(rng, count)

    @rule(rng=st.randoms(use_true_random=False), count=st.sampled_from([1, 3, 100]))
    def crash(self, rng: random.Random, count: int) -> None:
        self.pipeline.crash(rng, count)

    @rule()
    def lose_states(self) -> None:
        """The changelog holds what the state held; a new owner rebuilds it."""
        for key, state in self.pipeline.states.items():
            self.pipeline.states[key] = MemoryState(state.items())

    @rule()
    def replay(self) -> None:
        """Everything ever sent, once more, in the order in which it was sent."""
        for value in self.sent:
            self.pipeline.publish(value)

    @rule(rng=st.randoms(use_true_random=False))
    def settle(self, rng: random.Random) -> None:
        self.pipeline.run(rng)
        check(self.pipeline)

    @invariant()
    def versions_ascend(self) -> None:
        """No per-key inversion, settled or not."""
        for entries in self.pipeline.history().values():
            assert [entry.version for entry in entries] == list(range(1, len(entries) + 1))

    def teardown(self) -> None:
        self.pipeline.run(random.Random(0))
        check(self.pipeline)


Stream.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestStream = Stream.TestCase
