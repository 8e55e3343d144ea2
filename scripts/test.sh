#!/usr/bin/env bash
# Runs every test of a build folder:  scripts/test.sh BUILD [JOBS]
set -euo pipefail
build=$1
jobs=${2:-$(nproc)}
if [[ -z "${HWFLOW_DATA:-}" ]]; then
  echo "HWFLOW_DATA is not set: tests on CIFAR-10, ONNX files and public weights will be skipped"
fi
ctest --test-dir "$build" --output-on-failure -j "$jobs"
