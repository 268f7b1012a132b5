"""Reports for people: the payment list (*maksuluettelo*), the reconciliation report (*täsmäytysraportti*), open
differences (*avoimet erot*) by age, grants by basket, and the audit trail (*kirjausketju*) from a voucher to its
application and back.

Each is told as of a position of the ledger and a Helsinki date, and is a pure function of what the ledger held then:
the same position and date give the same rows, as JSON, CSV and .xlsx.
"""

from .making import Reports

__all__ = ["Reports"]
