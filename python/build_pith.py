# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Builds the extension module pith._pith with cffi, from the public header itself, so that nothing is declared twice.

It links the static library of a build folder ($PITH_BUILD_DIR, default ../build/release), which has the built-in model
inside, or, where there is none, the installed libpith of pkg-config. The module finds that library where it lay, or,
with $PITH_NO_RPATH, where the system looks for libraries.
"""
import os
import re
import subprocess

from cffi import FFI

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("PITH_SOURCE_DIR", os.path.dirname(HERE))
BUILD = os.environ.get("PITH_BUILD_DIR", os.path.join(ROOT, "build", "release"))
LIBRARY = os.path.join(BUILD, "libpith.a")


def pkg_config(*words):
    return subprocess.run(["pkg-config", *words], check=True, capture_output=True, text=True).stdout.split()


def declarations(path):
    """What cffi reads of the header: without comments, directives and attributes; constants of arrays as numbers."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    numbers = dict(re.findall(r"^#define (PITH_\w+) (\d+)$", text, re.M))
    text = re.sub(r"^ *#.*(\\\n.*)*$", "", text, flags=re.M)
    text = re.sub(r'extern "C" \{', "", text)
    text = re.sub(r"\bPITH_(API|MUST_CHECK)\b", "", text)
    text = re.sub(r"\[(PITH_\w+)\]", lambda m: f"[{numbers[m.group(1)]}]", text)
    return re.sub(r"^\}$", "", text, flags=re.M)


def make_ffi():
    ffi = FFI()
    if os.path.exists(LIBRARY):
        include, objects = [os.path.join(ROOT, "include")], [LIBRARY]
        libraries = ["jansson", "nettle", "z", "pthread", "m", "dl"]
        folders = []
    else:
        include = [word[2:] for word in pkg_config("--cflags-only-I", "pith")] or ["/usr/include"]
        folders = [word[2:] for word in pkg_config("--libs-only-L", "pith")]
        objects, libraries = [], ["pith"]
    header = next(path for path in (os.path.join(folder, "pith", "pith.h") for folder in include + ["/usr/include"])
                  if os.path.exists(path))
    ffi.cdef(declarations(header))
    ffi.cdef('extern "Python" void pith_python_log(void *user, pith_log_level level, const char *text);')
    ffi.set_source("pith._pith", "#include <pith/pith.h>", include_dirs=include, extra_objects=objects,
                   libraries=libraries, library_dirs=folders,
                   runtime_library_dirs=[] if os.environ.get("PITH_NO_RPATH") else folders)
    return ffi


ffibuilder = make_ffi()

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
