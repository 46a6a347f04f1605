"""What the words of a dose say, each part by itself: how much, how often, when, and whether when required."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mainstem.kinds.instructions import Amount, Said, read

DAILY, WEEKLY = Fraction(1), Fraction(1, 7)


def of(low: float | Fraction, high: float | Fraction, unit: str = "") -> Amount:
    return Amount(Fraction(low), Fraction(high), unit)


@pytest.mark.parametrize(("text", "amount"), [
    ("1 tablet", of(1, 1, "tablet")), ("Take up to 2 tablets", of(0, 2, "tablet")), ("max 4 puffs", of(0, 4, "puff")),
    ("half a tablet", of(Fraction(1, 2), Fraction(1, 2), "tablet")), ("HALF tablet", of(Fraction(1, 2), Fraction(1, 2), "tablet")),
    ("1 / 2 tablet", of(Fraction(1, 2), Fraction(1, 2), "tablet")), ("1,000 units", of(1000, 1000, "unit")),
    ("5ml - 10ml", of(5, 10, "ml")), ("5ml \u2013 10ml", of(5, 10, "ml")), ("5 mls to 10 mls", of(5, 10, "ml")),
    ("10 mg or 20 mg", of(10_000, 20_000, "ug")),
    ("5 ml (250 mg)", of(250_000, 250_000, "ug")), ("1 capsule (20 mg)", of(20_000, 20_000, "ug")),
    ("40 mg (2 tablets)", of(40_000, 40_000, "ug")), ("2 x 500 mg tablets", of(1_000_000, 1_000_000, "ug")),
    ("one 5 ml spoonful", of(5, 5, "ml")), ("1 to both eyes", of(1, 1)), ("1 drop to both eyes", of(1, 1, "drop")),
    ("for pain 2 tablets", of(2, 2, "tablet")), ("20 mg for pain", of(20_000, 20_000, "ug")), ("as directed", None), ("apply thinly", None),
])
def test_how_much_whatever_else_is_said(text, amount):
    for said, times in ((text, None), (f"{text} at lunchtime", None), (f"{text} twice a day", Fraction(2))):
        assert read(said) == Said(amount, times, None, False if times else None)
    assert read(f"{text} when required") == Said(amount, None, None, True)
    assert read(f"{text} at lunchtime when required") == Said(amount, None, None, True)


@pytest.mark.parametrize(("text", "amount"), [("Take ONE", of(1, 1)), ("up to 4", of(0, 4)), ("1-2", of(1, 2)), ("1.5", of(1.5, 1.5)),
                                             ("To take 1", of(1, 1))])
def test_a_number_alone_is_one_of_forms_where_no_word_follows_that_it_may_count(text, amount):
    assert read(f"{text} twice a day") == Said(amount, Fraction(2), None, False)
    assert read(f"{text} at lunchtime") is None


@pytest.mark.parametrize("text", [
    "2 tablets (40 mg)", "for pain 2", "for pain with 2", "INR 2.5", "1 to pain", "2 weeks", "16 mmol", "one half a tablet", "0.5/1 mg",
    "1/0 tablet", "1.2.5 mg",
    "1 1 a day", "1 then 2", "1 bd 2 nocte", "0.5 mg/kg", "1 tablet prn max 4", "1 bd 5/7", "not 1", "4 mg every 0 hours"])
def test_what_may_be_two_amounts_or_none_cannot_be_told(text):
    assert read(text) is None


@pytest.mark.parametrize(("text", "times"), [
    ("1 tablet a day", 1), ("1 a day", 1), ("1 capsule a week", WEEKLY), ("1 an week", WEEKLY), ("1 Mon", WEEKLY),
    ("1 mon, wed", 2 * WEEKLY),
    ("1 tablet 4 hourly", 6), ("1 tablet every 3 days", Fraction(1, 3)), ("1 tablet every 2 months", Fraction(1, 60)),
    ("1 tablet 2 monthly", Fraction(1, 60)), ("1 tablet q 2 d", Fraction(1, 2)), ("1 tablet q8h", 3), ("1 t . d . s .", 3),
    ("1 bd x 5/7", 2),
    ("1 bd for 7 days then stop", 2), ("1 tablet daily, no more than 8 tablets in any 24 hours", 1),
    ("1 tablet daily on rotating sites", 1),
    # it is said of a time that is not understood, or of several
    ("1 tablet every 4 to 6 hours", None), ("1 tablet daily, every 4-6 hours", None), ("1 tablet 4-6 hourly", None),
    ("1 tablet, up to 4 times a day", None), ("1 tablet daily at lunch", None),
    ("1 tablet at lunch daily for pain", None), ("1 tablet daily up to", None), ("1 tablet with dinner for pain", None),
    ("1 tablet on waking", None),
])
def test_how_often(text, times):
    found = read(text)
    assert (found.amount.low, found.times) == (1, times)
    assert found.as_needed is (None if times is None else False)


@pytest.mark.parametrize(("text", "times"), [
    ("1 per 2 wk", Fraction(1, 14)), ("1 per 1 wk on mon", WEEKLY), ("2 per 1 wk on mon", 2 * WEEKLY),
    ("1 per 2 wk on mon", Fraction(1, 14)),
    ("1 per 1 d on mon", WEEKLY), ("2 per 1 d on mon", 2 * WEEKLY), ("3 per 1 d", 3), ("1 per 8 h", 3), ("1 per 90 min", 16)])
def test_frequency_and_period(text, times):
    assert read(text) == Said(None, times, None, False)


@pytest.mark.parametrize("text", ["1 per 2 d on mon", "1 per 7 d on mon", "1 per 1 mo on mon", "1 per 0 wk", "0 per 1 d"])
def test_a_period_that_fits_no_weekday_or_is_none_cannot_be_told(text):
    assert read(text) is None


@pytest.mark.parametrize(("text", "moment"), [
    ("1 tablet ON", "night"), ("1 tablet ON with food", "night"), ("10 units ON subcut", "night"), ("1 tablet ON, swallow whole", "night"),
    ("1 tablet on, when required", "night"), ("1 tablet in the morning", "morning"), ("1 tablet once a day at night", "night"),
    # `on` is at night, and a preposition
    ("1 tablet on waking", None), ("1 tablet daily on waking", None), ("1 tablet on 12/05/2024", None),
    ("1 tablet on alternate nights", None),
    ("1 patch on affected areas", None), ("1 tablet on an empty stomach", None)])
def test_at_which_time_of_day(text, moment):
    assert read(text).moment == moment


def test_a_text_is_read_up_to_a_length_and_beyond_tells_nothing():
    text = "1 tablet daily".ljust(300, ".")
    assert read(text) is not None and read(f"{text}.") is None
