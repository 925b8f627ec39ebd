"""Citing: how well an answer's sentences are supported by what they cite, in ALCE's sense.

ALCE (Gao et al. 2023, arXiv:2305.14627, section 4) asks of each statement whether the passages it cites, taken
together, entail it (recall), and of each citation whether the statement still needs it (precision). Entailment here is
decided by what can be decided exactly: every figure stands in a cited quote with its unit and subject, every quoted
span is in it word for word. Only of prose that has neither is it asked whether a quote holds its words, or, when one is
given, what a model thinks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answer import Answer
from assistant.markers import MARKER, without_markers
from evals.evidence import Evidence, Texts, evidence, quantities
from evals.saying import MEASURED, sentences, unsupported
from knowledge.catalog import normalise

Entails = Callable[[str, str], bool]
"""(premise, hypothesis) → whether the first supports the second."""

OVERLAP = 0.5
"""The share of a sentence's character pairs that its quotes must hold. Prose that is quoted holds nearly all of its
pairs, prose about something else a tenth; half lies between (measured on the answers of the hand-written cases)."""


@dataclass(frozen=True, slots=True)
class Citing:
    """Of one answer: the statements and how many are supported, the citations and how many are needed."""

    statements: int
    supported: int
    citations: int
    needed: int


def citing(answer: Answer, texts: Texts, asked: str = "", entails: Entails | None = None) -> Citing:
    """ALCE's counts for `answer`. A lead-in, a heading and a sentence about the documents themselves state nothing."""
    cited = {citation.marker: evidence(citation, texts) for citation in answer.citations}
    counts = [0, 0, 0, 0]
    for line in answer.text.split("\n"):
        for sentence in sentences(line) if "=" not in line else [line]:
            numbers = list(dict.fromkeys(int(number) for number in MARKER.findall(sentence)))
            if not numbers and not _states(sentence, answer, asked):
                continue
            whole = _supported(sentence, numbers, answer, texts, asked, cited, entails)
            counts[0] += 1
            counts[1] += whole
            counts[2] += len(numbers)
            for number in numbers if whole else ():
                alone = _supported(sentence, [number], answer, texts, asked, cited, entails)
                rest = [other for other in numbers if other != number]
                without = bool(rest) and _supported(sentence, rest, answer, texts, asked, cited, entails)
                # ALCE: irrelevant is what does not support the sentence alone and is not missed.
                counts[3] += alone or not without
    return Citing(*counts)


def _states(sentence: str, answer: Answer, asked: str) -> bool:
    own = {(q.dimension, q.base) for q in quantities(f"{answer.question}\n{asked}")}
    return any(q.dimension in MEASURED and (q.dimension, q.base) not in own for q in quantities(sentence))


def _supported(
    sentence: str,
    numbers: Sequence[int],
    answer: Answer,
    texts: Texts,
    asked: str,
    cited: dict[int, Evidence],
    entails: Entails | None,
) -> bool:
    if not numbers or any(number not in cited for number in numbers):
        return False
    chosen = set(numbers)
    kept = MARKER.sub(lambda match: match.group() if int(match.group(1)) in chosen else "", sentence)
    one = answer.model_copy(
        update={
            "text": kept,
            "table": None,
            "citations": tuple(citation for citation in answer.citations if citation.marker in chosen),
        }
    )
    if unsupported(one, texts, asked):
        return False
    plain = without_markers(kept)
    quoted = ["".join(found) for found in re.findall(r"“([^”]{4,})”|\"([^\"]{12,})\"", plain)]
    if quoted:
        return all(words in answer.question or any(words in cited[n].quote for n in numbers) for words in quoted)
    stated = [q for q in quantities(plain) if q.dimension != "date"]
    if stated and all(q.dimension in MEASURED or any(cited[n].states(q) for n in numbers) for q in stated):
        return True
    premise = "\n".join(cited[number].near for number in numbers)
    return (entails or _overlaps)(premise, plain)


def _overlaps(premise: str, hypothesis: str) -> bool:
    wanted = _pairs(hypothesis)
    return not wanted or len(wanted & _pairs(premise)) >= OVERLAP * len(wanted)


def _pairs(text: str) -> set[str]:
    plain = re.sub(r"\W+", "", normalise(text))
    return {plain[at : at + 2] for at in range(len(plain) - 1)}


def model(name: str, threshold: float = 0.5) -> Entails:
    """Entailment by a model of sentence-transformers: a cross-encoder that was trained on inference (its label
    "entailment" at or above `threshold`), else a bi-encoder (cosine at or above `threshold`). Loaded at once; raises
    ValueError with what is wrong for a name that cannot be loaded."""
    try:
        from sentence_transformers import CrossEncoder, SentenceTransformer

        if name.startswith("cross-encoder"):
            encoder = CrossEncoder(name)
            labels = {str(label).casefold(): at for at, label in encoder.config.id2label.items()}
            at = labels.get("entailment", 0)

            def judge(premise: str, hypothesis: str) -> bool:
                scores = encoder.predict([(premise, hypothesis)], apply_softmax=len(labels) > 1)[0]
                return float(scores[at] if len(labels) > 1 else scores) >= threshold

            return judge
        embedder = SentenceTransformer(name)
    except Exception as error:
        raise ValueError(f"the entailment model {name!r} cannot be loaded: {str(error).splitlines()[0]}") from error

    def near(premise: str, hypothesis: str) -> bool:
        one, other = embedder.encode([premise, hypothesis], normalize_embeddings=True)
        return float(one @ other) >= threshold

    return near
