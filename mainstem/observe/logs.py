"""The one place where logging is set up: structured lines on stderr, as text for people or as JSON for machines.

Messages of ours are written so that they carry no patient content. Of exceptions from elsewhere only the type and the place are logged:
a library's message may quote what it was given.
"""

from __future__ import annotations

import logging
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from structlog.types import EventDict, Processor

_OURS = ("mainstem", "schemas", "producers", "processors", "sinks", "deploy", "seeds")
_CHATTY = ("faust", "aiokafka", "mode", "httpx", "httpx2", "uvicorn", "opentelemetry")
"""They tell of every request or retry; from WARNING on they are heard."""


class Format(StrEnum):
    CONSOLE = "console"
    JSON = "json"


def configure(chosen: Format = Format.CONSOLE) -> None:
    """Everything that is logged, through structlog or the standard library, in one form."""
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_content,
    ]
    last: Processor = structlog.processors.JSONRenderer() if chosen is Format.JSON else _line
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
                        logger_factory=structlog.stdlib.LoggerFactory(), cache_logger_on_first_use=True)


def without_content(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """An exception as its type, its place, and its text only where the type is ours."""
    found = event.pop("exc_info", None)
    event.pop("stack_info", None)
    record: logging.LogRecord | None = event.get("_record")
    if record is not None:
        record.exc_info = record.exc_text = None
    fault = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(fault, BaseException):
        event["exception"] = " <- ".join(_told(one) for one in _chain(fault))
    return event


def _chain(fault: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while fault is not None and fault not in chain:
        chain.append(fault)
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return chain


def _told(fault: BaseException) -> str:
    frames = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(fault.__traceback__)[-8:]]
    ours = type(fault).__module__.partition(".")[0] in _OURS
    return f"{type(fault).__name__}{f' ({fault})' if ours else ''} at {' > '.join(frames) or 'an unknown place'}"


def _line(_logger: Any, _method: str, event: EventDict) -> str:
    """`2026-01-01T10:00:00.000000Z WARNING sinks.sink: text key=value`."""
    at, level, name, text = (event.pop(key, "") for key in ("timestamp", "level", "logger", "event"))
    more = "".join(f" {key}={value}" for key, value in event.items())
    return f"{at} {str(level).upper()} {name}: {text}{more}"
