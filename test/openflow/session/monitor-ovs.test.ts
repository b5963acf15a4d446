/** Flow monitors that real Open vSwitch refuses. It answers them with a version and an xid that mean nothing. */
import t from 'tap'
import {
  connect,
  errorName,
  type Match,
  MONITOR_FLAGS,
  OpenFlowError,
  VERSIONS,
  versionName,
} from '../../../src/openflow/index.ts'
import { noOvs, Ovs } from '../support/ovs.ts'

for (const version of VERSIONS) {
  const title = `${versionName(version)}: refused by the library at once, and by the switch without an xid`
  t.test(title, { skip: noOvs }, async (t) => {
    const ovs = await Ovs.start(t, version)
    const session = await connect({ path: ovs.path })
    t.teardown(() => session.close('done'))
    for (const flags of [MONITOR_FLAGS.initial, 0, 17, 2 | 128, -1])
      await t.rejects(
        session.monitorFlows({ flags }),
        { code: 'out-of-range', message: /^flags holds / },
        `flags ${flags}`,
      )
    const first = await session.monitorFlows({ monitor: 2 })
    t.equal(first, 2)
    t.equal(await session.monitorFlows(), 3, 'ids that were chosen are not given again')
    const request = (flags: number, match: Match = []) =>
      session.request({
        type: 'multipart_request',
        multipart: 'flow_monitor',
        monitors: [{ monitor: 9, command: 'add', flags, match }],
      })
    const name = (error: unknown) => error instanceof OpenFlowError && error.error && errorName(error.error)
    // The switch answers with the xid of other octets: those of the match, or of nothing.
    const all = await Promise.allSettled([
      request(1),
      session.barrier(),
      request(0, [{ field: 'in_port', value: 3 }]),
      session.monitorFlows({ monitor: 2 }),
      session.request({ type: 'multipart_request', multipart: 'desc' }),
      request(2),
    ])
    t.same(
      all.map((each) => (each.status === 'rejected' ? name(each.reason) : each.status)),
      [
        'FLOW_MONITOR_FAILED/BAD_FLAGS (16/5)',
        'fulfilled',
        'FLOW_MONITOR_FAILED/BAD_FLAGS (16/5)',
        'FLOW_MONITOR_FAILED/MONITOR_EXISTS (16/1)',
        'fulfilled',
        'fulfilled',
      ],
    )
    await session.barrier()
  })
}
