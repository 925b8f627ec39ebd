"""Keeping: the documents of a home listed, removed, exported, watched; the home backed up, restored, looked over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.settings import Settings, load_settings
from knowledge.catalog import Catalog
from knowledge.errors import BusyError, IndexMismatchError, QuestionError, StoreError
from knowledge.home import writing
from knowledge.store import DocumentInfo, Store

if TYPE_CHECKING:
    from knowledge.backup import Kept
    from knowledge.doctor import Health
    from knowledge.sync import IngestReport, Progress, Sync
    from knowledge.vectors import Vectors

# Fewer characters of an id name too many documents by chance.
SHORTEST_ID = 4
# Seconds that a watched folder waits for another process to finish writing, and tries again.
PATIENCE = 5.0


class Keeping:
    """What `Assistant` can do with its home besides answering from it."""

    settings: Settings
    home: Path
    store: Store
    catalog: Catalog
    _stop: threading.Event
    _vectors: Vectors | None
    _vectors_tried: bool
    _vectors_lock: Any

    if TYPE_CHECKING:

        def _sync(self) -> Sync: ...
        def _own_vectors(self) -> bool: ...
        def _rebuild(self) -> None: ...
        def _embed(self, progress: Progress | None = None) -> int: ...
        @property
        def embeddings(self) -> Any: ...

    # --- documents ----------------------------------------------------------------------------------------------------

    def documents(self, containing: str = "") -> list[DocumentInfo]:
        """The documents by origin; with `containing`, those whose title, publisher, date or origin holds it."""
        wanted = containing.casefold()
        return [
            info
            for info in self.store.documents()
            if not wanted
            or any(
                wanted in (part or "").casefold() for part in (info.title, info.publisher, info.published, info.origin)
            )
        ]

    def document(self, name: str) -> DocumentInfo:
        """The document of this id, beginning of an id, origin, file or address.

        Raises QuestionError when there is none, or more than one.
        """
        infos = self.store.documents()
        origins = {name, str(Path(name).expanduser().resolve())}
        found = [info for info in infos if info.id == name or info.origin in origins or info.url == name]
        if not found and len(name) >= SHORTEST_ID:
            found = [info for info in infos if info.id.startswith(name.casefold())]
        if not found:
            raise QuestionError(f"there is no document {name[:200]!r}; `xinwen documents list` shows all")
        if len(found) > 1:
            raise QuestionError(
                f"{name[:200]!r} names {len(found)} documents: {', '.join(info.id for info in found[:8])}; name one by its id"
            )
        return found[0]

    def export(self, folder: str | Path, names: Sequence[str] = ()) -> list[Path]:
        """Writes the named documents (all, when none is named) as Markdown files into `folder`; returns the files."""
        from knowledge.exporting import export

        ids = [self.document(name).id for name in names] or [info.id for info in self.store.documents()]
        written: list[Path] = []
        for document_id in dict.fromkeys(ids):
            document = self.store.document(document_id)
            if document is not None:
                written += export([document], Path(folder))
        return written

    # --- folders ------------------------------------------------------------------------------------------------------

    def follow(
        self,
        folders: Sequence[str | Path],
        told: Callable[[IngestReport, int], None],
        stop: threading.Event | None = None,
        progress: Progress | None = None,
        *,
        embed: bool = True,
    ) -> None:
        """Keeps the documents of `folders` as their files are: reads what is new or changed, removes what is gone, then
        waits for more until `stop` is set. `told` hears each report and how many documents were removed."""
        from knowledge.watching import changes, watched

        roots = watched(folders, self.home)
        stop = stop or self._stop
        waiting: list[Path] = []
        for paths in changes(roots, stop):
            waiting += paths
            while waiting and not stop.is_set():
                try:
                    done = self._follow(roots, waiting, progress, embed)
                except BusyError:
                    # Somebody else's long ingest is no reason to give up.
                    continue
                waiting = []
                told(*done)

    def _follow(
        self, roots: Sequence[Path], paths: Sequence[Path], progress: Progress | None, embed: bool
    ) -> tuple[IngestReport, int]:
        from knowledge.loaders import LOADERS
        from knowledge.sync import IngestReport
        from knowledge.watching import gone, readable

        with writing(self.home, timeout=PATIENCE):
            self.store.set_meta("filled", "yes")
            removed = sum(self.store.remove(document_id) for document_id in gone(self.store, roots))
            there = readable(paths, lambda path: path.suffix.lower() in LOADERS)
            report = self._sync().ingest(there, progress) if there else IngestReport()
            # A watched folder may be empty, or hold other things too.
            report.failed = [failure for failure in report.failed if not Path(failure.origin).is_dir()]
            if embed:
                self._embed(progress)
        return report, removed

    # --- the home as a whole ------------------------------------------------------------------------------------------

    def backup(self, file: str | Path) -> Kept:
        """Writes the home to one file, as it is at one moment; others may read and write meanwhile.

        Vectors are left out: they are made again. Raises StoreError, leaving an older backup of that name as it was.
        """
        from knowledge.backup import back_up

        return back_up(self.home, Path(file))

    @classmethod
    def restore(cls, file: str | Path, home: str | Path | None = None) -> Kept:
        """Puts a backup in place of what `home` holds; a server on that home goes on with what was restored.

        Raises StoreError, the home then being as it was, and BusyError while another process writes.
        """
        from knowledge.backup import restore

        return restore(load_settings(home=home).home, Path(file))

    def doctor(self, repair: bool = False) -> Health:
        """Whether documents, passages, figures, keyword index and vectors agree; with `repair`, mends what can be."""
        from contextlib import nullcontext

        from knowledge.doctor import Finding, Health, examine

        with writing(self.home, timeout=10.0) if repair else nullcontext():
            vectors, problem = self._vectors_as_they_are()
            health = examine(self.store, self._sync(), self.catalog, vectors, repair)
            if not problem:
                return health
            if repair:
                self._rebuild()
            finding = Finding("vectors", problem, 1, repaired=repair)
            return Health((*health.findings, finding), ())

    def _vectors_as_they_are(self) -> tuple[Vectors | None, str]:
        """The vector index, nothing in it mended on the way; None when another process owns it, or when it cannot be
        opened for the reason that comes with it."""
        from knowledge.vectors import Vectors

        if self._vectors is not None:
            return self._vectors, ""
        if not self.settings.chroma_url and self._vectors_lock is None and not self._own_vectors():
            return None, ""
        try:
            return Vectors.open(self.home, self.embeddings, self.settings.chroma_url), ""
        except IndexMismatchError as error:
            return None, str(error).partition(";")[0]
        except BusyError:
            raise
        except StoreError as error:
            return None, str(error).partition(";")[0]


__all__ = ["Keeping"]
