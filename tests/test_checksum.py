"""Facts about seals: whatever bit is flipped, and wherever a file is cut, it shows."""

import zlib

import pytest

from linreg_sweep.storage.checksum import BLANK, checksum, is_whole, with_checksum

CONTENT = with_checksum(f"some text\n{BLANK}\nand more".encode())


def test_a_sealed_file_is_whole() -> None:
    """The checksum is that of the file with zeros in its place."""
    assert is_whole(CONTENT)
    digits = f"{zlib.crc32(CONTENT.replace(CONTENT[29:37], b'0' * 8)):08x}"
    assert f"some text\nlinreg-sweep crc32 {digits}\nand more".encode() == CONTENT


def test_every_flipped_bit_shows() -> None:
    """Those of the checksum and of the words before it, too."""
    for place in range(len(CONTENT)):
        for bit in range(8):
            flipped = bytearray(CONTENT)
            flipped[place] ^= 1 << bit
            assert not is_whole(bytes(flipped)), (place, bit)


def test_every_cut_shows() -> None:
    """At either end, and a byte too many."""
    for place in range(len(CONTENT)):
        assert not is_whole(CONTENT[:place])
        assert place == 0 or not is_whole(CONTENT[place:])
    assert not is_whole(CONTENT + b"\n")


@pytest.mark.parametrize("content", [b"", b"text", BLANK.encode(), BLANK.encode()[:-1]])
def test_what_was_never_sealed_is_not_whole(content: bytes) -> None:
    """Also where it has the blank."""
    assert not is_whole(content)


def test_the_last_blank_takes_the_checksum() -> None:
    """Text before it that looks alike stays."""
    assert with_checksum(f"{BLANK}{BLANK}".encode()).startswith(BLANK.encode())
    assert is_whole(with_checksum(f"{BLANK}{BLANK}".encode()))


def test_a_checksum_from_outside_is_eight_digits() -> None:
    """For files that cannot hold their own."""
    assert checksum(b"123456789") == "cbf43926"  # the check value of CRC-32 (ISO 3309)
