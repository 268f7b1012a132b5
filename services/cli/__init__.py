"""The `grants` command: a module per subcommand.

Exit codes: 0 fine, 1 a check failed or something could not be done, 2 wrong use. The command line is the one
place that may import all services and the local deployment: it composes, and no service imports it.
"""

from services.cli.main import app, main

__all__ = ["app", "main"]
