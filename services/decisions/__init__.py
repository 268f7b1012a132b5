"""Decisions (*päätöksenteko*): appropriations, the diary, cases from opening to finality, agreements and recovery.

Owns the streams `appropriation/`, `diary/`, `case/` and `meeting/`. A case has its application's id, so that all that
concerns one application keeps its order. Nobody who is disqualified takes part, and who proposed never decides.
"""
