/** The operations that write what the OVSDB of a host lacks. */
import t from 'tap'
import { datapathIdOf, provision } from '../../src/hypervisors/provision.ts'
import { takenNames } from '../../src/hypervisors/provision-ports.ts'
import { type RowsWish, rowsOf } from '../support/ovsdb-rows.ts'

const controller = { target: 'tcp:10.0.0.1:6653', connection_mode: 'out-of-band', max_backoff: 1000 }
const wanted = {
  systemId: 'hv1',
  isTaken: () => false,
  datapathType: 'netdev',
  controller: controller.target,
  fabric: [],
} as const

t.test('B08, B20: a bridge with the right settings is left alone; wrong ones are corrected', async (t) => {
  const right = { bridges: { 'br-int': [] }, controllers: [controller] }
  t.strictSame(provision(rowsOf(right), wanted), [])
  const tables = (wish: RowsWish, want: Parameters<typeof provision>[1] = wanted) =>
    provision(rowsOf(wish), want).map((operation) =>
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
  t.strictSame(tables(right, { ...wanted, systemId: 'hv2', isTaken: () => true }), ['update Bridge'])
  t.equal(tables({ bridges: {} }).at(0), 'insert Interface', 'created if it is missing')
})

t.test('B31: a pair of patch ports is made once, and only when the other bridge exists', async (t) => {
  const fabric = [{ role: 'uplink:physnet1', kind: 'patch', bridge: 'br-eth1' }] as const
  const right = { bridges: { 'br-int': [], 'br-eth1': [] }, controllers: [controller] }
  const names = (wish: RowsWish, want = fabric) =>
    provision(rowsOf(wish), { ...wanted, fabric: want }).flatMap((each) =>
      each.op === 'insert' && each.table === 'Port' ? [each.row.name] : [],
    )
  t.strictSame(names(right), ['plug-physnet1-int', 'plug-physnet1-ext'])
  t.strictSame(names({ ...right, bridges: { 'br-int': [] } }), [], 'not half a pair')
  const foreign = { ...right, bridges: { 'br-int': [], 'br-eth1': [{ name: 'plug-physnet1-ext' }] } }
  t.strictSame(names(foreign), [], 'and not if the name is already in use')
  t.strictSame(takenNames(rowsOf(foreign), fabric), ['plug-physnet1-ext'])
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
  const gone = provision(rowsOf({ ...right, bridges: there }), wanted)
  t.strictSame(
    gone.map((each) => ('table' in each ? `${each.op} ${each.table}` : '')),
    ['mutate Bridge', 'mutate Bridge'],
    'no engine needs it any more',
  )
})

t.test('B93: the datapath id that another hypervisor has is never given to a bridge', async (t) => {
  // The bridge of these rows has the first of these.
  const isTaken = (id: string) => ['00000000000000aa', datapathIdOf('hv1')].includes(id)
  const idsOf = (wish: RowsWish, systemId: string) =>
    [
      ...JSON.stringify(provision(rowsOf(wish), { ...wanted, systemId, isTaken })).matchAll(/"datapath-id","(\w+)"/g),
    ].map(([, id]) => id ?? '')
  const right = { bridges: { 'br-int': [] }, controllers: [controller] }
  for (const ids of [idsOf(right, 'hv1'), idsOf(right, 'hv2'), idsOf({ bridges: {} }, 'hv1')]) {
    t.equal(ids.length, 1)
    t.notOk(
      [datapathIdOf('hv1'), datapathIdOf('hv2')].includes(ids[0] ?? ''),
      'nor one that depends on the system-id alone',
    )
  }
  t.strictSame(idsOf({ bridges: {} }, 'hv2'), [datapathIdOf('hv2')])
})

t.test('a datapath id depends on the system-id alone', async (t) => {
  t.match(datapathIdOf('hv1'), /^[0-9a-f]{16}$/)
  t.equal(datapathIdOf('hv1'), datapathIdOf('hv1'))
  t.not(datapathIdOf('hv1'), datapathIdOf('hv2'))
})
