"""Limits: what a question may be; the same at every door."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.settings import Settings
from knowledge.errors import QuestionError


def checked_question(text: str, settings: Settings) -> str:
    """`text` without blanks around it. Raises QuestionError when nothing is left or it is too long."""
    text = text.replace("\x00", "").encode("utf-8", "replace").decode().strip()
    if not text:
        raise QuestionError("the question is empty; ask something like: MTT S4000 的显存带宽是多少？")
    if len(text) > settings.max_question_chars:
        raise QuestionError(
            f"the question has {len(text):,} characters and at most {settings.max_question_chars:,} are read; "
            "ask about one thing, and ingest long texts as documents (xinwen ingest)"
        )
    return text


def checked_history(history: Sequence[str], settings: Settings) -> list[str]:
    """The latest earlier questions, as many as are read; empty ones left out, overlong ones cut."""
    kept = [text.strip()[: settings.max_question_chars] for text in history if text.strip()]
    return kept[-settings.max_history :] if settings.max_history else []
