"""The commands of decisions: load, decide, append; a module for each thing that they are about."""

from __future__ import annotations

from dataclasses import dataclass

from .allocations import Allocations
from .cases import Decisions
from .documents import Documents
from .reports import Reports

__all__ = ["Allocations", "Decisions", "Documents", "Handlers", "Reports"]


@dataclass(frozen=True, slots=True)
class Handlers:
    """All commands of decisions."""

    decisions: Decisions
    allocations: Allocations
    documents: Documents
    reports: Reports
