"""Privacy labels of assertions and entries. What each keeps out of which purpose is `sinks.policy`'s to say."""

from __future__ import annotations

SENSITIVE = "sensitive"
"""Labelled so by a source, or by what is coded in it (`processors.reconcile.sensitive`)."""
NOPAT = "nopat"
"""Not to be shown to the patient."""
PDS_RESTRICTED = "pds-restricted"
"""NHS Personal Demographics Service: nothing that tells where the person is may be disclosed."""
OPT_OUT = "opt-out"
"""National Data Opt-out: for nothing beyond individual care (uk-standards.md, Governance)."""
OF_THE_PERSON = frozenset({OPT_OUT})
"""Said by a patient record of any source, these hold for every entry of the person."""
