"""Traces from a commit in a source's database to the stores: W3C `traceparent` in Kafka headers, OpenTelemetry spans.

Capture follows one raw message in so many (or those that already carry a trace). Each stage ends a span for every message that carries a
trace once its batch is committed, gives the outputs that the message caused a header of their own, and ends one span for the batch,
linked to all of them. Spans carry counts and positions, never content. Off unless `export` or `use` was called.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

HEADER = "traceparent"
Headers = dict[str, bytes]

_tracer: Tracer | None = None
_one_in = 1000


def export(process: str, endpoint: str, one_in: int) -> None:
    """Send spans to a collector (OTLP over HTTP), in the background; a collector that is away costs its spans and nothing else."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource({"service.name": "mainstem", "service.instance.id": process}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    use(provider, one_in)


def use(provider: TracerProvider | None, one_in: int = 1000) -> None:
    """Trace with this provider; None switches tracing off."""
    global _tracer, _one_in  # noqa: PLW0603 one tracer a process, as there is one log
    _tracer = provider.get_tracer("mainstem") if provider else None
    _one_in = one_in


def on() -> bool:
    return _tracer is not None


def chosen(offset: int) -> bool:
    """Whether the raw message at this offset begins a trace: a function of the offset, so that a batch read again is traced again."""
    return offset % _one_in == 0


def carried(headers: Iterable[tuple[str, bytes | str | None]] | None) -> bytes | None:
    """The trace that a message's headers carry."""
    for name, value in headers or ():
        if name == HEADER:
            return value.encode() if isinstance(value, str) else value
    return None


class Followed:
    """The spans of one batch. They count only once `done` is called: a batch that was given up leaves none behind."""

    def __init__(self, stage: str, began: int | None = None) -> None:
        """`began`: when work on the batch began, nanoseconds since the epoch; now, where not given."""
        self._stage = stage
        self._began = began or time.time_ns()
        self._spans: list[Span] = []

    def follow(self, parent: bytes | None, partition: int, offset: int, since_ms: int | None = None) -> Headers:
        """Begin a message's span (at `since_ms` where that is known), and what its outputs are to carry; nothing where tracing is off."""
        if _tracer is None:
            return {}
        start = self._began if since_ms is None else min(since_ms * 1_000_000, self._began)
        span = _tracer.start_span(self._stage, _context(parent), start_time=start,
                                  attributes={"messaging.destination.partition.id": str(partition), "messaging.kafka.offset": offset})
        self._spans.append(span)
        return {HEADER: _written(span)}

    def done(self, events: int, **numbers: int) -> None:
        """The batch is committed."""
        if _tracer is None or not self._spans:
            return
        from opentelemetry.context import Context
        from opentelemetry.trace import Link

        counts: Mapping[str, int] = {"mainstem.events": events} | {f"mainstem.{name}": number for name, number in numbers.items()}
        batch = _tracer.start_span(f"{self._stage} batch", Context(), start_time=self._began, attributes=counts,
                                   links=[Link(span.get_span_context()) for span in self._spans])
        for span in (*self._spans, batch):
            span.end()
        self._spans = []


def _context(parent: bytes | None):
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {HEADER: parent.decode("ascii", "replace")} if parent else {}
    return TraceContextTextMapPropagator().extract(carrier, Context())


def _written(span: Span) -> bytes:
    told = span.get_span_context()
    return f"00-{told.trace_id:032x}-{told.span_id:016x}-{int(told.trace_flags):02x}".encode()
