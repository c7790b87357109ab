"""Commands as the server reads them. redis-py writes them too, at many times the cost."""

from __future__ import annotations

from collections.abc import Sequence

Word = bytes | str | int


def packed(command: Sequence[Word]) -> bytes:
    """A whole command."""
    return b"*%d\r\n%b" % (len(command), packed_words(*command))


def packed_words(*words: Word) -> bytes:
    """A part of a command."""
    written = [each if type(each) is bytes else str(each).encode() for each in words]
    return b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in written])
