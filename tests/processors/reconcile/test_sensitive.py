"""What is sensitive by what it says is labelled so, whatever its sources say, and does not enter secondary use (design.md, promise 10)."""

from __future__ import annotations

import pytest

from mainstem.kinds.base import SNOMED
from mainstem.terminology import builtin
from processors.reconcile.fold import fold_by
from processors.reconcile.rules import SENSITIVE_SET
from schemas.topics import Purpose
from sinks import policy
from tests.processors.reconcile.fed import Stage, event, said

SYPHILIS = {"codes": [{"system": SNOMED, "code": "76272004", "display": "Syphilis"}]}
ASTHMA = {"codes": [{"system": SNOMED, "code": "195967001", "display": "Asthma"}], "text": "Asthma"}
DOXYCYCLINE = {"text": "Doxycycline 100mg capsules"}


@pytest.mark.parametrize(("kind", "content"), [
    ("problem", {"code": SYPHILIS}), ("problem", {"code": {"text": "Gonorrhoea"}}), ("problem", {"code": {"text": "?Chlamydia"}}),
    ("medicine", {"product": DOXYCYCLINE, "reason": SYPHILIS}), ("procedure", {"code": {"text": "IVF"}}),
    ("allergy", {"agent": {"text": "latex"}, "reactions": [{"manifestation": SYPHILIS}]}),
])
def test_anything_coded_or_named_so_is_labelled_and_stays_out_of_secondary_use(kind, content):
    known = said(f"{kind}/1", kind=kind, **content)
    [entry] = Stage(builtin()).send(event(known))
    assert entry.labels == ("sensitive",)
    assert entry.rules["labels"] == SENSITIVE_SET.id
    assert not policy.enters(Purpose.SECONDARY_USE, entry.kind, entry.labels)
    assert policy.enters(Purpose.DIRECT_CARE, entry.kind, entry.labels)
    [folded] = fold_by([known], lambda _: "p", builtin())["p"].entries
    assert (folded.labels, folded.rules) == (entry.labels, entry.rules)


def test_other_entries_bear_what_their_sources_say_alone():
    plain, marked = Stage(builtin()).send(event(said("problem/1", kind="problem", code=ASTHMA),
                                                said("problem/2", kind="problem", code={"text": "Gout"}, labels=("nopat", "sensitive"))))
    assert sorted([plain.labels, marked.labels]) == [(), ("nopat", "sensitive")]
    assert "labels" not in plain.rules | marked.rules


def test_a_sources_labels_stay_beside_it():
    [entry] = Stage(builtin()).send(event(said("problem/1", kind="problem", code=SYPHILIS, labels=("nopat",))))
    assert entry.labels == ("nopat", "sensitive")


def test_a_code_put_right_loses_the_label_again_and_is_news():
    stage = Stage(builtin())
    [before] = stage.send(event(said("medicine/1", "01", kind="medicine", product=DOXYCYCLINE, reason=SYPHILIS)))
    [after] = stage.send(event(said("medicine/1", "02", kind="medicine", product=DOXYCYCLINE, reason=ASTHMA)))
    assert (before.fact, before.labels, after.labels) == (after.fact, ("sensitive",), ())
