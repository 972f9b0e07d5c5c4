"""Whose figures these are: the machine, its kernel, the date."""

import datetime
import os
import platform
from pathlib import Path


def described():
    """One line for people."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return f"{today}, {_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, Linux {_kernel()}"


def _processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            virtual = " (virtual)" if "hypervisor" in Path("/proc/cpuinfo").read_text() else ""
            return line.partition(":")[2].strip() + virtual
    return platform.machine()


def _kernel():
    return ".".join(platform.release().split("-")[0].split(".")[:2])


def _memory_gib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
