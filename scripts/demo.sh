#!/bin/sh
# npm run demo: installs what is missing, then shows Plugboard on a network of three hypervisors.
set -eu
cd "$(dirname "$0")/.."
for argument in "$@"; do
  if [ "$argument" = --help ] || [ "$argument" = -h ]; then
    cat <<'EOF'
Usage: npm run demo -- [--engine vlan|vxlan|geneve|flat|remote-l2|nat-ipv4] [--tls] [--keep]

Builds a network of 3 hypervisors with real Open vSwitch in namespaces of this machine, starts the controller, plugs VNICs
over HTTP, and shows which VM reaches which: before a move, after it, and while the controller is killed and started again.
Ends with 0 only if every cell is as it must be. Needs root. Everything is gone when it ends.

  --engine NAME   what keeps the VMs apart:
                    vlan       a VLAN for each network (default)
                    vxlan      a VNI for each, in VXLAN between the hypervisors
                    geneve     the same in Geneve
                    flat       a physical network for each, without tags
                    remote-l2  no networks: each VNIC has its own tunnel (VXLAN, Geneve) to an Ethernet on a fourth host, which
                               Plugboard knows nothing of; and one VLAN network is bridged as a whole (GRE)
                    nat-ipv4   a NATed network: two VMs with floating addresses on the physical network, and a host there
  --tls           hypervisors connect with TLS, each with its own certificate, and one tries to pass for another
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
setup_packages
setup_modules
exec node mininet/demo.ts "$@"
