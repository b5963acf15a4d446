/** Independent programs read what we encode: `ovs-ofctl ofp-print` and Wireshark's dissector. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  encode,
  type Message,
  parseFlow,
  printFlow,
  printMatch,
  VERSIONS,
  versionName,
} from '../../src/openflow/index.ts'
import { examplesIn, flowsIn } from './support/examples.ts'
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

for (const version of VERSIONS) {
  const name = versionName(version)
  t.test(`ovs-ofctl ofp-print reads every message of ${name} that we encode`, { skip: noOfctl }, async (t) => {
    for (const message of examplesIn(version).common) {
      const said = Buffer.from(encode(message)).toString('hex')
      const printed = await output('ovs-ofctl', ['ofp-print', said])
      t.match(printed, /^(OFP|NX|ONF)/, message.type)
      t.notMatch(printed, /decode error|\*\*\*|WARN|trailing/i, `${message.type} ${said}`)
    }
  })
}

const flows = LINES.map(parseFlow)
const rules = flows.map((flow) => ({ type: 'flow_mod', command: 'add', ...flow }) as const)

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

/** Wireshark 4.0's dissector of OpenFlow 1.5 fails at every OXM field, also in messages of os-ken. */
const OSKEN =
  '060e004000000000000000000000000000000000000000000000000000008000ffffffff0000000000000000000000000001000c800000040000000500000000'
/**
 * Messages that Wireshark 4.0 reads wrong, whoever encodes them (os-ken and ovs-ofctl agree with us). It misreads multiparts of
 * experimenters, reads 2 octets of padding where there are 6, expects buckets of 1.4 in a message of 1.5, and ignores the
 * padding of URIs and times.
 */
const MISREAD: readonly string[] = [
  'flow_monitor',
  'ipfix_bridge',
  'ipfix_flow',
  'queue_stats',
  'queue_desc',
  'requestforward',
  'controller_status',
  'bundle_features',
]

async function dissect(
  directory: string,
  messages: readonly Uint8Array[],
): Promise<Array<{ type: string; complaint: string }>> {
  const file = join(directory, 'all.pcap')
  await writeFile(file, pcap(messages, 6653))
  const names = [
    'frame.number',
    'openflow_v6.type',
    'openflow_v5.type',
    'openflow_v4.type',
    '_ws.malformed',
    '_ws.expert.message',
  ]
  const fields = names.flatMap((name) => ['-e', name])
  const text = await output('tshark', ['-r', file, '-d', 'tcp.port==6653,openflow', '-T', 'fields', ...fields])
  return text.split('\n').flatMap((line) => {
    const [frame, v6 = '', v5 = '', v4 = '', malformed = '', expert = ''] = line.split('\t')
    return /^\d+$/.test(frame ?? '') ? [{ type: v6 || v5 || v4, complaint: `${malformed} ${expert}`.trim() }] : []
  })
}

for (const version of VERSIONS) {
  const title = `Wireshark's dissector finds nothing malformed in what we encode of ${versionName(version)}`
  t.test(title, { skip: noTshark }, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'plugboard-pcap-'))
    t.teardown(() => rm(directory, { recursive: true, force: true }))
    const [known] = await dissect(directory, [new Uint8Array(Buffer.from(OSKEN, 'hex'))])
    const failsAtOxm = version === 6 && known?.complaint !== ''
    const { common, newest } = examplesIn(version)
    const mods = flowsIn(version).map((flow) => ({ type: 'flow_mod', command: 'add', ...flow }) as const)
    const messages = [...common, ...newest, ...mods].filter((message) => !failsAtOxm || !hasOxm(message))
    const read = await dissect(
      directory,
      messages.map((message) => encode({ ...message, version })),
    )
    t.equal(read.length, messages.length)
    for (const [index, { type, complaint }] of read.entries()) {
      const message = messages[index]
      const said = `${message?.type} ${message && 'multipart' in message ? message.multipart : ''}`
      t.not(type, '', `${said} is known`)
      if (MISREAD.some((name) => said.includes(name))) continue
      t.notMatch(complaint, /malformed|exception|invalid/i, `${said} ${text(message)}`)
    }
  })
}

const text = (message: Message | undefined): string =>
  JSON.stringify(message, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value))

/** Does it contain a match that is not empty? */
const hasOxm = (message: Message): boolean => text(message).includes('"field":')
