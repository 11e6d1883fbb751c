"""The engine for any CPU: Unicorn with its virtual TLB, and no hook that runs on the normal path.

A trap stops the emulator, the handler is called outside it, and it is started again: a handler may then do
whatever it wants to the guest. Unicorn can abort the process that it is in: run a guest of it in a worker
(`run/worker.py`). It does not check the alignment of vector accesses, and translates ahead: code that runs
into a page without rights faults a little early.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import threading
import time
from typing import Any

from portwright.describe.cpu import cpu as described
from portwright.run.cpu import engine_cpu
from portwright.run.engine import Access, BadAddress, CannotMap, FaultKind, Setup, Stop, TrapHandler
from portwright.run.unicorn_registers import Registers
from portwright.run.unicorn_tlb import SMALLEST_PAGE, Translations

RANK = 20
ISOLATED = False
ASK_AGAIN = 0.005  # seconds
TURN = 2_000_000  # instructions, some tens of milliseconds while they are counted
COPY_CHUNK = 16 << 20


def unfit(setup: Setup) -> str | None:
    """Why this engine cannot run such guests here, or None."""
    emulated = engine_cpu(setup.cpu).emulated
    if emulated is None:
        return f"src/portwright/run/cpus/ does not say how Unicorn emulates {setup.cpu}"
    for trap in (setup.trap, *setup.more_traps, *setup.ignored_traps):
        if trap not in emulated.traps:
            return f"src/portwright/run/cpus/ does not say how Unicorn shows the trap `{trap}` of {setup.cpu}"
    if setup.page_size % SMALLEST_PAGE:
        return f"the guest's pages are {setup.page_size} bytes, Unicorn's {SMALLEST_PAGE}"
    if importlib.util.find_spec("unicorn") is None:
        return "the Python package `unicorn` is not installed"
    return None


def make(setup: Setup) -> UnicornEngine:
    """An engine with an empty address space."""
    return UnicornEngine(setup)


class UnicornEngine(Registers):
    """See the module, and `Engine` for the methods."""

    def __init__(self, setup: Setup) -> None:
        unicorn: Any = importlib.import_module("unicorn")
        cpu = engine_cpu(setup.cpu)
        assert cpu.emulated is not None
        self._setup, self._facts = setup, cpu.emulated
        self._constants: Any = importlib.import_module(self._facts.constants)
        uc: Any = unicorn.Uc(getattr(unicorn, self._facts.arch), getattr(unicorn, self._facts.mode))
        super().__init__(uc, unicorn, self._constants, cpu, described(setup.cpu))
        self._encodings = {name: trap.encoding for name, trap in described(setup.cpu).traps.items()}
        self._interrupted = self._running = False
        self._asked = 0  # how many interrupts there were: only the newest one's thread goes on
        self._asking = (
            threading.Lock()
        )  # what is asked for is the run that was to be interrupted, not the next
        self._trapped = self._passes = False
        self._calling = {setup.trap, *setup.more_traps}
        self._last_trap = setup.trap
        self._looking: tuple[int, int] | None = None
        self._stop: Stop | None = None
        self._uc.ctl_set_cpu_model(self._constant(self._facts.model))
        self._uc.ctl_set_tlb_mode(unicorn.UC_TLB_VIRTUAL)
        self._uc.ctl_exits_enabled(True)  # and none set: no address ends a run, not even 0
        self._uc.ctl_set_exits([])
        if self._facts.begin is not None:
            self._facts.begin(self._uc)
        self._translations = Translations(self._uc, unicorn, self._facts.exact_stops)
        self._hook()
        self._clock = time.pthread_getcpuclockid(threading.get_ident())
        self._counts = False
        self._used = 0.0
        self._entered: float | None = None
        self.set({"pc": 0, "sp": 0})
        self._first_context = self.context()

    def _constant(self, name: str) -> int:
        return int(getattr(self._constants, name))

    def _hook(self) -> None:
        """Add the hooks, all of them before the first start (later ones can be ignored)."""
        unicorn, uc = self._unicorn, self._uc
        self._interrupts: dict[int, str] = {}
        for name, (kind, what) in self._facts.traps.items():
            if kind == "instruction":
                on_trap = self._on_call(name) if name in self._calling else self._on_foreign(name)
                uc.hook_add(unicorn.UC_HOOK_INSN, on_trap, None, 1, 0, self._constant(str(what)))
            else:
                self._interrupts[int(what)] = name
        for constant in self._facts.forbidden:
            uc.hook_add(unicorn.UC_HOOK_INSN, self._on_forbidden, None, 1, 0, self._constant(constant))
        uc.hook_add(unicorn.UC_HOOK_INTR, self._on_interrupt)
        uc.hook_add(unicorn.UC_HOOK_TLB_FILL, self._translations.on_miss)
        const = importlib.import_module("unicorn.unicorn_const")
        self._accesses: dict[int, FaultKind] = {}
        self._memory_errors: set[int] = set()
        words: tuple[tuple[str, FaultKind], ...]
        words = (("READ", "read"), ("WRITE", "write"), ("FETCH", "execute"))
        for word, kind_of in words:
            for ending in ("UNMAPPED", "PROT"):
                self._accesses[getattr(const, f"UC_MEM_{word}_{ending}")] = kind_of
                self._memory_errors.add(getattr(const, f"UC_ERR_{word}_{ending}"))
        self._error_illegal = const.UC_ERR_INSN_INVALID

    # what hooks see: they note it and stop the emulator

    def _on_call(self, name: str) -> Any:
        def hook(uc: Any, _: Any) -> None:
            self._trapped, self._last_trap = True, name
            uc.emu_stop()

        return hook

    def _on_foreign(self, name: str) -> Any:
        def hook(uc: Any, _: Any) -> None:
            self._stop = Stop("fault", "other", detail=f"`{name}` is not this OS's trap")
            uc.emu_stop()

        return hook

    def _on_forbidden(self, uc: Any, *_: Any) -> int:
        pc = self.get(("pc",))[0]
        self._stop = Stop("fault", "illegal", None, pc, "an instruction for the kernel only")
        uc.emu_stop()
        return 0

    def _on_interrupt(self, uc: Any, number: int, _: Any) -> None:
        name = self._interrupts.get(number)
        if name in self._calling:
            self._trapped, self._last_trap = True, str(name)
        elif name in self._setup.ignored_traps:
            self._passes = True
        elif name is not None:
            pc = self.get(("pc",))[0] if self._facts.advance else None
            self._stop = Stop("fault", "other", None, pc, f"`{name}` is not this OS's trap")
        else:
            kind = self._facts.faults.get(number, "illegal")
            pc = self.get(("pc",))[0] if self._facts.faults_stay else None
            self._stop = Stop("fault", kind, None, pc, "" if kind != "other" else f"exception {number}")
        uc.emu_stop()

    def _on_bad_memory(self, uc: Any, access: int, address: int, size: int, *_: Any) -> bool:
        if self._stop is None:  # an access that crosses into a page is shown byte by byte: the first counts
            self._stop = Stop("fault", self._accesses.get(access, "other"), address)
        return False

    # memory

    def map(self, address: int, length: int, access: Access) -> None:
        """See `Engine.map`."""
        self._change("mem_map", address, length, int(access))

    def unmap(self, address: int, length: int) -> None:
        """See `Engine.unmap`."""
        self._change("mem_unmap", address, length)

    def protect(self, address: int, length: int, access: Access) -> None:
        """See `Engine.protect`."""
        self._change("mem_protect", address, length, int(access))

    def _change(self, call: str, address: int, length: int, *more: int) -> None:
        page = self._setup.page_size
        if address % page or length % page or length <= 0 or address < 0:
            raise CannotMap(address, length, f"not whole pages of {page} bytes")
        if address + length > 1 << engine_cpu(self._setup.cpu).address_bits:
            raise CannotMap(address, length, "beyond a guest's addresses")
        had_code = self._translations.holds_code(address, address + length)
        self._translations.forget()
        try:
            getattr(self._uc, call)(address, length, *more)  # UC_PROT_* are the same bits as `Access`
        except self._unicorn.UcError as error:
            exhausted = error.errno == self._unicorn.UC_ERR_NOMEM
            raise CannotMap(address, length, str(error), exhausted=exhausted) from None
        finally:
            self._translations.forget()  # Unicorn may have asked for the regions in the middle of its change
        if had_code:  # Unicorn would go on running what it has translated
            self._uc.ctl_flush_tb()

    def read(self, address: int, length: int) -> bytes:
        """See `Engine.read`."""
        if not length:
            return b""
        try:
            return bytes(self._uc.mem_read(address, length))
        except (self._unicorn.UcError, ctypes.ArgumentError, OverflowError):
            raise BadAddress(self._first_bad(address, length)) from None

    def write(self, address: int, data: bytes) -> None:
        """See `Engine.write`."""
        if not data:
            return
        try:
            self._uc.mem_write(address, bytes(data))
        except (self._unicorn.UcError, ctypes.ArgumentError, OverflowError):
            bad = self._first_bad(address, len(data))
            if bad > address:
                self.write(address, data[: bad - address])
            raise BadAddress(bad) from None
        # Unicorn goes on running what it has translated of code that is overwritten from outside. Not asked of
        # other pages: to be asked makes Unicorn take them for code, and writing to them slow.
        if self._translations.holds_code(address, address + len(data)):
            self._uc.ctl_remove_cache(address, address + len(data))

    def _first_bad(self, address: int, length: int) -> int:
        for first, last, _ in self._translations.regions():
            if first <= address <= last:
                address = last + 1
        return address

    # copies

    def fork(self) -> UnicornEngine:
        """See `Engine.fork`."""
        copy = UnicornEngine(self._setup)
        try:
            for first, last, rights in self._translations.regions():
                length = last + 1 - first
                copy.map(first, length, Access(rights))
                for start in range(first, last + 1, COPY_CHUNK):
                    copy.write(start, self.read(start, min(COPY_CHUNK, last + 1 - start)))
            copy.restore(self.context())
        except BaseException:
            copy.close()
            raise
        return copy

    def reset(self) -> None:
        """See `Engine.reset`."""
        for first, last, _ in self._translations.regions():
            self.unmap(first, last + 1 - first)
        self.restore(self._first_context)

    def run(self, on_trap: TrapHandler) -> Stop:
        """See `Engine.run`; an exception from `on_trap` passes through and leaves the guest stopped."""
        if self._uc is None:
            return Stop("engine-died", detail="the engine is closed")
        self._entered = time.clock_gettime(self._clock)
        try:
            return self._run(on_trap)
        finally:
            self._used, self._entered = self.cpu_seconds(), None

    def _run(self, on_trap: TrapHandler) -> Stop:
        uc, pc_only = self._uc, ("pc",)
        pc = self.get(pc_only)[0]
        while not self._interrupted:
            looking = self._looking is not None
            self._stop, self._trapped, self._running = None, False, True
            error: Any = None
            try:
                uc.emu_start(pc, 0, count=TURN if self._counts else 0)
            except self._unicorn.UcError as raised:
                error = raised
            finally:
                self._running = False
            if looking:
                self._look_away()
            elif self._is_new_bad_access(error):
                pc = self.get(pc_only)[0]
                self._look_at(pc)
                continue
            if self._translations.full:
                self._translations.widen()
                if not self._trapped and self._stop is None and error is None:
                    pc = self.get(pc_only)[0]
                    continue
            if self._trapped or self._passes:
                if self._facts.advance:
                    self.set({"pc": self.get(pc_only)[0] + self._facts.advance})
                self._passes = False
                if self._trapped and not on_trap():
                    return Stop("trap-ended")
            elif self._stop is not None or error is not None or not (self._interrupted or self._counts):
                return self._fault(error)
            elif self._counts:
                self._interrupted = True  # the turn is over
            pc = self.get(pc_only)[0]
        with self._asking:
            self._interrupted = False
        return Stop("interrupted", pc=pc)

    def _is_new_bad_access(self, error: Any) -> bool:
        noted = self._trapped or self._passes or self._stop is not None
        return error is not None and error.errno in self._memory_errors and not noted

    def _look_at(self, pc: int) -> None:
        """Have the next start tell which address is bad. A hook for that makes all code that is translated under
        it five times slower, so there is one for the instruction at fault only, when it is done once more."""
        self._uc.ctl_remove_cache(pc, pc + 1)
        hook = self._uc.hook_add(self._unicorn.UC_HOOK_MEM_INVALID, self._on_bad_memory)
        self._looking = (hook, pc)

    def _look_away(self) -> None:
        assert self._looking is not None
        hook, pc = self._looking
        self._looking = None
        self._uc.hook_del(hook)
        self._uc.ctl_remove_cache(pc, pc + 1)

    def _fault(self, error: Any) -> Stop:
        """What ended the run, with the instruction's own address."""
        pc = self.get(["pc"])[0]
        stop = self._stop
        if stop is None:
            if error is not None and error.errno != self._error_illegal:
                return Stop("engine-died", pc=pc, detail=str(error))
            return Stop("fault", "illegal", None, pc, "" if error else "an instruction that stops the CPU")
        if stop.address is None:
            pc = self._instruction_before(pc) if stop.pc is None else stop.pc
            self.set({"pc": pc})
        return Stop("fault", stop.fault, stop.address, pc, stop.detail)

    def _instruction_before(self, pc: int) -> int:
        """Where the instruction is that raised an interrupt: some leave the program counter behind it."""
        for code in (*self._facts.raising, *self._encodings.values()):
            with contextlib.suppress(BadAddress):
                if self.read(pc - len(code), len(code)) == code:
                    return pc - len(code)
        return pc

    def trap(self) -> str:
        """See `Engine.trap`."""
        return self._last_trap

    def cpu_seconds(self) -> float:
        """See `Engine.cpu_seconds`: the time of the thread that runs the guest, in `run`."""
        entered = self._entered
        return self._used + (0.0 if entered is None else time.clock_gettime(self._clock) - entered)

    def count_turn(self, on: bool) -> bool:
        """See `Engine.count_turn`. A stop from outside (`interrupt`) is no place to go on from: Unicorn then does not
        always know which instruction is next. Counting makes it slower, and each change costs all translations."""
        self._counts = on
        return True

    def interrupt(self) -> None:
        """See `Engine.interrupt`. Takes no lock, for a signal's handler may come while one is held."""
        self._interrupted = True
        self._asked += 1
        if self._entered is not None:  # else the next run sees it by itself
            threading.Thread(target=self._ask_to_stop, args=(self._asked,), daemon=True).start()

    def _ask_to_stop(self, number: int) -> None:
        # Asked once, it may come just before the emulator starts, which forgets it.
        while self._entered is not None and number == self._asked:
            with self._asking:
                uc = self._uc
                if not self._interrupted or uc is None:
                    return
                if self._running:
                    uc.emu_stop()
            time.sleep(ASK_AGAIN)

    def close(self) -> None:
        """See `Engine.close`."""
        self._interrupted = False
        self._uc = None
        self._translations.close()
        self._reads.clear()
        self._writes.clear()
