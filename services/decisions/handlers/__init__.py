"""The commands of decisions: load, decide, append; a module for each thing that they are about."""

from __future__ import annotations

from dataclasses import dataclass

from .allocations import Allocations
from .appeals import Appeals
from .authority import Authority
from .cases import Decisions
from .claims import Claims
from .coefficients import Coefficients
from .documents import Documents
from .follow_up import FollowUp
from .meetings import Meetings
from .recovery import Recoveries
from .reports import Reports

__all__ = [
    "Allocations",
    "Appeals",
    "Authority",
    "Claims",
    "Coefficients",
    "Decisions",
    "Documents",
    "FollowUp",
    "Handlers",
    "Meetings",
    "Recoveries",
    "Reports",
]


@dataclass(frozen=True, slots=True)
class Handlers:
    """All commands of decisions."""

    decisions: Decisions
    allocations: Allocations
    documents: Documents
    reports: Reports
    meetings: Meetings
    claims: Claims
    appeals: Appeals
    recoveries: Recoveries
    follow_up: FollowUp
    coefficients: Coefficients
