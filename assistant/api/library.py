"""The library over HTTP: documents, products and figures; the admin key adds and removes documents."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from assistant.api.access import may_change
from assistant.api.bodies import DocumentLine, FigureLine, FromWeb, OneProduct, ProductLine, WholeDocument
from assistant.console import plain
from assistant.core import Assistant
from assistant.settings import Settings
from knowledge.errors import DocumentError


def router(assistant: Assistant, settings: Settings) -> APIRouter:
    """/v1/documents, /v1/products and /v1/figures."""
    routes = APIRouter(prefix="/v1", tags=["library"])
    admin = [Depends(may_change(settings))]

    @routes.get("/documents")
    def documents(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100, offset: Annotated[int, Query(ge=0)] = 0
    ) -> list[DocumentLine]:
        """The documents of the home, without their texts."""
        return [DocumentLine(**plain(info)) for info in assistant.store.documents()[offset : offset + limit]]

    @routes.get("/documents/{document_id}")
    def document(document_id: str) -> WholeDocument:
        """One document with its text, which every citation's span points into."""
        found = assistant.store.document(document_id)
        if found is None:
            raise HTTPException(404, f"there is no document {document_id[:64]!r}")
        return WholeDocument(
            id=found.id, **{name: getattr(found, name) for name in WholeDocument.model_fields if name != "id"}
        )

    @routes.post("/documents", status_code=201, dependencies=admin, openapi_extra=_ADDING)
    async def add(request: Request) -> dict[str, Any]:
        """Adds a file (multipart, field `file`), or replaces the one uploaded under the same name before; or reads a web
        page, file or feed by its address (JSON, `{"url": …}`). What failed beside what was read is in the report."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
            try:
                body = FromWeb.model_validate_json(await request.body())
            except ValidationError as error:
                raise RequestValidationError(error.errors(include_url=False, include_context=False)) from None
            return await run_in_threadpool(_add_address, assistant, body.url)
        async with request.form(max_files=1, max_fields=8) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise RequestValidationError(
                    [{"loc": ("body", "file"), "msg": "send a file in this field, or JSON with a url"}]
                )
            return await run_in_threadpool(_add_file, assistant, settings, file)

    @routes.delete("/documents/{document_id}", status_code=204, dependencies=admin)
    def remove(document_id: str) -> None:
        """Removes a document and everything that came from it."""
        if not assistant.remove(document_id):
            raise HTTPException(404, f"there is no document {document_id[:64]!r}")

    @routes.get("/figures")
    def figures(
        product: str | None = None, attribute: str | None = None, limit: Annotated[int, Query(ge=1, le=10_000)] = 1000
    ) -> list[FigureLine]:
        """The ledger: figures with their sources, conflicts marked."""
        return [FigureLine(**plain(row)) for row in assistant.figures(product, attribute)[:limit]]

    @routes.get("/products")
    def products() -> list[ProductLine]:
        """Every product, company and cluster with figures or in the catalogue."""
        return list(_products(assistant).values())

    @routes.get("/products/{product_id}")
    def product(product_id: str) -> OneProduct:
        """One product with its part of the ledger; `product_id` may be any of its names."""
        known = _products(assistant)
        identity = (
            product_id
            if product_id in known
            else next((mention.entry.id for mention in assistant.catalog.mentions(product_id)), product_id)
        )
        if identity not in known:
            raise HTTPException(404, f"there is no product {product_id[:64]!r}")
        entry = assistant.catalog.products.get(identity) or assistant.catalog.vendors.get(identity)
        rows = assistant.figures(identity) if entry is not None else assistant.figures(known[identity].name)
        return OneProduct(
            **known[identity].model_dump(),
            aliases=list(entry.aliases) if entry else [],
            ledger=[FigureLine(**plain(row)) for row in rows],
        )

    return routes


_ADDING: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/json": {"schema": FromWeb.model_json_schema()},
        },
    }
}


def _add_address(assistant: Assistant, url: str) -> dict[str, Any]:
    if not url.lower().startswith(("http://", "https://")):
        raise DocumentError(f"{url[:200]!r}: only http:// and https:// addresses are read")
    report = assistant.ingest([url])
    if report.failed and not (report.added or report.updated or report.unchanged):
        raise DocumentError(f"{url[:500]}: {report.failed[0].reason}")
    return dict(plain(report))


def _add_file(assistant: Assistant, settings: Settings, file: UploadFile) -> dict[str, Any]:
    folder = assistant.home / "uploads"
    folder.mkdir(exist_ok=True)
    # The name is the document's origin; nothing of a path may be left in it.
    name = (
        re.sub(r"[^\w.\- ]", "_", PurePath((file.filename or "").replace("\\", "/")).name).lstrip(".") or "document.txt"
    )
    path = folder / name[-120:]
    path.write_bytes(file.file.read(settings.max_upload_bytes + 1))
    report = assistant.ingest([path])
    if report.failed:
        path.unlink(missing_ok=True)
        raise DocumentError(f"{name}: {report.failed[0].reason}")
    return dict(plain(report))


def _products(assistant: Assistant) -> dict[str, ProductLine]:
    catalog = assistant.catalog
    counted = {subject: (name, kind, count) for subject, name, kind, count in assistant.store.subjects()}
    lines = {}
    for product in catalog.products.values():
        figures = counted.get(product.id, ("", "", 0))[2]
        lines[product.id] = ProductLine(
            id=product.id,
            name=product.zh,
            name_en=product.en,
            kind=product.kind,
            vendor=product.vendor,
            listed=True,
            figures=figures,
        )
    for vendor in catalog.vendors.values():
        figures = counted.get(vendor.id, ("", "", 0))[2]
        lines[vendor.id] = ProductLine(
            id=vendor.id, name=vendor.zh, name_en=vendor.en, kind="vendor", vendor=None, listed=True, figures=figures
        )
    for subject, (name, kind, count) in counted.items():
        if subject not in lines:
            lines[subject] = ProductLine(
                id=subject, name=name, name_en=name, kind=kind, vendor=None, listed=False, figures=count
            )
    return lines
