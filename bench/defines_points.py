#!/usr/bin/env python3
"""DeFiNES' 108 schedules of FSRCNN on its meta-prototype, priced by `hwflow fuse`:

  bench/defines_points.py [HWFLOW] [--objective energy|latency|edp] [--buffers both|global|local] [--csv FILE] [--own]

Each point is all 8 layers as one group, one tile of the last map, one policy for halos of intermediates, bands of rows, PEs
shared in time. DeFiNES keeps tiles in the innermost memory that holds them; our groups live in the outermost on-chip buffer. So
every point is priced twice, each in a process of its own: on defines-meta, and on the same machine without its two global
buffers, where tiles and weights live in the local ones. The cheaper one counts. `--own` adds the best partition of the same
network over all schedules, on defines-meta. Published figures: Mei et al., "DeFiNES", HPCA 2023, limits of the colour scales in
plot_artifact.py. What is comparable: docs/results.md, "Fused groups".
"""
import argparse
import csv
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

COLUMNS = (1, 4, 16, 60, 240, 960)
ROWS = (1, 4, 18, 72, 270, 540)
MODES = {"again": "fully recompute", "in_band": "H-cached, V-recompute", "retain": "fully cached"}
NETWORK = ("fsrcnn_subpixel", "--bits", "8/8", "--threads", "1", "--json", "-", "--quiet")


def fuse(hwflow, *options):
    """The JSON of one run (or what it says against it), with its seconds on the wall and of the processor."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run([hwflow, "fuse", *NETWORK, *options], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode not in (0, 3):
        sys.exit(f"hwflow fuse {' '.join(options)}: {run.stderr}")
    row = {"seconds": time.monotonic() - start, "processor_seconds": after.ru_utime - before.ru_utime}
    if run.returncode == 3:
        row["refused"] = run.stderr.splitlines()[0].split(": ", 1)[1].split(" (")[0]
        return row
    result = json.loads(run.stdout)
    total = result["total"]
    row.update(energy_mj=total["energy_pj"] * 1e-9, mcycles=total["cycles"] * 1e-6, dram_mbit=total["dram_bits"] * 1e-6,
               peak_kib=max(group["peak_buffer_bits"] for group in result["groups"]) / 8192, groups=result["groups"],
               lower_bound=result["lower_bound"], value=result["value"])
    return row


def without_global_buffers(machine, folder):
    """A machine file without the levels named global_*."""
    levels = re.split(r"(?m)^(?=  - name: )", machine.read_text())
    path = pathlib.Path(folder) / "local.yaml"
    path.write_text("".join(level for level in levels if not level.startswith("  - name: global_")))
    return str(path)


def cheaper(rows, objective):
    """Of one point's rows the one that counts; the seconds of all of them."""
    key = {"energy": lambda r: r["energy_mj"], "latency": lambda r: r["mcycles"], "edp": lambda r: r["energy_mj"] * r["mcycles"]}
    fit = [row for row in rows if "refused" not in row]
    best = dict(min(fit, key=key[objective]) if fit else rows[0])
    for seconds in ("seconds", "processor_seconds"):
        best[seconds] = sum(row[seconds] for row in rows)
    return best


def text(row):
    return (f"{row['energy_mj']:8.3f} mJ {row['mcycles']:10.2f} Mcycles {row['dram_mbit']:8.2f} Mbit DRAM "
            f"{row['peak_kib']:8.1f} KiB {row['buffers']:6}  {row['seconds']:6.2f} s ({row['processor_seconds']:.2f} s of processor)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    built = pathlib.Path(__file__).resolve().parent.parent / "build/release/src/cli/hwflow"
    parser.add_argument("hwflow", nargs="?", default=str(built))
    parser.add_argument("--objective", default="energy", choices=("energy", "latency", "edp"))
    parser.add_argument("--max-evaluations", default="3000", help="of every block (default: 3000)")
    parser.add_argument("--csv", help="write all points there")
    parser.add_argument("--own", action="store_true", help="also search all schedules (minutes)")
    parser.add_argument("--buffers", default="both", choices=("both", "global", "local"), help="that groups may live in")
    arguments = parser.parse_args()
    if not os.access(arguments.hwflow, os.X_OK):
        parser.error(f"{arguments.hwflow} is no program: 'make build' makes it, or name another one")
    common = ("--objective", arguments.objective)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(__file__).resolve().parent.parent / "accelerators/defines-meta.yaml"
        machines = {"global": "defines-meta", "local": without_global_buffers(file, folder)}
        if arguments.buffers != "both":
            machines = {arguments.buffers: machines[arguments.buffers]}
        points = price_all(arguments, common, machines)
    report(arguments, points)
    if arguments.own:
        row = fuse(arguments.hwflow, *common, "--arch", "defines-meta")
        print(f"own best: {text({**row, 'buffers': 'global'})}, bound {row['lower_bound'] / row['value']:.1%} of it")
        for group in row["groups"]:
            print("  ", group["layers"][0], "..", group["layers"][-1], group["tile"], group["policies"])


def price_all(arguments, common, machines):
    points = []
    for mode, title in MODES.items():
        for rows in ROWS:
            for columns in COLUMNS:
                priced = []
                for buffers, machine in machines.items():
                    priced.append(fuse(arguments.hwflow, *common, "--arch", machine, "--one-group", "--tile",
                                       f"{rows}x{columns}", "--halos", mode, "--outer-axis", "rows", "--share-array", "time",
                                       "--max-evaluations", arguments.max_evaluations))
                    priced[-1]["buffers"] = buffers
                row = cheaper(priced, arguments.objective)
                row.update(mode=title, tile_x=columns, tile_y=rows)
                points.append(row)
                print(f"{title:22} x {columns:3} y {rows:3}  {row.get('refused') or text(row)}", flush=True)
    return points


def report(arguments, points):
    if arguments.csv:
        keys = ("mode", "tile_x", "tile_y", "buffers", "energy_mj", "mcycles", "dram_mbit", "peak_kib", "seconds",
                "processor_seconds", "refused")
        with open(arguments.csv, "w", newline="") as stream:
            writer = csv.DictWriter(stream, keys, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(points)
    fit = [point for point in points if "refused" not in point]
    print(f"-- {len(fit)} of {len(points)} fit; objective {arguments.objective}")
    for key, unit, published in (("energy_mj", "mJ", "1.8 to 47.3"), ("mcycles", "Mcycles", "18 to 1026")):
        best, worst = min(fit, key=lambda p: p[key]), max(fit, key=lambda p: p[key])
        print(f"{best[key]:.3f} to {worst[key]:.3f} {unit} (published: {published}); least: {best['mode']}, "
              f"x {best['tile_x']} y {best['tile_y']}; most: {worst['mode']}, x {worst['tile_x']} y {worst['tile_y']}")
    for name, among in (("a schedule that fits", fit), ("all", points)):
        wall = sorted(point["seconds"] for point in among)
        print(f"seconds of {name}: {wall[0]:.2f} to {wall[-1]:.2f}, median {wall[len(wall) // 2]:.2f}, sum {sum(wall):.0f}, "
              f"of the processor {sum(point['processor_seconds'] for point in among):.0f}")


if __name__ == "__main__":
    main()
