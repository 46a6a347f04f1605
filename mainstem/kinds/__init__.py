"""The kinds, each in its module; `ALL` is the registration."""

from __future__ import annotations

from mainstem.kinds.allergy import Allergy
from mainstem.kinds.appointment import Appointment
from mainstem.kinds.base import Kind
from mainstem.kinds.careplan import CarePlan
from mainstem.kinds.document import Document
from mainstem.kinds.encounter import Encounter
from mainstem.kinds.flag import Flag
from mainstem.kinds.immunisation import Immunisation
from mainstem.kinds.manifest import Manifest
from mainstem.kinds.medicine import Medicine
from mainstem.kinds.observation import Observation
from mainstem.kinds.patient import Patient
from mainstem.kinds.problem import Problem
from mainstem.kinds.procedure import Procedure
from mainstem.kinds.referral import Referral
from mainstem.kinds.result import Result

ALL: tuple[Kind, ...] = (
    Patient(),
    Allergy(),
    Medicine(),
    Problem(),
    Result(),
    Encounter(),
    Document(),
    Procedure(),
    Immunisation(),
    Flag(),
    Referral(),
    Appointment(),
    CarePlan(),
    Observation(),
    Manifest(),
)
BY_NAME: dict[str, Kind] = {kind.name: kind for kind in ALL}

__all__ = ["ALL", "BY_NAME", "Kind"]
