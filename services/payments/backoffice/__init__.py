"""Files for the back office: vouchers out, acknowledgements and postings in, in whatever columns the county's profile
names.

Pure functions on bytes. Storing a file and noticing that it came before (`PostingFile.sha256`) is
the caller's.
"""

from services.payments.backoffice.acknowledgement import (
    Acknowledgement,
    FailedVoucher,
    VoucherKey,
    read_acknowledgement,
)
from services.payments.backoffice.errors import (
    BackOfficeError,
    LineError,
    PostingFileInvalid,
    ProfileUnwritable,
    VouchersInvalid,
)
from services.payments.backoffice.reading import read_postings
from services.payments.backoffice.rows import PostingFile, PostingRow, Take, VoucherRow
from services.payments.backoffice.writing import write_postings, write_vouchers

__all__ = [
    "Acknowledgement",
    "BackOfficeError",
    "FailedVoucher",
    "LineError",
    "PostingFile",
    "PostingFileInvalid",
    "PostingRow",
    "ProfileUnwritable",
    "Take",
    "VoucherKey",
    "VoucherRow",
    "VouchersInvalid",
    "read_acknowledgement",
    "read_postings",
    "write_postings",
    "write_vouchers",
]
