"""Assistant: the whole of 芯问 behind one class; CLI, API and page are doors to it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assistant.answer import Answer
from assistant.chain import Steps, deltas
from assistant.compose import Composer
from assistant.keeping import Keeping
from assistant.ledger import Ledger, strands
from assistant.listing import products
from assistant.names import NameIndex
from assistant.newest import SHOWN, asks_newest, newest
from assistant.question import Question, Subject
from assistant.ranking import placed
from assistant.retrieval import Hit, Retrieval, as_retriever
from assistant.settings import Settings, load_settings
from assistant.understand import Understanding
from assistant.wording import plain
from knowledge.catalog import Catalog
from knowledge.errors import IndexMismatchError, QuestionError, StoreError
from knowledge.figures import Figure
from knowledge.home import prepare, writing
from knowledge.store import Counts, Store

if TYPE_CHECKING:
    from filelock import FileLock
    from langchain_core.retrievers import BaseRetriever

    from knowledge.embeddings import Embedder
    from knowledge.sync import IngestReport, Progress, Sync
    from knowledge.vectors import Vectors
    from knowledge.web.intake import Intake
    from knowledge.web.visits import FeedInfo


@dataclass(frozen=True, slots=True)
class Status:
    """What a home holds. `vectors` is None while another process owns the vector index."""

    home: str
    counts: Counts
    vectors: int | None
    model: str
    figures_in_conflict: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A line of the ledger with its provenance; `conflict` tells that another source says otherwise."""

    product: str
    attribute: str
    value: str
    unit: str
    bound: str
    conditions: str
    scope: str
    period: str
    status: str
    claimed_by: str
    publisher: str
    as_of: str
    url: str
    conflict: bool
    document_id: str
    quote: str


class Assistant(Keeping):
    """Open it once, ask it often, from any thread; `close()` it, or use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = prepare(settings.home)
        self.catalog = Catalog.load(settings.catalog)
        self.store = Store.open(self.home)
        self._lock = threading.RLock()
        self._vectors: Vectors | None = None
        self._vectors_lock: FileLock | None = None
        self._vectors_tried = False
        self._embeddings: Embedder | None = None
        self._understanding: tuple[tuple[int, str], Understanding] | None = None
        self._filling: threading.Thread | None = None
        self._stop = threading.Event()
        self.ledger = Ledger(self.store, self.catalog)
        self._steps = Steps(
            self.understand, self._retrieve, Composer(self.ledger, self.store, self.catalog), self._generator()
        )

    @classmethod
    def open(cls, home: str | Path | None = None, **overrides: Any) -> Assistant:
        """An assistant on the data directory `home`; settings from the environment, any of them overridden by keyword.

        Raises SettingsError or StoreError with what to do.
        """
        return cls(load_settings(home=home, **overrides))

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops what runs in the background and lets go of the home."""
        self._stop.set()
        if self._filling is not None:
            self._filling.join()
        if self._vectors_lock is not None:
            self._vectors_lock.release()
        self.store.close()

    # --- asking -----------------------------------------------------------------------------------------------------

    def ask(self, question: str, history: Sequence[str] = (), *, stopped: Callable[[], bool] | None = None) -> Answer:
        """One verified answer; `history` holds the earlier questions of the conversation, oldest first.

        Raises QuestionError for an empty question or one longer than the setting allows, and StoppedError between
        two steps once `stopped()`.
        """
        self._check(question)
        self.prepare()
        return self._steps.run(question, history, stopped)

    def stream(
        self, question: str, history: Sequence[str] = (), *, stopped: Callable[[], bool] | None = None
    ) -> Iterator[str | Answer]:
        """The answer's text in pieces as it can be trusted, then the Answer itself."""
        answer = self.ask(question, history, stopped=stopped)
        yield from deltas(answer.text)
        yield answer

    def understand(self, question: str, history: Sequence[str] = ()) -> Question:
        """What a question is understood to ask."""
        # 去年 is told from today: a server that runs into the new year reads it anew.
        state = (self.store.revision, date.today().isoformat())
        with self._lock:
            if self._understanding is None or self._understanding[0] != state:
                names = NameIndex(
                    self.catalog, [(subject, name, kind) for subject, name, kind, _ in self.store.subjects()]
                )
                self._understanding = (state, Understanding(self.catalog, names, state[1], self._listed))
            understanding = self._understanding[1]
        return understanding(question, history)

    def _listed(self, question: Question) -> list[Subject]:
        """What the answer to an earlier ranking or list showed, found again: a history holds no answers."""
        dated = newest(question, self.ledger, self.catalog)[0] if asks_newest(question) else []
        if dated:
            found = dated[: question.rank_n or SHOWN]
        elif question.intent == "list" and question.subjects:
            found = products(question, self.ledger, self.catalog)
        else:
            found = placed(question, self.ledger)
        return [
            Subject(id=strand.subject, name=strand.subject_name, kind=strand.lead.subject_kind or "card")
            for strand in found
        ]

    def search(self, query: str, k: int = 10, mode: Literal["hybrid", "lexical", "dense"] = "hybrid") -> list[Hit]:
        """The best `k` passages with their scores, best first."""
        self._check(query)
        self.prepare()
        return self._retrieval(mode).search(query, k, mode)

    def retriever(self, k: int = 10) -> BaseRetriever:
        """The home's passages as a LangChain retriever."""
        self.prepare()
        return as_retriever(self._retrieval("hybrid"), k, understand=self.understand)

    def runnable(self) -> Any:
        """The chain as a LangChain Runnable from State to Answer."""
        self.prepare()
        return self._steps.runnable()

    def _check(self, question: str) -> None:
        if not question.strip():
            raise QuestionError("the question is empty; type what you want to know")
        if len(question) > self.settings.max_question_chars:
            raise QuestionError(
                f"the question has {len(question):,} characters, at most {self.settings.max_question_chars:,} are read; shorten it"
            )

    def _retrieve(self, question: Question) -> list[Hit]:
        return self._retrieval("hybrid").for_question(question)

    def _retrieval(self, mode: str) -> Retrieval:
        return Retrieval(self.store, self.catalog, self.vectors if mode != "lexical" else None)

    def _generator(self) -> Any:
        if not self.settings.model:
            return None
        from assistant.generate import generator

        return generator(self.settings, self.catalog, self._text)

    def _text(self, document_id: str) -> str | None:
        document = self.store.document(document_id)
        return document.text if document is not None else None

    # --- the home ---------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Brings the shipped corpus into a home that has never held anything; nothing on later calls."""
        if self.store.meta("filled") is None:
            self.sync(embed=False)

    @property
    def embeddings(self) -> Embedder:
        if self._embeddings is None:
            from knowledge.embeddings import open_embeddings

            settings = self.settings
            key = settings.embedding_api_key.get_secret_value() if settings.embedding_api_key is not None else None
            self._embeddings = open_embeddings(
                settings.embedding_engine,
                settings.embedding_model,
                settings.embedding_device,
                settings.embedding_url,
                key,
            )
        return self._embeddings

    @property
    def vectors(self) -> Vectors | None:
        """The vector index; None while another process owns it (figures and words answer all the same)."""
        with self._lock:
            if not self._vectors_tried:
                self._vectors_tried = True
                if self.settings.chroma_url or self._own_vectors():
                    from knowledge.sync import check_index
                    from knowledge.vectors import Vectors

                    self._vectors = Vectors.open(self.home, self.embeddings, self.settings.chroma_url)
                    check_index(self.store, self._vectors)
            return self._vectors

    def _own_vectors(self) -> bool:
        """Chroma's local index takes one process at a time; a second one can hang for minutes."""
        from filelock import FileLock, Timeout

        lock = FileLock(str(self.home / "vectors.lock"), timeout=0)
        try:
            lock.acquire()
        except Timeout:
            return False
        self._vectors_lock = lock
        return True

    def _sync(self) -> Sync:
        from knowledge.sync import Sync

        source = (
            self.settings.catalog.read_bytes()
            if self.settings.catalog
            else repr(sorted(self.catalog.products)).encode()
        )
        return Sync(self.store, self.catalog, hashlib.sha256(source).hexdigest()[:12])

    def sync(self, progress: Progress | None = None, *, embed: bool = True, rebuild: bool = False) -> IngestReport:
        """Brings the shipped corpus to this release's state, then makes the pending vectors; resumable.

        `rebuild` makes every vector anew, which is how an index made with another model is mended.
        """
        with writing(self.home):
            report = self._sync().corpus(progress)
            self.store.set_meta("filled", "yes")
            if rebuild:
                self._rebuild()
            if embed:
                self._embed(progress)
        return report

    def _rebuild(self) -> None:
        from knowledge.vectors import Vectors

        if not self.settings.chroma_url and self._vectors_lock is None and not self._own_vectors():
            raise StoreError(
                f"another process uses the vector index in {self.home}; stop it and run `xinwen sync --rebuild` again"
            )
        self.store.mark_all_pending()
        self._vectors = Vectors.reset(self.home, self.embeddings, self.settings.chroma_url)
        self._vectors_tried = True

    def ingest(
        self, paths: Sequence[str | Path], progress: Progress | None = None, *, embed: bool = True
    ) -> IngestReport:
        """Reads files, folders, web addresses and feeds into the home; failures are in the report, never raised for one
        input."""
        from knowledge.web.addresses import is_url

        addresses = [str(path) for path in paths if is_url(str(path))]
        with writing(self.home):
            self.store.set_meta("filled", "yes")
            report = self._sync().ingest([path for path in paths if not is_url(str(path))], progress)
            if embed and not addresses:
                self._embed(progress)
        if addresses:
            with self._web() as web:
                web.read(addresses, report, progress)
            if embed:
                with self._writing():
                    self._embed(progress)
        return report

    def pull(self, feeds: Sequence[str] = (), progress: Progress | None = None, *, embed: bool = True) -> IngestReport:
        """Reads the new items of these feeds, of all that are kept when none is named."""
        from knowledge.sync import IngestReport

        report = IngestReport()
        with self._web() as web:
            web.pull(feeds, report, progress)
        if embed:
            with self._writing():
                self._embed(progress)
        return report

    def add_feed(self, address: str) -> FeedInfo:
        """Keeps a feed, for `pull` to read. Raises DocumentError when the address is not that of a feed."""
        with self._web() as web:
            return web.add_feed(address)

    def remove_feed(self, address: str) -> bool:
        """Forgets a feed, not the documents that came from it; False when it is not kept."""
        with self._web() as web:
            return web.remove_feed(address)

    def feeds(self) -> list[FeedInfo]:
        """The feeds that are kept."""
        from knowledge.web.visits import Visits

        return Visits(self.store).feeds()

    def _writing(self) -> AbstractContextManager[None]:
        # What was waited for from a server is not lost to a writer who is done in a moment.
        return writing(self.home, timeout=30.0)

    @contextmanager
    def _web(self) -> Iterator[Intake]:
        from knowledge.web.addresses import Hosts
        from knowledge.web.fetching import Fetcher, Limits
        from knowledge.web.intake import Intake

        settings = self.settings
        limits = Limits(total=settings.web_timeout, delay=settings.web_delay)
        with Fetcher(Hosts(settings.allowed_hosts), limits) as fetcher:
            yield Intake(self.store, self._sync(), fetcher, self._writing, settings.feed_items)

    def remove(self, document_id: str) -> bool:
        """Removes a document and everything that came from it; False when there is none of that id."""
        with writing(self.home):
            return self.store.remove(document_id)

    def _embed(self, progress: Progress | None = None) -> int:
        vectors = self.vectors
        if vectors is None:
            return 0
        return self._sync().embed(vectors, self.embeddings, progress, self._stop)

    def fill_in_background(self) -> None:
        """Makes pending vectors in a thread while questions are answered; `close()` stops it between two batches."""

        def fill() -> None:
            vectors = self.vectors
            while vectors is not None and not self._stop.is_set():
                try:
                    with writing(self.home):
                        done = self._sync().embed(vectors, self.embeddings, None, self._stop, limit=64)
                except StoreError:
                    done = 0
                if not done and self._stop.wait(5.0):
                    break

        self._filling = threading.Thread(target=fill, name="vectors", daemon=True)
        self._filling.start()

    def status(self) -> Status:
        """Counts, model and state of the home."""
        try:
            vectors = self.vectors.count() if self.vectors is not None else None
        except IndexMismatchError:
            vectors = None
        conflicts = sum(row.conflict for row in self.figures())
        return Status(str(self.home), self.store.counts(), vectors, self.settings.embedding_model, conflicts)

    def figures(self, product: str | None = None, attribute: str | None = None) -> list[FigureRow]:
        """The ledger's lines, by product and attribute; `product` and `attribute` are ids or any of their names.

        Raises QuestionError when a name is not known.
        """
        subjects = [self._subject(product)] if product else None
        attributes = [self._attribute(attribute)] if attribute else None
        found = self.store.figures(subjects, attributes)
        groups: dict[tuple[str, str], list[Figure]] = {}
        for figure in found:
            groups.setdefault((figure.subject, figure.attribute), []).append(figure)
        texts: dict[str, str] = {}
        rows: list[FigureRow] = []
        for key in sorted(groups):
            disputed = {
                figure.id
                for strand in strands(groups[key], self.ledger.periodic)
                if strand.conflicting
                for side in strand.sides
                for figure in side
            }
            rows += [self._row(figure, figure.id in disputed, texts) for figure in groups[key]]
        return rows

    def _row(self, figure: Figure, conflict: bool, texts: dict[str, str]) -> FigureRow:
        if figure.document_id not in texts:
            document = self.store.document(figure.document_id)
            texts[figure.document_id] = document.text if document is not None else ""
        value = (
            figure.text
            if figure.value is None
            else plain(figure.value) + (f"–{plain(figure.high)}" if figure.high is not None else "")
        )
        return FigureRow(
            product=figure.subject_name,
            attribute=figure.attribute,
            value=value,
            unit=figure.unit,
            bound=figure.bound,
            conditions=", ".join(filter(None, (*figure.conditions, figure.note))),
            scope=figure.scope or "",
            period=figure.period or "",
            status=figure.status,
            claimed_by=figure.claimed_by,
            publisher=figure.publisher or "",
            as_of=figure.as_of or "",
            url=figure.url or "",
            conflict=conflict,
            document_id=figure.document_id,
            quote=texts[figure.document_id][figure.quote_start : figure.quote_end],
        )

    def _subject(self, name: str) -> str:
        if name in self.catalog.products or name in self.catalog.vendors:
            return name
        found = self.understand(name).subjects
        if not found or found[0].ambiguous:
            raise QuestionError(
                f"no product or company is called {name!r} here; `xinwen figures --json` lists all that are"
            )
        return found[0].id

    def _attribute(self, name: str) -> str:
        if name in self.catalog.attributes:
            return name
        mentions = self.catalog.attribute_mentions(name) or self.catalog.attribute_mentions(name, cues=True)
        if not mentions:
            raise QuestionError(f"{name!r} is no known attribute; known are {', '.join(self.catalog.attributes)}")
        return mentions[0].entry.id


__all__ = ["Assistant", "FigureRow", "Status"]
