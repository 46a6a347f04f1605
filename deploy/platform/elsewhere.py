"""Stores that the environment names elsewhere than in the home: a Mainstem made for trial has its own, and must write to no other."""

from __future__ import annotations

import os
from collections.abc import Callable

VARIABLES = ("MAINSTEM_REDIS_URL", "MAINSTEM_SEARCH_URL", "MAINSTEM_ANALYTICS_URL")


def forget(say: Callable[[str], None]) -> None:
    """For this process and all that it starts. A store takes a log that ends before its positions for one that was made anew, and builds
    itself anew from it: a trial with such a variable set would empty what people work with."""
    for name in VARIABLES:
        if os.environ.pop(name, None) is not None:
            say(f"{name} is left aside: this has stores of its own")
