"""Dates in Chinese and English prose, relative ones resolved against the document's date, precision kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from knowledge.numerals import half_width

__all__ = ["DateMention", "find_dates"]


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date as a text gives it. `iso` keeps the precision: 2024, 2024H1, 2024Q3, 2024Q1-Q3, 2024-03 or 2024-03-08.

    The end of a year (年底) is its last quarter, the beginning (年初) its first, the middle (年中) the year's Q2-Q3.
    """

    start: int
    end: int
    text: str
    iso: str


_MONTHS = {
    name: at
    for at, names in enumerate(
        (
            "",
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        )
    )
    for name in names.split()
}
_MONTH = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
_YEAR = r"(?P<year>19[5-9]\d|20[0-4]\d)"
_RELATIVE = {"去年": -1, "上年": -1, "前年": -2, "今年": 0, "本年": 0, "当年": 0, "明年": 1, "后年": 2, "同年": 0}
_QUARTER = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_PART = r"(?P<part>上半年|下半年|前三季度|前三个季度|第?[一二三四1-4]季度|[Qq][1-4]|[Hh][12]|年?底|年?末|年?初|年中(?![国央芯科兴东部移方信石建车欧美日外小低微昊高])|第?[一二三四]季|\s?(?:fiscal\s)?year)"
# Tried where a year stands; of several that fit there the longest says most, the earlier of two as long.
_YEAR_AT = re.compile(r"(?:19[5-9]|20[0-4])\d")
_FROM_YEAR = (
    re.compile(rf"(?<!\d){_YEAR}\s?年\s?(?P<month>1[0-2]|0?[1-9])\s?月(?:\s?(?P<day>3[01]|[12]\d|0?[1-9])\s?[日号])?"),
    re.compile(
        rf"(?<![\d.\-/]){_YEAR}(?P<sep>[-/.])(?P<month>1[0-2]|0?[1-9])(?:(?P=sep)(?P<day>3[01]|[12]\d|0?[1-9]))?(?![\d]|[.\-/]\d)"
    ),
    re.compile(rf"(?<!\d){_YEAR}\s?(?:年度?|财年)?的?\s?{_PART}"),
    re.compile(rf"(?<!\d){_YEAR}\s?(?:年度?|财年|财政年度)(?!\d|多|半)"),
    re.compile(
        rf"(?<![\d\w.$¥+\-/]){_YEAR}(?![\d\w%+]|\.\d|[-/.]\d{{1,2}}[-/.]\d|\s?(?:[-–~]\s?)?(?:[A-Z]{{2,}}|GB|MB|W\b|cards|chips|GPUs|units|nodes|张|颗|片|块|卡|个|台|套|家|人|元|万|亿|倍|MHz|核|款|瓦|位|项|名|股|只|间))"
    ),
)
# Forms that end in a year: looked for in the few characters before it, when these are Latin letters or digits.
_TO_YEAR = (
    re.compile(rf"(?P<q>[Qq][1-4]|[Hh][12])\s?(?:of\s)?(?:FY)?\s?{_YEAR}"),
    re.compile(rf"(?i:\b(?P<qword>first|second|third|fourth)[- ](?P<span>quarter|half)(?:\s+of)?\s+){_YEAR}"),
    re.compile(rf"(?i:\b(?P<edge>end|beginning|start|late|early|mid)[- ](?:of\s+)?){_YEAR}"),
    re.compile(rf"\b(?P<mname>{_MONTH})\s+(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?,?\s+{_YEAR}"),
    re.compile(rf"(?<!\d)(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\s+(?P<mname>{_MONTH}),?\s+{_YEAR}"),
    re.compile(rf"\b(?P<mname>{_MONTH}),?\s+(?:of\s+)?{_YEAR}"),
    re.compile(rf"(?:FY|fiscal(?:\s+year)?\s+|fiscal\s)\s?{_YEAR}(?!\d)"),
)
_REACH = 28
# Forms without a year of their own, each with the words that must be there for it to be worth a look.
_YEARLESS = (
    (
        "年",
        re.compile(
            rf"(?P<relative>去年|上年|前年|今年|本年|明年|后年|同年|当年)(?:\s?(?P<month>1[0-2]|0?[1-9])\s?月(?:\s?(?P<day>3[01]|[12]\d|0?[1-9])\s?[日号])?|的?{_PART})?"
        ),
    ),
    ("月日天晚", re.compile(r"(?P<near>上个?月|本月|这个?月|下个?月|昨[天日]|今[天日]|昨晚|前天)")),
    ("半季", re.compile(r"(?P<alone>上半年|下半年|前三季度|前三个季度|第?[一二三四]季度)")),
    ("前", re.compile(r"(?P<years>\d{1,2}|[一两二三四五六七八九十])年(?P<half>半)?(?:多)?(?:以?前|之前)")),
)
_AGO = re.compile(r"(?i)\b(?P<ago>last|this|next)\s+(?P<what>year|month|quarter)\b")
_MONTH_AT = re.compile(r"\d{1,2}\s?月")
_MONTH_ALONE = re.compile(
    r"(?<![\d年])(?P<month>1[0-2]|0?[1-9])\s?月(?:\s?(?P<day>3[01]|[12]\d|0?[1-9])\s?[日号])?(?!球)"
)
_HAN_YEAR = re.compile(r"(?<![〇零一二三四五六七八九])(?:二[〇零]|一九)[〇零一二三四五六七八九]{2}(?=\s?年)")
_HAN_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_AS_OF = re.compile(r"[12]\d{3}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?.*", re.S)
_ANY = re.compile(r"\d|年|月|季|今|昨|[Ll]ast|[Tt]his|[Nn]ext|year")


def find_dates(text: str, as_of: str | None = None) -> list[DateMention]:
    """The dates in `text`, in order, never overlapping.

    Relative ones (去年年底, 今年3月, 上月) and those without a year are found only when `as_of`, the document's date
    (2024, 2024-03 or 2024-03-08), tells what they mean. Dates that no calendar has are left out.
    """
    if not _ANY.search(text):
        return []
    if as_of is not None and not _AS_OF.fullmatch(as_of):
        as_of = None
    written = text
    text = half_width(text)
    if "〇" in text or "零" in text or "一九" in text:
        text = _HAN_YEAR.sub(lambda match: match.group().translate(_HAN_DIGITS), text)
    found: list[DateMention] = []
    for match in _matches(text):
        iso = _resolve(match, as_of)
        if iso is not None:
            found.append(DateMention(match.start(), match.end(), written[match.start() : match.end()], iso))
    # Where mentions overlap the one that begins first and goes on longest says most.
    found.sort(key=lambda mention: (mention.start, mention.start - mention.end))
    kept: list[DateMention] = []
    last = -1
    for mention in found:
        if mention.start >= last:
            last = mention.end
            if mention.text.startswith("同年"):
                # 2021年3月……，同年9月: the year of the date before it, never the document's.
                if not kept:
                    continue
                mention = replace(mention, iso=kept[-1].iso[:4] + mention.iso[4:])
            kept.append(mention)
    return kept


def _matches(text: str) -> Iterator[re.Match[str]]:
    """Everything that reads like a date, overlapping mentions included; the better reading of one start first.

    A look for one plain character or a year comes before each pattern: most texts hold few of either.
    """
    for year in _YEAR_AT.finditer(text):
        start, end = year.span()
        for pattern in _FROM_YEAR:
            match = pattern.match(text, start)
            if match is not None:
                yield match
                if match.lastgroup == "day":
                    # Nothing says more than a whole date.
                    break
        lead = text[max(0, start - 3) : start].rstrip(" ,.-")[-1:]
        if lead and lead.isascii() and lead.isalnum():
            for pattern in _TO_YEAR:
                yield from (
                    match for match in pattern.finditer(text, max(0, start - _REACH), end) if match.end() == end
                )
    for words, pattern in _YEARLESS:
        if any(word in text for word in words):
            yield from pattern.finditer(text)
    if "月" in text:
        for place in _MONTH_AT.finditer(text):
            match = _MONTH_ALONE.match(text, place.start())
            if match is not None:
                yield match
    if "ear" in text or "onth" in text or "uarter" in text:
        yield from _AGO.finditer(text)


def _resolve(match: re.Match[str], as_of: str | None) -> str | None:
    groups = match.groupdict()
    if groups.get("alone") and match.string[match.start() - 1 : match.start()] in tuple("0123456789年"):
        # 2024年上半年 has its year and was read with it.
        return None
    year = int(groups["year"]) if groups.get("year") else None
    if year is None:
        year = _year(groups, as_of)
        if year is None:
            return None
    if groups.get("near"):
        return _near(groups["near"], as_of)
    if groups.get("ago") and groups.get("what") != "year":
        return (
            _shift_month(as_of, {"last": -1, "this": 0, "next": 1}[groups["ago"].lower()])
            if groups["what"] == "month"
            else None
        )
    if groups.get("years"):
        return str(year)
    part = groups.get("part") or groups.get("alone") or groups.get("q")
    if part:
        return f"{year}{_part(part)}"
    if groups.get("qword"):
        index = ("first", "second", "third", "fourth").index(groups["qword"].lower()) + 1
        if groups["span"].lower() == "half":
            return f"{year}H{index}" if index <= 2 else None
        return f"{year}Q{index}"
    if groups.get("edge"):
        edge = groups["edge"].lower()
        return f"{year}{'Q4' if edge in ('end', 'late') else 'Q2-Q3' if edge == 'mid' else 'Q1'}"
    month = groups.get("month") or (str(_MONTHS[groups["mname"].rstrip(".").lower()]) if groups.get("mname") else None)
    if month is None:
        return str(year)
    return _valid(year, int(month), int(groups["day"]) if groups.get("day") else None)


def _year(groups: dict[str, str | None], as_of: str | None) -> int | None:
    """The year that a date without one means, from the document's date."""
    if as_of is None:
        return None
    own = int(as_of[:4])
    if groups.get("relative"):
        return own + _RELATIVE[str(groups["relative"])]
    if groups.get("ago"):
        return own + (
            {"last": -1, "this": 0, "next": 1}[str(groups["ago"]).lower()] if groups.get("what") == "year" else 0
        )
    if groups.get("years"):
        spelled = str(groups["years"])
        number = int(spelled) if spelled.isdigit() else "零一二三四五六七八九十".find(spelled.replace("两", "二"))
        return own - number - (1 if groups.get("half") and len(as_of) >= 7 and int(as_of[5:7]) <= 6 else 0)
    if groups.get("month") and len(as_of) >= 7 and int(str(groups["month"])) > int(as_of[5:7]):
        # News of March that speaks of 11月 means the last one.
        return own - 1
    return own


def _part(part: str) -> str:
    part = part.strip()
    if part in ("上半年", "H1", "h1"):
        return "H1"
    if part in ("下半年", "H2", "h2"):
        return "H2"
    if part.startswith("前三"):
        return "Q1-Q3"
    if part.endswith(("底", "末")):
        return "Q4"
    if part.endswith("初"):
        return "Q1"
    if part == "年中":
        return "Q2-Q3"
    digits = [character for character in part if character in _QUARTER]
    return f"Q{_QUARTER[digits[0]]}" if digits else ""


def _near(word: str, as_of: str | None) -> str | None:
    if as_of is None or len(as_of) < 7:
        return None
    if "月" in word:
        return _shift_month(as_of, -1 if word.startswith("上") else 1 if word.startswith("下") else 0)
    if len(as_of) < 10:
        return None
    from datetime import date, timedelta

    back = 1 if word.startswith("昨") else 2 if word.startswith("前") else 0
    try:
        return (date.fromisoformat(as_of[:10]) - timedelta(days=back)).isoformat()
    except ValueError:
        return None


def _shift_month(as_of: str | None, by: int) -> str | None:
    if as_of is None or len(as_of) < 7:
        return None
    index = int(as_of[:4]) * 12 + int(as_of[5:7]) - 1 + by
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def _valid(year: int, month: int, day: int | None) -> str | None:
    if day is None:
        return f"{year:04d}-{month:02d}"
    from datetime import date

    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
