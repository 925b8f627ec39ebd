"""The command line: results on stdout, progress and problems on stderr, exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from assistant import cli_documents
from assistant.console import Interrupt, answer_text, hit_line, note, plain, printable, progress, table_text
from assistant.feeding import commands
from assistant.limits import checked_history, checked_question
from assistant.settings import Settings, load_settings
from knowledge.errors import QuestionError, SettingsError, XinwenError

if TYPE_CHECKING:
    from assistant.core import Assistant

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="芯问 Xinwen: answers about Chinese AI chips, every figure from a cited source.\n\n"
    'Start with: xinwen ask "MTT S4000 的显存带宽是多少？"',
)
Home = Annotated[Path | None, typer.Option("--home", help="The data directory [env: XINWEN_HOME].", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


class _Run:
    """What the options before the command said."""

    home: Path | None = None
    debug: bool = False


@app.callback()
def common(
    home: Home = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an unexpected error came from.")] = False,
) -> None:
    _Run.home, _Run.debug = home, debug


@contextmanager
def _assistant(home: Path | None, *, filled: bool = False) -> Iterator[tuple[Assistant, Settings]]:
    """The assistant on the chosen home; `filled` brings the shipped corpus into a home that never held anything."""
    from assistant.core import Assistant

    settings = load_settings(home=home or _Run.home)
    with Assistant.open(home=settings.home) as assistant:
        if filled and assistant.store.meta("filled") is None:
            note("the home is new: reading the shipped corpus once")
            with progress() as show:
                assistant.sync(show, embed=False)
        yield assistant, settings


def _say(text: str) -> None:
    # A terminal that cannot show Chinese gets question marks instead of a traceback.
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def _dump(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, default=str)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In Chinese or English.")],
    as_json: Json = False,
    history: Annotated[
        list[str] | None, typer.Option("--history", help="An earlier question; may be repeated.")
    ] = None,
    home: Home = None,
) -> None:
    """Answer one question.

    Example: xinwen ask "S4000 和 S3000 的显存分别是多少？"
    """
    settings = load_settings(home=home or _Run.home)
    text = checked_question(question, settings)
    with _assistant(home, filled=True) as (assistant, _):
        answer = assistant.ask(text, history=checked_history(history or [], settings))
    if not as_json and answer.understood:
        # What was looked up is no part of the answer: results alone stand on stdout.
        note(answer.understood)
    _say(_dump(answer) if as_json else answer_text(answer))


@app.command()
def batch(
    source: Annotated[str, typer.Argument(metavar="IN.jsonl", help="A file of JSON lines, or - for stdin.")],
    home: Home = None,
) -> None:
    """Answer many questions: one JSON line {"id", "question", "history"} in, one {"id", "answer"} out, in order.

    A bad line gives {"line", "error"} in its place; the rest goes on, and the exit code is then 1.
    """
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise SettingsError(f"{source} cannot be read: {error.strerror}") from error
    failed = 0
    with _assistant(home, filled=True) as (assistant, settings):
        for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
            if not line.strip():
                continue
            result = _answer_line(assistant, settings, number, line)
            if "error" in result:
                failed += 1
                note(f"line {number}: {result['error']}")
            _say(_dump(result))
    raise typer.Exit(1 if failed else 0)


def _answer_line(assistant: Assistant, settings: Settings, number: int, line: bytes) -> dict[str, Any]:
    name: dict[str, Any] = {}
    try:
        item = json.loads(line.decode("utf-8"))
        if not isinstance(item, dict) or not isinstance(item.get("question"), str):
            raise QuestionError('a line must be a JSON object with a "question" that is text')
        name = {"id": item["id"]} if "id" in item else {}
        history = item.get("history") or []
        if not isinstance(history, list) or not all(isinstance(earlier, str) for earlier in history):
            raise QuestionError('"history" must be a list of earlier questions')
        answer = assistant.ask(checked_question(item["question"], settings), history=checked_history(history, settings))
        return {**name, "answer": answer}
    except XinwenError as error:
        return {**name, "line": number, "error": str(error)}
    except ValueError as error:
        return {**name, "line": number, "error": f"not a line of JSON in UTF-8: {error}"}
    except RecursionError:
        return {**name, "line": number, "error": "the JSON is nested too deeply"}


@app.command()
def search(
    query: str,
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=200, help="How many passages.")] = 10,
    mode: Annotated[Literal["hybrid", "lexical", "dense"], typer.Option(help="How to search.")] = "hybrid",
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Find passages, best first, with their scores."""
    with _assistant(home, filled=True) as (assistant, settings):
        hits = assistant.search(checked_question(query, settings), k=k, mode=mode)
    if as_json:
        _say(_dump([hit_line(hit) for hit in hits]))
        return
    for rank, hit in enumerate(map(hit_line, hits), 1):
        source = " · ".join(str(hit[name]) for name in ("title", "publisher", "published") if hit.get(name))
        _say(printable(f"{rank}. {hit['score']:.3f}  {source}\n   {hit['text'].strip()[:300]}\n"))


@app.command()
def ingest(
    inputs: Annotated[
        list[str], typer.Argument(metavar="PATH_OR_URL…", help="Files, folders, web addresses or feeds.")
    ],
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Add documents to the home. What has not changed is skipped; what has is replaced."""
    with _assistant(home) as (assistant, _), progress() as show:
        report = assistant.ingest(inputs, progress=show)
    _report(report, as_json)


@app.command()
def sync(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make every vector anew, as after another model.")] = False,
    watched: Annotated[
        list[Path] | None, typer.Option("--watch", help="A folder to follow instead; may be repeated.")
    ] = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Bring the shipped corpus into the home and finish its vectors; or follow the files of a folder."""
    if watched:
        with _assistant(home) as (assistant, _):
            raise typer.Exit(0 if cli_documents.watch(assistant, watched) else 1)
    with _assistant(home) as (assistant, _), progress() as show:
        report = assistant.sync(progress=show, rebuild=rebuild)
    _report(report, as_json)


def _report(report: Any, as_json: bool) -> None:
    if as_json:
        _say(_dump(report))
    else:
        _say(
            f"added {len(report.added)}, updated {len(report.updated)}, unchanged {len(report.unchanged)}, "
            f"failed {len(report.failed)}"
        )
    for failure in (*report.warned, *report.failed):
        note(f"{failure.origin}: {failure.reason}")
    raise typer.Exit(1 if report.failed else 0)


app.add_typer(commands(_assistant, _report, _say, _dump), name="feeds")


@app.command()
def status(as_json: Json = False, home: Home = None) -> None:
    """What the home holds, and what still waits for its vectors."""
    with _assistant(home) as (assistant, _):
        facts = plain(assistant.status())
    facts |= facts.pop("counts", {})
    if as_json:
        _say(_dump(facts))
        return
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        _say(printable(f"{name:<{width}}  {'' if value is None else value}"))


@app.command()
def figures(
    product: Annotated[str | None, typer.Option(help="A product or company, by any of its names.")] = None,
    attribute: Annotated[str | None, typer.Option(help="An attribute, by name or id.")] = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV for a spreadsheet.")] = False,
    unowned: Annotated[bool, typer.Option("--unowned", help="Quantities that found no owner, instead.")] = False,
    home: Home = None,
) -> None:
    """The ledger: every figure with its source, conflicts marked."""
    if as_json and as_csv:
        raise SettingsError("choose one of --json and --csv")
    with _assistant(home, filled=True) as (assistant, _):
        found: list[Any] = list(_unowned(assistant) if unowned else assistant.figures(product, attribute))
    rows: list[dict[str, Any]] = [plain(row) for row in found]
    if as_json:
        _say(_dump(rows))
    elif as_csv:
        _csv(rows)
    elif rows:
        shown = [name for name in _SHOWN if name in rows[0]] or list(rows[0])
        _say(
            table_text(shown, [["" if row.get(name) is None else _short(row[name]) for name in shown] for row in rows])
        )
    else:
        note("no figures")


def _unowned(assistant: Assistant) -> list[dict[str, str]]:
    names = ("origin", "quantity", "dimension", "context")
    return [dict(zip(names, row, strict=False)) for row in assistant.store.unowned()]


_SHOWN = (
    "product",
    "attribute",
    "value",
    "unit",
    "conditions",
    "scope",
    "period",
    "status",
    "conflict",
    "publisher",
    "as_of",
)


def _short(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _csv(rows: list[dict[str, Any]]) -> None:
    import csv

    # Excel reads UTF-8 only with a mark, and runs a cell that begins like a formula.
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if not rows:
        return
    names = list(rows[0])
    writer.writerow(names)
    for row in rows:
        cells = ["" if row[name] is None else _short(row[name]) for name in names]
        writer.writerow(["'" + cell if cell[:1] in ("=", "+", "@", "\t") else cell for cell in cells])


@app.command(
    "eval",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    help="Run the regression evals; exit code 1 on a regression. xinwen eval --help tells more.",
)
def evaluate(context: typer.Context) -> None:
    import importlib

    # By name, since the assistant works without the evals.
    try:
        run = importlib.import_module("evals.cli").main
    except ModuleNotFoundError as error:
        raise SettingsError(f"the evals are not installed here: {error}") from error
    home = ["--home", str(_Run.home)] if _Run.home and "--home" not in context.args else []
    raise typer.Exit(run([*context.args, *home]) or 0)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default=False)] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port to listen on.", show_default=False)
    ] = None,
    home: Home = None,
) -> None:
    """Serve the chat and the API; the documentation of the API is at /docs."""
    from assistant.api.serve import run

    run(load_settings(home=home or _Run.home, host=host, port=port), note)


def chosen(home: Path | None) -> Path | None:
    """The home named after the command or before it; None for the settings' own."""
    return home or _Run.home


cli_documents.register(app, _assistant, _say, _dump)


def main() -> None:
    """The `xinwen` command. No traceback reaches a person unless --debug asks for it."""
    code = 1
    signal.signal(signal.SIGINT, Interrupt.signalled)
    try:
        app(prog_name="xinwen")
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1 if leaving.code else 0
        if code == 130:
            _interrupted()
    except KeyboardInterrupt:
        code = 130
        _interrupted()
    except (QuestionError, SettingsError) as error:
        note(f"xinwen: {error}")
        code = 2
    except XinwenError as error:
        note(f"xinwen: {error}")
    except BrokenPipeError:
        # Whoever read us has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if _Run.debug:
            raise
        note(f"xinwen: unexpected {type(error).__name__}: {str(error).splitlines()[0][:300] if str(error) else ''}")
        note("Run it again with --debug before the command to see where; what was finished is kept.")
    sys.exit(code)


def _interrupted() -> None:
    note("\ninterrupted; nothing finished is lost. Run the same command again to resume.")
