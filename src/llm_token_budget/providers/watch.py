"""Watching an answer's bytes to their end, whoever reads them and however they stop."""

from __future__ import annotations

import functools
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from llm_token_budget.providers.answer_reading import AnswerReader
from llm_token_budget.providers.dialect import Framing, Reading
from llm_token_budget.providers.guard import GuardedCall, aend, arenew, charge_of, end, renew

if TYPE_CHECKING:
    from llm_token_budget.ledgers.base import Charge
    from llm_token_budget.reservation import Reservation

AMAZONS: Final = "vnd.amazon.eventstream"


class Ending:
    """The end of an answer: reached once, by whichever way comes first."""

    def __init__(self, reader: AnswerReader, reservations: list[Reservation]) -> None:
        self.reader = reader
        self._reservations = reservations
        for reservation in reservations:
            reservation.held_by(self)
        self._renew_every = min((each.lease for each in reservations), default=0.0) / 3
        self.renew_at = monotonic() + self._renew_every
        """When its room needs to be kept for longer."""

    def is_due(self) -> bool:
        """Whether `go_on` has something to do."""
        return monotonic() >= self.renew_at

    def go_on(self) -> None:
        """More of the answer has come: its room is kept for another lease, well before this one ends."""
        if monotonic() >= self.renew_at:
            self.renew_at = monotonic() + self._renew_every
            for reservation in self._reservations:
                renew(reservation)

    async def ago_on(self) -> None:
        """`go_on` for tasks."""
        if monotonic() >= self.renew_at:
            self.renew_at = monotonic() + self._renew_every
            for reservation in self._reservations:
                await arenew(reservation)

    def now(self, *, ended: bool) -> None:
        """Settle what is still open."""
        for reservation, charge in self.charges(ended=ended):
            end(reservation, charge)

    async def anow(self, *, ended: bool) -> None:
        """`now` for tasks."""
        for reservation, charge in self.charges(ended=ended):
            await aend(reservation, charge)

    def end_early(self) -> None:
        """The budget is closed: as if the stream were closed now."""
        self.later()

    def later(self) -> None:
        """Settle soon: for finalizers and cancelled tasks. Never blocks."""
        for reservation, charge in self.charges(ended=False):
            reservation.book_later(charge)

    def charges(self, *, ended: bool) -> list[tuple[Reservation, Charge | None]]:
        """What is still open, and what it is charged. It is the caller's to end then."""
        taken, self._reservations = self._reservations, []
        if not taken:
            return []
        reading, estimated = self.reader.reading(ended=ended)
        self.reader.call.await_promised(taken)
        return [
            (each, charge_of(each, self._capped(reading, each, estimated=estimated), estimated=estimated))
            for each in taken
        ]

    def _capped(self, reading: Reading | None, reservation: Reservation, *, estimated: bool) -> Reading | None:
        """An estimate is never above what the call can have brought."""
        if reading is None or not estimated or reading.output_tokens is None:
            return reading
        most = reservation.most_output_tokens
        if reading.output_tokens <= most:
            return reading
        return Reading(
            input_tokens=reading.input_tokens,
            output_tokens=most,
            parts=reading.parts,
            model=reading.model,
            service_tier=reading.service_tier,
        )


class _Watched:
    """What the plain and the async byte stream share.

    `close` and finalizers settle later: they may be called by the garbage collector, in the middle of anything.
    """

    def __init__(self, inner: Any, ending: Ending, decoder: Any, *, show_decoded: bool) -> None:
        self._inner = inner
        self._ending = ending
        self._decoder = decoder
        self._show_decoded = show_decoded

    def __getattr__(self, name: str) -> Any:
        # httpx2 asks the stream for `elapsed`, the tracing of SDKs for what it keeps there.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._inner, name)

    def _passes(self) -> Callable[[bytes], bool]:
        """Which pieces can be passed on at a glance."""
        return self._ending.reader.passes if self._decoder is None else _nothing

    def _feed(self, chunk: bytes) -> bytes:
        if self._decoder is None:
            return self._ending.reader.feed(chunk)
        shown = self._ending.reader.feed(_joined(self._decoder.decode(chunk)))
        return shown if self._show_decoded else chunk

    def _finish(self) -> bytes:
        reader = self._ending.reader
        shown = b"" if self._decoder is None else reader.feed(_joined(self._decoder.flush()))
        shown += reader.finish()
        return shown if self._decoder is None or self._show_decoded else b""

    def __del__(self) -> None:
        self._ending.later()


class _PlainMixin(_Watched):
    def __iter__(self) -> Iterator[bytes]:
        ending, passes = self._ending, self._passes()
        try:
            for chunk in self._inner:
                if passes(chunk):
                    if monotonic() >= ending.renew_at:
                        ending.go_on()
                    yield chunk
                    continue
                shown = self._feed(chunk)
                if self._ending.reader.done:
                    self._ending.now(ended=True)
                self._ending.go_on()
                if shown:
                    yield shown
            if rest := self._finish():
                yield rest
        except GeneratorExit:
            self._ending.later()
            raise
        except BaseException:
            self._ending.now(ended=False)
            raise
        self._ending.now(ended=True)

    def close(self) -> None:
        try:
            self._inner.close()
        finally:
            self._ending.later()


class _AsyncMixin(_Watched):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        ending, passes = self._ending, self._passes()
        try:
            async for chunk in self._inner:
                if passes(chunk):
                    if monotonic() >= ending.renew_at:
                        await ending.ago_on()
                    yield chunk
                    continue
                shown = self._feed(chunk)
                if self._ending.reader.done:
                    await self._ending.anow(ended=True)
                await self._ending.ago_on()
                if shown:
                    yield shown
            if rest := self._finish():
                yield rest
        except BaseException:
            # No await here: a cancelled task, or a generator being closed, would not get through it.
            self._ending.later()
            raise
        await self._ending.anow(ended=True)

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            self._ending.later()


def watch(response: Any, call: GuardedCall, *, framing: Framing, hide_usage: bool) -> None:
    """Put a watcher in the place of an unread response's byte stream.

    `response` is httpx's or httpx2's; everything that reads the answer reads from its `stream`.
    """
    streamed = is_stream(response, call)
    framing = framing_of(response, framing)
    hide = hide_usage and streamed
    reader = AnswerReader(call.endpoint, call, streamed=streamed, framing=framing, hide_usage=hide)
    decoder = _decoder(response)
    if decoder is not None and hide:
        del response.headers["content-encoding"]  # The user gets the decoded bytes, less what is hidden.
    plain, asynchronous = _stream_classes(type(response).__module__.partition(".")[0])
    inner = response.stream
    watched = plain if hasattr(inner, "__iter__") else asynchronous
    response.stream = watched(inner, Ending(reader, call.take_reservations()), decoder, show_decoded=hide)


def read_stream(response: Any, call: GuardedCall, *, framing: Framing, hide_usage: bool) -> Ending:
    """The ending of a stream whose bytes are all there: sent without `stream=True`, or made up by a test double."""
    framing = framing_of(response, framing)
    reader = AnswerReader(call.endpoint, call, streamed=True, framing=framing, hide_usage=hide_usage)
    shown = reader.feed(response.content) + reader.finish()
    if hide_usage:
        response._content = shown
    return Ending(reader, call.take_reservations())


def is_stream(response: Any, call: GuardedCall) -> bool:
    """Whether an answer comes as events: by its type, or, where it names none, by what was asked for."""
    kind = response.headers.get("content-type", "")
    if "json" in kind:
        return "ndjson" in kind
    if "event-stream" in kind.lower() or AMAZONS in kind:
        return True
    return call.body.get("stream") is True and (not kind or kind.startswith("text/plain"))


def framing_of(response: Any, usual: Framing) -> Framing:
    """How a stream is cut into events: as the vendor does, unless a cloud passes it on in a way of its own."""
    return "aws" if AMAZONS in response.headers.get("content-type", "") else usual


def _decoder(response: Any) -> Any:
    """How the bytes of a compressed answer are read, by the HTTP library's own decoders; None if it is not compressed."""
    encoding = response.headers.get("content-encoding")
    if not encoding or encoding == "identity":
        return None
    return type(response)(200, headers={"content-encoding": encoding})._get_content_decoder()


def _nothing(piece: bytes) -> bool:
    del piece
    return False


def _joined(decoded: bytes | Iterable[bytes]) -> bytes:
    """What a decoder gives: bytes in httpx, pieces of them in httpx2."""
    return decoded if isinstance(decoded, bytes) else b"".join(decoded)


@functools.cache
def _stream_classes(library: str) -> tuple[type[_PlainMixin], type[_AsyncMixin]]:
    """Byte streams of the library that the response is from: httpx and httpx2 each accept only their own."""
    http: Any = sys.modules[library]
    plain: Any = type("WatchedByteStream", (_PlainMixin, http.SyncByteStream), {})
    asynchronous: Any = type("AsyncWatchedByteStream", (_AsyncMixin, http.AsyncByteStream), {})
    return plain, asynchronous
