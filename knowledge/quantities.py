"""The grammar of numbers and units in Chinese and English technical text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from knowledge.hedges import Bound, bound_of
from knowledge.numerals import HAN_DIGITS, HAN_NUMBER, MAGNITUDE, NUMBER, decimal_of, half_width, han_value, scale_of
from knowledge.units import COUNTERS, COUNTERS_EN, CURRENCIES, SYMBOLS, UNITS, parse_unit, to_unit, unit_of
from knowledge.unmeasured import addresses, unmeasured_end

__all__ = ["Bound", "Quantity", "bare_numbers", "find_quantities", "parse_unit", "render", "to_unit"]


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
        rf"|(?P<han>{han})|(?P<bare>[PE](?![A-Za-z0-9])|[PE](?=\s?(?:算力|级|规模)))|(?P<gig>[GT](?=\s?(?:显存|内存|HBM|GDDR|LPDDR|DDR|大显存|的显存|存储)))|(?P<tera>T(?![A-Za-z0-9]))"
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
_RANGE = re.compile(rf"\s?(?:-|–|—|~|～|至|到|\bto\b)\s?(?:[$¥￥])?(?P<high>{NUMBER})\s?(?P<magnitude>{MAGNITUDE})?")
# A whole part before a comma: 1,6 but neither 96GB,12nm nor 2048,12.
_ONES = re.compile(r"(?<![A-Za-z0-9.,])\d,$")
_BETWEEN = re.compile(r"(?:between|from)\s*(?:US\$|[$¥￥€])?\s*$", re.I)
_AND = re.compile(rf"\s?(?:and|to)\s(?:US\$|[$¥￥€])?(?P<high>{NUMBER})\s?(?P<magnitude>{MAGNITUDE})?")
_RANGE_AHEAD = re.compile(r"[^\d\n]{1,14}?(?:-|–|—|~|～|至|到|\bto\b)\s?[$¥￥]?\d")
_SYMBOL = re.compile(rf"(?P<symbol>{_alternatives(list(SYMBOLS))})\s?$")
_SYMBOL_ENDS = frozenset(symbol[-1] for symbol in SYMBOLS)
_CURRENCY_BEGINS = frozenset(word[0] for word in CURRENCIES)
_EACH = re.compile(r"每(股|张|颗|片|卡|台)(?:价格|售价|约|仅|为|人民币|\s)*$")
# 每瓦0.85 TFLOPS, 0.85 TFLOPS per watt: throughput of a watt, not of the card.
_EACH_WATT = re.compile(r"(?:每瓦(?:特)?(?:功耗)?|per watt)(?:算力|性能|约|达到?|高达|为|\s)*$")
_PER_WATT = re.compile(r"\s?(?:每瓦特?|per watt)")
_PER_SECOND = re.compile(r"\s?(?:每秒钟?|per second)")
# A bare T is trillions of operations only where computing power is spoken of; elsewhere it may be terabytes.
_COMPUTE_AHEAD = re.compile(r"(?:算力|性能|稠密|稀疏|[FT]P?\d{1,2}|BF16|INT\d{1,2})[^，。；,;]{0,10}$", re.I)
# A number begins at one of these; looking for one character first is many times faster than the pattern itself.
_FIRST = re.compile(rf"[\d{HAN_DIGITS}]")
_NUMBER_AT = re.compile(
    rf"(?:(?<![A-Za-z0-9_.#^])|(?<=RMB)|(?<=CNY)|(?<=USD)|(?<=HKD))(?:(?P<digits>{NUMBER})|(?<![第其唯统之单万千百十两几数同专进逐任另某每有无不])(?!(?<=上)[百千万亿])(?P<han>{HAN_NUMBER}))\s?(?P<magnitude>{MAGNITUDE})?"
)
_PERCENT_OF = re.compile(r"百分之(?P<value>\d+(?:\.\d+)?|[〇零一二两三四五六七八九十百点]+)")
_ORDINAL = re.compile(r"第\s?(\d{1,4}|[一二三四五六七八九十]{1,3})(?:名|位|大)?(?![代款季期版届章节次个批步颗张条])")
_NUMBER_ONE = re.compile(r"No\.(?<![A-Za-z]No\.)\s?(\d{1,3})(?!\d)")
_SHARES = ("股", "share")
_AHEAD = 18
_WORD = re.compile(r"[A-Za-z0-9]*")
_FOREIGN = re.compile(r"[A-Za-z]")
# What can follow a bare number without making it anything: most numbers without a unit stop here.
_NO_UNIT = frozenset("，。、；：,;:)）]】|”’\"'\n")


class _Number:
    """A number read in a text: its span without unit; `value` unscaled, or scaled already when it is a range."""

    __slots__ = ("bare", "digits", "end", "high", "magnitude", "plain", "scale", "start", "text", "unit_at", "value")

    def __init__(
        self,
        text: str,
        plain: str,
        start: int,
        end: int,
        value: Decimal,
        digits: bool,
        magnitude: str = "",
        high: Decimal | None = None,
    ) -> None:
        self.text, self.plain = text, plain
        self.start, self.end = start, end
        self.value, self.high = value, high
        self.digits, self.magnitude = digits, magnitude
        self.scale = scale_of(magnitude) if high is None else Decimal(1)
        self.unit_at = end + 1 if plain[end : end + 1] in (" ", "\u00a0") else end
        self.bare = plain[self.unit_at : self.unit_at + 1] in _NO_UNIT

    def ahead(self, length: int) -> str:
        return self.plain[max(0, self.start - length) : self.start]

    def made(
        self, stop: int, unit: str, dimension: str, factor: Decimal, *, folded: bool, counter: str = "", begin: int = -1
    ) -> Quantity:
        """The quantity that ends at `stop`; `folded` counts the magnitude (万) into the value, else it is in `unit`."""
        begin = self.start if begin < 0 else begin
        whole = self.value * self.scale
        shown, top = whole if folded else self.value, self.high
        if self.high is not None and not folded and self.magnitude:
            power = scale_of(self.magnitude)
            shown, top = self.value / power, self.high / power
        return Quantity(
            begin,
            stop,
            self.text[begin:stop],
            shown,
            unit,
            dimension,
            whole * factor,
            bound_of(self.plain, begin, stop, "range" if self.high is not None else "exact"),
            top,
            None if self.high is None else self.high * factor,
            counter,
        )


def find_quantities(text: str) -> list[Quantity]:
    """The quantities in `text`, in order, never overlapping: numbers with a unit, and bare numbers as "plain".

    Linear in the length of the text. Model codes (910B), precision names (FP16), versions, dates and addresses are
    not quantities.
    """
    plain = half_width(text)
    found = _fixed_forms(text, plain)
    blocked = sorted([*addresses(plain), *((quantity.start, quantity.end) for quantity in found)])
    at = block = 0
    while (first := _FIRST.search(plain, at)) is not None:
        start = first.start()
        while block < len(blocked) and blocked[block][1] <= start:
            block += 1
        if block < len(blocked) and blocked[block][0] <= start:
            at = blocked[block][1]
            continue
        match = _NUMBER_AT.match(plain, start)
        if match is None:
            at = start + 1
            continue
        skip = unmeasured_end(plain, start) if match.group("digits") else None
        if skip is not None:
            at = skip
            continue
        number = _number(text, plain, match)
        quantity = _quantity(number) if number is not None else None
        if quantity is not None and block < len(blocked) and quantity.end > blocked[block][0]:
            # 48百分之20: what stands further on is sure, and a number does not reach into it.
            at = blocked[block][0]
            continue
        if quantity is None:
            at = _end_of_word(plain, match) if match.group("digits") else max(match.end("han"), start + 1)
            continue
        found.append(quantity)
        at = quantity.end
    found.sort(key=lambda quantity: quantity.start)
    return found


def _fixed_forms(text: str, plain: str) -> list[Quantity]:
    """百分之八十, 第三, No. 1: forms in which a word before the number says what it is."""
    found = []
    if "百分之" in plain:
        for match in _PERCENT_OF.finditer(plain):
            spelled = match.group("value")
            value = decimal_of(spelled) if spelled[0].isdecimal() and spelled.isascii() else han_value(spelled)
            if value is not None:
                found.append(Quantity(*match.span(), text[slice(*match.span())], value, "%", "percent", value))
    for word, pattern in (("第", _ORDINAL), ("No.", _NUMBER_ONE)):
        for match in pattern.finditer(plain) if word in plain else ():
            spelled = match.group(1)
            value = decimal_of(spelled) if spelled.isdigit() else han_value(spelled)
            if value is not None:
                found.append(Quantity(*match.span(), text[slice(*match.span())], value, "", "rank", value))
    return found


def _end_of_word(plain: str, match: re.Match[str]) -> int:
    """The end of the letters and digits that go on behind a number which turned out to be part of a code."""
    return _WORD.match(plain, match.end("digits")).end()  # type: ignore[union-attr]


def _number(text: str, plain: str, match: re.Match[str]) -> _Number | None:
    """The number that `match` found, with its sign, magnitude and upper end; None when it is a piece of a code."""
    start, magnitude = match.start(), match.group("magnitude") or ""
    digits = match.group("digits")
    if digits is None:
        value = han_value(match.group("han"))
        return None if value is None else _Number(text, plain, start, match.end("han"), value, False)
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        # 010-1234, and 000 of "1 024 000": a piece of something longer.
        return None
    value = decimal_of(digits)
    if value is None:
        return None
    if plain[start - 1 : start] == "," and len(digits) < 3 and _ONES.search(plain, max(0, start - 3), start):
        # 1,6 TB/s: the end of a number in somebody else's spelling.
        return None
    end = match.end("magnitude") if magnitude else match.end("digits")
    before = plain[start - 1 : start]
    if before == "-":
        # A minus belongs to the number; a hyphen belongs to what is before it (MLU370-8, 3-4).
        earlier = plain[start - 2 : start - 1]
        if earlier and earlier.isalnum() and earlier.isascii():
            return None
        if not earlier or earlier in " \t\n：:为是|(（约达￥$¥" or not earlier.isascii():
            start, value = start - 1, -value
    elif (
        before == "/" and plain[start - 2 : start - 1].isdigit() and not re.match(r"\s?[A-Za-z%]", plain[end : end + 2])
    ):
        return None
    number = _Number(text, plain, start, end, value, True, magnitude)
    return number if number.bare else _ranged(number) or number


def _ranged(number: _Number) -> _Number | None:
    """The range that begins with `number` (60-80GB, 1-2万张, 6000元至7000元), or None."""
    plain = number.plain
    ranged = _RANGE.match(plain, number.end)
    if ranged is None and _BETWEEN.search(number.ahead(16)):
        ranged = _AND.match(plain, number.end)
        if ranged is None and (unit := _unit_at(plain, number.end)) is not None:
            # between 350W and 400W
            ranged = _AND.match(plain, unit[0])
            behind = _unit_at(plain, ranged.end()) if ranged is not None else None
            ranged = ranged if behind is not None and behind[1] == unit[1] else None
    if ranged is None:
        # 6000元至7000元, 64GB-80GB: the unit stands at both ends.
        if _RANGE_AHEAD.match(plain, number.end) is None:
            return None
        first = _unit_at(plain, number.end)
        ranged = _RANGE.match(plain, first[0]) if first is not None else None
        second = _unit_at(plain, ranged.end()) if ranged is not None else None
        if first is None or second is None or second[1] != first[1]:
            return None
    if ranged is None:
        return None
    top = decimal_of(ranged.group("high"))
    priced = number.ahead(1) in _SYMBOL_ENDS
    if top is None or (_unit_at(plain, ranged.end()) is None and not priced):
        return None
    magnitude = ranged.group("magnitude") or ""
    high = top * scale_of(magnitude)
    # 1-2万 means 10,000 to 20,000: the magnitude stands once for both.
    low = number.value * scale_of(number.magnitude or magnitude)
    if low >= high:
        return None
    return _Number(number.text, plain, number.start, ranged.end(), low, True, magnitude, high)


def _unit_at(plain: str, at: int) -> tuple[int, str] | None:
    """Where the unit that begins at `at` (after one space) ends, and how it is written; None when there is none."""
    skip = at + 1 if plain[at : at + 1] in (" ", "\u00a0") else at
    if plain[skip : skip + 1] in _NO_UNIT:
        return None
    for pattern in (_CURRENCY, _UNIT, _COUNTER):
        match = pattern.match(plain, skip)
        if match is not None and match.end() > skip:
            return match.end(), match.group().strip()
    return None


def _quantity(number: _Number) -> Quantity | None:
    """The number with the unit behind it, the first reading that fits; None when it turns out to be a code or a word."""
    if number.plain[number.unit_at : number.unit_at + 1] in ("B", "M"):
        parameters = _PARAMETERS.match(number.plain, number.end)
        if parameters is not None:
            factor = Decimal(10) ** (9 if parameters.group(1) == "B" else 6)
            made = number.made(parameters.end(), "参数", "count", factor, folded=True, counter="参数")
            return replace(made, value=made.base, bound="exact")
    money = _money(number)
    if money is not None:
        return money
    if not number.bare:
        for reading in (_operations, _measured, _counted):
            quantity = reading(number)
            if quantity is not None:
                return quantity
    return _plain(number)


def _money(number: _Number) -> Quantity | None:
    symbol = _SYMBOL.search(number.ahead(4)) if number.ahead(4).rstrip()[-1:] in _SYMBOL_ENDS else None
    begins = number.plain[number.unit_at : number.unit_at + 1] in _CURRENCY_BEGINS
    currency = _CURRENCY.match(number.plain, number.unit_at) if begins else None
    if symbol is None and currency is None:
        return None
    written = currency.group("currency") if currency is not None else ""
    code = SYMBOLS[symbol.group("symbol")] if symbol is not None else CURRENCIES[written]
    each = _EACH.search(number.ahead(8))
    per = currency.group("per") if currency is not None else None
    if written and written[0] >= "\u4e00":
        unit = f"{number.magnitude}{written}"
    else:
        unit = f"{number.magnitude} {code}".strip() if number.magnitude.isascii() else f"{number.magnitude}{code}"
    if currency is not None and (per or each is not None):
        unit += per or f"/{each.group(1) if each is not None else ''}"
    return number.made(
        currency.end() if currency is not None else number.end,
        unit,
        # Of the things that have a price each, only a share's is another attribute than the thing's own.
        "money_per_share" if (per or each is not None) and unit.endswith(_SHARES) else "money",
        Decimal(1),
        folded=False,
        counter=code,
        begin=number.start - (len(symbol.group()) if symbol is not None else 0),
    )


def _operations(number: _Number) -> Quantity | None:
    """每秒1000万亿次, 25万亿次浮点运算/秒: operations a second spelled out, floating-point ones only when said."""
    times = (
        _TIMES.match(number.plain, number.unit_at)
        if "次" in number.plain[number.unit_at : number.unit_at + 2]
        else None
    )
    large = bool(number.magnitude) or (not number.digits and number.value >= 10**4)
    if times is None or not large:
        return None
    if not (number.ahead(6).rstrip("约达高为 ").endswith("每秒") or "秒" in times.group()):
        return None
    floating = times.group("float")
    made = number.made(
        times.end(),
        "FLOPS" if floating else "次/秒",
        "flops" if floating else "compute_bare",
        Decimal(1),
        folded=True,
    )
    return replace(made, high=None, high_base=None)


def _measured(number: _Number) -> Quantity | None:
    plain = number.plain
    match = _UNIT.match(plain, number.unit_at)
    if match is None or (not number.digits and match.group("latin") in ("x", "X", "s")):
        return None
    read = _unit_read(number, match)
    if read is None:
        return None
    symbol, dimension, factor = read
    stop = match.end()
    if dimension in ("memory", "bits") and number.ahead(6).rstrip(" 约达高为近超过").endswith("每秒"):
        # 每秒768GB is a rate although the unit is written like an amount.
        rate = unit_of(f"{symbol}/s")
        if rate is None:
            return None
        symbol, dimension, factor = rate.symbol, rate.dimension, rate.factor
    elif dimension in ("memory", "bits") and (later := _PER_SECOND.match(plain, stop)) is not None:
        rate = unit_of(f"{symbol}/s")
        if rate is None:
            return None
        symbol, dimension, factor, stop = rate.symbol, rate.dimension, rate.factor, later.end()
    elif dimension in ("flops", "ops"):
        later = _PER_WATT.match(plain, stop)
        if later is not None or _EACH_WATT.search(number.ahead(14)):
            rate = unit_of(f"{symbol}/W")
            if rate is None:
                return None
            symbol, dimension, factor = rate.symbol, rate.dimension, rate.factor
            stop = later.end() if later is not None else stop
    if dimension == "duration" and plain[stop : stop + 1] == "半":
        number.value += Decimal("0.5")
        stop += 1
    made = number.made(stop, symbol, dimension, factor, folded=True)
    # 7nm+ is the name of a process, not a bound.
    return replace(made, bound="exact") if symbol == "nm" and plain[stop : stop + 1] == "+" else made


def _unit_read(number: _Number, match: re.Match[str]) -> tuple[str, str, Decimal] | None:
    """Symbol, dimension and factor of the unit that `match` found, or None where it means something else here."""
    plain, written = number.plain, match.group()
    if match.group("gig"):
        return f"{written}B", "memory", Decimal(10) ** (9 if written == "G" else 12)
    unit = unit_of(written)
    if unit is None or unit.symbol == "位" or (written == "位" and number.value < 8):
        return None
    if unit.dimension == "duration" and (written == "日" or (written == "年" and number.value >= 1000)):
        return None
    after = plain[match.end() : match.end() + 1]
    if (
        unit.dimension == "multiple"
        and (written in ("x", "X") or (written == "×" and after.isascii()))
        and ((number.unit_at > number.end and written != "×") or after.isalnum())
    ):
        return None
    if unit.dimension == "compute_bare" and (
        not number.digits or (written == "T" and not _COMPUTE_AHEAD.search(number.ahead(_AHEAD)))
    ):
        return None
    return unit.symbol, unit.dimension, unit.factor


def _counted(number: _Number) -> Quantity | None:
    counter = _COUNTER.match(number.plain, number.unit_at)
    if counter is None or _ordinary_count(number, counter):
        return None
    word = counter.group("counter")
    if len(word) > 1:
        # 770亿个晶体管 and 770亿晶体管 count the same thing.
        word = word.removeprefix("个")
    # 1.2万张 counts 12,000; 1000余张 at least that many.
    quantity = number.made(counter.end(), word, "count", Decimal(1), folded=True, counter=word)
    more = counter.group().lstrip()[:1] in ("余", "多", "+", "＋")
    return replace(quantity, bound="at_least") if more else quantity


def _ordinary_count(number: _Number, counter: re.Match[str]) -> bool:
    """一个, 两款, 一家: words of grammar rather than counts that anybody would ask for."""
    plain = number.plain
    if number.digits:
        return plain[counter.end() : counter.end() + 1] == "月" and counter.group("counter") == "个"
    spelled = plain[number.start : counter.start()].strip()
    return len(spelled) == 1 and spelled not in "千万百" and counter.group("counter") not in ("卡", "颗", "张")


def _plain(number: _Number) -> Quantity | None:
    if not number.digits or number.high is not None or _FOREIGN.match(number.plain, number.end):
        return None
    return number.made(number.end, "", "plain", Decimal(1), folded=True)


_ANY_NUMBER = re.compile(rf"(?<![A-Za-z0-9_.]){NUMBER}")


def bare_numbers(text: str) -> list[Quantity]:
    """Every number in `text`, with or without a unit, as a plain quantity: 320 in 算力为320, 48 in 48gb.

    1,024,000 is one number; digits inside a model code or a precision name (910B, FP16) are none.
    """
    plain = half_width(text)
    found = []
    for match in _ANY_NUMBER.finditer(plain):
        value = decimal_of(match.group())
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
