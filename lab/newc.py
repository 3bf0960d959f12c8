# SPDX-License-Identifier: Apache-2.0
"""Writes cpio archives in the "newc" format, which the kernel unpacks as an initrd.

Owners, times and inode numbers are fixed, so the same files always produce the same bytes. Format:
Documentation/driver-api/early-userspace/buffer-format.rst in the kernel's tree.
"""

import pathlib
import stat


class Archive:
    def __init__(self):
        self._entries = {}  # path without a leading slash: (mode, bytes)

    def folder(self, path):
        for parent in reversed(pathlib.PurePosixPath(path).parents):
            self._add(str(parent), stat.S_IFDIR | 0o755, b"")
        self._add(path, stat.S_IFDIR | 0o755, b"")

    def file(self, path, content, executable=False):
        self.folder(str(pathlib.PurePosixPath(path).parent))
        self._add(path, stat.S_IFREG | (0o755 if executable else 0o644), content)

    def link(self, path, target):
        self.folder(str(pathlib.PurePosixPath(path).parent))
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def _add(self, path, mode, content):
        name = path.strip("/")
        if name not in ("", "."):
            self._entries[name] = (mode, content)

    def write(self, out):
        """Writes the archive to a binary file."""
        for inode, (name, (mode, content)) in enumerate(self._entries.items(), start=1):
            self._write_entry(out, inode, name, mode, content)
        self._write_entry(out, 0, "TRAILER!!!", 0, b"")

    @staticmethod
    def _write_entry(out, inode, name, mode, content):
        encoded = name.encode() + b"\0"
        fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        out.write(header + encoded + b"\0" * (-(len(header) + len(encoded)) % 4))
        out.write(content)
        out.write(b"\0" * (-len(content) % 4))
