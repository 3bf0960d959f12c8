# SPDX-License-Identifier: Apache-2.0
"""Shell commands that boot Debian's Linux kernels as guests."""

QUIET = "console=hvc0 quiet"
# The emulated hypervisor loses wake-ups between a guest's vCPUs; a periodic tick makes up for them (docs/lab.md).
SMP = f"{QUIET} nohz=off"
SHELL = f"{QUIET} shell"
# Commands of a guest. The first takes its second vCPU offline and online again. The second one reboots, but only in the
# first life; it needs --nvram.
OFFLINE_AND_ONLINE = (
    "echo a $(nproc); echo 0 > /sys/devices/system/cpu/cpu1/online; echo b $(nproc); "
    "echo 1 > /sys/devices/system/cpu/cpu1/online; echo c $(nproc)"
)
REBOOT_ONCE = (
    "strings /dev/nvram | grep -q BEEN || { echo BEEN HERE | dd of=/dev/nvram bs=1 seek=8192 2>/dev/null; "
    "reboot -f; }; echo second life"
)


def linux(*options, kernel="fixed", initrd="/lab/initrd.cpio.gz", append=QUIET, run=None, shell=""):
    """A shell command that boots a Linux guest, which runs the commands in `run`; a guest that hangs is killed."""
    words = append + (f' run="{run}"' if run else "")
    return (
        f"timeout 150 parley run --kernel /lab/vmlinux-{kernel} --initrd {initrd} --append '{words}' "
        f"{' '.join(options)} "
        f"{shell or '< /dev/null'}"
    )
