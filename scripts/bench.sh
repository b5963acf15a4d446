#!/bin/sh
# npm run bench: say what is asked, or install what is missing (OVN as well) and measure in a network namespace of its own.
set -eu
cd "$(dirname "$0")/.."
for argument in "$@"; do
  if [ "$argument" = --help ] || [ "$argument" = -h ]; then
    cat <<'EOF'
Usage: npm run bench -- [--only plug,rules,scale,size,throughput,codec,ovsdb] [--json FILE]

Measures, as root, on real Open vSwitch in a network namespace of its own:
  plug    plug to realised over HTTP, beside OVN doing the same, and the floor: one flow_mod and a barrier
  rules   100,000 rules into an empty bridge and read from it, beside ovs-ofctl
  scale   compile and delta of the 10,000th plug, beside those of the 100th
  size    rules on a switch for a wide network, and what one more hypervisor costs the others, for each engine
  throughput  between two VMs on two hypervisors, beside one rule written by hand, for each engine
  codec   OpenFlow messages encoded and decoded, beside os-ken
  ovsdb   the first snapshot of 20,000 interfaces, beside ovsdb-client monitor

Prints a table and, as its last line, the same as JSON.

  --only PARTS   only these
  --json FILE    write the JSON there, too
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
