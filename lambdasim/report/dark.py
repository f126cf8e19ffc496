"""The same colours on dark paper: what is dark becomes light and the other way round, the hue stays.

Lightness and hue are those of OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020,
https://bottosson.github.io/posts/oklab/), in which equal steps look equal, so that shades which can be told apart on
white can be told apart on black. Arithmetic on ``#rrggbb``; standard library only.
"""

from typing import Final

PAPER: Final = "#ffffff"
DARK_PAPER: Final = "#17191d"
DARKEST: Final = 0.21
LIGHTEST: Final = 0.97
"""Lightness that white becomes, that of :data:`DARK_PAPER`, and black."""

_TO_LMS: Final = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB: Final = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_FROM_LAB: Final = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_FROM_LMS: Final = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
Vector = tuple[float, float, float]


def on_dark(colour: str) -> str:
    """Return the partner of ``colour`` (``#rrggbb``) on dark paper."""
    if colour.lower() == PAPER:
        return DARK_PAPER
    lightness, a, b = _lab(colour)
    lightness = DARKEST + (LIGHTEST - DARKEST) * (
        1 - min(lightness, 1.0) ** 2
    )  # the hues, all of medium lightness, end bright
    chroma = 1.0
    while chroma > 0:  # colours that no screen has lose chroma, never their lightness
        rgb = _rgb((lightness, a * chroma, b * chroma))
        if all(-1e-4 <= channel <= 1.0001 for channel in rgb):
            break
        chroma -= 0.05
    return "#" + "".join(f"{round(255 * _encoded(min(max(channel, 0.0), 1.0))):02x}" for channel in rgb)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21, as the Web Content Accessibility Guidelines 2.1 define it."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> Vector:
    encoded = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in encoded)
    return red, green, blue


def _encoded(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _lab(colour: str) -> Vector:
    long, medium, short = (value ** (1 / 3) for value in _times(_TO_LMS, _linear(colour)))
    return _times(_TO_LAB, (long, medium, short))


def _rgb(lab: Vector) -> Vector:
    long, medium, short = (value**3 for value in _times(_FROM_LAB, lab))
    return _times(_FROM_LMS, (long, medium, short))


def _times(matrix: tuple[Vector, ...], vector: Vector) -> Vector:
    first, second, third = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third
