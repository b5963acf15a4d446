/** What `/metrics` says about the controller, beside what tests of its parts look at. */
import t from 'tap'
import { ERRORS } from '../../../src/core/errors.ts'
import type { PortId, VnicId } from '../../../topology/ids.ts'
import { apiOn } from '../../support/api.ts'
import { PROJECT } from '../../support/controller.ts'
import { cloudOf, until } from '../../support/switches.ts'

const samples = (text: unknown) =>
  new Map(
    [...String(text).matchAll(/^([a-z0-9_]+(?:\{[^}]*\})?) (\S+)$/gm)].map(([, name = '', value]) => [
      name,
      Number(value),
    ]),
  )

t.test('B151 errors are counted by code, and each code is there from the start', async (t) => {
  const { call } = await apiOn(t)
  const before = samples((await call('GET', '//metrics')).body.text)
  for (const code of Object.keys(ERRORS)) t.equal(before.get(`plugboard_errors_total{code="${code}"}`), 0, code)
  await call('GET', '/projects/red/vnics/00000000-0000-4000-8000-000000000001')
  await call('GET', '/nowhere')
  await call('POST', '/projects/red/vnics', { surprise: true })
  await call('POST', '/projects/red/vnics', '{')
  const after = samples((await call('GET', '//metrics')).body.text)
  t.equal(after.get('plugboard_errors_total{code="not-found"}'), 2)
  t.equal(after.get('plugboard_errors_total{code="bad-request"}'), 2)
  t.equal(after.get('plugboard_errors_total{code="unavailable"}'), 0)
})

t.test('B151 the build, the delay of the event loop and commits', async (t) => {
  const { call } = await apiOn(t)
  const made = async () => (await call('POST', '/projects/red/vnics', {})).status
  t.equal(await made(), 201)
  t.equal(await made(), 201)
  const found = samples((await call('GET', '//metrics')).body.text)
  t.equal(found.get(`plugboard_build_info{version="0.0.0-test",node="${process.version}"}`), 1)
  t.ok(found.has('nodejs_eventloop_lag_p99_seconds'))
  const commits = found.get('plugboard_commit_duration_seconds_count') ?? 0
  t.ok(commits >= 2, `${commits} commits`)
  t.equal(found.get('plugboard_commit_duration_seconds_bucket{le="+Inf"}'), commits)
})

t.test('B151 sessions, rules wanted and actual, bundles, and the time from a plug to its rules', async (t) => {
  const { controller, connect, call, plug, realised } = await cloudOf(t, 2)
  const values = async (name: string) =>
    (await controller.metrics()).find((metric) => metric.name === name)?.samples ?? []
  const sum = async (name: string) => (await values(name)).reduce((all, { value }) => all + value, 0)
  const sessions = async (state: string) =>
    (await values('plugboard_sessions')).find(({ labels }) => labels.state === state)?.value
  const count = async (histogram: {
    get(): Promise<{ values: ReadonlyArray<{ metricName?: string; value: number }> }>
  }) => (await histogram.get()).values.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0
  const { realised: plugs, bundle } = controller.latencies

  const here = await connect(0)
  await until(async () => (await sessions('ready')) === 1)
  t.equal(await sessions('comparing'), 0)
  t.equal(await sessions('unknown'), 0)
  t.equal(await sum('plugboard_rules'), 0)
  const vnic = await plug(await call('create_network', {}), 0)
  t.equal((await realised(vnic)).status, 'active')
  t.equal(await count(plugs), 1)
  t.ok((await count(bundle)) >= 1)
  t.equal(await sum('plugboard_rules'), here.flows.size)
  t.equal(await sum('plugboard_rules_actual'), here.flows.size)

  here.pause()
  const port = controller.operations.vnics.show(PROJECT, vnic).port_id as PortId
  void controller.operations.vnics.unplug(PROJECT, vnic, null)
  await until(async () => (await sum('plugboard_rules')) === 0)
  t.equal(await sum('plugboard_rules_actual'), here.flows.size, 'what the switch has not confirmed counts as there')
  here.resume()
  await until(async () => (await sum('plugboard_rules_actual')) === 0)
  t.equal(await count(plugs), 1, 'an unplug is no plug')
  await controller.operations.vnics.plug(PROJECT, vnic, port, null)
  t.equal((await realised(vnic)).status, 'active')
  t.equal(await count(plugs), 2)
})

t.test('B151 a VNIC that is destroyed while it is built is not counted', async (t) => {
  const { controller, connect, call, plug, status } = await cloudOf(t, 1)
  const here = await connect(0)
  const network = await call('create_network', {})
  here.pause()
  const vnic = (await plug(network, 0)) as VnicId
  await until(() => status(vnic) === 'building')
  const gone = controller.operations.vnics.destroy(PROJECT, vnic, null)
  here.resume()
  await gone
  const { values } = await controller.latencies.realised.get()
  t.equal(values.find(({ metricName }) => metricName?.endsWith('_count'))?.value, 0)
})
