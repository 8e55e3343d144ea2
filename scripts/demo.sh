#!/usr/bin/env bash
# The main job on real data:  scripts/demo.sh HWFLOW OUT
# Co-design of a Fashion-MNIST ResNet with the eyeriss accelerator (examples/01_fmnist_eyeriss.yaml).
set -euo pipefail
hwflow=$1
out=$2
"$hwflow" codesign examples/01_fmnist_eyeriss.yaml --out "$out" --resume
