"""Allergies: one agent however it is said, classes as relations, and statements that none is known, which hide nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical, kinds
from mainstem.kinds import same
from mainstem.kinds.agents import asked, none_known
from mainstem.kinds.base import SNOMED
from mainstem.kinds.facts import OF_FACT, NoTerms
from mainstem.terminology import builtin
from processors.reconcile import derive
from processors.reconcile.derive import Group
from tests.kinds.members import member, snomed

ALLERGY = kinds.BY_NAME["allergy"]
LOCAL = "urn:mainstem:codes:RXC/community"


def key(agent: dict[str, Any] | None, **content: Any) -> str | None:
    return ALLERGY.key(content if agent is None else {"agent": agent, **content}, builtin())


def local(code: str, text: str) -> dict[str, Any]:
    return {"codes": [{"system": LOCAL, "code": code, "display": text}], "text": text}


def displayed(code: str, text: str) -> dict[str, Any]:
    """As a terminology names its own code."""
    return {"codes": [{"system": SNOMED, "code": code, "display": text}]}


def reacted(text: str) -> list[dict[str, Any]]:
    return [{"manifestation": {"text": text}, "severity": "mild"}]


@pytest.mark.parametrize("agent", [
    snomed("91936005"), snomed("764146007"), {"text": "Penicillin"}, {"text": "allergic to penicillin"}, local("AL10", "PENICILLINS"),
    local("AL10", "Allergy to penicillin"),
])
def test_finding_substance_and_words_are_one_agent(agent):
    assert key(agent) == "764146007"


@pytest.mark.parametrize(("text", "reaction", "found"), [
    ("peanut - urticaria", "Urticaria", "762952008"), ("Peanut (urticaria)", "urticaria", "762952008"),
    ("peanut: Urticaria", "urticaria", "762952008"), ("Peanut urticaria", "Urticaria", "762952008"),
    ("Peanut causes urticaria", "Urticaria", "762952008"), ("rash w/ trimethoprim", "Rash", "387179001"),
    ("Rash after trimethoprim 200mg", "rash", "387179001"), ("rash w/ trimethoprim", None, None),
    ("no rash with trimethoprim", "rash", None),
    ("peanut (urticaria) (mild)", "urticaria", None), ("Trimethoprim not rash", "rash", None), ("Trimethoprim rash", "", None),
    ("peanut - reaction unknown", None, "762952008"), ("Peanut - dietary", None, "762952008"),
    ("Allergic to peanuts (caused urticaria).", "Urticaria", "762952008"),
    ("Known trimethoprim allergy: rash.", "rash", "387179001"), ("Trimethoprim, which caused a rash", "rash", "387179001"),
    ("Reports intolerance of trimethoprim with rash in the past.", "rash", "387179001"),
    ("Patient has a history of allergy to trimethoprim with rash", "rash", "387179001"),
    ("Developed a rash after trimethoprim.", "Rash", "387179001"), ("Never developed a rash after trimethoprim.", "rash", None),
    ("Developed no rash after trimethoprim.", "rash", None), ("Tolerated trimethoprim with rash in the past", "rash", None),
    ("Denies allergy to trimethoprim with rash", "rash", None), ("Allergic to penicillin, trimethoprim caused rash", "rash", None),
    ("Trimethoprim with penicillin", "rash", None), ("Trimethoprim caused rash, not confirmed", "rash", None),
    ("peanut - urticaria", "Wheeze", None), ("penicillin - tolerated since", None, None), ("peanut, penicillin", None, None),
])
def test_a_reaction_in_the_text_is_set_aside_where_the_record_states_it(text, reaction, found):
    assert key({"text": text}, **({"reactions": reacted(reaction)} if reaction else {})) == found


@pytest.mark.parametrize("agent", [
    None, {}, {"text": "a blue tablet"}, snomed("62014003"), snomed("196461000000101", "Allergy to penicillin"),
    local("X", "something new"),
    snomed("1012851000006104"),
])
def test_what_cannot_be_told_stays_apart(agent):
    assert key(agent) is None


@pytest.mark.parametrize("text", [
    "?penicillin allergy", "Penicillin allergy?", "? penicillin", "Penicillin (suspected)", "penicillin (possibly)",
    "possible penicillin allergy", "suspected penicillin allergy", "query penicillin"])
def test_an_allergy_in_doubt_is_one_of_its_own_and_is_held_against_what_is_taken(text):
    """Together with the one that is stated, the later words of the two would be shown: the certain would look doubtful, or the doubtful
    certain. No statement that none is known may come of it either."""
    content = {"agent": {"text": text}}
    assert ALLERGY.key(content, builtin()) is None
    assert builtin().none_known({"text": "?NKDA"}) is builtin().none_known({"text": "NKDA?"}) is None
    assert {agent for one in asked(content, builtin()) for agent in builtin().agents(one)} == {"764146007"}
    assert asked(content | {"agent": snomed("91936005", text)}, builtin()) == (snomed("91936005", text),)


@pytest.mark.parametrize("agent", [
    snomed("91936005", "Penicillin and trimethoprim"), snomed("91936005", "Trimethoprim"), snomed("292967008", "Penicillin"),
    {"codes": [*snomed("91936005")["codes"], *local("AL11", "Trimethoprim")["codes"]]},
    snomed("91936005", "Penicillin; ?latex"), {"text": "Penicillin (negative skin test)"}, {"text": "Penicillin (anaphylaxis)"},
    {"text": "NSAIDs (ibuprofen)"}, {"text": "Latex free"}, {"text": "egg free"}, {"text": "\u2260 penicillin"}, {"text": "Penicillin (-)"},
])
def test_words_that_say_more_or_else_than_one_agent_make_no_key(agent):
    """In one entry with the allergy to penicillin, the words of another record would be shown, and these not."""
    assert key(agent) is None


@pytest.mark.parametrize(("agent", "found"), [
    (snomed("91936005", "Amoxicillin"), "764146007"), (snomed("91936005", "penicillin - rash"), "764146007"),
    (snomed("89519005", "Co-amoxiclav (amoxicillin/clavulanic acid)"), "89519005"), ({"text": "Trimethoprim (substance)"}, "387179001"),
    ({"text": "Lustral 50mg tablets (Upjohn UK Ltd)"}, "372594008"), ({"text": "Allergy to trimethoprim (finding)"}, "387179001"),
    ({"text": "Penicillin sensitivity"}, "764146007"), ({"text": "aspirin allergic"}, "387458008"),
    (displayed("91936005", "Trimethoprim"), "764146007"),
])
def test_words_that_say_what_the_code_does_or_less_do_not_part_it(agent, found):
    assert key(agent) == found


def test_what_words_name_beyond_the_code_is_held_against_what_is_taken():
    for agent in (snomed("91936005", "Penicillin and trimethoprim"), {"text": "Penicillin (and trimethoprim)"}):
        told = {code for one in asked({"agent": agent}, builtin()) for code in builtin().agents(one)}
        assert told == {"764146007", "387179001"}


@pytest.mark.parametrize(("agent", "told"), [
    ({"text": "?penicillin"}, ["penicillin"]), ({"text": "penicillin, latex"}, ["penicillin", "latex"]),
    (displayed("62014003", "penicillin - rash"), ["penicillin"]), (displayed("62014003", "latex"), ["latex"]),
    ({"codes": local("AL10", "latex")["codes"], "text": "?penicillin"}, ["penicillin", "latex"]),
    ({"codes": displayed("62014003", "penicillin - rash")["codes"], "text": "latex"}, ["latex", "penicillin"]),
    ({"codes": local("AL10", "penicillin")["codes"], "text": "?Penicillin"}, ["penicillin"]),
    (snomed("196461000000101", "penicillin"), []), ({"text": "NKDA"}, []), (snomed("716186003", "No allergies"), []),
    ({"text": "a blue tablet"}, []), ({}, []), ("penicillin", []),
])
def test_whatever_it_may_be_to_is_asked_about_text_by_text(agent, told):
    assert [one["text"].strip() for one in asked({"agent": agent}, builtin())] == told


@pytest.mark.parametrize("text", ["Penicillin", "NKDA except penicillin", "No known allergies - see letter", "? NKDA"])
def test_words_beside_a_code_that_none_is_known_are_not_hidden_by_it(text):
    agent = snomed("716186003", text)
    assert key(agent) is none_known({"agent": agent}, builtin()) is None


@pytest.mark.parametrize("text", ["NKDA", "Nil known.", "No known drug allergies (12/03/2024)", "None recorded", "No allergies",
                                  "No known drug allergy (situation)"])
def test_words_that_say_no_more_than_that_none_is_known(text):
    assert key(snomed("716186003", text)) == "none-known"


@pytest.mark.parametrize("newer", [
    {"agent": snomed("764146007", "Penicillin - not allergic"), "verification": "refuted"},
    {"agent": snomed("764146007", "Penicillin: tolerated"), "clinical_status": "resolved"},
    {"agent": snomed("764146007", "?penicillin"), "verification": "unconfirmed"},
    {"agent": snomed("91936005", "Amoxicillin"), "verification": "confirmed"},
    {"agent": snomed("91936005", "amoxicillin - rash")},
])
def test_an_allergy_that_stands_is_named_by_who_holds_it_and_does_not_doubt_it(newer):
    older = {"agent": PENICILLIN, "clinical_status": "active", "verification": "confirmed"}
    found = ALLERGY.derive([member("allergy", 1, "A/gp", "2020", **older), member("allergy", 2, "B/epr", "2024", **newer)], builtin())
    assert (found.content["agent"], found.decided["agent"], found.rules["agent"]) == (PENICILLIN, (0,), "allergy.active-counts")


def test_words_that_tell_of_anaphylaxis_name_it_before_later_ones():
    said = [member("allergy", 1, "A/gp", "2020", agent={"text": "Anaphylaxis to penicillin"}),
            member("allergy", 2, "B/epr", "2024", agent=PENICILLIN)]
    found = ALLERGY.derive(said, builtin())
    assert (found.content["agent"]["text"], found.decided["agent"]) == ("Anaphylaxis to penicillin", (0,))
    assert ALLERGY.matters(said, builtin()) == {0, 1}


@pytest.mark.parametrize("text", [
    "PENICILLIN SIDE EFFECT", "Side effects of penicillin", "H/O: penicillin allergy", "Known penicillin allergy",
    "Penicillin drug allergy", "Drug allergy: penicillin", "Allergic: penicillin", "Penicillin adverse reaction NOS",
    "Adverse drug reaction to penicillin"])
def test_an_allergy_however_it_is_called_is_to_its_cause(text):
    assert key({"text": text}) == "764146007"


@pytest.mark.parametrize("text", [
    "Family history of penicillin allergy", "No known penicillin allergy", "Not allergic: penicillin", "Allergy status: penicillin?",
    "Allergy penicillin excluded", "Severe penicillin allergy", "Penicillin side effect (nausea)"])
def test_words_that_say_more_than_that_it_is_an_allergy_stay_apart(text):
    assert key({"text": text}) is None


def test_an_allergy_that_all_who_hold_it_doubt_is_still_not_named_by_who_denies_it():
    doubtful, denied = snomed("764146007", "?penicillin"), snomed("764146007", "Penicillin - not allergic")
    found = ALLERGY.derive([member("allergy", 1, "A/gp", "2020", agent=doubtful, clinical_status="active"),
                            member("allergy", 2, "B/epr", "2024", agent=denied, verification="refuted")], builtin())
    assert (found.content["agent"], found.decided["agent"]) == (doubtful, (0,))


@pytest.mark.parametrize(("agent", "found"), [
    (snomed("716186003"), "none-known"), (snomed("409137002"), "none-known"), ({"text": "NKDA"}, "none-known"),
    (snomed("429625007"), "none-known/429625007"),
])
def test_statements_that_none_is_known(agent, found):
    assert key(agent) == found


def test_of_statements_that_none_is_known_the_narrowest_is_shown():
    found = ALLERGY.derive([member("allergy", 1, "A/gp", "2024", agent=snomed("716186003")),
                            member("allergy", 2, "B/epr", "2019", agent=snomed("409137002", "NKDA"))], builtin())
    assert (found.content["agent"]["text"], found.decided["agent"], found.rules["agent"]) == (
        "NKDA", (1,), "allergy.narrowest-none-known")


def test_a_class_is_a_relation_and_no_source_says_it():
    amoxicillin, penicillin = snomed("292967008"), snomed("91936005")
    assert key(amoxicillin) != key(penicillin)
    one = ALLERGY.derive([member("allergy", 1, agent=amoxicillin)], builtin())
    assert one.content["classes"] == [{"codes": [{"system": SNOMED, "code": "764146007", "display": "Penicillin"}], "text": "Penicillin"}]
    assert (one.rules["classes"], one.decided["classes"]) == ("allergy.classes", (0,))
    assert "classes" not in ALLERGY.derive([member("allergy", 1, agent=penicillin)], builtin()).content


@pytest.mark.parametrize("code", ["196461000000101", "196471000000108"])
def test_an_allergy_that_a_transfer_degraded_says_so(code):
    degraded = {"agent": snomed(code, "Allergy to a blue tablet")}
    [found] = derive.facts(derive.group(member("allergy", 1, **degraded), builtin()), [member("allergy", 1, **degraded)], builtin())
    assert canonical.decode(found.content) == degraded
    assert (found.derived.rules["agent"], found.derived.rules[OF_FACT]) == ("allergy.transfer-degraded", "allergy.cannot-tell")


PENICILLIN = snomed("91936005", "Allergy to penicillin")


def united(*said: dict[str, Any], sources: tuple[str, ...] = ("A/gp", "B/epr", "C/care")):
    """Of one source each, the first recorded last."""
    return ALLERGY.derive([member("allergy", n, source, str(2026 - n), agent=PENICILLIN, **content)
                           for n, (source, content) in enumerate(zip(sources, said, strict=False))], builtin())


def test_every_reaction_that_any_source_saw_is_shown_once():
    rash, wheeze = reacted("rash"), reacted("wheeze")
    found = united({"reactions": rash}, {"reactions": wheeze + rash}, {})
    assert found.content["reactions"] == rash + wheeze
    assert (found.decided["reactions"], found.rules["reactions"]) == ((0, 1), "allergy.reactions-united")
    assert "agent" not in found.rules, "the one recorded last names it: no rule had to"
    sole = united({}, {"reactions": wheeze})
    assert (sole.content["reactions"], sole.decided["reactions"], "reactions" in sole.rules) == (wheeze, (1,), False)


def test_of_many_records_none_is_left_out_that_alone_tells_a_reaction():
    members = [member("allergy", n, agent=PENICILLIN, reactions=reacted(("rash", "wheeze", "hives", "shock")[n % 4])) for n in range(12)]
    few = derive.matters(Group("allergy", "x"), members, builtin())
    assert len(few) < len(members)
    assert ALLERGY.derive(few, builtin()).content == ALLERGY.derive(members, builtin()).content


@pytest.mark.parametrize(("said", "status", "verification", "conflict"), [
    (({"clinical_status": "active"}, {}), "active", None, False),
    (({"clinical_status": "resolved"}, {"clinical_status": "resolved"}), "resolved", None, False),
    (({"clinical_status": "resolved"}, {"clinical_status": "active"}), "active", None, True),
    (({"clinical_status": "resolved"}, {}), None, None, True),
    (({"verification": "refuted"}, {"verification": "unconfirmed"}), None, "unconfirmed", True),
    (({"verification": "refuted"}, {"verification": "refuted"}), None, "refuted", False),
    (({"verification": "unconfirmed"}, {"verification": "confirmed"}), None, "confirmed", False),
    (({"clinical_status": "resolved", "verification": "confirmed"}, {"verification": "unconfirmed"}), None, "unconfirmed", True),
    (({"clinical_status": "resolved", "verification": "confirmed"}, {"clinical_status": "resolved", "verification": "unconfirmed"}),
     "resolved", "confirmed", False),
    (({"clinical_status": "resolved"}, {"clinical_status": "recurrence"}), "recurrence", None, True),
    (({"clinical_status": "relapse"}, {"clinical_status": "active"}), "active", None, False),
    (({"clinical_status": "Resolved"}, {"clinical_status": "INACTIVE"}), "Resolved", None, False),
    (({"clinical_status": "Inactive"}, {"clinical_status": "Active"}), "Active", None, True),
    (({"verification": "Refuted"}, {"verification": "presumed"}), None, "presumed", True),
    (({"clinical_status": "active", "verification": "Entered in error"}, {}), "active", None, True),
])
def test_what_holds_it_active_decides_and_says_by_which_rule(said, status, verification, conflict):
    found = united(*said)
    assert (found.content.get("clinical_status"), found.content.get("verification"), found.conflict) == (status, verification, conflict)
    for field, rule in (("clinical_status", "allergy.active-counts"), ("verification", "allergy.worst-counts")):
        assert found.rules.get(field, rule) == rule
        assert (field in found.decided) is (field in found.content)


@pytest.mark.parametrize(("said", "shown"), [
    (("low", "High"), "High"), (("low", "severe"), "severe"), (("severe", "high"), "high"), (("unable-to-assess", "severe"), "severe"),
    (("severe", "grave"), "severe"),
])
def test_a_criticality_that_no_rule_knows_may_be_the_worst(said, shown):
    assert united(*({"criticality": word} for word in said)).content["criticality"] == shown


def test_a_reaction_without_a_name_is_set_aside_and_one_record_is_what_it_says():
    assert key({"text": "peanut - urticaria"}, reactions=[{"severity": "mild"}]) is None
    assert key({"text": "peanut - urticaria"}, reactions=[{"severity": "mild"}, *reacted("urticaria")]) == "762952008"
    alone = united({"clinical_status": "resolved", "verification": "unconfirmed", "criticality": "low"})
    assert set(alone.rules.values()) == {"record.greatest-version"} and not alone.conflict


@pytest.mark.parametrize(("one", "other", "same_"), [
    (reacted("rash"), reacted("rash "), True), (reacted("rash"), reacted("wheeze"), False),
    (reacted("rash"), [{"manifestation": {"text": "rash"}, "severity": "severe"}], False),
    ([{"manifestation": {"text": "rash"}}], [{"severity": "mild"}], False),
    ([{"severity": "mild"}], [{"severity": "mild", "manifestation": None}], True),
    (reacted("rash") + reacted("wheeze"), reacted("wheeze") + reacted("rash"), True),
])
def test_reactions_are_compared_by_what_they_say(one, other, same_):
    assert same.same(ALLERGY, {"reactions": one}, {"reactions": other}) is same_


def test_a_class_without_a_name_is_its_code_and_a_title_is_the_agents():
    class Nameless(NoTerms):
        def agent(self, concept: dict[str, Any]) -> str | None:
            return "1"

        def parents(self, code: str) -> tuple[str, ...]:
            return ("2",) if code == "1" else ()

    found = ALLERGY.derive([member("allergy", 1, agent=PENICILLIN)], Nameless())
    assert found.content["classes"] == [{"codes": [{"system": SNOMED, "code": "2"}]}]
    assert (ALLERGY.title(found.content), ALLERGY.title({})) == ("Allergy to penicillin", "Allergy")


agents = st.sampled_from([snomed("91936005"), snomed("764146007"), {"text": "penicillin"}, snomed("292967008"), snomed("716186003"),
                          snomed("409137002"), {"text": "NKDA"}, {"text": "nobody knows"}, None])
OVER = ("resolved", "Inactive")
contents = st.fixed_dictionaries({}, optional={
    "agent": agents, "clinical_status": st.sampled_from(["active", "resolved", "recurrence", "Inactive"]),
    "criticality": st.sampled_from(["high", "low"]), "verification": st.sampled_from(["confirmed", "refuted", "presumed"]),
    "reactions": st.sampled_from([reacted("rash"), reacted("wheeze")]),
})


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(contents, st.sampled_from([None, "2019", "2024-01-01T09:30:00Z"])), min_size=1, max_size=6),
       st.randoms(use_true_random=False))
def test_order_makes_no_difference_and_nothing_active_is_hidden(said, rng: random.Random):
    members = [member("allergy", n, recorded=recorded, **content) for n, (content, recorded) in enumerate(said)]

    def published() -> list[Any]:
        groups: dict[Group, list[Any]] = {}
        for each in members:
            groups.setdefault(derive.group(each, builtin()), []).append(each)
        found = [fact for of, together in groups.items() for fact in derive.facts(of, together, builtin())]
        return sorted((fact.fact, fact.content, derive.provenance(fact), fact.derived.conflict) for fact in found)

    before = published()
    rng.shuffle(members)
    assert published() == before
    for each in members:
        content = each.content
        if content.get("clinical_status") in OVER or content.get("verification") == "refuted":
            continue
        shown = [canonical.decode(fact) for _, fact, _, _ in before]
        assert any(ALLERGY.key(fact, builtin()) == ALLERGY.key(content, builtin()) and fact.get("clinical_status") not in OVER
                   and fact.get("verification") != "refuted" for fact in shown)
