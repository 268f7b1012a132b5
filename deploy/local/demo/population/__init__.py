"""The demo's population: invented associations and their applications of one grant year.

Pure and deterministic: the same seed gives the same population, on every machine. The figures follow North
Karelia's 2024 (siunsote.fi, 23.2.2024): 130 applications, almost EUR 600,000 applied for, EUR 180,000 and
20,000 to give.
"""

from deploy.local.demo.population.applicants import YEAR_CALLS, associations
from deploy.local.demo.population.applications import applications
from deploy.local.demo.population.events_of_the_year import marked
from deploy.local.demo.population.ranking import ranked
from deploy.local.demo.population.shapes import (
    APPLICATIONS,
    APPLIED_CENTS,
    ASSOCIATIONS,
    OPERATING_APPROPRIATION_CENTS,
    THEME_APPROPRIATION_CENTS,
    Application,
    Association,
    BudgetRow,
    Call,
    Mark,
    Population,
)

__all__ = [
    "APPLICATIONS",
    "APPLIED_CENTS",
    "ASSOCIATIONS",
    "OPERATING_APPROPRIATION_CENTS",
    "THEME_APPROPRIATION_CENTS",
    "Application",
    "Association",
    "BudgetRow",
    "Call",
    "Mark",
    "Population",
    "build_population",
]


def build_population(seed: int) -> Population:
    """Build the population of a seed."""
    applicants = associations(seed)
    sent = ranked(marked(seed, applications(seed, applicants)))
    ordered = sorted(sent, key=lambda application: (application.submitted_at, application.key))
    return Population(seed, YEAR_CALLS, applicants, tuple(ordered))
