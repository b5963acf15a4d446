/** Rules of other programs on br-int: those that can carry or take packets of networks are conditions, and stop being ones. */
import { onStage } from '../onstage.ts'
import { until } from '../until.ts'

await onStage('foreign rules', { hypervisors: 2 }, async (t, scene) => {
  const { lab } = scene
  const [h1, h2] = [lab.hypervisor(1), lab.hypervisor(2)]
  const [red, blue] = [await scene.network('vlan'), await scene.network('vxlan')]
  const one = await scene.station({ hypervisor: h1, network: red })
  const two = await scene.station({ hypervisor: h1, network: blue })
  const far = await scene.station({ hypervisor: h2, network: red })
  const found = async () => (await scene.hypervisor('h1')).conditions.filter(({ code }) => code === 'foreign-rules')
  const add = (flow: string) => h1.ofctl('add-flow', 'br-int', flow)
  const remove = (match: string) => h1.ofctl('--strict', 'del-flows', 'br-int', match)
  const are = async (status: 'active' | 'error', ...stations: (typeof one)[]) => {
    for (const { vnic } of stations) await scene.vnicIs(vnic.id, status)
  }

  await t.test('B72 a rule that outranks ours: a critical condition with its text, and VNICs in error', async (t) => {
    for (const [match, actions] of [
      ['priority=200', 'NORMAL'],
      ['priority=65535,ip', 'drop'],
    ] as const) {
      await add(`cookie=0x1234,${match},actions=${actions}`)
      await scene.condition('h1', 'foreign-rules')
      const [condition] = await found()
      t.match(condition, { severity: 'critical', since: /^\d{4}-.*Z$/ })
      t.match(
        condition?.message,
        new RegExp(`cookie=0x1234, ${match} actions=${actions}.*del-flows br-int "table=0,${match}"`),
      )
      await are('error', one, two)
      t.match(await scene.show(one.vnic.id), { status_detail: /^hypervisor h1: rules of other programs.*del-flows/ })
      t.match(await scene.show(far.vnic.id), { status: 'active' })
      // The message has the command that removes the rule.
      const command = /del-flows br-int "([^"]+)"/.exec(condition?.message ?? '')?.[1] ?? ''
      await remove(command)
      await scene.condition('h1', 'foreign-rules', false)
      await are('active', one, two, far)
    }
    t.same(await scene.wrongs(), [])
  })

  await t.test('B72 a rule with a cookie of Plugboard: it is deleted, or a condition', async (t) => {
    await add('cookie=0x706c7567000000ff,priority=65000,actions=NORMAL')
    await until('the rule to be deleted', async () => !(await h1.rules()).some((rule) => rule.includes('NORMAL')))
    // The cookie of learned rules, in a table that has none.
    await add('cookie=0x6c726e6400000001,priority=65000,actions=NORMAL')
    await scene.condition('h1', 'foreign-rules')
    await are('error', one, two)
    await remove('priority=65000')
    await scene.condition('h1', 'foreign-rules', false)
    await are('active', one, two, far)
    t.same(await scene.wrongs(), [])
  })

  await t.test('B72 a rule that takes packets of one VNIC: only that one is in error', async () => {
    const port = (await scene.show(two.vnic.id)).binding?.ofport
    await add(`priority=300,in_port=${port},actions=drop`)
    await are('error', two)
    await are('active', one, far)
    await remove(`priority=300,in_port=${port}`)
    await are('active', two)
  })

  await t.test(
    'B72 a rule below ours that carries what must be dropped: a condition, and VNICs stay active',
    async (t) => {
      await add('priority=0,actions=NORMAL')
      await scene.condition('h1', 'foreign-rules')
      await are('active', one, two, far)
      await remove('priority=0')
      await scene.condition('h1', 'foreign-rules', false)
      t.same(await scene.wrongs(), [])
    },
  )

  await t.test('B72 rules that do no harm are no condition, also while our own rules change', async (t) => {
    for (const flow of [
      'priority=7,actions=drop',
      'priority=900,in_port=999,actions=output:998',
      'table=100,actions=NORMAL',
    ]) {
      await add(flow)
    }
    const late = await scene.station({ hypervisor: h1, network: red })
    await scene.compared(h2)
    await until('the rules to be compared', async () => (await h1.rules()).some((rule) => rule.includes('table=100')))
    t.same(await found(), [])
    await are('active', one, two, far, late)
    t.same(await scene.wrongs(), [])
  })

  await t.test('B72 a rule is judged again when a VNIC comes whose packets it takes', async () => {
    await add('priority=400,dl_vlan=0xffff,dl_src=02:77:00:00:00:01,actions=drop')
    await add('table=10,priority=400,dl_src=02:77:00:00:00:01,actions=drop')
    const mac = '02:77:00:00:00:01'
    const late = await scene.station({ hypervisor: h1, mac })
    const port = await scene.api.createPort('tests', red.id, {})
    await scene.api.must('PUT', `/v1/projects/tests/vnics/${late.vnic.id}/port`, { port_id: port.id })
    await are('error', late)
    await are('active', far)
    await h1.ofctl('--strict', 'del-flows', 'br-int', 'table=10,priority=400,dl_src=02:77:00:00:00:01')
    await h1.ofctl('--strict', 'del-flows', 'br-int', 'priority=400,dl_vlan=0xffff,dl_src=02:77:00:00:00:01')
    await are('active', late)
  })
})
