/** What callers may use: places for requests, held answers and streams, a rate, answers that wait to be read, and delay. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Caller } from '../../src/core/caller.ts'
import { PlugboardError } from '../../src/core/errors.ts'
import type { ProjectId } from '../../src/core/operations.ts'
import { DEFAULT_LIMITS, fitted, type HttpLimits } from '../../src/http/api-limits.ts'
import { Overload } from '../../src/http/overload.ts'
import { TokenBucket } from '../../src/http/token-bucket.ts'
import { type Reason, Usage, type Use } from '../../src/http/usage.ts'

const caller = (id?: string): Caller => ({
  project: 'red' as ProjectId,
  role: 'member',
  ...(id === undefined ? {} : { id }),
})

function usageOf(limits: Partial<HttpLimits>) {
  const refused: Reason[] = []
  const usage = new Usage({ ...DEFAULT_LIMITS, ...limits }, (reason) => refused.push(reason))
  const begin = (of: Caller): Use => {
    const use = usage.begin(of)
    if ('error' in use) throw use.error
    return use
  }
  return { usage, begin, refused }
}

const code = (error: unknown) => (error instanceof PlugboardError ? error.code : error)

t.test('B133: requests under way are bounded for each token and in total', async (t) => {
  const { usage, begin, refused } = usageOf({ max_requests: 5, max_requests_per_token: 3 })
  const a = [begin(caller('a')), begin(caller('a')), begin(caller('a'))]
  t.throws(() => begin(caller('a')), { code: 'rate-limited' })
  begin(caller('b'))
  begin(caller())
  t.throws(() => begin(caller('b')), { code: 'unavailable' })
  t.throws(() => begin(caller()), { code: 'unavailable' })
  t.same(refused, ['requests', 'requests', 'requests'])
  a[0]?.end()
  a[0]?.end()
  t.equal(usage.total.requests, 4, 'an end counts once')
  begin(caller('a'))
})

t.test('B132: held answers and streams have places of their own, and give them back', async (t) => {
  const { usage, begin, refused } = usageOf({ max_held_per_token: 1, max_streams: 2, max_streams_per_token: 1 })
  const [one, two] = [begin(caller('a')), begin(caller('a'))]
  t.equal(one.become('held'), undefined)
  t.same(usage.total, { requests: 1, pages: 0, held: 1, streams: 0 })
  t.equal(code(two.become('held')), 'rate-limited')
  t.same(usage.total, { requests: 1, pages: 0, held: 1, streams: 0 }, 'it goes on as a request')
  one.release()
  one.release()
  t.equal(two.become('held'), undefined)
  two.end()
  t.same(usage.total, { requests: 1, pages: 0, held: 0, streams: 0 })
  t.equal(one.become('held'), undefined, 'a request that was held before may be held again')
  one.end()
  const streams = [begin(caller('a')), begin(caller('a')), begin(caller('b')), begin(caller('c'))]
  t.same(
    streams.map((use) => code(use.become('streams'))),
    [undefined, 'rate-limited', undefined, 'unavailable'],
  )
  for (const use of streams) use.end()
  t.same(usage.total, { requests: 0, pages: 0, held: 0, streams: 0 })
  t.same(refused, ['held', 'streams', 'streams'])
})

t.test('B133: a caller without tokens is bounded by the totals alone', async (t) => {
  const { begin } = usageOf({ max_requests_per_token: 1, max_held_per_token: 1, max_requests_per_second: 1 })
  for (let n = 0; n < 100; n++) t.equal(begin(caller()).become('held'), undefined)
})

t.test('B133: answers that nobody reads stop further requests of their token', async (t) => {
  const { begin, refused } = usageOf({ max_unread_mib_per_token: 1 })
  const uses = [1, 2, 3].map(() => begin(caller('a')))
  for (const use of uses) use.answer(600 * 1024)
  t.throws(() => begin(caller('a')), { code: 'rate-limited', message: /read them/ })
  begin(caller('b'))
  for (const use of uses) use.end()
  begin(caller('a'))
  t.same(refused, ['unread'])
})

t.test('B133: a token has a rate, and a long answer counts more than once', async (t) => {
  let now = 0
  const bucket = new TokenBucket(10, () => now)
  const takeAll = () => {
    let taken = 0
    for (; bucket.wait === 0; taken++) bucket.take(1)
    return taken
  }
  t.equal(takeAll(), 20, 'two seconds at once')
  t.equal(Math.round(bucket.wait * 1000), 100)
  now += 500
  t.equal(takeAll(), 5)
  now += 3_600_000
  t.equal(takeAll(), 20, 'it does not fill above that')
  bucket.take(100)
  t.equal(Math.round(bucket.wait * 10), 101, 'what was taken above that must fill again first')

  const { begin, refused } = usageOf({ max_requests_per_second: 1 })
  begin(caller('a')).answer(3 * 3600 * 8 * 1024)
  t.throws(() => begin(caller('a')), { code: 'rate-limited', message: /1 requests in a second/ })
  begin(caller('b'))
  t.same(refused, ['rate'])
})

t.test('B134: the rest of a long turn is refused, and the next turn is served again', async (t) => {
  let now = 0
  const overload = new Overload(100, () => now)
  t.teardown(() => overload.close())
  for (let n = 0; n < 2000; n++) t.notOk(overload.refuses(), 'many requests in a short time are no overload')
  now = 101
  t.ok(overload.refuses())
  await sleep(100)
  t.notOk(overload.refuses())
  now = 1_000_000
  for (let n = 0; n < 400; n++) t.notOk(overload.refuses(), 'a few requests after a long pause are not to blame')
})

t.test('B134: lists under way are bounded by the time that they take together, half of them for one token', (t) => {
  const { begin, refused } = usageOf({ max_delay_ms: 80 })
  const uses = [...'aaaaaa', ...'bbbbbb'].map((id) => begin(caller(id)))
  t.same(
    uses.map((use) => code(use.become('pages'))),
    [...Array(5).fill(undefined), 'rate-limited', ...Array(5).fill(undefined), 'rate-limited'],
  )
  t.equal(code(begin(caller()).become('pages')), 'unavailable')
  for (const use of uses) use.release()
  t.equal(begin(caller()).become('pages'), undefined)
  t.same(refused, ['pages', 'pages', 'pages'])
  t.end()
})

t.test('B135: few descriptors leave room for requests beside streams and held answers', (t) => {
  t.strictSame(fitted(DEFAULT_LIMITS, 1_000_000), DEFAULT_LIMITS)
  t.match(fitted(DEFAULT_LIMITS, 192), {
    max_connections: 192,
    max_connections_per_address: 144,
    max_held: 96,
    max_streams: 48,
  })
  t.end()
})
