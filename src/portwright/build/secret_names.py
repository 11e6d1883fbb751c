"""Which names of variables and options look like a secret's."""

from __future__ import annotations

import re

SHORTEST = 4
"""Shorter values of secrets are too common to be taken out everywhere."""

_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|(?<!COM)(?<!BY)(?<!SUR)PASS(?:[_-]|$)"
    r"|(?:^|[_-])(?:KEYS?|AUTH|PAT|CREDS?|PIN|SALT|COOKIES?)(?:[_-]|$)"
    r"|[_-]PWD(?:[_-]|$)|^PWD[_-]|SESSION[_-](?:KEY|ID)$",
    re.I,
)
_STRONG_NAME = re.compile(r"TOKEN|SECRET|PASSW|PASSPHRASE", re.I)


def secret_name(name: str) -> bool:
    """Whether a variable's or an option's name looks like a secret's."""
    return _SECRET_NAME.search(name) is not None


def strong_name(name: str) -> bool:
    """Whether a name can hardly be anything else than a secret's."""
    return _STRONG_NAME.search(name) is not None
