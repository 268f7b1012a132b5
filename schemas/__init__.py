"""The contracts of grant-ledger: envelope, money, identifiers, and every event type in every released version.

No input or output and no rules live here, and nothing of ours is imported.
"""
