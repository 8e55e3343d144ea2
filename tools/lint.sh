#!/usr/bin/env bash
# Style checks:  tools/lint.sh [BUILD]     BUILD must be configured
# clang-tidy runs on what changed (tools/tidy.py says against what); TIDY=rooms or TIDY=all on more.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
status=0
python3 tools/check_rooms.py || status=1
python3 tools/check_mirror.py || status=1
unformatted=$(git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run 2>&1 | grep -c 'warning:' || true)
if ((unformatted > 0)); then
  git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run 2>&1 | grep 'warning:' | head -20
  echo "format: $unformatted places differ; run 'make format'"
  status=1
else
  echo "format: clean"
fi
python3 tools/tidy.py "$build" || status=1
exit $status
