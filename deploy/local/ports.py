"""Free loopback ports that stay ours until this process ends."""

import fcntl
import os
import secrets
import socket
import tempfile
from pathlib import Path

# Below the range from which Linux takes the local ends of outgoing connections (32768 upwards): a server that
# is killed and started again finds its port still free, however many connections were made meanwhile.
FIRST_PORT = 20_000
LAST_PORT = 32_000

_reservations: list[int] = []


def free_port() -> int:
    """A loopback TCP port on which nobody listens, reserved for this process until it ends.

    The reservation is a locked file: processes that ask at the same time (workers of a test run) get
    different ports.
    """
    while True:
        port = secrets.choice(range(FIRST_PORT, LAST_PORT))
        if _nobody_listens(port) and _reserve(port):
            return port


def _nobody_listens(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _reserve(port: int) -> bool:
    folder = Path(tempfile.gettempdir()) / f"grant-ledger-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    _reservations.append(descriptor)
    return True
