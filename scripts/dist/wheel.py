# SPDX-License-Identifier: Apache-2.0 OR MIT
"""
Makes a wheel of the command: wheel.py STAGE SYSTEM VERSION FOLDER

STAGE is what scripts/dist/stage installs. The command and its libraries are data
of the Python package `wasmsig`, which starts it (cli/python). Manual page and
completion go where Python's prefix has them. Run with SOURCE_DATE_EPOCH, and with
the packages of requirements.txt in PYTHONPATH.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from packaging.metadata import Metadata

ROOT = pathlib.Path(__file__).resolve().parents[2]

TAGS = {
    "x64-glibc": "manylinux_2_28_x86_64",
    "x64-musl": "musllinux_1_2_x86_64",
    "arm64-glibc": "manylinux_2_28_aarch64",
    "arm64-musl": "musllinux_1_2_aarch64",
}

# Ours, the engines, xxHash; zig and musl are under MIT, libunwind as Wasmtime.
LICENCE = (
    "(Apache-2.0 OR MIT) AND Apache-2.0 WITH LLVM-exception"
    " AND BSD-2-Clause AND MIT"
)

ENTRY_POINTS = "[console_scripts]\nwasmsig = wasmsig.__main__:main\n"


def with_capitals(text):
    """twine refuses names of fields that are not written as in the specification."""
    head, _, description = text.partition(b"\n\n")
    names = re.compile(rb"^[a-z-]+:", re.MULTILINE)
    return names.sub(lambda name: name[0].title(), head) + b"\n\n" + description


def metadata(version, licences):
    """METADATA, checked by the library that PyPI checks it with."""
    fields = Metadata.from_raw(
        {
            "metadata_version": "2.4",
            "name": "wasmsig",
            "version": version,
            "summary": "Runs WebAssembly programs with Unix signals and CPU limits",
            "keywords": "webassembly wasm signal cpu limit timeout sandbox wasi".split(),
            "license_expression": LICENCE,
            "license_files": licences,
            "requires_python": ">=3.8",
            "classifiers": [
                "Development Status :: 4 - Beta",
                "Environment :: Console",
                "Intended Audience :: Developers",
                "Operating System :: POSIX :: Linux",
                "Programming Language :: C",
                "Programming Language :: Python :: 3",
                "Topic :: Software Development :: Interpreters",
                "Topic :: System :: Systems Administration",
            ],
            "description_content_type": "text/markdown",
            "description": (ROOT / "cli/python/README.md").read_text(),
        }
    ).as_rfc822()
    return with_capitals(fields.as_bytes())


def fill(folder, stage, system, version):
    """Writes into `folder` what the wheel contains."""
    package = folder / "wasmsig"
    shutil.copytree(
        ROOT / "cli/python/wasmsig",
        package,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copytree(stage / "bin", package / "bin")
    shutil.copytree(stage / "lib", package / "lib")
    shutil.copytree(
        stage / "share",
        folder / f"wasmsig-{version}.data/data/share",
        ignore=shutil.ignore_patterns("doc"),
    )

    information = folder / f"wasmsig-{version}.dist-info"
    licences = information / "licenses"
    shutil.copytree(stage / "share/doc/wasmsig", licences)
    (licences / "README.md").unlink(missing_ok=True)
    names = sorted(path.name for path in licences.iterdir())
    (information / "METADATA").write_bytes(metadata(version, names))
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    (information / "WHEEL").write_text(
        "Wheel-Version: 1.0\n"
        "Generator: wasmsig\n"
        "Root-Is-Purelib: false\n"
        f"Tag: py3-none-{TAGS[system]}\n"
    )


def main(stage, system, version, target):
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work, f"wasmsig-{version}")
        fill(folder, pathlib.Path(stage), system, version)
        for path in folder.rglob("*"): # whatever the umask is
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        subprocess.run(
            [sys.executable, "-m", "wheel", "pack", folder, "--dest-dir", target],
            check=True,
            stdout=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: wheel.py STAGE SYSTEM VERSION FOLDER")
    main(*sys.argv[1:])
