"""One form for all that is logged, and exceptions of others without their texts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CANARY = "Zebedee-Canary"
SCRIPT = f"""
import logging, structlog
from mainstem.observe.logs import Format, configure
from sinks.errors import StoreUnavailableError
configure(Format(FORMAT))
log = logging.getLogger("sinks.sink")
log.info("reading on from %d", 7)
structlog.get_logger("mainstem.cli").warning("slow", seconds=3)
try:
    try:
        {{}}["{CANARY}"]
    except KeyError as fault:
        raise StoreUnavailableError("search", "refused") from fault
except StoreUnavailableError:
    log.exception("it failed")
try:
    int("{CANARY}")
except ValueError:
    structlog.get_logger("mainstem.web").exception("it failed again")
logging.getLogger("aiokafka.consumer").info("a request")
"""


def lines(form: str) -> list[str]:
    script = SCRIPT.replace("FORMAT", repr(form))
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stderr.splitlines()


def test_json() -> None:
    told = [json.loads(line) for line in lines("json")]
    assert [(one["event"], one["level"], one["logger"]) for one in told] == [
        ("reading on from 7", "info", "sinks.sink"), ("slow", "warning", "mainstem.cli"), ("it failed", "error", "sinks.sink"),
        ("it failed again", "error", "mainstem.web")]
    assert all(one["timestamp"].endswith("Z") for one in told)
    assert told[1]["seconds"] == 3
    assert told[2]["exception"].startswith("StoreUnavailableError (the search store does not answer (refused)")
    assert "KeyError at <string>:" in told[2]["exception"]
    assert told[3]["exception"].startswith("ValueError at <string>:")


def test_console() -> None:
    told = lines("console")
    assert len(told) == 4
    assert told[0].endswith(" INFO sinks.sink: reading on from 7")
    assert told[1].endswith(" WARNING mainstem.cli: slow seconds=3")


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_a_library_was_given_is_not_logged(form: str) -> None:
    assert CANARY not in "\n".join(lines(form))
