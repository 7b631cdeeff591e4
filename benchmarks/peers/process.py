# SPDX-License-Identifier: MIT
"""An engine's process as the driver sees it, and what Linux says of it."""
import os
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """What an engine answered instead of "ok"."""


class Process:
    """Sends a request a line and waits for the answer."""

    def __init__(self, command, environment, log):
        self.child = subprocess.Popen(
            command, env=environment, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip

    def answer(self):
        line = self.child.stdout.readline()
        if not line:
            raise Failed(f"it ended with status {self.child.wait()}")
        state, _, rest = line.strip().partition(" ")
        if state != "ok":
            raise Failed(rest)
        return rest

    def ask(self, *words):
        try:
            print(*words, file=self.child.stdin, flush=True)
        except BrokenPipeError:
            pass  # its last line, or its status, says why
        return self.answer()

    def seconds(self):
        """Of the processors, that it has used until now."""
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_memory(self):
        """MB, the most that it had in memory at once."""
        with open(f"/proc/{self.child.pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) / 1024
        return 0.0

    def close(self):
        self.child.stdin.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()


def machine_seconds():
    """Of the processors, that anything has used since the machine started, other guests of its host
    included."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def settle(pause, patience):
    """Waits for `pause` seconds, then until others leave nine tenths of the machine alone, but no
    longer than `patience` seconds."""
    limit = time.monotonic() + patience
    while True:
        begin, used = time.monotonic(), machine_seconds()
        time.sleep(pause)
        share = (machine_seconds() - used) / (time.monotonic() - begin) / (os.cpu_count() or 1)
        if share < 0.1 or time.monotonic() > limit:
            return
