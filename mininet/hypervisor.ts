/** A hypervisor of the lab: what its operator and its compute service do on it, by the commands they would type. */
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
  /** Its name in the lab and its OVS `system-id`. */
  readonly id: string
  /** Its address on the underlay, for tunnels. */
  encapIp: string

  constructor({ channel, id, encapIp, physicalNetworks }: HypervisorPlace) {
    this.#channel = channel
    this.#mappings = physicalNetworks.map((name, at) => `${name}:br-eth${at + 1}`).join(',')
    this.id = id
    this.encapIp = encapIp
  }

  /** Any command on this host, whatever its exit code. */
  exec(...argv: readonly string[]): Promise<CommandResult> {
    return this.#channel.call('exec', { machine: this.id, argv })
  }

  /** A command that must succeed; returns its output without the last newline. */
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

  /** `external_ids` of the host's one Open_vSwitch row. */
  async setExternalIds(ids: Readonly<Record<string, string>>): Promise<void> {
    await this.vsctl('set', 'Open_vSwitch', '.', ...pairs(ids))
  }

  /** What makes a host a hypervisor of Plugboard: keys that describe it, then the one command. */
  async join(controller: string, others: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.setExternalIds({
      'system-id': this.id,
      hostname: this.id,
      'plugboard-datapath-type': 'netdev',
      'plugboard-encap-ip': this.encapIp,
      ...(this.#mappings === '' ? {} : { 'plugboard-bridge-mappings': this.#mappings }),
      ...others,
    })
    await this.vsctl('set-manager', `tcp:${controller}`)
  }

  /** A port on the integration bridge, of a device that is there already (a VM's) or, as `internal`, made with it. */
  async addInterface(name: string, ids: Readonly<Record<string, string>>, more: readonly string[] = []): Promise<void> {
    const settings = [...pairs(ids), ...more]
    const set = settings.length === 0 ? [] : ['--', 'set', 'Interface', name, ...settings]
    await this.vsctl('--may-exist', 'add-port', 'br-int', name, ...set)
  }

  async removeInterface(name: string): Promise<void> {
    await this.vsctl('--if-exists', 'del-port', name)
  }

  /** Kill a daemon with SIGKILL; it stays down until started. */
  async kill(daemon: Daemon): Promise<void> {
    await this.#channel.call('daemon', { machine: this.id, name: daemon, action: 'kill' })
  }

  /** Returns when the daemon serves (ovs-vswitchd: when its bridges are configured again). */
  async start(daemon: Daemon): Promise<void> {
    await this.#channel.call('daemon', { machine: this.id, name: daemon, action: 'start' })
  }

  /** Stop a daemon in its tracks, connections open, or let it go on. */
  async signal(daemon: Daemon, signal: 'STOP' | 'CONT'): Promise<void> {
    await this.run('sh', '-c', `kill -${signal} $(cat $OVS_RUNDIR/${daemon}.pid)`)
  }

  /**
   * From now on, every OpenFlow message that changes something on a bridge of this host: rules, groups, meters, ports,
   * packets. Echoes, dumps and barriers are not counted. A restart of ovs-vswitchd ends the watch.
   */
  async watchChanges(): Promise<() => Promise<readonly string[]>> {
    await this.appctl('vlog/set', 'vconn:file:dbg')
    const lines = async () => (await this.run('sh', '-c', 'cat $OVS_RUNDIR/ovs-vswitchd.log')).split('\n')
    const before = (await lines()).length
    const change =
      /\|vconn\|DBG\|tcp:.* received: OFPT_(FLOW_MOD|BUNDLE|GROUP_MOD|METER_MOD|PORT_MOD|TABLE_MOD|PACKET_OUT|SET_CONFIG)/
    return async () => (await lines()).slice(before).filter((line) => change.test(line))
  }

  /** The rules and meters of a bridge without counters, sorted: two dumps are equal if these are. */
  async rules(bridge = 'br-int'): Promise<readonly string[]> {
    const dump = await this.ofctl('--no-stats', '--no-names', 'dump-flows', bridge)
    const rules = dump
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('OFPST_FLOW'))
    return [...rules, ...(await this.meters(bridge))].sort()
  }

  /** The meters of a bridge, a line each: `meter=40 kbps burst bands= type=drop rate=10000 burst_size=4000`. */
  async meters(bridge = 'br-int', protocol = 'OpenFlow15'): Promise<readonly string[]> {
    const dump = await this.run('ovs-ofctl', '-O', protocol, 'dump-meters', bridge)
    return [...dump.matchAll(/^(meter=.*)\n((?:type=.*\n?)*)/gm)]
      .map(([, head = '', bands = '']) => `${head} ${bands.trim()}`)
      .sort()
  }

  /** Waits until Plugboard's tunnel ports are there. */
  async tunnelsReady(): Promise<void> {
    await until(`the tunnel ports of ${this.id}`, async () => {
      return Number(await this.vsctl('--if-exists', 'get', 'Interface', 'plug-vxlan', 'ofport')) > 0
    })
  }

  /** Waits until the bridge is there and switching. */
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
