#!/bin/sh
# npm test: install what is missing, then run everything. Arguments name single test files.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
exec node scripts/test.ts "$@"
