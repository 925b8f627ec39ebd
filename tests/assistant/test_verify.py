"""The verifier: what a cited passage says passes however it is written; what it does not say never passes."""

from __future__ import annotations

import pytest

from assistant.markers import CitationStream, markers, normalise_markers
from assistant.verify import Source, Verdict, verify
from knowledge.catalog import Catalog

CATALOG = Catalog.load()
S4000 = Source(
    "MTT S4000 配备 48GB 显存，显存带宽为 768GB/s。FP32 性能为 25TFLOPs、TF32 性能为 50TFLOPs、INT8 性能为 200TFLOPs。",
    "摩尔线程发布 MTT S4000",
    "2023-12-19",
)
BOTH = Source(
    "MTT S3000 的显存为 32GB，显存带宽为 448GB/s。MTT S4000 的显存为 48GB，显存带宽为 768GB/s。",
    "两款显卡对比",
    "2024-01-05",
)
TABLE = Source(
    "| 指标 | MTT S4000 | MTT S3000 |\n| --- | --- | --- |\n| 显存容量 | 48GB | 32GB |\n| 功耗 | 450W | 250W |",
    "规格表",
)
REVENUE = Source(
    "寒武纪 2024 年营收为 11.74 亿元，同比增长 65.56%。寒武纪 2023 年营收为 7.09 亿元。", "寒武纪年报", "2025-04-18"
)
ENGLISH = Source(
    "The Ascend 910B delivers 320 TFLOPS of FP16 compute and carries 64 GB of HBM2e memory.",
    "Huawei Ascend 910B",
    "2023-11-01",
)
CLUSTER = Source(
    "夸娥智算中心的规模超过1000张卡，采用 PCIe 5.0 接口。该集群不支持 FP8。", "摩尔线程夸娥集群", "2023-12-19"
)
SPARSE = Source("昇腾910C 的 FP16 稀疏算力为 1600 TFLOPS。MTT S5000 的显存预计为 80GB。", "新品前瞻", "2025-05-01")
PASSAGES = {1: S4000, 2: BOTH, 3: TABLE, 4: REVENUE, 5: ENGLISH, 6: CLUSTER, 7: SPARSE}


def judge(text: str, **options: object) -> Verdict:
    return verify(text, PASSAGES, catalog=CATALOG, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "MTT S4000 的显存容量为 48 GB[1]。",
        "MTT S4000 的显存带宽为 0.768 TB/s。[1]",
        "ＭＴＴ　Ｓ４０００ 显存带宽为７６８GB/s。【1】",
        "S4000 的 FP32 算力是 25 TFLOPS，TF32 算力是 50 TFLOPS[1]。",
        "MTT S3000 的显存为 32GB，MTT S4000 的显存为 48GB[2]。",
        "S4000 的显存容量为 48GB，功耗为 450W。[3]",
        "寒武纪 2024 年营收为 1,174,000,000 元。[4]",
        "寒武纪 2024 年营收为 117400 万元，同比增长 65.56%[4]。",
        "The Ascend 910B carries 64 GB of memory [5].",
        "昇腾 910B 的 FP16 算力为 320 TFLOPS[5]。",
        "夸娥智算中心的规模超过 1000 张卡，采用 PCIe 5.0 接口[6]。",
        "MTT S4000 的显存为 48GB，高于 MTT S3000 的 32GB[2]。",
        "MTT S3000 的显存带宽低于 MTT S4000[2]。",
        "昇腾910C 的 FP16 稀疏算力为 1600 TFLOPS[7]。",
        "MTT S5000 的显存预计为 80GB[7]。",
        "以下是两款显卡的显存：\n- MTT S4000：48GB[2]\n- MTT S3000：32GB[2]",
        "MTT S4000 有 48GB 显存[1][3]。MTT S4000 的功耗为 450W[1,3]。",
    ],
)
def test_what_a_cited_passage_says_stands(text: str) -> None:
    verdict = judge(text)
    assert verdict.ok, verdict.problems
    assert verdict.kept == normalise_markers(text).strip()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("MTT S4000 的显存为 80GB[1]。", "quantity"),
        ("MTT S3000 的显存为 48GB[2]。", "quantity"),
        ("S3000 显存 48GB[3]。", "quantity"),
        ("MTT S4000 的显存带宽为 448GB/s[2]。", "quantity"),
        ("MTT S4000 的显存带宽为 768GB[1]。", "quantity"),
        ("MTT S4000 的显存带宽为 768Gb/s[1]。", "quantity"),
        ("MTT S4000 的 FP16 算力为 200 TFLOPS[1]。", "quantity"),
        ("MTT S4000 的 FP32 算力为 50 TFLOPS[1]。", "quantity"),
        ("MTT S4000 的显存为 48[1]。", "quantity"),
        ("MTT S4000 的显存为 48GB。", "citation"),
        ("MTT S4000 的显存为 48GB[9]。", "citation"),
        ("MTT S4000 的显存为 48GB[5]。", "quantity"),
        ("寒武纪 2023 年营收为 11.74 亿元[4]。", "quantity"),
        ("寒武纪 2024 年营收为 11.74 万元[4]。", "quantity"),
        ("寒武纪 2024 年营收同比下降 65.56%[4]。", "comparison"),
        ("寒武纪 2022 年营收为 7.09 亿元[4]。", "date"),
        ("海光信息 2024 年营收为 11.74 亿元[4]。", "quantity"),
        ("夸娥智算中心的规模不到 1000 张卡[6]。", "quantity"),
        ("夸娥智算中心的规模为 1000 张卡[6]。", "quantity"),
        ("夸娥智算中心采用 PCIe 4.0 接口[6]。", "code"),
        ("该集群支持 FP8[6]。", "negation"),
        ("MTT S3000 的显存高于 MTT S4000[2]。", "comparison"),
        ("MTT S4000 的显存是 MTT S3000 的 1.5 倍[2]。", "quantity"),
        ("MTT S4000 的显存是 MTT S3000 的两倍[2]。", "quantity"),
        ("MTT S4000 has twice the memory of MTT S3000 [2].", "code"),
        ("昇腾910C 的 FP16 算力为 1600 TFLOPS[7]。", "quantity"),
        ("MTT S5000 的显存为 80GB[7]。", "quantity"),
        ("MTT S4000 的性能超过英伟达 A100[1]。", "name"),
        ("MTT S4000 是国内显存最大的显卡[1]。", "comparison"),
        ("它在院子里和同伴一起睡觉，醒来以后又去喝水[1]。", "statement"),
        ("The Ascend 910B carries 64 GB of HBM3 memory [5].", "code"),
        ("The Ascend 910B delivers three hundred TFLOPS [5].", "code"),
        ("详见 https://evil.example/x [1]。", "code"),
    ],
)
def test_what_no_cited_passage_says_does_not_stand(text: str, kind: str) -> None:
    verdict = judge(text)
    assert not verdict.ok
    assert verdict.kept == ""
    assert kind in {problem.kind for problem in verdict.problems}, verdict.problems


ROW = Source(
    "| FP16算力 | 280 TFLOPS | 稠密 | 媒体 | https://example.com/the-mtt-s80-has-the-highest |",
    "昇腾910B：公开数据",
    header="| 指标 | 数值 | 条件 | 来源 | 链接 |\n| --- | --- | --- | --- | --- |",
)
INTEGER = Source("昇腾910B 的 INT8 算力为 640 TOPS。寒武纪 MLU290 的 INT8 算力为 512 TFLOPS。", "对比")


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("昇腾910B 的 FP16 稠密算力为 280 TFLOPS[1]。", True),
        ("昇腾910B 的 FP16 算力为 280 TFLOPS[1]。", False),
        ("昇腾910B 的 FP16 稀疏算力为 280 TFLOPS[1]。", False),
        ("昇腾910B 的 FP32 稠密算力为 280 TFLOPS[1]。", False),
        ("MTT S80 的 FP16 稠密算力为 280 TFLOPS[1]。", False),
        ("昇腾910B 的 FP16 稠密算力为 280 TFLOPS，在国产芯片中最高[1]。", False),
        ("昇腾910B 的 INT8 算力为 640 TOPS[2]。", True),
        ("昇腾910B 的 INT8 算力为 640 TFLOPS[2]。", False),
        ("MLU290 的 INT8 算力为 512 TOPS[2]。", True),
    ],
)
def test_a_row_is_read_with_its_header_and_an_address_says_nothing(text: str, stands: bool) -> None:
    verdict = verify(text, {1: ROW, 2: INTEGER}, catalog=CATALOG)
    assert verdict.ok is stands, verdict.problems


def test_only_the_unsupported_sentence_is_removed() -> None:
    verdict = judge(
        "MTT S4000 的显存为 48GB[1]。MTT S4000 的显存带宽为 900GB/s[1]。MTT S4000 的 FP32 性能为 25TFLOPS[1]。"
    )
    assert verdict.kept == "MTT S4000 的显存为 48GB[1]。MTT S4000 的 FP32 性能为 25TFLOPS[1]。"
    assert [problem.text for problem in verdict.problems] == ["900GB/s"]


def test_a_sentence_that_leans_on_a_removed_one_goes_with_it() -> None:
    verdict = judge("MTT S9000 采用了新架构[1]。显存为 48GB[1]。")
    assert verdict.kept == ""


def test_a_derivation_supports_what_the_passages_do_not_say() -> None:
    text = "MTT S4000 的显存是 MTT S3000 的 1.5 倍[2]。"
    assert judge(text, derivations=["MTT S4000 的显存是 MTT S3000 的 1.5 倍（48GB ÷ 32GB）。"]).ok


def test_a_table_keeps_its_supported_rows() -> None:
    text = "| 指标 | MTT S4000 | MTT S3000 |\n| --- | --- | --- |\n| 显存容量 | 48GB [3] | 32GB [3] |\n| 功耗 | 250W [3] | 450W [3] |"
    kept = judge(text).kept
    assert "48GB" in kept
    assert "250W" not in kept


def test_a_subject_left_out_is_the_questions() -> None:
    assert judge("显存带宽为 768GB/s[2]。", question="MTT S4000 的显存带宽是多少？").ok
    assert not judge("显存带宽为 768GB/s[2]。", question="MTT S3000 的显存带宽是多少？").ok


@pytest.mark.parametrize(
    "text",
    ["", "   ", "[1]", "。。。", "[1][2][3]", "|", "\n\n", "🙂" * 50, "9" * 5000 + "[1]", "10^400 GB[1]。", "[1" * 400],
)
def test_odd_text_never_crashes_and_never_passes(text: str) -> None:
    assert not judge(text).ok


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("a【1】", "a[1]"),
        ("a[1,2]", "a[1][2]"),
        ("a［１、２］", "a[1][2]"),
        ("a[1-3]", "a[1][2][3]"),
        ("a[^2]", "a[2]"),
        ("a[来源 3]", "a[3]"),
        ("a。 [1]", "a。[1]"),
        ("a[b]", "a[b]"),
        ("a【4†source】", "a[4]"),
        ("[1234]", "[1234]"),
    ],
)
def test_markers_are_normalised(written: str, normal: str) -> None:
    assert normalise_markers(written) == normal


def test_a_stream_cut_anywhere_gives_the_same_text_and_no_broken_marker() -> None:
    text = "显存为 48GB【1】。带宽 768GB/s。 [1, 2] 见 [注] 与 a[0]。"
    whole = normalise_markers(text)
    for size in range(1, len(text) + 1):
        stream = CitationStream()
        pieces = list(stream.over(text[at : at + size] for at in range(0, len(text), size)))
        assert "".join(pieces) == whole
        assert all(piece.count("[") == piece.count("]") for piece in pieces)
        assert stream.seen == markers(text)


NEWS = {
    1: Source(
        "MTT S4000 配备 48GB GDDR6 显存，显存带宽为 768GB/s，采用 PCIe 5.0 x16 接口。与 S3000 相比，显存提升了 50%。摩尔线程成立于2020年10月，创始人张建中。",
        "摩尔线程发布 MTT S4000",
        "2023-12-19",
    ),
    2: Source(
        "昇腾910B 采用 7nm 工艺，FP16 算力 320 TFLOPS，功耗 400W；昇腾910C 由两颗 910B 芯片封装而成，FP16 算力约 800 TFLOPS，显存 128GB。",
        "昇腾规格",
        "2024-09-01",
    ),
    3: Source(
        "海光信息2024年前三季度营收61.37亿元，同比增长55.64%，净利润15.26亿元，同比增长69.22%。",
        "海光信息三季报",
        "2024-10-15",
    ),
    4: Source(
        "The H20 offers 96 GB of HBM3 and 4.0 TB/s of bandwidth, but only 148 TFLOPS of FP16, about 15% of the H100.",
        "NVIDIA H20",
        "2024-01-01",
    ),
}


@pytest.mark.parametrize(
    "text",
    [
        "MTT S4000 采用 PCIe 5.0 x16 接口，配备 48GB GDDR6 显存。[1]",
        "昇腾910C 由两颗 910B 芯片封装而成[2]。",
        "昇腾 910C 的 FP16 算力约为 800 TFLOPS，显存为 128GB[2]。",
        "海光信息 2024 年前三季度营收 61.37 亿元，同比增长 55.64%[3]。",
        "2024年前三季度，海光信息净利润为15.26亿元，同比增长69.22%[3]。",
        "The NVIDIA H20 has 96 GB of HBM3 memory and 4 TB/s of memory bandwidth [4].",
        "英伟达 H20 的显存为 96GB[4]。",
        "摩尔线程成立于 2020 年 10 月[1]。",
        "摩尔线程由张建中创立[1]。",
        "昇腾910C 的 FP16 算力高于昇腾910B[2]。",
        "根据资料，昇腾910B 的功耗为 400 W[2]。",
        "与 S3000 相比，MTT S4000 的显存提升了 50%[1]。",
    ],
)
def test_news_said_in_other_words_stands(text: str) -> None:
    verdict = verify(text, NEWS, catalog=CATALOG)
    assert verdict.ok, verdict.problems


@pytest.mark.parametrize(
    "text",
    [
        "昇腾910C 采用 7nm 工艺[2]。",
        "昇腾910C 的功耗为 400W[2]。",
        "昇腾910C 由三颗 910B 芯片封装而成[2]。",
        "海光信息 2024 年营收 61.37 亿元[3]。",
        "海光信息前三季度净利润 15.26 亿元，同比增长 55.64%[3]。",
        "海光信息净利润为 61.37 亿元[3]。",
        "H20 has 148 TFLOPS of FP8 [4].",
        "H20 has 148 TFLOPS of FP16, about 25% of the H100 [4].",
        "摩尔线程成立于 2021 年[1]。",
        "摩尔线程创始人是黄仁勋[1]。",
        "MTT S3000 的显存带宽为 768GB/s[1]。",
        "昇腾910B 的 FP16 算力高于昇腾910C[2]。",
        "昇腾910C 的 FP16 算力为 800 TFLOPS[2]。",
        "MTT S4000 配备 48GB HBM 显存[1]。",
        "The H20 outperforms the H100 [4].",
        "MTT S4000 的显存是 48 GB，售价 3 万元[1]。",
        "昇腾910B 于2024年9月1日发布[2]。",
        "摩尔线程的 S4000 显存为 48 gb[1]，比 A100 大[1]。",
        "海光信息2024年前三季度净利润同比下降69.22%[3]。",
    ],
)
def test_news_said_wrong_does_not_stand(text: str) -> None:
    assert not verify(text, NEWS, catalog=CATALOG).ok
