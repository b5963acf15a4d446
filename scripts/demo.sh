#!/bin/sh
# npm run demo: install what is missing, then show Plugboard on a network of three hypervisors.
set -eu
cd "$(dirname "$0")/.."
for argument in "$@"; do
  if [ "$argument" = --help ] || [ "$argument" = -h ]; then
    cat <<'EOF'
Usage: npm run demo -- [--engine vlan|vxlan] [--keep]

Builds a network of 3 hypervisors with real Open vSwitch in namespaces of this machine, starts the controller, plugs VNICs
over HTTP, and shows which VM reaches which: before a move, after it, and while the controller is killed and started again.
Ends with 0 only if every cell is as it must be. Needs root. Everything is gone when it ends.

  --engine NAME   how networks are kept apart: vlan (default) or vxlan
  --keep          leave it running, and say what to try, until Ctrl-C
  --help          this text
EOF
    exit 0
  fi
done
if [ "$(id -u)" -ne 0 ]; then
  echo 'The demo needs root: it makes network namespaces and runs Open vSwitch in them. Try: sudo npm run demo' >&2
  exit 1
fi
PLUGBOARD_SETUP=demo
. scripts/setup.sh
exec node mininet/demo.ts "$@"
