"""Ollama's streamed answers: its SDK gives generators of parts, and so do we.

One that is never started sends nothing. Parts that are nothing but text pass at a glance; they are counted only if the
answer ends early, or if they become many.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from itertools import islice
from time import monotonic
from typing import Any, Final, Literal

from llm_token_budget.providers.answer_reading import AnswerReader
from llm_token_budget.providers.dialect import Body
from llm_token_budget.providers.guard import GuardedCall
from llm_token_budget.providers.server import Lowered, add_hint
from llm_token_budget.providers.watch import Ending

MOST_TEXTS: Final = 2048
"""Texts of a stream's parts, of a token or so each, that are kept before they are counted."""

Saying = Literal["message", "response"]
"""Where the parts of an answer have their text: in a message (chat), or in themselves (generate)."""


class Streaming:
    """A streamed answer's account. It ends when its stream ends, is closed, or is dropped: nothing else holds it."""

    def __init__(self, call: GuardedCall, lowered: Lowered | None) -> None:
        self.call = call
        self._lowered = lowered
        self.ending: Ending | None = None
        self.saying: Saying | None = None
        """None before the first part, and for parts that nobody knows: each of those is read."""
        self.texts: list[str] = []
        """What parts said that were nothing but text, not counted yet."""

    def took(self, part: Any) -> Ending:
        """The first part of the answer has come, the last, or one that is more than text."""
        if self.ending is None:
            reader = AnswerReader(self.call.endpoint, self.call, streamed=True, framing="ndjson", hide_usage=False)
            reservations = self.call.take_reservations()
            self.ending = Ending(reader, reservations)
            for reservation in reservations:
                reservation.held_by(self)
            self.saying = _saying(part)
        self.read_texts(self.ending)
        self.ending.reader.take(_event_of(part))
        return self.ending

    def read_texts(self, ending: Ending) -> None:
        # The list stays: a generator that passes parts on goes on adding to it.
        texts = self.texts[:]
        del self.texts[: len(texts)]
        ending.reader.take_texts(texts)

    def explain(self, error: BaseException) -> None:
        """If the server refused what we changed, say so."""
        add_hint(error, asked_usage=False, lowered=self._lowered)

    def end_early(self) -> None:
        """The budget is closed: as if the stream were closed now."""
        self.left()

    def left(self) -> None:
        """Closed or dropped, perhaps by the garbage collector: nothing here may block."""
        if self.ending is not None:
            self.read_texts(self.ending)
            self.ending.later()
        elif self.call.sent:
            self.call.failed_later(GeneratorExit())
        else:
            for reservation in self.call.take_reservations():
                reservation.release_later()

    def __del__(self) -> None:
        self.left()


def plain_stream(call: GuardedCall, parts: Any, lowered: Lowered | None) -> Generator[Any, None, None]:
    """A streamed answer, as `ollama.Client` gives it: a generator too, of which a part costs little more than one of the SDK's."""
    return _passed_on(Streaming(call, lowered), parts)


def _passed_on(streaming: Streaming, parts: Any) -> Generator[Any, None, None]:
    # Dropped before it is started, it runs nothing: then `streaming` ends with it.
    streaming.call.sent = True
    try:
        for each in parts:
            part = each
            while part is not None:
                ending = streaming.took(part)
                if ending.reader.done:
                    ending.now(ended=True)
                ending.go_on()
                yield part
                plain = _PLAIN.get(streaming.saying)
                part = plain and (yield from plain(parts, streaming.texts, ending.renew_at))
    except GeneratorExit:
        parts.close()
        streaming.left()
        raise
    except BaseException as error:
        parts.close()
        if (begun := streaming.ending) is None:
            streaming.call.failed(error=error)
            streaming.explain(error)
        else:
            streaming.read_texts(begun)
            begun.now(ended=False)
        raise
    if (begun := streaming.ending) is None:
        streaming.call.failed(error=StopIteration())
    else:
        streaming.read_texts(begun)
        begun.now(ended=True)


# A thousand parts pass through one frame of these: each call in them would cost a percent of what the SDK does for a part.


def _plain_of_chat(parts: Any, texts: list[str], until: float) -> Generator[Any, None, Any]:
    """The parts that are nothing but text; returns the first that is not, or None."""
    keep = texts.append
    for part in islice(parts, MOST_TEXTS):
        said = part.message
        if part.done or said.thinking or said.tool_calls or (text := said.content) is None or monotonic() >= until:
            return part
        keep(text)
        yield part
    return None


def _plain_of_generation(parts: Any, texts: list[str], until: float) -> Generator[Any, None, Any]:
    keep = texts.append
    for part in islice(parts, MOST_TEXTS):
        if part.done or part.thinking or (text := part.response) is None or monotonic() >= until:
            return part
        keep(text)
        yield part
    return None


_PLAIN: Final[Mapping[Saying | None, Callable[[Any, list[str], float], Generator[Any, None, Any]]]] = {
    "message": _plain_of_chat,
    "response": _plain_of_generation,
}


class AsyncStream(AsyncGenerator[Any, None]):
    """A streamed answer, as `ollama.AsyncClient` gives it.

    Not a generator itself: one of those that is dropped waits for its event loop to be ended by it.
    """

    def __init__(self, call: GuardedCall, parts: Any, lowered: Lowered | None) -> None:
        self._streaming = Streaming(call, lowered)
        self._parts = parts

    async def __anext__(self) -> Any:
        streaming = self._streaming
        if streaming.ending is None:
            streaming.call.sent = True
        try:
            part = await anext(self._parts)
        except Exception as error:
            if (ending := streaming.ending) is not None:
                streaming.read_texts(ending)
                await ending.anow(ended=isinstance(error, StopAsyncIteration))
            else:
                await streaming.call.afailed(error=error)
                streaming.explain(error)
            raise
        except BaseException:
            streaming.left()
            raise
        if self._passes(part):
            return part
        ending = streaming.took(part)
        if ending.reader.done:
            await ending.anow(ended=True)
        await ending.ago_on()
        return part

    async def asend(self, value: None, /) -> Any:
        del value
        return await self.__anext__()

    async def athrow(self, *error: Any) -> Any:
        self._streaming.left()
        return await self._parts.athrow(*error)

    async def aclose(self) -> None:
        try:
            await self._parts.aclose()
        finally:
            self._streaming.left()

    def _passes(self, part: Any) -> bool:
        """Whether a part is nothing but text: it may pass at once."""
        streaming = self._streaming
        saying, ending = streaming.saying, streaming.ending
        if saying is None or ending is None or part.done or monotonic() >= ending.renew_at:
            return False
        in_message = saying == "message"
        said = part.message if in_message else part
        text = said.content if in_message else said.response
        if said.thinking or text is None or (in_message and said.tool_calls) or len(streaming.texts) >= MOST_TEXTS:
            return False
        streaming.texts.append(text)
        return True


def _saying(part: Any) -> Saying | None:
    """Where parts like this one have their text."""
    if all(hasattr(part, name) for name in ("done", "response", "thinking")):
        return "response"
    if hasattr(part, "done") and hasattr(getattr(part, "message", None), "tool_calls"):
        return "message"
    return None


def _event_of(part: Any) -> Body:
    """A part of an answer as its JSON object. By attribute: dumping the whole model for each token would be slow."""
    event = {name: value for name in _FIELDS if (value := getattr(part, name, None)) is not None}
    message = getattr(part, "message", None)
    if message is not None:
        calls = getattr(message, "tool_calls", None)
        event["message"] = {
            "content": getattr(message, "content", None),
            "thinking": getattr(message, "thinking", None),
            "tool_calls": [str(call) for call in calls] if calls else None,
        }
    return event


_FIELDS: Final = ("response", "thinking", "done", "model", "prompt_eval_count", "eval_count")
