"""What stops a capture process. Each has the exit code that the process ends with; a supervisor starts it again."""

from __future__ import annotations


class StoppedError(Exception):
    """Someone asked the process to end while it waited for a server."""

    exit_code = 0


class AbortedError(Exception):
    """A batch's transaction came to nothing and left no trace for committed readers: read the batch again."""

    def __init__(self, why: str) -> None:
        super().__init__(f"transaction aborted ({why}); the batch is read again")
        self.why = why


class NotTakenError(AbortedError):
    """The broker refuses a record of the batch, and will until somebody sees to the topic. What we write is within the limits that we
    make topics with, so that it is a fault of the server's side: waited out, and never a reason for quarantine."""

    def __init__(self, topic: str, why: str) -> None:
        super().__init__(why)
        self.args = (f"{topic} does not take what is to be written ({why}): see that it may be written to, and that its max.message.bytes "
                     "is as it was made; the batch is read again until it does",)
        self.topic = topic


class FencedError(RuntimeError):
    """The transactional id has a newer owner, or the producer is broken for good. Start again; nothing was lost."""

    exit_code = 3

    def __init__(self, transactional_id: str, why: str) -> None:
        super().__init__(f"the producer {transactional_id} can write no more ({why}): another process of the same --group and --instance "
                         "has taken over, or the broker has given it up; start again, with another --instance if both should run")
        self.transactional_id = transactional_id
        self.why = why


class QuarantineFailedError(RuntimeError):
    """The broker refuses what should go to quarantine. Going on would make input vanish, so the process ends."""

    exit_code = 4

    def __init__(self, topic: str, why: str) -> None:
        super().__init__(f"{topic} does not take what must go to quarantine ({why}): see that the topic exists and may be written to, "
                         "then start again; reading goes on where it stopped")
        self.topic = topic
        self.why = why
