"""Programs that start another one in a changed surrounding, and are nothing themselves."""

from __future__ import annotations

from portwright.build.trade import Trade

TRADE = Trade(
    "starts another program",
    names=(
        "env",
        "nice",
        "ionice",
        "nohup",
        "setpriv",
        "setsid",
        "stdbuf",
        "time",
        "timeout",
        "xargs",
        "unshare",
        "ccache",
        "sccache",
        "fakeroot",
        "faked*",
        "sudo",
        "chrt",
        "taskset",
    ),
    role="either",
)
