# SPDX-License-Identifier: MIT
"""Times a peer's computation as Google Benchmark times ours: medians over repetitions of runs that
take at least a given time, each result checked once before."""
import statistics
import time


def measure(name, run, *, seconds, repetitions, check=None, flops=0.0, bytes_moved=0.0):
    """Rows of Google Benchmark's JSON: median and coefficient of variation in milliseconds."""
    if check is not None:
        check(run())
    for _ in range(3):
        run()
    count, took = 1, 0.0
    while True:
        begin = time.perf_counter()
        for _ in range(count):
            run()
        took = time.perf_counter() - begin
        if took >= seconds:
            break
        count = max(count + 1, int(count * min(10.0, 1.2 * seconds / max(took, 1e-9))))
    times = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        for _ in range(count):
            run()
        times.append((time.perf_counter() - begin) / count)
    median = statistics.median(times)
    spread = statistics.stdev(times) / statistics.mean(times) if len(times) > 1 else 0.0
    row = {"run_name": name, "run_type": "aggregate", "time_unit": "ms"}
    rates = {k: v / median for k, v in (("FLOP/s", flops), ("bytes/s", bytes_moved)) if v}
    return [
        row | {"name": f"{name}_median", "aggregate_name": "median"}
        | {"real_time": 1e3 * median, "cpu_time": 1e3 * median} | rates,
        row | {"name": f"{name}_cv", "aggregate_name": "cv"}
        | {"real_time": spread, "cpu_time": spread},
    ]
