"""Intake: `python -m evals.bench.intake` measures what an article costs from file to store, and an unchanged folder.

Articles are written to a folder by the thousand, each in words of its own; every tenth is a reprint of an earlier one
and every fifth fills in a form that all of them share, which is what makes a search for reprints slow.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from evals.bench.__main__ import Line
from evals.bench.scaling import PUBLISHERS, codes

# Articles a minute, and how much dearer an article may be, or memory larger, in the largest home than in the smallest.
WARM = 100
ARTICLES, DEARER, LARGER, UNCHANGED = 1000.0, 1.5, 1.5, 20.0
SUBJECTS = (
    "公司",
    "一位接近供应链的人士",
    "多家服务器厂商",
    "研究机构",
    "产业基金",
    "运营商",
    "开发者社区",
    "分析师",
    "客户",
    "竞争对手",
)
VERBS = ("表示", "认为", "指出", "透露", "强调", "预计", "坦言", "重申", "承认", "否认此前的传闻并称")
TOPICS = (
    "产能",
    "良率",
    "软件生态",
    "推理成本",
    "交付周期",
    "封装工艺",
    "互连方案",
    "散热设计",
    "适配进度",
    "订单结构",
    "人才储备",
    "出口管制",
)
VIEWS = (
    "仍是决定市场份额的关键因素",
    "正在逐季改善",
    "比外界想象的复杂",
    "需要上下游一起投入",
    "短期内难有明显变化",
    "已经不再是主要的瓶颈",
    "会在明年见到拐点",
    "与整机厂商的节奏有关",
    "对中小客户尤其重要",
    "还没有得到充分验证",
)
TAILS = (
    "，但也提醒风险",
    "，并给出了时间表",
    "，具体细节没有公布",
    "，这与上一季度的说法一致",
    "，市场对此反应平淡",
    "",
    "",
    "，相关测试仍在进行",
)
FORM = (
    "算力指数日报：截至收盘，样本企业平均涨跌幅为 {a}%，成交额 {b} 亿元，换手率 {c}%。本日报由系统按照固定格式生成，仅供参考，"
    "不构成任何投资建议。样本企业名单每季度调整一次，指数编制方法见官方网站，历史数据可以在网站上查询与下载，如有疑问请联系客服。"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """At one size: CPU seconds and wall seconds an article since the size before, and the peak memory in MB."""

    articles: int
    cpu: float
    wall: float
    peak: float

    def __str__(self) -> str:
        return (
            f"{self.articles:>7,} articles: {self.cpu * 1e3:6.2f} ms CPU, {self.wall * 1e3:6.2f} ms wall each, "
            f"peak {self.peak:6.0f} MB"
        )


def articles(seed: int = 1) -> Iterator[str]:
    """Generated news without end, 600 to 1,200 characters each, as Markdown with front matter."""
    chance = random.Random(seed)
    names = codes()
    earlier: list[tuple[str, str]] = []
    at = 0
    while True:
        title, body = _article(chance, next(names)) if at % 5 else _form(chance, at)
        if earlier and at % 10 == 9:
            title, body = chance.choice(earlier)
        elif at % 50 == 1:
            earlier.append((title, body))
        day = f"{chance.randrange(2021, 2026)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
        yield (
            f"---\ntitle: {title}\npublisher: {chance.choice(PUBLISHERS)}{at % 97}\npublished: {day}\n"
            f"url: https://news.example/{at}\n---\n{body}\n"
        )
        at += 1


def _article(chance: random.Random, code: str) -> tuple[str, str]:
    def sentence() -> str:
        words = (chance.choice(SUBJECTS), chance.choice(VERBS), chance.choice(TOPICS), chance.choice(VIEWS))
        return "".join(words) + chance.choice(TAILS)

    def paragraph() -> str:
        return "；".join(sentence() for _ in range(chance.randrange(2, 4))) + "。" + sentence() + "。"

    memory, width, watts = (
        chance.choice((16, 32, 48, 64, 96, 128)),
        chance.randrange(300, 3600, 4),
        chance.randrange(75, 700),
    )
    facts = [
        f"{code} 的显存容量为 {memory}GB，显存带宽为 {width}GB/s，功耗为 {watts}W。",
        f"这款产品的 FP16 算力为 {chance.randrange(60, 900, 2)}TFLOPS，{sentence()}。",
        f"公司 {chance.randrange(2021, 2026)} 年营收 {chance.randrange(1, 90)}.{chance.randrange(10)} 亿元，同比增长 {chance.randrange(3, 300)}%。",
        f"首批 {chance.randrange(100, 9000)} 张卡将于 {chance.randrange(2023, 2027)} 年 {chance.randrange(1, 13)} 月交付。",
    ]
    parts = [paragraph() for _ in range(chance.randrange(4, 9))]
    for fact in chance.sample(facts, chance.randrange(2, 5)):
        parts.insert(chance.randrange(len(parts)), fact)
    return f"{code} 与{chance.choice(TOPICS)}：{chance.choice(VIEWS)}", "\n\n".join(parts)


def _form(chance: random.Random, at: int) -> tuple[str, str]:
    numbers = {"a": chance.randrange(100) / 10, "b": chance.randrange(9000), "c": chance.randrange(900) / 100}
    return f"算力指数日报第 {at} 期", FORM.format(**numbers)


def measure(sizes: Sequence[int], folder: Path) -> tuple[list[Point], float, int]:
    """A point a size, the home growing from one to the next; seconds that an ingest of all, unchanged, took; figures."""
    from assistant import Assistant

    library, points, written, source = folder / "library", [], 0, articles()
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    with Assistant.open(folder / "home") as xinwen:
        # The first articles load dictionaries and models; they count in no point.
        for target in (WARM, *sorted(sizes)):
            part = library / f"{target:07}"
            part.mkdir(parents=True)
            for text in islice(source, target - written):
                (part / f"{written:06}.md").write_text(text, "utf-8")
                written += 1
            cpu, wall = time.process_time(), time.perf_counter()
            report = xinwen.ingest([part], embed=False)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            if report.failed:
                raise RuntimeError(f"{len(report.failed)} failed, the first: {report.failed[0]}")
            added = len(report.added)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
            if target > WARM:
                points.append(Point(target, cpu / added, wall / added, peak))
                print(points[-1], flush=True)
        start = time.perf_counter()
        report = xinwen.ingest([library], embed=False)
        again = time.perf_counter() - start
        if len(report.unchanged) != written:
            raise RuntimeError(f"{len(report.unchanged):,} of {written:,} articles were seen to be unchanged")
        return points, again, xinwen.store.counts().figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the points and the lines held against their bounds; the exit code is 1 when one misses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 5_000, 20_000], help="articles to measure at")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="xinwen-intake-") as folder:
        points, again, figures = measure(options.sizes, Path(folder))
    first, last = points[0], points[-1]
    lines = [
        Line(f"articles a minute of CPU, at {point.articles:,}", 60 / point.cpu, ARTICLES, least=True)
        for point in points
    ]
    lines += [
        Line("CPU an article, largest / smallest", last.cpu / first.cpu, DEARER),
        Line("peak memory, largest / smallest", last.peak / first.peak, LARGER),
        Line(f"an ingest of {last.articles:,} unchanged documents", again, UNCHANGED, "s"),
    ]
    print(f"{figures:,} figures")
    print("\n".join(map(str, lines)))
    return int(not all(line.holds for line in lines))


if __name__ == "__main__":
    sys.exit(main())
