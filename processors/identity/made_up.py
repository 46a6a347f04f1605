"""What records are filled with where nobody knows: names, birth dates and homes that are nobody's. Alike in two, it says nothing."""

from __future__ import annotations

DATES = frozenset({"0001-01-01", "1753-01-01", "1800-01-01", "1850-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1900-12-31",
                   "1901-01-01", "1904-01-01", "1970-01-01", "9999-12-31"})
"""Birth dates that stand for none: where the calendars of databases and spreadsheets begin or end, and what forms ask clerks to fill in."""
BEFORE = 1904
"""The dates but one are of no year after this; that one, a first of January 1970, may well be somebody's."""
NAMES = frozenset({
    "anon", "anonymous", "baby", "babyboy", "babygirl", "boy", "female", "fnu", "girl", "infant", "lnu", "male", "newborn", "nfn", "nln",
    "noname", "notknown", "quad", "quadruplet", "triplet", "twin", "unidentified", "unk", "unkn", "unknown", "unnamed"})
"""Folded words that stand where a name is not known, or not given yet: an emergency department's unknown male, a newborn."""
WHICH = frozenset(["1", "2", "3", "4", "a", "b", "c", "d", "i", "ii", "iii", "iv", "one", "two", "three", "four"])
"""Which of several: twin one, baby B."""
POSTCODES = frozenset({"zz993vz", "zz993wz"})
"""Folded. No fixed abode, and address not known (ODS pseudo-postcodes); the others of ZZ99 say in which country somebody lives."""
LINES = frozenset({"addressnotknown", "addressunknown", "nfa", "nofixedabode", "noknownaddress", "notknown", "unknown"})
"""Folded lines of an address."""
