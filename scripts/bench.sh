#!/usr/bin/env bash
# Runs the benchmarks of a build folder and keeps their JSON beside them:  scripts/bench.sh BUILD
set -euo pipefail
build=$1
for bench in "$build"/bench/*_bench; do
  echo "== $(basename "$bench")"
  "$bench" --benchmark_out="$bench.json" --benchmark_out_format=json
done
