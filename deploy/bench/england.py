"""What England is assumed to do in a year, and what machines are assumed to bear: nothing here is measured. For `deploy.bench.scale`.

A volume with a year is what the named publication reports; one without is an order of magnitude of it. How many rows each
happening writes is assumed throughout. Not figures to plan by.
"""

from __future__ import annotations

from dataclasses import dataclass

PEOPLE = 65_000_000
"""The design's figure for England: registered patients and a margin."""
SOURCES = 6_200 + 215 + 60
"""GP practices, NHS trusts, others that feed: orders of magnitude of NHS England's lists of organisations."""


@dataclass(frozen=True, slots=True)
class Volume:
    """`yearly` happenings in England; each makes so many row changes in the source's database."""

    what: str
    yearly: float
    changes: float
    origin: str


VOLUMES = (
    Volume("prescription items dispensed in the community", 1.26e9, 2,
           "NHSBSA, Prescription Cost Analysis 2024/25 (June 2025): 1.26 billion; a row when issued, a row when dispensed (assumed)"),
    Volume("pathology tests", 1.12e9, 3,
           "NHS England, Pathology networks: 1.12 billion a year; order, result, authorisation (assumed)"),
    Volume("GP appointments", 3.83e8, 4,
           "NHS England, Appointments in General Practice, year to June 2025: 383 million; booked, arrived, two coded entries (assumed)"),
    Volume("outpatient appointments", 1.3e8, 4,
           "NHS England, Hospital Outpatient Activity 2022-23: 96 million attended; those that were not, and rows, assumed"),
    Volume("community and mental health contacts", 1.3e8, 4,
           "NHS England, Community Services and Mental Health Services Data Sets; assumed"),
    Volume("admitted episodes", 2.1e7, 60,
           "NHS England, Admitted Patient Care Activity 2023-24: 17.6 million admissions, episodes a fifth more (assumed); movements, "
           "charted medicines, observations (assumed)"),
    Volume("A&E attendances", 2.72e7, 10,
           "NHS England, A&E Attendances and Emergency Admissions: 20.4 million from January to September 2024; rows assumed"),
    Volume("imaging tests", 4.6e7, 3, "NHS England, Diagnostic Imaging Dataset; order, report, verification (assumed)"),
    Volume("registrations, moves, demographics", 6.5e7, 2, "one a person and year, assumed"),
)
WORKING_DAY = 1.35
"""A weekday against the mean day: assumed."""
BUSIEST_HOUR = 0.14
"""Share of a working day's changes in its busiest hour: assumed."""
RESENT = 1.3
"""Rows written for each that says something new (interfaces send again): assumed."""
HISTORY_YEARS = 10
"""Of past changes loaded at the start, which the state then holds: assumed."""
LOADED = 0.5
"""Share of a processor that may be used at the peak."""
MEMORY_BYTES, DISK_BYTES = 64e9, 4e12
"""Of one machine that holds a store, or one broker: assumed."""
REDIS_MASTERS = 1000
"""Of one Redis Cluster: Redis Cluster specification, "Redis Cluster goals"."""
RECOVERY_SECONDS = 600
"""How long a partition whose every copy is lost may be away while it is read back from its changelog: assumed."""
PARTITIONS_A_WORKER = 64
"""So that what a worker keeps open for each (store, producer) stays a small part of it: assumed."""
REPLICAS = 3
