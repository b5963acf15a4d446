"""The kinds of machines in the lab, as Mininet nodes. Each one is a network namespace."""
import os
from mininet.node import Node

SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'


class Failed(Exception):
    """A step of the lab failed. The message is for the person who reads the test's output."""


class Machine(Node):
    """A namespace in which commands must succeed."""

    def must(self, command):
        output = self.cmd(f'{command} && echo :done:').strip()
        if not output.endswith(':done:'):
            raise Failed(f'{self.name}: {command}: {output}')
        return output[:-len(':done:')].strip()

    def prepare(self):
        self.must('ip link set lo up')


class Lan(Machine):
    """A physical switch: a plain Linux bridge that knows nothing of Plugboard and carries every VLAN.

    As a hub it learns nothing and sends every frame to every port. That is the hardest case for isolation. It also works if
    VLANs share MAC addresses: a Linux bridge learns per VLAN only with CONFIG_BRIDGE_VLAN_FILTERING.
    """

    def prepare(self, hub=False):
        super().prepare()
        self.hub = hub
        self.must('sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1')
        # A switch does not look into packets. A kernel that filters bridged frames trims and drops some of them.
        self.must('[ ! -e /proc/sys/net/bridge ] || sysctl -q -w net.bridge.bridge-nf-call-iptables=0 '
                  'net.bridge.bridge-nf-call-ip6tables=0 net.bridge.bridge-nf-call-arptables=0')
        self.must('ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0')
        self.must('ip link set br0 up')

    def attach(self, interface):
        self.must(f'ip link set {interface} master br0 up')
        if self.hub:
            self.must(f'ip link set {interface} type bridge_slave learning off')


class Vm(Machine):
    """A virtual machine: `eth0` with a MAC address and addresses, and a kernel that answers ARP, ND and ping."""

    def prepare(self, addresses):
        super().prepare()
        # Otherwise the kernel leaves checksums to hardware that does not exist, and TCP between VMs fails silently.
        self.must('ethtool -K eth0 tx off')
        # Duplicate address detection would delay an IPv6 address for a second or two.
        self.must('sysctl -q -w net.ipv6.conf.eth0.accept_dad=0 net.ipv4.neigh.eth0.retrans_time_ms=200')
        self.must('ip link set eth0 up')
        for address in addresses:
            self.must(f'ip addr add {address} dev eth0')


class Hypervisor(Machine):
    """A host with its own ovsdb-server and ovs-vswitchd, run directory and database. The datapath is in user space."""

    def prepare(self, directory):
        super().prepare()
        self.directory = directory
        os.mkdir(directory)
        self.env = {**os.environ, 'OVS_RUNDIR': directory, 'OVS_LOGDIR': directory, 'OVS_DBDIR': directory}
        self.must('sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1')
        # The kernel also gets the packets that OVS takes from an uplink in user space. It would answer ARP for the address of
        # br-phy with the MAC address of the uplink, which does not work for a tunnel peer.
        self.must('sysctl -q -w net.ipv4.conf.all.arp_ignore=1')
        self.must(f'ovsdb-tool create {directory}/conf.db {SCHEMA}')

    def daemon(self, name):
        """The command line of one of the two daemons. The command returns when the daemon is ready."""
        common = ['--pidfile', '--detach', '--no-chdir', '--log-file', '-vconsole:off', '-vsyslog:off']
        if name == 'ovsdb-server':
            return [name, f'{self.directory}/conf.db', f'--remote=punix:{self.directory}/db.sock',
                    '--remote=db:Open_vSwitch,Open_vSwitch,manager_options',
                    # As packages start it: `ovs-vsctl set-ssl` names the files.
                    '--private-key=db:Open_vSwitch,SSL,private_key', '--certificate=db:Open_vSwitch,SSL,certificate',
                    '--ca-cert=db:Open_vSwitch,SSL,ca_cert', *common]
        return [name, *common]

    def pid_of(self, name):
        with open(f'{self.directory}/{name}.pid', encoding='ascii') as file:
            return int(file.read())
