"""Addresses: which URLs may be asked at all. Nothing inside a network is, unless the operator names its host.

A URL is taken apart once, here; what is connected to is the very address that was checked (see fetching), so that neither
a second parser nor a second DNS answer can point elsewhere. Networks after the IANA special-purpose registries
(RFC 6890 and its updates), written out since what `ipaddress` calls global changes with Python's patch releases.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urljoin, urlsplit

from knowledge.errors import DocumentError

Address = IPv4Address | IPv6Address

# Ports where web servers of the public internet listen; on others live mail, databases and control panels.
PORTS = frozenset({80, 443, 8080, 8443})
LONGEST = 4096

_CLOSED = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba Cloud's metadata is in it
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # Oracle Cloud's metadata is in it
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's wire server, though the address is public
    )
)
# Of IPv6 only this is handed out to the public internet, less what follows.
_GLOBAL = IPv6Network("2000::/3")
_CLOSED_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols: Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4 leads to any IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_TRANSLATED = IPv6Network("64:ff9b::/96")
# What even a host that the operator names may not turn out to be: its DNS may have been taken over.
_NEVER = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "168.63.129.16/32",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_NEVER_6 = tuple(IPv6Network(network) for network in ("fe80::/10", "ff00::/8", "::/128", "fd00:ec2::254/128"))


def plain_address(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, or NAT64's well-known prefix), else `address` itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether `address` is one of the public internet's."""
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    address = plain_address(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED)
    return address in _GLOBAL and not any(address in network for network in _CLOSED_6)


def _may_be_named(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    address = plain_address(address)
    closed: Sequence[IPv4Network | IPv6Network] = _NEVER if isinstance(address, IPv4Address) else _NEVER_6
    return not any(address in network for network in closed)


@dataclass(frozen=True, slots=True)
class Url:
    """A web address taken apart: `host` in ASCII and lower case or an IP address, `target` path and query, percent-encoded."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def default_port(self) -> bool:
        return self.port == (443 if self.scheme == "https" else 80)

    @property
    def site(self) -> str:
        """Scheme, host and port: what robots.txt speaks for."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.default_port else f":{self.port}")

    def __str__(self) -> str:
        return self.site + self.target

    def join(self, reference: str) -> Url:
        """The address that `reference` (a Location, a link) means on this page. Raises DocumentError as `parse` does."""
        try:
            return parse(urljoin(str(self), reference.strip(" \t\r\n\f")))
        except ValueError as error:
            raise DocumentError(f"{reference[:200]!r} is no web address") from error


def is_url(text: str) -> bool:
    """Whether an input is meant as an address rather than as a path: it begins with a scheme and `://`."""
    return re.match(r"\s*[A-Za-z][A-Za-z0-9+.\-]*://", text) is not None


def parse(text: str) -> Url:
    """The address in `text`, its fragment left out. Raises DocumentError saying what is wrong with it.

    Whatever two parsers could read in two ways (a backslash, white space, a user name, an IPv4 address in hexadecimal) is
    refused rather than guessed.
    """
    text = text.strip(" \t\r\n\f")
    shown = repr(text[:200])
    if len(text) > LONGEST:
        raise DocumentError(f"{shown}… is longer than {LONGEST:,} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zs", "Zl", "Zp") for character in text) or "\\" in text:
        raise DocumentError(f"{shown} holds a space, a backslash or a control character; write them as %20, %5C …")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise DocumentError(f"{shown} is no web address ({error})") from error
    scheme = parts.scheme.lower()
    if scheme == "file":
        raise DocumentError(f"{shown}: name a local file by its path, without file://")
    if scheme not in ("http", "https"):
        raise DocumentError(f"{shown}: only http:// and https:// addresses are read")
    if "@" in parts.netloc:
        raise DocumentError(f"{parts.hostname or 'the address'}: an address with a user name or password is not read")
    host = _host(parts.netloc, shown)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]|{}^`")
    return Url(
        scheme,
        host,
        port if port is not None else 443 if scheme == "https" else 80,
        path + (f"?{query}" if query else ""),
    )


def _host(netloc: str, shown: str) -> str:
    if netloc.startswith("["):
        inner, _, rest = netloc[1:].partition("]")
        if "%" in inner:
            raise DocumentError(f"{shown}: an address with a zone id is not read")
        if rest and not re.fullmatch(r":\d*", rest):
            raise DocumentError(f"{shown} is no web address")
        try:
            return str(IPv6Address(inner))
        except ValueError as error:
            raise DocumentError(f"{shown}: {inner!r} is no IPv6 address") from error
    name = netloc.partition(":")[0]
    if not name:
        raise DocumentError(f"{shown} names no host")
    # Full-width and other look-alike digits and dots first, as browsers do.
    name = unicodedata.normalize("NFKC", name).replace("\u3002", ".").lower()
    if not name.isascii():
        import idna

        try:
            name = idna.encode(name, uts46=True, transitional=False).decode("ascii")
        except idna.IDNAError as error:
            raise DocumentError(f"{shown}: {name!r} is no host name ({error})") from error
    name = name.removesuffix(".")
    if len(name) > 253 or not all(re.fullmatch(r"[a-z0-9_\-]{1,63}", label) for label in name.split(".")):
        raise DocumentError(f"{shown}: {name[:100]!r} is no host name")
    last = name.rpartition(".")[2]
    if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        # 2130706433, 0177.0.0.1 and 0x7f.1 are 127.0.0.1 to some and nothing to others.
        try:
            return str(IPv4Address(name))
        except ValueError as error:
            raise DocumentError(f"{shown}: write the IPv4 address as four decimal numbers") from error
    return name


@dataclass(frozen=True, slots=True)
class Hosts:
    """Which hosts may be asked: the public internet's on a web server's port, and those that the operator names.

    `named` holds `host`, `host:port`, `*.domain` or an IP address (`[::1]:8080`); a named host may be inside the network
    and on any port, unless the entry says one.
    """

    named: tuple[str, ...] = ()

    def is_named(self, host: str, port: int) -> bool:
        for entry in self.named:
            name, wanted = _entry(entry)
            fits = host.endswith(name[1:]) if name.startswith("*.") else host == name
            if fits and wanted in (None, port):
                return True
        return False

    def check(self, url: Url, inside: bool = True) -> None:
        """Raises DocumentError unless `url` may be asked. `inside` says that whoever sends us there may lead inside: a
        person, or a page of a named host; a page of the public internet may not."""
        if self.is_named(url.host, url.port):
            if not inside:
                raise DocumentError(f"a public page leads to the internal host {url.host}, which is not followed")
            return
        if url.port not in PORTS:
            raise DocumentError(
                f"port {url.port} of {url.host} is not asked (only {', '.join(map(str, sorted(PORTS)))}); "
                f"if it is meant, set XINWEN_ALLOWED_HOSTS={url.host}:{url.port}"
            )
        try:
            address = ip_address(url.host)
        except ValueError:
            return
        if not is_public(address):
            raise _internal(url.host, url.port, address)

    def permit(self, host: str, port: int, addresses: Sequence[str]) -> list[str]:
        """Those `addresses` that DNS gave for `host`, all of them checked. Raises DocumentError when any is not allowed:
        a name with one public and one internal address is a trap."""
        named = self.is_named(host, port)
        for text in addresses:
            try:
                address = ip_address(text)
            except ValueError as error:
                raise DocumentError(f"{host} has no usable address ({text})") from error
            if named and _may_be_named(address):
                continue
            if not is_public(address):
                if named:
                    raise DocumentError(f"{host} leads to {text}, which is never asked")
                raise _internal(host, port, address)
        return list(dict.fromkeys(addresses))


def _entry(entry: str) -> tuple[str, int | None]:
    """(host, port or None) of an entry of the setting."""
    entry = entry.strip().lower()
    match = re.fullmatch(r"\[([0-9a-f:.]+)\](?::(\d+))?", entry)
    if match is None and entry.count(":") > 1:
        return str(ip_address(entry)), None
    if match is not None:
        return str(ip_address(match[1])), int(match[2]) if match[2] else None
    name, _, port = entry.partition(":")
    return name.removesuffix("."), int(port) if port else None


def checked_entry(entry: str) -> str:
    """`entry` of the setting as it is; raises ValueError naming the forms it may have."""
    try:
        name, port = _entry(entry)
        bare = name.removeprefix("*.")
        if not bare or (port is not None and not 0 < port < 65536):
            raise ValueError
        if "*" in bare or (name.startswith("*.") and "." not in bare) or (":" not in bare and not _names_host(bare)):
            raise ValueError
    except (ValueError, DocumentError):
        raise ValueError(f"{entry!r} is none of host, host:port, *.domain.example, an IP address") from None
    return entry


def _names_host(name: str) -> bool:
    return _host(name, repr(name)) == name


def _internal(host: str, port: int, address: Address) -> DocumentError:
    named = f"[{host}]" if ":" in host else host
    hint = f"; if it is meant, set XINWEN_ALLOWED_HOSTS={named}:{port}" if _may_be_named(address) else ""
    return DocumentError(f"{host} is inside a network, not on the public internet, and is not asked{hint}")
