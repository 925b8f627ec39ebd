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
from functools import lru_cache
from typing import Any

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
    "entailment", or its only score, at or above `threshold`), else a bi-encoder (cosine at or above `threshold`).

    The whole premise and each of its lines are judged and the best counts: models read the first few hundred tokens.
    Trap: a bi-encoder tells what a sentence is about, not whether it is true: "48 GB" and "80 GB" are near each other.
    It is asked of prose alone, after every figure was held to its quote. Loaded at once; raises ValueError with what is
    wrong for a name that cannot be loaded.
    """
    try:
        if _classifies(name):
            return _inference(name, threshold)
        from sentence_transformers import SentenceTransformer

        embedder = SentenceTransformer(name)
    except Exception as error:
        raise ValueError(f"the entailment model {name!r} cannot be loaded: {str(error).splitlines()[0]}") from error

    @lru_cache(2048)
    def vector(text: str) -> Any:
        return embedder.encode(text, normalize_embeddings=True, show_progress_bar=False)

    def near(premise: str, hypothesis: str) -> bool:
        wanted = vector(hypothesis)
        return any(float(vector(text) @ wanted) >= threshold for text in _premises(premise))

    return near


def _premises(premise: str) -> list[str]:
    return list(dict.fromkeys(text.strip() for text in (premise, *premise.splitlines()) if text.strip()))


def _classifies(name: str) -> bool:
    """Whether a model judges two texts together, by what it says of itself: a folder's name tells nothing."""
    from transformers import AutoConfig

    try:
        made_as = AutoConfig.from_pretrained(name).architectures or ()
    except (OSError, ValueError):
        # Models of sentence-transformers alone have no such file; whether there is a model at all is found out by loading.
        return False
    return any(str(each).endswith("ForSequenceClassification") for each in made_as)


def _inference(name: str, threshold: float) -> Entails:
    from sentence_transformers import CrossEncoder

    encoder = CrossEncoder(name)
    labels = {str(label).casefold(): at for at, label in encoder.config.id2label.items()}
    if len(labels) > 1 and "entailment" not in labels:
        raise ValueError(f"it has the labels {', '.join(labels)}, and none is 'entailment'")
    at = labels.get("entailment", 0)

    several = len(labels) > 1

    def judge(premise: str, hypothesis: str) -> bool:
        pairs = [(text, hypothesis) for text in _premises(premise)]
        if not pairs:
            return False
        found = encoder.predict(pairs, apply_softmax=several, show_progress_bar=False)
        return max(float(each[at] if several else each) for each in found) >= threshold

    return judge
