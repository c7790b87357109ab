"""What an image costs: three published ways of counting, and ceilings for images whose size can't be seen.

Sources, all read in November 2026: tiles and patches
https://platform.openai.com/docs/guides/images-vision#calculating-costs, where down-scaled patches bill the maximum
https://community.openai.com/t/1281361, and GPT-5.2 and later 1.2 times that https://community.openai.com/t/1372291;
Claude's patches of 28 pixels (before: width x height / 750) https://docs.claude.com/en/docs/build-with-claude/vision.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Protocol

Size = tuple[int, int]
"""Width and height in pixels."""


class ImageRule(Protocol):
    """How a model counts an image."""

    def tokens(self, size: Size | None, detail: str | None) -> tuple[int, int]:
        """Return expected and upper tokens; a size of None (a URL, a file id) costs the ceiling."""
        ...


@dataclass(frozen=True, slots=True)
class Tiles:
    """OpenAI's older vision models: scaled into 2048 pixels, the short side to 768, then cut into tiles of 512."""

    base: int
    tile: int

    def tokens(self, size: Size | None, detail: str | None) -> tuple[int, int]:
        if detail == "low":
            return self.base, self.base
        tiles = 8 if size is None else _tiles(size)
        cost = self.base + self.tile * tiles
        return (self.base + self.tile * 4 if size is None else cost), cost


def _tiles(size: Size) -> int:
    scale = min(1.0, 2048 / max(size), 768 / min(size))
    # A hair below whole pixels: 1024 x 0.75 must stay 768.
    across, down = (ceil((side * scale - 1e-6) / 512) for side in size)
    return max(1, min(across * down, 8))


@dataclass(frozen=True, slots=True)
class Patches:
    """OpenAI's newer vision models: patches of 32 pixels, at most `budget` of them, times a factor.

    `detail="low"` is not told apart: what it costs is not published for all of them.
    """

    multiplier: float
    budget: int = 1536
    largest_budget: int | None = None
    """For `detail="original"`, where offered."""
    surcharge: float = 1.0
    """What was seen billed on top of the published rule."""

    def tokens(self, size: Size | None, detail: str | None) -> tuple[int, int]:
        largest = self.largest_budget or self.budget
        budget = self.budget if detail in ("low", "high") else largest
        patches = budget if size is None else min(_squares(size, 32), budget)
        expected = patches if size is not None else min(patches, 1024)
        return ceil(expected * self.multiplier), ceil(patches * self.multiplier * self.surcharge)


@dataclass(frozen=True, slots=True)
class Area:
    """Claude: patches of 28 pixels (before: an area of 750 square pixels a token), scaled down to a most."""

    most: int
    upper: int

    def tokens(self, size: Size | None, detail: str | None) -> tuple[int, int]:  # noqa: ARG002 (Claude has no detail)
        if size is None:
            return self.most, self.upper
        patches = _squares(size, 28)
        area = ceil(size[0] * size[1] / 750)
        return min(patches, self.most), min(max(patches, area) + 8, self.upper)


@dataclass(frozen=True, slots=True)
class AtMost:
    """A model whose rule isn't published, or not looked up: a ceiling, whatever the image."""

    expected: int
    upper: int

    def tokens(self, size: Size | None, detail: str | None) -> tuple[int, int]:  # noqa: ARG002 (the protocol's shape)
        return self.expected, self.upper


UNKNOWN_IMAGES = AtMost(expected=1600, upper=16_384)
"""For models that nobody knows: more than any rule here but that of GPT-4o mini, which bills its images 33-fold."""


def _squares(size: Size, side: int) -> int:
    return max(1, -(-size[0] // side) * -(-size[1] // side))
