# shellcheck shell=sh
# Installs what this machine lacks, and does nothing, quickly, where nothing is lacking. Read it into a script that stands in
# the repository's root: `. scripts/setup.sh`. Afterwards `node` is the one that package.json asks for. PLUGBOARD_SETUP says
# for what: demo, bench, or (unset) the tests. Plain POSIX shell: this runs before anything is installed.

PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin"
export PATH

# Each line: a Debian package, and a file or command by which to know that it is there.
setup_needs() {
  cat <<EOF
openvswitch-switch ovs-vswitchd
openvswitch-common ovs-ofctl
mininet mnexec
mininet /usr/lib/python3/dist-packages/mininet
python3 /usr/bin/python3
iproute2 ip
iputils-ping ping
ethtool ethtool
procps sysctl
util-linux unshare
EOF
  case ${PLUGBOARD_SETUP:-tests} in
    demo)
      echo 'udhcpc udhcpc'
      ;;
    tests)
      echo 'tshark tshark'
      echo 'iperf3 iperf3'
      echo 'isc-dhcp-client dhclient'
      echo 'udhcpc udhcpc'
      echo 'python3-os-ken /usr/lib/python3/dist-packages/os_ken'
      ;;
    bench)
      echo 'ovn-central ovn-northd'
      echo 'ovn-host ovn-controller'
      echo 'ovn-common ovn-nbctl'
      echo 'iperf3 iperf3'
      echo 'python3-os-ken /usr/lib/python3/dist-packages/os_ken'
      ;;
  esac
}

setup_missing() {
  setup_needs | while read -r setup_package setup_proof; do
    case $setup_proof in
      /*) [ -e "$setup_proof" ] || echo "$setup_package" ;;
      *) command -v "$setup_proof" >/dev/null 2>&1 || echo "$setup_package" ;;
    esac
  done | sort -u | tr '\n' ' '
}

# Open vSwitch runs in the lab's own namespaces, so the machine's own service need not start; in a container it could not.
setup_without_services() {
  setup_policy=/usr/sbin/policy-rc.d
  if [ -e "$setup_policy" ]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' >"$setup_policy"
  chmod 755 "$setup_policy"
  setup_code=0
  "$@" || setup_code=$?
  rm -f "$setup_policy"
  return "$setup_code"
}

# shellcheck disable=SC2086 # a list of packages is several words
setup_install() {
  export DEBIAN_FRONTEND=noninteractive
  if ! apt-cache show $1 >/dev/null 2>&1; then apt-get update; fi
  setup_without_services apt-get install --yes --no-install-recommends $1 && return
  echo 'setup: trying once more with fresh package lists'
  apt-get update
  setup_without_services apt-get install --yes --no-install-recommends $1
}

setup_packages=$(setup_missing)
if [ -n "$setup_packages" ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: this machine lacks $setup_packages(names of Debian's packages), and has no apt-get: install them by hand" >&2
  elif [ "$(id -u)" -ne 0 ]; then
    echo "setup: this machine lacks packages; as root: apt-get install --no-install-recommends $setup_packages" >&2
  else
    echo "setup: installing $setup_packages"
    setup_install "$setup_packages"
    setup_packages=$(setup_missing)
    if [ -n "$setup_packages" ]; then
      echo "setup: still missing after the installation: $setup_packages" >&2
      exit 1
    fi
  fi
fi

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo 'setup: npm ci'
  npm ci --include=dev --no-audit --no-fund
  # npm keeps the time of an unchanged file; the next run must see that this one was done.
  touch node_modules/.package-lock.json
fi
