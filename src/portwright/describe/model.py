"""The base of every model read from a port's files: kebab-case keys, nothing unknown, nothing changed later."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


def kebab(name: str) -> str:
    """`page_size` -> `page-size`."""
    return name.replace("_", "-")


class Described(BaseModel):
    """A table of port.toml or abi.toml. TOML has types, so no value is turned into one of another type."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=kebab, populate_by_name=True
    )
