"""Quantities: what is read, what is never read, and the properties that hold for any text."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.quantities import Quantity, bare_numbers, find_quantities, parse_unit, render, to_unit

_READ = [
    ("算力25TFLOPs", "25TFLOPs", "25", "TFLOPS"),
    ("25T FLOPS", "25T FLOPS", "25", "TFLOPS"),
    ("10E FLOPS", "10E FLOPS", "10", "EFLOPS"),
    ("320 TFLOPS@FP16", "320 TFLOPS", "320", "TFLOPS"),
    ("1e12 FLOPS", "1e12 FLOPS", "1000000000000", "FLOPS"),
    ("一万亿次浮点/秒", "一万亿次浮点/秒", "1000000000000", "FLOPS"),
    ("每秒一千万亿次", "一千万亿次", "1000000000000000", "次/秒"),
    ("总算力248P", "248P", "248", "P"),
    ("带宽1.6 TB/s", "1.6 TB/s", "1.6", "TB/s"),
    ("带宽达每秒768GB", "768GB", "768", "GB/s"),
    ("200Gbps 网卡", "200Gbps", "200", "Gb/s"),
    ("16GiB", "16GiB", "16", "GiB"),
    ("48gb 显存", "48gb", "48", "GB"),
    ("32Gb 颗粒", "32Gb", "32", "Gb"),
    ("四十八GB", "四十八GB", "48", "GB"),
    ("４８ＧＢ", "４８ＧＢ", "48", "GB"),
    ("7 纳米工艺", "7 纳米", "7", "nm"),
    ("0.5kW", "0.5kW", "0.5", "kW"),
    ("384-bit", "384-bit", "384", "bit"),
    ("770亿个晶体管", "770亿个晶体管", "77000000000", "晶体管"),
    ("1280亿晶体管", "1280亿晶体管", "128000000000", "晶体管"),
    ("128 billion transistors", "128 billion transistors", "128000000000", "transistors"),
    ("万卡集群", "万卡", "10000", "卡"),
    ("384颗910C", "384颗", "384", "颗"),
    ("1.2万张", "1.2万张", "12000", "张"),
    ("一万两千张", "一万两千张", "12000", "张"),
    ("1，024，000颗", "1，024，000颗", "1024000", "颗"),
    ("1\u202f024\u202f000颗", "1\u202f024\u202f000颗", "1024000", "颗"),
    ("1\u00a0024\u00a0000颗", "1\u00a0024\u00a0000颗", "1024000", "颗"),
    ("3年半", "3年半", "3.5", "年"),
    ("30min", "30min", "30", "分钟"),
    ("百分之八十", "百分之八十", "80", "%"),
    ("80个百分点", "80个百分点", "80", "pp"),
    ("提升2.5 倍", "2.5 倍", "2.5", "倍"),
    ("营收75.76亿元", "75.76亿元", "75.76", "亿元"),
    ("净利润-3.2亿元", "-3.2亿元", "-3.2", "亿元"),
    ("70B 参数", "70B 参数", "70000000000", "参数"),
]


@pytest.mark.parametrize(("text", "span", "value", "unit"), _READ)
def test_a_quantity_is_read_with_its_exact_span(text: str, span: str, value: str, unit: str) -> None:
    assert [(item.text, item.value, item.unit) for item in find_quantities(text)] == [(span, Decimal(value), unit)]


_NOT_MEASURED = [
    "910B", "昇腾910B", "S4000", "MTT S80", "FP16", "INT8", "BF16", "TF32", "PCIe 4.0 x16", "PCIe 5.0 x16", "HBM2e",
    "HBM3", "GDDR6", "DDR5-5600", "LPDDR4X", "4K", "8K", "1080p", "5G", "GPT-4", "Claude 3", "Llama3-70B", "v1.2",
    "2023年10月", "2024-03-08", "2024/3/8", "09:29:32", "https://a.example/12GB", "[1]", "[1, 2]", "【1】", "1. 列表",
    "4O GB", "4OGB", "l00W", "10^400 GB", "1e400 GB", "9" * 400 + " GB", "第一代", "第3章", "2.5D封装", "数千张",
    "上千家", "上万张", "数十家", "数百万颗", "几千张", "唯一一家", "1.2.3 版", "GB/s", "点", "百分之点", "",
]  # fmt: skip


@pytest.mark.parametrize("text", _NOT_MEASURED)
def test_codes_dates_noise_and_vague_numbers_measure_nothing(text: str) -> None:
    assert [item for item in find_quantities(text) if item.dimension != "plain"] == []


def test_a_cut_group_of_thousands_is_not_a_count_of_zero() -> None:
    assert all(item.dimension == "plain" and item.value != 0 for item in find_quantities("1 024 000颗"))


def test_times_before_a_code_is_no_multiple() -> None:
    assert [item.dimension for item in find_quantities("8×H100，提升1.5×")] == ["plain", "multiple"]


def test_a_list_of_precisions_gives_the_figures_only() -> None:
    text = "FP32性能为25TFLOPs、TF32性能为50TFLOPs、INT8性能为200TFLOPs，单卡支持48GB显存和768GB/s的显存带宽"
    assert [str(item.value) for item in find_quantities(text)] == ["25", "50", "200", "48", "768"]


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("约48GB", "about"), ("近48GB", "about"), ("48GB左右", "about"), ("approximately 48GB", "about"),
        ("超过48GB", "at_least"), ("48GB以上", "at_least"), ("不低于48GB", "at_least"), ("over 48GB", "at_least"),
        ("48GB+", "at_least"), ("不超过48GB", "at_most"), ("48GB以内", "at_most"), ("less than 48GB", "at_most"),
        ("最高48GB", "exact"), ("高达48GB", "exact"), ("up to 48GB", "exact"), ("1000+张", "at_least"),
        ("1000多张", "at_least"),
    ],
)  # fmt: skip
def test_words_around_a_quantity_bound_it(text: str, bound: str) -> None:
    assert [item.bound for item in find_quantities(text)] == [bound]


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("6000-7000 元", "6000", "7000", "元"), ("6000元至7000元", "6000", "7000", "元"),
        ("10%到15%", "10", "15", "%"), ("5～10亿元", "5", "10", "亿元"), ("1.5亿至2亿元", "1.5", "2", "亿元"),
        ("75W-150W", "75", "150", "W"), ("100–200Gbps", "100", "200", "Gb/s"), ("2-3年", "2", "3", "年"),
    ],
)  # fmt: skip
def test_ranges_keep_both_ends(text: str, low: str, high: str, unit: str) -> None:
    (item,) = find_quantities(text)
    assert (item.bound, item.value, item.high, item.unit) == ("range", Decimal(low), Decimal(high), unit)


def test_a_slash_between_variants_is_no_range() -> None:
    assert [item.value for item in find_quantities("64GB/128GB")] == [64, 128]


@pytest.mark.parametrize(
    ("text", "values"),
    [("算力为320", ["320"]), ("48gb", ["48"]), ("1,024,000", ["1024000"]), ("376.0", ["376.0"]), ("昇腾910B", [])],
)
def test_bare_numbers_are_whole_and_outside_codes(text: str, values: list[str]) -> None:
    assert [str(item.value) for item in bare_numbers(text)] == values


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("显存 (GB)", ("GB", "memory")), ("功耗(W)", ("W", "power")), ("FP16 [TFLOPS]", ("TFLOPS", "flops")),
        ("带宽/GB·s⁻¹", ("GB/s", "bandwidth")), ("（亿元）", ("亿元", "money")), ("单位：亿元", ("亿元", "money")),
        ("TOPS", ("TOPS", "ops")), ("显存", None), ("", None),
    ],
)  # fmt: skip
def test_a_header_names_its_unit(header: str, read: tuple[str, str] | None) -> None:
    assert parse_unit(header) == read


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("1.6", "TB/s", "GB/s", "1600"), ("8", "Gbps", "GB/s", "1"), ("1", "GiB", "MiB", "1024"),
        ("2", "TFLOPS/W", "GFLOPS/W", "2000"), ("0.5", "亿元", "万元", "5000"), ("32", "Gb", "GB", "4"),
    ],
)  # fmt: skip
def test_units_of_one_dimension_convert(value: str, source: str, target: str, expected: str) -> None:
    assert to_unit(Decimal(value), source, target) == Decimal(expected)


@pytest.mark.parametrize(
    ("source", "target"), [("TFLOPS", "TOPS"), ("GB", "GB/s"), ("亿元", "亿美元"), ("W", "没有"), ("P", "PFLOPS")]
)
def test_units_of_different_dimensions_do_not_convert(source: str, target: str) -> None:
    with pytest.raises(ValueError, match=r"convert|unknown"):
        to_unit(Decimal(1), source, target)


_UNITS = ["TFLOPS", "PFLOPS", "TOPS", "GB/s", "TB/s", "Gb/s", "GB", "GiB", "nm", "W", "kW", "mm²", "MHz", "bit", "%"]
_UNITS += ["倍", "天", "年", "亿元", "亿美元", "元", "张", "颗", "卡", "tokens/s", "TFLOPS/W"]
_NUMBERS = st.decimals("0.01", "99999", places=2).map(lambda value: value.normalize() + 0)


@given(_NUMBERS, st.sampled_from(_UNITS), st.sampled_from(["exact", "about", "at_least", "at_most"]))
def test_what_is_rendered_is_read_back(value: Decimal, unit: str, bound: str) -> None:
    if (unit == "年" and value >= 1000) or (unit == "bit" and value < 8):
        return  # a calendar year, and 第 3 位: not quantities
    (item,) = find_quantities(render(value, unit, bound))  # type: ignore[arg-type]
    assert (item.value, item.unit, item.bound) == (value, unit, bound)


_PIECES = st.sampled_from(
    [
        "约",
        "超过",
        "不超过",
        "以上",
        "最高",
        "48",
        "1,024",
        "1\u202f024",
        "４８",
        "一万",
        "三千亿",
        "两",
        "百分之",
        "八十",
        "第",
        "-",
        "–",
        "~",
        "至",
        "/",
        "×",
        "x",
        "@",
        ".",
        ",",
        "，",
        "。",
        "GB",
        "GB/s",
        "Gb",
        "TFLOPS",
        "TOPS",
        "nm",
        "纳米",
        "W",
        "亿",
        "万",
        "亿元",
        "美元",
        "$",
        "¥",
        "张",
        "颗",
        "卡",
        "个",
        "晶体管",
        "%",
        "倍",
        "年",
        "半",
        "月",
        "2024",
        "FP16",
        "910B",
        "PCIe",
        "4.0",
        "每秒",
        "次",
        "浮点",
        "O",
        "l",
        "^",
        "e",
        "\n",
        "[",
        "]",
        "#",
    ]
)
_TEXTS = st.lists(_PIECES, max_size=14).map("".join) | st.lists(_PIECES, max_size=14).map(" ".join) | st.text()


@settings(max_examples=400, deadline=None)
@given(_TEXTS)
def test_spans_point_at_their_text_and_never_overlap(text: str) -> None:
    last = 0
    for item in find_quantities(text):
        assert last <= item.start < item.end <= len(text)
        assert text[item.start : item.end] == item.text
        last = item.end
    for item in bare_numbers(text):
        assert text[item.start : item.end] == item.text


@settings(max_examples=400, deadline=None)
@given(_TEXTS)
def test_no_number_is_invented(text: str) -> None:
    """A number comes from its own span alone: reading the span again, apart from its surroundings, gives it back."""
    for item in find_quantities(text):
        assert item.value.is_finite()
        assert item.base.is_finite()
        again: list[Quantity] = find_quantities(item.text)
        same = {abs(value) for found in again for value in (found.value, found.high) if value is not None}
        assert abs(item.value) in same or any(mark in item.text for mark in "-–~～至") or item.dimension == "plain"


@pytest.mark.parametrize(
    "piece", ["1", "一", "\n", "1,", "1.", "[1,", "a-", "第", "万亿", "1-", "¥", "百分之", "AA_", "1\u00a0000", "# "]
)
def test_time_grows_with_length_only(piece: str) -> None:
    """40,000 characters of any one thing; the quadratic readings of old took many seconds."""
    text = piece * (40_000 // len(piece))
    begun = time.process_time()
    find_quantities(text)
    assert time.process_time() - begun < 3
