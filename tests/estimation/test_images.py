"""What an image costs, and how large it is."""

import base64
import struct

import pytest

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation import Image, RequestParts, estimate_parts, image_header
from llm_token_budget.estimation.image_header import size_of_base64


def png(width, height):
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x06\x00\x00\x00"


def gif(width, height):
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\xf7\x00\x00"


def jpeg(width, height, *, preview=0):
    segments = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\x00" + bytes(9)
    while preview > 0:
        size = min(preview, 60_000)
        segments += b"\xff\xe1" + struct.pack(">H", size + 2) + bytes(size)
        preview -= size
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + segments + b"\xff\xff" + frame[1:] + b"\xff\xda"


def webp(kind, body):
    return b"RIFF" + struct.pack("<I", 100) + b"WEBP" + kind + struct.pack("<I", 50) + body + bytes(20)


def webp_lossy(width, height):
    return webp(b"VP8 ", b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height))


def webp_lossless(width, height):
    return webp(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14))


def webp_extended(width, height):
    return webp(b"VP8X", bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"))


FORMATS = [png, gif, jpeg, webp_lossy, webp_lossless, webp_extended]


@pytest.mark.parametrize("make", FORMATS)
def test_the_size_is_read_from_the_header(make):
    """Of every format that providers take, without the pixels."""
    assert image_header(make(640, 480)) == (640, 480)
    assert size_of_base64("data:image/x;base64," + base64.b64encode(make(640, 480)).decode()) == (640, 480)


@pytest.mark.parametrize("make", FORMATS)
def test_a_header_that_is_cut_off_is_no_size(make):
    """Nothing is guessed from half a header, and nothing crashes."""
    whole = make(640, 480)
    for end in range(len(whole)):
        assert image_header(whole[:end]) in (None, (640, 480))
    assert image_header(whole[:9]) is None


@pytest.mark.parametrize(
    "data", [b"", b"<svg/>", b"%PDF-1.7", b"\xff\xd8\xff", png(0, 5), b"RIFF1234WEBPnope" + bytes(20)]
)
def test_what_is_no_image_has_no_size(data):
    """The caller then takes the ceiling."""
    assert image_header(data) is None


def test_a_photograph_with_previews_is_read_further():
    """Cameras put more than 64 kB in front of the size."""
    photo = base64.b64encode(jpeg(4000, 3000, preview=150_000)).decode()
    assert size_of_base64(photo) == (4000, 3000)


@pytest.mark.parametrize(
    "text", ["", "data:image/png", "data:image/png;base64,", "!!!!", "data:,%89PNG", "iVBORw0K" * 9]
)
def test_broken_base64_has_no_size(text):
    """Bad input costs the ceiling; it doesn't raise."""
    assert size_of_base64(text) is None


def test_line_breaks_in_base64_do_not_matter():
    """MIME writers break lines every 76 characters."""
    text = base64.encodebytes(jpeg(800, 600, preview=500)).decode()
    assert size_of_base64(text) == (800, 600)


def cost(model, provider="openai", **image):
    estimate = estimate_parts(RequestParts(provider, model, (Image(**image),), messages=0))
    return next(part.upper for part in estimate.parts if part.kind == "images")


@pytest.mark.parametrize(
    ("model", "image", "tokens"),
    [
        ("gpt-4o", {"width": 1024, "height": 1024}, 765),
        ("gpt-4o", {"width": 2048, "height": 4096}, 1105),
        ("gpt-4o", {"width": 4096, "height": 8192, "detail": "low"}, 85),
        ("gpt-4o", {}, 85 + 8 * 170),
        ("gpt-4o-mini", {"width": 512, "height": 512}, 2833 + 5667),
        ("gpt-4o-mini", {"detail": "low"}, 2833),
        ("gpt-5", {"width": 512, "height": 300}, 70 + 140),
        ("claude-haiku-4-5", {}, 1600),
        ("claude-opus-5", {}, 4800),
        ("unheard-of", {}, 16_384),
    ],
)
def test_images_cost_what_the_vendors_publish(model, image, tokens):
    """Examples from the vendors' pages, measured bills, and ceilings where the size is hidden."""
    assert cost(model, **image) == tokens


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-4.1-mini", "gpt-5.4", "o4-mini", "claude-sonnet-4-5", "claude-opus-5", "who-knows"]
)
def test_no_size_costs_more_than_the_ceiling(model):
    """An image whose size is hidden is reserved for the largest there can be."""
    ceiling = cost(model)
    for size in [(1, 1), (1, 100_000), (100_000, 1), (768, 2048), (2048, 769), (5000, 5000), (65_500, 65_500)]:
        assert 0 < cost(model, width=size[0], height=size[1]) <= ceiling


@pytest.mark.parametrize("model", ["gpt-4.1-mini", "gpt-5.4", "claude-sonnet-4-5", "claude-opus-5"])
def test_a_larger_image_never_costs_less(model):
    """Up to the ceiling, tokens grow with the sides."""
    costs = [cost(model, width=side, height=side) for side in range(16, 4000, 16)]
    assert costs == sorted(costs)


def test_the_bytes_of_an_image_are_not_counted_as_text():
    """A megabyte of base64 costs what its 512 x 512 pixels cost."""
    data = "data:image/png;base64," + base64.b64encode(png(512, 512) + bytes(750_000)).decode()
    assert cost("gpt-4o", data=data) == cost("gpt-4o", data=png(512, 512)) == 85 + 170


def test_an_image_without_pixels_is_refused():
    """Sizes that a caller gives must be sizes."""
    with pytest.raises(ConfigurationError, match="at least 1 pixel"):
        cost("gpt-4o", width=0, height=10)
