# SPDX-License-Identifier: MIT
"""The results of drive.py as a table for people: table.py peers.json peers.md"""
import json
import sys

HEAD = (
    "model", "batch", "engine", "precision", "min, ms", "median, ms", "median / vlsm", "rel. error",
    "peak, MB", "start, ms", "others",
)  # fmt: skip


# Share of the processors that others may have had for a row to be compared. Above it engines whose
# threads wait for each other by spinning lose far more than those that sleep.
QUIET = 0.05


def write_table(results, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines(results)) + "\n")


def lines(results):
    machine, rows = results["machine"], results["rows"]
    yield (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['threads']} threads; products of"
        f" 1024 x 1024 matrices: fp32 {machine['fp32_gflops']:.0f} GFLOP/s, bf16"
        f" {machine['bf16_gflops']:.0f} GFLOP/s, int8 {machine['int8_gops']:.0f} Gop/s; triad"
        f" {machine['triad_gbytes']:.1f} GB/s"
    )
    yield ""
    versions = {row["engine"]: row["version"] for row in rows}
    yield ", ".join(f"{engine} {version}" for engine, version in versions.items())
    yield ""
    yield "| " + " | ".join(HEAD) + " |"
    yield "|---|---:|---|---|" + "---:|" * (len(HEAD) - 4)
    for row in rows:
        yield "| " + " | ".join(cells(row, rows)) + " |"
    disturbed = sum(row["others"] > QUIET for row in rows)
    if disturbed:
        yield ""
        yield (
            f"{disturbed} of {len(rows)} rows are not compared: other programs had more than"
            f" {100 * QUIET:.0f} % of the processors. Measure them again on a quiet machine."
        )


def cells(row, rows):
    precision = row["precision"]
    if row["computes_in"] != precision:
        precision += f" ({row['computes_in']})"
    ours = ours_beside(row, rows)
    return (
        row["model"], str(row["batch"]), row["engine"], precision, f"{row['min_ms']:.1f}",
        f"{row['median_ms']:.1f}", f"{row['median_ms'] / ours:.2f}" if ours else "",
        f"{row['rel_err']:.1e}", str(row["peak_mb"]), f"{row.get('start_ms', '')}",
        f"{100 * row['others']:.0f} %",
    )  # fmt: skip


def ours_beside(row, rows):
    """Our median for the same work, computed in the same type; None where there is none or other
    programs disturbed either."""
    for other in rows:
        if max(row["others"], other["others"]) > QUIET:
            continue
        same = all(other[key] == row[key] for key in ("model", "batch", "computes_in"))
        if same and other["engine"] == "vlsm":
            return other["median_ms"]
    return None


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        write_table(json.load(source), sys.argv[2])
