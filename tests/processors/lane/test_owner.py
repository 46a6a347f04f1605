"""The owner of a state partition on a real broker: fencing, recovery, quarantine."""

from __future__ import annotations

import shutil
import time

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from processors.lane import changelog, reader
from processors.lane.errors import (
    ChangelogCutError,
    ChangelogLostError,
    FencedError,
    LaneStoppedError,
    OutputRefusedError,
    StageError,
    StateBusyError,
    StateDamagedError,
)
from processors.lane.snapshots import Snapshots
from processors.lane.store import Store
from schemas import topics
from schemas.transaction import Record
from tests.processors.lane.conftest import Place, make_anew
from tests.processors.lane.test_damaged import harm
from tests.processors.lane.toy_worker import Faulty, Verbose

pytestmark = pytest.mark.stack


def test_a_new_owner_fences_the_old(place: Place) -> None:
    old = place.owner("old")
    old.open()
    old.run([place.span(stop=50)])
    new = place.owner("new")
    assert new.open() > 0
    assert new.markers == {place.world.stage.source.name: 50}
    with pytest.raises(FencedError, match="another worker owns the partition"):
        old.run([place.span(start=50)])
    new.run([place.span()])
    place.check()


def test_what_was_processed_is_dropped(place: Place) -> None:
    owner = place.owner("a")
    owner.open()
    span = place.span()
    assert owner.run([span]).processed == len(span.messages)
    assert owner.run([span]).processed == 0
    place.check()


def test_overlapping_stretches_in_one_batch_count_once(place: Place) -> None:
    owner = place.owner("a")
    owner.open()
    owner.run([place.span(stop=60), place.span(start=40), place.span()])
    place.check()


@pytest.mark.parametrize("loss", ["deleted", "damaged"])
def test_state_comes_back_from_the_changelog(place: Place, loss: str) -> None:
    owner = place.owner("a")
    owner.open()
    owner.run([place.span()])
    markers = owner.markers
    owner.close()
    directory = place.world.directory / "a" / place.world.stage.name / "0"
    if loss == "deleted":
        shutil.rmtree(directory)
    else:
        for manifest in directory.glob("MANIFEST-*"):
            manifest.write_bytes(b"rubbish")
    owner = place.owner("a")
    assert owner.open() > 0
    assert owner.markers == markers
    place.world.send(400)
    owner.run([place.span()])
    assert {int(v) for v in reader.changelog_state(place.world.kafka, place.world.stage.changelog)[0].values()} == {16}
    place.check()


def test_a_copy_that_cannot_be_read_publishes_nothing_and_comes_back_from_the_changelog_alone(
        place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.lane.owner._WORTH_RECORDS", 1)  # of which a snapshot that serves must save so many
    snapshots = Snapshots(place.world.directory / "snapshots", place.world.stage.name, 0, 1, 0.0)
    owner = place.owner("a", snapshots=snapshots)
    owner.open()
    owner.run([place.span()])
    owner.close()
    path = place.world.directory / "a" / place.world.stage.name / "0"
    identity = changelog.identity(place.world.kafka, place.world.stage.changelog)
    store = Store(path, identity, int(time.time() * 1000))
    beside = [(end + b"%06d" % number, b"%d" % number * 40) for end in (b"\x01", b"\xff") for number in range(5_000)]
    store.apply(beside, store.markers, store.position, int(time.time() * 1000))
    store.compact()
    store.close()
    harm(path, 0.3, 0.7)  # where the stage's own keys are
    store = Store(path, identity, int(time.time() * 1000))
    snapshots.take(store, identity, int(time.time() * 1000))  # whose digests are of what is damaged already
    store.close()
    place.world.send(400)
    owner, before = place.owner("a", snapshots=snapshots), len(list(place.world.messages(place.world.stage.out)))
    assert owner.open() == 0
    with pytest.raises(StateDamagedError):
        owner.run([place.span()])
    assert len(list(place.world.messages(place.world.stage.out))) == before
    owner.close()
    owner = place.owner("a", snapshots=snapshots)
    assert owner.open() > 0
    owner.run([place.span()])
    assert {int(v) for v in reader.changelog_state(place.world.kafka, place.world.stage.changelog)[0].values()} == {16}
    place.check()


def test_reopening_reads_only_what_is_new(place: Place) -> None:
    owner = place.owner("a")
    owner.open()
    owner.run([place.span()])
    owner.close()
    assert place.owner("a").open() == 0


def test_state_of_a_topic_created_anew_is_discarded(place: Place) -> None:
    owner = place.owner("a")
    owner.open()
    owner.run([place.span()])
    owner.close()
    topic, kafka = place.world.stage.changelog, place.world.kafka
    before = changelog.identity(kafka, topic)
    make_anew(kafka, topic)
    assert changelog.identity(kafka, topic) != before
    owner = place.owner("a")
    owner.open()
    assert owner.markers == {}


@pytest.mark.parametrize("killed", [False, True])
def test_no_state_is_made_of_a_changelog_that_was_made_anew_under_its_owner(place: Place, killed: bool) -> None:
    """It holds what the owner wrote since, and would pass for the whole. Killed: before the owner has noticed."""
    world = place.world
    owner = place.owner("a")
    owner.open()
    owner.run([place.span()])
    make_anew(world.kafka, world.stage.changelog)
    world.send(50)
    if killed:
        owner._transactions.commit([Record(world.stage.changelog.name, 0, b"count|x", b"1")], owner._marker(owner.markers))
    else:
        with pytest.raises(ChangelogLostError, match="goes on at offset"):
            owner.run([place.span()])
    owner.close()
    for directory in ("elsewhere", "a"):
        again = place.owner(directory)
        again.open()
        assert again.markers == {}
        again.close()


def test_no_state_is_made_of_a_changelog_that_has_lost_its_beginning(place: Place) -> None:
    """As where its topic was set to expire: what is left of it looks whole. A copy that stands after what is lost serves."""
    owner = place.owner("a")
    owner.open()
    for stop in (60, None):
        owner.run([place.span(stop=stop)])
    markers = owner.markers
    owner.close()
    topic, admin = place.world.stage.changelog.name, AdminClient({"bootstrap.servers": place.world.kafka})
    expires = ConfigEntry("cleanup.policy", "compact,delete", incremental_operation=AlterConfigOpType.SET)
    for altered in admin.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[expires])]).values():
        altered.result()
    for deleted in admin.delete_records([TopicPartition(topic, 0, 20)]).values():
        deleted.result()
    with pytest.raises(ChangelogCutError, match=r"begins at offset 20; .* from 0 on"):
        place.owner("elsewhere").open()
    owner = place.owner("a")
    assert (owner.open(), owner.markers) == (0, markers)


def test_a_recovery_that_was_broken_off_makes_no_copy_younger(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has not read yet may have been compacted since the copy was whole."""
    monkeypatch.setattr(changelog, "_BATCH", 5)
    world, hour = place.world, 3_600_000
    owner = place.owner("elsewhere")
    owner.open()
    owner.run([place.span()])
    identity = changelog.identity(world.kafka, world.stage.changelog)
    store = Store(world.directory / "a", identity, 0)

    def broken_off(store: Store, now_ms: int) -> None:
        reached = store.position
        with pytest.raises(LaneStoppedError):
            changelog.recover(world.kafka, store, identity, world.stage.changelog.name, 0, now_ms, lambda: store.position > reached)
        assert store.position > reached
        store.close()

    broken_off(store, 1 * hour)
    store = Store(world.directory / "a", identity, 11 * hour)
    assert store.position > 0, "it is read on from where it stood"
    broken_off(store, 11 * hour)
    store = Store(world.directory / "a", identity, 13 * hour)
    assert store.position == 0
    store.close()


def test_two_processes_cannot_share_a_directory(place: Place) -> None:
    place.owner("a").open()
    with pytest.raises(StateBusyError, match="its own --state-dir"):
        place.owner("a").open()


def test_an_undecodable_message_is_quarantined_and_the_stream_goes_on(place: Place) -> None:
    world = place.world
    subject = (place.span().messages[0].key or b"").decode()
    world.send_bytes(subject, b"rubbish")
    world.flush()
    offset = place.span().messages[-1].offset
    world.send(400)
    owner = place.owner("a")
    owner.open()
    done = owner.run([place.span()])
    assert done.processed == done.published
    decode = world.codec.decoder(topics.QUARANTINE)
    [ours] = [q for q in (decode(m.value()) for m in world.messages(topics.QUARANTINE)) if q.stage == world.stage.name]
    assert (ours.raw.topic, ours.raw.partition, ours.raw.offset) == (world.stage.source.name, 0, offset)
    assert (ours.source, ours.reason, ours.payload) == ("RXA/epr", "undecodable", None)
    place.check()


def test_a_failing_stage_is_named_with_its_place_and_no_content(place: Place) -> None:
    fault = place.stopped(Faulty(place.world.prefix), "allergy/faulty", StageError)
    assert f"on {place.world.stage.source.name}/0 offset {fault.offset}" in str(fault)


def test_an_output_that_no_topic_takes_is_named_with_its_place_and_not_tried_for_ever(place: Place) -> None:
    fault = place.stopped(Verbose(place.world.prefix), "allergy/verbose", OutputRefusedError)
    assert (fault.output, fault.why) == (place.world.stage.out.name, "MSG_SIZE_TOO_LARGE")
    assert f"makes of {place.world.stage.source.name}/0 offset {fault.offset}" in str(fault)


def test_recovery_rate(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not asserted: the machine is shared."""
    world = place.world
    world.send(40_000, patients=20_000)
    owner = place.owner("a")
    owner.open()
    owner.run([place.span()])
    owner.close()
    began = time.monotonic()
    applied = place.owner("b").open()
    took = time.monotonic() - began
    with capsys.disabled():
        print(f"\nrecovery: {applied} changelog records in {took:.2f} s, {applied / took:.0f} a second")
    assert applied > 4_000
