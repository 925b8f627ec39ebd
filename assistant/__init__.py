"""芯问: questions in, verified answers with citations out. `from assistant import Assistant` is most of what anyone needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.answer import Answer
    from assistant.core import Assistant

__all__ = ["Answer", "Assistant"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: importing a submodule must not pull in the rest.
    if name == "Assistant":
        from assistant.core import Assistant

        return Assistant
    if name == "Answer":
        from assistant.answer import Answer

        return Answer
    raise AttributeError(f"module 'assistant' has no attribute {name!r}")
