"""Markdown with YAML front matter."""

from __future__ import annotations

import re
from pathlib import PurePath

import yaml
from pydantic import ValidationError

from knowledge.documents import Document, FrontMatter
from knowledge.errors import DocumentError
from knowledge.loaders.base import loads
from knowledge.loaders.encoding import decode
from knowledge.metadata import describe, language_of

_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.S)


@loads(".md", ".markdown")
def load_markdown(data: bytes, name: str, origin: str) -> Document:
    """The document; its front matter validated, or, without one, title and date read from the text itself."""
    text = decode(data, name).replace("\r\n", "\n").replace("\r", "\n")
    match = _FRONT.match(text)
    if match is None:
        described = describe(text, PurePath(name).stem)
        # The text stays as it is: in Markdown a first line is a heading, not a byline to be cut.
        return Document(
            origin,
            described.title,
            text,
            publisher=described.publisher,
            published=described.published,
            language=language_of(text),
        )
    try:
        raw = yaml.safe_load(match.group(1)) or {}
        if not isinstance(raw, dict):
            raise DocumentError(f"the front matter of {name} has to be lines of `name: value`")
        header = FrontMatter.model_validate(raw)
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, ValidationError):
            wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:3])
            raise DocumentError(f"the front matter of {name} is wrong: {wrong}") from error
        raise DocumentError(f"the front matter of {name} is not valid YAML: {str(error).splitlines()[0]}") from error
    body = text[match.end() :].strip("\n") + "\n"
    if not body.strip():
        raise DocumentError(f"{name} has front matter but no text below it")
    return Document(
        origin,
        header.title,
        body,
        publisher=header.publisher,
        url=str(header.url) if header.url else None,
        published=header.published,
        language=header.language or language_of(body),
        kind=header.kind,
        claimed_by=header.claimed_by,
    )
