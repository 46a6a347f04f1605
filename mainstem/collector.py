"""Python's collector of cycles, for processes that make millions of short-lived records and keep what they loaded at the start, and for
those that load much to do little."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = (50_000, 20, 50)


def settle() -> None:
    """Called once a process is set up: what there is by now stays and is not looked through again, and the young are looked through every
    50,000 allocations instead of every 700: records hold no cycles."""
    gc.freeze()
    gc.set_threshold(*_RARELY)


@contextmanager
def briefly() -> Iterator[None]:
    """Around all that a process does: what it loads is not looked through while it loads, nor at its end, where Python would look through
    everything for cycles before the kernel takes it."""
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.freeze()
