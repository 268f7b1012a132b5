"""`python -m services.audit`: serves audit as its environment says."""

from services.audit.app import build
from services.audit.settings import AuditSettings
from services.web.server import run

if __name__ == "__main__":
    settings = AuditSettings()  # type: ignore[call-arg]  # pydantic-settings reads the environment
    run(build(settings), settings)
