/** The kit's laws hold for good engines. For a bad engine, the error names the broken law. */
import { join } from 'node:path'
import t from 'tap'
import { BUILT_IN } from '../../mininet/engine-kit/description.ts'
import { type EngineUnderTest, laws } from '../../mininet/engine-kit/index.ts'
import { tunnelPort } from '../../src/engines/ethernet/overlay.ts'
import { oddEngine } from '../support/odd-engine.ts'

const made = new Map<string, unknown>()
Object.assign(globalThis, { made })
const module = join(t.testdir({ 'odd.js': 'export default ({ made }) => globalThis.made.get(made)' }), 'odd.js')

/** @param rules the rules that replace those of the good engine */
function engine(name: string, rules: object = {}): EngineUnderTest {
  const fabricPorts = ({ encapIp }: { encapIp: string | null }) => (encapIp ? [tunnelPort('vxlan', encapIp)] : [])
  made.set(name, oddEngine({ rules, fabricPorts }))
  return {
    engine: { module, options: { made: name } },
    vnic: () => ({ kind: 'odd' }),
    port: (n, here) => ({ tunnel_key: 2 * n + (here.hypervisor === 'h1' ? 1 : 2) }),
  }
}

t.test('a correct engine', async (t) => {
  await laws(engine('good'))
  t.pass('all hold')
})

t.test('NATed networks, whose members have no Ethernet', async (t) => {
  const test = BUILT_IN.find((each) => each.engine === 'nat-ipv4')
  if (!test) throw new Error('it is built in')
  await laws(test)
  t.pass('all hold')
})

t.test('rules that depend on the time', async (t) => {
  let count = 0
  const member = () => [{ priority: 1 + (count++ % 1000), match: [], target: { to: 'everybody' }, why: 'now' }]
  await t.rejects(laws(engine('moment', { member })), {
    message:
      /^engine "odd": compiling only what changes make stale gives other rules than .* \(PLUGBOARD_SEED=\d+ repeats it\)$/,
  })
})

t.test('rules that depend on earlier questions', async (t) => {
  const seen = new Set<string>()
  const domain = ({ id }: { id: string }) => {
    seen.add(id)
    return [{ priority: seen.size, match: [], target: { to: 'everybody' }, why: 'a count of its calls' }]
  }
  await t.rejects(laws(engine('memory', { domain })), { message: /^engine "odd": / })
})

t.test('an engine that never works, and one whose requests are refused', async (t) => {
  const fabric = () => ({ code: 'never', message: 'it never works', pending: false })
  await t.rejects(laws(engine('never', { fabric })), {
    message: /^engine "odd" had no rules in \d+ clouds: fabric\(\) says never: it never works$/,
  })
  await t.rejects(laws({ ...engine('good'), port: () => ({}) }), { code: 'bad-request', field: 'tunnel_key' })
  await t.rejects(laws(engine('throws', { guard: () => undefined })), {
    message: /guard\(\) is undefined: it must be/,
  })
})
