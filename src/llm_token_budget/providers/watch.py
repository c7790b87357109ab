"""Watching an answer's bytes to their end, whoever reads them and however they stop."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from llm_token_budget.providers.dialect import Body, Endpoint, Fold, Framing, Reading, promised_by
from llm_token_budget.providers.framing import DONE, Splitter, event_of, is_done_marker
from llm_token_budget.providers.guard import (
    GuardedCall,
    aend,
    arenew,
    charge_of,
    count_output,
    end,
    logger,
    read_bill,
    renew,
)

if TYPE_CHECKING:
    from llm_token_budget.ledgers.base import Charge
    from llm_token_budget.reservation import Reservation

LONGEST_ANSWER: Final = 64 * 2**20
"""Bytes of a JSON answer that are kept to read its usage from; a longer one is charged as reserved."""

AMAZONS: Final = "vnd.amazon.eventstream"

MOST_KEPT: Final = 128 * 2**10
"""Bytes of a stream that are kept unread: they say nothing of its bill, and are only looked at if it ends early."""

COUNTED_AT: Final = 16_384
"""Characters of output after which they are counted and let go: completions are not kept. (What ends well needs no count.)"""


class AnswerReader:
    """Reads the bill out of an answer's bytes as they pass. Knows no I/O."""

    def __init__(
        self, endpoint: Endpoint, call: GuardedCall, *, streamed: bool, framing: Framing, hide_usage: bool
    ) -> None:
        self._endpoint = endpoint
        self.call = call
        self._framing: Framing = framing
        self._hide = hide_usage
        self._fold: Fold | None = endpoint.fold() if streamed and endpoint.fold else None
        # Amazon's events are in Base64: nothing can be told from their bytes.
        glances = framing == "sse" and self._fold is not None and not endpoint.reads_all(call.body)
        self._glance = glance = endpoint.glance if glances else None
        self._telling = None if glance is None else glance.telling
        self._harmless = None if glance is None else glance.harmless
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._splitter = Splitter(framing)
        self._whole = bytearray()
        self._seen = 0
        self._characters: list[str] = []
        self._waiting = 0
        self._events = 0
        self._readable = True
        self._said_anything = False
        self.marked_done = False

    @property
    def done(self) -> bool:
        """Whether all that is billed has been said."""
        return self._fold is not None and (self._fold.done or self.marked_done)

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk; give what of it (and of what was kept back) the user may see."""
        if self._fold is None:
            if len(self._whole) <= LONGEST_ANSWER:
                self._whole += chunk
            return chunk
        if self.passes(chunk):
            return chunk
        shown = [raw for raw in self._splitter.split(chunk) if self.passes(raw) or not self._take(raw)]
        return b"".join(shown) if self._hide else chunk

    def passes(self, events: bytes) -> bool:
        """Whether a piece of a stream is whole events that say nothing of the bill, by their looks: reading them can wait.

        Most of a stream is. What ends early is read then; what ends well needs no reading.
        """
        telling, harmless = self._telling, self._harmless
        if telling is None or events[-2:] != b"\n\n" or self._splitter.begun:
            return False
        if harmless is None:
            if telling in events:
                return False
        elif events.count(telling) != events.count(harmless) or DONE in events:
            return False
        self._kept.append(events)
        self._kept_bytes += len(events)
        if self._kept_bytes > MOST_KEPT:
            self._read_kept()
        return True

    def finish(self) -> bytes:
        """The bytes have ended: what was kept back."""
        rest = self._splitter.rest()
        if rest and self._fold is not None and self._take(rest):
            return b""
        return rest if self._hide else b""

    def take(self, event: Body) -> None:
        """Fold an event of a stream in. Never raises: the answer is the user's, whatever we make of it."""
        assert self._fold is not None
        self._said_anything = True
        try:
            self._fold.feed(event)
            self._count(self._fold.text_seen())
        except Exception:  # noqa: BLE001 - logged
            logger.exception("an event of a stream could not be read; the call is charged as reserved")
            self._readable = False

    def take_texts(self, texts: list[str]) -> None:
        """Fold in what events said that were nothing but text."""
        if texts:
            self._said_anything = True
            self._events += len(texts) - texts.count("")
            self._add("".join(texts))

    def reading(self, *, ended: bool) -> tuple[Reading | None, bool]:
        """(the bill, whether it is an estimate). None if nobody can know it."""
        if self._fold is None:
            return read_bill(self.call, bytes(self._whole)) if ended else (None, False)
        reading = self._fold.reading()
        if self._readable and reading is not None and reading.complete and (self._fold.done or self.marked_done):
            return reading, False
        self._read_kept()
        if not self._readable or (ended and not self._said_anything and not self.marked_done):
            return None, False
        reading = self._fold.reading()
        self.call.promised = promised_by(self._fold)
        if self._endpoint.hidden_output(self.call.body, self.call.call):
            return None, True
        visible = self._visible(reading)
        return visible if self._readable else None, True

    def _take(self, raw: bytes) -> bool:
        """Fold an event in; whether it is one to hide."""
        event = event_of(raw, self._framing)
        if event is None:
            self.marked_done = self.marked_done or is_done_marker(raw)
            return False
        self.take(event)
        return self._hide and self._endpoint.is_usage_only(event)

    def _read_kept(self) -> None:
        """Read what could wait."""
        kept, self._kept, self._kept_bytes = b"".join(self._kept), [], 0
        if kept and not self._read_at_a_glance(kept):
            for raw in kept.split(b"\n\n"):
                if raw:
                    self._take(raw)

    def _read_at_a_glance(self, events: bytes) -> bool:
        """Take the text of events, if each of them is a text and nothing else."""
        assert self._glance is not None
        said = self._glance.text.findall(events)
        if not said or len(said) != events.count(b"data:"):
            return False
        try:
            text = json.loads(b'"%s"' % b"".join(said))
        except ValueError:
            return False
        self._said_anything = True
        self._events += len(said) - said.count(b"")
        self._add(text)
        return True

    def _count(self, text: str) -> None:
        if not text:
            return
        if self._kept:
            self._read_kept()  # It was said before.
        self._events += 1
        self._add(text)

    def _add(self, text: str) -> None:
        self._characters.append(text)
        self._waiting += len(text)
        if self._waiting >= COUNTED_AT:
            self._count_up()

    def _count_up(self) -> None:
        text, self._characters, self._waiting = "".join(self._characters), [], 0
        try:
            self._seen += count_output(text, self.call.call)
        except Exception:  # noqa: BLE001 - logged
            logger.exception("the output of a stream could not be counted; the call is charged as reserved")
            self._readable = False

    def _visible(self, reading: Reading | None) -> Reading:
        """The input, and the output seen, counted high: what a stream that ended early is charged."""
        if self._characters:
            self._count_up()
        seen = max(self._seen, self._events, (reading.output_tokens or 0) if reading else 0)
        return Reading(
            input_tokens=reading.input_tokens if reading else None,
            output_tokens=seen,
            # Not request by request: what was seen belongs to none of them.
            parts={name: part for name, part in reading.parts.items() if name != "iterations"} if reading else {},
            model=reading.model if reading else None,
            service_tier=reading.service_tier if reading else None,
        )


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
