"""The parts of a ledger that say where things lie in memory: structs, their fields, and the records of a directory."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from portwright.describe.model import Described


class StructField(Described):
    """Where a field lies in a struct: `offset` and `size` in bytes; `signed` for a two's-complement number.

    `unit`: what 1 in it is worth in the unit that the field's name promises (1000 where a `tv_nsec` counts
    microseconds).
    """

    offset: int
    size: Annotated[int, Field(gt=0)]
    signed: bool = False
    unit: Annotated[int, Field(gt=0)] = 1


class Struct(Described):
    """The layout of a struct that crosses the system-call boundary; `size` and offsets in bytes.

    `fields` are the parts that have a name. `source` is the file in which it was read, `note` what to know of
    it.
    """

    size: int
    fields: dict[str, StructField]
    source: str | None = None
    note: str | None = None


class DirectoryRecords(Described):
    """How directory entries are read.

    `form = "records"`: one call fills a buffer with several records, each with its length in `length`
    (`struct dirent` of getdents). `form = "one-name"`: one call gives one entry: the name, a NUL, then a type
    byte; the result is the name's length, 0 at the end. `name` is the offset of the name, `name_length` where its
    length stands. `types` maps the type values to `file`, `directory`, `symlink`, `char-device`, `block-device`,
    `pipe`, `socket`.
    """

    form: Literal["records", "one-name"]
    length: StructField | None = None
    name_length: StructField | None = None
    inode: StructField | None = None
    type: StructField | None = None
    name: int | None = None
    types: dict[str, int] = {}

    @model_validator(mode="after")
    def _whole(self) -> DirectoryRecords:
        if self.form == "records" and (self.length is None or self.name is None):
            raise ValueError('form = "records" needs `length` and `name`')
        return self
