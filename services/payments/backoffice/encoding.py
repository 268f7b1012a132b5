"""Bytes to text. Which encoding a file has is told by its bytes, not by what was agreed."""

import codecs

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes) -> tuple[str, str]:
    """Give the text and the name of its encoding: by a byte order mark, else strict UTF-8, else
    CP1252.

    Detectors that guess take CP1252 for other encodings, so none is used. Raises ValueError, naming
    the line and the byte, when none of the three fits.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError as error:
                raise ValueError(f"the file begins with the mark of {encoding}, but {_where(data, error)}") from error
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        try:
            return data.decode("cp1252"), "cp1252"
        except UnicodeDecodeError as error:
            raise ValueError(f"the file is neither UTF-8 nor CP1252: {_where(data, error)}") from error


def _where(data: bytes, error: UnicodeDecodeError) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    return f"line {line} has the bytes {data[error.start : error.end].hex()} that do not belong to it"
