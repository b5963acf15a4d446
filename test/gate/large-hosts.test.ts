/** A real ovsdb-server with thousands of interfaces, whose first message is longer than what strangers may send. */
import t from 'tap'
import { connect, namedUuid, openVSwitch, operations } from '../../src/ovsdb/index.ts'
import { Server, skip } from '../ovsdb/server.ts'
import { until } from '../support/switches.ts'
import { running } from './running.ts'

const { insert, mutate, update } = operations(openVSwitch)

const INTERFACES = 3_000

/** As `ovs-vsctl add-port` and a compute service write them. */
function interfaces() {
  const ports: ReturnType<typeof namedUuid>[] = []
  const rows = Array.from({ length: INTERFACES }, (_, n) => {
    const [name, id] = [`tap${n}`, `0e4d0000-0000-4000-8000-${String(n).padStart(12, '0')}`]
    ports.push(namedUuid(`p${n}`))
    const ids = { 'attached-mac': 'fa:16:3e:00:00:01', 'iface-id': id, 'iface-status': 'active', 'vm-uuid': id }
    const row = { name, mac_in_use: 'fe:16:3e:00:00:01', mtu: 1500, external_ids: new Map(Object.entries(ids)) }
    return [
      insert('Interface', { ...row, ofport: n + 10 }, { as: `i${n}` }),
      insert('Port', { name, interfaces: new Set([namedUuid(`i${n}`)]) }, { as: `p${n}` }),
    ]
  })
  return [...rows.flat(), insert('Bridge', { name: 'br-int', ports: new Set(ports) }, { as: 'bridge' })]
}

t.test(
  'B101: the first message of a host with thousands of interfaces passes, unless it is too long',
  { skip },
  async (t) => {
    await using server = await Server.start()
    const client = await connect({ path: server.path })
    await client.transact('Open_vSwitch', [
      ...interfaces(),
      mutate('Open_vSwitch', [], [['bridges', 'insert', new Set([namedUuid('bridge')])]]),
      update('Open_vSwitch', [], { external_ids: new Map([['system-id', 'large']]) }),
    ])
    client.close()

    const narrow = await running(t, '--ovsdb-max-message-mib', '1')
    server.vsctl('set-manager', `tcp:127.0.0.1:${narrow.ovsdb}`)
    const line = await narrow.plugboard.says('cannot read the OVSDB of a host')
    t.match(line, { err: { message: /a message of more than 1048576 bytes/ } })
    await narrow.plugboard.stop()

    const { url, ovsdb } = await running(t)
    server.vsctl('set-manager', `tcp:127.0.0.1:${ovsdb}`)
    const view = async () => {
      const answer = await fetch(`${url}/v1/hypervisors/large`)
      return (await answer.json()) as { ovsdb_connected?: boolean; conditions: { code: string }[] }
    }
    await until(async () => (await view()).ovsdb_connected === true)
    await until(async () => (await view()).conditions.some(({ code }) => code === 'unknown-iface-id'))
    t.pass()
  },
)
