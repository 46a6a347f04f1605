"""Which terminology is in force, by the control topic, and how another one comes into force.

An activation is one transaction: the control record, and an event to each partition of the person events, by which the reconcile
stage derives its persons anew (`processors.reconcile.sweep`). Either both are there or neither.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import NamedTuple

from confluent_kafka import KafkaException

from mainstem.model import Op, PersonEvent, Release
from mainstem.terminology import Shelf, Terminology, builtin, in_force
from mainstem.terminology.releases import Activation
from mainstem.terminology.shipped import NAME
from schemas import kafka, log, topics
from schemas.codec import Codec
from schemas.errors import KafkaUnavailableError

TERMINOLOGY = "terminology"
_EVER = 253_402_300_799_000
"""The year 9999: whatever is in the topic counts."""
_SECONDS = 30.0


class InForce(NamedTuple):
    """What a stage is started with."""

    terms: Terminology
    activations: frozenset[str]
    """All that were there when it was looked up."""


def read(bootstrap: str, codec: Codec) -> list[Activation]:
    """Every activation so far. Raises KafkaUnavailableError, TruncatedReadError, UndecodableError."""
    decode = codec.decoder(topics.RELEASES)
    try:
        messages = log.read_stretches(bootstrap, topics.RELEASES, log.stretches(bootstrap, topics.RELEASES, _EVER))
        return [Activation(message.timestamp()[1], message.offset(), decode(message.value())) for message in messages]
    except KafkaException as fault:
        raise KafkaUnavailableError(bootstrap, fault.args[0].name()) from None


def current(bootstrap: str, codec: Codec, shelf: Shelf) -> InForce:
    """What is in force now. Raises what `read` raises, and ReleaseError where it is not at hand or is of other content."""
    found = read(bootstrap, codec)
    return InForce(shelf.activated(in_force(found, TERMINOLOGY, _EVER)), frozenset(each.release.activation for each in found))


def activate(bootstrap: str, codec: Codec, terms: Terminology, actor: str, reason: str) -> Release:
    """From now on this terminology is in force. Raises KafkaUnavailableError: then nothing has changed."""
    head = terms.store.head
    release = Release(activation=str(uuid.uuid4()), what=TERMINOLOGY, name=head.name, digest=head.digest, actor=actor, reason=reason)
    derive = codec.encoder(topics.PERSON_EVENTS)(PersonEvent(op=Op.DERIVE, person="", subject=release.activation, epoch=-1))
    control = codec.encoder(topics.RELEASES)(release)
    producer = kafka.producer(bootstrap, transactional_id="mainstem-activate", transaction_timeout_ms=int(_SECONDS * 1000))
    try:
        producer.init_transactions(_SECONDS)
        producer.begin_transaction()
        producer.produce(topics.RELEASES.name, control, release.activation.encode(), partition=0)
        for partition in range(topics.PERSON_EVENTS.partitions):
            producer.produce(topics.PERSON_EVENTS.name, derive, b"", partition=partition)
        producer.commit_transaction(_SECONDS)
    except KafkaException as fault:
        raise KafkaUnavailableError(bootstrap, fault.args[0].name()) from None
    return release


def ship(bootstrap: str, codec: Codec, shelf: Shelf, say: Callable[[str], None]) -> None:
    """Put the release that this version of Mainstem ships with in force, where none is or an older version's is.

    It is kept on the shelf, so that a record can be shown as known then when a later version ships with another one.
    """
    shelf.keep_builtin()
    release = in_force(read(bootstrap, codec), TERMINOLOGY, _EVER)
    shipped = builtin()
    if release is None or (release.name == NAME and release.digest != shipped.store.head.digest):
        activate(bootstrap, codec, shipped, "mainstem", "it ships with this version")
        say(f"terminology in force: {shipped.release}")

