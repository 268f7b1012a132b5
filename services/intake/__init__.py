"""Intake (*vastaanotto*): calls, associations, applications and usage reports.

Owns the streams `call/`, `association/`, `application/` and `usage-report/`. It takes what associations send, decides
whether it arrived in time, and keeps what the applicant may know of where things stand.
"""
