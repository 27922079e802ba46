"""Compression: only for clients that take it, and what they unpack is the answer."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline.http.compression import compress, takes_gzip


@given(st.binary(max_size=20_000))
def test_what_is_unpacked_is_the_body(body: bytes) -> None:
    assert gzip.decompress(compress(body)) == body


@pytest.mark.parametrize(
    "sent",
    ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP", "x-gzip", "*", "gzip ; q=0.001",
     "identity;q=0.5,gzip"],
)  # fmt: skip
def test_clients_that_take_gzip(sent: str) -> None:
    assert takes_gzip(sent.encode())


@pytest.mark.parametrize(
    "sent",
    ["", "identity", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "*, gzip;q=0", "deflate, gzip;q=0", "gzipped",
     "gzip;q=x", "gzip;level=1", ",", "gzip" + " " * 300],
)  # fmt: skip
def test_clients_that_do_not(sent: str) -> None:
    assert not takes_gzip(sent.encode())


@given(st.binary(max_size=400))
def test_any_header_is_read(sent: bytes) -> None:
    assert takes_gzip(sent) in (True, False)
