"""Sameness: when a figure or a date in one text is the one in another, however each is written."""

from __future__ import annotations

from assistant.claims import Claim


def same_value(claim: Claim, source: Claim) -> bool:
    if claim.iso is not None or source.iso is not None:
        return claim.iso is not None and source.iso is not None and _covers(claim.iso, source.iso)
    one, other = claim.quantity, source.quantity
    if one is None or other is None or one.base != other.base or one.high_base != other.high_base:
        return False
    if one.dimension == other.dimension:
        return not one.counter or not other.counter or _counter(one.counter) == _counter(other.counter)
    # Integer operations that a source writes as FLOPS may be called OPS, which they are; never the other way round.
    stated, cited = claim.figure, source.figure
    return one.dimension == "ops" and stated is not None and cited is not None and stated.dimension == cited.dimension


def same_bound(claim: Claim, source: Claim) -> bool:
    assert claim.quantity is not None
    assert source.quantity is not None
    one, other = claim.quantity.bound, source.quantity.bound
    return one == other or (one == "about" and other == "exact")


# Cards and chips of any measure word are one kind of count; 台 (servers) and 人 are others.
_COUNTERS = (
    ("张", "块", "卡", "颗", "枚", "片", "card", "chip", "gpu", "npu", "accelerator", "processor", "芯片"),
    ("台", "server"),
    ("个节点", "节点", "node"),
    ("家", "compan"),
    ("人", "people", "employee"),
    ("晶体管", "transistor"),
    ("个", "款", "项", "件", "套"),
    ("核", "core"),
    ("股", "share"),
    ("参数", "parameter"),
)


def _counter(written: str) -> str:
    low = written.casefold()
    return next((group[0] for group in _COUNTERS if any(name in low for name in group)), low)


def _covers(claimed: str, given: str) -> bool:
    """Whether a date as precise as `given` says what `claimed` says: 2023-12-19 covers 2023-12, 2023Q4, 2023H2 and 2023."""
    if given == claimed or given.startswith(f"{claimed}-") or (len(claimed) == 4 and given.startswith(claimed)):
        return True
    if len(given) >= 7 and given[4] == "-" and claimed[:4] == given[:4] and len(claimed) > 4:
        month = int(given[5:7])
        return claimed[4:] in (f"Q{(month + 2) // 3}", f"H{1 if month <= 6 else 2}")
    return (claimed[4:] == "H1" and given in (f"{claimed[:4]}Q1", f"{claimed[:4]}Q2")) or (
        claimed[4:] == "H2" and given in (f"{claimed[:4]}Q3", f"{claimed[:4]}Q4")
    )
