"""Reading the bill out of an answer's bytes as they pass, and what of a stream was seen if it ends early. Knows no I/O."""

from __future__ import annotations

import json
from typing import Final

from llm_token_budget.providers.dialect import Body, Endpoint, Fold, Framing, Reading, promised_by
from llm_token_budget.providers.framing import DONE, Splitter, event_of, is_done_marker
from llm_token_budget.providers.guard import GuardedCall, count_output, logger, read_bill

LONGEST_ANSWER: Final = 64 * 2**20
"""Bytes of a JSON answer that are kept to read its usage from; a longer one is charged as reserved."""

MOST_KEPT: Final = 128 * 2**10
"""Bytes of a stream that are kept unread: they say nothing of its bill, and are only looked at if it ends early."""

COUNTED_AT: Final = 16_384
"""Characters of output after which they are counted and let go: completions are not kept. (What ends well needs no count.)"""


class AnswerReader:
    """One answer's account. Streams are glanced at as they pass; what tells nothing of the bill is read only if it must be."""

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
