"""Covers drawn from an identifier alone: the same one always looks the same, as SVG and as PNG."""

from __future__ import annotations

import colorsys
import hashlib
import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SIZE = 300
_PATTERNS = ("rings", "stripes", "dots", "waves")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB = 2


@dataclass(frozen=True, slots=True)
class Design:
    """Two colours of a diagonal gradient, a bright one for the pattern, the pattern, and where it lies."""

    start: tuple[int, int, int]
    end: tuple[int, int, int]
    accent: tuple[int, int, int]
    pattern: str
    x: float
    y: float
    pitch: float
    angle: float


def design_of(kind: str, identifier: str) -> Design:
    """Return the design of a cover; the two colours are neighbours, the accent is a light one."""
    digest = hashlib.sha256(f"{kind}:{identifier}".encode()).digest()
    hue = digest[0] / 256
    turn = 0.06 + 0.16 * digest[1] / 255
    return Design(
        start=_colour(hue, 0.52 + 0.10 * digest[2] / 255, 0.58),
        end=_colour(hue + turn, 0.31 + 0.10 * digest[3] / 255, 0.60),
        accent=_colour(hue + 0.5 * turn, 0.90, 0.80),
        pattern=_PATTERNS[digest[4] % len(_PATTERNS)],
        x=0.15 + 0.7 * digest[5] / 255,
        y=0.15 + 0.7 * digest[6] / 255,
        pitch=26.0 + 26.0 * digest[7] / 255,
        angle=float(np.pi * digest[8] / 255),
    )


def png(kind: str, identifier: str, size: int = SIZE) -> bytes:
    """Return a cover as PNG (RFC 2083), 8 bits a channel, `size` pixels wide and high."""
    pixels = _paint(design_of(kind, identifier), size)
    rows = np.zeros((size, 1 + 3 * size), dtype=np.uint8)
    rows[:, 1:] = pixels.reshape(size, 3 * size)
    header = struct.pack(">IIBBBBB", size, size, 8, _RGB, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 6)
    return _PNG_SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def svg(kind: str, identifier: str) -> str:
    """Return a cover as SVG, in the same colours and pattern as the PNG."""
    design = design_of(kind, identifier)
    start, end, accent = (f"rgb{colour}".replace(" ", "") for colour in (design.start, design.end, design.accent))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" role="img" aria-hidden="true">'
        f'<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop stop-color="{start}"/>'
        f'<stop offset="1" stop-color="{end}"/></linearGradient></defs>'
        f'<rect width="{SIZE}" height="{SIZE}" fill="url(#g)"/>'
        f'<g fill="none" stroke="{accent}" stroke-opacity=".42" stroke-width="{design.pitch * 0.3:.1f}">'
        f"{_svg_pattern(design)}</g></svg>"
    )


def initials_svg(identifier: str, name: str) -> str:
    """Return a round picture of a person with the initials of the name."""
    design = design_of("user", identifier)
    letters = "".join(word[0] for word in name.split()[:2] if word[0].isalnum()).upper()
    start, end = (f"rgb{colour}".replace(" ", "") for colour in (design.start, design.end))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" role="img" aria-hidden="true">'
        f'<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop stop-color="{start}"/>'
        f'<stop offset="1" stop-color="{end}"/></linearGradient></defs><circle cx="50" cy="50" r="50" fill="url(#g)"/>'
        '<text x="50" y="51" fill="#fff" font-family="system-ui,sans-serif" font-size="38" font-weight="600" '
        f'text-anchor="middle" dominant-baseline="central">{letters}</text></svg>'
    )


def _svg_pattern(design: Design) -> str:
    centre_x, centre_y, pitch = design.x * SIZE, design.y * SIZE, design.pitch
    steps = range(1, int(1.5 * SIZE / pitch) + 1)
    if design.pattern == "rings":
        return "".join(f'<circle cx="{centre_x:.1f}" cy="{centre_y:.1f}" r="{pitch * step:.1f}"/>' for step in steps)
    turn = f'<g transform="rotate({np.degrees(design.angle):.1f} {centre_x:.1f} {centre_y:.1f})">'
    offsets = [pitch * step for step in range(-len(steps), len(steps) + 1)]
    if design.pattern == "stripes":
        lines = [f'<path d="M{centre_x + at:.1f} -300V600"/>' for at in offsets]
    elif design.pattern == "dots":
        top, height = centre_y - 12 * pitch, 24 * pitch
        round_dots = f'stroke-linecap="round" stroke-dasharray="0 {pitch:.1f}"'
        lines = [f'<path {round_dots} d="M{centre_x + at:.1f} {top:.1f}v{height:.1f}"/>' for at in offsets]
    else:
        bend = pitch * 0.5
        wave = "".join(f"q{bend:.1f} {-bend:.1f} {2 * bend:.1f} 0t{2 * bend:.1f} 0" for _ in range(16))
        lines = [f'<path d="M{centre_x - 16 * bend * 2:.1f} {centre_y + at:.1f}{wave}"/>' for at in offsets]
    return turn + "".join(lines) + "</g>"


def _paint(design: Design, size: int) -> npt.NDArray[np.uint8]:
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) + 0.5
    along = ((x + y) / (2 * size))[..., None]
    ground = np.array(design.start, np.float32) * (1 - along) + np.array(design.end, np.float32) * along
    scale = size / SIZE
    distance = _distance(design, x / scale - design.x * SIZE, y / scale - design.y * SIZE)
    # One pixel of soft edge around a line that is 0.3 of the pitch wide, or a dot of that diameter.
    ink = np.clip((0.15 * design.pitch - distance) * scale + 0.5, 0.0, 1.0)[..., None] * 0.42
    return np.asarray(ground * (1 - ink) + np.array(design.accent, np.float32) * ink + 0.5, np.uint8)


def _distance(design: Design, x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return how far each point is from the nearest line of the pattern."""
    pitch = design.pitch
    if design.pattern == "rings":
        radius = np.hypot(x, y)
        # The innermost ring has the radius of one pitch, so there is nothing in the centre.
        return np.asarray(np.abs(radius - np.maximum(np.round(radius / pitch), 1.0) * pitch), np.float32)
    cosine, sine = np.cos(design.angle), np.sin(design.angle)
    across, down = x * cosine + y * sine, y * cosine - x * sine
    if design.pattern == "stripes":
        return _to_grid(across, pitch)
    if design.pattern == "dots":
        return np.asarray(np.hypot(_to_grid(across, pitch), _to_grid(down, pitch)), np.float32)
    wave = -0.25 * pitch * np.sin(across * np.pi / (0.5 * pitch) * 0.5)
    return _to_grid(down - wave, pitch)


def _to_grid(values: npt.NDArray[np.float32], pitch: float) -> npt.NDArray[np.float32]:
    return np.asarray(np.abs(values - np.round(values / pitch) * pitch), np.float32)


def _colour(hue: float, lightness: float, saturation: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, lightness, saturation)
    return round(255 * red), round(255 * green), round(255 * blue)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
