"""What can go wrong between the published topics, a store and those who read it."""

from __future__ import annotations


class StoreUnavailableError(ConnectionError):
    """The store does not answer. A dependency fault: the sink waits and tries again, it never skips."""

    def __init__(self, store: str, why: str) -> None:
        super().__init__(f"the {store} store does not answer ({why}); see `mainstem stack status` and the log of sink-{store}")
        self.store = store
        self.why = why


class StoreDamagedError(RuntimeError):
    """What the store keeps cannot be read. The sink builds it anew."""

    def __init__(self, store: str) -> None:
        super().__init__(f"the {store} store is damaged: what it keeps cannot be read; building it anew from the topics")
        self.store = store


class StoreMovedError(RuntimeError):
    """The store is not as this sink left it: it was emptied, restored or started again, or another sink writes to it.

    The sink reads the positions again and goes on from them.
    """

    def __init__(self, store: str) -> None:
        super().__init__(f"the {store} store is not as it was left (emptied, restored, started again, or a second sink); "
                         "reading its positions again")
        self.store = store


class StoreHeldError(RuntimeError):
    """Another process writes to the store's directory."""

    def __init__(self, store: str, path: str) -> None:
        super().__init__(f"another process holds the {store} store at {path}: one sink a store; end the other one, or wait until it "
                         "has ended")
        self.store = store
        self.path = path


class NotBuiltError(ConnectionError):
    """There is nothing to read yet."""

    def __init__(self, store: str, path: str) -> None:
        super().__init__(f"there is no {store} store at {path}; `mainstem run` builds it, or give --home")
        self.store = store
        self.path = path


class BeyondLogError(RuntimeError):
    """A store's position is not in the topic: the topic was made anew, or cut. The store is of another log and is built anew."""

    def __init__(self, place: str, position: int, end: int) -> None:
        shown = f"the log ends at {end}" if end >= 0 else "the log does not hold it"
        super().__init__(f"the store stands at {position} of {place} and {shown}: the topic was made anew, so the store is built anew "
                         "from it")
        self.place = place
        self.position = position
        self.end = end


class UnfitError(ValueError):
    """The store refuses entries for what is in them; `Store.fits` tells which. Nothing of them is in the message."""

    def __init__(self, store: str, count: int) -> None:
        super().__init__(f"the {store} store does not take {count} entries for what is in them; the sink puts them in quarantine")
        self.store = store
        self.count = count
