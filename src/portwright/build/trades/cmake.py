"""CMake: a driver when it builds; when it configures, one step with all that it tries out."""

from __future__ import annotations

from portwright.build.trade import Call, Role, Trade

BUILDING = ("--build", "--install")


def _role(call: Call) -> Role:
    return "driver" if any(word in BUILDING for word in call.options) else "step"


TRADE = Trade(
    "configures or starts a build",
    names=("cmake", "ctest"),
    role=_role,
    probe=lambda call: any(word in ("--version", "--help") for word in call.options),
    notes=("*",),
    looks_beside=("CMakeLists.txt",),
    logs=("CMakeOutput.log", "CMakeError.log", "CMakeConfigureLog.yaml"),
    environment=("CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS", "ASM", "CMAKE_*", "PKG_CONFIG_*"),
)
