/** Who may have the system-id of a host that has just gone. */
import { EventEmitter } from 'node:events'
import pino from 'pino'
import t, { type Test } from 'tap'
import { Contenders } from '../../src/hypervisors/contenders.ts'
import type { Connection } from '../../src/ovsdb/index.ts'
import { hypervisorId } from '../support/nodes.ts'
import { stopClock } from '../support/stopped-clock.ts'

const ID = hypervisorId(1)

function contending(t: Test, known: string | null) {
  const clock = stopClock(t)
  const contenders = new Contenders({
    log: pino({ level: 'silent' }),
    addressOf: () => known,
    changed: () => undefined,
    seen: () => undefined,
  })
  t.teardown(() => contenders.close('test'))
  const reasons = new EventEmitter()
  const closed: string[] = []
  reasons.on('close', (reason: string) => closed.push(reason))
  const from = (remoteAddress: string) =>
    ({ remoteAddress, close: (reason: string) => reasons.emit('close', reason) }) as unknown as Connection
  const isReserved = (address: string) => contenders.isReserved(ID, from(address))
  return { clock, contenders, isReserved, closed }
}

t.test('B127: after a start, a known system-id is kept for its address for a while', async (t) => {
  const { clock, contenders, isReserved, closed } = contending(t, '192.0.2.1')
  t.ok(isReserved('192.0.2.9'))
  t.match(closed, [/^the system-id was last that of the host at 192\.0\.2\.1, and is kept for it for 12 s/])
  t.match(contenders.conditions(ID), [{ code: 'duplicate-system-id' }])
  t.ok(contenders.isOther(ID, '192.0.2.9'), 'its switch is refused, too')
  t.equal(contenders.refusals, 1)
  t.notOk(isReserved('192.0.2.1'))
  clock.tick(12_000)
  t.notOk(isReserved('192.0.2.9'))
})

t.test('B127: when a host has gone, its system-id is kept for its address for a while', async (t) => {
  const { clock, contenders, isReserved } = contending(t, '192.0.2.1')
  clock.tick(60_000)
  contenders.left(ID)
  clock.tick(6_000)
  contenders.left(ID)
  clock.tick(11_999)
  t.ok(isReserved('192.0.2.9'))
  t.notOk(isReserved('192.0.2.1'))
  clock.tick(1)
  t.notOk(isReserved('192.0.2.9'))
})

t.test('B127: a system-id without a known address is free', async (t) => {
  const { contenders, isReserved } = contending(t, null)
  contenders.left(ID)
  t.notOk(isReserved('192.0.2.9'))
})
