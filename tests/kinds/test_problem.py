"""Problems: what is one problem, which episode it belongs to, and what is shown of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem import kinds
from mainstem.kinds import sites
from mainstem.kinds.facts import NoTerms
from mainstem.kinds.problem import OPEN
from mainstem.terminology import builtin
from tests.kinds.members import member

PROBLEM = kinds.BY_NAME["problem"]
ASTHMA, DIABETES, TYPE_2 = "195967001", "73211009", "44054006"
SNOMED, LOCAL = "http://snomed.info/sct", "urn:mainstem:codes:RXA/epr"


def coded(code: str, text: str | None = None, system: str = SNOMED) -> dict[str, Any]:
    return {"codes": [{"system": system, "code": code}]} | ({"text": text} if text else {})


def key(**concept: Any) -> str | None:
    return PROBLEM.key({"code": concept}, builtin())


def derived(*members, terms=NoTerms()):
    return PROBLEM.derive(members, terms)


def test_one_concept_is_one_key_whatever_stands_beside_the_code():
    assert key(**coded(ASTHMA)) == key(**coded(ASTHMA, "Asthma, allergic")) == ASTHMA
    assert key(**coded(TYPE_2)) != key(**coded(DIABETES)), "a parent is a relation, not the same"


def test_a_code_that_the_release_does_not_know_is_still_one_concept():
    assert key(**coded("999000000000001")) == "999000000000001"
    two = {"codes": [*coded("999000000000001")["codes"], *coded("999000000000019")["codes"]]}
    assert key(**two) is None, "codings that contradict each other tell nothing"


def test_words_count_only_where_they_are_equal():
    assert key(text="Frozen shoulder") == key(text="frozen  shoulder (disorder)") == key(**coded("X9", "FROZEN SHOULDER", LOCAL))
    assert key(text="Frozen shoulder") != key(text="Frozen left shoulder")


@pytest.mark.parametrize("said", [
    "?{}", "? {}", "??{}", "{}?", "{} (?)", "\uff1f{}", "query {}", "{}, query", "suspected {}", "possible {}", "family history of {}",
    "FH: {}", "no evidence of {}", "{} - excluded"])
@pytest.mark.parametrize("name", ["Asthma", "Frozen shoulder"])
def test_words_that_ask_doubt_or_deny_are_not_the_condition(said, name):
    text = said.format(name)
    assert key(text=text) is not None
    assert key(text=text) != key(text=name)
    assert key(**coded("X9", text, LOCAL)) == key(text=text)
    assert key(text=text) == key(text=text.upper())


def test_words_in_doubt_beside_a_name_are_not_the_condition():
    named = {"codes": [{"system": LOCAL, "code": "X9", "display": "Asthma"}]}
    assert key(**named, text="?Asthma") == key(text="? asthma") != key(**named) == ASTHMA
    assert key(**coded(ASTHMA, "?Asthma")) == ASTHMA, "a code states what it states; what is in doubt about it, its verification says"


@pytest.mark.parametrize(("one", "other"), [
    ("\u2191 BP", "\u2193 BP"), ("\u2191K+", "K+"), ("\u2640 infertility", "\u2642 infertility"), ("\u00acAsthma", "Asthma"),
    ("Asthma (-)", "Asthma"), ("Asthma -", "Asthma"), ("HIV -", "HIV"), ("HIV \u2212", "HIV +"), ("hiv\u2013", "HIV"),
    ("\u2193 Asthma", "asthma")])
def test_signs_that_make_another_statement_are_kept(one, other):
    assert key(text=one) != key(text=other)


@pytest.mark.parametrize("said", ["DVT excluded", "Family history of DVT", "FH: DVT", "no evidence of DVT", "DVT ruled out"])
def test_words_that_deny_beside_a_code_that_does_not_are_a_fact_of_their_own(said):
    thrombosis = {"system": SNOMED, "code": "128053003", "display": "Deep venous thrombosis"}
    assert key(codes=[thrombosis], text=said) is None
    assert key(codes=[thrombosis], text="?DVT") == key(codes=[thrombosis]) == "128053003"
    assert key(**coded(ASTHMA, said)) is None, "its name is known"
    denied = {"system": SNOMED, "code": "160377001", "display": "Family history: Asthma"}
    assert key(codes=[denied], text=said) == "160377001", "the code says so too"
    assert key(**coded("X9", said, LOCAL)) == key(text=said)


def test_a_fully_specified_name_is_the_name():
    assert key(text="Asthma (disorder)") == key(text="ASTHMA") == ASTHMA


def test_a_text_shorter_than_what_an_unknown_code_says_names_nothing():
    def family(display: str | None) -> dict[str, Any]:
        return {"codes": [{"system": SNOMED, "code": "160377001"} | ({"display": display} if display else {})], "text": "Asthma"}

    assert key(**family("Family history: Asthma")) == "160377001"
    assert key(**family("Asthma (disorder)")) == key(**family(None)) == ASTHMA


def test_a_question_mark_in_a_word_is_a_letter_that_was_lost():
    assert key(text="Sj?gren syndrome") == key(text="sj gren syndrome")


def test_a_question_mark_alone_says_nothing():
    assert key(text="?") is key(text=" ?? ") is key(text="\u2191\u2193") is None
    assert key(**coded("X9", "?", LOCAL)) == f"{LOCAL} X9"


@pytest.mark.parametrize("code", ["0", "999999", "-1", "UNK", "NULL", "n/a"])
@pytest.mark.parametrize("system", [SNOMED, LOCAL])
def test_what_stands_where_no_code_is_known_makes_no_two_problems_one(code, system):
    assert key(**coded(code, "Frozen shoulder", system)) == key(text="Frozen shoulder")
    assert key(**coded(code, None, system)) is None


def test_an_expression_is_not_what_its_text_names():
    left, severe = "71620000:272741003=7771000", f"{ASTHMA}:246112005=24484000"
    assert key(**coded(severe, "Asthma")) == severe
    assert key(**coded(left, "Fracture of femur")) == left


@pytest.mark.parametrize("text", ["Other", "see notes", "n/a", "", "As above", "NAD", "See letter", "TBC"])
def test_words_that_say_nothing_make_no_two_records_one(text):
    assert key(text=text) is None
    assert key(**coded("X9", text, LOCAL)) == f"{LOCAL} X9", "the source's own code still does"


@pytest.mark.parametrize(("content", "expected"), [
    ({"onset": "2019-03-02"}, ("2019-03-02", "2019-03-02")),
    ({"onset": "2019-03-02T10:15:00Z", "status": "active"}, ("2019-03-02", "2019-03-02")),
    ({"onset": "2019-02"}, ("2019-02-01", "2019-02-28")),
    ({"onset": "2019", "abatement": "2021-05"}, ("2019-01-01", "2021-05-31")),
    ({"onset": "2019-03-02", "status": "active", "category": "problem-list-item"}, ("2019-03-02", OPEN)),
    ({"onset": "2019-03-02", "status": "Recurrence", "category": "problem-list-item"}, ("2019-03-02", OPEN)),
    ({"onset": "2019-03-02", "status": "Resolved", "category": "problem-list-item"}, ("2019-03-02", "2019-03-02")),
    ({"onset": "2019-03-02", "category": "problem-list-item"}, ("2019-03-02", "2019-03-02")),
    ({"onset": "2019-03-02", "status": "active", "category": "problem-list-item", "abatement": "2019-04-01"}, ("2019-03-02", "2019-04-01")),
    ({"abatement": "2019"}, None), ({"onset": "long ago"}, None), ({"onset": "0000"}, None), ({}, None)])
def test_the_days_that_a_problem_spans(content, expected):
    assert PROBLEM.span(content, NoTerms()) == expected


def test_status_and_significance_are_of_the_member_recorded_last_and_the_other_side_is_a_conflict():
    found = derived(member("problem", 1, recorded="2020-01-01", status="active", significance="major"),
                    member("problem", 2, source="Y/gp", recorded="2024-01-01", status="resolved", abatement="2023"))
    assert (found.content["status"], found.content["significance"], found.content["abatement"]) == ("resolved", "major", "2023")
    assert (found.decided["status"], found.decided["significance"], found.conflict) == ((1,), (0,), True)


LEFT, RIGHT, CODED_LEFT = {"text": "Left knee"}, {"text": "Right knee"}, coded("999000000000001", "left knee")


@pytest.mark.parametrize(("said", "expected"), [
    ([("A/epr", LEFT), ("A/epr", RIGHT)], [[0], [1]]),
    ([("A/epr", LEFT), ("A/epr", RIGHT), ("B/gp", {"text": "right  knee"}), ("C/care", CODED_LEFT)], [[0, 3], [1, 2]]),
    ([("A/epr", LEFT), ("A/epr", RIGHT), ("B/gp", None)], [[0, 1, 2]]),                             # of which of them?
    ([("A/epr", LEFT), ("A/epr", RIGHT), ("A/epr", None)], [[0, 1, 2]]),
    ([("A/epr", LEFT), ("B/gp", RIGHT)], [[0, 1]]),                                                 # one of the two is wrong, or neither
    ([("A/epr", LEFT), ("A/epr", LEFT), ("B/gp", RIGHT)], [[0, 1, 2]]), ([("A/epr", None), ("A/epr", None)], [[0, 1]]),
])
def test_what_one_source_places_at_two_sites_is_two_problems(said, expected):
    members = [member("problem", n, source, status="active", **({} if site is None else {"body_site": site}))
               for n, (source, site) in enumerate(said)]
    assert [[members.index(one) for one in part] for part in PROBLEM.parted(members, builtin())] == expected


FEMUR = "71620000"


@pytest.mark.parametrize(("said", "expected"), [
    ([("A/epr", "Fracture of left femur"), ("A/epr", "Fracture of right femur")], [[0], [1]]),
    ([("A/epr", "# (L) femur"), ("A/epr", "# Rt femur"), ("B/gp", "right femoral fracture")], [[0], [1, 2]]),
    ([("A/epr", "# L femur"), ("A/epr", "# R femur"), ("B/gp", "Bilateral fractures of femur")], [[0, 1, 2]]),
    ([("A/epr", "# L femur"), ("A/epr", "# R femur"), ("B/gp", "Fracture of femur")], [[0, 1, 2]]),
    ([("A/epr", "# L femur"), ("B/gp", "# R femur")], [[0, 1]]),
    ([("A/epr", "Left-sided fracture"), ("A/epr", "# (R)femur")], [[0], [1]]),
    ([("A/epr", "R/O fracture"), ("A/epr", "Left femur, L5 intact")], [[0, 1]]),
    ([("A/epr", "R-value, left/right"), ("A/epr", "Left femur")], [[0, 1]]),
])
def test_what_one_source_names_on_two_sides_is_two_problems(said, expected):
    members = [member("problem", n, source, status="active", code=coded(FEMUR, text)) for n, (source, text) in enumerate(said)]
    assert [[members.index(one) for one in part] for part in PROBLEM.parted(members, builtin())] == expected
    if expected == [[0, 1]] and said[0][0] != said[1][0]:
        assert derived(*members).conflict, "one of the two is wrong, or neither"


def test_a_side_in_the_words_and_one_in_the_site_are_told_apart():
    left = member("problem", 1, status="active", code=coded(FEMUR, "# left femur"))
    right = member("problem", 2, status="active", code=coded(FEMUR, "# femur"), body_site={"text": "Right femur"})
    assert len(PROBLEM.parted([left, right], builtin())) == 2
    over = member("problem", 2, "B/gp", status="resolved", code=coded(FEMUR, "# right femur"))
    assert not derived(over, member("problem", 3, status="resolved", code=coded(FEMUR, "# left femur"))).conflict, "neither stands"


JANUARY, MARCH, MAY = (("Y/gp", onset, end, "resolved") for onset, end in (
    ("2025-01-05", "2025-01-12"), ("2025-03-10", "2025-03-17"), ("2025-05-01", "2025-05-08")))


@pytest.mark.parametrize(("said", "expected"), [
    ([JANUARY, MARCH, MAY], [[0], [1], [2]]),
    ([JANUARY, ("Y/gp", "2025-03-10", None, "active")], [[0], [1]]),
    ([JANUARY, MARCH, ("A/epr", "2025-03-11T10:00:00Z", None, "active")], [[0], [1, 2]]),
    ([JANUARY, MARCH, ("A/epr", "2025-01-02", "2025-01-20", "resolved")], [[0, 2], [1]]),
    ([JANUARY, MARCH, ("A/epr", "2025-03", None, "active")], [[0], [1, 2]]),
    ([JANUARY, MARCH, ("A/epr", "2025-06-01", None, "active")], [[0], [1, 2]]),                      # nearest to the last one
    ([JANUARY, MARCH, ("A/epr", "2025", None, "active"), ("C/care", None, None, "active")], [[0], [1], [2, 3]]),
    ([JANUARY, MARCH, ("A/epr", "2025-01-05", None, "active")], [[0, 1, 2]]),                        # it never ended there
    ([JANUARY, ("Y/gp", "2025-02-09", None, "active")], [[0, 1]]),                                   # seen again
    ([("Y/gp", "2025-01-05", None, "active"), MARCH], [[0, 1]]),
    ([("Y/gp", "2025-01-05", "2025-01-12", "active"), MARCH], [[0, 1]]),
    ([JANUARY, ("Y/gp", "2025-01-20", "2025-01-27", "resolved"), MARCH], [[0, 1], [2]]),
    ([JANUARY, ("Y/gp", "2025-01-20", "2025-02-14", "resolved"), MARCH], [[0, 1, 2]]),               # too soon after the longer of them
    ([JANUARY, ("Y/gp", "2025-01-20", None, "active"), MARCH], [[0, 1, 2]]),                         # never over
    ([JANUARY, ("Y/gp", "2025-01-20", "2025-01-27", "active"), MARCH], [[0, 1, 2]]),
    ([JANUARY, MARCH, ("A/epr", "2025-01-02", "2025-03-10", "resolved")], [[0, 1, 2]]),              # into the next
    ([JANUARY, MARCH, ("A/epr", "2025-02-01", "2025-02-05", "resolved")], [[0, 2], [1]]),            # nearer to the first one
    ([JANUARY, ("A/epr", "2025-03-10", "2025-03-17", "resolved")], [[0, 1]]),                        # two sources
])
def test_what_one_source_closed_and_had_again_is_two_problems(said, expected):
    members = [member("problem", n, source, code=coded("68566005"), status=status, category="problem-list-item",
                      **{name: value for name, value in (("onset", onset), ("abatement", end)) if value})
               for n, (source, onset, end, status) in enumerate(said)]
    assert [[members.index(one) for one in part] for part in PROBLEM.parted(members, builtin())] == expected


def test_sides_are_all_that_its_words_say():
    assert sites.sides({"code": {"text": "Left knee"}, "body_site": {"text": "Right knee"}}) == {"left", "right"}
    assert sites.sides({"code": {"text": "Left and right knee"}}) == sites.sides({"code": {"text": "Both knees"}}) == {"left", "right"}


def test_sites_tell_problems_apart_whatever_their_status():
    members = [member("problem", 1, status="resolved", body_site=LEFT), member("problem", 2, status="active", body_site=RIGHT)]
    assert len(PROBLEM.parted(members, builtin())) == 2


def test_a_date_that_stands_for_none_is_no_onset():
    found = derived(member("problem", 1, recorded="2024", onset="1900-01-01"), member("problem", 2, recorded="2020", onset="2012-05-03"))
    assert found.content["onset"] == "2012-05-03"
    assert PROBLEM.span({"onset": "1900-01-01", "status": "active", "category": "problem-list-item"}, builtin()) is None
    assert PROBLEM.span({"onset": "2012-05-03", "abatement": "1900-01-01T00:00:00Z"}, builtin()) == ("2012-05-03", "2012-05-03")


@pytest.mark.parametrize("status", ["active", "Active", "recurrence", "relapse", "ongoing"])
def test_active_shows_no_end(status):
    found = derived(member("problem", 1, recorded="2024", status=status),
                    member("problem", 2, recorded="2020", status="resolved", abatement="2019"))
    assert "abatement" not in found.content
    assert found.conflict


@pytest.mark.parametrize(("one", "other", "conflict"), [
    ({"status": "resolved"}, {"status": "inactive"}, False), ({"status": "active"}, {}, False),
    ({"status": "Resolved"}, {"status": "remission"}, False), ({"status": "recurrence"}, {"status": "active"}, False),
    ({"status": "relapse"}, {"status": "resolved"}, True), ({"verification": "Entered in error"}, {"verification": "confirmed"}, True),
    ({"verification": "confirmed"}, {"verification": "refuted"}, True),
    ({"verification": "confirmed"}, {"verification": "provisional"}, False)])
def test_what_is_a_conflict(one, other, conflict):
    assert derived(member("problem", 1, **one), member("problem", 2, **other)).conflict is conflict


LEFT, RIGHT = {"text": "Left leg"}, {"text": "Right leg"}
LEFT_CODED = {"codes": [{"system": SNOMED, "code": "48979004", "display": "Left leg"}]}


@pytest.mark.parametrize(("one", "other", "conflict"), [
    ({"body_site": LEFT}, {"body_site": RIGHT}, True), ({"body_site": LEFT_CODED}, {"body_site": RIGHT}, True),
    ({"body_site": coded("48979004")}, {"body_site": coded("62175007")}, True), ({"body_site": LEFT}, {}, False),
    ({"body_site": LEFT}, {"body_site": {"text": "LEFT leg"}}, False), ({"body_site": LEFT}, {"body_site": LEFT_CODED}, False),
    ({"body_site": coded("48979004")}, {"body_site": LEFT_CODED}, False), ({"body_site": LEFT}, {"body_site": {"text": "Unknown"}}, False),
    ({"body_site": LEFT, "status": "resolved"}, {"body_site": RIGHT, "status": "inactive"}, False)])
def test_one_problem_standing_at_two_sites_is_a_conflict(one, other, conflict):
    status = {"status": "active"}
    for terms in (NoTerms(), builtin()):
        found = derived(member("problem", 1, recorded="2026-01-01", **status | one),
                        member("problem", 2, source="Y/gp", recorded="2026-01-02", **status | other), terms=terms)
        assert found.conflict is conflict


@pytest.mark.parametrize(("onsets", "shown"), [
    (["2019-06-03", "2019-01-01"], "2019-01-01"), (["2019", "2019-06-03"], "2019-06-03"), (["2019", "2020-06-03"], "2019"),
    (["2019-06", "2019"], "2019"), (["2019", "2019"], "2019")])
def test_the_onset_is_the_earliest_and_as_precise_as_it_is_known(onsets, shown):
    assert derived(*(member("problem", n, onset=onset) for n, onset in enumerate(onsets))).content["onset"] == shown


def test_the_coding_that_the_terminology_knows_is_shown():
    own, national = coded("A1", "Asthma", LOCAL), coded(ASTHMA, "Asthma")
    found = derived(member("problem", 1, recorded="2024", code=own), member("problem", 2, recorded="2020", code=national), terms=builtin())
    assert (found.content["code"], found.rules["code"]) == (national, "concept.coded-first")
    later = member("problem", 2, recorded="2025", code=national)
    assert "code" not in derived(member("problem", 1, recorded="2024", code=own), later, terms=builtin()).rules, "no rule had to"


def test_parents_are_a_relation_in_the_content():
    found = derived(member("problem", 1, code=coded(TYPE_2)), terms=builtin())
    diabetes = {"codes": [{"system": SNOMED, "code": DIABETES, "display": "Diabetes mellitus"}], "text": "Diabetes mellitus"}
    assert (found.content["parents"], found.decided["parents"], found.rules["parents"]) == ([diabetes], (0,), "problem.parents")
    assert "parents" not in derived(member("problem", 1, code=coded(TYPE_2)), terms=NoTerms()).content


contents = st.fixed_dictionaries({"code": st.just(coded(TYPE_2))}, optional={
    "status": st.sampled_from(["active", "inactive", "resolved", "relapse"]),
    "verification": st.sampled_from(["confirmed", "refuted"]),
    "significance": st.sampled_from(["major", "minor"]), "onset": st.sampled_from(["2019", "2019-03", "2019-03-02", "2021-01-01", "once"]),
    "abatement": st.sampled_from(["2022", "2023-01-01"]), "note": st.sampled_from(["a", "b"]),
    "body_site": st.sampled_from([LEFT, RIGHT, LEFT_CODED])})


@given(st.lists(st.tuples(contents, st.sampled_from([None, "2020-01-01", "2024-01-01"])), min_size=1, max_size=5),
       st.randoms(use_true_random=False))
def test_every_field_is_some_members_word_and_the_order_of_arrival_makes_no_difference(said, rng):
    members = [member("problem", n, recorded=recorded, **content) for n, (content, recorded) in enumerate(said)]
    mixed = list(members)
    rng.shuffle(mixed)
    found = derived(*members, terms=builtin())
    assert derived(*sorted(mixed, key=lambda one: one.place), terms=builtin()) == found
    assert found.decided.keys() == found.content.keys()
    for name, value in found.content.items():
        if name != "parents":
            assert all(members[index].content[name] == value for index in found.decided[name])
    statuses = {content.get("status") in ("active", "relapse") for content, _ in said if "status" in content}
    assert found.conflict or len(statuses) < 2, "active here and over there is never settled in silence"
