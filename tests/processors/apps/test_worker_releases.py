"""A release activated while the worker runs, on a real broker: it ends on purpose, takes it up, and derives every record anew."""

from __future__ import annotations

import pytest

from mainstem.terminology import Shelf, Terminology, builtin, store
from mainstem.terminology.statements import Statements
from processors.apps import releases
from processors.apps.worker import EXIT_RELEASE, EXIT_RESTART
from schemas import log, topics
from tests.processors.apps.test_worker import Stream, check, stream  # noqa: F401 - a fixture

pytestmark = pytest.mark.stack


def bare(name: str = "bare") -> tuple[Terminology, bytes]:
    """A release that knows nothing, and its file."""
    data = store.made(name, Statements([], []), {})
    return Terminology(store.Store(data, name)), data


def test_an_activated_release_is_taken_up_by_every_record(stream: Stream) -> None:  # noqa: F811
    shelf = Shelf(stream.directory / "terms")
    stream.coded(25)
    stream.live(200)
    stream.start()
    try:
        stream.drained()
        check(stream)
        assert _coded(stream) == 25

        terms, data = bare()
        releases.activate(stream.kafka, stream.codec, terms, "test", "not at hand yet")
        assert stream.ended() == EXIT_RESTART
        stream.start()
        assert stream.ended() == EXIT_RELEASE
        assert "no release bare@" in (stream.directory / "worker.log").read_text()

        shelf.folder.mkdir(exist_ok=True)
        (shelf.folder / f"{terms.release}.terms").write_bytes(data)
        stream.start()
        stream.live(200)
        stream.drained()
        check(stream, terms)
        assert _coded(stream) == 50
    finally:
        releases.activate(stream.kafka, stream.codec, builtin(), "test", "back")  # other tests share the broker
    assert stream.ended() == EXIT_RESTART
    stream.start()
    stream.drained()
    check(stream)
    assert _coded(stream) == 25
    in_force = releases.current(stream.kafka, stream.codec, shelf)
    assert in_force.terms.release == builtin().release
    assert [one.release.reason for one in releases.read(stream.kafka, stream.codec)][-2:] == ["not at hand yet", "back"]


def _coded(stream: Stream) -> int:  # noqa: F811
    """How many current entries there are of the persons whose allergies are coded."""
    decode, latest = stream.codec.decoder(topics.ENTRIES), {}
    for message in log.read(stream.kafka, topics.ENTRIES):
        entry = decode(message.value())
        latest[entry.person, entry.fact] = entry
    return sum(entry.status == "current" and entry.provenance[0].patient.startswith("coded-") for entry in latest.values())
