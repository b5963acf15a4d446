#!/bin/sh
# npm run bench: prints the help, or installs what is missing (also OVN) and measures in its own network namespace.
set -eu
cd "$(dirname "$0")/.."
for argument in "$@"; do
  if [ "$argument" = --help ] || [ "$argument" = -h ]; then
    cat <<'EOF'
Usage: npm run bench -- [--only plug,rules,scale,size,throughput,codec,ovsdb] [--json FILE]

Measures on real Open vSwitch in its own network namespace. Needs root.

  plug    from the request to the confirmed rules, beside OVN; and the lower bound: one flow_mod and a barrier
  rules   adding 100,000 rules to an empty bridge and reading them, beside ovs-ofctl
  scale   compile and delta of the 10,000th plug, beside the 100th
  size    rules on a switch for a large network, and the cost of one more hypervisor for the others, for each engine
  throughput  between two VMs on two hypervisors, beside a single rule made by hand, for each engine
  codec   encoding and decoding OpenFlow messages, beside os-ken
  ovsdb   the first snapshot of 20,000 interfaces, beside ovsdb-client monitor

Prints a table and, on its last line, the same as JSON.

  --only PARTS   measure only these parts
  --json FILE    also write the JSON to this file
  --help         this text
EOF
    exit 0
  fi
done
. scripts/setup.sh
# A Node that runs TypeScript can check the arguments before anything is installed.
node -e 'process.exit(process.features.typescript ? 0 : 1)' 2>/dev/null || setup_modules
node bench/arguments.ts "$@"
if [ "$(id -u)" -ne 0 ]; then
  echo 'The benchmark needs root: it runs Open vSwitch and OVN in a network namespace. Try: sudo npm run bench' >&2
  exit 1
fi
setup_modules
PLUGBOARD_SETUP=bench setup_packages
exec unshare --net sh -c 'ip link set lo up && exec node bench/run.ts "$@"' bench "$@"
