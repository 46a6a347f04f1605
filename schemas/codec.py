"""Between the domain model and bytes: Confluent framing (magic 0, 4-byte schema id, Avro) and Avro container files.

`Codec` asks the registry once per schema and keeps the answer. Readers resolve the writer's schema against ours, so that
older messages stay readable.
"""

from __future__ import annotations

import contextlib
import io
import json
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import fastavro
import httpx2
import msgspec
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from fastavro.read import SchemaResolutionError

from mainstem import model, operations, person_events
from schemas.errors import RegistryLostError, RegistryUnavailableError, UndecodableError
from schemas.topics import Topic

T = TypeVar("T", bound=msgspec.Struct)
A = TypeVar("A")
_DIRECTORY = Path(__file__).parent / "avsc"
_ANSWER_SECONDS = 10
"""For one answer of the registry. The client sets no limit, and would wait for ever on a connection whose other end is gone unseen."""
_MISFITS = (EOFError, ValueError, IndexError, KeyError, TypeError, OverflowError, SchemaResolutionError, msgspec.ValidationError)
_LOOKING = threading.Lock()
_HEAD = struct.Struct(">bI")
FRAMING = _HEAD.size
"""Bytes of a value before its Avro: they name the schema by its number in one registry."""
_KINDS: dict[str, type[msgspec.Struct]] = {
    name: kind for module in (model, person_events, operations) for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
}
"""The type of each schema: they share their name."""


@cache
def avsc(name: str) -> dict[str, Any]:
    """The parsed schema `avsc/<name>.avsc`."""
    return cast(dict[str, Any], fastavro.parse_schema(json.loads((_DIRECTORY / f"{name}.avsc").read_text())))


def names() -> list[str]:
    return sorted(path.stem for path in _DIRECTORY.glob("*.avsc"))


def to_avro(value: msgspec.Struct) -> dict[str, Any]:
    return msgspec.to_builtins(value, builtin_types=(bytes,))


def from_avro(data: Any, kind: type[T]) -> T:
    """Raises msgspec.ValidationError where the data is not of that type."""
    return msgspec.convert(data, kind, builtin_types=(bytes,))


class Codec:
    """Encodes and decodes the messages of topics that have a schema."""

    def __init__(self, registry_url: str) -> None:
        """`mock://` gives a registry inside the process, for tests and tools without servers."""
        self.url = registry_url
        self._client = SchemaRegistryClient.new_client({"url": registry_url, "timeout": _ANSWER_SECONDS})
        self._ids: dict[str, bytes] = {}
        self._writers: dict[int, dict[str, Any]] = {}

    def register(self, topics: Iterable[Topic]) -> None:
        """Register every topic's schema under `<topic>-value`. Raises RegistryUnavailableError."""
        for topic in topics:
            if topic.schema is not None:
                self._head(topic)

    def knows(self, topic: Topic, data: bytes) -> bool | None:
        """Whether the registry gives the schema of a message's number, and it is one of this topic's; None where the message names none.
        Raises RegistryUnavailableError."""
        if len(data) < FRAMING or data[0] != 0:
            return None
        try:
            writer = self._writer(_HEAD.unpack_from(data)[1], topic)
        except (UndecodableError, RegistryLostError):
            return False
        return isinstance(writer, dict) and writer.get("name") == avsc(_schema_of(topic))["name"]

    def encoder(self, topic: Topic) -> Callable[[msgspec.Struct], bytes]:
        schema, head = avsc(_schema_of(topic)), self._head(topic)

        def encode(value: msgspec.Struct) -> bytes:
            out = io.BytesIO()
            out.write(head)
            fastavro.schemaless_writer(out, schema, to_avro(value))
            return out.getvalue()

        return encode

    def decoder(self, topic: Topic) -> Callable[[bytes | None], Any]:
        """A function from message bytes to the model's type; raises UndecodableError."""
        name = _schema_of(topic)
        kind, reader = _KINDS[name], avsc(name)
        _look_at(kind)
        resolved: dict[int, dict[str, Any] | None] = {}
        """Writer's schema id -> what to resolve it against; None where it is ours, since fastavro compares them with each message."""

        def decode(data: bytes | None) -> Any:
            if data is None or len(data) < _HEAD.size:
                raise UndecodableError(topic.name, "too short")
            magic, schema_id = _HEAD.unpack_from(data)
            if magic != 0:
                raise UndecodableError(topic.name, "no Confluent framing")
            writer = self._writer(schema_id, topic)
            if schema_id not in resolved:
                resolved[schema_id] = None if writer == reader else reader
            try:
                body = fastavro.schemaless_reader(io.BytesIO(data[_HEAD.size:]), writer, resolved[schema_id])
                return from_avro(body, kind)
            except _MISFITS as fault:
                raise UndecodableError(topic.name, type(fault).__name__) from None

        return decode

    def _head(self, topic: Topic) -> bytes:
        head = self._ids.get(topic.name)
        if head is None:
            text = (_DIRECTORY / f"{_schema_of(topic)}.avsc").read_text()
            try:
                schema_id = self._asked(lambda: self._client.register_schema(_subject(topic), Schema(text, "AVRO")), int)
            except SchemaRegistryError as fault:
                raise RegistryUnavailableError(self.url, str(fault)) from fault
            head = self._ids[topic.name] = _HEAD.pack(0, schema_id)
        return head

    def _writer(self, schema_id: int, topic: Topic) -> dict[str, Any]:
        writer = self._writers.get(schema_id)
        if writer is None:
            try:
                text = self._asked(lambda: self._client.get_schema(schema_id).schema_str, str)
            except SchemaRegistryError:
                raise self._unknown(schema_id, topic) from None
            try:
                writer = self._writers[schema_id] = cast(dict[str, Any], fastavro.parse_schema(json.loads(text)))
            except Exception:  # a JSON Schema, Protobuf, or anything else that a registry holds
                raise UndecodableError(topic.name, f"schema id {schema_id} is no Avro schema") from None
        return writer

    def _unknown(self, schema_id: int, topic: Topic) -> Exception:
        """What to raise for a number that the registry does not know: whoever writes to a topic registers its schema first, so that a
        registry without any for it is not to be asked about its messages."""
        try:
            held = self._asked(lambda: self._client.get_versions(_subject(topic)), list)
        except SchemaRegistryError:
            held = []
        if held:
            return UndecodableError(topic.name, f"schema id {schema_id} is not in the registry")
        return RegistryLostError(self.url, topic.name)

    def _asked(self, ask: Callable[[], Any], kind: type[A]) -> A:
        """What the registry answers. Raises SchemaRegistryError where it knows of no such thing, and RegistryUnavailableError where it does
        not answer, or as no registry does: a proxy before one that is away says 200 with a page or an object of its own."""
        try:
            answer = ask()
        except SchemaRegistryError as fault:
            if fault.http_status_code == 404:
                raise
            raise RegistryUnavailableError(self.url, str(fault)) from fault
        except (OSError, httpx2.TransportError) as fault:
            raise RegistryUnavailableError(self.url, str(fault)) from fault
        except Exception:  # the client takes whatever comes for an answer
            answer = None
        if not isinstance(answer, kind) or answer == "":
            self._client.clear_caches()  # it would be given again
            raise RegistryUnavailableError(self.url, "what answers is no registry")
        return answer


def write_file(out: BinaryIO, name: str, values: Iterable[msgspec.Struct]) -> None:
    """An Avro object container file of one schema: what `fold` and `replay` read."""
    fastavro.writer(out, avsc(name), (to_avro(value) for value in values), codec="deflate")


def read_file(source: BinaryIO) -> Iterator[tuple[str, Any]]:
    """(schema name, value) of each record of a container file. Raises ValueError where it is not one or is cut short."""
    reader = fastavro.reader(source)
    name = reader.writer_schema["name"].rsplit(".", 1)[-1]  # type: ignore[index,call-overload]
    kind = _KINDS.get(name)
    if kind is None:
        raise ValueError(f"a container of {name}, which is no type of Mainstem's")
    for record in reader:
        yield name, from_avro(record, kind)


def _look_at(kind: type[msgspec.Struct]) -> None:
    """Let msgspec learn a type before threads use it: 0.22 crashes or hangs when two of them convert to a new type at once."""
    with _LOOKING, contextlib.suppress(msgspec.ValidationError):
        msgspec.convert({}, kind, builtin_types=(bytes,))


def _subject(topic: Topic) -> str:
    return f"{topic.name}-value"


def _schema_of(topic: Topic) -> str:
    if topic.schema is None:
        raise ValueError(f"{topic.name} has no schema: its messages are bytes as they came")
    return topic.schema
