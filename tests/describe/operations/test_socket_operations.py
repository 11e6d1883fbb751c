"""What the operations on sockets mean, and that Linux's ledger has a call for each."""

from __future__ import annotations

import pytest

from portwright.describe import port as ports
from portwright.describe.operation import OPTIONS, operation, vocabulary

SIGNATURES = {
    "accept": "fd address? address_length? flags?",
    "bind": "fd address address_length",
    "connect": "fd address address_length",
    "listen": "fd backlog",
    "peer_name": "fd address address_length",
    "receive": "fd buffer length flags?",
    "receive_from": "fd buffer length flags? address address_length?",
    "send": "fd buffer length flags?",
    "send_to": "fd buffer length flags? address address_length?",
    "set_socket_option": "fd level option value value_length",
    "shutdown": "fd how",
    "socket": "domain type protocol?",
    "socket_name": "fd address address_length",
    "socket_option": "fd level option value value_length?",
    "system_name": "name",
}


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_signature(name: str) -> None:
    """The arguments in the vocabulary's order; those with `?` may be left out."""
    found = operation(name)
    assert " ".join(a.name + "?" * a.optional for a in found.arguments) == SIGNATURES[name]
    assert found.family == "sockets"


def test_the_family_is_these() -> None:
    assert {name for name, each in vocabulary().items() if each.family == "sockets"} == set(SIGNATURES)


@pytest.mark.parametrize("port", ["x86_64-portwright-linux"])
def test_linux_has_them_all(port: str) -> None:
    assert set(SIGNATURES) <= set(ports.load(port).ledger.offers)


def test_an_address_that_comes_back_has_its_length_in_memory() -> None:
    for name in ("accept", "socket_name", "peer_name", "receive_from"):
        assert operation(name).argument("address_length").kind == "length-inout"
        assert operation(name).argument("address").length == "address_length"


def test_an_option_belongs_to_a_level_whose_constants_are_known() -> None:
    for name in ("set_socket_option", "socket_option"):
        option = operation(name).argument("option")
        assert option.kind == "option" and option.level == "level"
        prefixes = operation(name).argument("level").prefixes
        assert all(level.startswith(prefixes) for level in OPTIONS)
