import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.errors import Corrupt
from services.ledger.export import body_of, line_of, read_export


@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_come_back_exactly_one_line_each(stored: list[bytes]) -> None:
    written = b"".join(line_of(body) for body in stored)
    assert written.count(b"\n") == len(stored)
    assert list(read_export(io.BytesIO(written))) == stored


def test_a_body_stands_in_the_export_as_it_is() -> None:
    assert line_of(b'{"position":1}') == b'{"position":1}\n'


@pytest.mark.parametrize("body", [b"two\nlines", b'{"body":"x"}', b"\n", b""])
def test_a_body_that_is_no_line_or_looks_like_a_wrapped_one_comes_back_too(body: bytes) -> None:
    assert body_of(line_of(body)) == body


@pytest.mark.parametrize("line", [b'{"body":', b'{"body":"%"}', b'{"body":1}', b'{"body":"","more":1}'])
def test_a_broken_wrapped_line_is_told(line: bytes) -> None:
    with pytest.raises(Corrupt, match="base64"):
        body_of(line)
