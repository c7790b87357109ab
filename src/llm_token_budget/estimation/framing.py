"""What a request costs besides the texts in it: role markers, priming, hidden prompts, the announcement of tools.

OpenAI publishes rules for its chat models: 3 a message and its role, 3 for the reply, and a sum for functions
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
    name: int = 0
    """Per message with a name, besides the name's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRule:
    """Tokens around the names and descriptions of functions, for models that read them in a form of their own."""

    function: int
    first_property: int = 3
    """Once for a function that has properties."""
    property: int = 3
    enum: int = -3
    choice: int = 3
    """Per value of an enum, besides its text."""


@dataclass(frozen=True, slots=True)
class Framing:
    """What is expected, and what to reserve."""

    expected: Frame
    upper: Frame
    functions: FunctionRule | None = None
    """None: functions are read as JSON."""
    published: bool = False
    """Whether the provider says so itself: then `expected` is the truth, as far as the texts are counted exactly."""


OPENAI_OLDER = Framing(
    Frame(request=3, message=4, tools=12, tool=0, name=1),
    Frame(request=4, message=4, tools=16, tool=4, name=2),
    FunctionRule(function=10),
    published=True,
)
OPENAI_CHAT = Framing(
    Frame(request=3, message=4, tools=12, tool=0, name=1),
    Frame(request=4, message=4, tools=16, tool=4, name=2),
    FunctionRule(function=7),
    published=True,
)
OPENAI_REASONING = Framing(
    Frame(request=5, message=4, tools=20, tool=0, name=1),
    Frame(request=12, message=5, tools=40, tool=8, name=2),
    FunctionRule(function=7),
)
GPT_OSS = Framing(
    Frame(request=68, message=4, tools=40, tool=0),
    Frame(request=100, message=10, tools=80, tool=20),
    FunctionRule(function=9),
)
LLAMA = Framing(
    Frame(request=34, message=5, tools=173, tool=47),
    Frame(request=38, message=6, tools=220, tool=70),
)
QWEN = Framing(
    Frame(request=7, message=4, tools=137, tool=55),
    Frame(request=12, message=5, tools=200, tool=80),
)
CLAUDE = Framing(
    # The system prompt that comes with tools is the model's own number: see model_table.
    Frame(request=4, message=4, tools=0, tool=12),
    Frame(request=6, message=5, tools=16, tool=30),
)
UNKNOWN = Framing(
    Frame(request=34, message=5, tools=173, tool=47),
    # Templates of open models bring default system prompts of up to some hundred tokens.
    Frame(request=300, message=12, tools=400, tool=100),
)
