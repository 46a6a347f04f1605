"""Waiting until every stage has passed a cut, by what the stages say in their heartbeats."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count

from schemas import log, topics
from schemas.codec import Codec
from schemas.topics import Topic

_TAIL = 1000
"""Heartbeats looked at: two minutes of eight stages."""


_LONGEST_PATH = 7
"""capture, linker, identity, reconcile, identity and reconcile again (a handover of one slice), sinks."""


class NotDrainedError(TimeoutError):
    """A stage did not pass the cut in time: it is down, stuck or slow."""

    def __init__(self, behind: dict[str, int], seconds: float) -> None:
        shown = ", ".join(f"{place} by {count}" for place, count in sorted(behind.items())[:8])
        super().__init__(f"after {seconds:.0f} s these stages are still behind the cut: {shown}; look at `mainstem stack status` and the "
                         "logs of the stage, or give more time with --wait")
        self.behind = behind


def readers(raw: Sequence[Topic], sinks: Sequence[str]) -> dict[str, tuple[Topic, ...]]:
    """Stage -> the topics it has to have read."""
    published = (topics.ENTRIES, topics.SUMMARIES)
    return {
        "capture": tuple(raw),
        "linker": (topics.CLAIMS,),
        "identity": (topics.ASSERTIONS, topics.ASSIGNMENTS, topics.ATTACHED),
        "reconcile": (topics.PERSON_EVENTS,),
        **{f"sink-{sink}": published for sink in sinks},
    }


def wait(bootstrap: str, codec: Codec, stages: dict[str, tuple[Topic, ...]], seconds: float,
         say: Callable[[str], None]) -> dict[str, int]:
    """Wait until everything that follows from the input there is now has been processed. Returns `topic/partition` -> end offset.

    A round: take the ends of all topics, wait until every stage has passed those of its inputs. Stages feed each other and themselves (a
    large handover goes in slices), so rounds go on until nothing grew, or, under load, as many rounds as a message passes stages. Raises
    NotDrainedError.
    """
    deadline = time.monotonic() + seconds
    ends = log.Ends(bootstrap)
    every = list({topic.name: topic for group in stages.values() for topic in group}.values())
    try:
        cut = before = ends.of(every)
        for rounds in count(1):
            _pass(bootstrap, codec, stages, before, deadline, seconds, say)
            after = ends.of(every)
            if after == before or (rounds >= _LONGEST_PATH and fed(stages, before, after)):
                break
            before = after
        return cut
    finally:
        ends.close()


def fed(stages: dict[str, tuple[Topic, ...]], before: dict[str, int], after: dict[str, int]) -> bool:
    """Whether more came in from outside: what grows else follows from what is there, and comes to an end."""
    outside = {topic.name for topic in (*stages.get("capture", ()), topics.ASSERTIONS, topics.CLAIMS)}
    return any(end != before.get(place) for place, end in after.items() if place.rsplit("/", 1)[0] in outside)


def _pass(bootstrap: str, codec: Codec, stages: dict[str, tuple[Topic, ...]], ends: dict[str, int], deadline: float, seconds: float,
          say: Callable[[str], None]) -> None:
    told = time.monotonic()
    while behind := _behind(stages, ends, _positions(bootstrap, codec)):
        if time.monotonic() > deadline:
            raise NotDrainedError(behind, seconds)
        if time.monotonic() - told > 5:
            told = time.monotonic()
            say(f"waiting for {', '.join(sorted({place.split(' ')[0] for place in behind}))}")
        time.sleep(0.5)


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
