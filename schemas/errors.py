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


class RegistryLostError(RegistryUnavailableError):
    """The schema registry answers, but holds no schema of the messages that are there. A dependency fault too: they are good."""

    def __init__(self, url: str, topic: str) -> None:
        ConnectionError.__init__(
            self, f"the schema registry at {url} does not hold what {topic} was written with: it has lost its schemas, or is another one; "
                  "name the right one, or give it its data back (its numbers are in every message)")
        self.url, self.topic = url, topic


class KafkaUnavailableError(ConnectionError):
    """The broker does not answer, or refuses. A dependency fault: pause and retry."""

    def __init__(self, bootstrap: str, why: str) -> None:
        super().__init__(f"Kafka at {bootstrap} does not do what was asked ({why}); start it with `mainstem stack up` and see "
                         "`mainstem stack logs kafka`")
        self.bootstrap = bootstrap
        self.why = why


class TopicDiffersError(RuntimeError):
    """A topic stands with another partition count than `schemas.topics` tells; keys would go to other partitions."""

    def __init__(self, topic: str, wanted: int, found: int) -> None:
        super().__init__(f"topic {topic} has {found} partitions and must have {wanted}: counts are fixed when topics are "
                         "made; set MAINSTEM_PARTITIONS as it was then, or remove the topic if it holds nothing you need")
        self.topic = topic
        self.wanted = wanted
        self.found = found
