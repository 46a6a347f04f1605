"""What a process says of itself to those who run it: metrics, traces and logs. None of it carries patient content."""

from __future__ import annotations

from mainstem.observe.settings import ObserveSettings

__all__ = ["ObserveSettings", "begin"]


def begin(process: str, settings: ObserveSettings | None = None) -> None:
    """The first thing a process does. `process` names it, and its log, among those of one home: `capture`, `worker`, `sink-search`, `web`.

    Logs are always set up; /metrics and traces only where the settings say so. A port or a directory that cannot be had is told in
    the log and stops nobody.
    """
    from mainstem.observe import logs, serving, tracing

    chosen = settings or ObserveSettings()
    logs.configure(chosen.log_format)
    if chosen.metrics_dir is not None:
        serving.serve(process, chosen.metrics_dir, chosen.metrics_port)
    if chosen.otlp_endpoint is not None:
        tracing.export(process, chosen.otlp_endpoint, chosen.trace_one_in)
