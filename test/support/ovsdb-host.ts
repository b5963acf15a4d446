/**
 * The OVSDB of one hypervisor: a real ovsdb-server without ovs-vswitchd. The test writes the interfaces of VMs row by row; the
 * part of ovs-vswitchd (datapath ids, port numbers of the ports that Plugboard makes) is played here.
 */
import {
  type BridgeRow,
  type Connection,
  connect,
  type InterfaceRow,
  namedUuid,
  type OpenVSwitch,
  type Operation,
  openVSwitch,
  operations,
  type PortRow,
  type Replica,
  replicate,
  uuid,
} from '../../src/ovsdb/index.ts'
import type { HypervisorId } from '../../topology/ids.ts'
import { Server } from '../ovsdb/server.ts'
import { until } from './switches.ts'

const { insert, mutate, update } = operations(openVSwitch)

/** What a test says of an interface; what is left out is as `ovs-vsctl add-port` leaves it. */
export interface InterfaceWish {
  readonly ofport?: number | null
  /** `iface-id` in its external ids; null clears it. */
  readonly vnic?: string | null
  readonly error?: string | null
  /** Its external ids, in place of `vnic`. */
  readonly ids?: Readonly<Record<string, string>>
}

export class OvsdbHost {
  readonly #server: Server
  readonly systemId: string
  #client: Connection
  #replica: Replica<OpenVSwitch>
  /** Transactions, one after the other. */
  #last: Promise<unknown> = Promise.resolve()
  #nextPort = 1_001

  private constructor(server: Server, systemId: string, client: Connection, replica: Replica<OpenVSwitch>) {
    this.#server = server
    this.systemId = systemId
    this.#client = client
    this.#replica = replica
  }

  /** @param settings its external ids, beside the system-id; an empty system-id is left out */
  static async start(systemId: string, settings: Readonly<Record<string, string>> = {}): Promise<OvsdbHost> {
    const server = await Server.start()
    const client = await connect({ path: server.path })
    const host = new OvsdbHost(server, systemId, client, await replicate(client, openVSwitch))
    host.#actAsSwitch()
    await host.set({ ...(systemId === '' ? {} : { 'system-id': systemId }), ...settings })
    return host
  }

  get id(): HypervisorId {
    return this.systemId as HypervisorId
  }

  /** Lets it connect to a controller that listens on this port of 127.0.0.1. */
  async join(port: number): Promise<void> {
    await this.leave()
    await this.#transact(
      insert('Manager', { target: `tcp:127.0.0.1:${port}`, max_backoff: 1_000 }, { as: 'manager' }),
      update('Open_vSwitch', [], { manager_options: new Set([namedUuid('manager')]) }),
    )
    // ovsdb-server looks at its managers before it takes requests, and would sleep for 2.5 s after the one above.
    await this.#client.listDbs()
  }

  /** Lets it have a second manager, beside the one of `join`. */
  async joinAgain(port: number): Promise<void> {
    await this.#transact(
      insert('Manager', { target: `tcp:127.0.0.1:${port}`, max_backoff: 1_000 }, { as: 'manager' }),
      mutate('Open_vSwitch', [], [['manager_options', 'insert', new Set([namedUuid('manager')])]]),
    )
    await this.#client.listDbs()
  }

  async removeManager(port: number): Promise<void> {
    const [id] = [...this.#replica.tables.Manager].find(([, { target }]) => target.endsWith(`:${port}`)) ?? ['']
    await this.#transact(mutate('Open_vSwitch', [], [['manager_options', 'delete', new Set([uuid(id)])]]))
    await this.#client.listDbs()
  }

  async leave(): Promise<void> {
    await this.#transact(update('Open_vSwitch', [], { manager_options: new Set() }))
  }

  /** ovsdb-server is killed, and started again on the database that it leaves. */
  async restart(meanwhile: () => Promise<void> | void = () => undefined): Promise<void> {
    await this.#last
    await this.#server.kill()
    await meanwhile()
    await this.#server.start()
    this.#client = await connect({ path: this.#server.path })
    this.#replica = await replicate(this.#client, openVSwitch)
    this.#actAsSwitch()
  }

  /** Sets external ids of the host; null clears one. */
  async set(settings: Readonly<Record<string, string | null>>): Promise<void> {
    const [root] = this.rows('Open_vSwitch')
    const ids = new Map(root?.external_ids)
    for (const [key, value] of Object.entries(settings)) {
      if (value === null) ids.delete(key)
      else ids.set(key, value)
    }
    await this.#transact(update('Open_vSwitch', [], { external_ids: ids }))
  }

  /** @param config its `other_config` */
  async addBridge(name: string, config: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#transact(
      insert('Bridge', { name, other_config: new Map(Object.entries(config)) }, { as: 'bridge' }),
      mutate('Open_vSwitch', [], [['bridges', 'insert', new Set([namedUuid('bridge')])]]),
    )
  }

  async addController(bridge: string, target: string): Promise<void> {
    await this.#transact(
      insert('Controller', { target }, { as: 'controller' }),
      mutate('Bridge', [['name', '==', bridge]], [['controller', 'insert', new Set([namedUuid('controller')])]]),
    )
  }

  async removeBridge(name: string): Promise<void> {
    const [id] = this.#find('Bridge', name)
    await this.#transact(mutate('Open_vSwitch', [], [['bridges', 'delete', new Set([uuid(id)])]]))
  }

  async addInterface(name: string, wish: InterfaceWish = {}, bridge = 'br-int'): Promise<void> {
    await this.#transact(
      insert('Interface', { name, ...interfaceRow(wish) }, { as: 'interface' }),
      insert('Port', { name, interfaces: new Set([namedUuid('interface')]) }, { as: 'port' }),
      mutate('Bridge', [['name', '==', bridge]], [['ports', 'insert', new Set([namedUuid('port')])]]),
    )
  }

  async updateInterface(name: string, wish: InterfaceWish): Promise<void> {
    await this.#transact(update('Interface', [['name', '==', name]], interfaceRow(wish)))
  }

  async removeInterface(name: string): Promise<void> {
    const [id] = this.#find('Port', name)
    await this.#transact(mutate('Bridge', [], [['ports', 'delete', new Set([uuid(id)])]]))
  }

  /** The rows of a table as the server has them. */
  rows<T extends keyof OpenVSwitch['tables']>(table: T) {
    return [...this.#replica.tables[table].values()]
  }

  bridge(name: string): BridgeRow | undefined {
    return this.rows('Bridge').find((row) => row.name === name)
  }

  interface(name: string): InterfaceRow | undefined {
    return this.rows('Interface').find((row) => row.name === name)
  }

  /** Resolves when the host has this bridge with a datapath id. */
  async ready(bridge = 'br-int'): Promise<void> {
    await until(() => typeof this.bridge(bridge)?.datapath_id === 'string')
    await this.#last
  }

  async stop(): Promise<void> {
    this.#client.close()
    await this.#server[Symbol.asyncDispose]()
  }

  #find(table: 'Bridge' | 'Port', name: string): readonly [id: string, row: BridgeRow | PortRow] {
    const found = [...this.#replica.tables[table]].find(([, row]) => row.name === name)
    if (!found) throw new Error(`${this.systemId} has no row ${name} in ${table}`)
    return found
  }

  /** Resolves when the replica shows it, too. */
  #transact(...operations: readonly Operation[]): Promise<unknown> {
    const done = this.#last.then(() => this.#client.transact(openVSwitch.name, operations))
    this.#last = done.catch(() => undefined)
    return done
  }

  /** As ovs-vswitchd: a bridge has the datapath id that it is given, and ports of types that need no device get a number. */
  #actAsSwitch(): void {
    const replica = this.#replica
    const act = async () => {
      const written: Operation[] = []
      for (const [id, { datapath_id, other_config }] of replica.tables.Bridge) {
        const wanted = other_config.get('datapath-id') ?? '00000000000000aa'
        if (datapath_id !== wanted) written.push(update('Bridge', uuid(id), { datapath_id: wanted }))
      }
      for (const [id, { type, ofport }] of replica.tables.Interface) {
        if (type !== '' && ofport === null) written.push(update('Interface', uuid(id), { ofport: this.#nextPort++ }))
      }
      if (written.length > 0) await this.#client.transact(openVSwitch.name, written)
    }
    /** One after the other, each on the rows that the one before has left. */
    const queue = () => {
      this.#last = this.#last.then(act).catch(() => undefined)
    }
    replica.onUpdate(queue)
    queue()
  }
}

const interfaceRow = ({ ofport, vnic, error, ids }: InterfaceWish) => ({
  ...(ofport === undefined ? {} : { ofport }),
  ...(error === undefined ? {} : { error }),
  ...(ids === undefined ? {} : { external_ids: new Map(Object.entries(ids)) }),
  ...(vnic === undefined ? {} : { external_ids: new Map(vnic === null ? [] : [['iface-id', vnic]]) }),
})
