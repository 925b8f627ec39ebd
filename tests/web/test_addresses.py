"""No address inside a network passes, however it is written, and none of the public internet is kept out."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.settings import load_settings
from knowledge.errors import DocumentError, SettingsError
from knowledge.web.addresses import PORTS, Hosts, is_public, is_url, parse, plain_address

CLOSED = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    *(
        "192.0.0.0/24",
        "192.0.2.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ),
]
inside_v4 = st.sampled_from(CLOSED).flatmap(lambda network: st.ip_addresses(network=network))
any_v4 = st.ip_addresses(v=4) | inside_v4
inside_v6 = st.sampled_from(
    [
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    ]
).flatmap(lambda network: st.ip_addresses(network=network))


def refused(url: str, hosts: Hosts = Hosts()) -> bool:  # noqa: B008 (frozen)
    try:
        hosts.check(parse(url))
    except DocumentError:
        return True
    return False


@given(inside_v4 | inside_v6)
@example(IPv4Address("169.254.169.254"))
@example(IPv4Address("100.100.100.200"))
@example(IPv4Address("168.63.129.16"))
@example(IPv4Address("192.0.0.192"))
@example(IPv6Address("::1"))
@example(IPv6Address("fd00:ec2::254"))
def test_no_address_inside_a_network_is_public(address: IPv4Address | IPv6Address) -> None:
    assert not is_public(address)
    assert refused(f"http://[{address}]/" if address.version == 6 else f"http://{address}/")


@given(st.ip_addresses())
def test_whatever_python_calls_not_global_is_not_public(address: IPv4Address | IPv6Address) -> None:
    # An IPv4 address inside an IPv6 one is the next test's.
    if plain_address(address) == address and (not address.is_global or address.is_multicast or address.is_reserved):
        assert not is_public(address)


@given(any_v4)
def test_an_ipv4_address_in_an_ipv6_one_is_judged_as_itself(address: IPv4Address) -> None:
    number = int(address)
    assert is_public(IPv6Address(0xFFFF_0000_0000 + number)) == is_public(address)
    assert is_public(IPv6Address((0x64_FF9B << 96) + number)) == is_public(address)
    assert not is_public(IPv6Address((0x2002 << 112) + (number << 80))), "6to4"
    assert not is_public(IPv6Address((0x2001_0000 << 96) + (number ^ 0xFFFFFFFF))), "Teredo"
    assert not is_public(IPv6Address(number)), "IPv4-compatible"


def spellings(address: IPv4Address) -> list[str]:
    a, b, c, d = address.packed
    number = int(address)
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    return [
        str(number),
        hex(number),
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a:03d}.{b:03d}.{c:03d}.{d:03d}",
        f"{address}.",
        str(address).translate(wide),
        str(address).replace(".", "。"),
        str(address).replace(".", "%2e"),
        f"public.example@{address}",
        f"public.example:80@{address}",
        f"{address}\\@public.example",
        f"{address}#@public.example",
        f"{address}?@public.example",
        f"[::ffff:{address}]",
        f"[::ffff:{address}%25eth0]",
        f"[64:ff9b::{address}]",
    ]


@given(inside_v4)
def test_no_spelling_of_an_inner_address_passes(address: IPv4Address) -> None:
    for spelling in spellings(address):
        assert refused(f"http://{spelling}/"), spelling


@given(st.text() | st.from_regex(r"https?://[^\s]{0,60}", fullmatch=True))
def test_any_text_is_an_address_or_a_message(text: str) -> None:
    try:
        url = parse(text)
    except DocumentError:
        return
    assert parse(str(url)) == url
    assert url.host.isascii()
    assert str(url).isascii()
    assert "@" not in url.site


@pytest.mark.parametrize(
    "url",
    [
        "https://www.huawei.com/cn/",
        "http://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://华为.中国/产品?名=昇腾",
        "HTTPS://Example.COM:8443/a?b=c#d",
        "http://example.com.:8080/",
    ],
)
def test_the_public_internet_passes(url: str) -> None:
    Hosts().check(parse(url))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "javascript://a/",
        "data://x",
        "http:///x",
        "http://",
        "http://a b/",
    ],
)
def test_other_schemes_and_no_host_are_refused_though_meant_as_addresses(url: str) -> None:
    assert is_url(url)
    assert refused(url)


@given(st.integers(0, 70_000))
def test_only_ports_of_web_servers_are_asked(port: int) -> None:
    assert refused(f"http://public.example:{port}/") == (port not in PORTS)


@given(st.lists(st.ip_addresses(v=4) | inside_v4 | inside_v6, min_size=1, max_size=4))
def test_one_inner_answer_of_dns_spoils_all(addresses: list[IPv4Address | IPv6Address]) -> None:
    texts = [str(address) for address in addresses]
    if all(is_public(address) for address in addresses):
        assert Hosts().permit("public.example", 80, texts) == list(dict.fromkeys(texts))
    else:
        with pytest.raises(DocumentError):
            Hosts().permit("public.example", 80, texts)


def test_a_named_host_may_be_inside_and_no_other() -> None:
    hosts = Hosts(("wiki.corp:9000", "*.lab.example", "10.0.0.7", "[fd12::1]:8000"))
    hosts.check(parse("http://wiki.corp:9000/"))
    assert hosts.permit("wiki.corp", 9000, ["10.1.1.1"]) == ["10.1.1.1"]
    assert hosts.permit("a.lab.example", 80, ["192.168.0.1", "::1"])
    hosts.check(parse("http://10.0.0.7:5000/"))
    hosts.check(parse("http://[fd12::1]:8000/"))
    for url in ("http://wiki.corp:9001/", "http://10.0.0.8/", "http://10.0.0.7.:22222222/", "http://[fd12::1]:8001/"):
        assert refused(url, hosts), url
    for host, port in (
        ("wiki.corp", 80),
        ("lab.example", 80),
        ("evil-lab.example", 80),
        ("wiki.corp.evil.example", 9000),
    ):
        with pytest.raises(DocumentError):
            hosts.permit(host, port, ["10.1.1.1"])


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "100.100.100.200", "::ffff:169.254.169.254"]
)
def test_a_named_host_never_leads_to_metadata_or_the_link(address: str) -> None:
    with pytest.raises(DocumentError, match="never asked"):
        Hosts(("wiki.corp",)).permit("wiki.corp", 80, [address])


def test_a_public_page_does_not_lead_to_a_named_host() -> None:
    with pytest.raises(DocumentError, match="internal host"):
        Hosts(("wiki.corp",)).check(parse("http://wiki.corp/"), inside=False)


@pytest.mark.parametrize(
    "entry", ["*", "*.", "http://a/", "a:b", "a:0", "a:99999", "*.corp", "a*b", "10.0.0.0/8", "a b", "[::1"]
)
def test_a_setting_that_names_no_host_is_refused(entry: str) -> None:
    with pytest.raises(SettingsError, match="XINWEN_ALLOWED_HOSTS"):
        load_settings(allowed_hosts=entry)
