"""Intake's commands: load, decide, append; a module for each thing that they are about."""

from __future__ import annotations

from dataclasses import dataclass

from .applications import Applications, RegisterPaperApplication, ReportCosts, ReportUse, SubmitApplication
from .associations import Associations
from .attachments import Attachments
from .calls import Calls
from .drafts import DraftIncomplete, Drafts

__all__ = [
    "Applications", "Associations", "Attachments", "Calls", "DraftIncomplete", "Drafts", "Handlers",
    "RegisterPaperApplication", "ReportCosts", "ReportUse", "SubmitApplication",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Handlers:
    """All of intake's commands."""

    calls: Calls
    associations: Associations
    attachments: Attachments
    applications: Applications
    drafts: Drafts
