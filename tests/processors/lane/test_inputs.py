"""An input that is no longer the log that was read: made anew, or without its end or beginning. Nothing new in it is passed over."""

from __future__ import annotations

import re
import signal

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from mainstem.observe import metrics
from mainstem.operations import IDLE, Heartbeat
from processors.apps.worker import EXIT_RESTART
from processors.lane import reader
from processors.lane.errors import InputLostError
from processors.lane.inputs import looked
from processors.lane.owner import Span
from schemas import topics
from tests.eventually import eventually
from tests.processors.lane.conftest import Place, World, make_anew, opened

pytestmark = pytest.mark.stack


def resets(place: Place) -> float:
    return sum(metrics.now(metrics.INPUT_RESETS, stage=place.world.stage.name))


def once_processed(place: Place, beyond: int = 0) -> int:
    """Offset after what an owner has processed, all there is; its marker is to lie so much further."""
    owner = place.owner("a")
    owner.open()
    span = place.span()
    owner.run([Span(span.topic, span.next + beyond, span.messages)])
    owner.close()
    return span.next


def outputs(place: Place) -> int:
    return sum(1 for _ in place.world.messages(place.world.stage.out))


def taken(place: Place, directory: str = "a") -> int:
    """How many messages of all that the input holds now are taken by a new owner."""
    owner, before = place.owner(directory), outputs(place)
    owner.open()
    done = owner.run([place.span()])
    assert owner.markers == {place.world.stage.source.name: place.span().next}
    owner.close()
    assert outputs(place) == before + done.published
    return done.processed


@pytest.mark.parametrize("directory", ["a", "elsewhere"])
def test_one_made_anew_is_read_from_its_beginning_once(place: Place, directory: str) -> None:
    """Whether the owner has its local copy or only the changelog."""
    was = once_processed(place)
    make_anew(place.world.kafka, place.world.stage.source)
    place.world.send(800)
    assert place.span().next > was, "else its end alone would show it"
    assert taken(place, directory) == len(place.span().messages)
    assert resets(place) == 1
    assert taken(place, "another") == 0
    assert resets(place) == 1


def test_one_that_lost_its_end_is_read_from_its_beginning(place: Place) -> None:
    """Since it may have lost more than it lacks now, and been written to since."""
    once_processed(place, beyond=1)
    assert taken(place) == len(place.span().messages)
    assert resets(place) == 1
    assert taken(place) == 0


def test_an_idle_one_is_told_once(place: Place) -> None:
    """The marker goes back for good when the partition is opened, whether anything comes then or not."""
    once_processed(place, beyond=1)
    for _ in range(2):
        owner = place.owner("a")
        owner.open()
        assert owner.markers == {place.world.stage.source.name: 0}
        owner.close()
    assert resets(place) == 1


def test_an_end_lost_while_it_is_read_is_remembered_however_it_grows(place: Place) -> None:
    """The client found itself beyond an end, which has grown past the marker since."""
    once_processed(place)
    owner = place.owner("a")
    owner.open()
    owner.reset(place.world.stage.source)
    owner.close()
    place.world.send(800)
    assert resets(place) == 0
    assert taken(place, "elsewhere") == len(place.span().messages)
    assert resets(place) == 1
    assert taken(place, "elsewhere") == 0
    assert resets(place) == 1


@pytest.mark.parametrize("lost", ["made anew", "its end", "its end, while it was read"])
def test_one_whose_offsets_count_is_refused_until_it_is_given_back(place: Place, lost: str) -> None:
    """Of another log the linker's decisions would come too low to count. That it has grown past the marker meanwhile changes nothing."""
    place.world.stage.offsets_count = True
    stage = place.world.stage.name
    was = once_processed(place, beyond=lost == "its end")
    if lost == "made anew":
        make_anew(place.world.kafka, place.world.stage.source)
    elif lost == "its end, while it was read":
        owner = place.owner("a")
        owner.open()
        with pytest.raises(InputLostError):
            owner.reset(place.world.stage.source)
        owner.close()
    for _ in range(2):
        with pytest.raises(InputLostError, match="MAINSTEM_ACCEPT_INPUT=") as told:
            place.owner("a").open()
        assert metrics.now(metrics.INPUT_REFUSED, stage=stage) == [1]
        place.close()
        assert metrics.now(metrics.INPUT_REFUSED, stage=stage) == []
        place.world.send(800)
    owner = place.owner("a")
    owner._accepted = told.value.identity
    owner.open()
    assert owner.markers == {place.world.stage.source.name: was + (lost == "its end")}
    owner.run([place.span()])
    owner.close()
    assert taken(place) == 0
    assert resets(place) == 0, "nothing was read anew"


@pytest.mark.timeout(240)
def test_where_one_is_refused_the_other_partitions_go_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever else comes and goes. The worker tells it once in its log, and in each heartbeat, and takes it up when it is told to."""
    world, refused = place.world, f"{place.world.stage.source.name}/0"
    marker = once_processed(place, beyond=1) + 1
    worker = world.worker("a", instance="a", stage="Numbering", session=60)

    def stand() -> dict[str, int]:
        found = reader.markers(world.kafka, world.stage.changelog)
        return {f"{topic}/{partition}": offset for partition, of_one in found.items() for topic, offset in of_one.items()}

    def others_processed() -> bool:
        stands = stand()
        assert stands[refused] == marker
        return sum(stands.values()) - marker == world.sent.total() - len(place.span().messages)

    eventually(others_processed, "processing what the other partitions hold")
    other = world.worker("b", instance="b", stage="Numbering")
    eventually(lambda: set(opened(world, "b")) == {2, 3}, "sharing the partitions")
    world.send(400)
    eventually(others_processed, "going on")
    other.terminate()
    other.wait(30)
    world.send(400)
    eventually(others_processed, "going on alone")
    assert worker.poll() is None
    assert world.log("a").count(f"{world.stage.name}-0 {IDLE}{refused} has lost its end") == 1
    beat = eventually(lambda: next((beat for beat in beats(world)[-1:] if len(beat.positions) == 3), None), "telling of the others")
    assert beat.note.startswith(f"{IDLE}{refused}")
    assert refused not in beat.positions
    assert beat.lags[refused] > 0
    accepted = re.findall("MAINSTEM_ACCEPT_INPUT=(.+)", world.log("a"))[-1]
    worker.terminate()
    worker.wait(30)
    monkeypatch.setenv("MAINSTEM_ACCEPT_INPUT", accepted)
    world.worker("a", instance="a", stage="Numbering")
    eventually(lambda: stand()[refused] == place.span().next, "taking it up")
    world.await_all()
    eventually(lambda: beats(world)[-1].note == "" and refused in beats(world)[-1].positions, "telling so")


def beats(world: World) -> list[Heartbeat]:
    """Heartbeats of the world's stage."""
    decode = world.codec.decoder(topics.HEARTBEATS)
    found = (decode(message.value() or b"") for message in world.messages(topics.HEARTBEATS))
    return [beat for beat in found if beat.stage == world.stage.name]


@pytest.mark.timeout(240)
def test_one_that_is_refused_while_it_is_read_is_so_when_the_worker_is_started_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And stays so: a worker that fetches nothing any more keeps its partitions, and tells of them."""
    world.send(800)
    worker = world.worker("a", stage="Numbering", session=60)
    world.await_all()
    worker.send_signal(signal.SIGSTOP)
    make_anew(world.kafka, world.stage.source)
    world.send(400)
    worker.send_signal(signal.SIGCONT)
    assert worker.wait(60) == EXIT_RESTART, world.log("a")
    world.send(1_200)
    monkeypatch.setenv("BROKER_MAX_POLL_INTERVAL", "2")
    worker = world.worker("a", stage="Numbering", session=60)
    eventually(lambda: world.log("a").count(IDLE) == world.stage.source.partitions, "all partitions standing idle")
    eventually(lambda: sum(beat.note.startswith(IDLE) for beat in beats(world)) > 8, "standing idle for four intervals")
    assert worker.poll() is None
    assert world.processed() == 800


def test_one_that_lost_what_was_not_read_is_told_and_read_on(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    was = once_processed(place)
    place.world.send(400)
    source, more = place.world.stage.source, place.span(start=was)
    gone = was + len(more.messages) // 2
    admin = AdminClient({"bootstrap.servers": place.world.kafka})
    for future in admin.delete_records([TopicPartition(source.name, 0, gone)]).values():
        future.result(30)
    assert taken(place) == more.next - gone
    assert resets(place) == 1
    assert f"has lost up to {gone - was} messages that were not processed" in caplog.text


def test_one_that_is_what_it_was_moves_nothing(place: Place) -> None:
    once_processed(place)
    place.world.send(400)
    assert taken(place) == len(place.span().messages) // 2
    assert resets(place) == 0


def test_an_input_of_which_no_identity_is_told_is_taken_as_it_is(place: Place) -> None:
    was, source = once_processed(place), place.world.stage.source
    assert looked(place.world.kafka, [source], 0, {source.name: was}, {}, {source.name: "any"}, lambda: False) == {}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("noticed", [False, True])
def test_a_worker_reads_an_input_that_was_made_anew_while_it_ran(world: World, noticed: bool) -> None:
    """One that notices is left without partitions until the topic is back. One that does not, since it was away for that moment, asks
    for what is beyond the end: it notes that it has to begin anew, and ends."""
    world.send(800)
    worker = world.worker("a", session=60)
    world.await_all()
    if not noticed:
        worker.send_signal(signal.SIGSTOP)
    make_anew(world.kafka, world.stage.source)
    world.sent.clear()
    world.send(400)
    worker.send_signal(signal.SIGCONT)
    if not noticed:
        assert worker.wait(60) == EXIT_RESTART, world.log("a")
        assert "goes on at offset 0, before" in world.log("a")
        world.send(1_200)  # beyond where it stood
    eventually(lambda: read_whole(world), "reading the new input", 120)
    told = ("was made anew", 1) if noticed else ("has lost its end, which was processed", 2)  # then and when it is opened again
    assert world.log("a").count(told[0]) == told[1] * world.stage.source.partitions
    assert sum(1 for _ in world.messages(world.stage.out)) == 800 + world.sent.total()
    assert {int(value) for value in world.state().values()} == {16 + world.sent.total() // 50}


def read_whole(world: World) -> bool:
    """Starts the worker again where it has ended: each partition finds at a time of its own that its input was reset."""
    if world.workers[-1].poll() is not None:
        world.worker("a", session=60)
    return world.processed() == world.sent.total()
