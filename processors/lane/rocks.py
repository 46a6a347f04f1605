"""RocksDB as a state partition has it: opened in bounded memory, and walked to the end or to the fault that ended the walk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from rocksdict import AccessType, BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, Options, Rdict, ReadOptions

_MEBIBYTE = 1 << 20
_CACHE, _BUFFER, _BUFFERS = 16 * _MEBIBYTE, 8 * _MEBIBYTE, 2
BOUND = _CACHE + _BUFFERS * _BUFFER
"""Bytes of memory that a store takes at most."""


def database(path: Path, access: AccessType | None = None) -> Rdict:
    """With our options also where the store exists: unless its family's are given, rocksdict 0.3 takes those that the store has kept of
    itself, which are without cache size and filter."""
    options = _options()
    if access is not None:
        options.set_max_open_files(-1)  # all tables at once: whoever has the store open for writing removes those that he merges
    return Rdict(str(path), options, column_families={"default": options}, access_type=access or AccessType.read_write())


def walked(db: Rdict, key: bytes, bounds: ReadOptions, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """From a key on. Raises what ended it early: `Rdict.items` ends at what cannot be read as if there were no more."""
    found = db.iter(bounds)
    if backwards:
        found.seek_for_prev(key)
    else:
        found.seek(key)
    valid, step = found.valid, found.prev if backwards else found.next
    while valid():
        yield cast(bytes, found.key()), cast(bytes, found.value())
        step()
    found.status()


def within(items: Iterable[tuple[Any, Any]], bounds: ReadOptions, prefix: bytes, beyond: bytes | None = None,
           ) -> Iterator[tuple[bytes, bytes]]:
    """The items but `beyond`, holding on to `bounds`: RocksDB keeps a pointer into them, and rocksdict 0.3 lets go of them meanwhile."""
    for key, value in items:
        if not key.startswith(prefix):
            break
        if key != beyond:
            yield key, value
    del bounds


def after(prefix: bytes) -> bytes | None:
    """The least key greater than all keys with this prefix."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1]) if trimmed else None


def _options() -> Options:
    """Memory bounded per partition (`BOUND`). Index and filter are kept in pieces: whole, those of a
    table of 30 MB are larger than the cache lets one block be, and each look-up reads and unpacks them again, at half a millisecond."""
    table = BlockBasedOptions()
    table.set_block_cache(Cache(_CACHE))
    table.set_cache_index_and_filter_blocks(True)
    table.set_index_type(BlockBasedIndexType.two_level_index_search())
    table.set_partition_filters(True)
    table.set_pin_top_level_index_and_filter(True)
    table.set_bloom_filter(10, False)
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size(_BUFFER)
    options.set_max_write_buffer_number(_BUFFERS)
    options.set_max_open_files(256)
    options.set_max_background_jobs(2)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_keep_log_file_num(2)
    options.set_max_total_wal_size(32 * _MEBIBYTE)
    return options
