# SPDX-License-Identifier: MIT
"""Reads what the target "bench" writes: Google Benchmark's JSON."""
import json
import re

MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}


class Unreadable(Exception):
    """Says in one line which file is absent or damaged, and how."""


def name_of(run):
    """A benchmark's name without what Google Benchmark says of how it was timed."""
    return re.sub(r"(/iterations:\d+)?(/real_time|/manual_time)?$", "", run["run_name"])


def read(path):
    """The context, and the runs as they stand in the file."""
    try:
        with open(path, encoding="utf-8") as file:
            result = json.load(file)
        context, runs = result["context"], result["benchmarks"]
        for run in runs:
            if not run.get("error_occurred"):
                run["run_name"], float(run["real_time"]), MILLISECONDS[run["time_unit"]]
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise Unreadable(f"{path} is no JSON of a complete run: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{path} is no result of Google Benchmark: {error!r}") from error
    return context, runs


def medians(runs):
    """(name, milliseconds, coefficient of variation or None, the run) of each benchmark."""
    spread = {
        run["run_name"]: run["real_time"] for run in runs if run.get("aggregate_name") == "cv"
    }
    return [
        (
            name_of(run),
            run["real_time"] * MILLISECONDS[run["time_unit"]],
            spread.get(run["run_name"]),
            run,
        )
        for run in runs
        if run.get("aggregate_name") == "median"
    ]


def failures(runs):
    """name -> why it was not timed; a wrong result is reported once a repetition."""
    return {name_of(run): run["error_message"] for run in runs if run.get("error_occurred")}
