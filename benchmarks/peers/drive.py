#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times whole models in this library and in the engines that a user could take instead, with the
same weights and inputs; writes peers.json and the table peers.md. docs/benchmarks.md says how.

    drive.py --vlsm build/bench/bin/vlsm_peer --folder build/bench --models clipseg cris
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from cases import CASES
from process import Failed, Process, settle
from rounds import Contestant, compared, first_mask, left_out, take_turns
from table import write_table

HERE = Path(__file__).resolve().parent
ENGINES = ["eager", "compiled", "onnxruntime", "openvino", "openvino:default", "vlsm", "vlsm:bf16"]
FORMATS = {"onnxruntime": ["onnx"], "openvino": ["onnx", "openvino"]}


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("--vlsm", required=True, help="the program vlsm_peer")
    add("--folder", type=Path, default=Path("."), help="where results go, and files in peers/")
    add("--models", nargs="+", default=list(CASES), choices=list(CASES), metavar="MODEL",
        help=", ".join(CASES))  # fmt: skip
    add("--engines", nargs="+", default=ENGINES, metavar="ENGINE",
        help="NAME or NAME:PRECISION (fp32, bf16, default): " + " ".join(ENGINES))  # fmt: skip
    add("--batch", nargs="+", type=int, default=[1])
    add("--rounds", type=int, default=7, help="turns of each engine (7)")
    add("--runs", type=int, default=3, help="timed inferences of a turn (3)")
    add("--threads", type=int, default=os.cpu_count(), help="of each engine")
    add("--pause", type=float, default=0.3, help="seconds before each turn (0.3)")
    add("--patience", type=float, default=10.0,
        help="seconds that a turn waits at most while other programs are busy (10)")  # fmt: skip
    add("--start", action="store_true", help="also time from a process' start to its first logits")
    return parser.parse_args()


def command(engine, options):
    if engine == "vlsm":
        return [options.vlsm]
    return [sys.executable, str(HERE / "serve.py"), engine]


def contestants(options, environment, log):
    """PyTorch eager first: its logits are what the others' are compared with."""
    names = ["eager"] + [name for name in options.engines if name not in ("eager", "eager:fp32")]
    for name in names:
        engine, _, precision = name.partition(":")

        def start(engine=engine):
            return Process(command(engine, options), environment, log)

        yield Contestant(engine, precision or "fp32", start)


def export(case, batch, files, options, environment, log):
    """Makes the files that the engines load, in a process that is gone when they are timed."""
    formats = {form for name in options.engines for form in FORMATS.get(name.split(":")[0], [])}
    made = subprocess.run(
        [sys.executable, HERE / "export.py", case.name, str(batch), files, *sorted(formats)],
        env=environment, stdout=log, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    log.write(made.stderr)
    said = made.stderr.strip().splitlines()
    for line in said:
        if line.startswith("left out:"):
            print(line, file=sys.stderr)
    if made.returncode:
        raise Failed(said[-1] if said else f"export.py ended with status {made.returncode}")


def measure(case, batch, options, environment, log):
    """The rows of one model and batch."""
    files = options.folder / "peers" / f"{case.name}-{batch}"
    export(case, batch, files, options, environment, log)
    tokens = case.ids(batch).shape[1] if case.prompts else 0
    given = ("input", batch, case.side, tokens, files)
    opened = []
    try:
        for one in contestants(options, environment, log):
            one.load = ("load", case.model, one.precision, files)
            try:
                one.open(one.load, given, options.threads)
                opened.append(one)
            except Failed as problem:
                if not opened:
                    one.close()
                    raise Failed(f"PyTorch, the reference, did not come up: {problem}") from problem
                left_out(one, problem)
        right = compared(opened, files)
        if right and not {"eager", "eager:fp32"} & set(options.engines):
            right.pop(0).close()
        right = take_turns(right, options)
        rows = [row(one, case, batch, options) for one in right]
    finally:
        for one in opened:
            one.close()
    if options.start:
        for one, found in zip(right, rows):
            path = files / "logits.bin"
            each = [first_mask(one, one.load, given, options.threads, path) for _ in range(3)]
            found["start_ms"] = round(statistics.median(each), 1)
    return rows


def row(one, case, batch, options):
    return {
        "model": case.name, "batch": batch, "precision": one.precision, "engine": one.engine,
        "min_ms": round(min(one.fastest), 2), "median_ms": round(statistics.median(one.turns), 2),
        "rel_err": one.rel_err, "rounds": options.rounds, "computes_in": one.computes_in,
        "peak_mb": round(one.process.peak_memory()),
        "others": round(statistics.median(one.others), 3), "version": one.version,
    }  # fmt: skip


def machine(options, environment, log):
    """What it is called and what it reaches."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    found = {"cpu": names[0] if names else "?", "cores": os.cpu_count(), "threads": options.threads}
    program = Process([options.vlsm], environment, log)
    try:
        program.answer()
        program.ask("threads", options.threads)
        settle(options.pause, options.patience)
        keys = ("fp32_gflops", "bf16_gflops", "int8_gops", "triad_gbytes")
        return found | dict(zip(keys, map(float, program.ask("peaks").split())))
    finally:
        program.close()


def main():
    options = read_options()
    (options.folder / "peers").mkdir(parents=True, exist_ok=True)
    count = str(options.threads)
    environment = os.environ | {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count}
    environment["TORCHINDUCTOR_CACHE_DIR"] = str(options.folder / "peers" / "compiled")
    with open(options.folder / "peers" / "log.txt", "w", encoding="utf-8") as log:
        results = {"machine": machine(options, environment, log), "rows": []}
        for name in options.models:
            for batch in options.batch:
                print(f"{name}, batch {batch}", file=sys.stderr, flush=True)
                try:
                    results["rows"] += measure(CASES[name], batch, options, environment, log)
                except Failed as problem:
                    print(f"left out: {name}: {problem}", file=sys.stderr)
                # After each model: an interrupted run leaves what it has.
                write(results, options.folder)
    return 0


def write(results, folder):
    with open(folder / "peers.json", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    write_table(results, folder / "peers.md")


if __name__ == "__main__":
    sys.exit(main())
