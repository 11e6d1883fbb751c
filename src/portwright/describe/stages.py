"""In what order a new kernel's system calls bring std to life: stages, each with what it needs and what it gives.

Every operation of the vocabulary is in one stage. What a stage says is tested: with the operations that it and
the stages before it need, and no others, its program runs, and that of the next stage does not.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `needs` are the operations without which `gives` does not work; of a row of alternatives one is
    enough. `better` are those that make more of the same work, or work well."""

    name: str
    gives: str
    needs: tuple[tuple[str, ...], ...]
    better: tuple[str, ...] = ()

    @property
    def operations(self) -> tuple[str, ...]:
        """Every operation of the stage."""
        return (*(name for row in self.needs for name in row), *self.better)


def _all(*names: str) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in names)


STAGES = (
    Stage(
        "hello",
        "`fn main`, arguments, environment, `println!`, the heap and its collections, the panic message, exit statuses",
        (*_all("write", "exit"), ("map_memory", "set_break")),
        ("unmap_memory",),
    ),
    Stage(
        "tools",
        "standard input, `Instant`, `SystemTime`, `sleep`; `HashMap`s with random keys",
        _all("read", "clock_read", "sleep"),
        ("fill_random", "process_id", "terminal_status"),
    ),
    Stage(
        "files",
        "`File`, `OpenOptions`, `fs::read`, `fs::write`, metadata, renaming and removing",
        _all(
            "open",
            "close",
            "seek",
            "fd_status",
            "file_status",
            "link_status",
            "remove_file",
            "rename",
            "set_length",
        ),
        (
            *(
                "duplicate",
                "sync_file",
                "sync_data",
                "read_at",
                "write_at",
                "read_vectored",
                "write_vectored",
            ),
            *("change_mode", "fd_change_mode", "set_times", "fd_set_times", "link_set_times", "lock_file"),
            *("create_link", "create_symlink", "read_link"),
        ),
    ),
    Stage(
        "directories",
        "`read_dir`, `create_dir_all`, `remove_dir_all`, the current directory",
        _all(
            *("create_directory", "remove_directory", "read_directory", "current_directory"),
            "change_directory",
        ),
        ("open_directory", "close_directory", "open_at", "remove_at", "status_at"),
    ),
    Stage(
        "threads",
        "`thread::spawn`, `scope`, `park`, `Mutex`, `RwLock`, `Condvar`, `mpsc`, thread-locals of each thread's own",
        (
            ("set_thread_pointer",),
            ("thread_clone", "thread_create"),
            *_all("thread_exit", "futex_wait", "futex_wake"),
        ),
        ("thread_join", "yield_now", "protect_memory", "thread_affinity", "thread_id", "thread_name"),
    ),
    Stage(
        "processes",
        "`Command` with pipes, environment and directory; `wait`, `kill`, `io::pipe`",
        (
            ("fork", "spawn"),
            *_all("execute", "wait", "create_pipe", "duplicate_to"),
        ),
        ("kill", "signal_action", "set_descriptor_flags", "descriptor_flags", "poll"),
    ),
    Stage(
        "network",
        "`TcpStream`, `TcpListener`, `UdpSocket`",
        _all(
            *("socket", "bind", "listen", "accept", "connect", "send", "receive", "send_to", "receive_from"),
            *("socket_name", "peer_name"),
        ),
        ("shutdown", "set_socket_option", "socket_option", "status_flags", "set_status_flags", "system_name"),
    ),
)


def up_to(name: str) -> tuple[Stage, ...]:
    """The stage of that name and all before it."""
    names = [stage.name for stage in STAGES]
    return STAGES[: names.index(name) + 1]
