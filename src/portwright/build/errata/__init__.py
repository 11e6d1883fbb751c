"""The contract of an erratum: one known fault of one code generator, how it is recognised, and how it is mended.

`ARCH` is the CPU as rustc names it, `ORDER` when its turn is among that CPU's (small numbers first), `KNOWN_IN` the major
versions of LLVM that were seen to have it, `REPRODUCER` LLVM IR that shows it. `read(text, where)` is the model of the
CPU's assembly, the same for all errata of a CPU; `mend(unit)` mends every case in what it read, and answers how many.
`BEFORE_PASS`, where there is one, names a pass of llc before which llc's own code is to be found in `unit.machine`.
Where assembly no longer shows a fault there is `mend_ir(module)` instead, which does the same to LLVM IR.
"""

from __future__ import annotations
