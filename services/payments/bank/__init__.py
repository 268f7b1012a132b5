"""Bank files: payment files out (pain.001), status reports (pain.002) and statements (camt.053, camt.054) in.

Pure functions on bytes: no database, no network, no clock. Each module names its public surface:
``credit_transfer``, ``status_report``, ``statement``, ``references``, ``errors``.
"""
