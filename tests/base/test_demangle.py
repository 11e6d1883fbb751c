"""Rust's symbol names become readable: the examples of RFC 2603, rustc's own, and nothing breaks on noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.base.demangle import demangle

NAMES = {
    # legacy
    "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE": "core::fmt::Formatter::pad",
    "_ZN5alloc3vec12Vec$LT$T$GT$4push17h0123456789abcdefE": "alloc::vec::Vec<T>::push",
    "_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE": (
        "<alloc::string::String as core::fmt::Display>::fmt"
    ),
    "_ZN4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE": "main::{{closure}}",
    # v0
    "_RNvC6_123foo3bar": "123foo::bar",
    "_RNvNtCs1234_7mycrate3foo3bar": "mycrate::foo::bar",
    "_RNCNvCsgStHSCytQ6I_7mycrate4main0B3_": "mycrate::main::{closure#0}",
    "_RNCNvC1a4mains_0": "a::main::{closure#1}",
    "_RNCNCNvNtC3std2fs6rename00B6_": "std::fs::rename::{closure#0}::{closure#0}",
    "_RNSNvYNvC1a1bNtC1c6FnOnce9call_once6vtable": "<a::b as c::FnOnce>::call_once::{shim:vtable#0}",
    "_RNvNCNKNvC1a3ODDs_0s_023___RUST_STD_INTERNAL_VAL": "a::ODD::{K#1}::{closure#1}::__RUST_STD_INTERNAL_VAL",
    "_RNvMs0_NtC4rust6forestINtB5_6ForestpE4size": "<rust::forest::Forest<_>>::size",
    "_RINvC1a3fooReE": "a::foo<&str>",
    "_RINvC1a3fooQAhj4_E": "a::foo<&mut [u8; 4]>",
    "_RINvC1a3fooTmhlEE": "a::foo<(u32, u8, i32)>",
    "_RINvC1a3fooThEE": "a::foo<(u8,)>",
    "_RINvC1a3fooFUKCPhEuE": 'a::foo<unsafe extern "C" fn(*const u8)>',
    "_RINvC1a3fooDNtC1b3BarEL_E": "a::foo<dyn b::Bar>",
    "_RNvXC1aNtC1b3FooNtC1c3Bar3baz": "<b::Foo as c::Bar>::baz",
    "_RNvYNtC1b3FooNtC1c3Bar3baz": "<b::Foo as c::Bar>::baz",
    "_RINvC1a3fooKj1f_E": "a::foo<31>",
    "_RINvC1a3fooKln2_E": "a::foo<-2>",
    "_RINvC1a3fooKb1_E": "a::foo<true>",
    "_RNvC1au8gdel_5qa": "a::gödel",
    # neither
    "memcpy": "memcpy",
    "_start": "_start",
    "_R": "_R",
    "_ZN": "",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_become_readable(name: str) -> None:
    assert demangle(name) == NAMES[name]


@given(st.sampled_from(["_R", "_ZN"]), st.text("NvCsBIFDLXYMEpu_0123abc", max_size=40))
def test_noise_breaks_nothing(prefix: str, rest: str) -> None:
    assert isinstance(demangle(prefix + rest), str)


def test_references_that_go_round_end() -> None:
    assert demangle("_RNvB0_3foo") == "_RNvB0_3foo"
    assert demangle("_R" + "Nv" * 5000 + "C1a1b") == "_R" + "Nv" * 5000 + "C1a1b"
