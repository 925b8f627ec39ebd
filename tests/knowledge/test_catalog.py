"""The catalogue: names in, entries out, and what the shipped one must know."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.catalog import Catalog, fold, normalise
from knowledge.errors import CatalogError

SMALL = """
vendors:
  - {id: acme, zh: 甲厂, en: Acme}
  - {id: other, zh: 乙厂, en: Other}
products:
  - {id: x1, vendor: acme, zh: 天一, en: X1, aliases: ["310", X1 Pro卡]}
attributes:
  - {id: tdp, zh: 功耗, en: power, dimension: power, unit: W, cues: [用电]}
"""


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return Catalog.load()


def ids(catalog: Catalog, text: str) -> list[str]:
    return [mention.entry.id for mention in catalog.mentions(text)]


def attributes(catalog: Catalog, text: str, cues: bool = False) -> set[str]:
    return {mention.entry.id for mention in catalog.attribute_mentions(text, cues=cues)}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("昇腾910B", ["ascend-910b"]),
        ("Ascend 910B", ["ascend-910b"]),
        ("ascend-910b", ["ascend-910b"]),
        ("910B", ["ascend-910b"]),
        ("升腾９１０Ｂ", ["ascend-910b"]),
        ("昇騰910B", ["ascend-910b"]),
        ("思元590", ["mlu590"]),
        ("MLU590", ["mlu590"]),
        ("mlu 590", ["mlu590"]),
        ("曦云C500", ["xiyun-c500"]),
        ("C500", ["xiyun-c500"]),
        ("MXC500", ["xiyun-c500"]),
        ("摩尔线程", ["moore-threads"]),
        ("Moore Threads", ["moore-threads"]),
        ("摩尔的", ["moore-threads"]),
        ("夸娥", ["kuae"]),
        ("KUAE", ["kuae"]),
        ("夸娥万卡智算集群", ["kuae-10-000-card-cluster"]),
        ("京西智谷", ["jingxi-zhigu"]),
        ("宁夏国产千卡智算集群", ["ningxia-cluster"]),
        ("北京亦庄KUAE智算中心", ["yizhuang-kuae"]),
        ("RTX 3060Ti", ["rtx-3060-ti"]),
        ("RTX 3060", ["geforce-rtx-3060"]),
        ("H20", ["h20"]),
        ("H200", ["h200"]),
        ("H100 PCIe", ["h100-pcie"]),
        ("MLU370-X8和MLU370-S4", ["mlu370-x8", "mlu370-s4"]),
        ("昆仑芯P800", ["kunlunxin-p800"]),
        ("海光DCU K100-AI", ["hygon-dcu-k100-ai"]),
        ("天垓100", ["tiangai-100"]),
        ("BI-V100", ["tiangai-100"]),
        ("壁砺166M", []),
        ("壁砺166", ["br166"]),
    ],
)
def test_the_names_people_use(shipped: Catalog, text: str, wanted: list[str]) -> None:
    assert ids(shipped, text) == wanted


@pytest.mark.parametrize(
    "text", ["H2000", "S40001", "910B9", "X910", "MC500", "3.1 GB", "天数不多", "这个行业", "I hear it by ear"]
)
def test_a_name_inside_a_longer_word_is_none(shipped: Catalog, text: str) -> None:
    assert ids(shipped, text) == []


def test_a_bare_number_is_a_weak_name(shipped: Catalog) -> None:
    (mention,) = shipped.mentions("华为 310")[1:]
    assert mention.entry.id == "ascend-310"
    assert mention.weak
    assert not shipped.mentions("昇腾310")[0].weak


def test_mentions_point_into_the_text_as_written(shipped: Catalog) -> None:
    text = "我们用 Ｓ４０００ 与 Ascend  910B 对比"
    assert [text[mention.start : mention.end] for mention in shipped.mentions(text)] == ["Ｓ４０００", "Ascend  910B"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("显存带宽", "memory_bandwidth"),
        ("内存带宽", "memory_bandwidth"),
        ("memory bandwidth", "memory_bandwidth"),
        ("显存容量", "memory_capacity"),
        ("半精度", "fp16_tflops"),
        ("FP16", "fp16_tflops"),
        ("单精度", "fp32_tflops"),
        ("INT8", "int8_tops"),
        ("TDP", "tdp"),
        ("制程", "process_node"),
        ("售价", "price"),
        ("多少钱", "price"),
        ("卡间互联带宽", "interconnect_bandwidth"),
        ("晶体管数量", "transistor_count"),
        ("营收", "revenue"),
        ("L2缓存", "l2_cache"),
        ("扣非净利润", "net_profit_ex"),
        ("预填充吞吐", "prefill_throughput"),
        ("募资净额", "ipo_net_proceeds"),
    ],
)
def test_attributes_by_the_words_people_use(shipped: Catalog, text: str, wanted: str) -> None:
    assert attributes(shipped, text) == {wanted}


def test_cues_hint_and_do_not_name(shipped: Catalog) -> None:
    assert "memory_capacity" in attributes(shipped, "显存", cues=True)
    assert {"memory_bandwidth", "interconnect_bandwidth"} <= attributes(shipped, "带宽", cues=True)
    assert {"fp16_tflops", "int8_tops", "cluster_compute"} <= attributes(shipped, "算力", cues=True)


def test_what_must_not_be_mixed_is_apart(shipped: Catalog) -> None:
    """A prefill and a decode speed, a gross and a net sum, an L2 and a whole cache are different figures."""
    for pair in (
        ("prefill_throughput", "decode_throughput"),
        ("ipo_proceeds", "ipo_net_proceeds"),
        ("l2_cache", "on_chip_cache"),
        ("core_count", "tensor_core_count"),
        ("net_profit", "net_profit_ex"),
        ("interconnect_bandwidth", "die_to_die_bandwidth"),
    ):
        assert all(name in shipped.attributes for name in pair)


def test_foreign_vendors_are_marked(shipped: Catalog) -> None:
    assert not shipped.vendors["nvidia"].domestic
    assert not shipped.vendors["amd"].domestic
    assert shipped.vendors["moore-threads"].domestic
    assert shipped.vendors["huawei"].domestic


def test_the_shipped_catalogue_is_rich(shipped: Catalog) -> None:
    assert len(shipped.vendors) >= 30
    assert len(shipped.products) >= 200
    assert len(shipped.attributes) >= 60


def test_folding_keeps_every_offset() -> None:
    text = "昇騰 910-B（Ｈ１００）"
    folded, offsets = fold(text)
    assert len(folded) == len(offsets)
    assert len(normalise(text)) == len(text)
    assert all(normalise(text)[offset] == character for character, offset in zip(folded, offsets, strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("en: Other", "en: Acme"), "names both 'acme' and 'other'"),
        (("id: other", "id: acme"), "used twice"),
        (("vendor: acme", "vendor: nobody"), "unknown vendor 'nobody'"),
        (("dimension: power, ", ""), "dimension"),
        (("zh: 甲厂", "zh: [甲厂"), "not valid YAML"),
        (("cues: [用电]", "colour: red"), "colour"),
    ],
)
def test_a_wrong_catalogue_says_what_is_wrong(change: tuple[str, str], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Catalog.parse(SMALL.replace(*change))


def test_a_catalogue_may_be_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL, "utf-8")
    mine = Catalog.load(path)
    assert ids(mine, "甲厂的X1") == ["acme", "x1"]
    assert mine.products["x1"].name("zh") == "天一"
    assert mine.products["x1"].name("en") == "X1"
