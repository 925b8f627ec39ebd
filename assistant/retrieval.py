"""Retrieval: a question's passages, by words and by meaning, fused; what is about the asked product comes first."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from assistant.bounds import Bounds
from assistant.concepts import load_concepts
from assistant.wants import Wishes
from knowledge.catalog import Catalog, Product
from knowledge.documents import Passage
from knowledge.errors import ModelError, StoreError
from knowledge.lexical import query_tokens
from knowledge.store import DocumentInfo, Store
from knowledge.vectors import Vectors

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever

    from assistant.question import Question

log = logging.getLogger(__name__)

Mode = Literal["hybrid", "lexical", "dense"]

# Weight of the dense score in the convex sum, chosen on the retrieval set (`python -m evals.retrieval --sweep`).
DENSE_WEIGHT = 0.5
POOL = 100
# Of a period or a kind of source there may be little among the best: so many are read to find it.
WIDE = 600
# With so many passages about the asked makers, those about others are left out.
PLENTY = 3
# Passages outside of what was asked, handed on to name what comes nearest.
NEAREST = 6
# A passage about the asked product gains this much of the score range, one about a sibling only loses as much.
OWN, SIBLING = 0.25, 0.25
# Copies of one article or rows of one sheet must not fill the first page.
PER_ARTICLE = 4
# A passage of the asked time, and prose where prose is asked for, gain this much.
TIMELY, PROSAIC = 0.15, 0.2
# What is answered in sentences, not in rows.
PROSE = frozenset({"why", "how", "who", "definition", "open", "timeline", "profile"})


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, with its fused score (higher is better) and the scores it came from (None: not in that list).

    `outside` marks one of another time or kind of source than was asked: nothing to answer from.
    """

    passage: Passage
    document: DocumentInfo
    score: float
    lexical: float | None = None
    dense: float | None = None
    outside: bool = False


class Retrieval:
    """Searches a store and its vectors. Without vectors, or while they fill in, words alone find."""

    def __init__(
        self, store: Store, catalog: Catalog, vectors: Vectors | None = None, dense_weight: float = DENSE_WEIGHT
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._vectors = vectors
        self._dense_weight = dense_weight
        self._wishes = Wishes(catalog, load_concepts())
        self._about = functools.lru_cache(maxsize=20_000)(self._subjects_of)

    def for_question(self, question: Question, k: int = 16, mode: Mode = "hybrid") -> list[Hit]:
        """The best `k` passages for a question understood: its subjects, its time, its kind of answer, its words in
        both languages.

        Evidence is of the asked time, kind of source and makers; what comes nearest outside of the time and the kind of
        source follows it, at most `NEAREST` passages, marked.
        """
        inherited = " ".join(subject.name for subject in question.subjects) if "subjects" in question.inherited else ""
        text = f"{inherited} {question.words}".strip()
        return self.search(
            text,
            k,
            mode,
            [subject.id for subject in question.subjects] or None,
            words=self._wishes.words(self._wishes.of(question)),
            dates=list(question.dates),
            prose=question.intent in PROSE,
            bounds=Bounds.of(question, self._catalog),
        )

    def search(
        self,
        text: str,
        k: int = 10,
        mode: Mode = "hybrid",
        subjects: Sequence[str] | None = None,
        *,
        words: Sequence[str] = (),
        dates: Sequence[str] = (),
        prose: bool = False,
        bounds: Bounds | None = None,
    ) -> list[Hit]:
        """The best `k` passages for `text`, best first; `subjects` are the catalogue ids it is about (None: read from it).

        `words` are searched for beside its own; passages of the time of `dates` come first, and with `prose` sentences
        before tables. With `bounds` what lies outside is left out, but for the nearest, which are marked.
        """
        bounds = bounds or Bounds()
        pool = WIDE if bounds.binding else POOL
        expanded = [*self._words(text), *(query_tokens(" ".join(words), self._catalog) if words else ())]
        lexical = dict(self._store.lexical(list(dict.fromkeys(expanded)), pool)) if mode != "dense" else {}
        dense = self._dense(text, mode, pool)
        scores = _fuse(lexical, dense, self._dense_weight)
        passages = self._store.passages(scores)
        infos = self._store.document_infos({passage.document_id for passage in passages.values()})
        asked = (
            set(subjects) if subjects is not None else {mention.entry.id for mention in self._catalog.mentions(text)}
        )
        if asked and mode == "hybrid":
            scores = {
                identity: score + self._preference(passages[identity], infos, asked)
                for identity, score in scores.items()
                if identity in passages
            }
        if (dates or prose) and mode == "hybrid":
            scores = {
                identity: score + _fitting(passages[identity], infos, dates, prose)
                for identity, score in scores.items()
                if identity in passages
            }
        ranked = sorted(
            (identity for identity in scores if identity in passages),
            key=lambda identity: (-scores[identity], identity),
        )
        inside, outside = self._divided(ranked, passages, infos, bounds)
        articles = self._store.article_of(infos)
        near = [
            replace(self._hit(passages[identity], infos, scores, lexical, dense), outside=True)
            for identity in outside[:NEAREST]
        ]
        hits: list[Hit] = []
        taken: dict[str, int] = {}
        later: list[str] = []
        for identity in inside:
            article = articles.get(passages[identity].document_id, "")
            if taken.get(article, 0) >= PER_ARTICLE:
                later.append(identity)
                continue
            taken[article] = taken.get(article, 0) + 1
            hits.append(self._hit(passages[identity], infos, scores, lexical, dense))
            if len(hits) == k:
                return hits + near
        more = [self._hit(passages[identity], infos, scores, lexical, dense) for identity in later[: k - len(hits)]]
        return hits + more + near

    def _divided(
        self,
        ranked: Sequence[str],
        passages: Mapping[str, Passage],
        infos: Mapping[str, DocumentInfo],
        bounds: Bounds,
    ) -> tuple[list[str], list[str]]:
        """What is of the asked time and kind of source, about the asked makers where enough is; and what is not."""
        inside, outside = list(ranked), list[str]()
        if bounds.binding:
            inside = []
            for identity in ranked:
                passage = passages[identity]
                kept = bounds.admits(infos[passage.document_id], passage.text)
                (inside if kept else outside).append(identity)
        if bounds.vendors or bounds.kind:
            about = [
                identity
                for identity in inside
                if bounds.concerns(
                    self._about(identity, passages[identity], infos[passages[identity].document_id].title),
                    passages[identity].searchable(infos[passages[identity].document_id].title),
                    self._catalog,
                )
            ]
            inside = about if len(about) >= PLENTY else inside
        return inside, outside

    def _dense(self, text: str, mode: Mode, pool: int) -> dict[str, float]:
        """Passages near in meaning; a hybrid search goes on with words alone while the index cannot be reached."""
        if mode == "lexical" or self._vectors is None:
            return {}
        try:
            return dict(self._vectors.query(text, pool))
        except Exception as error:
            if mode == "dense" or not _away(error):
                raise
            log.warning("the vector index cannot be read (%s); searching by words alone", error)
            return {}

    @staticmethod
    def _hit(
        passage: Passage,
        infos: Mapping[str, DocumentInfo],
        scores: Mapping[str, float],
        lexical: Mapping[str, float],
        dense: Mapping[str, float],
    ) -> Hit:
        return Hit(
            passage, infos[passage.document_id], scores[passage.id], lexical.get(passage.id), dense.get(passage.id)
        )

    def _words(self, text: str) -> list[str]:
        """The question's words, and the other names of whatever it names."""
        words = query_tokens(text, self._catalog)
        for mention in self._catalog.mentions(text):
            words += query_tokens(" ".join(mention.entry.names()[:4]), self._catalog)
        return list(dict.fromkeys(words))

    def _preference(self, passage: Passage, infos: Mapping[str, DocumentInfo], asked: set[str]) -> float:
        about = self._about(passage.id, passage, infos[passage.document_id].title)
        if about & asked:
            return OWN
        makers = {entry.vendor for entry in map(self._catalog.products.get, asked) if entry is not None}
        siblings = {
            name
            for name in about
            if isinstance(self._catalog.products.get(name), Product) and self._catalog.products[name].vendor in makers
        }
        return -SIBLING if siblings else 0.0

    def _subjects_of(self, _: str, passage: Passage, title: str) -> frozenset[str]:
        return frozenset(mention.entry.id for mention in self._catalog.mentions(passage.searchable(title)))


def _fitting(passage: Passage, infos: Mapping[str, DocumentInfo], dates: Sequence[str], prose: bool) -> float:
    """What a passage gains by being of the asked time and kind."""
    gain = PROSAIC if prose and not passage.table else 0.0
    if dates:
        published = infos[passage.document_id].published
        # The year is enough: news of January tells what December brought.
        years = {date[:4] for date in dates}
        if (published is not None and published[:4] in years) or any(year in passage.text for year in years):
            gain += TIMELY
    return gain


def _away(error: Exception) -> bool:
    """Whether an error is the index being locked or out of reach, not a fault of ours."""
    if isinstance(error, (OSError, StoreError, ModelError)):
        return True
    # Only a failed query pays for this import, and it has loaded both already.
    from chromadb.errors import ChromaError
    from httpx import TransportError

    return isinstance(error, (ChromaError, TransportError))


def _fuse(lexical: Mapping[str, float], dense: Mapping[str, float], weight: float) -> dict[str, float]:
    """The convex sum of both lists' min–max normalised scores (Bruch et al. 2023); one list alone keeps its order."""
    if not dense or not lexical:
        return _normalised(dense or lexical)
    left, right = _normalised(dense), _normalised(lexical)
    return {
        identity: weight * left.get(identity, 0.0) + (1 - weight) * right.get(identity, 0.0)
        for identity in {*left, *right}
    }


def _normalised(scores: Mapping[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {identity: (score - low) / (high - low) if high > low else 1.0 for identity, score in scores.items()}


def as_retriever(
    retrieval: Retrieval, k: int = 10, mode: Mode = "hybrid", understand: Callable[[str], Question] | None = None
) -> BaseRetriever:
    """`retrieval` as a LangChain retriever, whose Documents carry the citation in their metadata.

    With `understand` a query is read as a question and finds what the assistant itself would read for it.
    """
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document as LangChainDocument
    from langchain_core.retrievers import BaseRetriever

    class EvidenceRetriever(BaseRetriever):
        """Passages of the home as LangChain Documents, best first."""

        def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Any]:
            return [
                LangChainDocument(
                    id=hit.passage.id,
                    page_content=hit.passage.text,
                    metadata={
                        "document_id": hit.document.id,
                        "title": hit.document.title,
                        "publisher": hit.document.publisher,
                        "url": hit.document.url,
                        "published": hit.document.published,
                        "start": hit.passage.start,
                        "end": hit.passage.end,
                        "score": hit.score,
                    },
                )
                for hit in (
                    retrieval.search(query, k, mode)
                    if understand is None
                    else retrieval.for_question(understand(query), k, mode)
                )
                if not hit.outside
            ]

    return EvidenceRetriever()
