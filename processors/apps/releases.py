"""Which terminology, rules and matching model are in force, by the control topic, and how others come into force.

An activation is one transaction: the control record, and what makes a stage take it up. Of a terminology or of rules: an event to each
partition of the person events, by which the reconcile stage derives its persons anew (`processors.reconcile.sweep`). Of a model: an event
among the claims, with which the linker works everyone out anew. Either all of it is there or nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from confluent_kafka import KafkaException

from mainstem.model import Release
from mainstem.person_events import Op, PersonEvent
from mainstem.shelf import Named, ReleaseError, shown
from mainstem.terminology import Shelf, Terminology, builtin, in_force
from mainstem.terminology.releases import Activation
from mainstem.terminology.shipped import NAME
from processors.identity import activated
from processors.identity.activated import MATCHING
from processors.identity.scoring.release import Model, built_in
from processors.identity.scoring.shelf import SHIPPED, ModelShelf
from processors.reconcile.edition import OURS, RULES, other_at
from schemas import kafka, log, topics
from schemas.codec import Codec
from schemas.errors import KafkaUnavailableError
from schemas.topics import Topic

TERMINOLOGY = "terminology"
_EVER = 253_402_300_799_000
"""The year 9999: whatever is in the topic counts."""
_SECONDS = 30.0


class OtherEditionError(ReleaseError):
    """Rules of another version of Mainstem are in force."""

    def __init__(self, edition: str) -> None:
        super().__init__(f"rules of edition {edition} are in force, and this version has edition {OURS.name}: start the workers of the "
                         "version by which those came into force, or `mainstem run` of this one, which puts its own edition in force")
        self.edition = edition


class InForce(NamedTuple):
    """What the reconcile stage is started with."""

    terms: Terminology
    activations: frozenset[str]
    """All of terminologies and of rules that were there when it was looked up."""


class ModelInForce(NamedTuple):
    """What the linker is started with."""

    model: Model
    activations: frozenset[str]
    """All of models that were there when it was looked up."""


def read(bootstrap: str, codec: Codec) -> list[Activation]:
    """Every activation so far, of whatever. Raises KafkaUnavailableError, TruncatedReadError, UndecodableError."""
    decode = codec.decoder(topics.RELEASES)
    try:
        messages = log.read_stretches(bootstrap, topics.RELEASES, log.stretches(bootstrap, topics.RELEASES))
        return [Activation(message.timestamp()[1], log.place(message)[1], decode(message.value())) for message in messages]
    except KafkaException as fault:
        raise KafkaUnavailableError(bootstrap, fault.args[0].name()) from None


def named(bootstrap: str, codec: Codec, what: str) -> Release | None:
    """What the control topic says is in force now, at hand or not. Raises what `read` raises."""
    return in_force(read(bootstrap, codec), what, _EVER)


def current(bootstrap: str, codec: Codec, shelf: Shelf) -> InForce:
    """The terminology in force now. Raises what `read` raises, and ReleaseError where it is not at hand or is of other content, or where
    rules of another edition than ours are in force."""
    found = read(bootstrap, codec)
    if other := other_at(found, _EVER):
        raise OtherEditionError(other)
    return InForce(shelf.activated(in_force(found, TERMINOLOGY, _EVER)), _of(found, TERMINOLOGY) | _of(found, RULES))


def current_model(bootstrap: str, codec: Codec, shelf: ModelShelf) -> ModelInForce:
    """The matching model in force now. Raises what `current` raises."""
    found = read(bootstrap, codec)
    return ModelInForce(shelf.activated(in_force(found, MATCHING, _EVER)), _of(found, MATCHING))


def activate(bootstrap: str, codec: Codec, terms: Terminology, actor: str, reason: str) -> Release:
    """From now on this terminology is in force. Raises KafkaUnavailableError: then nothing has changed."""
    return _derive_anew(bootstrap, codec, TERMINOLOGY, terms.store.head, actor, reason)


def activate_rules(bootstrap: str, codec: Codec, edition: Named, actor: str, reason: str) -> Release:
    """From now on rules of this edition are in force. Raises KafkaUnavailableError: then nothing has changed."""
    return _derive_anew(bootstrap, codec, RULES, edition, actor, reason)


def _derive_anew(bootstrap: str, codec: Codec, what: str, which: Named, actor: str, reason: str) -> Release:
    release = Release(activation=str(uuid.uuid4()), what=what, name=which.name, digest=which.digest, actor=actor, reason=reason)
    derive = PersonEvent(op=Op.DERIVE, person="", subject=release.activation, epoch=-1)
    _commit(bootstrap, codec, release, [(topics.PERSON_EVENTS, p, b"", derive) for p in range(topics.PERSON_EVENTS.partitions)])
    return release


def activate_model(bootstrap: str, codec: Codec, model: Model, actor: str, reason: str) -> Release:
    """From now on this matching model is in force; keep it on the shelf first. Raises KafkaUnavailableError: then nothing has changed."""
    release = Release(activation=str(uuid.uuid4()), what=MATCHING, name=model.name, digest=model.digest, actor=actor, reason=reason)
    event = activated.event(release)
    _commit(bootstrap, codec, release, [(topics.CLAIMS, 0, event.subject.encode(), event)])
    return release


def ship(bootstrap: str, codec: Codec, shelf: Shelf, models: ModelShelf, say: Callable[[str], None]) -> None:
    """Put the releases that this version of Mainstem ships with in force, where none is or an older version's is.

    They are kept on the shelves, so that a record can be shown as known then when a later version ships with others.
    """
    shelf.keep_builtin()
    models.keep(built_in())
    found = read(bootstrap, codec)
    terms, model = in_force(found, TERMINOLOGY, _EVER), in_force(found, MATCHING, _EVER)
    if terms is None or (terms.name == NAME and terms.digest != builtin().store.head.digest):
        activate(bootstrap, codec, builtin(), "mainstem", _SHIPS)
        say(f"terminology in force: {builtin().release}")
    if model is None or (model.name in SHIPPED and model.digest != built_in().digest):
        activate_model(bootstrap, codec, built_in(), "mainstem", _SHIPS)
        say(f"matching model in force: {shown(built_in())}")
    if in_force(found, RULES, _EVER) is None or other_at(found, _EVER):
        activate_rules(bootstrap, codec, OURS, "mainstem", _SHIPS)
        say(f"rules in force: edition {OURS.name}")


_SHIPS = "it ships with this version"


def _of(found: Iterable[Activation], what: str) -> frozenset[str]:
    return frozenset(each.release.activation for each in found if each.release.what == what)


def _commit(bootstrap: str, codec: Codec, release: Release, events: Iterable[tuple[Topic, int, bytes, Any]]) -> None:
    """The control record and the events: topic, partition, key and value of each."""
    control = codec.encoder(topics.RELEASES)(release)
    encoded = [(topic, partition, key, codec.encoder(topic)(value)) for topic, partition, key, value in events]
    producer = kafka.producer(bootstrap, transactional_id="mainstem-activate", transaction_timeout_ms=int(_SECONDS * 1000))
    try:
        producer.init_transactions(_SECONDS)
        producer.begin_transaction()
        producer.produce(topics.RELEASES.name, control, release.activation.encode(), partition=0)
        for topic, partition, key, value in encoded:
            producer.produce(topic.name, value, key, partition=partition)
        producer.commit_transaction(_SECONDS)
    except KafkaException as fault:
        raise KafkaUnavailableError(bootstrap, fault.args[0].name()) from None
