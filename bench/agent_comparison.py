#!/usr/bin/env python3
"""The agent's best plans against those of NSGA-II, for bench/resnet56_agent.sh.

agent_comparison.py FOLDER MARGIN "SEEDS" "BUDGETS": reads FOLDER/seed-S/{agent,nsga2}/evaluations.csv.
For each budget (latency:0.6, of the widest plan) the agent's plan is its most accurate one within it,
the cheaper of two; ours is the plan of NSGA-II with the least energy times time of those that lose at
most MARGIN points to it on the search images and cost no more in either. Neither is a uniform plan.
Prints Markdown, every seed and the means; writes FOLDER/seed-S/BUDGET-{agent,ours}.plan.
"""
import csv
import pathlib
import sys
from dataclasses import dataclass

COLUMNS = {"energy": "energy_pj", "latency": "cycles", "dram": "dram_bits", "model_size": "model_bits"}


@dataclass
class Plan:
    text: str
    origin: str
    top1: float  # points, on the search images
    costs: dict

    @property
    def energy(self):
        return self.costs["energy"]

    @property
    def time(self):
        return self.costs["latency"]


def plans_of(folder):
    with open(folder / "evaluations.csv", newline="") as file:
        return [Plan(row["plan"], row["origin"], 100 * int(row["correct"]) / int(row["total"]),
                     {cost: float(row[column]) for cost, column in COLUMNS.items()})
                for row in csv.DictReader(file)]


def best_within(plans, cost, budget):
    able = [plan for plan in plans if plan.origin == "agent" and plan.costs[cost] <= budget]
    return max(able, key=lambda plan: (plan.top1, -plan.energy * plan.time), default=None)


def cheapest_beside(plans, theirs, margin):
    # A count of images may miss the margin by a rounding of the division alone.
    able = [plan for plan in plans if plan.origin != "uniform"
            and plan.top1 >= theirs.top1 - margin - 1e-9
            and plan.energy <= theirs.energy and plan.time <= theirs.time]
    return min(able, key=lambda plan: (plan.energy * plan.time, -plan.top1), default=None)


def mean(values):
    return sum(values) / len(values)


def figures(theirs, ours):
    return [theirs.top1, theirs.energy / 1e6, theirs.time, ours.top1, ours.energy / 1e6, ours.time,
            ours.top1 - theirs.top1, 100 * (ours.energy / theirs.energy - 1),
            100 * (ours.time / theirs.time - 1)]


def line(seed, budget, numbers):
    cells = "{:.2f} % | {:.2f} uJ | {:,.0f} | {:.2f} % | {:.2f} uJ | {:,.0f} | {:+.2f} | {:+.1f} % | {:+.1f} %"
    print(f"| {seed} | {budget} | {cells.format(*numbers)} |")


def compare(folder, margin, budgets):
    """Of each budget the figures, or none where NSGA-II has no such plan."""
    agent, bred = plans_of(folder / "agent"), plans_of(folder / "nsga2")
    found = {}
    for budget in budgets:
        cost, share = budget.split(":")
        theirs = best_within(agent, cost, float(share) * agent[0].costs[cost])
        ours = cheapest_beside(bred, theirs, margin) if theirs else None
        files = {name: folder / f"{cost}-{share}-{name}.plan" for name in ("agent", "ours")}
        for file in files.values():
            file.unlink(missing_ok=True)
        if ours:
            files["agent"].write_text(theirs.text)
            files["ours"].write_text(ours.text)
        found[budget] = figures(theirs, ours) if ours else None
    return found, len(agent), len(bred)


def main():
    folder, margin, seeds, budgets = sys.argv[1:]
    seeds, budgets = seeds.split(), budgets.split()
    results = {}
    for seed in seeds:
        results[seed], agent, bred = compare(pathlib.Path(folder) / f"seed-{seed}", float(margin), budgets)
        print(f"Seed {seed}: plans measured by the agent {agent}, by NSGA-II {bred}.")
    print("\n| seed | budget | agent: search accuracy | energy | cycles | ours | energy | cycles "
          "| points | energy | cycles |\n|" + "---|" * 11)
    for budget in budgets:
        rows = [results[seed][budget] for seed in seeds]
        for seed, row in zip(seeds, rows):
            if row:
                line(seed, budget, row)
            else:
                print(f"| {seed} | {budget} | no plan of NSGA-II is as accurate and as cheap |" + " |" * 8)
        if all(rows):
            line("mean", budget, [mean(column) for column in zip(*rows)])


if __name__ == "__main__":
    main()
