"""What can go wrong between bytes and the domain model."""

from __future__ import annotations


class UndecodableError(ValueError):
    """The bytes are not a message of this topic: bad framing, unknown schema id, or Avro that does not fit. A content fault."""

    def __init__(self, topic: str, why: str) -> None:
        super().__init__(f"a message of {topic} cannot be decoded ({why}); it was not written by a Mainstem codec or is damaged")
        self.topic = topic
        self.why = why


class RegistryUnavailableError(ConnectionError):
    """The schema registry does not answer. A dependency fault: pause and retry."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"the schema registry at {url} does not answer ({why}); start it with `mainstem stack up`")
        self.url = url
