"""OpenAI's images and speech: what its models take and report in tokens."""

from __future__ import annotations

import re
from typing import Final

from llm_token_budget.claims import Call
from llm_token_budget.estimation import Opaque, Part, RequestParts
from llm_token_budget.providers.content import items_of, text_parts
from llm_token_budget.providers.dialect import (
    FILES,
    Body,
    Defaults,
    Endpoint,
    Reading,
    positive,
    text_or_none,
)
from llm_token_budget.providers.usage_reading import read_image, read_speech

IMAGE_MODELS: Final = re.compile(r"(chat)?gpt-image-")
SMALL_IMAGE_MODELS: Final = re.compile(r"gpt-image-1|chatgpt-image-latest")
"""Those that draw three sizes only, of 1024x1536 pixels at most."""

SPEECH_MODELS: Final = re.compile(r"gpt-4o(-mini)?-transcribe")
"""The others bill by the minute."""

PATCHES: Final = {"low": 24, "medium": 48, "high": 96}
"""Patches along the longer side. Of later qualities (`xhigh`, `max`) nothing is published.
https://community.openai.com/t/gpt-image-2-output-pricing-calculator-online-and-in-your-code/1382699
(There `low` is 16; the first models, with 272 tokens for 1024x1024, come to more.)
https://developers.openai.com/api/docs/guides/image-generation#cost-and-latency"""

MOST_PIXELS: Final = 3840 * 2160
MOST_PIXELS_OF_SMALL: Final = 1024 * 1536
PARTIAL_IMAGE: Final = 100
"""Output tokens of each image that is shown before the last."""

MOST_PARTIAL_IMAGES: Final = 3
PLANNING: Final = 1024
"""Text that newer models write before they draw; billed, and not bounded by anything published."""

IMAGE_INPUT: Final = 8192
"""Tokens of an image that is read: some 1,100 for what it shows and 6,240 for its details, with `input_fidelity="high"`.
https://developers.openai.com/api/docs/guides/images-vision#calculating-costs"""

SPEECH_INPUT: Final = 16_000
SPEECH_OUTPUT: Final = 2048
"""Context window and most output of https://developers.openai.com/api/docs/models/gpt-4o-transcribe."""


def measures_image(body: Body) -> bool:
    """Whether it is known how many tokens the drawing takes at most."""
    if not IMAGE_MODELS.match(text_or_none(body.get("model")) or "") or body.get("svg") is not None:
        return False  # A drawing in SVG is written by another model, at its own price.
    if body.get("output_format") in ("svg", "gif") or body.get("quality") not in (None, "auto", *PATCHES):
        return False
    # Of several images in a stream, nobody can tell which event is the last.
    return not body.get("stream") or (positive(body.get("n")) or 1) == 1


def read_image_call(body: Body, provider: str, defaults: Defaults) -> Call:
    model = text_or_none(body.get("model")) or ""
    parts: list[Part] = text_parts(body.get("prompt"))
    shown = len(items_of(body.get(FILES))) + len(items_of(body.get("images"))) + bool(body.get("mask"))
    parts += [Opaque(IMAGE_INPUT, "image")] * shown
    estimate = defaults.estimate(RequestParts(provider, model, tuple(parts), messages=1))
    most = image_output(body, model)
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=estimate.upper,
        expected_input_tokens=estimate.expected,
        estimate=estimate,
        max_output_tokens=most,
        # No maximum can be sent: all of it, or nothing.
        min_output_tokens=most,
        choices=positive(body.get("n")) or 1,
        longest_cache="none",
        audio=False,
    )


def image_output(body: Body, model: str) -> int:
    """The most output tokens of one image."""
    patches = PATCHES.get(str(body.get("quality")), PATCHES["high"])
    drawn = -(-patches * patches * (2_000_000 + _pixels(body, model)) // 4_000_000)
    partial = min(positive(body.get("partial_images")) or 0, MOST_PARTIAL_IMAGES)
    return drawn + PARTIAL_IMAGE * partial + PLANNING


def _pixels(body: Body, model: str) -> int:
    size = re.fullmatch(r"(\d{1,5})x(\d{1,5})", str(body.get("size")))
    if size:
        return int(size[1]) * int(size[2])
    return MOST_PIXELS_OF_SMALL if SMALL_IMAGE_MODELS.match(model) else MOST_PIXELS


def read_image_answer(body: Body) -> Reading | None:
    if body.get("svg_usage") is not None:
        return None
    return read_image(body)


class ImageFold:
    """A streamed image: some that are not finished, then the one that is, with its usage."""

    def __init__(self) -> None:
        self.done = False
        self._reading: Reading | None = None

    def feed(self, event: Body) -> None:
        if event.get("type") in ("image_generation.completed", "image_edit.completed"):
            self._reading, self.done = read_image_answer(event), True

    def reading(self) -> Reading | None:
        return self._reading

    def text_seen(self) -> str:
        return ""


def measures_speech(body: Body) -> bool:
    """Whether the model reports tokens."""
    return SPEECH_MODELS.match(text_or_none(body.get("model")) or "") is not None


def read_speech_call(body: Body, provider: str, defaults: Defaults) -> Call:
    model = text_or_none(body.get("model")) or ""
    prompt = defaults.estimate(RequestParts(provider, model, tuple(text_parts(body.get("prompt"))), messages=1))
    # What is cut into pieces is written piece by piece.
    in_pieces = body.get("chunking_strategy") is not None or "diarize" in model
    most = SPEECH_INPUT if in_pieces else SPEECH_OUTPUT
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=SPEECH_INPUT + prompt.upper,
        max_output_tokens=most,
        min_output_tokens=most,
        longest_cache="none",
        audio=True,
    )


def read_speech_answer(body: Body) -> Reading | None:
    return read_speech(body)


class SpeechFold:
    """A streamed transcript."""

    def __init__(self) -> None:
        self.done = False
        self._reading: Reading | None = None
        self._text: list[str] = []

    def feed(self, event: Body) -> None:
        if event.get("type") == "transcript.text.done":
            self._reading, self.done = read_speech_answer(event), True
        elif isinstance(event.get("delta"), str):
            self._text.append(event["delta"])

    def reading(self) -> Reading | None:
        return self._reading

    def text_seen(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        return text


IMAGES: Final = Endpoint(
    read_call=read_image_call,
    read_answer=read_image_answer,
    fold=ImageFold,
    hidden_output=lambda _body, _call: True,
    measures=measures_image,
)
SPEECH: Final = Endpoint(
    read_call=read_speech_call,
    read_answer=read_speech_answer,
    fold=SpeechFold,
    measures=measures_speech,
)
