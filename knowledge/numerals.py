"""Numerals: how numbers are written in Chinese and English text, and what they are worth."""

from __future__ import annotations

import functools
import re
from decimal import Decimal, InvalidOperation

# A number in digits (three styles of thousands separators, decimals, exponents) and one in Chinese characters.
NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d{1,3}(?:[\u202f\u2009\u00a0]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3}(?![A-Za-z0-9]))?)"
HAN_NUMBER = r"[〇零一二两三四五六七八九十百千万亿]+(?:点[〇零一二三四五六七八九]+)?"
HAN_DIGITS = "〇零一二两三四五六七八九十百千万亿"
MAGNITUDE = (
    r"(?:亿亿|万亿|千亿|百亿|十亿|千万|百万|十万|[万萬亿億千百兆]|(?:trillion|billion|million|thousand|bn|mn)(?![a-z]))"
)
_POWERS = {
    "十": 1,
    "百": 2,
    "千": 3,
    "万": 4,
    "萬": 4,
    "十万": 5,
    "百万": 6,
    "千万": 7,
    "亿": 8,
    "億": 8,
    "十亿": 9,
    "百亿": 10,
    "千亿": 11,
    "万亿": 12,
    "兆": 12,
    "亿亿": 16,
    "thousand": 3,
    "million": 6,
    "mn": 6,
    "billion": 9,
    "bn": 9,
    "trillion": 12,
}
_SCALES = {word: Decimal(10) ** power for word, power in _POWERS.items()}
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．％，＋－～／", "0123456789.%,+-~/")
_FULL_WIDTH |= {code: chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_SEPARATORS = re.compile(r"[,\u202f\u2009\u00a0]")


# The full-width comma is in every Chinese text; it concerns us only between digits.
_WIDE = re.compile("[０-９．％＋－～／Ａ-Ｚａ-ｚ]|[0-9]，[0-9]")


def half_width(text: str) -> str:
    """`text` with full-width digits, letters and signs as plain ones, character for character."""
    return text.translate(_FULL_WIDTH) if not text.isascii() and _WIDE.search(text) else text


def scale_of(magnitude: str) -> Decimal:
    """What 万, 亿 or million multiplies by; 1 for none."""
    return _SCALES[magnitude] if magnitude else Decimal(1)


def decimal_of(text: str) -> Decimal | None:
    """The number that digits spell, or None when it is none or absurdly large (10^30 and more)."""
    try:
        value = Decimal(_SEPARATORS.sub("", text))
    except InvalidOperation:
        return None
    return value if abs(value.adjusted()) <= 30 else None


@functools.lru_cache(maxsize=4096)
def han_value(text: str) -> Decimal | None:
    """The number that Chinese characters spell (二十五, 千万, 三点五), or None when they spell none."""
    if len(text) > 24:
        # Nobody writes such a number, and reading it takes time that grows with its square.
        return None
    single = "零一二三四五六七八九十".find(text.replace("〇", "零").replace("两", "二"))
    if len(text) == 1 and single >= 0:
        return Decimal(single)
    if set(text) <= set("十百千万亿"):
        # 千卡, 万卡, 百亿: one of each.
        text = f"一{text}"
    import cn2an

    try:
        return Decimal(str(cn2an.cn2an(text.replace("〇", "零"), "smart")))
    except (ValueError, KeyError, TypeError):
        return None
