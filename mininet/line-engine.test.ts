/** The example engine of docs/engines.md, used as its author would: checked by the compiler, through the API, and by the kit. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { loadEngines } from '../src/loaded-engines.ts'
import { apiOn } from '../test/support/api.ts'
import { copyEngine, install, NODE, tsc } from '../test/support/package.ts'
import { whyNotHere } from './engine-kit/index.ts'

const MAX_FILE_MS = 600_000
t.setTimeout(MAX_FILE_MS)

const project = t.testdir({
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      module: 'nodenext',
      target: 'es2024',
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      allowJs: true,
      checkJs: true,
      types: ['node'],
    },
    include: ['*.js'],
  }),
})
install(project)
const module = copyEngine(project, 'line')
const RED = '/projects/red'

t.test('the package has all the types that it needs', async (t) => {
  t.equal(tsc(project, '-p', '.'), '')
})

t.test('the line engine is loaded by its path, and its lines are made, plugged and destroyed', async (t) => {
  const options = { concentrators: { north: '203.0.113.5', south: '203.0.113.6' } }
  // Here the module uses another copy of the package than the controller. That must not matter.
  const outside = await loadEngines([{ module, options }], {} as never)
  const { call } = await apiOn(t, { outside })
  const line = { engine: 'line', concentrator: 'north', circuit: 7, signal: 'e1' }
  const made = await call('POST', `${RED}/ports`, line)
  t.match(made, { status: 201, body: { ...line, remote_ip: '203.0.113.5', network_id: null, status: 'down' } })
  t.match(await call('POST', `${RED}/ports`, line), {
    status: 409,
    body: { code: 'segment-in-use', detail: 'segment gre/7/203.0.113.5 is taken: a port has it' },
  })
  const bad = { status: 400, body: { code: 'bad-request' } }
  t.match(await call('POST', `${RED}/ports`, { ...line, concentrator: 'west' }), {
    ...bad,
    body: { field: 'concentrator', detail: 'there is no concentrator "west": there are north, south' },
  })
  t.match(await call('POST', `${RED}/ports`, { ...line, circuit: 0 }), { ...bad, body: { field: 'circuit' } })
  t.match(await call('POST', `${RED}/ports`, { engine: 'line' }), { ...bad, body: { field: 'concentrator' } })

  const device = await call('POST', `${RED}/vnics`, { kind: 'line', signal: 'e1' })
  t.match(device, { status: 201, body: { kind: 'line', signal: 'e1', status: 'unplugged' } })
  t.notOk('mac_address' in device.body)
  t.match(await call('POST', `${RED}/vnics`, { kind: 'line' }), { ...bad, body: { field: 'signal' } })
  t.match(await call('POST', `${RED}/vnics`, { kind: 'line', signal: 'e1', mac_address: '02:00:00:00:00:01' }), {
    ...bad,
    body: { field: 'mac_address' },
  })
  const other = await call('POST', `${RED}/vnics`, { kind: 'line', signal: 't1' })
  const ethernet = await call('POST', `${RED}/vnics`, {})
  const plug = (vnic: unknown) => call('PUT', `${RED}/vnics/${vnic}/port`, { port_id: made.body.id })
  t.match(await plug(other.body.id), {
    status: 400,
    body: { code: 'unsupported', detail: 'the port is a line for e1, and the VNIC is t1: take another' },
  })
  t.match(await plug(ethernet.body.id), {
    status: 400,
    body: { code: 'unsupported', detail: /take VNICs of kind line, not/ },
  })
  t.match(await plug(device.body.id), { status: 202, body: { status: 'waiting', port_id: made.body.id } })
  const network = await call('POST', `${RED}/networks`, { engine: 'vlan' })
  const port = await call('POST', `${RED}/networks/${network.body.id}/ports`, {})
  const wrong = await call('PUT', `${RED}/vnics/${other.body.id}/port`, { port_id: port.body.id })
  t.match(wrong, {
    status: 400,
    body: { code: 'unsupported', detail: /engine vlan take VNICs of kind ethernet, not line/ },
  })
  t.equal((await call('DELETE', `${RED}/vnics/${device.body.id}/port`)).status, 204)
  t.equal((await call('DELETE', `${RED}/ports/${made.body.id}`)).status, 204)
  t.equal((await call('POST', `${RED}/ports`, line)).status, 201, 'its circuit is free again')
  t.match((await call('GET', '/extensions/line')).body, { engines: ['line'], operations: { length: 2 } })
})

t.test(
  'its own test runs the kit: the laws, and the rest on real Open vSwitch',
  { timeout: MAX_FILE_MS },
  async (t) => {
    const [env, ...node] = NODE
    const args = [...node, '--test', '--test-reporter=tap', 'line.test.js']
    const { stdout } = await promisify(execFile)(env, args, { cwd: project }).catch(
      (error: { stdout: string }) => error,
    )
    if (!t.ok(/^# fail 0$/m.test(stdout), 'nothing failed')) t.comment(stdout)
    const skipped = whyNotHere() ? 1 : 0
    t.ok(new RegExp(`^# skipped ${skipped}$`, 'm').test(stdout), `${skipped} skipped`)
    if (!skipped) t.ok(/^ +ok \d+ - line: Open vSwitch is killed and started again/m.test(stdout), 'it was in the lab')
  },
)
