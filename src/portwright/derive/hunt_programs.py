"""Writes Rust programs for a hunt after wrong code: the same seed, the same programs. Nothing in them is undefined.

A program mixes values of all integer types and floats in arithmetic, shifts, comparisons, branches, loops, arrays,
structs and calls, and puts what comes out into a result. Names and helpers are those of ports/hunts/frame.rs.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

INTEGERS = ("u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "u128", "i128")
WEIGHTS = (4, 3, 4, 3, 8, 6, 6, 5, 2, 2)
FLOATS = ("f32", "f64")
BINARY = ("wrapping_add", "wrapping_sub", "wrapping_mul", "bitxor", "bitand", "bitor", "min", "max")
SPELLED = {"bitxor": "^", "bitand": "&", "bitor": "|"}
DEPTH = 3


@dataclass(frozen=True, slots=True)
class Written:
    """A program: its name, and its text."""

    name: str
    text: str


def programs(seed: int, count: int) -> list[Written]:
    """So many programs."""
    return [_Writer(random.Random(f"{seed}/{number}"), f"made_{number}").program() for number in range(count)]


def bits(kind: str) -> int:
    """The bits of an integer type."""
    return int(kind[1:])


@dataclass
class _Writer:
    random: random.Random
    name: str
    variables: list[tuple[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    count: int = 0

    def program(self) -> Written:
        for _ in range(self.random.randint(3, 6)):
            kind = self.kind()
            self.let(kind, f"v({self.constant(kind)})")
        for _ in range(self.random.randint(3, 7)):
            self.statement(2)
        for name, kind in self.variables:
            self.lines.append(self.put(name, kind))
        body = "\n".join(f"    {line}" for line in self.lines)
        text = "".join(self.functions) + f"fn {self.name}(h: &mut H) {{\n{body}\n}}\n"
        return Written(self.name, text)

    def kind(self) -> str:
        return self.random.choices(INTEGERS, WEIGHTS)[0]

    def fresh(self, stem: str = "x") -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def let(self, kind: str, value: str) -> str:
        name = self.fresh()
        self.lines.append(f"let mut {name}: {kind} = {value};")
        self.variables.append((name, kind))
        return name

    def constant(self, kind: str) -> str:
        if kind in FLOATS:
            return f"{self.random.choice(['0.0', '1.5', '-2.25', '1e10', '-3.5e-7', '123456.75'])}{kind}"
        size = bits(kind)
        low, high = (0, (1 << size) - 1) if kind[0] == "u" else (-(1 << size - 1), (1 << size - 1) - 1)
        edges = [low, high, 0, 1, high >> 1, high - 1, 1 << self.random.randrange(size - 1)]
        chosen = self.random.choice([*edges, self.random.randint(low, high), self.random.randint(0, 100)])
        return f"{chosen}{kind}" if chosen >= 0 else f"({chosen}{kind})"

    def value(self, kind: str, depth: int) -> str:
        """An expression of a type."""
        known = [name for name, other in self.variables if other == kind]
        if depth <= 0 or (known and self.random.random() < 0.25):
            if known and self.random.random() < 0.8:
                return self.random.choice(known)
            others = [(name, other) for name, other in self.variables if other not in FLOATS]
            if others and self.random.random() < 0.7:
                return f"({self.random.choice(others)[0]} as {kind})"
            return self.constant(kind)
        if kind in FLOATS:
            return self._float(kind, depth)
        return self.random.choices(
            (self._binary, self._shift, self._divide, self._cast, self._choose, self._unary),
            (8, 4, 2, 4, 3, 2),
        )[0](kind, depth)

    def _binary(self, kind: str, depth: int) -> str:
        left, right = self.value(kind, depth - 1), self.value(kind, depth - 1)
        chosen = self.random.choice(BINARY)
        if chosen in SPELLED:
            return f"({left} {SPELLED[chosen]} {right})"
        return f"({left} as {kind}).{chosen}({right})"

    def _shift(self, kind: str, depth: int) -> str:
        by = (
            str(self.random.randrange(bits(kind)))
            if self.random.random() < 0.5
            else self.value("u32", depth - 2)
        )
        chosen = self.random.choice(("wrapping_shl", "wrapping_shr", "rotate_left", "rotate_right"))
        return f"({self.value(kind, depth - 1)} as {kind}).{chosen}({by} & {bits(kind) - 1})"

    def _divide(self, kind: str, depth: int) -> str:
        if self.random.random() < 0.4:
            by = f"{self.random.choice((3, 7, 10, 16, 100, 127))}{kind}"
        else:
            by = f"({self.value(kind, depth - 2)} | 1)"
        return f"({self.value(kind, depth - 1)} as {kind}).{self.random.choice(('wrapping_div', 'wrapping_rem'))}({by})"

    def _cast(self, kind: str, depth: int) -> str:
        other = self.random.choice(FLOATS) if self.random.random() < 0.08 else self.kind()
        return f"({self.value(other, depth - 1)} as {kind})"

    def _choose(self, kind: str, depth: int) -> str:
        asked, one, other = (
            self.condition(depth - 1),
            self.value(kind, depth - 1),
            self.value(kind, depth - 1),
        )
        return f"(if {asked} {{ {one} }} else {{ {other} }})"

    def _unary(self, kind: str, depth: int) -> str:
        value = self.value(kind, depth - 1)
        form = self.random.choice(
            (
                "(!{0})",
                "({0} as {1}).wrapping_neg()",
                "({0} as {1}).swap_bytes()",
                "(({0} as {1}).count_ones() as {1})",
            )
        )
        return form.format(value, kind)

    def _float(self, kind: str, depth: int) -> str:
        if self.random.random() < 0.3:
            return f"({self.value(self.kind(), depth - 1)} as {kind})"
        return f"({self.value(kind, depth - 1)} {self.random.choice('+-*/')} {self.value(kind, depth - 1)})"

    def condition(self, depth: int) -> str:
        kind = self.random.choice(FLOATS) if self.random.random() < 0.05 else self.kind()
        left, right = self.value(kind, depth - 1), self.value(kind, depth - 1)
        # A cast before `<` would read as a generic type.
        plain = f"(({left}) {self.random.choice(('<', '<=', '==', '!=', '>', '>='))} ({right}))"
        if depth > 1 and self.random.random() < 0.25:
            return f"({plain} {self.random.choice(('&&', '||'))} {self.condition(depth - 1)})"
        return plain

    def put(self, name: str, kind: str) -> str:
        if kind in FLOATS:
            return f"h.{'single' if kind == 'f32' else 'double'}({name});"
        return f"h.wide({name} as u128);" if bits(kind) == 128 else f"h.put({name} as u64);"

    def statement(self, nesting: int) -> None:
        choices = [self._let, self._assign, self._assign, self._report, self._array, self._call]
        choices += [self._branch, self._loop, self._match] if nesting > 0 else []
        self.random.choice(choices)(nesting)

    def _let(self, nesting: int) -> None:
        kind = self.random.choice(FLOATS) if self.random.random() < 0.12 else self.kind()
        self.let(kind, self.value(kind, DEPTH))

    def _assign(self, nesting: int) -> None:
        name, kind = self.random.choice(self.variables)
        self.lines.append(f"{name} = {self.value(kind, DEPTH)};")

    def _report(self, nesting: int) -> None:
        self.lines.append(self.put(*self.random.choice(self.variables)))

    def _inner(self, nesting: int) -> list[str]:
        """Statements of a block; what it makes known is unknown behind it."""
        outer, known = self.lines, list(self.variables)
        self.lines = []
        for _ in range(self.random.randint(1, 2)):
            self.statement(nesting - 1)
        inner, self.lines, self.variables = self.lines, outer, known
        return [f"    {line}" for line in inner]

    def _branch(self, nesting: int) -> None:
        self.lines += [f"if {self.condition(2)} {{", *self._inner(nesting)]
        if self.random.random() < 0.6:
            self.lines += ["} else {", *self._inner(nesting)]
        self.lines.append("}")

    def _loop(self, nesting: int) -> None:
        name, limit = self.fresh("n"), self.random.randint(1, 9)
        kind = self.random.choice(("u8", "u16", "u32", "i32", "u64"))
        self.lines.append(f"for {name} in 0..v({limit}{kind}) {{")
        known = list(self.variables)
        inner = self.fresh()
        self.lines.append(f"    let mut {inner}: {kind} = {name}; {inner} ^= 0;")
        self.variables.append((inner, kind))
        self.lines += self._inner(nesting)
        self.variables = known
        self.lines.append("}")

    def _match(self, nesting: int) -> None:
        kind = self.random.choice(("u8", "u16", "u32", "u64"))
        arms = sorted(self.random.sample(range(14), self.random.randint(2, 5)))
        self.lines.append(f"match {self.value(kind, 2)} % 14 {{")
        for arm in arms:
            self.lines += [f"    {arm} => {{", *[f"    {line}" for line in self._inner(nesting)], "    }"]
        self.lines += ["    _ => h.put(3),", "}"]

    def _array(self, nesting: int) -> None:
        kind, name, size = self.kind(), self.fresh("a"), self.random.choice((3, 4, 8, 11, 16))
        self.lines.append(f"let mut {name}: [{kind}; {size}] = [{self.value(kind, 1)}; {size}];")
        for _ in range(self.random.randint(1, 3)):
            at = f"({self.value('u32', 2)} % {size}) as usize"
            self.lines.append(f"{name}[{at}] = {self.value(kind, 2)};")
        self.let(
            kind,
            f"{name}[({self.value('u32', 2)} % {size}) as usize] ^ {name}[{self.random.randrange(size)}]",
        )

    def _call(self, nesting: int) -> None:
        """A function of its own, with arguments of some types, a struct among them or as its result."""
        kinds = [self.kind() for _ in range(self.random.randint(1, 6))]
        result, name = self.kind(), f"{self.name}_{self.fresh('f')}"
        inner = _Writer(
            self.random, name, [(f"p{at}", kind) for at, kind in enumerate(kinds)], count=self.count
        )
        text = inner.value(result, DEPTH)
        listed = ", ".join(f"p{at}: {kind}" for at, kind in enumerate(kinds))
        given = [self.value(kind, 1) for kind in kinds]
        convention = 'extern "C" ' if self.random.random() < 0.3 and "128" not in f"{kinds}{result}" else ""
        if self.random.random() < 0.4:
            tuple_ = f"S_{name}"
            parts = "".join(f"p{at}: {kind}, " for at, kind in enumerate(kinds))
            self.functions.append(f"#[derive(Clone, Copy)]\n#[repr(C)]\nstruct {tuple_} {{ {parts}}}\n")
            unpacked = ", ".join(f"p{at}" for at in range(len(kinds)))
            self.functions.append(
                f"#[inline(never)]\n{convention}fn {name}(s: {tuple_}, h: &mut H) -> ({tuple_}, {result}) {{\n"
                f"    let {tuple_} {{ {unpacked} }} = s;\n    let r = {text};\n    h.put(r as u64);\n    (s, r)\n}}\n"
            )
            made = ", ".join(f"p{at}: {value}" for at, value in enumerate(given))
            both = self.fresh("s")
            self.lines.append(f"let {both} = {name}({tuple_} {{ {made} }}, h);")
            self.let(result, f"{both}.1")
            self.let(kinds[0], f"{both}.0.p0")
            return
        self.functions.append(
            f"#[inline(never)]\n{convention}fn {name}({listed}) -> {result} {{\n    {text}\n}}\n"
        )
        self.let(result, f"{name}({', '.join(given)})")


def table(names: Sequence[str]) -> str:
    """The table of programs, each with a result of its own, as the start of a hunt's binary finds it."""
    text = ""
    for number, name in enumerate(names):
        text += (
            f'#[unsafe(no_mangle)]\nextern "C" fn hunt_{number}(out: *mut u64) {{\n'
            f"    let mut h = H(1);\n    {name}(&mut h);\n"
            "    // SAFETY: the caller gives room for one number.\n    unsafe { *out = h.0 };\n}\n"
        )
    rows = ", ".join(f"hunt_{number}" for number in range(len(names)))
    text += (
        "#[unsafe(no_mangle)]\n#[used]\n#[allow(non_upper_case_globals)]\n"
        f'static hunt_table: [extern "C" fn(*mut u64); {len(names)}] = [{rows}];\n'
        "#[unsafe(no_mangle)]\n#[used]\n#[allow(non_upper_case_globals)]\n"
        f"static hunt_count: usize = {len(names)};\n"
    )
    return text
