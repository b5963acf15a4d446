#!/bin/sh
# npm run bench: install what is missing (OVN as well), then measure in a network namespace of its own.
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" -ne 0 ]; then
  echo 'The benchmark needs root: it runs Open vSwitch and OVN in a network namespace. Try: sudo npm run bench' >&2
  exit 1
fi
PLUGBOARD_SETUP=bench
. scripts/setup.sh
exec unshare --net sh -c 'ip link set lo up && exec node bench/run.ts "$@"' bench "$@"
