"""What can stop or delay the lane. None of these texts carries message content."""

from __future__ import annotations

import traceback
from pathlib import Path


class LaneStoppedError(Exception):
    """The partition was revoked or the process is ending while a broker or registry call was being retried. Nothing was applied."""


class FencedError(Exception):
    """Another process has taken this state partition over, or the broker has given this producer's transaction up (it was away too long).

    The batch was not applied here; whoever owns the partition now will process it.
    """

    def __init__(self, transactional_id: str, why: str) -> None:
        super().__init__(f"{transactional_id} was fenced ({why}): another worker owns the partition now, or the broker was away for longer "
                         "than a transaction may last; start this worker again, which goes on where the last commit was")
        self.transactional_id = transactional_id
        self.why = why


class RestartNeededError(Exception):
    """A stage cannot go on with what it was started with, such as a release that is no longer in force. Nothing of the batch was applied;
    after a restart it is processed."""


class ReleaseBehindError(RestartNeededError):
    """A release has come into force that this worker was not started with."""

    def __init__(self, activation: str) -> None:
        super().__init__(f"another release is in force since activation {activation}: this worker ends, and takes it up when started again")
        self.activation = activation


class InputResetError(RestartNeededError):
    """An input lies before where reading stood: it was made anew or has lost its end. What it holds is read after a restart."""

    def __init__(self, topic: str, partition: int, offset: int, expected: int) -> None:
        super().__init__(f"{topic}/{partition} goes on at offset {offset}, before {expected} where reading stood: it was made anew, or has "
                         "lost its end; this worker ends, and reads it from where it now begins when started again")
        self.topic, self.partition, self.offset, self.expected = topic, partition, offset, expected


class InputLostError(Exception):
    """An input whose offsets a stage keeps as numbers of what it decides is another log: what it decided now would come too low to
    count. The state partition stands idle."""

    def __init__(self, stage: str, topic: str, partition: int, why: str, identity: str) -> None:
        super().__init__(f"{topic}/{partition} {why}. Stage {stage} numbers what it decides by its offsets, so that what it would decide "
                         "now would not count, and takes nothing in: give the topic back what it held, each message at the offset it had "
                         f"(a mirror or a backup), and start its worker again with MAINSTEM_ACCEPT_INPUT={identity}")
        self.topic, self.partition, self.identity = topic, partition, identity


class StateDamagedError(RestartNeededError):
    """The local copy of a state partition cannot be read. It is marked: when it is opened next, it is built anew from the changelog."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} cannot be read, it is damaged: this worker ends, and builds that copy anew from its changelog when "
                         "started again (nothing is lost); look at the disk if it happens again")
        self.path = path


class RecoveryError(Exception):
    """The changelog was read, but not to its end, or not to the end of a batch: the state would lack something. A new start reads on."""

    def __init__(self, topic: str, partition: int, why: str) -> None:
        super().__init__(f"{topic}/{partition} was not recovered: {why}; start this worker again, which reads on from there")
        self.topic, self.partition, self.why = topic, partition, why


class ChangelogCutError(Exception):
    """A changelog has lost its beginning, and no copy at hand stands after it. State made of the rest would lack what was there, unseen."""

    def __init__(self, topic: str, partition: int, first: int, position: int) -> None:
        super().__init__(f"{topic}/{partition} begins at offset {first}; what it held from {position} on is at hand nowhere else: state "
                         "made of the rest would lack it. Give the topic back what it held (a mirror or a backup) or this worker a copy or "
                         "a snapshot of it that stands after it, and see that its cleanup.policy is compact and nothing else")
        self.topic, self.partition, self.first, self.position = topic, partition, first, position


class ChangelogLostError(RestartNeededError):
    """A changelog was made anew under its owner, or lost its end: state made of it would lack what the owner had written there. It is
    noted in it that the inputs are to be read again, from which the state comes back."""

    def __init__(self, topic: str, partition: int, offset: int, position: int) -> None:
        super().__init__(f"{topic}/{partition} goes on at offset {offset}, before {position}, up to which this worker had written: it was "
                         "made anew, or has lost its end; this worker ends, and reads its inputs from their beginning when started again")
        self.topic, self.partition, self.offset, self.position = topic, partition, offset, position


class StuckError(Exception):
    """A call to the broker did not return in its time: the client is stuck and only a new process helps. Nothing is lost."""

    def __init__(self, call: str, seconds: float) -> None:
        super().__init__(f"{call} has not returned for {seconds:.0f} s: the Kafka client is stuck; ending, so that this worker is started "
                         "again (nothing is lost)")
        self.call, self.seconds = call, seconds


class StageError(Exception):
    """A stage raised on its input, which is a bug in the stage. The event is not lost: it is processed again after a restart."""

    def __init__(self, stage: str, topic: str, partition: int, offset: int, fault: BaseException) -> None:
        self.stage, self.topic, self.partition, self.offset = stage, topic, partition, offset
        self.where = _where(fault)
        super().__init__(f"stage {stage} failed with {type(fault).__name__} at {self.where} on {topic}/{partition} offset {offset}; "
                         "this is a bug in the stage: fix it and start the worker again, which goes on at that offset")


class RefusedError(Exception):
    """A topic takes a record of a transaction at no attempt: it is too large, or may not be written."""

    def __init__(self, topic: str, why: str) -> None:
        super().__init__(f"{topic} takes no such record ({why})")
        self.topic, self.why = topic, why


class OutputRefusedError(Exception):
    """What a stage makes of its input cannot be written, now or later. Nothing of the batch was applied; a restart tries it again."""

    def __init__(self, stage: str, refused: RefusedError, topic: str, partition: int, offset: int) -> None:
        self.stage, self.output, self.why = stage, refused.topic, refused.why
        self.topic, self.partition, self.offset = topic, partition, offset
        super().__init__(f"{self.output} does not take what stage {stage} makes of {topic}/{partition} offset {offset} ({self.why}): let "
                         "the worker write to it; where it is too large, have the source shorten the record; a new start goes on there")


class StateBusyError(Exception):
    """The directory of a state partition is open in another process."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is open in another process; give each worker its own --state-dir, or end the other worker")
        self.path = path


def _where(fault: BaseException) -> str:
    frames = traceback.extract_tb(fault.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
