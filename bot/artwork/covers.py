"""A playlist's cover: overlapping shapes in a palette of its own, with its title and date to be read at a glance."""

from __future__ import annotations

import colorsys
import hashlib
import io
import math
import random
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

SIZE = 640
"""Pixels a side: what Spotify keeps of a cover."""
LARGEST = 190_000
"""Bytes: Spotify takes 256 KB of base64, so a little more than this."""

_SCALE = 2  # drawn larger and made smaller, which smooths every edge
_MARGIN = 48
_TITLE_SIZES = (84, 74, 66, 58, 50, 44)
_TITLE_LINES = 3
_DAY_SIZE = 32
_QUALITIES = (90, 82, 74, 62, 50, 38)
_UNTITLED = "Crossfade"
_PLAIN = dict(zip("øØłŁæÆœđıþß", ("o", "O", "l", "L", "ae", "Ae", "oe", "d", "i", "th", "ss"), strict=True))
_SCHEMES = ((0.0, 0.07, 0.14), (0.0, 0.5, 0.55), (0.0, 0.33, 0.4), (0.0, -0.08, 0.42), (0.0, 0.12, 0.58))

Colour = tuple[int, int, int]


class AbstractCovers:
    """Draws covers; the same title, date and seed give the same picture."""

    def draw(self, title: str, subtitle: str, seed: str) -> bytes:
        """Return a square JPEG of at most 190 KB.

        Args:
            title: what is written large; characters that the font lacks are left out.
            subtitle: what is written small below it, such as the day.
            seed: what the shapes and colours come from, such as the tracks' URIs.
        """
        # Seeded from a digest, because Python's own hash of a text differs from one process to the next.
        chance = random.Random(hashlib.sha256(f"{title}\n{seed}".encode("utf-8", "replace")).digest())  # noqa: S311
        palette = _Palette(chance)
        side = SIZE * _SCALE
        picture = _gradient(side, palette.deep, palette.dark, chance.uniform(0, math.tau))
        motif: Callable[[Image.Image, _Palette, random.Random], Image.Image] = chance.choice(
            (_discs, _waves, _rings, _arcs)
        )
        picture = _shade(_grain(motif(picture, palette, chance), chance))
        picture = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        _write(picture, title, subtitle, palette)
        return _jpeg(picture)


class _Palette:
    """Four colours that go together: a dark one, a deep one and two that shine."""

    def __init__(self, chance: random.Random) -> None:
        hue = chance.random()
        _, second, third = chance.choice(_SCHEMES)
        self.dark = _colour(hue + 0.02, 0.10, 0.55)
        self.deep = _colour(hue, 0.27, 0.62)
        self.bright = (_colour(hue + second, 0.58, 0.82), _colour(hue + third, 0.70, 0.78), _colour(hue, 0.47, 0.72))
        self.light = _colour(hue + second, 0.93, 0.6)

    def some(self, chance: random.Random) -> Colour:
        """Return one of those that shine."""
        return chance.choice(self.bright)


def _colour(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _gradient(side: int, start: Colour, end: Colour, angle: float) -> Image.Image:
    """Return a square that goes from one colour to another in some direction."""
    small = 64
    ramp = Image.new("L", (small, small))
    across, down = math.cos(angle), math.sin(angle)
    reach = (abs(across) + abs(down)) * (small - 1) / 2
    middle = (small - 1) / 2
    ramp.putdata(
        [
            round(255 * (0.5 + ((x - middle) * across + (y - middle) * down) / (2 * reach)))
            for y in range(small)
            for x in range(small)
        ]
    )
    mask = ramp.resize((side, side), Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", (side, side), end), Image.new("RGB", (side, side), start), mask)


def _lay(picture: Image.Image, mask: Image.Image, colour: Colour, strength: float) -> Image.Image:
    """Lay a colour over the picture where the mask is, letting what is below shine through."""
    solid = Image.new("RGB", picture.size, colour)
    mixed = Image.blend(ImageChops.screen(picture, solid), solid, 0.72)
    return Image.composite(mixed, picture, mask.point(lambda value: round(value * strength)))


def _discs(picture: Image.Image, palette: _Palette, chance: random.Random) -> Image.Image:
    """Large discs that fade to one side, like records that overlap."""
    side = picture.width
    for _ in range(chance.randint(4, 6)):
        radius = side * chance.uniform(0.16, 0.38)
        x, y = side * chance.uniform(0.05, 0.95), side * chance.uniform(-0.02, 0.62)
        disc = Image.new("L", picture.size)
        ImageDraw.Draw(disc).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        fade = _gradient(side, (255, 255, 255), (40, 40, 40), chance.uniform(0, math.tau)).convert("L")
        picture = _lay(picture, ImageChops.multiply(disc, fade), palette.some(chance), chance.uniform(0.7, 0.95))
    return picture


def _waves(picture: Image.Image, palette: _Palette, chance: random.Random) -> Image.Image:
    """Hills behind hills, each a sum of two waves."""
    side = picture.width
    layers = chance.randint(5, 7)
    for layer in range(layers):
        base = side * (0.12 + 0.62 * layer / layers)
        height = side * chance.uniform(0.04, 0.11)
        first, second = chance.uniform(0.6, 1.4), chance.uniform(1.8, 3.2)
        shift, other = chance.uniform(0, math.tau), chance.uniform(0, math.tau)
        line = [
            (
                x,
                base
                + height * math.sin(math.tau * first * x / side + shift)
                + height * 0.4 * math.sin(math.tau * second * x / side + other),
            )
            for x in range(0, side + 8, 8)
        ]
        mask = Image.new("L", picture.size)
        ImageDraw.Draw(mask).polygon([*line, (side, side), (0, side)], fill=255)
        colour = palette.bright[layer % len(palette.bright)]
        picture = _lay(picture, mask, colour, 0.55 + 0.05 * layer)
    return picture


def _rings(picture: Image.Image, palette: _Palette, chance: random.Random) -> Image.Image:
    """Rings around two points, like two sounds that meet."""
    side = picture.width
    for _ in range(2):
        x, y = side * chance.uniform(0.1, 0.9), side * chance.uniform(0.05, 0.6)
        step, width = side * chance.uniform(0.055, 0.085), round(side * chance.uniform(0.014, 0.03))
        mask = Image.new("L", picture.size)
        draw = ImageDraw.Draw(mask)
        for ring in range(1, chance.randint(7, 10)):
            radius, strength = step * ring, max(0.2, 0.95 - 0.08 * ring)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=round(255 * strength), width=width)
        picture = _lay(picture, mask, palette.some(chance), 1)
    return picture


def _arcs(picture: Image.Image, palette: _Palette, chance: random.Random) -> Image.Image:
    """A quilt of quarter discs."""
    cells = chance.choice((3, 4))
    edges = [round(picture.width * place / cells) for place in range(cells + 1)]
    for row in range(cells):
        for column in range(cells):
            box = edges[column], edges[row], edges[column + 1], edges[row + 1]
            patch = picture.crop(box)
            size = patch.width
            turn = chance.randrange(4)
            x, y = (turn in (1, 2)) * size, (turn in (2, 3)) * size
            patch = _lay(patch, Image.new("L", patch.size, 255), palette.some(chance), chance.uniform(0.05, 0.35))
            mask = Image.new("L", patch.size)
            draw = ImageDraw.Draw(mask)
            draw.ellipse((x - size, y - size, x + size, y + size), fill=255)
            if chance.random() < 0.45:
                draw.ellipse((x - size / 2, y - size / 2, x + size / 2, y + size / 2), fill=70)
            picture.paste(_lay(patch, mask, palette.some(chance), chance.uniform(0.6, 0.95)), box[:2])
    return picture


def _grain(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Add a little noise, so that large areas look like paper and not like a screen."""
    tile = 160
    noise = Image.frombytes("L", (tile, tile), chance.randbytes(tile * tile)).filter(ImageFilter.GaussianBlur(0.6))
    full = Image.new("L", picture.size)
    for x in range(0, picture.width, tile):
        for y in range(0, picture.height, tile):
            full.paste(noise, (x, y))
    return Image.blend(picture, ImageChops.overlay(picture, full.convert("RGB")), 0.10)


def _shade(picture: Image.Image) -> Image.Image:
    """Darken the lower part, where the words are."""
    ramp = Image.new("L", (1, 100))
    ramp.putdata([round(220 * max(0.0, (y - 32) / 67)) for y in range(100)])
    mask = ramp.resize(picture.size, Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", picture.size, (6, 6, 10)), picture, mask)


def _write(picture: Image.Image, title: str, subtitle: str, palette: _Palette) -> None:
    """Write title and date at the bottom, as large as they fit."""
    draw = ImageDraw.Draw(picture)
    day, day_font = _legible(subtitle), _font(_DAY_SIZE)
    bottom = SIZE - _MARGIN
    if day:
        day = _shortened(day, day_font, SIZE - 2 * _MARGIN)
        draw.text((_MARGIN, bottom), day, font=day_font, fill=palette.light, anchor="ls")
        bottom -= _DAY_SIZE + 22
    lines, font = _broken(_legible(title) or _UNTITLED, SIZE - 2 * _MARGIN)
    for line in reversed(lines):
        draw.text((_MARGIN, bottom), line, font=font, fill=(255, 255, 255), anchor="ls", stroke_width=1)
        bottom -= round(font.size * 1.08)


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font that Pillow brings along."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):  # pragma: no cover - a Pillow that was built without FreeType
        raise RuntimeError("this Pillow cannot draw text: it was built without FreeType")
    return font


def _legible(text: str) -> str:
    """Return the text on one line as the font can write it, or nothing where that would be half of it.

    What is no letter, such as an emoji, is left out; a letter that the font lacks loses its accents. In another script
    nothing is left of a title, and one of which only some words are left says something else.
    """
    kept = []
    for char in unicodedata.normalize("NFC", text.replace("\u2018", "'").replace("\u2019", "'")):
        shown = char if char.isspace() or _has_shape(char) else _without_accents(char)
        if not shown and char.isalnum():
            return ""
        kept.append(shown or " ")
    words = [word for word in "".join(kept).split() if any(char.isalnum() for char in word) or word in "&-–·+"]
    return " ".join(words) if any(char.isalnum() for char in "".join(words)) else ""


def _without_accents(char: str) -> str:
    """Return a letter's plain form, or nothing where the font lacks that as well."""
    plain = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    plain = _PLAIN.get(char, plain)
    return plain if plain and all(map(_has_shape, plain)) else ""


@lru_cache(maxsize=4096)
def _has_shape(char: str) -> bool:
    """Say whether the font can draw a character; what it cannot looks like a character that nobody has."""
    if unicodedata.category(char)[0] == "C":
        return False
    font = _font(40)
    return bytes(font.getmask(char)) != bytes(font.getmask("\U0010fffd"))


def _broken(text: str, width: int) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """Return the text in at most three lines, in the largest size in which it fits."""
    lines, font = [text], _font(_TITLE_SIZES[-1])
    for size in _TITLE_SIZES:
        font = _font(size)
        lines = _wrapped(text, font, width)
        if len(lines) <= _TITLE_LINES and all(font.getlength(line) <= width for line in lines):
            return lines, font
    shown = lines[:_TITLE_LINES]
    if len(lines) > _TITLE_LINES:
        shown[-1] += "…"
    return [_shortened(line, font, width) for line in shown], font


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _shortened(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    bare = text.rstrip("…")
    while bare and font.getlength(bare + "…") > width:
        bare = bare[:-1]
    return bare.rstrip() + "…"


def _jpeg(picture: Image.Image) -> bytes:
    """Return the picture as a JPEG that is small enough, in the best quality that is."""
    for side in (SIZE, SIZE // 2):
        scaled = picture if side == SIZE else picture.resize((side, side), Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            stored = io.BytesIO()
            scaled.save(stored, "JPEG", quality=quality, optimize=True)
            if stored.tell() <= LARGEST:
                return stored.getvalue()
    raise RuntimeError("no quality makes this cover small enough")
