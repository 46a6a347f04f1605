"""A store passes that holds each current entry once, at the version published; verify looks again while input goes on."""

from __future__ import annotations

import pytest

from mainstem.verify import run, stores
from mainstem.verify.envelope import Envelope
from mainstem.verify.published import Latest
from mainstem.verify.report import Check, Report, compare
from schemas.codec import Codec

FACT = ("p", "f")
EXPECTED = {FACT: "x"}
NOBODY = Envelope(False, (), (), 0, None)
LATEST = {FACT: Latest(2, True, "x", NOBODY), ("p", "gone"): Latest(3, False, "", NOBODY)}


@pytest.mark.parametrize(("held", "differences"), [
    ([(*FACT, 2, "x")], []),
    ([], ["fact f of person p is missing"]),
    ([(*FACT, 2, "y")], ["fact f of person p differs: expected content x, found y"]),
    ([(*FACT, 1, "x")], ["fact f of person p is held at version 1, and 2 is published"]),
    ([(*FACT, 2, "x"), (*FACT, 2, "x")], ["fact f of person p is held more than once"]),
    ([(*FACT, 1, "x"), (*FACT, 2, "x")], ["fact f of person p is held more than once"]),
    ([(*FACT, 2, "x"), ("p", "gone", 3, "z")], ["fact gone of person p should not be there"]),
])
def test_what_a_store_holds(held: list[tuple[str, str, int, str]], differences: list[str]) -> None:
    assert stores.check("cache store = fold", held, EXPECTED, LATEST).shown == differences


class Looks:
    """A verify whose looks find what a test says, of a fact that is never right."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cuts: list[int], differs: list[bool]) -> None:
        self.taken, left, found = 0, iter(cuts), iter(differs)
        monkeypatch.setattr(run.log, "raw_topics", lambda _: [])
        monkeypatch.setattr(run.drain, "wait", lambda *_: {"assertions.clinical.v1/0": next(left)})

        def look(_bootstrap: str, _codec: Codec, _key: bytes, _against: run.Against, cut: dict[str, int], *_: object) -> Report:
            self.taken += 1
            actual = {FACT: f"found {self.taken}"} if next(found) else {FACT: f"expected {self.taken}"}
            check = compare(Check("entries = fold"), {FACT: f"expected {self.taken}"}, actual)
            return Report((check,), cut, 1, 1)

        monkeypatch.setattr(run, "_look", look)

    def passes(self) -> bool:
        return run.verify("", None, b"", run.Against({}), 1, lambda _: None).passed  # type: ignore[arg-type]


@pytest.mark.parametrize(("cuts", "differs", "passes", "looks"), [
    ([1] * 8, [False], True, 1),
    ([1] * 8, [True] * 8, False, 3),
    ([1, 2, 3, 4, 5, 5, 5, 5], [True] * 8, False, 6),
    (list(range(8)), [True] * 8, False, 8),
    (list(range(8)), [True, True, True, True, False], True, 5),
])
def test_what_differs_otherwise_in_each_look_differs(
        monkeypatch: pytest.MonkeyPatch, cuts: list[int], differs: list[bool], passes: bool, looks: int) -> None:
    found = Looks(monkeypatch, cuts, differs)
    assert (found.passes(), found.taken) == (passes, looks)
