# SPDX-License-Identifier: Apache-2.0
"""Shell commands that boot Debian's Linux kernels as guests."""

QUIET = "console=hvc0 quiet"
# The emulated hypervisor loses wake-ups between a guest's vCPUs; a periodic tick makes up for them (docs/lab.md).
SMP = f"{QUIET} nohz=off"
SHELL = f"{QUIET} shell"


def linux(*options, kernel="fixed", initrd="/lab/initrd.cpio.gz", append=QUIET, run=None, shell=""):
    """A shell command that boots a Linux guest, which runs the commands in `run`; a guest that hangs is killed."""
    words = append + (f' run="{run}"' if run else "")
    return (
        f"timeout 150 parley run --kernel /lab/vmlinux-{kernel} --initrd {initrd} --append '{words}' "
        f"{' '.join(options)} "
        f"{shell or '< /dev/null'}"
    )
