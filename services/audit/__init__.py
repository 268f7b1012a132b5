"""Audit (*tarkastus*): the mirror of the three ledgers, and the answers to auditors' questions.

Owns the mirrored events with their Merkle trees, the checkpoints that it has witnessed, divergences,
verifications and disclosures (who looked at what). It publishes nothing, decides nothing, and lies in a
database of its own, out of reach of whoever runs the ledgers that it watches.
"""
