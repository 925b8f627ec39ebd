"""The commands that keep a home: documents, backup, restore, doctor, and folders that are watched."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.console import Interrupt, note, plain, printable, progress, table_text

if TYPE_CHECKING:
    from assistant.core import Assistant
    from knowledge.sync import IngestReport

Opened = Callable[[Path | None], AbstractContextManager[tuple["Assistant", Any]]]
Home = Annotated[Path | None, typer.Option("--home", help="The data directory [env: XINWEN_HOME].", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Names = Annotated[list[str], typer.Argument(metavar="DOCUMENT…", help="Ids, beginnings of ids, files or addresses.")]


def register(app: typer.Typer, opened: Opened, say: Callable[[str], None], dump: Callable[[Any], str]) -> None:
    """Adds the commands to `app`; `opened` gives the assistant on the chosen home, `say` and `dump` write to stdout."""
    documents = typer.Typer(no_args_is_help=True, help="List, show, remove and export the documents of the home.")
    app.add_typer(documents, name="documents")

    @documents.command("list")
    def list_documents(
        containing: Annotated[str, typer.Argument(help="Words of the title, publisher, date or origin.")] = "",
        as_json: Json = False,
        home: Home = None,
    ) -> None:
        """The documents, by origin."""
        with opened(home) as (assistant, _):
            infos = assistant.documents(containing)
        if as_json:
            say(dump(infos))
        elif infos:
            rows = [
                [info.id, info.published or "", info.publisher or "", info.title[:60], info.origin] for info in infos
            ]
            say(table_text(["id", "published", "publisher", "title", "origin"], rows))
        else:
            note("no documents" + (f" with {containing!r}" if containing else ""))

    @documents.command("show")
    def show(
        document: Annotated[str, typer.Argument(help="An id, the beginning of one, a file or an address.")],
        as_json: Json = False,
        home: Home = None,
    ) -> None:
        """One document: what is known of it, its figures and its text."""
        with opened(home) as (assistant, _):
            shown = _shown(assistant, document)
        if as_json:
            say(dump(shown))
            return
        figures, text = shown.pop("figures"), shown.pop("text")
        also, editions = shown.pop("also_in"), shown.pop("editions")
        lines = [f"{name}: {value}" for name, value in shown.items() if value not in (None, "", [])]
        if also:
            lines.append(
                "also in: " + ", ".join(f"{item['publisher'] or item['origin']} ({item['id']})" for item in also)
            )
        for edition in editions:
            said = "; ".join(f"{item['product']} {item['attribute']} {item['value']}" for item in edition["said"])
            lines.append(f"until {edition['replaced']} it said: {said}")
        say(printable("\n".join(lines)))
        if figures:
            names = ["product", "attribute", "value", "conditions", "period", "as_of"]
            say("\n" + table_text(names, [[str(row[name]) for name in names] for row in figures]))
        say(printable(f"\n{text.strip()}"))

    @documents.command("remove")
    def remove(names: Names, home: Home = None) -> None:
        """Remove documents with their passages, figures, keywords and vectors. Their files stay where they are."""
        with opened(home) as (assistant, _):
            # All are found before one is removed: a wrong name changes nothing.
            infos = list({info.id: info for info in map(assistant.document, names)}.values())
            for info in infos:
                assistant.remove(info.id)
                say(printable(f"removed {info.id} {info.title}"))
                if info.origin.startswith("corpus:"):
                    note("it belongs to the shipped corpus: `xinwen sync` brings it back")

    @documents.command("export")
    def export(
        folder: Annotated[Path, typer.Argument(help="The folder that the files are written to.")],
        names: Annotated[
            list[str] | None, typer.Argument(metavar="DOCUMENT…", help="Which (all, when none is named).")
        ] = None,
        home: Home = None,
    ) -> None:
        """Write documents as Markdown files, each with its source, that can be ingested again."""
        with opened(home) as (assistant, _):
            written = assistant.export(folder, names or [])
        say(f"{len(written)} documents in {folder}")

    @app.command()
    def backup(
        file: Annotated[Path, typer.Argument(help="The backup's file; an older backup of that name is replaced.")],
        as_json: Json = False,
        home: Home = None,
    ) -> None:
        """Write the home to one file, also while it is served. Vectors are left out: they can be made again."""
        with opened(home) as (assistant, _):
            kept = assistant.backup(file)
        if as_json:
            say(dump(kept))
        else:
            say(f"{kept.documents} documents, {kept.figures} figures, {kept.bytes / 1e6:.1f} MB in {kept.path}")

    @app.command()
    def restore(
        file: Annotated[Path, typer.Argument(help="A file that `xinwen backup` has written.")],
        as_json: Json = False,
        home: Home = None,
    ) -> None:
        """Put a backup in place of what the home holds, also while it is served; all of it or nothing."""
        from assistant.cli import chosen
        from assistant.core import Assistant

        kept = Assistant.restore(file, chosen(home))
        if as_json:
            say(dump(kept))
        else:
            say(f"{kept.documents} documents and {kept.figures} figures of {kept.made} are in {kept.path}")
            if kept.pending:
                note(
                    f"{kept.pending} passages wait for their vectors; figures and words answer meanwhile "
                    "(a server makes them by itself; `xinwen sync` does too)"
                )

    @app.command()
    def doctor(
        repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
        as_json: Json = False,
        home: Home = None,
    ) -> None:
        """Check that documents, figures, keywords and vectors agree; exit code 1 while something is wrong."""
        with opened(home) as (assistant, _):
            health = assistant.doctor(repair)
        if as_json:
            say(dump({"well": health.well, **plain(health)}))
        else:
            for finding in health.findings:
                names = f": {', '.join(finding.examples)}" + (" …" if finding.count > len(finding.examples) else "")
                state = "repaired" if finding.repaired else f"wrong — {finding.remedy}"
                say(
                    printable(
                        f"{finding.check}: {finding.problem} ({finding.count}{names if finding.examples else ''}): {state}"
                    )
                )
            for reason in health.unchecked:
                say(f"not checked — {reason}")
            if not health.findings:
                say("nothing is wrong" + (" in what was checked" if health.unchecked else ""))
        raise typer.Exit(0 if health.well else 1)


def _shown(assistant: Assistant, name: str) -> dict[str, Any]:
    info = assistant.document(name)
    document = assistant.store.document(info.id)
    return {
        **plain(info),
        "passages": len(assistant.store.passages_of(info.id)),
        "editions": [plain(edition) for edition in assistant.store.editions(info.origin)],
        "also_in": [plain(other) for other in assistant.store.reprints(info.id)],
        "figures": [
            {
                "product": figure.subject_name,
                "attribute": figure.attribute,
                "value": figure.text,
                "conditions": ", ".join(filter(None, (*figure.conditions, figure.note))),
                "period": figure.period or "",
                "as_of": figure.as_of or "",
                "start": figure.start,
                "end": figure.end,
            }
            for figure in assistant.store.figures(document_id=info.id)
        ],
        "text": document.text if document is not None else "",
    }


def watch(assistant: Assistant, folders: list[Path]) -> bool:
    """Follows the folders until a person or the system says to stop; False when an input failed on the way."""
    stop = threading.Event()
    failed = False

    def told(report: IngestReport, removed: int) -> None:
        nonlocal failed
        failed = failed or bool(report.failed)
        for failure in report.failed:
            note(f"failed {failure.origin}: {failure.reason}")
        for warning in report.warned:
            note(f"{warning.origin}: {warning.reason}")
        if report.added or report.updated or removed:
            note(f"added {len(report.added)}, updated {len(report.updated)}, removed {removed}")

    signal.signal(signal.SIGTERM, Interrupt.signalled)
    try:
        with progress() as show:

            def hear(report: IngestReport, removed: int) -> None:
                told(report, removed)
                Interrupt.check()

            note(f"watching {', '.join(map(str, folders))}; Ctrl-C stops")
            assistant.follow(folders, hear, stop, show)
    except KeyboardInterrupt:
        Interrupt.wanted = False
        note("stopped watching; everything read so far is stored")
    return not failed
