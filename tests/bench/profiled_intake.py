"""Intake as a process that is profiled until it is told to stop; GRANTS_PROFILE_FILE takes the result."""

from __future__ import annotations

import cProfile
import os
from pathlib import Path

from services.intake.app import application
from services.web.server import run
from tests.bench.profiles import write_top

if __name__ == "__main__":
    app, settings = application()
    profile = cProfile.Profile()
    profile.enable()
    run(app, settings)
    profile.disable()
    write_top(profile, Path(os.environ["GRANTS_PROFILE_FILE"]))
