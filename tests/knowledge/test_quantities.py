"""The grammar of quantities: what is one, what is none, and exact spans."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.quantities import bare_numbers, find_quantities, parse_unit, render, to_unit
from knowledge.units import UNITS, registry


def read(text: str) -> list[tuple[str, str]]:
    return [
        (format(item.value.normalize(), "f") if item.high is None else f"{item.value}~{item.high}", item.unit)
        for item in find_quantities(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FP32性能为25TFLOPs、TF32性能为50TFLOPs", [("25", "TFLOPS"), ("50", "TFLOPS")]),
        ("48GB显存和768GB/s的显存带宽", [("48", "GB"), ("768", "GB/s")]),
        ("1.6 TB/s", [("1.6", "TB/s")]),
        ("每秒1000万亿次浮点运算", [("1000000000000000", "FLOPS")]),
        ("320 TFLOPS@FP16", [("320", "TFLOPS")]),
        ("10E FLOPS", [("10", "EFLOPS")]),
        ("2.5 PFLOPS", [("2.5", "PFLOPS")]),
        ("7nm / 7 纳米", [("7", "nm"), ("7", "nm")]),
        ("310W, 310瓦, 0.5kW", [("310", "W"), ("310", "W"), ("0.5", "kW")]),
        ("集成1280亿晶体管", [("128000000000", "晶体管")]),
        ("成立3年半", [("3.5", "年")]),
        ("建设周期30天", [("30", "天")]),
        ("千卡集群", [("1000", "卡")]),
        ("三万卡集群", [("30000", "卡")]),
        ("80%", [("80", "%")]),
        ("百分之八十", [("80", "%")]),
        ("1.2万张", [("12000", "张")]),
        ("6000-7000 元", [("6000~7000", "元")]),
        ("6000元至7000元", [("6000~7000", "元")]),
        ("64GB/128GB", [("64", "GB"), ("128", "GB")]),
        ("性能为2.5 倍", [("2.5", "倍")]),
        ("共1,024,000颗", [("1024000", "颗")]),
        ("４８ＧＢ显存", [("48", "GB")]),
        ("营收75.76亿元", [("75.76", "亿元")]),
        ("净利润-3.2亿元", [("-3.2", "亿元")]),
        ("四十八GB", [("48", "GB")]),
        ("384颗昇腾910C", [("384", "颗")]),
        ("400Gbps", [("400", "Gb/s")]),
        ("48gb", [("48", "GB")]),
        ("59.5 billion transistors", [("59500000000", "transistors")]),
        ("发行价每股114.28元", [("114.28", "元/股")]),
    ],
)
def test_a_quantity_is_read_with_its_unit(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(value, unit) for value, unit in read(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "昇腾910B与MLU370-X8",
        "MTT S4000",
        "FP16、INT8、BF16",
        "PCIe 5.0 x16",
        "HBM2e 与 GDDR6",
        "DDR5-5600",
        "2023年10月",
        "2024-03-08 09:29:32",
        "4O GB 与 l00W",
        "10^400GB",
        "v1.2 与 CUDA 12.4",
        "https://a.example/b/300W",
        "见[1]与[12]",
        "5G 4K",
    ],
)
def test_codes_dates_versions_and_noise_are_no_quantities(text: str) -> None:
    assert [item for item in find_quantities(text) if item.dimension not in ("plain", "rank")] == []


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("约48GB", "about"),
        ("超过48GB", "at_least"),
        ("48GB以上", "at_least"),
        ("不超过48GB", "at_most"),
        ("48GB左右", "about"),
        ("48GB", "exact"),
        ("over 48 GB", "at_least"),
        ("less than 48 GB", "at_most"),
        ("about 48 GB", "about"),
    ],
)
def test_a_hedge_around_the_number_is_its_bound(text: str, bound: str) -> None:
    assert [item.bound for item in find_quantities(text)] == [bound]


def test_tops_and_tflops_are_different_dimensions() -> None:
    floating, integer = find_quantities("200 TFLOPS 与 200 TOPS")
    assert (floating.dimension, integer.dimension) == ("flops", "ops")
    with pytest.raises(ValueError, match="do not convert"):
        to_unit(Decimal(200), "TFLOPS", "TOPS")


def test_a_rate_does_not_convert_into_an_amount() -> None:
    with pytest.raises(ValueError, match="do not convert"):
        to_unit(Decimal(768), "GB/s", "GB")


@pytest.mark.parametrize(
    ("value", "unit", "target", "expected"),
    [
        ("768", "GB/s", "TB/s", "0.768"),
        ("1.6", "TB/s", "GB/s", "1600"),
        ("2.5", "PFLOPS", "TFLOPS", "2500"),
        ("64", "GiB", "MiB", "65536"),
        ("0.559", "MW", "kW", "559"),
        ("400", "Gb/s", "GB/s", "50"),
    ],
)
def test_units_of_one_dimension_convert(value: str, unit: str, target: str, expected: str) -> None:
    assert to_unit(Decimal(value), unit, target) == Decimal(expected)


def test_our_factors_are_those_of_pint() -> None:
    ureg = registry()
    for spelling, unit in (
        ("nm", "nanometer"),
        ("kW", "kilowatt"),
        ("MHz", "megahertz"),
        ("mm²", "millimeter ** 2"),
        ("分钟", "minute"),
        ("ms", "millisecond"),
    ):
        assert float(UNITS[spelling].factor) == pytest.approx(float(ureg.Quantity(1, unit).to_base_units().magnitude))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("GB/s", ("GB/s", "bandwidth")), ("亿元", ("亿元", "money")), ("(W)", ("W", "power")), ("名称", None)],
)
def test_a_header_names_its_unit(text: str, expected: tuple[str, str] | None) -> None:
    assert parse_unit(text) == expected


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("算力为320", ["320"]),
        ("1,024,000颗", ["1024000"]),
        ("48gb", ["48"]),
        ("昇腾910B", []),
        ("FP16", []),
        ("376.0", ["376.0"]),
    ],
)
def test_a_bare_number_is_found_whole(text: str, numbers: list[str]) -> None:
    assert [str(item.value) for item in bare_numbers(text)] == numbers


@given(st.text(max_size=200))
def test_any_text_can_be_read_and_spans_point_at_their_text(text: str) -> None:
    last = 0
    for item in find_quantities(text):
        assert text[item.start : item.end] == item.text
        assert item.start >= last
        last = item.end


@given(
    st.decimals(min_value=Decimal("0.01"), max_value=Decimal(99999), places=2),
    st.sampled_from(["GB/s", "TB/s", "GB", "TFLOPS", "TOPS", "W", "nm", "MHz", "%"]),
    st.sampled_from(["exact", "about", "at_least", "at_most"]),
)
def test_what_is_rendered_is_read_back(value: Decimal, unit: str, bound: str) -> None:
    (item,) = find_quantities(render(value, unit, bound))  # type: ignore[arg-type]
    assert (item.value, item.unit, item.bound) == (value, unit, bound)


@given(st.text(alphabet="0123456789.,万亿GBTFLOPS/sW 约-–x×％", max_size=40))
def test_no_number_is_invented(text: str) -> None:
    for item in find_quantities(text):
        digits = "".join(character for character in item.text if character.isdigit())
        assert digits or any(character in "万亿" for character in item.text)
