"""Units of the field: how they are written, what dimension they have, and how they convert."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Metric prefixes; the field counts memory in powers of ten (GB) and, marked by an i, of two (GiB).
_SI = {"": 0, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21}
_IEC = {"K": 10, "M": 20, "G": 30, "T": 40, "P": 50}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as the field writes it, its dimension, and its size in the dimension's base unit."""

    symbol: str
    dimension: str
    factor: Decimal
    counter: str = ""


def _table() -> dict[str, Unit]:
    units: dict[str, Unit] = {}

    def add(symbol: str, dimension: str, factor: str | Decimal, *spellings: str) -> None:
        unit = Unit(symbol, dimension, Decimal(factor))
        for spelling in (symbol, *spellings):
            units.setdefault(spelling, unit)

    for prefix, power in _SI.items():
        ten = Decimal(10) ** power
        if prefix:
            add(f"{prefix}FLOPS", "flops", ten, f"{prefix}FLOP/s", f"{prefix}FLOP", f"{prefix}Flops")
            add(f"{prefix}OPS", "ops", ten, f"{prefix}OP/s", f"{prefix}Ops")
            add(
                f"{prefix}B/s",
                "bandwidth",
                ten,
                f"{prefix}B/sec",
                f"{prefix}Bps",
                f"{prefix}B/秒",
                f"{prefix}B·s⁻¹",
                f"{prefix}Byte/s",
                f"{prefix}Bytes/s",
            )
            add(f"{prefix}b/s", "bitrate", ten, f"{prefix}bps", f"{prefix}bit/s", f"{prefix}bits/s", f"{prefix}b/sec")
            # Gb is gigabits (DRAM dies): read as GB it would be eight times too much.
            add(f"{prefix}b", "bits", ten, f"{prefix}bit", f"{prefix}bits")
            add(f"{prefix}B", "memory", ten, f"{prefix}Byte", f"{prefix}Bytes")
            add(f"{prefix}FLOPS/W", "flops_per_watt", ten)
            add(f"{prefix}OPS/W", "ops_per_watt", ten)
            add(f"{prefix}B/s/mm²", "bandwidth_per_area", ten, f"{prefix}B/s/mm2")
    add("FLOPS", "flops", "1", "FLOP/s")
    for prefix, power in _IEC.items():
        add(f"{prefix}iB", "memory", Decimal(2) ** power)
        add(f"{prefix}iB/s", "bandwidth", Decimal(2) ** power)
    for prefix in ("K", "M", "G"):
        add(f"{prefix}Hz", "frequency", Decimal(10) ** _SI[prefix])
    add("kHz", "frequency", "1e3")
    add("Hz", "frequency", "1", "赫兹")
    add("T", "compute_bare", "1e12")
    add("P", "compute_bare", "1e15")
    add("E", "compute_bare", "1e18")
    add("nm", "length", "1e-9", "纳米", "奈米", "nanometer", "nanometers", "nanometre", "-nanometer", "-nm")
    add("μm", "length", "1e-6", "um", "微米", "µm")
    add("mm", "length", "1e-3", "毫米")
    add("cm", "length", "1e-2", "厘米")
    add("mm²", "area", "1e-6", "mm2", "mm^2", "平方毫米", "square millimeters", "sq mm")
    add("m²", "area", "1", "㎡", "平方米", "square meters", "平米")
    add("W", "power", "1", "瓦", "瓦特", "watt", "watts", "Watt", "Watts")
    add("mW", "power", "1e-3", "毫瓦")
    add("kW", "power", "1e3", "KW", "千瓦", "kilowatt", "kilowatts")
    add("MW", "power", "1e6", "兆瓦", "megawatt", "megawatts")
    add("GW", "power", "1e9", "吉瓦")
    add("kWh", "energy", "3.6e6", "千瓦时")
    add("Byte", "memory", "1", "Bytes", "字节")
    add("bit", "bus_width", "1", "-bit", "位", "bits")
    add("%", "percent", "1", "％", "percent", "per cent")
    add("pp", "percent_points", "1", "个百分点", "percentage points")
    add("倍", "multiple", "1", "x", "×", "times", "X")
    add("天", "duration", "86400", "days", "day", "日")
    add("年", "duration", "31557600", "years", "year")
    add("个月", "duration", "2629800", "months", "month")
    add("周", "duration", "604800", "weeks", "week", "星期")
    add("小时", "duration", "3600", "hours", "hour", "个小时")
    add("分钟", "duration", "60", "minutes", "minute", "min", "mins")
    add("秒", "duration", "1", "seconds", "second", "s")
    add("ms", "duration", "1e-3", "毫秒")
    add("μs", "duration", "1e-6", "us", "微秒", "µs")
    add("ns", "duration", "1e-9", "纳秒")
    add("tokens/s", "throughput", "1", "token/s", "tokens/秒", "token/秒", "tokens per second", "tok/s", "TPS")
    add("images/s", "throughput", "1", "img/s", "images/sec", "张/秒", "IPS")
    add("FPS", "throughput", "1", "fps", "帧", "帧/秒")
    return units


UNITS = _table()
COUNTERS = [
    "张",
    "颗",
    "块",
    "卡",
    "枚",
    "个",
    "台",
    "套",
    "家",
    "人",
    "片",
    "节点",
    "机柜",
    "款",
    "项",
    "名",
    "核",
    "路",
    "股",
    "芯片",
    "件",
    "次",
    "条",
    "层",
    "座",
    "万股",
    "粒",
    "组",
    "辆",
    "机",
    "个晶体管",
    "颗芯片",
    "张卡",
    "块卡",
    "个核心",
    "个节点",
    "台服务器",
    "个机柜",
    "个计算单元",
]
COUNTERS_EN = [
    "cards",
    "chips",
    "GPUs",
    "NPUs",
    "accelerators",
    "processors",
    "servers",
    "nodes",
    "racks",
    "cabinets",
    "dies",
    "dice",
    "units",
    "cores",
    "employees",
    "people",
    "engineers",
    "shares",
    "companies",
    "entities",
    "patents",
    "customers",
    "card",
    "chip",
    "GPU",
    "NPU",
    "accelerator",
    "processor",
    "server",
    "node",
    "core",
    "CUs",
    "chiplets",
    "modules",
]
_CURRENCIES = {
    "元": "CNY",
    "人民币": "CNY",
    "元人民币": "CNY",
    "美元": "USD",
    "港元": "HKD",
    "港币": "HKD",
    "欧元": "EUR",
    "日元": "JPY",
    "美金": "USD",
    "新台币": "TWD",
    "英镑": "GBP",
    "yuan": "CNY",
    "RMB": "CNY",
    "CNY": "CNY",
    "USD": "USD",
    "dollars": "USD",
    "US dollars": "USD",
    "HKD": "HKD",
    "Hong Kong dollars": "HKD",
    "euros": "EUR",
    "EUR": "EUR",
    "U.S. dollars": "USD",
}
SYMBOLS = {
    "$": "USD",
    "US$": "USD",
    "HK$": "HKD",
    "¥": "CNY",
    "￥": "CNY",
    "€": "EUR",
    "RMB": "CNY",
    "CNY": "CNY",
    "USD": "USD",
    "HKD": "HKD",
    "£": "GBP",
}
CURRENCIES = dict(sorted(_CURRENCIES.items(), key=lambda item: -len(item[0])))


def _key(text: str) -> str:
    return re.sub(r"\s+", "", text)


# Letters' case tells bits from bytes and milli from mega; elsewhere people write as they like.
_BY_CASE = {_key(spelling): unit for spelling, unit in UNITS.items()}
_ANY_CASE: dict[str, Unit] = {}
for _spelling, _unit in UNITS.items():
    # gb/s is read as GB/s: nobody writes gigabits in small letters; mw is ambiguous and stays unread.
    if _unit.dimension not in ("bitrate", "bits", "compute_bare") and _unit.symbol not in ("mW", "MW"):
        _ANY_CASE.setdefault(_key(_spelling).casefold(), _unit)


def unit_of(written: str) -> Unit | None:
    """The unit that `written` spells (letter case decides between bits and bytes), or None."""
    key = _key(written).replace("每秒", "/s")
    exact = _BY_CASE.get(key)
    if exact is not None:
        return exact
    compute = re.fullmatch(r"(?i)([KMGTPEZ])(FLOPS?|FLOP/S|OPS?|OP/S)(/W)?", key)
    if compute:
        family = "FLOPS" if "FLOP" in compute.group(2).upper() else "OPS"
        return _BY_CASE.get(f"{compute.group(1).upper()}{family}{(compute.group(3) or '').upper()}")
    return _ANY_CASE.get(key.casefold())


def parse_unit(text: str) -> tuple[str, str] | None:
    """The canonical unit and dimension that a table header names ("GB/s", "亿元", "W", "nm"), or None."""
    # 显存 (GB), FP16 [TFLOPS], 带宽/GB·s⁻¹: a header's name with its unit behind it.
    labelled = re.fullmatch(r".*\S\s*(?:（([^（）()]+)）|\(([^（）()]+)\)|\[([^\[\]]+)\])", text.strip())
    if labelled is not None:
        return parse_unit(next(part for part in labelled.groups() if part))
    text = text.strip().strip("（）()[]").removeprefix("单位").lstrip("：: ")
    unit = unit_of(text)
    if unit is not None:
        return unit.symbol, unit.dimension
    money = re.fullmatch(r"(百|千|十)?(万|亿)?(.+)", text)
    if money and money.group(3) in _CURRENCIES:
        return text, "money"
    match = re.fullmatch(r"(?i)(million|billion|mn|bn)?\s*(USD|RMB|CNY|yuan|HKD|dollars)", text)
    if match:
        return text, "money"
    if text in COUNTERS or text in COUNTERS_EN or (text[:1] in "万亿" and text[1:] in COUNTERS):
        return text, "count"
    divided = re.fullmatch(r"[^/／]*[\u4e00-\u9fff]\s?[/／]\s?([^\u4e00-\u9fff]+)", text)
    unit = unit_of(divided.group(1)) if divided is not None else None
    return (unit.symbol, unit.dimension) if unit is not None else None


@functools.lru_cache(maxsize=1)
def registry() -> Any:
    """The pint registry with the field's units; built on first use, since importing pint costs a quarter of a second."""
    import pint

    ureg: Any = pint.UnitRegistry()
    ureg.define("FLOPS = [floating_operation_rate]")
    ureg.define("OPS = [integer_operation_rate]")
    ureg.define("octet = [information_bytes] = B_")
    ureg.define("eighth = octet / 8")
    return ureg


_PINT = {
    "flops": "FLOPS",
    "ops": "OPS",
    "memory": "octet",
    "bandwidth": "octet / second",
    "bitrate": "eighth / second",
    "bits": "eighth",
    "flops_per_watt": "FLOPS / watt",
    "ops_per_watt": "OPS / watt",
    "bandwidth_per_area": "octet / second / meter ** 2",
    "length": "meter",
    "area": "meter ** 2",
    "power": "watt",
    "energy": "joule",
    "frequency": "hertz",
    "duration": "second",
}


_CASH = re.compile(
    r"(?P<han>百|千|十)?(?P<wan>万亿|[万亿])?(?P<word>million|billion|trillion|mn|bn)?\s?(?P<currency>.+)"
)
_CASH_POWER = {
    "十": 1,
    "百": 2,
    "千": 3,
    "万": 4,
    "亿": 8,
    "万亿": 12,
    "million": 6,
    "mn": 6,
    "billion": 9,
    "bn": 9,
    "trillion": 12,
}


def _money(unit: str) -> tuple[str, Decimal] | None:
    """The currency and the size of a unit of money as written (亿元, billion USD, 万HKD), or None."""
    match = _CASH.fullmatch(unit.strip())
    if match is None or match.group("currency") not in _CURRENCIES:
        return None
    powers = (_CASH_POWER[word] for word in match.group("han", "wan", "word") if word)
    return _CURRENCIES[match.group("currency")], Decimal(10) ** sum(powers)


def currency_of(unit: str) -> str | None:
    """The currency of a unit of money as written (万美元 → USD), or None; per share or per card does not matter."""
    cash = _money(unit.split("/")[0])
    return cash[0] if cash is not None else None


def to_unit(value: Decimal, from_unit: str, to_unit_: str) -> Decimal:
    """`value` in another unit of the same dimension. Raises ValueError where the two do not convert.

    FLOPS and OPS do not convert into each other, nor does a rate into an amount (GB/s, GB).
    """
    cash, wanted = _money(from_unit), _money(to_unit_)
    if cash is not None and wanted is not None:
        if cash[0] != wanted[0]:
            raise ValueError(f"{from_unit} and {to_unit_} are different currencies and do not convert")
        return value * cash[1] / wanted[1]
    source, target = unit_of(from_unit), unit_of(to_unit_)
    if source is None or target is None:
        raise ValueError(f"unknown unit {from_unit if source is None else to_unit_!r}")
    import pint

    ureg = registry()
    try:
        one = ureg.Quantity(1, _PINT[source.dimension]).to(_PINT[target.dimension])
    except (KeyError, pint.DimensionalityError) as error:
        raise ValueError(f"{from_unit} and {to_unit_} measure different things and do not convert") from error
    return value * source.factor * Decimal(str(one.magnitude)) / target.factor
