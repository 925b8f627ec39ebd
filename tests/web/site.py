"""A small web site on loopback: pages by their path, and whatever a hostile server does; every request is noted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Page:
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass
class Site:
    """`pages` maps a path to a Page or to a function that talks to the client itself; `asked` lists (path, headers)."""

    host: str
    port: int
    pages: dict[str, Page | Behaviour] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.name}"

    def put(self, path: str, body: bytes | str, kind: str = "text/html", **headers: str) -> str:
        """Puts a page; `headers` with _ for -. Returns its address."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Page(data, {"Content-Type": kind, **named})
        return self.url + path

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        self.pages[path] = Page(b"", {"Location": to}, status)
        return self.url + path

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = site.pages.get(self.path, Page(b"no such page", status=404))
            if callable(page):
                with suppress(OSError):
                    page(self)
                self.close_connection = True
                return
            etag, modified = page.headers.get("ETag"), page.headers.get("Last-Modified")
            if (etag and self.headers.get("If-None-Match") == etag) or (
                modified and self.headers.get("If-Modified-Since") == modified
            ):
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(page.body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    site = Site(host, server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.stopping.set()
        server.shutdown()
        server.server_close()
