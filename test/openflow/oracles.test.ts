/** Independent readers judge what we encode: `ovs-ofctl ofp-print` and Wireshark's dissector. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  encode,
  type Message,
  mac,
  PORT,
  parseActions,
  parseFlow,
  printFlow,
  printMatch,
} from '../../src/openflow/index.ts'
import { output } from './support/ovs.ts'
import { pcap } from './support/pcap.ts'
import { LINES } from './support/rules.ts'

const has = async (command: string): Promise<boolean> =>
  output(command, ['--version']).then(
    () => true,
    () => false,
  )
const noOfctl = (await has('ovs-ofctl')) ? false : 'ovs-ofctl is not installed'
const noTshark = (await has('tshark')) ? false : 'tshark is not installed'

/** An ARP request, and what an error is about. */
const data = new Uint8Array(
  Buffer.from(
    'ffffffffffff02000000000108060001080006040001020000000001 0a000001 000000000000 0a000002'.replaceAll(' ', ''),
    'hex',
  ),
)
const refused = encode({ type: 'barrier_request', xid: 9 })
const stats = {
  duration: { seconds: 3, nanoseconds: 5 },
  idle: { seconds: 1, nanoseconds: 0 },
  packets: 7n,
  bytes: 900n,
}
const port = {
  port: 3,
  address: mac('02:00:00:00:00:03'),
  name: 'eth3',
  config: 0,
  state: 4,
  properties: [
    {
      type: 'ethernet',
      current: 0x840,
      advertised: 0,
      supported: 0,
      peer: 0,
      currentSpeed: 10_000_000,
      maxSpeed: 0,
    } as const,
  ],
}
const flows = LINES.map(parseFlow)
const rules = flows.map((flow) => ({ type: 'flow_mod', command: 'add', ...flow }) as const)
const control = (step: 'open_request' | 'close_request' | 'commit_request' | 'discard_request' | 'commit_reply') =>
  ({ type: 'bundle_control', bundle: 1, step, flags: 3 }) as const
const features = {
  type: 'features_reply',
  datapathId: 0x1234n,
  buffers: 0,
  tables: 254,
  auxiliaryId: 0,
  capabilities: 79,
} as const

/** One of each type, and of each kind of multipart. */
const MESSAGES: readonly Message[] = [
  { type: 'hello' },
  { type: 'hello', versions: [4, 5, 6] },
  { type: 'error', errorType: 4, code: 9, data: refused },
  { type: 'error', errorType: 0xffff, code: 4, experimenter: 0x2320, data: refused },
  { type: 'echo_request', data },
  { type: 'echo_reply', data },
  { type: 'features_request' },
  features,
  { type: 'get_config_request' },
  { type: 'get_config_reply', flags: 0, missSendLength: 128 },
  { type: 'set_config', flags: 0, missSendLength: 0xffff },
  {
    type: 'packet_in',
    bufferId: 0xffffffff,
    totalLength: 42,
    reason: 'apply_action',
    table: 3,
    cookie: 5n,
    match: [
      { field: 'in_port', value: 3 },
      { field: 'tun_id', value: 7n },
    ],
    data,
  },
  {
    type: 'packet_out',
    match: [{ field: 'in_port', value: PORT.CONTROLLER }],
    actions: parseActions('set_field:0x5->reg0,resubmit(,5),output:3'),
    data,
  },
  {
    type: 'flow_removed',
    table: 1,
    reason: 'idle_timeout',
    priority: 5,
    idleTimeout: 5,
    hardTimeout: 0,
    cookie: 5n,
    match: [{ field: 'in_port', value: 3 }],
    stats,
  },
  { type: 'port_status', reason: 'modify', port },
  { type: 'role_request', role: 'master', generationId: 5n },
  { type: 'role_reply', role: 'slave', generationId: 5n },
  { type: 'role_status', role: 'slave', reason: 'master_request', generationId: 5n, properties: new Uint8Array() },
  { type: 'barrier_request' },
  { type: 'barrier_reply' },
  control('open_request'),
  control('close_request'),
  control('commit_request'),
  control('commit_reply'),
  control('discard_request'),
  {
    type: 'bundle_add',
    bundle: 1,
    flags: 3,
    message: { type: 'flow_mod', command: 'delete', table: 255, priority: 0, match: [] },
  },
  { type: 'multipart_request', multipart: 'desc' },
  {
    type: 'multipart_reply',
    multipart: 'desc',
    desc: { manufacturer: 'us', hardware: 'none', software: '1', serial: '2', datapath: 'x' },
  },
  { type: 'multipart_request', multipart: 'port_desc' },
  { type: 'multipart_reply', multipart: 'port_desc', ports: [port, port] },
  { type: 'multipart_request', multipart: 'table' },
  { type: 'multipart_reply', multipart: 'table', tables: [{ table: 3, active: 5, lookups: 7n, matched: 9n }] },
  {
    type: 'multipart_request',
    multipart: 'flow',
    table: 3,
    cookie: 5n,
    cookieMask: 7n,
    match: [{ field: 'in_port', value: 3 }],
  },
  { type: 'multipart_reply', multipart: 'flow', flows: flows.map((flow) => ({ ...flow, stats })) },
  { type: 'multipart_request', multipart: 'flow_monitor', monitors: [{ monitor: 1, command: 'add', flags: 15 }] },
  {
    type: 'multipart_reply',
    multipart: 'flow_monitor',
    updates: [
      { event: 'abbrev', xid: 5 },
      { event: 'paused' },
      { event: 'resumed' },
      ...flows.slice(0, 40).map(({ table, priority, cookie, match, instructions }) => ({
        event: 'added' as const,
        reason: 'idle_timeout' as const,
        idleTimeout: 0,
        hardTimeout: 0,
        table,
        priority,
        cookie,
        match,
        instructions,
      })),
    ],
  },
  ...(['modify', 'modify_strict', 'delete', 'delete_strict'] as const).map(
    (command) =>
      ({
        type: 'flow_mod',
        command,
        table: 3,
        priority: 5,
        cookie: 1n,
        cookieMask: 0xffn,
        match: [{ field: 'in_port', value: 3 }],
      }) as const,
  ),
]

t.test('ovs-ofctl ofp-print reads every message and every rule that we encode', { skip: noOfctl }, async (t) => {
  for (const message of MESSAGES) {
    const text = await output('ovs-ofctl', ['ofp-print', Buffer.from(encode(message)).toString('hex')])
    t.match(text, /^OFP/, message.type)
    t.notMatch(text, /decode error|\*\*\*|WARN|trailing/i, message.type)
  }
})

t.test('ovs-ofctl ofp-print prints our rules as we do', { skip: noOfctl }, async (t) => {
  const wrapped = rules.map((message) => ({ type: 'bundle_add', bundle: 1, flags: 3, message }) as const)
  for (const [index, message] of wrapped.entries()) {
    const flow = flows[index]
    const text = await output('ovs-ofctl', ['ofp-print', Buffer.from(encode(message)).toString('hex')])
    t.notMatch(text, /decode error|\*\*\*|WARN/, `${LINES[index]}`)
    const [head = '', actions] = (text.split('ADD ')[1] ?? '').split('\n', 1).join('').split('actions=')
    t.equal(actions, flow && printFlow(flow).split('actions=')[1], `${LINES[index]}`)
    t.ok(flow && head.includes(printMatch(flow.match)), `${head} has ${LINES[index]}`)
  }
})

/** Wireshark 4.0's dissector of OpenFlow 1.5 fails at every OXM field, os-ken's messages included. */
const OSKEN =
  '060e004000000000000000000000000000000000000000000000000000008000ffffffff0000000000000000000000000001000c800000040000000500000000'
/** What has an OXM field and is laid out the same in OpenFlow 1.4: judged as that. */
const AS_BEFORE: readonly string[] = ['flow_mod', 'packet_in']

async function dissect(
  directory: string,
  messages: readonly Uint8Array[],
): Promise<Array<{ type: string; complaint: string }>> {
  const file = join(directory, 'all.pcap')
  await writeFile(file, pcap(messages, 6653))
  const names = ['frame.number', 'openflow_v6.type', 'openflow_v5.type', '_ws.malformed', '_ws.expert.message']
  const fields = names.flatMap((name) => ['-e', name])
  const text = await output('tshark', ['-r', file, '-d', 'tcp.port==6653,openflow', '-T', 'fields', ...fields])
  return text.split('\n').flatMap((line) => {
    const [frame, v6 = '', v5 = '', malformed = '', expert = ''] = line.split('\t')
    return /^\d+$/.test(frame ?? '') ? [{ type: v6 || v5, complaint: `${malformed} ${expert}`.trim() }] : []
  })
}

t.test("Wireshark's dissector finds nothing malformed in what we encode", { skip: noTshark }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'plugboard-pcap-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const [known] = await dissect(directory, [new Uint8Array(Buffer.from(OSKEN, 'hex'))])
  const failsAtOxm = known?.complaint !== ''
  const bytes = [...MESSAGES, ...rules].flatMap((message) => {
    const octets = encode(message)
    if (!failsAtOxm || !hasOxm(message)) return [{ message, octets }]
    if (!AS_BEFORE.includes(message.type)) return []
    octets[0] = 5
    return [{ message, octets }]
  })
  const read = await dissect(
    directory,
    bytes.map(({ octets }) => octets),
  )
  t.equal(read.length, bytes.length)
  for (const [index, { type, complaint }] of read.entries()) {
    const said = JSON.stringify(bytes[index]?.message.type)
    t.not(type, '', `${said} is known`)
    t.notMatch(
      complaint,
      /malformed|exception|invalid/i,
      `${said} ${LINES[index - (bytes.length - rules.length)] ?? ''}`,
    )
  }
})

/** Is there a match in it that is not empty? */
const hasOxm = (message: Message): boolean =>
  JSON.stringify(message, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).includes(
    '"field":',
  )
