"""Privacy labels of assertions and entries. What each keeps out of which purpose is `sinks.policy`'s to say."""

from __future__ import annotations

SENSITIVE = "sensitive"
"""Labelled so by a source, or by what is coded in it (`processors.reconcile.sensitive`)."""
NOPAT = "nopat"
"""Not to be shown to the patient."""
PDS_RESTRICTED = "pds-restricted"
"""Nothing that tells where the person is may be disclosed. A source says so of its patient, or PDS (NHS Personal Demographics Service) of a
number."""
OPT_OUT = "opt-out"
"""National Data Opt-out: for nothing beyond individual care (uk-standards.md, Governance)."""
OF_THE_PERSON = frozenset({OPT_OUT})
"""Said by a patient record of any source, these hold for every entry of the person."""
OF_A_NUMBER = frozenset({OPT_OUT, PDS_RESTRICTED})
"""Answered by a national service of an NHS number, these hold for every entry of the person of whoever carries it."""


def answered(opted_out: bool | None, restricted: bool) -> set[str]:
    """Those of `OF_A_NUMBER` that what was answered of its numbers gives to the person of a source patient."""
    return {label for label, stands in ((OPT_OUT, opted_out), (PDS_RESTRICTED, restricted)) if stands}
