/** The way to each physical network, as the rows of a host show it. */
import t from 'tap'
import { atOnce } from '../../src/core/slices.ts'
import { readUplinks, type Uplinks } from '../../src/hypervisors/uplinks.ts'
import { type RowsWish, rowsOf } from '../support/ovsdb-rows.ts'

const MAPPINGS = { physnet1: 'br-eth1' }
const patch = (name: string, error: string | null = null) => ({
  name,
  type: 'patch',
  error,
  external_ids: new Map([['plugboard-role', 'uplink:physnet1']]),
})
const internal = { name: 'br-eth1', type: 'internal', admin_state: 'down', link_state: 'down' } as const
const uplink = (admin: 'up' | 'down' | null, link: 'up' | 'down' | null, name = 'eth1') => ({
  name,
  admin_state: admin,
  link_state: link,
})

const read = (bridges: RowsWish['bridges'], known: Uplinks = {}) =>
  atOnce(readUplinks(rowsOf({ bridges: { 'br-int': [], ...bridges } }), MAPPINGS, known))
const codes = (bridges: RowsWish['bridges'], known?: Uplinks) => read(bridges, known).troubles.map(({ code }) => code)

t.test('B67: a bridge that is gone stops what leaves by it, and its uplinks are remembered', async (t) => {
  const { troubles, uplinks } = read({}, { physnet1: ['eth1'] })
  t.match(troubles, [
    {
      code: 'bridge-missing',
      severity: 'error',
      stopped: { kind: 'role', role: 'uplink:physnet1' },
      message: /br-eth1/,
    },
  ])
  t.strictSame(uplinks, { physnet1: ['eth1'] })
})

t.test('B67: a patch port that Open vSwitch cannot connect, in the words of Open vSwitch', async (t) => {
  const error = "No usable peer 'plug-physnet1-ext' exists in 'netdev' datapath."
  const { troubles } = read({ 'br-int': [patch('plug-physnet1-int', error)], 'br-eth1': [uplink('up', 'up')] })
  t.match(troubles, [{ code: 'uplink-broken', message: /No usable peer/ }])
})

t.test('B68: an uplink that is down, without a carrier or broken', async (t) => {
  const on = (...ports: ReturnType<typeof uplink>[]) =>
    codes({ 'br-eth1': [internal, patch('plug-physnet1-ext'), ...ports] })
  t.strictSame(on(uplink('up', 'up')), [])
  t.strictSame(on(uplink(null, null)), [], 'its state is unknown')
  t.strictSame(on(uplink('down', 'down')), ['uplink-down'])
  t.strictSame(on(uplink('up', 'down')), ['uplink-down'])
  t.strictSame(on({ ...uplink('up', 'up'), error: 'could not open network device' } as never), ['uplink-down'])
  t.strictSame(on(uplink('down', 'down'), uplink('up', 'up', 'eth2')), ['uplink-down'])
  const { troubles } = read({ 'br-eth1': [uplink('down', 'down'), uplink('up', 'up', 'eth2')] })
  t.match(
    troubles,
    [{ severity: 'warning', stopped: { kind: 'nothing' }, message: /^interface eth1 is/ }],
    'another one works',
  )
})

t.test('B68: an uplink behind another bridge', async (t) => {
  const patchTo = (name: string, peer: string) => ({ name, type: 'patch', options: new Map([['peer', peer]]) })
  const behind = (...ports: ReadonlyArray<ReturnType<typeof uplink> | typeof internal>) => ({
    'br-eth1': [internal, patch('plug-physnet1-ext'), patchTo('out', 'in')],
    'br-out': [patchTo('in', 'out'), ...ports],
  })
  t.strictSame(read(behind(uplink('up', 'up'))), { uplinks: { physnet1: ['eth1'] }, troubles: [] })
  t.strictSame(codes(behind(uplink('down', 'down'))), ['uplink-down'])
  t.strictSame(codes(behind(), { physnet1: ['eth1'] }), ['uplink-removed'])
  t.strictSame(codes(behind(internal)), [], 'it leads to the host alone')
})

t.test('B68: an uplink that is taken out of its bridge, and one that never was there', async (t) => {
  const bare = { 'br-eth1': [internal, patch('plug-physnet1-ext')] }
  t.strictSame(codes(bare), [], 'a bridge that never had one')
  const { troubles, uplinks } = read(bare, { physnet1: ['eth1'] })
  t.match(troubles, [{ code: 'uplink-removed', message: /add-port br-eth1 eth1/ }])
  t.strictSame(uplinks, { physnet1: ['eth1'] }, 'it is remembered')
  const other = read({ 'br-eth1': [internal, uplink('up', 'up', 'bond0')] }, { physnet1: ['eth1'] })
  t.strictSame([other.troubles, other.uplinks], [[], { physnet1: ['bond0'] }], 'another one takes its place')
})

t.test('B68: interfaces of VMs and names that Plugboard needs are no uplinks', async (t) => {
  const vm = { name: 'tap1', external_ids: new Map([['iface-id', '11111111-1111-4111-8111-111111111111']]) }
  t.strictSame(read({ 'br-eth1': [vm, { name: 'plug-physnet1-ext' }] }).uplinks, {})
})
