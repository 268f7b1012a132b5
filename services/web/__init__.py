"""What every HTTP service shares: problem details, identity and permissions, idempotency keys,
preconditions, pages, health, telemetry, and the composition of all these into an application. Knows the
roles of people and the names of actions, and no rule of grants.
"""
