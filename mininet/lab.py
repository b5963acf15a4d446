"""The lab: hypervisors, physical switches and VMs as Mininet nodes, driven by JSON lines on stdin and stdout.

Started by lab.ts in its own network, mount and process namespaces, as their first process. When it ends, for whatever reason,
the kernel ends every process in them and removes the namespaces. It ends when its stdin ends.
"""
import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import traceback

from mininet.log import setLogLevel
from mininet.net import Mininet

import neighbours
from nodes import Failed, Hypervisor, Lan, Machine, Vm
from wire import Wire, socket_in

# Otherwise Mininet raises limits of the whole machine, which a test must not do.
Mininet.inited = True


class Lab:
    def __init__(self, directory, tell):
        self.directory, self.tell = directory, tell
        self.net = Mininet(controller=None, build=False)
        self.wire = Wire()

    def node(self, name):
        if name not in self.net:
            raise Failed(f'there is no machine {name} in the lab')
        return self.net[name]

    def add(self, kind, name, **how):
        node = self.net.addHost(name, cls=kind, ip=None)
        node.prepare(**how)
        return node

    def cable(self, lan, node, interface, address=None):
        self.net.addLink(node, lan, intfName1=interface, intfName2=node.name)
        lan.attach(node.name)
        node.must(f'ip link set {interface} up')
        if address:
            node.must(f'ip addr add {address} dev {interface}')

    async def build(self, hypervisors, physical, underlay, controllers, remotes):
        """`physical`: names of the physical networks; the nth is the LAN `fabric<n>` and `eth<n>`, `br-eth<n>` on the hosts.
        `hypervisors` and `remotes`: the underlay addresses of each; a remote has only its cable to the underlay."""
        self.prefix = 64 if underlay == 'ipv6' else 24
        management = self.add(Lan, 'mgmt')
        underlay = self.add(Lan, 'underlay')
        fabrics = [self.add(Lan, f'fabric{n}', hub=True) for n in range(1, len(physical) + 1)]
        for name, address in controllers.items():
            self.cable(management, self.add(Machine, name), 'mgmt0', f'{address}/24')
        wire_host = self.add(Machine, 'outside')
        for n, fabric in enumerate(fabrics, 1):
            self.cable(fabric, wire_host, f'eth{n}')
            self.wire.open(f'outside-eth{n}', wire_host.pid, f'eth{n}')
        hosts = []
        for index, (name, address) in enumerate([*hypervisors.items(), *remotes.items()]):
            host = self.add(Hypervisor, name, directory=f'{self.directory}/{name}')
            hosts.append((host, index, address, len(fabrics) if name in hypervisors else 0))
            self.cable(underlay, host, 'phy0')
            self.wire.open(f'underlay-{host.name}', underlay.pid, host.name, both_ways=True)
            if name in remotes:
                continue
            self.cable(management, host, 'mgmt0', f'172.30.0.{index + 11}/24')
            for n, fabric in enumerate(fabrics, 1):
                self.cable(fabric, host, f'eth{n}')
                self.wire.open(f'fabric{n}-{host.name}', fabric.pid, host.name, both_ways=True)
        await asyncio.gather(*[self.boot(*host) for host in hosts])
        return {'machines': {host.name: host.pid for host in self.net.hosts}}

    async def boot(self, host, index, address, fabrics):
        """Sets up what an operator does before Plugboard is used: the daemons, and the bridges with the uplinks."""
        for daemon in ('ovsdb-server', 'ovs-vswitchd'):
            await self.must(host, host.daemon(daemon))
        bridges = [('br-phy', 'phy0'), *[(f'br-eth{n}', f'eth{n}') for n in range(1, fabrics + 1)]]
        command = ['ovs-vsctl', 'init']
        for number, (bridge, uplink) in enumerate(bridges):
            # A fixed MAC address: by default a bridge takes that of a port, here of the uplink. Then the host's kernel would
            # also accept the packets for the tunnels.
            hwaddr = f'other_config:hwaddr=\"02:b0:00:00:{number:02x}:{index + 1:02x}\"'
            command += ['--', 'add-br', bridge, '--', 'set', 'bridge', bridge, 'datapath_type=netdev', 'fail_mode=standalone',
                        hwaddr, '--', 'add-port', bridge, uplink]
        await self.must(host, command)
        if self.prefix == 64:
            await self.must(host, ['sysctl', '-q', '-w', 'net.ipv6.conf.br-phy.disable_ipv6=0', 'net.ipv6.conf.br-phy.accept_dad=0'])
        await self.must(host, ['ip', 'addr', 'add', f'{address}/{self.prefix}', 'dev', 'br-phy'])
        await self.must(host, ['ip', 'link', 'set', 'br-phy', 'up'])

    async def run(self, node, argv, text=None):
        process = await asyncio.create_subprocess_exec(
            'mnexec', '-a', str(node.pid), *argv, env=getattr(node, 'env', None),
            stdin=asyncio.subprocess.DEVNULL if text is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        out, err = await process.communicate(None if text is None else text.encode())
        return {'code': process.returncode, 'stdout': out.decode(), 'stderr': err.decode()}

    async def must(self, node, argv):
        result = await self.run(node, argv)
        if result['code'] != 0:
            raise Failed(f'{node.name}: {" ".join(argv)}: {result["stderr"].strip()}')
        return result['stdout']

    async def exec(self, machine, argv, text=None):
        return await self.run(self.node(machine), argv, text)

    async def spawn(self, machine, argv, log, env):
        """Start a process in the background; the event `exit` reports its end."""
        # These variables are for the tests. A controller refuses PLUGBOARD_ variables that it does not know.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith('PLUGBOARD_')}
        with open(log, 'ab') as file:
            process = await asyncio.create_subprocess_exec(
                'mnexec', '-a', str(self.node(machine).pid), *argv, env={**inherited, **env},
                stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file)

        async def follow():
            self.tell({'event': 'exit', 'pid': process.pid, 'code': await process.wait()})
        asyncio.get_running_loop().create_task(follow())
        return {'pid': process.pid}

    async def kill(self, pid, signal_number):
        os.kill(pid, signal_number)
        return {}

    async def daemon(self, machine, name, action):
        """`start`, or `kill` with SIGKILL, of `ovsdb-server` or `ovs-vswitchd`."""
        host = self.node(machine)
        if action == 'start':
            await self.must(host, host.daemon(name))
            return {}
        pid = host.pid_of(name)
        os.kill(pid, signal.SIGKILL)
        # The parent of a daemon is the first process of its namespace, which is this process.
        await asyncio.get_running_loop().run_in_executor(None, os.waitpid, pid, 0)
        return {}

    async def add_vm(self, name, hypervisor, interface, mac, addresses):
        """Start a VM. The other end of its eth0 is `interface` on the hypervisor, which is on no bridge yet."""
        host = self.node(hypervisor)
        vm = self.net.addHost(name, cls=Vm, ip=None)
        self.net.addLink(vm, host, intfName1='eth0', intfName2=interface)
        # Mininet has set it up already. While it is down it loses the link-local address of its first MAC address.
        vm.must(f'ip link set eth0 down address {mac}')
        vm.prepare(addresses)
        host.must(f'ip link set {interface} up')
        self.wire.open(name, vm.pid, 'eth0')
        return {'pid': vm.pid}

    async def tap(self, name, machine, interface):
        """Also listen and send at this interface, under this name."""
        self.wire.open(name, self.node(machine).pid, interface)
        return {}

    async def untap(self, name):
        self.wire.close(name)
        return {}

    async def remove_vm(self, name):
        self.wire.close(name)
        vm = self.node(name)
        for link in [link for link in self.net.links if vm in (link.intf1.node, link.intf2.node)]:
            self.net.delLink(link)
        self.net.delHost(vm)
        return {}

    async def forget_neighbours(self, machines):
        for machine in machines:
            neighbours.forget(self.node(machine).pid)
        return {}

    async def experiment(self, sends, limit, quiet):
        return {'arrivals': await self.wire.experiment(sends, limit, quiet)}

    async def overhear(self, ether_types):
        return {'heard': self.wire.listen(ether_types)}

    async def relay(self, machine, path, port):
        """Make a Unix socket that leads to a port on the machine's loopback."""
        node, loop = self.node(machine), asyncio.get_running_loop()

        async def pump(reader, writer):
            try:
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
            except ConnectionError:
                pass
            finally:
                writer.close()

        async def serve(reader, writer):
            there = socket_in(node.pid, socket.AF_INET, socket.SOCK_STREAM)
            there.setblocking(False)
            try:
                await loop.sock_connect(there, ('127.0.0.1', port))
            except OSError:
                there.close()
                writer.close()
                return
            back, forth = await asyncio.open_connection(sock=there)
            await asyncio.gather(pump(reader, forth), pump(back, writer))
        await asyncio.start_unix_server(serve, path)
        return {}


OPERATIONS = {'build', 'exec', 'spawn', 'kill', 'daemon', 'add_vm', 'remove_vm', 'tap', 'untap', 'forget_neighbours',
              'experiment', 'overhear', 'relay'}


async def main(directory):
    # Other output must not be taken for an answer.
    answers = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(2, 1)

    def tell(message):
        answers.write(json.dumps(message) + '\n')
    lab = Lab(directory, tell)

    async def answer(request):
        try:
            if request['op'] not in OPERATIONS:
                raise Failed(f'no such operation: {request["op"]}')
            tell({'id': request['id'], 'result': await getattr(lab, request['op'])(**request['with'])})
        except Failed as error:
            tell({'id': request['id'], 'error': str(error)})
        except Exception:  # report every error to the caller
            tell({'id': request['id'], 'error': traceback.format_exc()})

    requests = asyncio.StreamReader(limit=1 << 28)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    while line := await requests.readline():
        asyncio.get_running_loop().create_task(answer(json.loads(line)))
    end(directory)


def end(directory):
    """End all processes of the lab, and this one. Operations that still run are not waited for."""
    os.kill(-1, signal.SIGKILL)
    if 'PLUGBOARD_LAB_KEEP' not in os.environ:
        shutil.rmtree(directory, ignore_errors=True)
    os._exit(0)


if __name__ == '__main__':
    setLogLevel('error')
    try:
        asyncio.run(main(sys.argv[1]))
    finally:
        end(sys.argv[1])
