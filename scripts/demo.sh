#!/usr/bin/env bash
# The main job on real data:  scripts/demo.sh HWFLOW OUT
# Co-design of a Fashion-MNIST ResNet with the eyeriss accelerator (examples/01_fmnist_eyeriss.yaml).
# A run that was interrupted in OUT goes on; a finished one is shown again.
set -euo pipefail
hwflow=$1
out=$2
resume=()
if [[ -f "$out/runs.sqlite" ]]; then resume=(--resume); fi
"$hwflow" codesign examples/01_fmnist_eyeriss.yaml --out "$out" "${resume[@]}"
