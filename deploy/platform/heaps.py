"""How our processes get memory from the system, and give it back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ctypes.util import find_library

_ARENAS = "MALLOC_ARENA_MAX", "2"
_PRELOAD = "LD_PRELOAD"
_CONF = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0"


def shared() -> Mapping[str, str]:
    """For every process, unless set already. By itself glibc shares up to eight heaps a processor among the threads of a process, of which
    a worker has sixty; what is free in one serves none of the others, and memory grows over hundreds of thousands of changes
    (`make soak`)."""
    name, few = _ARENAS
    return {name: os.environ.get(name, few)}


def returning() -> Mapping[str, str]:
    """For a process that takes much for a moment, again and again: jemalloc in the place of glibc's malloc. It gives back within a second
    what is free; glibc keeps it in pieces between what is used (docs/decisions/jemalloc-for-the-search-sink.md).

    Empty where the system has none, or something is preloaded already.
    """
    library = None if os.environ.get(_PRELOAD) else find_library("jemalloc")
    return {_PRELOAD: library, "MALLOC_CONF": os.environ.get("MALLOC_CONF", _CONF)} if library else {}
