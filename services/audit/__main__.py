"""`python -m services.audit`: the service as a process, configured by the environment."""

from services.web.server import run

from .app import application

if __name__ == "__main__":
    app, settings = application()
    run(app, settings)
