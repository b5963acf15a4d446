#!/bin/sh
# npm test: prints the help, or installs what is missing and runs the tests.
set -eu
cd "$(dirname "$0")/.."
for argument in "$@"; do
  if [ "$argument" = --help ] || [ "$argument" = -h ]; then
    cat <<'EOF'
Usage: npm test -- [--repeat N] [--busy N] [--jobs N] [FILE...]

Checks the types, runs the linter, and runs every test file, or the files that are named. Tests on real Open vSwitch and
Mininet need root; without it they are skipped, and the run says so. The last line counts everything:
"N passed, N failed, N skipped". Exits with 0 only if nothing failed.

  --repeat N   run the tests N times, and count each run
  --busy N     run N busy loops beside the tests, as on a machine with other work
  --jobs N     run N files at a time (default: one more than there are cores)
  --help       this text

All tests five times, beside busy loops on two cores:
  npm test -- --repeat 5 --busy 2
EOF
    exit 0
  fi
done
is_value=
for argument in "$@"; do
  if [ -n "$is_value" ]; then
    is_value=
    continue
  fi
  case $argument in
    --repeat | --busy | --jobs) is_value=yes ;;
    -*) ;;
    *.test.ts) [ -e "$argument" ] || { echo "there is no test file $argument" >&2; exit 2; } ;;
    *) echo "$argument is not a test file: its name must end with .test.ts" >&2; exit 2 ;;
  esac
done
. scripts/setup.sh
setup_modules
exec node scripts/test.ts "$@"
