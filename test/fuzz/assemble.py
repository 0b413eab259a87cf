#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Modules from their text, by Wasmtime's assembler:

    assemble.py LIBRARY FOLDER TEXT...

For each TEXT, NAME.wat, FOLDER/NAME.wasm is written."""
import ctypes
import pathlib
import sys


class Bytes(ctypes.Structure):
    """wasm_byte_vec_t"""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("data", ctypes.POINTER(ctypes.c_char)),
    ]

    def take(self, library):
        taken = ctypes.string_at(self.data, self.size)
        library.wasm_byte_vec_delete(ctypes.byref(self))
        return taken


def load(path):
    library = ctypes.CDLL(path)
    library.wasmtime_wat2wasm.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.POINTER(Bytes),
    ]
    library.wasmtime_wat2wasm.restype = ctypes.c_void_p
    library.wasmtime_error_message.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(Bytes),
    ]
    library.wasmtime_error_message.restype = None
    library.wasm_byte_vec_delete.argtypes = [ctypes.POINTER(Bytes)]
    library.wasm_byte_vec_delete.restype = None
    return library


def assemble(library, source):
    text, out = source.read_bytes(), Bytes()
    error = library.wasmtime_wat2wasm(text, len(text), ctypes.byref(out))
    if error:
        library.wasmtime_error_message(error, ctypes.byref(out))
        sys.exit(f"{source}: {out.take(library).decode()}")
    return out.take(library)


def main():
    path, folder, *sources = sys.argv[1:]
    library, target = load(path), pathlib.Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for source in map(pathlib.Path, sources):
        (target / f"{source.stem}.wasm").write_bytes(assemble(library, source))


main()
