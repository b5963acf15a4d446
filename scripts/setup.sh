# shellcheck shell=sh
# Installs what this machine lacks, and returns quickly if nothing is missing. Source it in a script that runs in the root of
# the repository, then call what is needed:
#   . scripts/setup.sh
#   setup_modules    runs npm ci; afterwards `node` is the version that package.json requires
#   setup_packages   installs Debian packages for the demo, the benchmark or, by default, the tests (PLUGBOARD_SETUP: demo, bench)
# Plain POSIX shell: this runs before anything is installed.

PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin"
export PATH

# Each line: a Debian package, and a file or command that exists if the package is installed.
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
      echo 'nginx nginx'
      echo 'keepalived keepalived'
      echo 'python3-os-ken /usr/lib/python3/dist-packages/os_ken'
      echo 'mmdebstrap mmdebstrap'
      echo 'systemd systemd-analyze'
      echo 'systemd systemd-notify'
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

# Open vSwitch runs in the lab's own namespaces, so the service of the machine need not start. In a container it could not start.
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

setup_packages() {
  setup_list=$(setup_missing)
  [ -n "$setup_list" ] || return 0
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: this machine lacks $setup_list(names of Debian packages), and has no apt-get: install them by hand" >&2
  elif [ "$(id -u)" -ne 0 ]; then
    echo "setup: this machine lacks packages; as root: apt-get install --no-install-recommends $setup_list" >&2
  else
    echo "setup: installing $setup_list"
    setup_install "$setup_list"
    setup_list=$(setup_missing)
    if [ -n "$setup_list" ]; then
      echo "setup: still missing after the installation: $setup_list" >&2
      return 1
    fi
  fi
}

setup_modules() {
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    # npm would empty the directory that the link leads to, which belongs to another checkout.
    if [ -L node_modules ]; then
      echo 'setup: node_modules is a symbolic link and out of date: run npm ci in the directory that it leads to' >&2
      return 1
    fi
    echo 'setup: npm ci'
    npm ci --include=dev --no-audit --no-fund
    # npm does not touch an unchanged file. The new time shows the next run that this one is done.
    touch node_modules/.package-lock.json
  fi
}
