#!/bin/sh
# dhclient and udhcpc run this script when something has changed. It writes everything that the client has received to $LEASE, and
# sets addresses and routes. Unlike the scripts of the clients, it leaves the machine's files alone.
reason=${1:-$reason}
address=${new_ip_address:-$ip}
bits=${mask:-$new_subnet_mask}
case $reason in
deconfig | PREINIT) ip addr flush dev "$interface" scope global ;;
bound | renew | BOUND | RENEW | REBIND | REBOOT)
  ip addr replace "$address/$bits" dev "$interface"
  via=${new_routers:-$router}
  [ -z "$via" ] || ip route replace default via "$via" dev "$interface"
  # On the link: a route whose next hop is 0.0.0.0.
  set -- $staticroutes
  while [ $# -gt 1 ]; do
    [ "$2" != 0.0.0.0 ] || ip route replace "$1" dev "$interface"
    shift 2
  done
  ;;
esac
{
  echo "reason=$reason"
  env
} >"$LEASE.new"
mv "$LEASE.new" "$LEASE"
