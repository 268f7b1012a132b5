"""Bytes to text. Which encoding a file has is told by its bytes, not by what was agreed."""

import codecs

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK_BYTES = 1 << 20


def encoding_of(data: bytes) -> str:
    """Give the name of the encoding: by a byte order mark, else strict UTF-8, else CP1252. All bytes are checked,
    piece by piece, so that memory stays flat.

    Detectors that guess take CP1252 for other encodings, so none is used. Raises ValueError, naming
    the line and the byte, when none of the three fits.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            if _fits(data, encoding):
                return encoding
            raise ValueError(f"the file begins with the mark of {encoding}, but {_where(data, encoding)}")
    for encoding in ("utf-8", "cp1252"):
        if _fits(data, encoding):
            return encoding
    raise ValueError(f"the file is neither UTF-8 nor CP1252: {_where(data, 'cp1252')}")


def decode(data: bytes) -> tuple[str, str]:
    """Give the text and the name of its encoding. Raises ValueError as `encoding_of`."""
    encoding = encoding_of(data)
    return data.decode(encoding), encoding


def ends_with_newline(data: bytes, encoding: str) -> bool:
    """Tell whether the last character is a line feed."""
    return data.endswith((b"\n\x00", b"\x00\n") if encoding == "utf-16" else b"\n")


def _fits(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), _CHUNK_BYTES):
            decoder.decode(data[start : start + _CHUNK_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _where(data: bytes, encoding: str) -> str:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return f"line {line} has the bytes {data[error.start : error.end].hex()} that do not belong to it"
    return "it holds bytes that do not belong to it"
