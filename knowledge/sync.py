"""Sync: load → split → extract → store → embed; incremental, and resumable wherever it was stopped."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.embeddings import Embedder
from knowledge.errors import DocumentError, StoreError, XinwenError
from knowledge.figures import extract
from knowledge.lexical import tokens
from knowledge.loaders import discover, load_bytes
from knowledge.passages import split
from knowledge.repairs import forget_fingerprints
from knowledge.reprints import bands, same_figures, signature, similarity
from knowledge.store import Entry, Store
from knowledge.vectors import Vectors
from knowledge.web.addresses import is_url

# Raised when extraction changes, so that stored documents are read again.
PIPELINE = "14"
# Documents a transaction: few enough to be done in well under a second, enough to make the commit's cost small.
BATCH = 32
# Seconds of reading after which a smaller batch is stored too, and the size in bytes of a file that may take longer.
LONGEST, LARGE = 2.0, 1_000_000
# Passages embedded between two commits: about three seconds of work are lost at most.
EMBED_BATCH = 32
# Two articles are printings of one when this share of their shingles is the same, and every number in them is.
REPRINT = 0.8

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Failure:
    origin: str
    reason: str


@dataclass(slots=True)
class IngestReport:
    """What became of each input: origins added, updated, unchanged; failures with their reason.

    `warned` names inputs that were read in part: pages without text, hidden sheets.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    warned: list[Failure] = field(default_factory=list)


class Sync:
    """Brings documents into a store. The caller holds the home's write lock."""

    def __init__(self, store: Store, catalog: Catalog, catalog_version: str = "") -> None:
        self._store = store
        self._catalog = catalog
        # What a fingerprint begins with: the rules a document was read by.
        self.version = f"{PIPELINE}:{catalog_version}"

    def ingest(self, paths: Sequence[str | Path], progress: Progress | None = None) -> IngestReport:
        """Reads files and folders; an input that fails is named in the report, the others are done."""
        report = IngestReport()
        local = []
        for path in paths:
            if is_url(str(path)):
                report.failed.append(Failure(str(path), "a web address; it is read by knowledge.web.intake"))
            else:
                local.append(Path(path))
        files, failures = discover(local)
        report.failed += [Failure(str(path), reason) for path, reason in failures]
        inputs = [(str(path.resolve()), path) for path in files]
        self._run(((origin, path.name, path) for origin, path in inputs), len(inputs), report, progress)
        return report

    def read_again(self, origins: Sequence[str]) -> IngestReport:
        """Reads documents anew whatever their fingerprints say: from their files, or, where those are gone or cannot be
        read any more, from the text that the store holds."""
        report = IngestReport()
        shipped = dict(_shipped(resources.files("knowledge") / "corpus", ""))
        sources: list[tuple[str, str, Path | Traversable]] = []
        for origin in origins:
            if origin in shipped:
                sources.append((origin, Path(origin).name, shipped[origin]))
            elif Path(origin).is_absolute() and Path(origin).is_file():
                sources.append((origin, Path(origin).name, Path(origin)))
        forget_fingerprints(self._store, [origin for origin, _, _ in sources])
        self._run(iter(sources), len(sources), report, None)
        done = {*report.added, *report.updated, *report.unchanged}
        report.failed.clear()
        held = self._store.origins()
        for origin in origins:
            if origin in done or origin not in held:
                continue
            document = self._store.document(held[origin])
            if document is not None:
                noted = self._store.fingerprint(origin) or ""
                self._commit([self.entry(document, f"{self.version}:{noted.rpartition(':')[2]}")], report)
        return report

    def corpus(self, progress: Progress | None = None) -> IngestReport:
        """Brings the shipped corpus to the state this release ships, and removes what it ships no more."""
        report = IngestReport()
        shipped = dict(_shipped(resources.files("knowledge") / "corpus", ""))
        for origin, document_id in self._store.origins("corpus:").items():
            if origin not in shipped:
                self._store.remove(document_id)
        self._run(
            ((origin, Path(origin).name, item) for origin, item in shipped.items()), len(shipped), report, progress
        )
        return report

    def _run(
        self,
        inputs: Iterator[tuple[str, str, Path | Traversable]],
        total: int,
        report: IngestReport,
        progress: Progress | None,
    ) -> None:
        waiting: list[Entry] = []
        committed = time.monotonic()
        for done, (origin, name, source) in enumerate(inputs, 1):
            if waiting and isinstance(source, Path) and _size(source) > LARGE:
                # A report of two thousand pages takes minutes: a kill in the middle costs nothing that was read before.
                self._commit(waiting, report)
                waiting, committed = [], time.monotonic()
            try:
                entry = self._read(origin, name, source, report)
            except StoreError:
                raise
            except XinwenError as error:
                report.failed.append(Failure(origin, str(error)))
                entry = None
            except OSError as error:
                report.failed.append(Failure(origin, f"cannot be read ({error.strerror or error})"))
                entry = None
            except Exception as error:
                # A document that our own code stumbles over must not cost the others.
                report.failed.append(Failure(origin, _stumbled(error)))
                entry = None
            if entry is not None:
                waiting.append(entry)
            if len(waiting) >= BATCH or (waiting and time.monotonic() - committed > LONGEST):
                self._commit(waiting, report)
                waiting, committed = [], time.monotonic()
            if progress is not None:
                try:
                    progress("read", done, total)
                except KeyboardInterrupt:
                    # What was read is kept: whoever interrupts a long run does not mean to read it twice.
                    self._commit(waiting, report)
                    raise
        self._commit(waiting, report)

    def _commit(self, entries: list[Entry], report: IngestReport) -> None:
        """Stores entries in one transaction; when one of them cannot be stored, each in its own, naming the bad ones.

        Raises StoreError when the store itself cannot be written: what was committed before is kept.
        """
        if not entries:
            return
        try:
            grouped = self._grouped(entries)
            outcomes = self._store.put(grouped)
        except StoreError:
            raise
        except Exception as error:
            if len(entries) == 1:
                reason = str(error) if isinstance(error, XinwenError) else _stumbled(error)
                report.failed.append(Failure(entries[0].document.origin, reason))
                return
            for entry in entries:
                self._commit([entry], report)
            return
        for entry, outcome in zip(grouped, outcomes, strict=True):
            getattr(report, outcome).append(entry.document.origin)

    # What comes from the web is stored a document at a time, by its own intake.
    commit = _commit

    def _read(self, origin: str, name: str, source: Path | Traversable, report: IngestReport) -> Entry | None:
        """The entry of one input; None when it has not changed since it was read last."""
        from knowledge.loaders import size_limit

        limit = size_limit(name)
        if isinstance(source, Path) and source.stat().st_size > limit:
            raise DocumentError(f"{origin} is larger than {limit // 1_000_000} MB; split it into parts")
        data = source.read_bytes()
        fingerprint = f"{self.version}:{hashlib.sha256(data).hexdigest()}"
        if self._store.fingerprint(origin) == fingerprint:
            report.unchanged.append(origin)
            return None
        document = load_bytes(data, name, origin)
        report.warned += [Failure(origin, warning) for warning in document.warnings]
        return self.entry(document, fingerprint)

    def entry(self, document: Document, fingerprint: str = "") -> Entry:
        """All that `document` brings: passages, figures, tokens, signature."""
        passages = split(document)
        found = extract(document, self._catalog)
        words = [" ".join(tokens(passage.searchable(document.title), self._catalog)) for passage in passages]
        signed = signature(document.text)
        return Entry(
            document,
            passages,
            found.figures,
            words,
            found.unowned,
            fingerprint,
            signed,
            bands(signed, document.text) if signed else (),
        )

    def _grouped(self, entries: list[Entry]) -> list[Entry]:
        """Gives each entry the article it is a printing of: one stored before, one of this batch, or itself."""
        from dataclasses import replace

        grouped: list[Entry] = []
        for entry in entries:
            article = entry.document.id
            if entry.signature is not None:
                near = self._store.candidates(entry.bands, without=entry.document.id)
                near += [
                    (other.document.id, other.article, other.signature)
                    for other in grouped
                    if other.signature is not None and set(other.bands) & set(entry.bands)
                ]
                for other_id, known, signed in near:
                    if similarity(entry.signature, signed) >= REPRINT and self._same(entry.document, other_id, grouped):
                        article = known
                        break
            grouped.append(replace(entry, article=article))
        return grouped

    def _same(self, document: Document, other_id: str, grouped: list[Entry]) -> bool:
        """Whether two near-identical texts also state the same numbers: an edit of one figure is no reprint."""
        other = next(
            (entry.document for entry in grouped if entry.document.id == other_id), None
        ) or self._store.document(other_id)
        return other is not None and same_figures(document.text, other.text)

    def embed(
        self,
        vectors: Vectors,
        embeddings: Embedder,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
        limit: int | None = None,
    ) -> int:
        """Makes the vectors of pending passages, a batch a commit; returns how many. Stops early when `stop` is set."""
        if limit is None:
            check_index(self._store, vectors, full=True)
        gone = self._store.obsolete()
        if gone:
            vectors.delete(gone)
            self._store.forget_obsolete(gone)
        total, done = self._store.counts().pending, 0
        while limit is None or done < limit:
            if stop is not None and stop.is_set():
                break
            batch = self._store.pending(EMBED_BATCH)
            if not batch:
                break
            # Texts of like length share a batch without padding.
            batch.sort(key=lambda item: len(item[0].text))
            ids = [passage.id for passage, _ in batch]
            vectors.add(ids, embeddings.embed_documents([passage.searchable(title) for passage, title in batch]))
            self._store.mark_embedded(ids)
            done += len(batch)
            if progress is not None:
                progress("embed", done, max(total, done))
        return done


def check_index(store: Store, vectors: Vectors, full: bool = False) -> None:
    """Mends what the store and the index disagree about: lost vectors become pending again, strays are deleted.

    Ids are compared, in linear time, when the counts differ or when `full` asks for it.
    """
    counts = store.counts()
    if not full and vectors.count() == counts.passages - counts.pending:
        return
    # The index is read before the store: a writer stores a passage before its vector, so that whatever is in the
    # first reading and not in the second is truly gone.
    held = vectors.ids()
    passages = store.passage_ids()
    lost = [identity for identity, embedded in passages.items() if embedded and identity not in held]
    if lost:
        store.mark_pending(lost)
    strays = sorted(held - passages.keys())
    if strays:
        vectors.delete(strays)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _stumbled(error: Exception) -> str:
    return f"could not be processed ({type(error).__name__}: {error}); please report this document"


def _shipped(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        path = f"{prefix}{item.name}"
        if item.is_dir():
            yield from _shipped(item, f"{path}/")
        elif item.name.endswith(".md"):
            yield f"corpus:{path}", item


__all__ = ["Failure", "IngestReport", "StoreError", "Sync", "check_index"]
