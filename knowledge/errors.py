"""Errors for people: every message names the input that was wrong and what to do about it."""

from __future__ import annotations


class XinwenError(Exception):
    """Base of every error a person is meant to read. `code` is stable; the message may be reworded."""

    code = "error"


class CatalogError(XinwenError):
    """The catalogue cannot be used as it stands."""

    code = "catalog"


class DocumentError(XinwenError):
    """One input could not become a document; the others are unaffected."""

    code = "document"


class StoreError(XinwenError):
    """The data directory cannot be read or written."""

    code = "store"


class BusyError(StoreError):
    """Another process is writing to the same home."""

    code = "busy"


class IndexMismatchError(StoreError):
    """The index was made with another embedding model."""

    code = "index_mismatch"


class SettingsError(XinwenError):
    """A setting has a value that cannot be used."""

    code = "settings"


class ModelError(XinwenError):
    """The language model did not answer."""

    code = "model"


class QuestionError(XinwenError):
    """The question cannot be taken as it is: empty, or too long."""

    code = "question"
