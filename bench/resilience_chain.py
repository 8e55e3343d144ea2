#!/usr/bin/env python3
"""Tells what harden.json of several seeds say of the chain; run by resilience_chain.sh.

Each has the models before (FastAT), a file (trained plainly), control, hardened. Of every seed: accuracies,
failures, ratios of failures; of all seeds the geometric mean of the ratios, with Student's 95 % interval of
its logarithm.
"""
import json
import math
import pathlib
import statistics
import sys

STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # by seeds, two-sided 95 %


def models_of(file):
    told = json.loads(pathlib.Path(file).read_text())
    by_name = {}
    for model in told["models"]:
        name = model["name"]
        by_name[name if name in ("before", "control", "hardened") else "plain"] = model
    return told["seed"], by_name


def scale_ratio(one, other, kind):
    """Median over layers."""
    pairs = zip(one["scales"], other["scales"])
    return statistics.median(
        a["scale"] / b["scale"] for a, b in pairs if kind in a["codes"].split()
    )


def mean_text(ratios):
    logs = [math.log(ratio) for ratio in ratios if ratio > 0]
    mean = statistics.mean(logs)
    if len(logs) < 2:
        return f"{math.exp(mean):.2f} (one seed)"
    half = STUDENT.get(len(logs), 2.776) * statistics.stdev(logs) / math.sqrt(len(logs))
    return f"{math.exp(mean):.2f} ({math.exp(mean - half):.2f} to {math.exp(mean + half):.2f}, {len(logs)} seeds)"


def main(files):
    ratios = {}
    for file in files:
        seed, models = models_of(file)
        print(f"seed {seed}")
        for name in ("plain", "before", "control", "hardened"):
            model = models[name]
            attacked = ", ".join(
                f"{a['eps']} {100 * a['accuracy']:.1f} ({100 * a['low']:.1f} to {100 * a['high']:.1f})"
                for a in model["attacked"]
            )
            print(f"  {name:9} clean {100 * model['clean']:.2f}; attacked {attacked}")
            for faulty in model["faulty"]:
                print(
                    f"    {faulty['site']:12} bit rate {faulty['bit_rate']:g}: class changed "
                    f"{100 * faulty['rate']:.2f} % ({100 * faulty['low']:.2f} to {100 * faulty['high']:.2f}), "
                    f"accuracy {100 * faulty['accuracy']:.2f} %"
                )
        for one, other, claim in (
            ("before", "plain", "(a) FastAT over plain"),
            ("hardened", "control", "(c) hardened over control"),
            ("hardened", "before", "(c) hardened over FastAT"),
        ):
            for a, b in zip(models[one]["faulty"], models[other]["faulty"]):
                if b["rate"] > 0 and a["rate"] > 0:
                    key = f"{claim}: failures, {a['site']} at {a['bit_rate']:g}"
                    ratios.setdefault(key, []).append(a["rate"] / b["rate"])
        for kind in ("activations", "weights"):
            for one, other, claim in (
                ("before", "plain", "(b) FastAT over plain"),
                ("hardened", "control", "(b) hardened over control"),
            ):
                key = f"{claim}: scales of {kind}, median of layers"
                ratios.setdefault(key, []).append(scale_ratio(models[one], models[other], kind))
    for key in sorted(ratios):
        print(f"{key}: {mean_text(ratios[key])}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
