
// --- files and errors

const FOLDER: &str = "pw-probe\0";
const FILE: &str = "pw-probe/file\0";
const OTHER: &str = "pw-probe/other\0";
const INNER: &str = "pw-probe/inner\0";
const SIZE: usize = 4660;

static mut CONTENT: [u8; SIZE] = [b'x'; SIZE];

fn constant(name: &str, value: usize, holds: bool) {
    Line::new("constant").text(name).hex(value).number(holds as isize).end();
}

fn open(name: &'static str, flags: usize) -> isize {
    again(|| abi::open(path(name), flags, 0o644))
}

fn write_all(fd: isize, count: usize) -> isize {
    let mut done = 0;
    let mut tries = 0;
    while done < count && tries < TRIES {
        let wrote = again(|| abi::write(fd as usize, unsafe { CONTENT.as_ptr().addr() } + done, count - done));
        if wrote > 0 {
            done += wrote as usize;
        } else {
            tries += 1;
        }
    }
    done as isize
}

/// Where the end of an open file is, which is its length.
fn end_of(fd: isize) -> isize {
    abi::seek(fd as usize, 0, abi::SEEK_END)
}

fn close(fd: isize) {
    if fd >= 0 {
        abi::close(fd as usize);
    }
}

fn remove_all() {
    for name in [FILE, OTHER] {
        again(|| abi::remove_file(path(name)));
    }
    again(|| abi::remove_directory(path(INNER)));
    again(|| abi::remove_directory(path(FOLDER)));
}

fn files() {
    remove_all();
    let mut made = again(|| abi::create_directory(path(FOLDER), 0o755));
    if fails(made) && abi::change_directory(path("/tmp\0")) == 0 {
        remove_all();
        made = again(|| abi::create_directory(path(FOLDER), 0o755));
    }
    Line::new("file").text("folder").result(made).end();
    let missing = open(FILE, abi::O_RDWR);
    let fd = open(FILE, abi::O_RDWR | abi::O_CREAT);
    constant("O_CREAT", abi::O_CREAT, fails(missing) && fd >= 0);
    if fd < 0 {
        Line::new("file").text("create").result(fd).end();
        return;
    }
    write_all(fd, SIZE);
    opening(fd);
    seeking(fd);
    let mut part = [0_u8; 4];
    let read = again(|| abi::read_at(fd as usize, part.as_mut_ptr().addr(), 1, 100));
    if read != ABSENT {
        Line::new("file").text("read-at").number(read).end();
    }
    status(fd);
    close(fd);
    renaming();
    directories();
    let mut room = [0_u8; 512];
    let short = again(|| abi::current_directory(room.as_mut_ptr().addr(), 1));
    let whole = again(|| abi::current_directory(room.as_mut_ptr().addr(), 512));
    Line::new("file").text("directory-name").result(short).result(whole).end();
}

fn opening(fd: isize) {
    let reader = open(FILE, abi::O_RDONLY);
    let refused = write_some(reader);
    constant("O_RDONLY", abi::O_RDONLY, reader >= 0 && fails(refused));
    close(reader);
    let writer = open(FILE, abi::O_WRONLY);
    let mut byte = 0_u8;
    let unread = again(|| abi::read(writer as usize, addr_of_mut!(byte).addr(), 1));
    constant("O_WRONLY", abi::O_WRONLY, writer >= 0 && fails(unread));
    close(writer);
    let both = open(FILE, abi::O_RDWR);
    let read = again(|| abi::read(both as usize, addr_of_mut!(byte).addr(), 1));
    constant("O_RDWR", abi::O_RDWR, read == 1 && !fails(write_some(both)));
    close(both);
    let new = open(FILE, abi::O_RDWR | abi::O_CREAT | abi::O_EXCL);
    constant("O_EXCL", abi::O_EXCL, fails(new));
    close(new);
    let appender = open(FILE, abi::O_WRONLY | abi::O_APPEND);
    write_some(appender);
    constant("O_APPEND", abi::O_APPEND, end_of(fd) == SIZE as isize + 1);
    close(appender);
    let emptied = open(OTHER, abi::O_RDWR | abi::O_CREAT);
    write_all(emptied, 10);
    close(emptied);
    let emptied = open(OTHER, abi::O_RDWR | abi::O_TRUNC);
    constant("O_TRUNC", abi::O_TRUNC, end_of(emptied) == 0);
    close(emptied);
}

fn write_some(fd: isize) -> isize {
    again(|| abi::write(fd as usize, unsafe { CONTENT.as_ptr().addr() }, 1))
}

fn seeking(fd: isize) {
    let file = fd as usize;
    let size = end_of(fd);
    constant("SEEK_END", abi::SEEK_END, size == SIZE as isize + 1);
    let mut byte = 0_u8;
    let at_end = again(|| abi::read(file, addr_of_mut!(byte).addr(), 1));
    Line::new("file").text("read-at-end").result(at_end).end();
    constant("SEEK_SET", abi::SEEK_SET, abi::seek(file, 100, abi::SEEK_SET) == 100);
    constant("SEEK_CUR", abi::SEEK_CUR, abi::seek(file, 23, abi::SEEK_CUR) == 123);
    Line::new("file").text("set-length").result(again(|| abi::set_length(file, SIZE))).number(end_of(fd)).end();
}

fn status(fd: isize) {
    let by_number = written(|address| abi::fd_status(fd as usize, address));
    if by_number.result != ABSENT {
        structure("stat", "fd_status", &by_number);
    }
    let by_path = written(|address| abi::file_status(path(FOLDER), address));
    if by_path.result != ABSENT {
        Line::new("folder").result(by_path.result).bytes(&by_path.bytes[..by_path.length]).end();
    }
    let name = written(|address| abi::system_name(address));
    if name.result != ABSENT {
        structure("utsname", "system_name", &name);
    }
}

fn renaming() {
    let over = again(|| abi::rename(path(FILE), path(OTHER)));
    let gone = open(FILE, abi::O_RDONLY);
    let there = open(OTHER, abi::O_RDONLY);
    Line::new("file").text("rename-over").result(over).number(fails(gone) as isize).number(end_of(there)).end();
    close(gone);
    close(there);
    again(|| abi::rename(path(OTHER), path(FILE)));
}

fn directories() {
    let mut position = 0usize;
    again(|| abi::create_directory(path(INNER), 0o755));
    let inner = again(|| abi::change_directory(path(INNER)));
    if inner == 0 {
        let missing = open(FOLDER, abi::O_RDONLY);
        close(missing);
        again(|| abi::change_directory(path("../..\0")));
        Line::new("file").text("change-directory").number(fails(missing) as isize).end();
    }
    let open_folder = || {
        if abi::HAS_OPEN_DIRECTORY {
            again(|| abi::open_directory(path(FOLDER)))
        } else {
            open(FOLDER, abi::O_RDONLY | abi::O_DIRECTORY)
        }
    };
    let fd = open_folder();
    Line::new("directory").text("open").number(if fails(fd) { fd } else { 0 }).end();
    for turn in 0..12 {
        let mut room = [0xee_u8; 512];
        let count = again(|| abi::read_directory(fd as usize, room.as_mut_ptr().addr(), 512, (&raw mut position).addr()));
        let mut length = 512;
        while length > 0 && unsafe { room.as_ptr().add(length - 1).read_volatile() } == 0xee {
            length -= 1;
        }
        Line::new("directory").text("read").result(count).bytes(&room[..length]).end();
        if count <= 0 {
            break;
        }
    }
    let mut room = [0_u8; 512];
    let after = again(|| abi::read_directory(fd as usize, room.as_mut_ptr().addr(), 512, (&raw mut position).addr()));
    Line::new("directory").text("after-end").result(after).end();
    leave(fd);
    let fd = open_folder();
    let mut short = 1;
    for turn in 0..4 {
        // The first entries may have names that fit.
        short = again(|| abi::read_directory(fd as usize, room.as_mut_ptr().addr(), 3, (&raw mut position).addr()));
        if short <= 0 {
            break;
        }
    }
    Line::new("directory").text("short-room").result(short).end();
    leave(fd);
}

fn leave(fd: isize) {
    if abi::HAS_CLOSE_DIRECTORY {
        abi::close_directory(fd as usize);
    } else {
        close(fd);
    }
}

fn error(name: &str, operation: &str, result: isize) {
    if result != ABSENT {
        Line::new("error").text(name).text(operation).number(result).end();
    }
}

fn errors() {
    let mut room = [0_u8; 1024];
    let room = room.as_mut_ptr().addr();
    error("ENOSYS", "none", call(NO_CALL, &[0, 0, 0]));
    error("EBADF", "close", abi::close(CLOSED));
    error("EBADF", "write", abi::write(CLOSED, room, 1));
    error("EBADF", "read", abi::read(CLOSED, room, 1));
    error("EBADF", "fd_status", abi::fd_status(CLOSED, room));
    error("ENOENT", "open", open("pw-probe/nothing\0", abi::O_RDONLY));
    error("ENOENT", "file_status", again(|| abi::file_status(path("pw-probe/nothing\0"), room)));
    error("ENOENT", "remove_file", again(|| abi::remove_file(path("pw-probe/nothing\0"))));
    error("ENOTDIR", "open", open("pw-probe/file/x\0", abi::O_RDONLY));
    error("ENOTDIR", "remove_directory", again(|| abi::remove_directory(path(FILE))));
    error("EISDIR", "open", open(FOLDER, abi::O_WRONLY));
    error("EEXIST", "create_directory", again(|| abi::create_directory(path(INNER), 0o755)));
    error("ENOTEMPTY", "remove_directory", again(|| abi::remove_directory(path(FOLDER))));
    let fd = open(FILE, abi::O_RDONLY);
    error("EINVAL", "seek", abi::seek(fd as usize, 0, 99));
    error("EINVAL", "seek", abi::seek(fd as usize, -5_isize as usize, abi::SEEK_SET));
    error("EFAULT", "read", again(|| abi::read(fd as usize, 16, 1)));
    error("EFAULT", "fd_status", abi::fd_status(fd as usize, 16));
    if abi::CLOCK_IS_TOLD {
        error("EINVAL", "clock_read", abi::clock_read(77, room));
    }
    close(fd);
    let folder = open(FOLDER, abi::O_RDONLY);
    if folder >= 0 {
        error("EISDIR", "read", again(|| abi::read(folder as usize, room, 16)));
    }
    close(folder);
    remove_all();
}
