"""A large file is read without being held: memory grows with one entry, not with the file."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.payments.bank.files import OWN, REPOSITORY, own

STATUS = Path("/proc/self/status")
FILE_BYTES_MIN = 30_000_000
GROWTH_BYTES_MAX = 12_000_000

# Runs in a process of its own, so that other tests' memory does not count. The file's bytes are there before, and the
# peak starts anew then: that of getrusage would be the parent's, which a new process takes over on Linux.
MEASURE = """
import sys
from pathlib import Path
from services.payments.bank.statement import Entry, SchemaPolicy, read_statement_file

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))

read_statement_file(Path(sys.argv[2]).read_bytes(), SchemaPolicy.ENFORCE)
data = Path(sys.argv[1]).read_bytes()
Path("/proc/self/clear_refs").write_text("5")
before = kilobytes("VmRSS")
file = read_statement_file(data, SchemaPolicy.ENFORCE)
entries = sum(1 for record in file.records() if isinstance(record, Entry))
print(entries, file.statements[0].debits_cents, (kilobytes("VmHWM") - before) * 1024)
"""


def large_statement(target: Path) -> int:
    """Write a balanced statement of more than 30 MB without a line break; give back its number of entries."""
    data = " ".join(own("camt053-v08-two-currencies.xml").decode().split())
    head, rest = data.split("<Ntry>", 1)
    entry, foot = rest.split("</Ntry>", 1)
    message = f"<Ustrd>{'x' * 140}</Ustrd>"
    detail = (
        "<TxDtls><Refs><EndToEndId>E-1</EndToEndId></Refs><RltdPties><Cdtr><Pty><Nm>Kylän väki ry</Nm></Pty>"
        "</Cdtr><CdtrAcct><Id><IBAN>FI6329501800020582</IBAN></Id></CdtrAcct></RltdPties><RmtInf>"
        f"{message * 3}</RmtInf></TxDtls>"
    )
    one = f"<Ntry>{entry}<NtryDtls>{detail * 3}</NtryDtls></Ntry>"
    count = FILE_BYTES_MIN // len(one.encode()) + 1
    closing = f"{(250 * count - 1000) // 100}.{(250 * count - 1000) % 100:02d}"
    before, after = head.split(">7.50<", 1)
    target.write_text(before + f">{closing}<" + after.replace("CRDT", "DBIT", 1) + one * count + foot, encoding="utf-8")
    return count


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells the peak of a process")
def test_thirty_megabytes_are_read_in_flat_memory(tmp_path: Path) -> None:
    large = tmp_path / "large.xml"
    count = large_statement(large)
    assert large.stat().st_size > FILE_BYTES_MIN
    small = OWN / "camt053-v08-two-currencies.xml"
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(large), str(small)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    entries, debits_cents, growth_bytes = map(int, done.stdout.split())
    assert (entries, debits_cents) == (count, 250 * count)
    assert growth_bytes < GROWTH_BYTES_MAX, f"grew by {growth_bytes} bytes"
