#!/bin/sh
# npm run package: prints the help, or installs what is missing and makes a Debian package.
set -eu
cd "$(dirname "$0")/.."
for argument in "$@"; do
  if [ "$argument" = --help ] || [ "$argument" = -h ]; then
    cat <<'EOT'
Usage: npm run package -- [--to DIRECTORY]

Makes a Debian package, plugboard_VERSION_ARCHITECTURE.deb, for the architecture of this machine. It contains Plugboard, Node
and a unit of systemd. Needs dpkg-deb, which every Debian machine has; needs no root.

  --to DIRECTORY   where the package is written (default: the current directory)
  --help           this text

To install it on a machine with Debian 12 or later:
  apt install ./plugboard_*.deb
  editor /etc/plugboard/plugboard.yaml
  systemctl start plugboard
EOT
    exit 0
  fi
done
. scripts/setup.sh
setup_modules
exec node scripts/package.ts "$@"
