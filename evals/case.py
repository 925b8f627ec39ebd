"""Case: a question with what its answer must be, read from YAML and checked before anything runs.

`python -m evals.case` checks every shipped case; `--schema` writes cases/schema.json for editors.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.answer import Status
from knowledge.errors import XinwenError

FOLDER = Path(__file__).parent / "cases" / "answers"
SCHEMA = Path(__file__).parent / "cases" / "schema.json"
# The tag of a case that is right and fails for a reason not yet mended; it stops nobody while it does.
KNOWN_GAP = "known-gap"


class CaseError(XinwenError):
    """A case cannot be used as it is written; the message names file, line and field."""

    code = "case"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ExpectedFigure(_Strict):
    """A figure the answer must state. Equal after unit conversion, within `tolerance` (relative)."""

    product: str
    attribute: str = Field(description="The attribute's id in the catalogue, such as memory_bandwidth.")
    value: float | str
    unit: str = ""
    tolerance: float = Field(default=0.0, ge=0, lt=1, description="Relative; 0 asks for the same number.")
    condition: str | None = Field(default=None, description="Must stand in the figure's condition.")


class Strings(_Strict):
    """Words of the answer's text: every one of `all`, at least one of `any`, none of `none`."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


class Cell(_Strict):
    """What a cell of the answer's table must hold: the row and column whose first words hold `row` and `column`."""

    row: str
    column: str
    has: str


class InlineDocument(_Strict):
    """A document that the case brings; its question is asked of a library that holds these documents alone."""

    name: str = Field(pattern=r"^[\w.-]+\.(md|txt|html|csv|json)$")
    text: str = Field(min_length=1)


class Case(_Strict):
    """One question and everything its answer is held to."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    question: str = Field(min_length=1)
    history: tuple[str, ...] = ()
    language: Literal["zh", "en"] | None = None
    status: tuple[Status, ...] = Field(min_length=1, description="Any of these is right.")
    figures: tuple[ExpectedFigure, ...] = ()
    strings: Strings = Strings()
    products: tuple[str, ...] = Field(default=(), description="Products of the table's rows, or of the text, in order.")
    cells: tuple[Cell, ...] = ()
    documents_cited: tuple[str, ...] = Field(
        default=(), description="Words of the title, address or publisher of sources."
    )
    as_of: str | None = Field(default=None, description="A date that one of the figures must have, or begin with.")
    documents: tuple[InlineDocument, ...] = ()
    tags: tuple[str, ...] = Field(min_length=1)
    origin: Literal["hand", "generated"] = "hand"
    why: str = ""


def load_cases(paths: Sequence[Path] | None = None) -> list[Case]:
    """The cases of `paths` (files or folders), by default the shipped ones. Raises CaseError for the first bad one."""
    cases: list[Case] = []
    seen: dict[str, str] = {}
    for path in _files(paths or [FOLDER]):
        for case, line in _read(path):
            place = f"{path.name}, line {line}"
            if case.id in seen:
                raise CaseError(f"{place}: the id {case.id!r} is taken by the case at {seen[case.id]}; choose another")
            seen[case.id] = place
            cases.append(case)
    return cases


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise CaseError(f"{path}: there is no such file or folder of cases")
        found += sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    return found


def _read(path: Path) -> list[tuple[Case, int]]:
    try:
        text = path.read_text("utf-8")
        root = yaml.compose(text, Loader=yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)
        items = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise CaseError(f"{path.name}{where}: not readable as YAML: {getattr(error, 'problem', error)}") from error
    if root is None:
        return []
    if not isinstance(items, list):
        raise CaseError(f"{path.name}, line 1: a file of cases is a list; begin each case with '- id: …'")
    cases = []
    for node, item in zip(root.value, items, strict=True):
        try:
            cases.append((Case.model_validate(item), node.start_mark.line + 1))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "the case"
            line = _line(node, first["loc"])
            raise CaseError(f"{path.name}, line {line}, field {field}: {first['msg']}") from error
    return cases


def _line(node: yaml.Node, place: Sequence[Any]) -> int:
    for part in place:
        if isinstance(node, yaml.MappingNode):
            inner = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            inner = node.value[part]
        else:
            inner = None
        if inner is None:
            break
        node = inner
    return int(node.start_mark.line) + 1


def schema() -> str:
    """The JSON schema of a file of cases, as text."""
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "array",
        "items": {"$ref": "#/$defs/Case"},
    }
    case = Case.model_json_schema()
    definitions = case.pop("$defs", {})
    return json.dumps({**whole, "$defs": {**definitions, "Case": case}}, ensure_ascii=False, indent=1) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the shipped cases, or writes the schema; returns 1 for a bad case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schema", action="store_true", help="write cases/schema.json")
    parser.add_argument("paths", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    if options.schema:
        SCHEMA.write_text(schema(), "utf-8")
    try:
        print(f"{len(load_cases(options.paths or None))} cases, all well-formed")
    except CaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
