/**
 * What callers of the API may take from this process, each limit with its reason. One row for each: the configuration has these
 * keys below `http`, with these words and defaults.
 *
 * The defaults were chosen for a controller with two cores, which does some thousands of writes a second, and a process of some
 * hundred megabytes. One token or address gets half or three quarters of what all have, so that others get in beside it.
 */

interface Limit {
  /** The unit, for the help. */
  readonly form: string
  readonly words: string
  readonly initial: number
  readonly least: number
  readonly most: number
}

const number = (words: string, initial: number, most = 1_000_000): Limit => ({
  form: 'NUMBER',
  words,
  initial,
  least: 1,
  most,
})
const seconds = (words: string, initial: number): Limit => ({
  form: 'SECONDS',
  words,
  initial,
  least: 1,
  most: 3600,
})

export const LIMITS = {
  max_connections: number(
    'The most connections to the API. It is lowered if the limit of open files leaves fewer. One without a request makes room.',
    16_384,
  ),
  max_connections_per_address: number(
    'The same for each address. Behind a proxy, all callers have one address.',
    12_288,
  ),
  max_requests: number(
    'The most requests under way, without held ones and streams. It is about one second of writes: more would only wait longer.',
    4096,
  ),
  max_requests_per_token: number('The same for each token.', 2048),
  max_requests_per_second: number(
    'Requests in a second for each token; twice as many may come at once. An answer counts again for each 8 KiB.',
    2000,
  ),
  max_held: number(
    'The most answers that are held ("Prefer: wait", and until switches confirm). Beyond it, answers come at once, as 202.',
    8192,
  ),
  max_held_per_token: number('The same for each token.', 6144),
  max_streams: number('The most open streams of events. Each takes about 20 KB.', 4096),
  max_streams_per_token: number(
    'The same for each token. An event is written to each stream of its project, which takes some tens of microseconds.',
    256,
  ),
  max_unread_mib_per_token: {
    form: 'MEBIBYTES',
    words: 'Answers of a token that wait in memory for the caller to read them. A page of a list has about 0.5 MiB.',
    initial: 64,
    least: 1,
    most: 65_536,
  },
  max_delay_ms: {
    form: 'MILLISECONDS',
    words: 'If requests that came together take longer than this, the rest of them is answered 503.',
    initial: 1000,
    least: 10,
    most: 60_000,
  },
  header_seconds: seconds('The longest time for the headers of a request. They have at most 16 KiB.', 10),
  request_seconds: seconds('The longest time for a whole request. A body has at most 256 KiB.', 30),
  unread_seconds: seconds('How long a stream of events may be unread before it is ended.', 30),
} as const satisfies Readonly<Record<string, Limit>>

export type HttpLimits = { readonly [Name in keyof typeof LIMITS]: number }

export const DEFAULT_LIMITS = Object.fromEntries(
  Object.entries(LIMITS).map(([name, { initial }]) => [name, initial]),
) as HttpLimits

/**
 * Lowers limits to what a number of connections allows. Streams and held answers keep their connections for long, so both
 * together leave a quarter of the connections to other requests.
 */
export function fitted(limits: HttpLimits, connections: number): HttpLimits {
  const most = Math.min(limits.max_connections, connections)
  const share = (limit: number, of: number) => Math.min(limit, Math.max(1, Math.floor(most * of)))
  return {
    ...limits,
    max_connections: most,
    max_connections_per_address: share(limits.max_connections_per_address, 3 / 4),
    max_held: share(limits.max_held, 1 / 2),
    max_streams: share(limits.max_streams, 1 / 4),
  }
}
