"""The bars of the mapper beside what was measured, as Markdown tables (run by mapper_bars.sh).

Sections: conv2x and networks (Timeloop's counting, e168), ceiling (ceiling factors, without
forwarding), refs (neutral reference files of a folder), zoo (every built-in network on every built-in accelerator, default space and limits).
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

CONV2X = """schema: 1
name: conv2x
nodes:
  - {name: image, kind: input, shape: [64, 56, 56]}
  - {name: conv2x, kind: convolution, out_channels: 64, kernel: [3, 3], pads: [1, 1, 1, 1]}
"""
CONV2X_BARS = {"energy": 7.0005e8, "edp": 5.0255e14}
SECONDS = {("resnet18", "listed"): 2, ("vgg16", "listed"): 5,
           ("resnet18", "any"): 10, ("vgg16", "any"): 30}
CEILING_SECONDS = {"resnet18": 60, "vgg16": 240}
ZOO_SECONDS = 120
SEMANTICS = {"timeloop_fixed.json": "timeloop", "accelforge_fixed.json": "accelforge",
             "zigzag.json": "zigzag", "optima.json": "timeloop"}
OPTIMA = {"energy": "min_energy", "latency": "min_cycles", "edp": "min_edp",
          "dram": "min_dram_words"}


class Run:
    """One command: its JSON, seconds and peak memory."""

    def __init__(self, hwflow, *words):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "out.json")
            start = time.monotonic()
            with open(pathlib.Path(folder, "errors"), "w+", encoding="utf-8") as errors:
                process = subprocess.Popen([hwflow, *words, "--quiet", "--json", out],
                                           stdout=subprocess.DEVNULL, stderr=errors)
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                self.wall = time.monotonic() - start
                errors.seek(0)
                self.errors = errors.read()
            self.cpu = usage.ru_utime + usage.ru_stime
            self.peak_mib = usage.ru_maxrss / 1024
            self.ok = process.returncode == 0
            self.json = json.loads(out.read_text()) if self.ok else {}

    def cost(self):
        return f"{self.cpu:.2f} | {self.wall:.2f} | {self.peak_mib:.0f}"


def least(hwflow, repeats, *words):
    return min((Run(hwflow, *words) for _ in range(repeats)), key=lambda run: run.cpu)


def verdict(run, seconds, threads, extra=True):
    if not run.ok or not extra:
        return "**missed**"
    if run.wall <= seconds:
        return "met"
    return "met but for other load" if run.cpu / threads <= seconds else "**missed**"


def table(title, *columns):
    print(f"\n### {title}\n\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def proved(layers):
    return f"{sum(layer['optimal'] for layer in layers)} of {len(layers)}"


def worst_gap(layers):
    layer = max(layers, key=lambda one: one["gap"])
    return "" if layer["optimal"] else f"{100 * layer['gap']:.1f} % ({layer['name']})"


def conv2x(options):
    table("ResNet-18 conv2_x, e168, Timeloop's counting, one thread", "objective", "bar",
          "value", "proved", "bar, s", "processor, s", "wall, s", "peak, MiB", "")
    with tempfile.TemporaryDirectory() as folder:
        network = pathlib.Path(folder, "conv2x.yaml")
        network.write_text(CONV2X)
        for objective, bar in CONV2X_BARS.items():
            run = least(options.hwflow, options.repeats, "map", network, "--arch", "e168",
                        "--semantics", "timeloop", "--objective", objective, "--prove",
                        "--threads", "1")
            total = run.json["total"]
            value = total["energy_pj"] * (total["cycles"] if objective == "edp" else 1)
            good = value <= bar and run.json["layers"][0]["optimal"]
            row(objective, f"{bar:.5g}", f"{value:.6g}", proved(run.json["layers"]), "0.3",
                run.cost(), verdict(run, 0.3, 1, good))


def networks(options):
    table("All layers proved, e168, Timeloop's counting, two threads", "network", "sibling order",
          "objective", "proved", "bar, s", "processor, s", "wall, s", "peak, MiB", "")
    for (network, order), seconds in SECONDS.items():
        for objective in ("edp", "energy"):
            run = Run(options.hwflow, "map", network, "--arch", "e168", "--semantics", "timeloop",
                      "--objective", objective, "--prove", "--sibling-order", order,
                      "--threads", "2")
            layers = run.json["layers"]
            row(network, order, objective, proved(layers), seconds, run.cost(),
                verdict(run, seconds, 2, all(layer["optimal"] for layer in layers)))


def ceiling(options):
    table("All layers proved with ceiling factors, e168, Timeloop's counting without forwarding, "
          "two threads", "network", "sibling order", "objective", "proved", "worst gap", "bar, s",
          "processor, s", "wall, s", "peak, MiB", "")
    for order in options.orders:
        for network, seconds in CEILING_SECONDS.items():
            for objective in ("edp", "energy"):
                run = Run(options.hwflow, "map", network, "--arch", "e168", "--semantics",
                          "timeloop-no-forwarding", "--factors", "ceiling", "--objective",
                          objective, "--prove", "--sibling-order", order, "--threads", "2")
                layers = run.json["layers"]
                row(network, order, objective, proved(layers), worst_gap(layers), seconds,
                    run.cost(),
                    verdict(run, seconds, 2, all(layer["optimal"] for layer in layers)))


def evaluate_references(options):
    table("Recorded mappings evaluated", "file", "counting", "equal", "processor, s", "wall, s",
          "peak, MiB")
    for file, semantics in SEMANTICS.items():
        run = Run(options.hwflow, "evaluate", "--refs", options.refs / file, "--semantics",
                  semantics)
        equal = f"{run.json['matched']} of {run.json['total']}" if run.ok else run.errors.strip()
        row(file, semantics, equal, run.cost())


def map_references(options):
    """Their layers mapped: none may cost more than the mapping that the file records."""
    table("Recorded layers mapped, Timeloop's counting", "file", "objective", "proved",
          "not above the recorded mapping", "processor, s", "wall, s", "peak, MiB")
    for file in ("timeloop_fixed.json", "accelforge_fixed.json", "zigzag.json"):
        known = json.loads((options.refs / file).read_text())["cases"]
        for objective in ("energy", "edp"):
            run = Run(options.hwflow, "map", "--refs", options.refs / file, "--semantics",
                      "timeloop", "--objective", objective, "--max-evaluations", "100000")
            if not run.ok:
                row(file, objective, run.errors.strip(), "", run.cost())
                continue
            found = run.json["cases"]
            compared = "not comparable (another counting)"
            if file == "timeloop_fixed.json":
                pairs = [(mine, recorded_value(case["result"], objective))
                         for mine, case in zip(found, known)]
                reached = sum(mine["value"] <= value * (1 + 1e-9) for mine, value in pairs)
                compared = f"{reached} of {len(pairs)}"
            row(file, objective, proved(found), compared, run.cost())


def recorded_value(result, objective):
    energy = result["energy_pj_sum_of_levels"]
    return energy * result["cycles"] if objective == "edp" else energy


def optima(options):
    table("Enumerated optima (optima.json)", "counting", "axes", "objective", "reached", "beaten",
          "missed", "proved", "processor, s", "wall, s", "peak, MiB")
    cases = json.loads((options.refs / "optima.json").read_text())["cases"]
    for counting, semantics in (("TL", "timeloop"),
                                ("TL_no_forwarding", "timeloop-no-forwarding")):
        for axes in ("any", "one"):
            for objective, key in OPTIMA.items():
                run = Run(options.hwflow, "map", "--refs", options.refs / "optima.json",
                          "--semantics", semantics, "--axes", axes, "--objective", objective,
                          "--prove")
                counts = {"reached": 0, "beaten": 0, "missed": 0}
                pairs = [pair for pair in zip(run.json["cases"], cases) if counting in
                         pair[1]["optima"] and (axes == "any" or has_axes(pair[1], counting))]
                for found, case in pairs:
                    known = case["optima"][counting]
                    known = known.get(f"{axes}_axis", known)[key]["value"]
                    counts[compare(found["value"], known)] += 1
                row(counting, axes, objective, *counts.values(), proved([p[0] for p in pairs]),
                    run.cost())


def has_axes(case, counting):
    return "one_axis" in case["optima"][counting]


def compare(found, known):
    if abs(found - known) <= 1e-9 * known:
        return "reached"
    return "beaten" if found < known else "missed"


def refs(options):
    if options.refs is None:
        print("\nReference files: not compared, --refs FOLDER names them")
        return
    evaluate_references(options)
    map_references(options)
    optima(options)


def names_of(hwflow, what):
    return [one["name"] for one in Run(hwflow, "list", what).json[what]]


def zoo(options):
    table(f"Default space and limits, least EDP, {options.threads} threads, bar {ZOO_SECONDS} s",
          "accelerator", "network", "bits", "proved", "worst gap", "processor, s", "wall, s",
          "peak, MiB", "")
    accelerators = options.accelerators or names_of(options.hwflow, "accelerators")
    for accelerator in accelerators:
        for network in options.networks or names_of(options.hwflow, "networks"):
            words = ["map", network, "--arch", accelerator, "--threads", str(options.threads)]
            bits = "16"
            run = Run(options.hwflow, *words)
            if not run.ok and "cannot multiply" in run.errors:
                bits = "8/8"
                run = Run(options.hwflow, *words, "--bits", bits)
            if not run.ok:
                reason = run.errors.strip().splitlines()[0]
                row(accelerator, network, bits, reason, "", run.cost(), "**missed**")
                continue
            layers = run.json["layers"]
            row(accelerator, network, bits, proved(layers), worst_gap(layers), run.cost(),
                verdict(run, ZOO_SECONDS, options.threads))


SECTIONS = {"conv2x": conv2x, "networks": networks, "ceiling": ceiling, "refs": refs, "zoo": zoo}


def main():
    words = argparse.ArgumentParser(prog="mapper_bars.sh", description=__doc__)
    words.add_argument("--hwflow", required=True, help=argparse.SUPPRESS)
    words.add_argument("--refs", type=pathlib.Path, help="folder of the reference files")
    words.add_argument("--zoo", action="store_true", help="zoo and ceiling too, hours")
    words.add_argument("--only", help="sections, by commas", type=lambda text: text.split(","))
    words.add_argument("--repeats", type=int, default=5, help="runs of conv2x (least counts)")
    words.add_argument("--orders", nargs="*", default=["listed", "any"],
                       help="of the siblings, in ceiling")
    words.add_argument("--threads", type=int, default=2, help="of the zoo")
    words.add_argument("--accelerators", nargs="*", help="of the zoo")
    words.add_argument("--networks", nargs="*", help="of the zoo")
    options = words.parse_args()
    long = () if options.zoo else ("zoo", "ceiling")
    wanted = options.only or [name for name in SECTIONS if name not in long]
    for name in wanted:
        if name not in SECTIONS:
            words.error(f"no section '{name}' (one of {', '.join(SECTIONS)})")
        SECTIONS[name](options)


if __name__ == "__main__":
    main()
