"""Directions: the words by which a text compares, ranks or reports a change, and numbers written as words."""

from __future__ import annotations

import re
from decimal import Decimal

from knowledge.unmeasured import addresses

_SENSES = {
    "more": (
        "高于|超过|超越|超出|大于|多于|优于|强于|快于|领先于?|胜过|高出|赶超|更高|更大|更多|更快|更强",
        r"more than|higher|greater|larger|bigger|faster|exceed\w*|surpass\w*|outperform\w*|outpac\w*|better than|ahead of|beats?|above|stronger",
    ),
    "less": (
        "低于|不及|不如|不到|小于|少于|弱于|逊于|慢于|落后于?|更低|更小|更少|更慢|更弱",
        r"less than|lower|smaller|slower|fewer|behind|below|weaker|worse than|trails?|lags?",
    ),
    "equal": (
        "相当于|持平|等同于?|媲美|比肩|看齐|相当|一样|相同",
        r"equal\w*|on par|same as|comparable|equivalent|identical|match(?:es|ing)?",
    ),
    "most": (
        "最高|最大|最强|最多|最快|最先进|最贵|之最|首款|首个|首家|首颗|首张|唯一|第一款",
        r"highest|largest|biggest|fastest|strongest|most|first|only|best|leading",
    ),
    "least": ("最低|最小|最弱|最少|最慢|最便宜", r"lowest|smallest|slowest|least|fewest|cheapest|worst"),
    "up": (
        "提升|提高|增长|增加|上涨|上升|增至|升至|翻番|翻倍|扩大|扭亏",
        r"increas\w*|grew|grow\w*|ris(?:e|es|ing)|rose|up by|improv\w*|gain\w*|doubl\w*|tripl\w*|surg\w*|jump\w*",
    ),
    "down": (
        "下降|下跌|减少|降低|降至|缩减|缩短|下滑|减亏|收窄|跌至",
        r"decreas\w*|fell|fall\w*|declin\w*|drop\w*|down by|reduc\w*|shr[iua]nk\w*|narrow\w*",
    ),
}
_PATTERNS = [
    (sense, re.compile(f"{han}|(?<![A-Za-z])(?:{latin})(?![A-Za-z])", re.I)) for sense, (han, latin) in _SENSES.items()
]
_WRITTEN = {
    word: Decimal(value)
    for value, words in {
        2: "two twice double doubled doubles 翻倍 翻番 翻了一番",
        3: "three thrice triple tripled",
        4: "four quadruple quadrupled",
        5: "five",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve dozen",
        16: "sixteen",
        20: "twenty",
        30: "thirty",
        50: "fifty",
        100: "hundred",
        1000: "thousand",
        1000000: "million",
        1000000000: "billion",
    }.items()
    for word in words.split()
} | {word: Decimal("0.5") for word in ("half", "一半", "减半", "halved")}
_NUMBER_WORDS = re.compile(
    "|".join(
        rf"(?<![A-Za-z0-9]){word}(?![A-Za-z])" if word.isascii() else word
        for word in sorted(_WRITTEN, key=len, reverse=True)
    ),
    re.I,
)


def directions(text: str) -> list[tuple[str, str, int, int]]:
    """(word, sense, start, end) of each word of comparison or change, in order; senses are the keys above.

    Words that a web address is made of compare nothing.
    """
    links = list(addresses(text))
    found = [
        (match.group(), sense, match.start(), match.end())
        for sense, pattern in _PATTERNS
        for match in pattern.finditer(text)
        if not any(start <= match.start() < end for start, end in links)
    ]
    return sorted(found, key=lambda hit: hit[2])


def written_numbers(text: str) -> dict[str, Decimal]:
    """The numbers that `text` writes as words, with their values: twice, 翻倍, half."""
    return {match.group().casefold(): _WRITTEN[match.group().casefold()] for match in _NUMBER_WORDS.finditer(text)}
