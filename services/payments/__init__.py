"""Payments (*maksatus*): grants with instalments, runs, bank files, recoveries, vouchers, reconciliation, periods.

Owns the streams `grant/` (with its payments and recoveries), `account/`, `run/`, `file/`, `vouchers/`, `postings/`,
`reconciliation/`, `difference/` and `period/`. No payment leaves without two people who did not propose it.
"""
