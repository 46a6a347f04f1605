"""A release activated while the worker runs, on a real broker: it ends on purpose, takes it up, and derives every record anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from mainstem.shelf import shown
from mainstem.terminology import Shelf, Terminology, builtin, in_force, store
from mainstem.terminology.statements import Statements
from processors.apps import releases
from processors.apps.worker import EXIT_RELEASE, EXIT_RESTART
from processors.identity.scoring.release import built_in
from processors.identity.scoring.shelf import ModelShelf
from processors.reconcile import edition
from schemas import kafka as clients
from schemas import log, topics
from schemas.codec import Codec
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

    releases.activate_model(stream.kafka, stream.codec, built_in(), "test", "the same again")
    assert stream.ended() == EXIT_RESTART, "the linker knows no activation that came after its start"
    stream.start()
    stream.live(50)
    stream.drained()
    check(stream)
    assert f"matching model in force: {shown(built_in())}" in (stream.directory / "worker.log").read_text()


def test_what_ships_comes_into_force_once_and_displaces_only_its_own_elder(kafka: str, registry: str, tmp_path: Path) -> None:
    codec, shelf, models, said = Codec(registry), Shelf(tmp_path / "terms"), ModelShelf(tmp_path / "matching"), []
    clients.ensure_topics(kafka, topics.ALL)
    codec.register(topics.ALL)

    def shipped() -> str:
        releases.ship(kafka, codec, shelf, models, said.append)
        found = in_force(releases.read(kafka, codec), releases.TERMINOLOGY, 10**15)
        assert found is not None
        return f"{found.name}@{found.digest[:12]}"

    ours = builtin().release
    assert shipped() == ours
    assert f"{ours}.terms" in {path.name for path in shelf.folder.iterdir()}, "kept, to show a record as known then"
    said.clear()
    try:
        assert (shipped(), said) == (ours, []), "it is in force: nothing to do"
        elder, _ = bare("builtin")
        assert elder.release != ours
        releases.activate(kafka, codec, elder, "test", "an older version of Mainstem shipped it")
        assert (shipped(), said) == (ours, [f"terminology in force: {ours}"])
        theirs, _ = bare("operators")
        releases.activate(kafka, codec, theirs, "test", "an operator chose it")
        said.clear()
        assert (shipped(), said) == (theirs.release, []), "an operator's choice stands"
    finally:
        releases.activate(kafka, codec, builtin(), "test", "back")  # other tests share the broker


def test_rules_of_another_edition_are_refused_until_ours_are_in_force_again(kafka: str, registry: str, tmp_path: Path) -> None:
    codec, shelf, models, said = Codec(registry), Shelf(tmp_path / "terms"), ModelShelf(tmp_path / "matching"), []
    later = str(edition.EDITION + 1)
    clients.ensure_topics(kafka, topics.ALL)
    codec.register(topics.ALL)
    releases.ship(kafka, codec, shelf, models, said.append)
    try:
        other = releases.activate_rules(kafka, codec, edition.Edition(later, "0" * 64), "test", "a later version of Mainstem")
        refused = f"edition {later} are in force, and this version has edition {edition.EDITION}"
        with pytest.raises(releases.OtherEditionError, match=refused):
            releases.current(kafka, codec, shelf)
    finally:
        said.clear()
        releases.ship(kafka, codec, shelf, models, said.append)  # other tests share the broker
    assert said == [f"rules in force: edition {edition.EDITION}"]
    known = releases.current(kafka, codec, shelf).activations
    assert other.activation in known, "its events are met on the way, and end no worker"
    said.clear()
    releases.ship(kafka, codec, shelf, models, said.append)
    assert said == []


def _coded(stream: Stream) -> int:  # noqa: F811
    """How many current entries there are of the persons whose allergies are coded."""
    decode, latest = stream.codec.decoder(topics.ENTRIES), {}
    for message in log.read(stream.kafka, topics.ENTRIES):
        entry = decode(message.value())
        latest[entry.person, entry.fact] = entry
    return sum(entry.status == "current" and entry.provenance[0].patient.startswith("coded-") for entry in latest.values())
