"""Hypothesis strategies: small worlds in which assertions and claims meet, tie and contradict each other."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mainstem import canonical
from mainstem.kinds.facts import NoTerms
from mainstem.model import Assertion, Claim, RawRef, Status

KEY = b"test"
SOURCES = ("RXA/epr", "A82038/gp")
PATIENTS = ("1", "2")
NUMBERS = ("9990000018", "9990000026")
"""Valid, of the synthetic range."""
THIRD = "9990000034"
AGENTS = ("penicillin", "peanut", "latex")
POSITIONS = ("01", "02", "03", "04")

statuses = st.sampled_from([Status.ASSERTED] * 4 + [Status.RETRACTED, Status.REMOVED])
positions = st.sampled_from(POSITIONS)
incarnations = st.sampled_from([0, 0, 0, 1])
raws = st.builds(RawRef, st.just("raw.x.v1"), st.just(0), st.integers(0, 99))


class Terms(NoTerms):
    """Knows the agents by their text: what a terminology would find out from codes. Latex it cannot tell, and holds to be sensitive."""

    release = "test"

    def agent(self, concept: dict[str, Any]) -> str | None:
        text = concept.get("text")
        return text if text in AGENTS[:2] else None

    def sensitive(self, concept: dict[str, Any]) -> bool:
        return concept.get("text") == AGENTS[2]


def _content(value: dict[str, Any]) -> bytes:
    return canonical.encode(value)


notes = st.sampled_from([None, "mild", "severe", "mild, at night", "mild - at night", "mild\nat night"])
onsets = st.sampled_from(["2019-03-02", "2019-03-02T00:00:00+00:00", "2019-03-02T10:00:00Z"])
"""These and the notes: some say the same in other words."""
allergy_contents = st.fixed_dictionaries(
    {"agent": st.sampled_from([{"text": agent} for agent in AGENTS])},
    optional={"note": notes, "onset": onsets, "clinical_status": st.sampled_from(["active", "resolved"]), "reactions": st.just([])},
).map(_content)
result_contents = st.fixed_dictionaries(
    {}, optional={"test": st.just({"text": "sodium"}), "value": st.sampled_from([{"value": "140"}, {"value": "141"}]), "note": notes},
).map(_content)
patient_contents = st.fixed_dictionaries(
    {"nhs_number": st.sampled_from([*NUMBERS, None]), "verification": st.sampled_from(["01", "02"])},
).map(_content)
manifest_contents = st.builds(
    lambda kinds, records, more: _content({"kinds": sorted(kinds), "records": sorted(records)} | more),
    st.sets(st.sampled_from(["allergy", "result"])), st.sets(st.sampled_from(["allergy/1", "allergy/2", "order/1"])),
    st.sampled_from([{}, {}, {}, {"since": {"allergy": "2024-06-01"}, "partial": {"allergy": ["data-in-transit"]}},
                     {"partial": {"result": ["empty"]}}, {"partial": {"allergy": ["empty", "incomplete"], "result": ["incomplete"]}}]),
)


def _assertion(record: st.SearchStrategy[str], part: st.SearchStrategy[str], kind: str, content: st.SearchStrategy[bytes],
               *labels: tuple[str, ...]) -> st.SearchStrategy[Assertion]:
    return st.builds(
        Assertion, source=st.sampled_from(SOURCES), patient=st.sampled_from(PATIENTS), record=record, part=part, kind=st.just(kind),
        status=statuses, incarnation=incarnations, position=positions, content=content, raw=raws,
        recorded=st.sampled_from([None, "2024-01-01", "2025-02-02"]), committed=st.sampled_from([None, 5, 9]),
        labels=st.sampled_from([(), (), ("sensitive",), *labels]),
    )


assertions = st.one_of(
    _assertion(st.sampled_from(["allergy/1", "allergy/2"]), st.just(""), "allergy", allergy_contents),
    _assertion(st.just("order/1"), st.sampled_from(["order", "specimen", "result/1", "result/2"]), "result", result_contents),
    _assertion(st.just("patient"), st.just(""), "patient", patient_contents, ("opt-out",)),
    _assertion(st.just("manifest"), st.just(""), "manifest", manifest_contents),
)
"""Of two sources with two patients each."""


def assertions_of(kind: str, contents: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Assertion]:
    """Of one kind, in records of one part; most of each source's first patient."""
    return st.builds(
        Assertion, source=st.sampled_from(SOURCES), patient=st.sampled_from(("1", "1", "2")),
        record=st.sampled_from([f"{kind}/{n}" for n in range(4)]), kind=st.just(kind), status=statuses, position=positions,
        content=contents.map(_content), raw=st.just(RawRef("raw.x.v1", 0, 0)), recorded=st.sampled_from([None, "2024-01-01", "2025-02-02"]))


SAME_PERSON = [Claim(source=source, patient="1", type="carries-number", position="01", raw=RawRef("r", 0, 0),
                     body=_content({"nhs_number": NUMBERS[0], "verification": "01"})) for source in SOURCES]
"""The two first patients are one person, unless another claim says otherwise."""

subjects = st.builds(lambda source, patient: f"{source}|{patient}", st.sampled_from(SOURCES), st.sampled_from(("1", "2", "3")))
number_bodies = st.builds(
    lambda number, verification: _content({"nhs_number": number, "verification": verification}),
    st.sampled_from([*NUMBERS, THIRD, "9990000019", "9999999999"]), st.sampled_from(["01", "01", "01", "02"]),
)


def _claim(type_: str, ref: st.SearchStrategy[str], body: st.SearchStrategy[bytes]) -> st.SearchStrategy[Claim]:
    return st.builds(Claim, source=st.sampled_from(SOURCES), patient=st.sampled_from(("1", "2", "3")), type=st.just(type_), ref=ref,
                     status=statuses, incarnation=incarnations, position=positions, body=body, raw=raws)



def _decision(type_: str) -> st.SearchStrategy[Claim]:
    """Of the lesser of two source patients about the other, as operators' decisions are written."""
    pairs = st.tuples(subjects, subjects).filter(lambda pair: pair[0] < pair[1])
    return st.builds(
        lambda pair, status, position: Claim(
            source=pair[0].partition("|")[0], patient=pair[0].partition("|")[2], type=type_, ref=f"{pair[0]} ~ {pair[1]}", status=status,
            position=position, body=_content({"other": pair[1]}), raw=RawRef("r", 0, 0)),
        pairs, statuses, positions)


def opted_out(number: str, position: str = "01", status: Status = Status.ASSERTED) -> Claim:
    """What a check for opt-outs says of a number: retracted, that none stands."""
    return Claim(source="X26/opt-out", patient=number, type="opted-out", ref=number, status=status, position=position,
                 raw=RawRef("raw.x26-opt-out.v1", 0, 0, "line/1"))


def restricted(number: str, position: str = "01", status: Status = Status.ASSERTED) -> Claim:
    """What PDS says of the confidentiality of a number's patient: retracted, that it is unrestricted."""
    return Claim(source="X26/pds", patient=number, type="restricted", ref=number, status=status, position=position,
                 raw=RawRef("raw.x26-pds.v1", 0, 0, "entry/1"))


_superseding = st.tuples(st.sampled_from([*NUMBERS, THIRD]), st.sampled_from([*NUMBERS, THIRD, None]))
_who = st.fixed_dictionaries({}, optional={
    "family": st.sampled_from(["Archer", "Archer", "Bell"]), "given": st.sampled_from([["Ann"], ["Ann"], ["Ben"]]),
    "birth_date": st.sampled_from(["1980-03-02", "1980-03-02", "2024-01-01"]), "gender": st.sampled_from(["female", "male"]),
    "postcode": st.sampled_from(["AB1 2CD", "ZZ9 9ZZ"]), "address": st.just(["12 High Street", "Northtown"]),
    "pseudo": st.sampled_from([False, False, True]),
    "former_names": st.just([{"family": "Bell", "given": []}]), "former_homes": st.just([{"postcode": "ZZ9 9ZZ", "address": []}])})

claims = st.one_of(
    _claim("carries-number", st.just(""), number_bodies),
    _claim("carries-number", st.just(""), number_bodies),
    _claim("merged-into", st.sampled_from(["", "case"]), st.builds(
        lambda name, subject, also, wrap: _content({name: wrap(subject)} | also), st.sampled_from(["into", "into", "from"]), subjects,
        st.sampled_from([{}, {"correction": True}]), st.sampled_from([str, lambda each: [each]]))),
    _claim("demographics", st.just(""), _who.map(_content)),
    _claim("superseded", st.sampled_from(["", "other"]), _superseding.map(lambda pair: _content({"old": pair[0], "new": pair[1]}))),
    _decision("linked"),
    _decision("unlinked"),
    st.builds(opted_out, st.sampled_from([*NUMBERS, THIRD]), positions, statuses),
    st.builds(restricted, st.sampled_from([*NUMBERS, THIRD]), positions, statuses),
)
