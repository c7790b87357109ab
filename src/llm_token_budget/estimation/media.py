"""What images, sound and documents cost. Where their size can't be seen, they cost the ceiling of the model's rule."""

from __future__ import annotations

import re
from math import ceil, isfinite

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation.image_header import image_header, size_of_base64
from llm_token_budget.estimation.images import Size
from llm_token_budget.estimation.models import ModelFacts
from llm_token_budget.estimation.parts import Audio, Document, Image
from llm_token_budget.estimation.text import TextCount

# Input sound is 10 tokens a second (https://community.openai.com/t/971012); half as much again to be sure.
_TOKENS_PER_SECOND, _MOST_PER_SECOND = 10, 15
# Without its length: speech is usually encoded with 32 kbit/s or more, and never below the 8 kbit/s of MPEG's lowest.
_USUAL_BYTES_PER_SECOND, _LEAST_BYTES_PER_SECOND = 4000, 1000
# OpenAI takes files of up to 25 MB; with the usual rate that's an hour and three quarters.
_LARGEST_SOUND = 25_000_000

# Claude: 1,500 to 3,000 tokens of text a page, and the page's picture
# (https://docs.claude.com/en/docs/build-with-claude/pdf-support); a dense page was measured at 3,152 in all.
_PAGE_TEXT, _MOST_PAGE_TEXT = 1200, 3000
_MOST_PAGES, _MOST_PAGES_LONG = 100, 600
_LARGEST_CONTEXT = 1_050_000
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")


def count_image(part: Image, facts: ModelFacts) -> TextCount:
    """Count an image by the model's rule."""
    return TextCount(*facts.image_rule.tokens(_size(part), part.detail))


def _size(part: Image) -> Size | None:
    if part.width is not None and part.height is not None:
        if part.width <= 0 or part.height <= 0:
            raise ConfigurationError(
                f"an image must be at least 1 pixel wide and high, not {part.width} x {part.height}"
            )
        return part.width, part.height
    if part.data is None:
        return None
    return size_of_base64(part.data) if isinstance(part.data, str) else image_header(part.data)


def count_audio(part: Audio, facts: ModelFacts) -> TextCount:
    """Count sound by its length, else by its size."""
    seconds, size = part.seconds, part.size
    if seconds is not None:
        if not isfinite(seconds) or seconds < 0:
            raise ConfigurationError(f"Audio.seconds must be 0 or more, not {seconds!r:.80}")
        return TextCount(ceil(seconds * _TOKENS_PER_SECOND), ceil(seconds * _MOST_PER_SECOND))
    if size is None:
        size = _LARGEST_SOUND
    elif size < 0:
        raise ConfigurationError(f"Audio.size must be 0 or more bytes, not {size!r:.80}")
    expected = ceil(size / _USUAL_BYTES_PER_SECOND * _TOKENS_PER_SECOND)
    upper = ceil(size / _LEAST_BYTES_PER_SECOND * _MOST_PER_SECOND)
    most = facts.context_window or _LARGEST_CONTEXT
    return TextCount(min(expected, most), min(upper, most))


def count_document(part: Document, facts: ModelFacts) -> TextCount:
    """Count a document by its pages; if they can't be seen, as many as the API takes or the context holds."""
    pages = part.pages
    if pages is None and part.data is not None:
        pages = pdf_pages(part.data)
    picture, most_picture = facts.image_rule.tokens(None, "high")
    page, most_page = _PAGE_TEXT + picture, _MOST_PAGE_TEXT + most_picture
    context = facts.context_window or _LARGEST_CONTEXT
    if pages is None:
        most = _MOST_PAGES_LONG if context > 500_000 else _MOST_PAGES
        return TextCount(min(10 * page, context), min(most * most_page, context))
    if pages < 0:
        raise ConfigurationError(f"Document.pages must be 0 or more, not {pages!r:.80}")
    return TextCount(page * pages, most_page * pages)


def pdf_pages(data: bytes) -> int | None:
    """Count the pages of a PDF; None if it is none, or keeps its page objects in compressed streams."""
    if not data.startswith(b"%PDF") or b"/ObjStm" in data:
        return None
    return len(_PAGE.findall(data)) or None
