"""Reconciliation (*täsmäytys*) as sets: ledger, bank and back office, at the size of a month or of a country.

`Reconciliation` takes the three sides from files or from rows, compares them in DuckDB, and tells every line in exactly
one class. It knows nothing of the service around it: rows and files come in, lines go out.
"""

from .columns import SIDES, Column, Kind
from .engine import Reconciliation
from .errors import ReconciliationError, SideUnreadable
from .lines import CLASSES, Line, LineClass

__all__ = [
    "CLASSES",
    "SIDES",
    "Column",
    "Kind",
    "Line",
    "LineClass",
    "Reconciliation",
    "ReconciliationError",
    "SideUnreadable",
]
