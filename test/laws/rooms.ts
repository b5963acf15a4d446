/**
 * The law of the house: its rooms, what each is, and which rooms it may import. ARCHITECTURE.md shows this table (`npm run docs`
 * writes it there), and `imports.test.ts` holds every import of the sources to it.
 */
export interface Room {
  /** A folder or file, from the repository's root. The longest one that fits a file is its room. */
  readonly path: string
  readonly is: string
  /** Rooms whose values and types it may import, beside its own. */
  readonly imports: readonly string[]
}

/** The layers of the OpenFlow library below its sessions and its text, from the lowest. Each imports only the lower ones. */
const LAYERS = ['src/openflow/wire', 'src/openflow/match', 'src/openflow/actions', 'src/openflow/messages'] as const

const PURE = ['topology', 'src/openflow'] as const
const MODEL = [...PURE, 'flows'] as const
const CORE = [...MODEL, 'src/core'] as const

export const ROOMS: readonly Room[] = [
  {
    path: 'topology',
    is: 'what the network **is**: nodes, edges, changes, where ports are, and which (switch, object) pairs a change makes stale',
    imports: [],
  },
  {
    path: 'flows',
    is: 'what switches should **do**: stages, the contract of engines, and `compile(graph, switch, object)` → rules',
    imports: PURE,
  },
  {
    path: 'src/openflow',
    is: 'a library: bytes ↔ values, sessions with switches ([its page](src/openflow/README.md)). Other rooms import its `index.ts` alone',
    imports: [...LAYERS, 'src/openflow/session', 'src/openflow/text'],
  },
  { path: 'src/openflow/wire', is: 'octets, versions and errors', imports: [] },
  {
    path: 'src/openflow/match',
    is: 'match fields: their rows, headers and prerequisites',
    imports: LAYERS.slice(0, 1),
  },
  { path: 'src/openflow/actions', is: 'actions and instructions', imports: LAYERS.slice(0, 2) },
  { path: 'src/openflow/messages', is: 'messages: each type, and the codec of all', imports: LAYERS.slice(0, 3) },
  { path: 'src/openflow/session', is: 'connections with switches: requests, bundles, the listener', imports: LAYERS },
  { path: 'src/openflow/text', is: 'rules, groups and meters as the text of `ovs-ofctl`', imports: LAYERS },
  {
    path: 'src/ovsdb',
    is: 'a library: transactions and replicas of OVSDB ([its page](src/ovsdb/README.md))',
    imports: [],
  },
  {
    path: 'src/store',
    is: 'durable state behind the interface of a replicated key-value store; LMDB is the one that is there',
    imports: [],
  },
  {
    path: 'src/core',
    is: 'the one way through (below): resources and their operations, journal, effects, events, and the contract of engines',
    imports: [...MODEL, 'src/store'],
  },
  {
    path: 'src/features',
    is: 'what ports and networks of every engine can have: trunks, rate limits, address pools. A folder each',
    imports: CORE,
  },
  {
    path: 'src/engines',
    is: 'the service engines, a folder each with its rules; what Ethernet engines share; DHCP',
    imports: CORE,
  },
  {
    path: 'src/switches',
    is: 'what each switch has and should have, and how the difference gets there; confirmations',
    imports: CORE,
  },
  {
    path: 'src/hypervisors',
    is: 'what hosts say of themselves over OVSDB, and what is written there',
    imports: [...CORE, 'src/ovsdb'],
  },
  {
    path: 'src/packet-in',
    is: 'what switches send to the controller: guests are answered, next hops found, places announced',
    imports: [...CORE, 'src/switches', 'src/hypervisors'],
  },
  {
    path: 'src/status',
    is: 'what state each VNIC, port and network is in, and what is counted',
    imports: [...CORE, 'src/switches', 'src/hypervisors'],
  },
  {
    path: 'src/controller',
    is: 'wires these',
    imports: [
      ...CORE,
      'src/store',
      'src/ovsdb',
      'src/features',
      'src/engines',
      'src/switches',
      'src/hypervisors',
      'src/packet-in',
      'src/status',
    ],
  },
  {
    path: 'src/gate',
    is: 'who comes in: bounds the connections of hypervisors, above all of those that are not known yet',
    imports: ['src/core'],
  },
  { path: 'src/pki', is: 'makes certificates for TLS: an authority, the controller, hypervisors', imports: [] },
  { path: 'src/http', is: 'the HTTP APIs, a folder each, on the operations of the core', imports: ['src/core'] },
  {
    path: 'src/config',
    is: 'the configuration: its keys, their values, where they come from',
    imports: ['src/core', 'src/engines', 'src/http'],
  },
  {
    path: 'src',
    is: 'what is left: the program (`main.ts`, `cli.ts`, `server.ts`), which alone touches the process, and the package (`index.ts`)',
    imports: [
      'topology',
      'flows',
      'src/openflow',
      'src/ovsdb',
      'src/store',
      'src/core',
      'src/features',
      'src/engines',
    ].concat([
      'src/switches',
      'src/hypervisors',
      'src/packet-in',
      'src/status',
      'src/controller',
      'src/gate',
      'src/pki',
      'src/http',
      'src/config',
    ]),
  },
]

/** The room of a file: the longest path that it lies in. */
export function roomOf(file: string): Room {
  const fitting = ROOMS.filter(({ path }) => file === path || file.startsWith(`${path}/`))
  const [room] = fitting.sort((a, b) => b.path.length - a.path.length)
  if (!room) throw new Error(`${file} is in no room`)
  return room
}

/** The table as ARCHITECTURE.md has it. */
export function roomsTable(): string {
  const rows = ROOMS.map(({ path, is, imports }) => `| \`${path}\` | ${is} | ${named(imports)} |`)
  return ['| room | is | may import |', '| --- | --- | --- |', ...rows].join('\n')
}

const named = (rooms: readonly string[]): string =>
  rooms.length === 0 ? 'nothing' : rooms.map((room) => `\`${room.replace('src/', '')}\``).join(', ')
