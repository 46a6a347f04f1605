"""Waiting until every stage has passed a cut, by what the stages say in their heartbeats."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from mainstem.verify import log
from schemas import topics
from schemas.codec import Codec
from schemas.topics import Topic

_TAIL = 1000
"""Heartbeats looked at: two minutes of eight stages."""


class NotDrainedError(TimeoutError):
    """A stage did not pass the cut in time: it is down, stuck or slow."""

    def __init__(self, behind: dict[str, int], seconds: float) -> None:
        shown = ", ".join(f"{place} by {count}" for place, count in sorted(behind.items())[:8])
        super().__init__(f"after {seconds:.0f} s these stages are still behind the cut: {shown}; look at `mainstem stack status` and the "
                         "logs of the stage, or give more time with --wait")
        self.behind = behind


def readers(sources: Sequence[str], sinks: Sequence[str]) -> dict[str, tuple[Topic, ...]]:
    """Stage -> the topics it has to have read."""
    published = (topics.ENTRIES, topics.SUMMARIES)
    return {
        "capture": tuple(topics.raw(source) for source in sources),
        "linker": (topics.CLAIMS,),
        "identity": (topics.ASSERTIONS, topics.ASSIGNMENTS, topics.ATTACHED),
        "reconcile": (topics.PERSON_EVENTS,),
        **{f"sink-{sink}": published for sink in sinks},
    }


def wait(bootstrap: str, codec: Codec, stages: dict[str, tuple[Topic, ...]], seconds: float,
         say: Callable[[str], None]) -> dict[str, int]:
    """Wait until every stage has processed every message its topics hold, at one time. Returns `topic/partition` -> end offset.

    The ends are taken anew each round, since stages write to each other (handovers go round). Raises NotDrainedError.
    """
    deadline = time.monotonic() + seconds
    told = 0.0
    while True:
        ends = _ends(bootstrap, stages)
        positions = _positions(bootstrap, codec)
        behind = _behind(stages, ends, positions)
        if not behind and _ends(bootstrap, stages) == ends:
            return ends
        if time.monotonic() > deadline:
            raise NotDrainedError(behind or {"new input": 1}, seconds)
        if time.monotonic() - told > 5:
            told = time.monotonic()
            say(f"waiting for {', '.join(sorted({place.split(' ')[0] for place in behind})) or 'input to rest'}")
        time.sleep(0.5)


def _ends(bootstrap: str, stages: dict[str, tuple[Topic, ...]]) -> dict[str, int]:
    ends: dict[str, int] = {}
    for topic in {topic.name: topic for group in stages.values() for topic in group}.values():
        for partition, last in log.last_offsets(bootstrap, topic).items():
            ends[f"{topic.name}/{partition}"] = last + 1
    return ends


def _positions(bootstrap: str, codec: Codec) -> dict[str, dict[str, int]]:
    decode = codec.decoder(topics.HEARTBEATS)
    positions: dict[str, dict[str, int]] = {}
    for message in log.read(bootstrap, topics.HEARTBEATS, tail=_TAIL):
        beat = decode(message.value())
        of_stage = positions.setdefault(beat.stage, {})
        for place, offset in beat.positions.items():
            of_stage[place] = max(offset, of_stage.get(place, 0))
    return positions


def _behind(stages: dict[str, tuple[Topic, ...]], ends: dict[str, int], positions: dict[str, dict[str, int]]) -> dict[str, int]:
    behind: dict[str, int] = {}
    for stage, inputs in stages.items():
        names = {topic.name for topic in inputs}
        for place, end in ends.items():
            if place.rsplit("/", 1)[0] in names:
                missing = end - positions.get(stage, {}).get(place, 0)
                if missing > 0:
                    behind[f"{stage} on {place}"] = missing
    return behind
