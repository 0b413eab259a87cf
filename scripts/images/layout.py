# SPDX-License-Identifier: Apache-2.0 OR MIT
"""
OCI image layouts, as tar archives: the same input makes the same bytes.
https://github.com/opencontainers/image-spec: image-layout.md, manifest.md,
config.md, layer.md.
"""
import hashlib
import io
import json
import os
import posixpath
import stat
import tarfile
import time

OCI = "application/vnd.oci.image."
INDEX = OCI + "index.v1+json"
MANIFEST = OCI + "manifest.v1+json"
CONFIG = OCI + "config.v1+json"
LAYER = OCI + "layer.v1.tar"

# Seconds since 1970: https://reproducible-builds.org/specs/source-date-epoch/
MTIME = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _entry(name, mode, size=0, kind=tarfile.REGTYPE):
    """Owned by root, so that the program cannot change it."""
    entry = tarfile.TarInfo(name)
    entry.mode, entry.size, entry.type, entry.mtime = mode, size, kind, MTIME
    return entry


class Layer:
    """The files of a layer, by their absolute names in the image."""

    def __init__(self):
        self._files = {}  # name: (bytes, mode)

    def add(self, name, data, mode=0o644):
        self._files[name.lstrip("/")] = (data, mode)

    def add_file(self, name, path, mode=None):
        """What `path` leads to; executable if it is so there."""
        is_program = os.stat(path).st_mode & stat.S_IXUSR
        with open(path, "rb") as file:
            self.add(name, file.read(), mode or (0o755 if is_program else 0o644))

    def add_folder(self, name, path):
        """A folder with everything in it; links become what they lead to."""
        for folder, _, files in os.walk(path):
            for file in files:
                source = os.path.join(folder, file)
                inside = os.path.relpath(source, path)
                self.add_file(posixpath.join(name, inside), source)

    def _folders(self):
        folders = set()
        for name in self._files:
            while name := posixpath.dirname(name):
                folders.add(name)
        return folders

    def to_bytes(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for name in sorted(self._folders()):
                tar.addfile(_entry(name, 0o755, kind=tarfile.DIRTYPE))
            for name, (data, mode) in sorted(self._files.items()):
                tar.addfile(_entry(name, mode, len(data)), io.BytesIO(data))
        return out.getvalue()


class Layout:
    """An image for one or more architectures, under one name."""

    def __init__(self):
        self._blobs = {}
        self._manifests = []

    def _blob(self, media_type, data):
        if not isinstance(data, bytes):
            data = json.dumps(data, separators=(",", ":"), sort_keys=True).encode()
        digest = digest_of(data)
        self._blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def add(self, architecture, config, layers, annotations=None):
        """`config`: the image's, without architecture, rootfs and created."""
        archives = [layer.to_bytes() for layer in layers]
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(MTIME))
        image = {
            "created": created,
            "architecture": architecture,
            "os": "linux",
            "config": config,
            "rootfs": {
                "type": "layers",
                "diff_ids": [digest_of(data) for data in archives],
            },
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._blob(CONFIG, image),
            "layers": [self._blob(LAYER, data) for data in archives],
        }
        if annotations:
            manifest["annotations"] = annotations
        described = self._blob(MANIFEST, manifest)
        described["platform"] = {"architecture": architecture, "os": "linux"}
        self._manifests.append(described)

    def write(self, path, name):
        """`name`: such as example.org/app:1. Complete, or not there."""
        top = self._manifests[0]
        if len(self._manifests) > 1:
            index = {
                "schemaVersion": 2,
                "mediaType": INDEX,
                "manifests": self._manifests,
            }
            top = self._blob(INDEX, index)
        tag = name.rpartition(":")[2]
        names = {
            "org.opencontainers.image.ref.name": tag,
            "io.containerd.image.name": name,
        }
        files = {
            "oci-layout": {"imageLayoutVersion": "1.0.0"},
            "index.json": {
                "schemaVersion": 2,
                "mediaType": INDEX,
                "manifests": [{**top, "annotations": names}],
            },
        }
        members = {key: json.dumps(value).encode() for key, value in files.items()}
        for digest, data in self._blobs.items():
            members["blobs/" + digest.replace(":", "/")] = data
        unfinished = f"{path}.{os.getpid()}"
        try:
            with tarfile.open(unfinished, "w", format=tarfile.GNU_FORMAT) as tar:
                for folder in ("blobs", "blobs/sha256"):
                    tar.addfile(_entry(folder, 0o755, kind=tarfile.DIRTYPE))
                for key, data in sorted(members.items()):
                    tar.addfile(_entry(key, 0o644, len(data)), io.BytesIO(data))
            os.replace(unfinished, path)
        finally:
            if os.path.exists(unfinished):
                os.unlink(unfinished)
