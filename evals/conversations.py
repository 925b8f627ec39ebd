"""Conversations held with the assistant, printed as Markdown: what was asked, what was answered, where it stands.

`python -m evals.conversations` prints all of `cases/conversations.yaml`; `--doc --language zh` prints the five of
docs/conversations.zh-CN.md, `--doc --language en` those of docs/conversations.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from assistant import Answer, Assistant

_HEAD = {
    "en": (
        "# Five conversations\n\nReal output of `python -m evals.conversations --doc --language en`, without a language "
        "model, over the shipped documents.\nEach question is asked with the earlier ones of its conversation as history."
    ),
    "zh": (
        "# 五段对话\n\n以下是 `python -m evals.conversations --doc --language zh` 的真实输出：不用语言模型，只用随附的资料。\n"
        "每个问题都带着同一段对话里先前的问题。"
    ),
}


class Conversation(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: tuple[str, ...] = Field(min_length=4, max_length=8)
    title: dict[Literal["zh", "en"], str] = {}
    doc: bool = False


def load_conversations() -> list[Conversation]:
    """The conversations, in the order of the file. Raises pydantic's ValidationError for a malformed one."""
    text = (resources.files("evals") / "cases" / "conversations.yaml").read_text("utf-8")
    return [Conversation.model_validate(item) for item in yaml.safe_load(text)]


def hold(conversation: Conversation, xinwen: Assistant) -> Iterator[tuple[str, Answer]]:
    """Each question with its answer, the earlier questions given as history."""
    for at, turn in enumerate(conversation.turns):
        yield turn, xinwen.ask(turn, conversation.turns[:at])


def as_markdown(turn: str, answer: Answer) -> str:
    """One turn: the question, the answer as text, its table, and the sources by their markers."""
    parts = [f"**{_escaped(turn)}**", _escaped(answer.text).replace("\n- ", "\n\n- ", 1).replace("\n", "\n")]
    if answer.table is not None:
        rows = [answer.table.columns, ["---"] * len(answer.table.columns), *answer.table.rows]
        parts.append(
            "\n".join("| " + " | ".join(_escaped(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)
        )
    sources = [
        f"[{citation.marker}] {citation.publisher or citation.title} {citation.published or ''}".rstrip()
        for citation in answer.citations
    ]
    if sources:
        parts.append("<sub>" + _escaped(" · ".join(sources)) + "</sub>")
    return "\n\n".join(parts)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("*", "\\*").replace("\n\n", "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the conversations as they go; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", help="a home that holds the corpus with its vectors")
    parser.add_argument("--doc", action="store_true", help="only those that stand in the docs")
    parser.add_argument("--language", choices=("zh", "en"), default="en", help="the language of headings")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, Assistant.open(options.home or folder) as xinwen:
        if not options.home:
            xinwen.sync()
        if options.doc:
            print(_HEAD[options.language])
        for number, conversation in enumerate(load_conversations(), 1):
            if options.doc and not conversation.doc:
                continue
            print(f"\n## {number}. {conversation.title.get(options.language, '')}".rstrip(". ") + "\n")
            print("\n\n".join(as_markdown(turn, answer) for turn, answer in hold(conversation, xinwen)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
