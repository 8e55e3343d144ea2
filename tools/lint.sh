#!/usr/bin/env bash
# Style checks:  tools/lint.sh [BUILD]
# clang-tidy runs on the files changed against TIDY_BASE (default: none), as it takes long.
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
if [[ -n "${TIDY_BASE:-}" ]]; then
  git diff --name-only --diff-filter=d "$TIDY_BASE" -- 'src/*.cpp' |
    xargs -r clang-tidy --quiet -p "$build" || status=1
fi
exit $status
