"""The grammar of numbers and units in Chinese and English technical text."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from knowledge.units import COUNTERS, COUNTERS_EN, CURRENCIES, SYMBOLS, UNITS, parse_unit, to_unit, unit_of

__all__ = ["Bound", "Quantity", "bare_numbers", "find_quantities", "parse_unit", "render", "to_unit"]

Bound = Literal["exact", "about", "at_least", "at_most", "range"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity as a text states it: `source[start:end] == text`, number and unit, without hedging words.

    `value` is the number in `unit` (`low` and `high` for a range, `value` then being the low end); `base` is the value
    in the dimension's base unit, so that quantities of one dimension compare. `counter` is what a count counts (卡, 颗)
    or the currency of money.
    """

    start: int
    end: int
    text: str
    value: Decimal
    unit: str
    dimension: str
    base: Decimal
    bound: Bound = "exact"
    high: Decimal | None = None
    high_base: Decimal | None = None
    counter: str = ""


_FULL_WIDTH = str.maketrans("０１２３４５６７８９．％，＋－～／", "0123456789.%,+-~/")
_FULL_WIDTH |= {code: chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_MAGNITUDE = {
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
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d{1,3}(?:[\u202f\u2009\u00a0]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3}(?![A-Za-z0-9]))?)"
_HAN_NUMBER = r"[〇零一二两三四五六七八九十百千万亿]+(?:点[〇零一二三四五六七八九]+)?"
_MAG = (
    r"(?:亿亿|万亿|千亿|百亿|十亿|千万|百万|十万|[万萬亿億千百兆]|(?:trillion|billion|million|thousand|bn|mn)(?![a-z]))"
)


def _alternatives(words: list[str]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s") for word in sorted(set(words), key=len, reverse=True))


def _unit_pattern() -> str:
    spelled = [
        spelling
        for spelling, unit in UNITS.items()
        if unit.dimension not in ("compute_bare", "duration") and re.search(r"[A-Za-z%％]", spelling)
    ]
    latin = _alternatives(spelled)
    ms = _alternatives(
        [
            spelling
            for spelling, unit in UNITS.items()
            if unit.dimension == "duration" and spelling.isascii() and len(spelling) > 1
        ]
        + ["µs", "μs"]
    )
    han = _alternatives(
        [
            spelling
            for spelling, unit in UNITS.items()
            if not re.search(r"[A-Za-z%]", spelling) and spelling not in ("×", "％")
        ]
    )
    return (
        rf"(?P<latin>(?i:[KMGTPEZ]\s?FLOP(?:S|/s)?(?:/W)?|[KMGTPEZ]OP(?:S|/s)(?:/W)?)(?![A-Za-z])|(?:{latin}|{ms})(?![A-Za-z0-9])|(?i:[KMGT]B/s|[KMGT]B|[KMG]Hz|nm|fps)(?![A-Za-z0-9/])|[×％])"
        rf"|(?P<han>{han})|(?P<bare>[PE](?![A-Za-z0-9])|[PE](?=\s?(?:算力|级|规模)))|(?P<gig>[GT](?=\s?(?:显存|内存|HBM|GDDR|LPDDR|DDR|大显存|的显存|存储)))"
    )


_UNIT = re.compile(_unit_pattern())
_CURRENCY = re.compile(
    rf"(?P<currency>{_alternatives(list(CURRENCIES))})(?P<per>/股|/张|/颗|/卡|/片|/台|每股|每张| per share| a share)?(?![A-Za-z])"
)
_COUNTER = re.compile(
    rf"(?:余|多|几|[+＋])?\s?(?P<counter>个?晶体管|transistors|{_alternatives(COUNTERS)}|(?:{_alternatives(COUNTERS_EN)})(?![A-Za-z]))"
)
_PARAMETERS = re.compile(r"\s?([BM])(?:illion)?[\s-]?(?:的)?(参数|parameters?|params|参数量|模型|大模型)")
_TIMES = re.compile(
    r"\s?次(?:/秒|每秒)?(?P<float>\s?(?:[/的]?双精度|[/的]?单精度|[/的]?半精度)?[（(]?\s?浮点(?:(?:运算|计算)?(?:/秒|每秒))?)?"
)
_RANGE = re.compile(rf"\s?(?:-|–|—|~|～|至|到|\bto\b)\s?(?:[$¥￥])?(?P<high>{_NUMBER})\s?(?P<magnitude>{_MAG})?")
_SYMBOL = re.compile(rf"(?P<symbol>{_alternatives(list(SYMBOLS))})\s?$")
_EACH = re.compile(r"每(股|张|颗|片|卡|台)(?:价格|售价|约|仅|为|人民币|\s)*$")
_START = re.compile(
    rf"(?<![A-Za-z0-9_.#^])(?:(?P<digits>{_NUMBER})|(?<![第其唯统之单万千百十两几数同专进逐任另某每有无不])(?!(?<=上)[百千万亿])(?P<han>{_HAN_NUMBER}))\s?(?P<magnitude>{_MAG})?"
)
_PERCENT_OF = re.compile(r"百分之(?P<value>\d+(?:\.\d+)?|[〇零一二两三四五六七八九十百点]+)")
_RANK = re.compile(
    r"第\s?(?P<value>\d{1,4}|[一二三四五六七八九十]{1,3})(?:名|位|大)?(?![代款季期版届章节次个批步颗张条])|(?<![A-Za-z])No\.\s?(?P<en>\d{1,3})(?!\d)"
)
# Dates, clock times, addresses, versions, list numbers and citation marks hold numbers that measure nothing.
_NO_QUANTITY = re.compile(
    r"https?://[^\s)\]，。]+|(?<!\d)(?:19|20)\d{2}\s?年(?:\s?\d{1,2}\s?月)?(?:\s?\d{1,2}\s?[日号])?|(?<![\d.])(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:0?[1-9]|[12]\d|3[01])(?![\d.])|(?![\d.])(?!\s?(?:[KMGTPEZkm]?i?(?:(?i:FLOP|OPS)|B/s|B\b|bps|b/s|b\b|Hz|Wh?\b)|nm\b|mm|cm|μm|um\b|bit|ms\b|tokens|images|fps|x\b|[%％亿万元倍瓦纳毫张颗块卡片台个])))"
    r"|(?<!\d)\d{1,2}\s?月\s?\d{1,2}\s?[日号]|(?<![\d个])\d{1,2}\s?月(?![\d])|(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)|\[\d{1,3}(?:[,，]\s?\d{1,3})*\]|【\d{1,3}】"
    r"|(?i:(?<![A-Za-z])(?:PCI[- ]?e|PCI Express|CUDA|USB|HDMI|DP|DirectX|OpenGL|Vulkan|OpenCL|version|ver\.|v|Gen|Wi-?Fi|Bluetooth|MUSA|CANN|ROCm|GPT|Claude|Llama|Qwen|DeepSeek|Gemini|Windows|Ubuntu|Python|PyTorch|TensorFlow|Linux|Kimi|GLM|Sora|Section|Chapter|Figure|Fig\.|Table|Gen\.|NVLink|DDR|HBM|GDDR|第)[- ]?\s?v?\d+(?:\.\d+)*(?![\d%])(?:\s?x\s?\d{1,2}\b)?)"
    r"|(?m:^[ \t\u3000]*\d{1,2}[.、)]\s)|(?m:^#{1,6}[ \t]+\d+(?:\.\d+)*)|(?<!\d)\d+(?:\.\d+){2,}|(?<!\d)\d+\^\d+|(?<![A-Za-z])[A-Za-z]{2,}(?:[-_][A-Za-z]{2,}){0,8}[-_]?\d+(?:[.\-]\d+)*[A-Za-z]*"
)
_BEFORE_ABOUT = re.compile(
    r"(?:约为?|大约|大概|将近|接近|近|约合|差不多|大致|估计|估算为?|~|≈|～|about|around|approximately|approx\.|roughly|nearly|almost|some|an estimated)\s*$",
    re.I,
)
_BEFORE_LEAST = re.compile(
    r"(?:超过|超|逾|不低于|不少于|不小于|至少|大于|高于|突破|>|≥|>=|over|more than|at least|exceeding|exceeds?|above|upwards of|no less than|not less than|no fewer than|not fewer than|greater than|surpass(?:ing|es)?)了?\s*$",
    re.I,
)
_BEFORE_MOST = re.compile(
    r"(?:不超过|不高于|不大于|至多|(?<!不)(?:少于|小于|低于)|<|≤|<=|(?<!no )(?<!not )(?:less than|fewer than)|under|below|no more than|at most)\s*$",
    re.I,
)
_AFTER_ABOUT = re.compile(r"\s?(?:左右|上下|or so)")
_AFTER_LEAST = re.compile(r"\s?(?:以上|\+|＋|之多|or more|or higher|plus)")
_AFTER_MOST = re.compile(r"\s?(?:以下|以内|之内|or less|or lower)")
_FOREIGN = re.compile(r"[A-Za-z]")


@functools.lru_cache(maxsize=4096)
def _han_value(text: str) -> Decimal | None:
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


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(re.sub(r"[,\u202f\u2009\u00a0]", "", text))
    except InvalidOperation:
        return None
    return value if abs(value.adjusted()) <= 30 else None


def find_quantities(text: str) -> list[Quantity]:
    """The quantities in `text`, in order, never overlapping: numbers with a unit, and bare numbers as "plain".

    Linear in the length of the text. Model codes (910B), precision names (FP16), versions, dates and addresses are
    not quantities.
    """
    plain = text.translate(_FULL_WIDTH)
    blocked = [match.span() for match in _NO_QUANTITY.finditer(plain)]
    found: list[Quantity] = []
    at = block = 0
    for match in _PERCENT_OF.finditer(plain):
        spelled = match.group("value")
        value = _decimal(spelled) if spelled[0].isdecimal() and spelled.isascii() else _han_value(spelled)
        if value is not None:
            blocked.append(match.span())
            found.append(
                Quantity(match.start(), match.end(), text[match.start() : match.end()], value, "%", "percent", value)
            )
    for match in _RANK.finditer(plain):
        spelled = match.group("value") or match.group("en")
        value = _decimal(spelled) if spelled.isdigit() else _han_value(spelled)
        if value is not None:
            found.append(
                Quantity(match.start(), match.end(), text[match.start() : match.end()], value, "", "rank", value)
            )
            blocked.append(match.span())
    blocked.sort()
    while True:
        match_ = _START.search(plain, at)
        if match_ is None:
            break
        start = match_.start()
        while block < len(blocked) and blocked[block][1] <= start:
            block += 1
        if block < len(blocked) and blocked[block][0] <= start:
            at = blocked[block][1]
            continue
        quantity = _read(text, plain, match_)
        if quantity is None:
            at = max(match_.end("digits") if match_.group("digits") else match_.end("han"), start + 1)
            if match_.group("digits"):
                at = _end_of_word(plain, at)
            continue
        found.append(quantity)
        at = quantity.end
    found.sort(key=lambda quantity: quantity.start)
    return found


def _end_of_word(plain: str, at: int) -> int:
    """The end of the letters and digits that go on behind a number which turned out to be part of a code."""
    while at < len(plain) and plain[at].isascii() and (plain[at].isalnum()):
        at += 1
    return at


def _read(text: str, plain: str, match: re.Match[str]) -> Quantity | None:
    """The quantity whose number `match` found, or None when what follows makes it a code or a word."""
    start = match.start()
    digits = match.group("digits")
    written_magnitude = match.group("magnitude")
    if digits is not None:
        if re.match(r"0\d", digits):
            # 010-1234, and 000 of "1 024 000": a piece of something longer.
            return None
        value, number_end = _decimal(digits), match.end("digits")
        magnitude_end = match.end("magnitude") if written_magnitude else number_end
    else:
        value, number_end = _han_value(match.group("han")), match.end("han")
        written_magnitude, magnitude_end = None, number_end
    if value is None:
        return None
    if plain[start - 1 : start] == "-" and digits is not None:
        # A minus belongs to the number; a hyphen belongs to what is before it (MLU370-8, 3-4).
        before = plain[start - 2 : start - 1]
        if before and (before.isalnum() and before.isascii()):
            return None
        if not before or before in " \t\n：:为是|(（约达￥$¥" or not before.isascii():
            start, value = start - 1, -value
    elif (
        plain[start - 1 : start] == "/"
        and plain[start - 2 : start - 1].isdigit()
        and digits is not None
        and not re.match(r"\s?[A-Za-z%]", plain[magnitude_end : magnitude_end + 2])
    ):
        return None
    high: Decimal | None = None
    end = magnitude_end
    scale = Decimal(10) ** _MAGNITUDE[written_magnitude] if written_magnitude else Decimal(1)
    ranged = _RANGE.match(plain, magnitude_end) if digits is not None else None
    if ranged is None and digits is not None:
        # 6000元至7000元, 64GB-80GB: the unit stands at both ends.
        first = _unit_at(plain, magnitude_end)
        if first is not None:
            ranged_after = _RANGE.match(plain, first[0])
            if ranged_after is not None:
                second = _unit_at(plain, ranged_after.end())
                if second is not None and second[1] == first[1] and not (first[1] == "W" and False):
                    ranged = ranged_after
    if ranged is not None:
        candidate = _decimal(ranged.group("high"))
        follow = _unit_at(plain, ranged.end())
        upper_mag = ranged.group("magnitude")
        if candidate is not None and follow is not None:
            upper = candidate * (Decimal(10) ** _MAGNITUDE[upper_mag] if upper_mag else Decimal(1))
            # 1-2万 means 10,000 to 20,000: the magnitude stands once for both.
            lower = value * (
                scale if written_magnitude else (Decimal(10) ** _MAGNITUDE[upper_mag] if upper_mag else Decimal(1))
            )
            if lower < upper:
                value, high, end, scale = lower, upper, ranged.end(), Decimal(1)
                written_magnitude = None
                return _finish(text, plain, start, end, value, high, scale, upper_mag or "", digits)
    return _finish(text, plain, start, end, value, high, scale, written_magnitude or "", digits)


def _unit_at(plain: str, at: int) -> tuple[int, str] | None:
    """Where the unit that begins at `at` (after one space) ends, and how it is written; None when there is none."""
    skip = at + 1 if plain[at : at + 1] in (" ", "\u00a0") else at
    for pattern in (_CURRENCY, _UNIT, _COUNTER):
        match = pattern.match(plain, skip)
        if match is not None and match.end() > skip:
            return match.end(), match.group().strip()
    return None


def _finish(
    text: str,
    plain: str,
    start: int,
    end: int,
    value: Decimal,
    high: Decimal | None,
    scale: Decimal,
    magnitude: str,
    digits: str | None,
) -> Quantity | None:
    """Reads the unit behind the number and the hedges around both."""
    skip = end + 1 if plain[end : end + 1] in (" ", "\u00a0") else end
    spaced = skip > end
    wide_scale = scale if high is None else Decimal(1)

    def made(
        stop: int, unit: str, dimension: str, factor: Decimal, *, folded: bool, counter: str = "", begin: int = start
    ) -> Quantity:
        shown = value * wide_scale if folded else value
        top = high * 1 if high is not None else None
        bound = _bound(plain, begin, stop, "range" if high is not None else "exact")
        if high is not None and not folded and magnitude:
            shown, top = value / (Decimal(10) ** _MAGNITUDE[magnitude]), (high / (Decimal(10) ** _MAGNITUDE[magnitude]))
        base = value * wide_scale * factor
        return Quantity(
            begin,
            stop,
            text[begin:stop],
            shown,
            unit,
            dimension,
            base,
            bound,
            top,
            None if high is None else high * factor,
            counter,
        )

    parameters = _PARAMETERS.match(plain, end)
    if parameters is not None:
        power = Decimal(10) ** (9 if parameters.group(1) == "B" else 6)
        return Quantity(
            start,
            parameters.end(),
            text[start : parameters.end()],
            value * power,
            "参数",
            "count",
            value * power,
            counter="参数",
        )
    symbol = _SYMBOL.search(plain[max(0, start - 4) : start])
    currency = _CURRENCY.match(plain, skip)
    if symbol is not None or currency is not None:
        code = SYMBOLS[symbol.group("symbol")] if symbol is not None else CURRENCIES[currency.group("currency")]  # type: ignore[union-attr]
        begin = start - (len(symbol.group()) if symbol is not None else 0)
        stop = currency.end() if currency is not None else end
        each = _EACH.search(plain[max(0, start - 8) : start])
        per = (currency is not None and currency.group("per") is not None) or each is not None
        unit = (
            f"{magnitude}{currency.group('currency')}"
            if currency is not None and currency.group("currency")[0] >= "\u4e00"
            else (f"{magnitude} {code}".strip() if magnitude.isascii() else f"{magnitude}{code}")
        )
        if per and currency is not None:
            unit += currency.group("per") or f"/{each.group(1) if each is not None else ''}"
        return made(
            stop, unit, "money_per_share" if per else "money", Decimal(1), folded=False, counter=code, begin=begin
        )
    times = _TIMES.match(plain, skip)
    if (
        times is not None
        and times.end() > skip
        and (magnitude or (digits is None and value >= 10**4))
        and (plain[max(0, start - 6) : start].rstrip("约达高为 ").endswith("每秒") or "秒" in times.group())
    ):
        dimension = "flops" if times.group("float") else "compute_bare"
        whole = value * wide_scale
        return Quantity(
            start,
            times.end(),
            text[start : times.end()],
            whole,
            "FLOPS" if dimension == "flops" else "次/秒",
            dimension,
            whole,
            _bound(plain, start, times.end(), "exact"),
        )
    unit_match = _UNIT.match(plain, skip)
    if unit_match is not None and not (digits is None and unit_match.group("latin") in ("x", "X", "s")):
        read = _with_unit(plain, unit_match, spaced, value, digits)
        if read is not None:
            symbol_, dimension, factor, stop = read
            if dimension in ("memory", "bits") and plain[max(0, start - 6) : start].rstrip(" 约达高为近超过").endswith(
                "每秒"
            ):
                # 每秒768GB is a rate although the unit is written like an amount.
                rate = unit_of(f"{symbol_}/s")
                if rate is None:
                    return None
                symbol_, dimension, factor = rate.symbol, rate.dimension, rate.factor
            if dimension == "duration" and plain[stop : stop + 1] == "半":
                half = Decimal("0.5")
                return Quantity(
                    start,
                    stop + 1,
                    text[start : stop + 1],
                    value + half,
                    symbol_,
                    dimension,
                    (value + half) * factor,
                    _bound(plain, start, stop + 1, "exact"),
                )
            return made(stop, symbol_, dimension, factor, folded=True)
    counter = _COUNTER.match(plain, skip)
    if counter is not None and not _ordinary_count(plain, start, digits, value, counter):
        word = counter.group("counter")
        if len(word) > 1:
            # 770亿个晶体管 and 770亿晶体管 count the same thing.
            word = word.removeprefix("个")
        # 1.2万张 counts 12,000; 1000余张 at least that many.
        quantity = made(counter.end(), word, "count", Decimal(1), folded=True, counter=word)
        if counter.group().lstrip()[:1] in ("余", "多", "+", "＋"):
            return Quantity(
                quantity.start,
                quantity.end,
                quantity.text,
                quantity.value,
                word,
                "count",
                quantity.base,
                "at_least",
                quantity.high,
                quantity.high_base,
                word,
            )
        return quantity
    if digits is None or _FOREIGN.match(plain, end) or (high is not None):
        return None
    if magnitude:
        return made(end, "", "plain", Decimal(1), folded=True)
    return Quantity(start, end, text[start:end], value, "", "plain", value, _bound(plain, start, end, "exact"))


def _with_unit(
    plain: str, match: re.Match[str], spaced: bool, value: Decimal, digits: str | None
) -> tuple[str, str, Decimal, int] | None:
    written = match.group()
    if match.group("gig"):
        return f"{written}B", "memory", Decimal(10) ** (9 if written == "G" else 12), match.end()
    unit = unit_of(written)
    if unit is None:
        return None
    if unit.symbol == "位" or (unit.dimension == "bus_width" and written == "位" and value < 8):
        return None
    if unit.dimension == "duration" and written == "年" and value >= 1000:
        return None
    if unit.dimension == "duration" and written == "日":
        return None
    if (
        unit.dimension == "multiple"
        and (written in ("x", "X") or (written == "×" and plain[match.end() : match.end() + 1].isascii()))
        and ((spaced and written != "×") or plain[match.end() : match.end() + 1].isalnum())
    ):
        return None
    if unit.dimension == "compute_bare" and digits is None:
        return None
    return unit.symbol, unit.dimension, unit.factor, match.end()


def _ordinary_count(plain: str, start: int, digits: str | None, value: Decimal, counter: re.Match[str]) -> bool:
    """一个, 两款, 一家: words of grammar rather than counts that anybody would ask for."""
    if digits is not None:
        return plain[counter.end() : counter.end() + 1] in ("月",) and counter.group("counter") == "个"
    spelled = plain[start : counter.start()].strip()
    return len(spelled) == 1 and spelled not in "千万百" and counter.group("counter") not in ("卡", "颗", "张")


def _bound(plain: str, start: int, end: int, otherwise: Bound) -> Bound:
    before, after = plain[max(0, start - 16) : start], plain[end : end + 10]
    if _BEFORE_MOST.search(before) or _AFTER_MOST.match(after):
        return "at_most"
    if _BEFORE_LEAST.search(before) or _AFTER_LEAST.match(after):
        return "at_least"
    if otherwise == "exact" and (_BEFORE_ABOUT.search(before) or _AFTER_ABOUT.match(after)):
        return "about"
    return otherwise


_ANY_NUMBER = re.compile(rf"(?<![A-Za-z0-9_.]){_NUMBER}")


def bare_numbers(text: str) -> list[Quantity]:
    """Every number in `text`, with or without a unit, as a plain quantity: 320 in 算力为320, 48 in 48gb.

    1,024,000 is one number; digits inside a model code or a precision name (910B, FP16) are none.
    """
    plain = text.translate(_FULL_WIDTH)
    found = []
    for match in _ANY_NUMBER.finditer(plain):
        value = _decimal(match.group())
        before = plain[match.start() - 1 : match.start()]
        if value is None or (before == "-" and plain[match.start() - 2 : match.start() - 1].isalpha()):
            continue
        unit = _UNIT.match(plain, match.end())
        if unit is None and _FOREIGN.match(plain, match.end()):
            continue
        found.append(Quantity(match.start(), match.end(), text[match.start() : match.end()], value, "", "plain", value))
    return found


def render(value: Decimal, unit: str, bound: Bound = "exact", high: Decimal | None = None) -> str:
    """A quantity in the field's usual spelling, which `find_quantities` reads back: 约 768 GB/s, 60–80 GB."""
    number = format(value, "f") + (f"–{format(high, 'f')}" if high is not None else "")
    hedge = {"about": "约 ", "at_least": "超过 ", "at_most": "不超过 "}.get(bound, "")
    tight = unit in ("%",) or not unit.isascii()
    return f"{hedge}{number}{'' if tight else ' '}{unit}"
