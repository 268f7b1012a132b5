"""Child processes are awaited, stopped for certain, and never left behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.local.errors import CommandFailed, StartFailed
from deploy.local.ports import free_port
from deploy.local.process import ChildProcess, port_answers, run_command
from tests.infrastructure.processes import is_gone, wait_for

ROOT = Path(__file__).parents[2]


def python(tmp_path: Path, program: str) -> ChildProcess:
    return ChildProcess([sys.executable, "-c", program], name="the program", log=tmp_path / "log")


def test_a_program_that_ends_early_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    program = python(tmp_path, "raise SystemExit('the disk is full')")
    program.start()
    with pytest.raises(StartFailed, match=r"ended with status 1 before it could answer(.|\n)*the disk is full"):
        program.wait_until(lambda: False, deadline_s=20, what="answer")


def test_a_program_that_never_gets_ready_is_reported_at_the_deadline(tmp_path: Path) -> None:
    with (
        python(tmp_path, "import time; time.sleep(60)") as program,
        pytest.raises(StartFailed, match=r"did not answer within 0\.1 s"),
    ):
        program.wait_until(lambda: False, deadline_s=0.1, what="answer")


def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"cannot try it(.|\n)*no-such-program: No such file"):
        run_command([tmp_path / "no-such-program"], what="try it")


def test_a_program_that_ignores_the_request_to_stop_is_killed(tmp_path: Path) -> None:
    program = python(
        tmp_path,
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True); time.sleep(60)",
    )
    program.start()
    program.wait_until(lambda: program.has_logged("deaf"), deadline_s=20, what="become deaf")
    program.stop(grace_s=0.2)
    assert program.return_code == -signal.SIGKILL


def test_the_log_of_an_earlier_start_is_kept_but_not_mistaken_for_this_ones(tmp_path: Path) -> None:
    program = python(tmp_path, "print('ready', flush=True); import time; time.sleep(60)")
    program.start()
    program.wait_until(lambda: program.has_logged("ready"), deadline_s=20, what="log")
    program.kill()
    program.start()
    assert (tmp_path / "log").read_text(encoding="utf-8").startswith("ready")
    program.wait_until(lambda: program.log_since_start() == "ready\n", deadline_s=20, what="log")
    program.kill()


def test_a_child_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    program = python(tmp_path, "print('ready', flush=True); import time; time.sleep(60)")

    def start() -> None:
        program.start()
        program.wait_until(lambda: program.has_logged("ready"), deadline_s=20, what="log")

    starter = threading.Thread(target=start)
    starter.start()
    starter.join()
    assert not wait_for(lambda: not program.is_running, deadline_s=0.5)
    program.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_a_child_dies_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    parent = f"""
import sys, time
from pathlib import Path
from deploy.local.process import ChildProcess
child = ChildProcess(["sleep", "60"], name="child", log=Path({str(tmp_path / "child.log")!r}))
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert wait_for(lambda: Path(f"/proc/{child}/comm").read_text(encoding="utf-8").strip() == "sleep")
        process.kill()
        process.wait()
    assert wait_for(lambda: is_gone(child)), f"process {child} was left behind"


def test_a_free_port_is_given_once_however_many_ask() -> None:
    with ThreadPoolExecutor(8) as pool:
        ports = list(pool.map(lambda _: free_port(), range(200)))
    other = run_command(
        [
            sys.executable,
            "-c",
            "from deploy.local.ports import free_port; print(*(free_port() for _ in range(200)))",
        ],
        what="take ports in another process",
        folder=ROOT,
        environment=dict(os.environ),
    )
    assert len({*ports, *map(int, other.split())}) == 400


def test_a_port_answers_only_while_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port_answers(port)()
    assert not port_answers(port)()
