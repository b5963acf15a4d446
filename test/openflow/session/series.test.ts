/** Messages that are applied one by one, with a peer that refuses some of them and with Open vSwitch. */
import t from 'tap'
import { connect, type Message, type MeterMod } from '../../../src/openflow/index.ts'
import { noOvs, Ovs } from '../support/ovs.ts'
import { pair } from '../support/pair.ts'

const mod = (command: MeterMod['command'], meter: number, rate = 5): MeterMod => ({
  type: 'meter_mod',
  command,
  meter,
  flags: 1,
  bands: command === 'delete' ? [] : [{ type: 'drop', rate, burst: 0 }],
})

t.test('refused messages are reported when the barrier is answered, whichever side refused them', async (t) => {
  const { session, peer } = await pair(t)
  const serve = async () => {
    for (let message = await peer.next(); message; message = await peer.next()) {
      const { type, xid } = message
      if (type === 'barrier_request') return peer.send({ type: 'barrier_reply', xid })
      if (message.type === 'meter_mod' && message.meter === 2) {
        peer.send({ type: 'error', xid, errorType: 12, code: 10, data: new Uint8Array() })
      }
    }
  }
  const serving = serve()
  const messages: Message[] = [mod('add', 1), mod('add', 2), mod('add', 3, -1), mod('add', 4)]
  t.match(await session.series(messages), [
    { index: 2, message: messages[2], error: { code: 'out-of-range', message: /rate/ } },
    { index: 1, message: messages[1], error: { code: 'refused', message: /OUT_OF_METERS/ } },
  ])
  await serving
  t.strictSame(
    peer.received.flatMap((message) => (message.type === 'meter_mod' ? [message.meter] : [])),
    [1, 2, 4],
  )
})

t.test('it ends with the connection', async (t) => {
  const { session, peer } = await pair(t)
  const series = session.series([mod('add', 1)])
  await peer.nextOf('barrier_request')
  peer.socket.destroy()
  await t.rejects(series, { code: 'closed' })
})

t.test('Open vSwitch applies the others', { skip: noOvs }, async (t) => {
  const ovs = await Ovs.start(t)
  const session = await connect({ path: ovs.path })
  t.teardown(() => session.close('done'))
  t.strictSame(await session.series([]), [])
  const refused = await session.series([
    mod('add', 1),
    mod('add', 1),
    mod('modify', 2),
    mod('add', 3),
    mod('delete', 9),
  ])
  t.match(refused, [
    { index: 1, error: { message: /METER_EXISTS/ } },
    { index: 2, error: { message: /UNKNOWN_METER/ } },
  ])
  const { meters } = await session.request({ type: 'multipart_request', multipart: 'meter_config' })
  t.strictSame(meters.map(({ meter }) => meter).sort(), [1, 3])
})
