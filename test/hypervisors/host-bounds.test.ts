/** What is kept of a host, and how much of the event loop it takes. */
import t from 'tap'
import { readHost } from '../../src/hypervisors/facts.ts'
import { Share } from '../../src/hypervisors/share.ts'
import { rowsOf } from '../support/ovsdb-rows.ts'

const LONG = 'x'.repeat(100_000)
const MANY = 1_000

const range = <T>(count: number, of: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => of(n))
const unbound = () => undefined

t.test('B124: long texts are cut, and lists are bounded', async (t) => {
  const roles = range(MANY, (n) => ({ name: `r${n}`, external_ids: new Map([['plugboard-role', `role${n}`]]) }))
  const wrong = { name: LONG, ofport: null, error: LONG, external_ids: new Map([['plugboard-role', 'uplink:a']]) }
  const claim = new Map([['iface-id', '11111111-1111-4111-8111-111111111111']])
  const external = {
    hostname: LONG,
    'plugboard-bridge-mappings': range(MANY, (n) => `p${n}:b${n}`).join(),
    'plugboard-encap-ip': LONG,
    'plugboard-datapath-type': LONG,
  }
  const mapped = range(MANY, (n) => ({ name: `eth${n}-${LONG}`, admin_state: 'down' as const }))
  const doubles = range(MANY, (n) => ({ name: `tap${n}`, external_ids: claim }))
  const bridges = { 'br-int': [wrong, ...roles, { name: LONG, external_ids: claim }, ...doubles], b0: mapped }
  const state = readHost(rowsOf({ external, bridges }), unbound)
  t.equal(state.facts.hostname.length, 255)
  t.equal(Object.keys(state.facts.bridgeMappings).length, 128)
  t.equal(state.facts.encapIp, null)
  t.ok(Object.keys(state.facts.fabric).length <= 256)
  t.equal(state.facts.uplinks.p0?.length, 64)
  t.equal(state.claims.size, 1)
  const texts = JSON.stringify({ ...state, claims: [...state.claims.values()] })
  t.ok(texts.length < 300_000, `${texts.length} characters`)
})

t.test('B124: a datapath id that is none is not kept', async (t) => {
  const rows = rowsOf({ bridges: { 'br-int': [] } })
  const [[id = '', bridge] = []] = [...rows.Bridge]
  const odd = { ...rows, Bridge: new Map(bridge ? [[id, { ...bridge, datapath_id: LONG }]] : []) }
  t.match(readHost(odd, unbound).facts.datapathId, /^[0-9a-f]{16}$/, 'the one that was set')
})

t.test('B124: patch ports that lead in circles, and to a thousand bridges, are followed once', async (t) => {
  const patch = (name: string, peer: string) => ({ name, type: 'patch', options: new Map([['peer', peer]]) })
  const at = (n: number) => `b${(n + MANY) % MANY}`
  const bridges = Object.fromEntries(
    range(MANY, (n) => [
      at(n),
      [patch(`${at(n)}-on`, `${at(n + 1)}-back`), patch(`${at(n)}-back`, `${at(n - 1)}-on`), { name: `eth${n}` }],
    ]),
  )
  const external = { 'plugboard-bridge-mappings': 'physnet1:b0' }
  t.equal(readHost(rowsOf({ external, bridges }), unbound).facts.uplinks.physnet1?.length, 64)
})

t.test('B123: a host takes a fifth of the time, after a burst', async (t) => {
  const clock = { time: 1_000, now: () => clock.time }
  const share = new Share(clock)
  const work = (ms: number) =>
    share.take(() => {
      clock.time += ms
    })
  for (let n = 0; n < 40; n += 1) work(1)
  t.equal(share.wait, 0, 'a burst')
  work(60)
  t.equal(share.wait, 150, '100 ms of work are paid for after 500 ms; 100 ms have passed, and 250 ms are free')
  clock.time += 150
  t.equal(share.wait, 0)
  work(10)
  t.equal(share.wait, 40)
  t.throws(() =>
    share.take(() => {
      throw new Error('odd')
    }),
  )
  function* steps() {
    clock.time += 5
    yield
    clock.time += 5
    return 'done'
  }
  const taking = share.taking(steps())
  t.same(
    [taking.next(), taking.next()],
    [
      { value: undefined, done: false },
      { value: 'done', done: true },
    ],
  )
  t.equal(share.wait, 80)
})
