"""`xinwen feeds`: the RSS and Atom feeds of a home."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.console import note, plain, printable, progress

if TYPE_CHECKING:
    from assistant.core import Assistant
    from assistant.settings import Settings

Home = Annotated[Path | None, typer.Option("--home", help="The data directory [env: XINWEN_HOME].", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


def commands(
    opened: Callable[[Path | None], AbstractContextManager[tuple[Assistant, Settings]]],
    reported: Callable[[Any, bool], None],
    said: Callable[[str], None],
    dumped: Callable[[Any], str],
) -> typer.Typer:
    """The commands; the command line lends them how a home is opened, a report shown, and results are written."""
    app = typer.Typer(no_args_is_help=True, help="RSS and Atom feeds: add, list, remove, pull.")

    @app.command()
    def add(urls: Annotated[list[str], typer.Argument(metavar="URL…")], home: Home = None) -> None:
        """Keep feeds; `pull` then reads what is new in them."""
        from knowledge.errors import DocumentError

        failed = 0
        with opened(home) as (assistant, _):
            for url in urls:
                try:
                    info = assistant.add_feed(url)
                except DocumentError as error:
                    failed += 1
                    note(f"{url}: {error}")
                    continue
                said(printable(f"{info.url}  {info.title}"))
        raise typer.Exit(1 if failed else 0)

    @app.command("list")
    def list_(as_json: Json = False, home: Home = None) -> None:
        """The feeds that are kept, when each was pulled last, and how many of its items were read."""
        with opened(home) as (assistant, _):
            infos = assistant.feeds()
        if as_json:
            said(dumped([plain(info) for info in infos]))
        elif not infos:
            note("no feeds; add one with: xinwen feeds add URL")
        else:
            for info in infos:
                pulled = f"pulled {info.pulled}" if info.pulled else "never pulled"
                said(printable(f"{info.url}  {info.title}  ({info.items} items read, {pulled})"))

    @app.command()
    def remove(urls: Annotated[list[str], typer.Argument(metavar="URL…")], home: Home = None) -> None:
        """Forget feeds. The documents that came from them stay."""
        from knowledge.errors import DocumentError

        failed = 0
        with opened(home) as (assistant, _):
            for url in urls:
                try:
                    known = assistant.remove_feed(url)
                except DocumentError as error:
                    known = False
                    note(f"{url}: {error}")
                    failed += 1
                    continue
                if not known:
                    failed += 1
                    note(f"{url}: no such feed is kept; xinwen feeds list shows those that are")
        raise typer.Exit(1 if failed else 0)

    @app.command()
    def pull(
        urls: Annotated[list[str] | None, typer.Argument(metavar="[URL…]")] = None,
        as_json: Json = False,
        home: Home = None,
    ) -> None:
        """Read the new items of the feeds named, of all that are kept when none is."""
        with opened(home) as (assistant, _), progress() as show:
            if not urls and not assistant.feeds():
                note("no feeds; add one with: xinwen feeds add URL")
            report = assistant.pull(urls or (), show)
        reported(report, as_json)

    return app
