"""How a file lies in the page cache: the regimes that every figure names.

* live: appended in pieces of 4 KiB and never read from disk, as a syslog daemon leaves it (small folios);
* re-read: thrown out of the cache and read once from start to end (large folios).
"""
import ctypes, mmap, os, sys

REGIMES = ("live", "re-read")
PIECE = 4096


def resident(path):
    """The share of a file's pages that are in the page cache."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE) as view:
        pages = (len(view) + mmap.PAGESIZE - 1) // mmap.PAGESIZE
        flags = (ctypes.c_ubyte * pages)()
        first = ctypes.c_char.from_buffer(view)
        done = libc.mincore(ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(len(view)), flags)
        del first
        if done != 0:
            sys.exit(f"mincore: {os.strerror(ctypes.get_errno())}")
        return sum(flag & 1 for flag in bytes(flags)) / pages


def drop(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def prepare(regime, master, path):
    """Brings `path`, a copy of `master`, into the cache the way the regime says."""
    if regime == "live" or not os.path.exists(path):
        with open(master, "rb") as source, open(path, "wb", buffering=0) as file:
            while piece := source.read(PIECE):
                file.write(piece)
            os.fsync(file.fileno())
        drop(master)
    if regime == "re-read":
        drop(path)
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 17):
                pass


def ready(regime, master, path):
    """Prepares the file again unless it lies wholly in the cache: the kernel throws out what is idle."""
    if not os.path.exists(path) or resident(path) < 1:
        prepare(regime, master, path)
