"""Scaling: generated documents by the thousand, their figures extracted and stored, questions asked of the ledger."""

from __future__ import annotations

import random
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.documents import Document

if TYPE_CHECKING:
    from assistant import Assistant

BATCH = 500
PUBLISHERS = ("东方芯闻", "算力周刊", "硅谷对照", "Chip Ledger", "半导体纪事")


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured at one size: seconds of extraction, milliseconds a question, counts of what is stored."""

    documents: int
    figures: int
    megabytes: float
    extracting: float
    p50: float
    p95: float

    def __str__(self) -> str:
        return (
            f"{self.documents:>8,} documents {self.figures:>9,} figures {self.megabytes:7.1f} MB: extraction "
            f"{self.megabytes / self.extracting:.2f} MB/s, ledger questions p50 {self.p50:.2f} ms, p95 {self.p95:.2f} ms"
        )


def codes() -> Iterator[str]:
    """Model codes that no catalogue lists, each once, in a fixed order."""
    letters = "BDFGJKQVWXYZ"
    for number in range(1100, 9900, 10):
        for first in letters:
            for second in letters:
                yield f"{first}{second}{number}"


def documents(seed: int = 1) -> Iterator[tuple[Document, str]]:
    """Generated articles without end, and the code each is about; every fourth one returns to an earlier card."""
    chance = random.Random(seed)
    names = codes()
    known: list[str] = []
    at = 0
    while True:
        if known and at % 4 == 3:
            code = chance.choice(known)
        else:
            code = next(names)
            known.append(code)
        memory, width = chance.choice((16, 24, 32, 48, 64, 80, 96)), chance.randrange(300, 3600, 4)
        half, watts = chance.randrange(60, 900, 2), chance.randrange(75, 700, 5)
        year, month, day = chance.randrange(2021, 2026), chance.randrange(1, 13), chance.randrange(1, 28)
        title = f"{code} 加速卡的规格公布"
        text = (
            f"# {title}\n\n本报讯，{code} 面向数据中心的训练与推理。{code} 的显存容量为 {memory}GB，显存带宽为 {width}GB/s。"
            f"这款产品的 FP16 算力为 {half}TFLOPS，INT8 算力为 {half * 2}TOPS，功耗为 {watts}W。业内人士认为，供货取决于产能，"
            f"软件生态仍需时间，不少客户还在观望，价格没有公布。\n\n| 项目 | {code} |\n|---|---|\n| 显存容量 | {memory} GB |\n"
            f"| FP16 算力 | {half} TFLOPS |\n| 功耗 | {watts} W |\n"
        )
        yield (
            Document(
                f"scaling:{at}",
                title,
                text,
                chance.choice(PUBLISHERS),
                f"https://news.example/{at}",
                f"{year}-{month:02d}-{day:02d}",
            ),
            code,
        )
        at += 1


def questions(asked: Sequence[str]) -> list[str]:
    """Ledger questions about some of the cards: look-ups, several attributes, comparison, ranking, derivation."""
    first, second, third, *rest = asked
    return [
        f"{first} 的显存带宽是多少？",
        f"{second} 的 FP16 和 INT8 算力",
        f"What is the memory bandwidth of {third}?",
        f"对比 {first} 和 {second} 的显存容量",
        f"{third} 每瓦的 FP16 算力",
        f"{second} 的功耗是 {first} 的多少倍",
        "显存带宽最高的三款卡",
        "MTT S4000 的显存带宽是多少？",
        *(f"{code} 的功耗" for code in rest),
    ]


def measure(sizes: Sequence[int], home: Path) -> list[Point]:
    """One point a size, the home growing from one to the next; `home` is removed afterwards. Prints each as it comes."""
    from assistant import Assistant
    from knowledge.figures import extract
    from knowledge.store import Entry

    points: list[Point] = []
    try:
        with Assistant.open(home) as xinwen:
            xinwen.store.set_meta("filled", "yes")
            source, codes_seen = documents(), []
            stored, size, extracting = 0, 0, 0.0
            for target in sorted(sizes):
                while stored < target:
                    batch = list(islice(source, min(BATCH, target - stored)))
                    start = time.process_time()
                    found = [extract(document, xinwen.catalog) for document, _ in batch]
                    extracting += time.process_time() - start
                    xinwen.store.put(
                        [
                            Entry(document, [], one.figures, [], one.unowned)
                            for (document, _), one in zip(batch, found, strict=True)
                        ]
                    )
                    codes_seen += [code for _, code in batch]
                    size += sum(len(document.text.encode()) for document, _ in batch)
                    stored += len(batch)
                    print(f"\r{stored:,} documents", end="", file=sys.stderr, flush=True)
                point = _point(xinwen, codes_seen, stored, size / 1e6, extracting)
                print(f"\r{point}")
                points.append(point)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return points


def _point(xinwen: Assistant, seen: Sequence[str], stored: int, megabytes: float, extracting: float) -> Point:
    asked = questions(random.Random(stored).sample(sorted(set(seen)), 20))
    for question in asked:
        answer = xinwen.ask(question)
        if answer.status == "refused" and "MTT" not in question:
            raise RuntimeError(f"{question!r} was refused over generated documents: {answer.text}")
    times = []
    for question in asked:
        for _ in range(5):
            start = time.process_time()
            xinwen.ask(question)
            times.append((time.process_time() - start) * 1000)
    if xinwen._embeddings is not None:
        raise RuntimeError("a ledger question touched the embedding model")
    times.sort()
    return Point(
        stored,
        xinwen.store.counts().figures,
        megabytes,
        extracting,
        statistics.median(times),
        times[int(0.95 * len(times))],
    )
