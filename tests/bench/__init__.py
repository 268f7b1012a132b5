"""Measures the ledger against what one would use instead, on the same servers in the same run.

    python -m tests.bench [append growth relay verify rebuild http] [--quick] [--profile]

Figures go to `out/bench.json`. pytest does not collect this folder.
"""
