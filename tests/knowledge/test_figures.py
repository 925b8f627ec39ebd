"""Extraction: whose figure it is, under which condition, and when a quantity is nobody's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.figures import Extraction, Figure, extract

CATALOG = Catalog.load()


def read(text: str, title: str = "", published: str | None = "2024-03-08") -> Extraction:
    return extract(Document("test", title, text, published=published, publisher="测试社"), CATALOG)


def triples(text: str, title: str = "") -> set[tuple[str, str, str]]:
    return {
        (
            figure.subject,
            figure.attribute,
            f"{figure.value if figure.value is not None else figure.text} {figure.unit}".strip(),
        )
        for figure in read(text, title).figures
    }


def one(text: str, title: str = "") -> Figure:
    (figure,) = read(text, title).figures
    return figure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "MTT S4000单卡支持48GB显存和768GB/s的显存带宽,FP32性能为25TFLOPs、TF32性能为50TFLOPs、INT8性能为200TFLOPs。",
            {
                ("mtt-s4000", "memory_capacity", "48 GB"),
                ("mtt-s4000", "memory_bandwidth", "768 GB/s"),
                ("mtt-s4000", "fp32_tflops", "25 TFLOPS"),
                ("mtt-s4000", "tf32_tflops", "50 TFLOPS"),
                ("mtt-s4000", "int8_tops", "200 TOPS"),
            },
        ),
        (
            "昇腾910B和910C的显存分别为64GB和128GB。",
            {("ascend-910b", "memory_capacity", "64 GB"), ("ascend-910c", "memory_capacity", "128 GB")},
        ),
        (
            "BR100的晶体管数为770亿，采用7nm制程。",
            {("br100", "transistor_count", "77000000000 晶体管"), ("br100", "process_node", "7 nm")},
        ),
        ("沐曦曦云C600采用7 nm工艺。", {("xiyun-c600", "process_node", "7 nm")}),
        (
            "寒武纪2024年实现营收11.74亿元，净亏损4.52亿元，同比增长65%。",
            {("cambricon", "revenue", "11.74 亿元"), ("cambricon", "net_loss", "4.52 亿元")},
        ),
        (
            "天罡G2是凌霄科技推出的加速卡，显存48GB，带宽768GB/s，功耗300W。",
            {
                ("~天罡g2", "memory_capacity", "48 GB"),
                ("~天罡g2", "memory_bandwidth", "768 GB/s"),
                ("~天罡g2", "tdp", "300 W"),
            },
        ),
        (
            "The Zhaoyun ZY-910 has 64 GB of HBM2e memory. It has a TDP of 350 W.",
            {
                ("~zhaoyunzy910", "memory_capacity", "64 GB"),
                ("~zhaoyunzy910", "memory_type", "HBM2e"),
                ("~zhaoyunzy910", "tdp", "350 W"),
            },
        ),
        (
            "摩尔线程和壁仞科技于2023年10月17日被列入实体清单。",
            {("moore-threads", "entity_list_date", "2023-10-17"), ("biren", "entity_list_date", "2023-10-17")},
        ),
        ("CloudMatrix 384由384颗昇腾910C组成。", {("cloudmatrix-384", "cluster_size", "384 颗")}),
        ("A100 80GB PCIe的显存带宽为1.94 TB/s。", {("a100-80gb-pcie", "memory_bandwidth", "1.94 TB/s")}),
        ("真武810E显存96GB。", {("zhenwu-810e", "memory_capacity", "96 GB")}),
    ],
)
def test_a_sentence_states_its_figures(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert triples(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "S4000 显存较 S3000 提升 50%。",
        "S4000的单卡单精度已经超过了英伟达A100的19.5 TFLOPS。",
        "C600没有达到H200的4.8TB/s显存带宽。",
        "MTT S4000的显存并非80GB。",
        "MTT S4000与MTT S3000的显存80GB。",
        "MTT S4000的显存为-48GB。",
        "MTT S4000的显存为10^400GB。",
        "昇腾910B的制程为0 nm。",
        "MTT S4000的显存为4O GB。",
        "该卡显存为48GB。",
        "S5000的互联带宽是S4000的3倍以上，后者只有240GB/s。",
    ],
)
def test_what_is_not_sure_is_no_figure(text: str) -> None:
    assert triples(text) == set()


@pytest.mark.parametrize(
    ("text", "conditions", "scope", "status", "bound"),
    [
        ("昇腾910B的FP16算力为320 TFLOPS（稠密）。", ("dense",), None, "stated", "exact"),
        ("昇腾910B的FP16稀疏算力为640 TFLOPS。", ("sparse",), None, "stated", "exact"),
        ("MTT S4000的互联带宽为240GB/s（双向）。", ("two_way",), "card", "stated", "exact"),
        ("昇腾910B的FP16实测为313 TFLOPS。", ("measured",), None, "stated", "exact"),
        ("昇腾950PR的FP8算力预计为1 PFLOPS。", (), None, "forecast", "exact"),
        ("据传思元690的显存为128GB。", (), None, "rumour", "exact"),
        ("CloudMatrix 384的功耗约559kW。", (), "cluster", "stated", "about"),
    ],
)
def test_condition_scope_status_and_hedge_are_kept(
    text: str, conditions: tuple[str, ...], scope: str | None, status: str, bound: str
) -> None:
    figure = one(text)
    assert (figure.conditions, figure.scope, figure.status, figure.bound) == (conditions, scope, status, bound)


def test_flops_are_ops_only_where_the_operations_are_integers() -> None:
    assert one("天罡 T900 的 INT8 算力为 200 TFLOPS。").unit == "TOPS"
    assert one("天罡 T900 的 AI 算力为 920 TFLOPS。").unit == "TFLOPS"


def test_the_name_of_a_process_is_no_bound() -> None:
    assert one("天罡 T900 的制程为 7nm+ EUV。").bound == "exact"
    assert one("天罡 T900 的显存容量为 96GB+。").bound == "at_least"


def test_an_address_names_nobody() -> None:
    text = "天罡 T900 的详情见 https://example.com/mtt-s80-48gb ，其显存容量为 96GB。"
    assert triples(text) == {("~天罡t900", "memory_capacity", "96 GB")}


def test_a_company_figure_carries_its_period() -> None:
    figures = read("燧原科技2024年亏损15.1亿元，2023年亏损16.65亿元。").figures
    assert [(figure.period, figure.text) for figure in figures] == [("2024", "15.1亿元"), ("2023", "16.65亿元")]


def test_the_source_a_sentence_names_is_who_claims() -> None:
    figure = one("据快科技（2023年12月）报道，MTT S4000的显存为48GB。")
    assert (figure.publisher, figure.as_of, figure.period) == ("快科技", "2023-12", None)


@pytest.mark.parametrize(
    "table",
    [
        "| 产品 | 显存 | FP16 (TFLOPS) |\n|---|---|---|\n| 星河X200 | 64GB | 320 |\n| A100 | 80GB | 312 |",
        "| 指标 | 星河X200 | A100 |\n|---|---|---|\n| 显存容量 | 64 GB | 80 GB |\n| FP16算力 | 320 TFLOPS | 312 TFLOPS |",
        "| 产品 | 指标 | 数值 | 单位 |\n|---|---|---|---|\n| 星河X200 | 显存容量 | 64 | GB |\n| 星河X200 | FP16算力 | 320 | TFLOPS |\n"
        "| A100 | 显存容量 | 80 | GB |\n| A100 | FP16算力 | 312 | TFLOPS |",
    ],
)
def test_a_table_states_the_same_whichever_way_it_is_turned(table: str) -> None:
    assert triples(table) == {
        ("~星河x200", "memory_capacity", "64 GB"),
        ("~星河x200", "fp16_tflops", "320 TFLOPS"),
        ("a100", "memory_capacity", "80 GB"),
        ("a100", "fp16_tflops", "312 TFLOPS"),
    }


def test_a_row_that_names_its_source_is_cited_with_it() -> None:
    figure = one(
        "# MTT S4000\n\n| 指标 | 数值 | 条件 | 说法来源 | 发布者 | 日期 | 链接 |\n|---|---|---|---|---|---|---|\n"
        "| 显存带宽 | 768 GB/s | 峰值 | 厂商 | 快科技 | 2023-12-19 | https://a.example/b |"
    )
    assert (figure.claimed_by, figure.publisher, figure.as_of, figure.url) == (
        "vendor",
        "快科技",
        "2023-12-19",
        "https://a.example/b",
    )
    assert figure.conditions == ("peak",)


@pytest.mark.parametrize("cell", ["—", "N/A", "未公布", "", "不支持", "48 GB / 48 TB/s"])
def test_an_empty_or_contradictory_cell_states_nothing(cell: str) -> None:
    text = f"| 产品 | 显存容量 |\n|---|---|\n| 星河X200 | {cell} |"
    assert {figure.text for figure in read(text).figures} <= {"48 GB"}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "MTT S4000",
                "昇腾910B",
                "显存",
                "带宽",
                "48GB",
                "768GB/s",
                "，",
                "。",
                "超过",
                "为",
                "分别",
                "和",
                "FP16",
                "320TFLOPS",
                "|",
                "\n",
                "约",
                "2024年",
                "营收",
                "7亿元",
            ]
        ),
        max_size=40,
    )
)
def test_any_text_can_be_read_and_every_span_holds_its_value(words: list[str]) -> None:
    text = "".join(words)
    for figure in read(text).figures:
        assert text[figure.start : figure.end].strip() != ""
        assert figure.quote_start <= figure.start < figure.end <= figure.quote_end
        if figure.value is not None:
            assert text[figure.start : figure.end] == figure.text


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("开启稀疏后，天罡T900的BF16算力为800TFLOPS。", ("sparse",)),
        ("With sparsity enabled, the T900 hits 800 TFLOPS in BF16.", ("sparse",)),
        ("在我们的实测中，天罡T900的显存带宽为1.8TB/s。", ("measured",)),
        ("天罡T900支持结构化稀疏，BF16算力为400TFLOPS。", ()),
        ("开启稀疏后，天罡T900的功耗为350W。", ()),
    ],
)
def test_a_leading_clause_says_under_which_condition_the_values_behind_it_are(
    text: str, conditions: tuple[str, ...]
) -> None:
    assert one(text).conditions == conditions


@pytest.mark.parametrize(
    ("published", "status"),
    [("2025-09-18", "forecast"), ("2027-10-20", "stated"), ("2027", "forecast"), (None, "forecast")],
)
def test_what_is_said_of_a_product_before_it_is_due_is_a_plan(published: str | None, status: str) -> None:
    (figure,) = read("昇腾960的显存带宽为9.6TB/s。", published=published).figures
    assert figure.status == status


def test_a_row_older_than_the_product_is_a_plan_in_a_newer_document() -> None:
    table = (
        "# 昇腾960\n\n| 指标 | 数值 | 发布者 | 日期 |\n| --- | --- | --- | --- |\n"
        "| 显存带宽 | 9.6 TB/s | 甲报 | 2025-09 |\n| 显存带宽 | 9 TB/s | 乙报 | 2027-12 |\n"
    )
    assert [figure.status for figure in read(table, published="2028-01-01").figures] == ["forecast", "stated"]


@pytest.mark.parametrize(
    ("text", "who", "when"),
    [
        ("据甲库 (GitHub)（2026年8月），天罡T900的功耗为350W。", "甲库 (GitHub)", "2026-08"),
        ("据乙报(转载)，天罡T900的功耗为350W。", "乙报(转载)", None),
        ("据丙报8月2日的报道，天罡T900的功耗为350W。", "丙报", "2023-08-02"),
        ("According to Foo (GitHub) (2026-08-22), the T900 has a TDP of 350 W.", "Foo (GitHub)", "2026-08-22"),
    ],
)
def test_a_source_with_brackets_in_its_name_is_named_whole(text: str, who: str, when: str | None) -> None:
    figure = one(text)
    assert (figure.publisher, figure.as_of) == (who, when)


def test_a_whole_package_and_one_of_its_dies_are_told_apart() -> None:
    table = "# 昇腾910C\n\n| 指标 | 数值 | 条件 |\n| --- | --- | --- |\n| 显存容量 | 128 GB | 双die合计 |\n| 显存容量 | 64 GB | 单die |\n"
    assert [figure.scope for figure in read(table).figures] == ["card", "die"]


def test_a_plan_is_nobodys_word_and_stays_a_plan() -> None:
    figure = one("按原计划，天罡T900的功耗为350W。")
    assert (figure.publisher, figure.status) == ("测试社", "forecast")


def test_a_version_named_beside_the_product_keeps_its_figures_apart() -> None:
    figures = read("天罡T9000（液冷版）功耗500W，天罡T9000（风冷版）功耗400W。").figures
    assert {(figure.text, figure.note) for figure in figures} == {("500W", "液冷版"), ("400W", "风冷版")}


def test_distributive_words_with_one_value_give_it_to_nobody() -> None:
    assert triples("天罡T9000的单精度、半精度算力分别位居前列，达到400TFLOPS以上水平。") <= {
        ("~天罡t9000", "ai_tops", "400 TFLOPS")
    }


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        (
            "2025年上半年，地平线的营收为15.67亿元，比上年同期多67.6%，毛利率为65.4%。出货量约为198万套。",
            ["2025H1"] * 3,
        ),
        ("2025年寒武纪营收为60亿元，较2024年增长400%，净利润为18亿元。", ["2025", "2025"]),
        ("与2023年相比，海光信息2024年的营收为91.6亿元。", ["2024"]),
        ("天数智芯的天权计划于2027年面世。天数智芯透露，累计出货量超过5.2万片。", [None]),
        ("燧原科技2022年至2024年的研发费用合计为35.29亿元。", [None]),
        ("燧原科技2022年的研发费用为10亿元，2024年的研发费用为13亿元。", ["2022", "2024"]),
    ],
)
def test_a_time_that_is_compared_with_planned_or_spanned_is_no_period(text: str, periods: list[str | None]) -> None:
    assert [figure.period for figure in read(text, published="2026-03-01").figures] == periods


def test_the_day_of_a_report_and_of_an_application_are_not_the_events() -> None:
    assert triples("《某报》2025年2月10日提到，MTT S4000已经量产。") == set()
    figures = read("2025年6月17日，上交所受理兆芯集成的科创板上市申请。").figures
    assert [(figure.attribute, figure.text) for figure in figures] == [("ipo_filing_date", "2025-06-17")]
