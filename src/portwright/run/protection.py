"""What may be done with memory: the canonical names of a call -> `Access`."""

from __future__ import annotations

from portwright.run.engine import Access

BITS = {
    "PROT_NONE": Access.NONE,
    "PROT_READ": Access.READ,
    "PROT_WRITE": Access.WRITE | Access.READ,  # no CPU here has memory that can only be written
    "PROT_EXEC": Access.EXECUTE,
}


def access_of(names: frozenset[str]) -> Access | None:
    """The access that the names mean together; None where one means nothing."""
    access = Access.NONE
    for name in names:
        if name not in BITS:
            return None
        access |= BITS[name]
    return access
