"""Other rules of who is who: a linker whose state the former ones made works everyone out anew, at a greater epoch than any of theirs."""

from __future__ import annotations

import hashlib

import pytest

from mainstem.matching.people import told
from mainstem.model import Assignment, Status
from processors.identity import demographics, linker
from processors.identity.linker import Linker, assign, own_person, review
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from schemas import topics
from tests.processors.identity.test_persons import CHANGED, CONTRADICTED, DECISIONS, NUMBERED, became, merged, number, who
from tests.strategies import KEY, NUMBERS, THIRD, opted_out, restricted

FATHER = [number("A|1", NUMBERS[0]), who("A|1", "Smith", "John", "1950-02-03", "male")]
SON = [number("B|2", NUMBERS[0]), who("B|2", "Smith", "John", "1985-11-20", "male")]
SAID = [*FATHER, *SON, number("C|3", NUMBERS[1])]
ANSWERED = [number("A|1", NUMBERS[0], "02"), merged("A|1", "A|2"), opted_out(NUMBERS[0]), restricted(NUMBERS[0]),
            number("B|3", NUMBERS[1]), number("B|4", THIRD), became(THIRD, NUMBERS[1]), opted_out(THIRD, status=Status.RETRACTED)]
COME_TO = (8, "073b1e4003bf47649bc055a204b770ca78562157eb592867297f2c92b81de33a")
"""`RULES`, and SHA-256 of the assignments and tasks of synthetic trusts, of the tables in `test_persons` and of `ANSWERED`."""


def test_other_assignments_are_of_other_rules() -> None:
    digest, worlds = hashlib.sha256(), [told(60, 1, mess).claims for mess in ("everyday", "messy")]
    for table in (DECISIONS, NUMBERED, CHANGED, CONTRADICTED):
        worlds += [claimed for _, (claimed, _) in sorted(table.items())]
    for claimed in [*worlds, ANSWERED]:
        digest.update(repr(sorted((subject, *placed) for subject, placed in assign(claimed, KEY).items())).encode())
        digest.update(repr([(task.id, task.reason, task.subjects) for task in review(claimed, KEY)]).encode())
    assert (linker.RULES, digest.hexdigest()) == COME_TO, (
        "other assignments or tasks of the same claims: raise RULES, unless it is the seeds, the model release or the tables that changed, "
        "and write here what they come to")


def test_state_of_former_rules_is_worked_out_anew_with_the_next_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    state, placed, told = MemoryState(), dict[str, tuple[str, int]](), []
    with monkeypatch.context() as former:
        former.setattr(demographics, "born_apart", lambda one, other: False)
        former.setattr(linker, "RULES", linker.RULES - 1)
        demographics.contradiction.cache_clear()
        _run(state, 0, SAID[:-1], placed)
    demographics.contradiction.cache_clear()
    assert placed["A|1"][0] == placed["B|2"][0]
    told = _run(state, 4, SAID[-1:], placed)
    assert {subject: person for subject, (person, _) in placed.items()} == {
        subject: each.person for subject, each in assign(SAID, KEY).items()}
    assert placed["A|1"] == (own_person(KEY, "A|1"), 4) and placed["B|2"] == (own_person(KEY, "B|2"), 4), "else it would count for nothing"
    assert [task.id for task in told] == [task.id for task in review(SAID, KEY)]


def test_what_was_read_of_a_claim_by_former_rules_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [number("A|1", NUMBERS[0]), who("A|1", "Smith", " ".join(["Ann", "Beth", "Cora"]), "1950-02-03")]
    earlier, fresh = MemoryState(), MemoryState()
    with monkeypatch.context() as former:
        former.setattr(linker, "RULES", linker.RULES - 1)
        _run(earlier, 0, many, {})
    monkeypatch.setattr(demographics, "SEVERAL", 2)
    _run(earlier, 2, SAID[2:], {})
    _run(fresh, 0, [*many, *SAID[2:]], {})
    kept = [{key: value for key, value in state.items() if key[:1] != b"a"} for state in (earlier, fresh)]
    assert kept[0] == kept[1]


def _run(state: MemoryState, offset: int, claimed: list, placed: dict[str, tuple[str, int]]) -> list:
    """Claim by claim; the tasks told of."""
    tasks = []
    for at, claim in enumerate(claimed, offset):
        for output in Linker(KEY).process([(Received(topics.CLAIMS, 0, at, 0, None, None), claim)], state):
            if isinstance(output.value, Assignment):
                assert placed.get(output.value.subject, ("", -1))[1] < output.value.epoch
                placed[output.value.subject] = output.value.person, output.value.epoch
            else:
                tasks.append(output.value)
    return tasks
