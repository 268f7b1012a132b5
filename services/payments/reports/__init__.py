"""Reports for people: the payment list (*maksuluettelo*), the reconciliation report (*täsmäytysraportti*), open
differences (*avoimet erot*) by age, grants by basket, the audit trail (*kirjausketju*) from a voucher to its
application and back, the trial balance (*koetase*), the statement of an account (*pääkirjan ote*), and what is owed and
claimed at the end of a month (*siirtovelat*, *saamiset*).

Each is told as of a position of the ledger and a Helsinki date, and is a pure function of what the ledger held then:
the same position and date give the same rows, as JSON, CSV and .xlsx.
"""

from .making import Reports

__all__ = ["Reports"]
