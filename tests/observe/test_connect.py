"""Looking at connectors, for days."""

from __future__ import annotations

import gc
import ssl

from mainstem.observe.connect import Connectors


def contexts() -> int:
    return sum(isinstance(each, ssl.SSLContext) for each in gc.get_objects())


def test_a_look_leaves_no_client_behind() -> None:
    """One made at each look is 0.9 MB of certificates in a cycle, which the collector of a process with little else to do finds late."""
    look = Connectors("http://127.0.0.1:1").look
    look()
    gc.collect()
    gc.disable()
    try:
        before = contexts()
        for _ in range(5):
            look()
        assert contexts() == before
    finally:
        gc.enable()
