"""Review tasks as published against those that the claims give: one lost hides a doubt from humans, one forged sends them after nothing."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from mainstem import canonical
from mainstem.model import Task
from mainstem.verify.report import Check
from schemas import readable, topics
from schemas.codec import Codec

OPEN = "open"


def open_tasks(bootstrap: str, codec: Codec) -> list[Task]:
    """The latest word on each task, where it is open; sorted by id."""
    latest: dict[str, Task] = {}
    for _, task in readable.read(bootstrap, codec, topics.TASKS):
        latest[task.id] = task
    return [task for _, task in sorted(latest.items()) if task.status == OPEN]


def check_tasks(expected: Iterable[Task], published: Iterable[Task]) -> Check:
    """Equal in all but the epoch, which says when and not what."""
    wanted, found = _digests(expected), _digests(published)
    check = Check("review tasks = claims", compared=len(wanted.keys() | found.keys()))
    for task in sorted(wanted.keys() | found.keys()):
        if task not in found:
            check.differs(f"task {task} is not open in the topic, and the claims give it", task)
        elif task not in wanted:
            check.differs(f"task {task} is open in the topic, and no claim gives it", task)
        elif wanted[task] != found[task]:
            check.differs(f"task {task} says otherwise in the topic than the claims give", task)
    return check


def _digests(tasks: Iterable[Task]) -> dict[str, bytes]:
    return {task.id: canonical.digest(canonical.encode(msgspec.structs.replace(task, epoch=-1))) for task in tasks}
