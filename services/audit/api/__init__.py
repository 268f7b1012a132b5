"""Audit over HTTP: for auditors alone, and each look is noted as a disclosure before it is answered."""

from .dependencies import Audit
from .events import router as events
from .ledgers import router as ledgers
from .records import router as records

ROUTERS = (events, ledgers, records)

__all__ = ["ROUTERS", "Audit"]
