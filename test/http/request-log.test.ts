/** What is logged of requests that are refused, which anybody can cause as often as they like. */
import pino from 'pino'
import t from 'tap'
import { type ApiOptions, apiOn } from '../support/api.ts'

async function logged(t: Parameters<typeof apiOn>[0], options: ApiOptions) {
  const lines: Array<Record<string, unknown>> = []
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) })
  const api = await apiOn(t, { ...options, log, audit: pino({ level: 'silent' }) })
  return { ...api, lines }
}

const TOKENS = { tokens: { a: { project: 'red', role: 'member' } } } as const
const A = { authorization: 'Bearer a' }

t.test('B133: requests without a token, for nothing or above a limit have few log lines', async (t) => {
  const { call, lines } = await logged(t, { ...TOKENS, limits: { max_requests_per_second: 1 } })
  for (let n = 0; n < 50; n++) {
    t.equal((await call('POST', '/projects/red/vnics', {})).status, 401)
    t.equal((await call('POST', '/nothing', {})).status, 404)
  }
  await Promise.all(Array.from({ length: 50 }, () => call('POST', '/projects/red/vnics', {}, A)))
  const refused = lines.filter(({ status }) => [401, 404, 429].includes(Number(status)))
  t.same(refused.map(({ status }) => status).sort(), [401, 429], 'one for each reason and address')
  t.ok(refused.every(({ reqId, from }) => typeof reqId === 'string' && from === '127.0.0.1'))
  t.equal(lines.filter(({ msg }) => /a limit of callers of the API is reached/.test(String(msg))).length, 1)
})

t.test('each write has a line with its request id', async (t) => {
  const { call, lines } = await logged(t, TOKENS)
  await call('POST', '/projects/red/vnics', {}, { ...A, 'x-request-id': 'mine-7' })
  await call('GET', '/projects/red/vnics', undefined, A)
  t.match(lines, [{ reqId: 'mine-7', method: 'POST', status: 201, msg: 'request answered' }])
  t.notMatch(JSON.stringify(lines), /Bearer/)
})
