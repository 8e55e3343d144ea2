#!/usr/bin/env bash
# The main job on real data:  scripts/demo.sh HWFLOW OUT
# Co-design of a Fashion-MNIST ResNet with the eyeriss accelerator (examples/01_fmnist_eyeriss.yaml).
# A run that was interrupted in OUT goes on; a finished one is shown again; what another version of
# the program left there stays in its store beside a new run.
set -euo pipefail
hwflow=$1
out=$2
study=examples/01_fmnist_eyeriss.yaml
if [[ -f "$out/runs.sqlite" ]]; then
  code=0
  "$hwflow" codesign "$study" --out "$out" --resume || code=$?
  if [[ $code != 2 ]]; then exit "$code"; fi
  echo "the run in $out is of other code or of another study: a new one begins"
fi
"$hwflow" codesign "$study" --out "$out"
