"""The models, by how their names begin. The first row that fits counts; a row that knows less says None.

Context windows: genai-prices 0.2 (MIT). Largest outputs: litellm's `model_prices_and_context_window.json` 1.109 (MIT),
given only where they are sure: too low a number would make a bound too low. Claude's tool prompts:
https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview#pricing. All read in November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

from llm_token_budget.estimation import framing
from llm_token_budget.estimation.framing import Framing
from llm_token_budget.estimation.images import UNKNOWN_IMAGES, Area, AtMost, ImageRule, Patches, Tiles


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known about a model. None is "nobody said", never "none"."""

    family: str | None = None
    """Its tokenizer's row in the weights; None if the tokenizer isn't known."""
    token_factor: float = 1.0
    """What its own tokenizer is thought to make of a token of that family."""
    context_window: int | None = None
    """Input and output together, in tokens."""
    max_output_tokens: int | None = None
    """The most that one answer can have, reasoning included."""
    reasoning: bool = False
    """It thinks before it answers, unseen and billed as output; True also if it only can."""
    reasons_unasked: bool = False
    """Of a model that can be asked to think or not to: it thinks unless the request says otherwise."""
    framing: Framing = framing.UNKNOWN
    image_rule: ImageRule = UNKNOWN_IMAGES
    tool_prompt: tuple[int, int] = (0, 0)
    """Tokens of a hidden prompt that tools bring: if the model may choose, if it must call one."""


UNKNOWN = ModelFacts()

K = 1000
M = 1_000_000


def _openai(output: int | None = None, context: int | None = None, image: ImageRule = UNKNOWN_IMAGES) -> ModelFacts:
    return ModelFacts(
        family="o200k", context_window=context, max_output_tokens=output, framing=framing.OPENAI_CHAT, image_rule=image
    )


def _reasoning(output: int | None = None, context: int | None = None, image: ImageRule = UNKNOWN_IMAGES) -> ModelFacts:
    return ModelFacts(
        family="o200k",
        context_window=context,
        max_output_tokens=output,
        reasoning=True,
        framing=framing.OPENAI_REASONING,
        image_rule=image,
    )


def _older(output: int | None, context: int | None, image: ImageRule = UNKNOWN_IMAGES) -> ModelFacts:
    return ModelFacts(
        family="cl100k",
        context_window=context,
        max_output_tokens=output,
        framing=framing.OPENAI_OLDER,
        image_rule=image,
    )


def _open(
    family: str | None,
    frame: Framing,
    context: int | None = None,
    output: int | None = None,
    *,
    reasoning: bool = False,
) -> ModelFacts:
    image = AtMost(1600, 6400) if family == "llama3" else UNKNOWN_IMAGES
    return ModelFacts(
        family=family,
        framing=frame,
        context_window=context,
        max_output_tokens=output,
        image_rule=image,
        reasoning=reasoning,
    )


_O200K_TILES = Tiles(85, 170)
_GPT_5_TILES = Tiles(70, 140)
_O_TILES = Tiles(75, 150)
_PATCHES_MINI = Patches(1.62, surcharge=1.2)
_PATCHES_NANO = Patches(2.46, surcharge=1.2)
_PATCHES_5_2 = Patches(1.0, surcharge=1.2)
_PATCHES_5_4 = Patches(1.0, budget=2500, largest_budget=10_000, surcharge=1.2)

MODELS: tuple[tuple[str, ModelFacts], ...] = (
    # OpenAI.
    (
        "gpt-oss",
        ModelFacts(
            family="o200k", context_window=131_072, max_output_tokens=65_536, reasoning=True, framing=framing.GPT_OSS
        ),
    ),
    ("gpt-3.5-turbo-instruct", ModelFacts(family="cl100k", max_output_tokens=4096)),
    (r"re:gpt-3\.?5-turbo-(16k|0[36])", _older(None, 16_385)),
    ("gpt-35", _older(None, 16_385)),
    ("gpt-3.5", _older(4096, 16_385)),
    ("gpt-4-32k", _older(None, 32_768)),
    ("gpt-4-turbo", _older(4096, 128 * K, _O200K_TILES)),
    ("gpt-4-1106", _older(4096, 128 * K)),
    ("gpt-4-0125", _older(4096, 128 * K)),
    ("gpt-4-vision", _older(4096, 128 * K, _O200K_TILES)),
    ("gpt-4o-mini-audio", _openai(16_384, 128 * K)),
    ("gpt-4o-mini-realtime", _openai()),
    ("gpt-4o-mini-transcribe", _openai()),
    ("gpt-4o-mini-tts", _openai()),
    ("gpt-4o-mini", _openai(16_384, 128 * K, Tiles(2833, 5667))),
    ("gpt-4o-realtime", _openai()),
    ("gpt-4o-transcribe", _openai()),
    ("gpt-4o", _openai(16_384, 128 * K, _O200K_TILES)),
    ("chatgpt-4o", _openai(16_384, 128 * K, _O200K_TILES)),
    ("gpt-4.1-mini", _openai(32_768, 1_047_576, _PATCHES_MINI)),
    ("gpt-4.1-nano", _openai(32_768, 1_047_576, _PATCHES_NANO)),
    ("gpt-4.1", _openai(32_768, 1_047_576, _O200K_TILES)),
    ("gpt-4.5", _openai(16_384, 128 * K, _O200K_TILES)),
    (r"re:gpt-4(-0314|-0613)?$", _older(None, 8192)),
    ("gpt-4", _older(None, None)),
    ("gpt-audio", _openai(16_384, 128 * K)),
    ("gpt-realtime", _openai()),
    ("gpt-image", _openai(image=Tiles(65, 129))),
    ("gpt-5-chat", _openai(16_384, 128 * K, _GPT_5_TILES)),
    ("gpt-5-pro", _reasoning(272 * K, 400 * K, _GPT_5_TILES)),
    ("gpt-5-mini", _reasoning(128 * K, 400 * K, _PATCHES_MINI)),
    ("gpt-5-nano", _reasoning(128 * K, 400 * K, _PATCHES_NANO)),
    ("gpt-5-search", _reasoning(128 * K, None, _GPT_5_TILES)),
    ("gpt-5-image", _reasoning(None, None, _GPT_5_TILES)),
    ("gpt-5", _reasoning(128 * K, 400 * K, _GPT_5_TILES)),
    (r"re:gpt-5\.\d-chat", _openai(16_384, 128 * K, _PATCHES_5_2)),
    ("gpt-5.1-codex-mini", _reasoning(128 * K, 400 * K, _PATCHES_MINI)),
    ("gpt-5.1", _reasoning(128 * K, 400 * K, _GPT_5_TILES)),
    ("gpt-5.2", _reasoning(128 * K, 400 * K, _PATCHES_5_2)),
    ("gpt-5.3", _reasoning(128 * K, 400 * K, _PATCHES_5_2)),
    ("gpt-5.4-mini", _reasoning(128 * K, 400 * K, Patches(1.62, budget=2500, largest_budget=10_000, surcharge=1.2))),
    ("gpt-5.4-nano", _reasoning(128 * K, 400 * K, Patches(2.46, budget=2500, largest_budget=10_000, surcharge=1.2))),
    ("gpt-5.4-image", _reasoning()),
    ("gpt-5.4", _reasoning(128 * K, 1_050_000, _PATCHES_5_4)),
    ("gpt-5.5-cyber", _reasoning(None, None, _PATCHES_5_4)),
    ("gpt-5.5", _reasoning(128 * K, 1_050_000, _PATCHES_5_4)),
    ("gpt-5.6", _reasoning(128 * K, 1_050_000, _PATCHES_5_4)),
    ("gpt-6", _reasoning(128 * K, 1_050_000, _PATCHES_5_4)),
    ("gpt-6.1", _reasoning(128 * K, 1_050_000, _PATCHES_5_4)),
    ("o1-mini", _reasoning(None, 128 * K)),
    ("o1-preview", _reasoning(None, 128 * K)),
    ("o1", _reasoning(100 * K, 200 * K, _O_TILES)),
    ("o3-mini", _reasoning(100 * K, 200 * K)),
    ("o3", _reasoning(100 * K, 200 * K, _O_TILES)),
    ("o4-mini", _reasoning(100 * K, 200 * K, Patches(1.72, surcharge=1.2))),
    ("codex-mini", _reasoning(100 * K, 200 * K, Patches(1.72, surcharge=1.2))),
    ("computer-use", _reasoning(None, None, Tiles(65, 129))),
    ("text-embedding-3", ModelFacts(family="cl100k", context_window=8191, max_output_tokens=0)),
    ("text-embedding-ada", ModelFacts(family="cl100k", context_window=8191, max_output_tokens=0)),
    # OpenAI's names to come: the tokenizer has not changed since GPT-4o, the rest is open.
    (r"re:gpt-[5-9]", _reasoning(None, None, _PATCHES_5_4)),
    (r"re:gpt-[1-9]\d", _reasoning(None, None, _PATCHES_5_4)),
    (r"re:gpt-(chat|live|transcribe|rosalind|daybreak)", _reasoning(None, None, _PATCHES_5_4)),
    (r"re:o[1-9](-|$)", _reasoning(None, None, _O_TILES)),
    # Open weights, at Groq and on local servers.
    ("llama-4", _open("llama3", framing.LLAMA, 131_072)),
    ("llama4", _open("llama3", framing.LLAMA)),
    ("llama-guard-4", _open("llama3", framing.LLAMA, 131_072)),
    ("deepseek-r1-distill-llama", _open("llama3", framing.LLAMA, 131_072, reasoning=True)),
    (r"re:(meta-)?llama-?2", _open(None, framing.UNKNOWN)),
    (r"re:(meta-)?llama-?3", _open("llama3", framing.LLAMA)),
    (r"re:llama-(guard|prompt-guard)", _open("llama3", framing.UNKNOWN)),
    (r"re:hermes-?3", _open("llama3", framing.LLAMA)),
    ("deepseek-r1-distill-qwen", _open("qwen3", framing.QWEN, reasoning=True)),
    ("qwen3.8-27b", _open("qwen3", framing.QWEN, 131_072, 16_384, reasoning=True)),
    ("qwen3-32b", _open("qwen3", framing.QWEN, 131_072, reasoning=True)),
    (r"re:qwq|qvq", _open("qwen3", framing.QWEN, reasoning=True)),
    (r"re:qwen-?(2|1\.5)", _open("qwen3", framing.QWEN)),
    (r"re:qwen", _open("qwen3", framing.QWEN, reasoning=True)),
    (r"re:deepseek-r|magistral", ModelFacts(reasoning=True)),
    (r"re:kimi.*think", ModelFacts(family="o200k", token_factor=1.2, reasoning=True)),
    (r"re:kimi|moonshot", ModelFacts(family="o200k", token_factor=1.2)),
)
"""How a name begins (the next character is no letter, digit or dot) or, after `re:`, a pattern that it begins with.

Kimi's factor is a guess until it is calibrated.
"""

_SMALL_IMAGES = Area(most=1568, upper=1600)
_LARGE_IMAGES = Area(most=4784, upper=4800)


def _claude(
    prompt: tuple[int, int],
    *,
    output: int | None,
    context: int,
    newer: bool = False,
    reasoning: bool = True,
    unasked: bool = False,
) -> ModelFacts:
    return ModelFacts(
        family="claude47" if newer else "claude3",
        context_window=context,
        max_output_tokens=output,
        reasoning=reasoning,
        reasons_unasked=unasked,
        framing=framing.CLAUDE,
        image_rule=_LARGE_IMAGES if newer else _SMALL_IMAGES,
        tool_prompt=prompt,
    )


CLAUDE: dict[tuple[str, int, int], ModelFacts] = {
    ("opus", 3, 0): _claude((530, 281), output=4096, context=200 * K, reasoning=False),
    ("sonnet", 3, 0): _claude((159, 235), output=4096, context=200 * K, reasoning=False),
    ("haiku", 3, 0): _claude((264, 340), output=4096, context=200 * K, reasoning=False),
    ("sonnet", 3, 5): _claude((346, 355), output=8192, context=200 * K, reasoning=False),
    ("haiku", 3, 5): _claude((264, 355), output=8192, context=200 * K, reasoning=False),
    # From Claude 5 on, thinking is on unless it is switched off:
    # https://platform.claude.com/docs/en/about-claude/models/whats-new-opus-5
    # Claude 3.7's largest output depends on a beta header.
    ("sonnet", 3, 7): _claude((346, 355), output=None, context=200 * K),
    ("opus", 4, 0): _claude((313, 315), output=32 * K, context=200 * K),
    ("opus", 4, 1): _claude((313, 315), output=32 * K, context=200 * K),
    # A beta header gives these two a context of a million.
    ("sonnet", 4, 0): _claude((313, 315), output=64 * K, context=1 * M),
    ("sonnet", 4, 5): _claude((496, 588), output=64 * K, context=1 * M),
    ("opus", 4, 5): _claude((496, 588), output=64 * K, context=200 * K),
    ("haiku", 4, 5): _claude((496, 588), output=64 * K, context=200 * K),
    ("opus", 4, 6): _claude((497, 589), output=128 * K, context=1 * M),
    ("sonnet", 4, 6): _claude((497, 589), output=128 * K, context=1 * M),
    ("opus", 4, 7): _claude((675, 804), output=128 * K, context=1 * M, newer=True),
    ("opus", 4, 8): _claude((290, 410), output=128 * K, context=1 * M, newer=True),
    ("opus", 5, 0): _claude((286, 406), output=128 * K, context=1 * M, newer=True, unasked=True),
    ("sonnet", 5, 0): _claude((354, 474), output=128 * K, context=1 * M, newer=True, unasked=True),
    ("fable", 5, 0): _claude((675, 804), output=128 * K, context=1 * M, newer=True, unasked=True),
    ("fable", 5, 2): _claude((675, 804), output=128 * K, context=1 * M, newer=True, unasked=True),
    ("fable", 5, 1): _claude((675, 804), output=128 * K, context=1 * M, newer=True, unasked=True),
    ("opus", 5, 5): _claude((675, 804), output=128 * K, context=1 * M, newer=True, unasked=True),
    ("sonnet", 5, 5): _claude((675, 804), output=128 * K, context=1 * M, newer=True, unasked=True),
    ("haiku", 5, 5): _claude((675, 804), output=128 * K, context=1 * M, newer=True, unasked=True),
}
"""Tier and version -> facts."""

CLAUDE_NEXT = ModelFacts(
    family="claude47",
    reasoning=True,
    reasons_unasked=True,
    framing=framing.CLAUDE,
    image_rule=_LARGE_IMAGES,
    tool_prompt=(675, 804),
)
"""A Claude that isn't listed: the tokenizer and prompts that count highest."""
