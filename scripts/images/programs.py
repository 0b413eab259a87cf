# SPDX-License-Identifier: Apache-2.0 OR MIT
"""
What is in the images: the command with the libraries that it is linked with, and
workerd with what it needs. The C library and the compiler's are this system's.
"""
import functools
import os
import re
import subprocess
from collections import namedtuple

from images.layout import Layer

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Where this system keeps the libraries of each architecture, and where its
# dynamic loader searches for them.
System = namedtuple("System", "name libraries loader searched npm")
SYSTEMS = {
    "amd64": System(
        "x64-glibc",
        "/lib/x86_64-linux-gnu",
        "/lib64/ld-linux-x86-64.so.2",
        "/lib/x86_64-linux-gnu",
        "workerd-linux-64",
    ),
    "arm64": System(
        "arm64-glibc",
        "/usr/aarch64-linux-gnu/lib",
        "/lib/ld-linux-aarch64.so.1",
        "/lib/aarch64-linux-gnu",
        "workerd-linux-arm64",
    ),
}
# The packages of Debian that they are from, for their licences.
LICENCES = ("libc6", "libgcc-s1", "gcc-12-base")


class ImageError(Exception):
    """A message for the user."""


def run(*command):
    """The output of a program of this repository or a tool; its errors pass."""
    try:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    except FileNotFoundError as error:
        raise ImageError(f"{command[0]} is missing: scripts/setup dist") from error
    except subprocess.CalledProcessError as error:
        raise ImageError(f"{command[0]} failed") from error
    return done.stdout.strip()


def _needed(file):
    text = run("readelf", "-d", file)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text)


def _libraries(system, files, own):
    """Paths of the libraries that `files` need, also indirectly, except `own`."""
    found, waiting = {}, list(files)
    while waiting:
        for name in _needed(waiting.pop()):
            path = os.path.join(system.libraries, name)
            if name in found or name in own or name == os.path.basename(system.loader):
                continue
            if not os.path.exists(path):
                raise ImageError(f"{path} is missing: scripts/setup dist")
            found[name] = path
            waiting.append(path)
    return found


def _add_libraries(layer, system, files, own=()):
    loader = os.path.join(system.libraries, os.path.basename(system.loader))
    layer.add_file(system.loader, loader, 0o755)
    for name, path in _libraries(system, files, own).items():
        layer.add_file(f"{system.searched}/{name}", path, 0o644)
    for package in LICENCES:
        text = f"/usr/share/doc/{package}/copyright"
        if os.path.exists(text):
            layer.add_file(text, text)


@functools.cache
def _staged(system):
    """Where the command is built and installed for a system."""
    return os.path.join(ROOT, run(f"{ROOT}/scripts/dist/stage", system.name))


def command(architecture):
    """A layer with /wasmsig, its libraries and licences, and nothing else."""
    system = SYSTEMS[architecture]
    stage = _staged(system)
    program = f"{stage}/bin/wasmsig"
    own = [f"{stage}/lib/wasmsig/libwasmtime.so"]
    layer = Layer()
    layer.add_file("/wasmsig", program, 0o755)
    # Among the system's: without /proc the loader cannot tell where a program is,
    # and what is beside it.
    for path in own:
        layer.add_file(f"{system.searched}/{os.path.basename(path)}", path, 0o644)
    layer.add_folder("/usr/share/doc/wasmsig", f"{stage}/share/doc/wasmsig")
    names = [os.path.basename(path) for path in own]
    _add_libraries(layer, system, [program, *own], names)
    return layer


def workerd(architecture, packages):
    """
    The layer that workerd needs beside the command's: the executable of npm's
    package in the folder `packages`, our library, and certificates.
    """
    system = SYSTEMS[architecture]
    program = os.path.join(packages, "@cloudflare", system.npm, "bin/workerd")
    if not os.path.exists(program):
        raise ImageError(f"{program} is missing")
    stage = _staged(system)
    layer = Layer()
    layer.add_file("/workerd", program, 0o755)
    layer.add_file(
        "/lib/wasmsig/libwasmsig-workerd.so",
        f"{stage}/lib/wasmsig/libwasmsig-workerd.so",
        0o644,
    )
    certificates = "/etc/ssl/certs/ca-certificates.crt"
    if not os.path.exists(certificates):
        raise ImageError(f"{certificates} is missing: scripts/setup dist")
    layer.add_file(certificates, certificates)
    _add_libraries(layer, system, [program])
    return layer
