/** The state that is read from the rows of a host, and the operations that write what its OVSDB lacks. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { readHost } from '../../src/hypervisors/facts.ts'
import { datapathIdOf, provision } from '../../src/hypervisors/provision.ts'
import { takenNames } from '../../src/hypervisors/provision-ports.ts'
import type { OpenVSwitch, Tables } from '../../src/ovsdb/index.ts'

type Rows = Tables<OpenVSwitch>
type InterfaceRow = Rows['Interface'] extends ReadonlyMap<string, infer R> ? R : never

const VNIC = '11111111-1111-4111-8111-111111111111'

interface Wish {
  readonly external?: Readonly<Record<string, string>>
  /** Interfaces by bridge. */
  readonly bridges?: Readonly<Record<string, ReadonlyArray<Partial<InterfaceRow> & { name: string }>>>
  readonly controllers?: ReadonlyArray<{ target: string; connection_mode: string | null; max_backoff: number | null }>
  readonly failMode?: string | null
}

/** A UUID for a row of a name. */
function uuidOf(kind: string, name: string | number): string {
  const hex = createHash('sha256').update(`${kind} ${name}`).digest('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}

/** Rows as the replica has them. */
function rows({ external = {}, bridges = {}, controllers = [], failMode = 'secure' }: Wish): Rows {
  const interfaces = new Map<string, object>()
  const ports = new Map<string, object>()
  const bridgeRows = new Map<string, object>()
  for (const [bridge, its] of Object.entries(bridges)) {
    for (const each of its) {
      interfaces.set(uuidOf('if', each.name), {
        type: '',
        options: new Map(),
        ofport: 1,
        external_ids: new Map(),
        error: null,
        ...each,
      })
      ports.set(uuidOf('port', each.name), {
        name: each.name,
        interfaces: new Set([uuidOf('if', each.name)]),
        external_ids: new Map(),
      })
    }
    bridgeRows.set(uuidOf('br', bridge), {
      name: bridge,
      ports: new Set(its.map(({ name }) => uuidOf('port', name))),
      controller: new Set(controllers.map((_, n) => uuidOf('controller', n))),
      datapath_id: '00000000000000aa',
      datapath_type: 'netdev',
      fail_mode: failMode,
      other_config: new Map(Object.entries({ 'disable-in-band': 'true', 'datapath-id': datapathIdOf('hv1') })),
    })
  }
  const root = {
    external_ids: new Map(Object.entries({ 'system-id': 'hv1', ...external })),
    other_config: new Map(),
    ovs_version: '3.1.0',
  }
  return {
    Open_vSwitch: new Map([[uuidOf('root', ''), root]]),
    Bridge: bridgeRows,
    Port: ports,
    Interface: interfaces,
    Controller: new Map(controllers.map((row, n) => [uuidOf('controller', n), row])),
    Manager: new Map(),
  } as unknown as Rows
}

const iface = (name: string, ofport: number | null, id = VNIC) => ({
  name,
  ofport,
  external_ids: new Map([['iface-id', id]]),
})
const bound = (wish: Wish, before?: string) =>
  readHost(rows(wish), () => (before ? ({ hypervisor: 'hv1', interface: before } as never) : undefined))

t.test('B01: an ofport that is absent, 0 or -1 is no port number', async (t) => {
  for (const [ofport, wanted] of [
    [null, null],
    [0, null],
    [-1, null],
    [5, 5],
  ] as const) {
    const [binding] = bound({ bridges: { 'br-int': [iface('tap0', ofport)] } }).claims.values()
    t.match(binding, { interface: 'tap0', bridge: 'br-int', hypervisor: 'hv1', ofport: wanted })
  }
})

t.test('B02, B06: only an id on the integration bridge binds', async (t) => {
  t.equal(bound({ bridges: { 'br-int': [{ name: 'tap0' }] } }).claims.size, 0, 'no id')
  t.equal(bound({ bridges: { 'br-int': [iface('tap0', 5, 'vm-7')] } }).claims.size, 0, 'not one of ours')
  t.equal(bound({ bridges: { 'br-int': [], 'br-eth1': [iface('tap0', 5)] } }).claims.size, 0, 'another bridge')
  t.equal(bound({ bridges: {} }).claims.size, 0, 'no bridge at all')
})

t.test('B03: of two interfaces with one id the bound one stays bound, and a condition says so', async (t) => {
  const two = { bridges: { 'br-int': [iface('tap1', 6), iface('tap0', 5)] } }
  t.match([...bound(two).claims.values()], [{ interface: 'tap0' }], 'the first by name, if neither is bound')
  const kept = bound(two, 'tap1')
  t.match([...kept.claims.values()], [{ interface: 'tap1', ofport: 6 }])
  t.match(kept.conditions, [{ code: 'duplicate-iface-id', message: /tap1 is bound; clear it on the other/ }])
})

t.test(
  'B03: of two interfaces with one id, one with a port number is preferred to the bound one without',
  async (t) => {
    const { claims } = bound({ bridges: { 'br-int': [iface('tap0', -1), iface('tap1', 6)] } }, 'tap0')
    t.match([...claims.values()], [{ interface: 'tap1', ofport: 6 }])
  },
)

t.test('a port towards the fabric is never bound, whatever its iface-id', async (t) => {
  const external_ids = new Map([
    ['iface-id', VNIC],
    ['plugboard-role', 'uplink:physnet1'],
  ])
  const { claims, conditions } = bound({ bridges: { 'br-int': [{ name: 'plug-physnet1-int', external_ids }] } })
  t.equal(claims.size, 0)
  t.match(conditions, [{ code: 'fabric-iface-id' }])
})

t.test('B10: two physical networks cannot share a bridge, where they would share their VLANs', async (t) => {
  const external = { 'plugboard-bridge-mappings': 'physnet1:br-eth1,physnet2:br-eth1' }
  const { facts, conditions } = bound({ external, bridges: { 'br-int': [], 'br-eth1': [] } })
  t.strictSame(facts.bridgeMappings, { physnet1: 'br-eth1' })
  t.match(conditions, [{ code: 'bad-bridge-mapping', message: /physnet2:br-eth1/ }])
})

t.test('the reason why a port towards the fabric cannot be made is one of the facts', async (t) => {
  const external = { 'plugboard-bridge-mappings': 'physnet1:br-eth1' }
  const { facts, conditions } = bound({
    external,
    bridges: {
      'br-int': [
        {
          name: 'plug-vxlan',
          ofport: -1,
          error: 'could not add network device',
          external_ids: new Map([['plugboard-role', 'tunnel:vxlan']]),
        },
      ],
    },
  })
  t.match(facts.faults, { 'uplink:physnet1': /br-eth1/, 'tunnel:vxlan': /could not add network device/ })
  t.match(conditions, [{ code: 'bridge-missing' }])
})

t.test('settings of the host become facts, and wrong ones become conditions', async (t) => {
  const external = {
    hostname: 'h1',
    'plugboard-bridge-mappings': ' physnet1:br-eth1, nonsense ,physnet2:br-int,physnet1:br-eth9',
    'plugboard-encap-ip': '10.0.0.300',
    'plugboard-datapath-type': 'fast',
  }
  const { facts, conditions, datapathType } = bound({
    external,
    bridges: { 'br-int': [], 'br-eth1': [] },
  })
  t.match(facts, { hostname: 'h1', ovsVersion: '3.1.0', encapIp: null, datapathId: '00000000000000aa' })
  t.strictSame(facts.bridgeMappings, { physnet1: 'br-eth1' })
  t.equal(datapathType, null)
  const codes = conditions.map(({ code }) => code).sort()
  t.strictSame(codes, [
    'bad-bridge-mapping',
    'bad-bridge-mapping',
    'bad-bridge-mapping',
    'bad-datapath-type',
    'bad-encap-ip',
  ])
})

t.test('ports towards the fabric are recognised by their role', async (t) => {
  const role = (name: string, value: string, ofport: number) => ({
    name,
    ofport,
    external_ids: new Map([['plugboard-role', value]]),
  })
  const { facts } = bound({ bridges: { 'br-int': [role('a', 'uplink:physnet1', 3), role('b', 'tunnel:vxlan', -1)] } })
  t.strictSame(facts.fabric, { 'uplink:physnet1': 3 })
})

const controller = { target: 'tcp:10.0.0.1:6653', connection_mode: 'out-of-band', max_backoff: 1000 }
const wanted = {
  systemId: 'hv1',
  datapathIdTaken: false,
  datapathType: 'netdev',
  controller: controller.target,
  fabric: [],
} as const

t.test('B08, B20: a bridge with the right settings is left alone; wrong ones are corrected', async (t) => {
  const right = { bridges: { 'br-int': [] }, controllers: [controller] }
  t.strictSame(provision(rows(right), wanted), [])
  const tables = (wish: Wish, want: Parameters<typeof provision>[1] = wanted) =>
    provision(rows(wish), want).map((operation) =>
      'table' in operation ? `${operation.op} ${operation.table}` : operation.op,
    )
  t.strictSame(tables({ ...right, failMode: 'standalone' }), ['update Bridge'])
  t.strictSame(tables({ ...right, controllers: [] }), ['insert Controller', 'update Bridge'])
  t.strictSame(tables({ ...right, controllers: [{ ...controller, connection_mode: null }] }), [
    'insert Controller',
    'update Bridge',
  ])
  t.strictSame(tables({ ...right, controllers: [controller, controller] }), ['insert Controller', 'update Bridge'])
  t.strictSame(tables(right, { ...wanted, datapathType: 'system' }), ['update Bridge'])
  t.strictSame(tables(right, { ...wanted, datapathType: null }), [])
  t.strictSame(
    tables(right, { ...wanted, datapathIdTaken: true }),
    [],
    'the id is derived from its own system-id already',
  )
  t.strictSame(tables(right, { ...wanted, systemId: 'hv2', datapathIdTaken: true }), ['update Bridge'])
  t.equal(tables({ bridges: {} }).at(0), 'insert Interface', 'made where it is missing')
})

t.test('B31: a patch is made as a pair, once, and only when its other bridge is there', async (t) => {
  const fabric = [{ role: 'uplink:physnet1', kind: 'patch', bridge: 'br-eth1' }] as const
  const right = { bridges: { 'br-int': [], 'br-eth1': [] }, controllers: [controller] }
  const names = (wish: Wish, want = fabric) =>
    provision(rows(wish), { ...wanted, fabric: want }).flatMap((each) =>
      each.op === 'insert' && each.table === 'Port' ? [each.row.name] : [],
    )
  t.strictSame(names(right), ['plug-physnet1-int', 'plug-physnet1-ext'])
  t.strictSame(names({ ...right, bridges: { 'br-int': [] } }), [], 'not half a pair')
  const foreign = { ...right, bridges: { 'br-int': [], 'br-eth1': [{ name: 'plug-physnet1-ext' }] } }
  t.strictSame(names(foreign), [], 'nor where somebody else has the name')
  t.strictSame(takenNames(rows(foreign), fabric), ['plug-physnet1-ext'])
  const mark = new Map([['plugboard-role', 'uplink:physnet1']])
  const patch = (name: string, peer: string) => ({
    name,
    type: 'patch',
    options: new Map([['peer', peer]]),
    external_ids: mark,
  })
  const there = {
    'br-int': [patch('plug-physnet1-int', 'plug-physnet1-ext')],
    'br-eth1': [patch('plug-physnet1-ext', 'plug-physnet1-int')],
  }
  t.strictSame(names({ ...right, bridges: there }), [], 'not again')
  const gone = provision(rows({ ...right, bridges: there }), wanted)
  t.strictSame(
    gone.map((each) => ('table' in each ? `${each.op} ${each.table}` : '')),
    ['mutate Bridge', 'mutate Bridge'],
    'no engine needs it any more',
  )
})

t.test('a datapath id depends on the system-id alone', async (t) => {
  t.match(datapathIdOf('hv1'), /^[0-9a-f]{16}$/)
  t.equal(datapathIdOf('hv1'), datapathIdOf('hv1'))
  t.not(datapathIdOf('hv1'), datapathIdOf('hv2'))
})
