"""Collections that live in a store elsewhere: a folder of Lance, Qdrant, Milvus, PostgreSQL."""

from mmrag_jupyter.served.address import Address, address_of, is_address
from mmrag_jupyter.served.places import (
    Given,
    address_in,
    check_free,
    given,
    has_link,
    is_there,
    open_at,
    open_given,
    open_in,
    remember,
)
from mmrag_jupyter.served.store import ServedStore

__all__ = [
    "Address",
    "Given",
    "ServedStore",
    "address_in",
    "address_of",
    "check_free",
    "given",
    "has_link",
    "is_address",
    "is_there",
    "open_at",
    "open_given",
    "open_in",
    "remember",
]
