"""Becomes the program that it is told to start, after tying its life to its parent's.

Run as `python -I -S launch.py <parent pid> <death signal> <uid> <gid> <program> [argument ...]`; a uid or gid
of `-` leaves the user as it is. Guarantee (Linux): the kernel sends the death signal to the program when the
parent ends, in whatever way. Elsewhere the program is started without that tie.

This is a program of its own, not a `preexec_fn`: Python code between fork and exec may deadlock in a threaded
parent. The order matters: changing the user clears the tie, so the user comes first.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PARENT_IS_GONE = 113


def main(arguments: list[str]) -> None:
    parent, death_signal, uid, gid = arguments[:4]
    program = arguments[4:]
    become(uid, gid)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(PARENT_IS_GONE)  # It ended before the tie was made.
    try:
        os.execvp(program[0], program)  # noqa: S606 - a shell is what it must not be
    except OSError as error:
        sys.exit(f"cannot execute {program[0]}: {error.strerror}")


def become(uid: str, gid: str) -> None:
    """Gives up the rights of root for good; does nothing for `-`."""
    if gid != "-":
        os.setgroups([])
        os.setgid(int(gid))
    if uid != "-":
        os.setuid(int(uid))


if __name__ == "__main__":
    main(sys.argv[1:])
