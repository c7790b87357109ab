"""What a request costs besides the texts in it: role markers, priming, hidden prompts, the announcement of tools.

OpenAI publishes rules for its older chat models: 3 a message and its role, 3 for the reply
(https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken). The rest was measured on the APIs by others
(https://www.npmjs.com/package/ai-tokenizer 1.0.6, MIT) or read off the chat templates; where neither exists, the
constant is generous. Settling corrects them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Tokens around the texts of a request."""

    request: int
    """Once, for any request with messages: priming, hidden system prompt, dates."""
    message: int
    """Per message: markers and the role."""
    tools: int
    """Once, if there are tools."""
    tool: int
    """Per tool, besides its text."""


@dataclass(frozen=True, slots=True)
class Framing:
    """What is expected, and what to reserve."""

    expected: Frame
    upper: Frame


OPENAI_CHAT = Framing(
    Frame(request=3, message=4, tools=14, tool=6),
    # A message with a name has a token more; 8 covers one of several content parts.
    Frame(request=8, message=8, tools=32, tool=20),
)
OPENAI_REASONING = Framing(
    Frame(request=5, message=4, tools=24, tool=6),
    Frame(request=24, message=8, tools=120, tool=24),
)
GPT_OSS = Framing(
    Frame(request=68, message=4, tools=40, tool=9),
    Frame(request=100, message=10, tools=80, tool=32),
)
LLAMA = Framing(
    Frame(request=34, message=5, tools=173, tool=47),
    Frame(request=48, message=8, tools=240, tool=80),
)
QWEN = Framing(
    Frame(request=7, message=4, tools=137, tool=55),
    Frame(request=40, message=10, tools=220, tool=90),
)
CLAUDE = Framing(
    # The system prompt that comes with tools is the model's own number: see model_table.
    Frame(request=4, message=4, tools=0, tool=12),
    Frame(request=14, message=8, tools=0, tool=60),
)
UNKNOWN = Framing(
    Frame(request=34, message=5, tools=173, tool=47),
    # Templates of open models bring default system prompts of up to some hundred tokens.
    Frame(request=300, message=12, tools=400, tool=100),
)
