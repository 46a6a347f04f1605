"""From single runs to medians and ratios. A ratio is taken within a round, where the machine was alike, then the median of those. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from deploy.bench.ring import Run


@dataclass(frozen=True, slots=True)
class Target:
    """`measure`: `rate` (events a second, more is better) or `cpu` (processor seconds an event, less is better)."""

    what: str
    of: str
    to: str
    measure: str
    bound: float

    def met(self, value: float) -> bool:
        return value <= self.bound if self.measure == "cpu" else value >= self.bound


TARGETS = (
    Target("our worker against the QuixStreams application", "a", "b", "rate", 1.0),
    Target("our worker against the bare loop", "a", "c", "rate", 0.6),
    Target("our worker against plain Faust tables", "a", "d", "rate", 3.0),
    Target("processor time an event, two workers against one", "a2", "a", "cpu", 1.1),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """Medians over the runs; `low` and `high` are of the rate."""

    runs: int
    rate: float
    low: float
    high: float
    cpu_us: float
    """Microseconds of processor time an event."""
    rss: int


@dataclass(frozen=True, slots=True)
class Ratio:
    target: Target
    value: float
    low: float
    high: float
    by_cpu: float
    """The same in processor time an event: `of` costs so many times less than `to`; it bears a busy machine better."""

    @property
    def met(self) -> bool:
        return self.target.met(self.value)


Round = Mapping[str, Run]
"""Candidate letter -> its run."""


def summaries(rounds: Sequence[Round]) -> dict[str, Summary]:
    """Candidate letter -> summary, in the order of the first round."""
    return {letter: _summary([each[letter] for each in rounds if letter in each]) for letter in (rounds[0] if rounds else ())}


def ratios(rounds: Sequence[Round]) -> list[Ratio]:
    found = []
    for target in TARGETS:
        both = [(each[target.of], each[target.to]) for each in rounds if target.of in each and target.to in each]
        if both:
            values = [_cpu(of) / _cpu(to) if target.measure == "cpu" else _rate(of) / _rate(to) for of, to in both]
            found.append(Ratio(target, median(values), min(values), max(values), median(_cpu(to) / _cpu(of) for of, to in both)))
    return found


def _summary(runs: Sequence[Run]) -> Summary:
    rates = [_rate(run) for run in runs]
    return Summary(len(runs), median(rates), min(rates), max(rates), median(_cpu(run) for run in runs) * 1e6, max(run.rss for run in runs))


def _rate(run: Run) -> float:
    return run.events / run.seconds


def _cpu(run: Run) -> float:
    return run.cpu / run.events
