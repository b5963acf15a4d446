/** A hypervisor of the lab. Its methods run the commands that an operator or a compute service would run there. */
import type { Channel } from './channel.ts'
import { LabError } from './channel.ts'
import { until } from './until.ts'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export type Daemon = 'ovsdb-server' | 'ovs-vswitchd'

export interface HypervisorPlace {
  readonly channel: Channel
  readonly id: string
  readonly encapIp: string
  readonly physicalNetworks: readonly string[]
}

export class Hypervisor {
  readonly #channel: Channel
  readonly #mappings: string
  /** The name in the lab, which is also the `system-id` of OVS. */
  readonly id: string
  /** The address on the underlay, for tunnels. */
  encapIp: string
  /** How it connects to the controller. */
  protocol: 'tcp' | 'ssl' = 'tcp'

  constructor({ channel, id, encapIp, physicalNetworks }: HypervisorPlace) {
    this.#channel = channel
    this.#mappings = physicalNetworks.map((name, at) => `${name}:br-eth${at + 1}`).join(',')
    this.id = id
    this.encapIp = encapIp
  }

  /** Runs a command on this host. It does not reject if the command fails. */
  exec(...argv: readonly string[]): Promise<CommandResult> {
    return this.#channel.call('exec', { machine: this.id, argv })
  }

  /** Runs a command that must succeed, and returns its output without the last newline. */
  async run(...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.exec(...argv)
    if (code !== 0) throw new LabError(`${this.id}: ${argv.join(' ')}: exit ${code}: ${stderr.trim()}`)
    return stdout.trimEnd()
  }

  vsctl(...args: readonly string[]): Promise<string> {
    return this.run('ovs-vsctl', ...args)
  }

  ofctl(...args: readonly string[]): Promise<string> {
    return this.run('ovs-ofctl', '-O', 'OpenFlow15', ...args)
  }

  appctl(...args: readonly string[]): Promise<string> {
    return this.run('ovs-appctl', ...args)
  }

  /** Sets `external_ids` of the host's Open_vSwitch row. */
  async setExternalIds(ids: Readonly<Record<string, string>>): Promise<void> {
    await this.vsctl('set', 'Open_vSwitch', '.', ...pairs(ids))
  }

  /** Gives it a key and certificates. From then on it joins with TLS. */
  async secure({ key, cert, ca }: { readonly key: string; readonly cert: string; readonly ca: string }): Promise<void> {
    await this.vsctl('set-ssl', key, cert, ca)
    this.protocol = 'ssl'
  }

  /** Makes the host join Plugboard: sets keys that describe it, then its manager. */
  async join(controller: string, others: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.setExternalIds({
      'system-id': this.id,
      hostname: this.id,
      'plugboard-datapath-type': 'netdev',
      'plugboard-encap-ip': this.encapIp,
      ...(this.#mappings === '' ? {} : { 'plugboard-bridge-mappings': this.#mappings }),
      ...others,
    })
    await this.setManager(controller)
  }

  /** Makes the host connect to a controller, with TLS if it has a certificate. */
  async setManager(controller: string): Promise<void> {
    await this.vsctl('set-manager', `${this.protocol}:${controller}`)
  }

  /** Adds a port to the integration bridge, for an existing device or for one that `internal` makes. */
  async addInterface(name: string, ids: Readonly<Record<string, string>>, more: readonly string[] = []): Promise<void> {
    const settings = [...pairs(ids), ...more]
    const set = settings.length === 0 ? [] : ['--', 'set', 'Interface', name, ...settings]
    await this.vsctl('--may-exist', 'add-port', 'br-int', name, ...set)
  }

  async removeInterface(name: string): Promise<void> {
    await this.vsctl('--if-exists', 'del-port', name)
  }

  /** Kills a daemon with SIGKILL. It stays down until `start`. */
  async kill(daemon: Daemon): Promise<void> {
    await this.#channel.call('daemon', { machine: this.id, name: daemon, action: 'kill' })
  }

  /** Starts a daemon. Returns when it is ready; ovs-vswitchd is ready when its bridges are configured. */
  async start(daemon: Daemon): Promise<void> {
    await this.#channel.call('daemon', { machine: this.id, name: daemon, action: 'start' })
  }

  /** Suspends a daemon, with its connections open, or resumes it. */
  async signal(daemon: Daemon, signal: 'STOP' | 'CONT'): Promise<void> {
    await this.run('sh', '-c', `kill -${signal} $(cat $OVS_RUNDIR/${daemon}.pid)`)
  }

  /**
   * Records every OpenFlow message from now on that changes something on a bridge of this host: rules, groups, meters, ports,
   * packets. Echoes, dumps and barriers are not recorded. A restart of ovs-vswitchd ends the recording.
   */
  async watchChanges(): Promise<() => Promise<readonly string[]>> {
    await this.appctl('vlog/set', 'vconn:file:dbg')
    const lines = async () => (await this.run('sh', '-c', 'cat $OVS_RUNDIR/ovs-vswitchd.log')).split('\n')
    const before = (await lines()).length
    const change =
      /\|vconn\|DBG\|(?:tcp|ssl):.* received: OFPT_(FLOW_MOD|BUNDLE|GROUP_MOD|METER_MOD|PORT_MOD|TABLE_MOD|PACKET_OUT|SET_CONFIG)/
    return async () => (await lines()).slice(before).filter((line) => change.test(line))
  }

  /** The rules and meters of a bridge, sorted and without counters, so that two dumps can be compared. */
  async rules(bridge = 'br-int'): Promise<readonly string[]> {
    const dump = await this.ofctl('--no-stats', '--no-names', 'dump-flows', bridge)
    const rules = dump
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('OFPST_FLOW'))
    return [...rules, ...(await this.meters(bridge))].sort()
  }

  /** The meters of a bridge, one line each: `meter=40 kbps burst bands= type=drop rate=10000 burst_size=4000`. */
  async meters(bridge = 'br-int', protocol = 'OpenFlow15'): Promise<readonly string[]> {
    const dump = await this.run('ovs-ofctl', '-O', protocol, 'dump-meters', bridge)
    return [...dump.matchAll(/^(meter=.*)\n((?:type=.*\n?)*)/gm)]
      .map(([, head = '', bands = '']) => `${head} ${bands.trim()}`)
      .sort()
  }

  /** Waits until Plugboard's tunnel ports exist. */
  async tunnelsReady(): Promise<void> {
    await until(`the tunnel ports of ${this.id}`, async () => {
      return Number(await this.vsctl('--if-exists', 'get', 'Interface', 'plug-vxlan', 'ofport')) > 0
    })
  }

  /** Waits until the bridge exists and answers. */
  async bridgeReady(bridge = 'br-int'): Promise<void> {
    await until(
      `${bridge} on ${this.id}`,
      async () => (await this.exec('ovs-ofctl', '-O', 'OpenFlow15', 'show', bridge)).code === 0,
    )
  }
}

function pairs(ids: Readonly<Record<string, string>>): string[] {
  return Object.entries(ids).map(([key, value]) => `external_ids:${key}=${JSON.stringify(value)}`)
}
