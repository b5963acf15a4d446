/** os-ken, an independent OpenFlow library: what either library writes, the other one reads and writes again unchanged. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { decode, encode, type Flow, type Message, printFlow, VERSIONS, versionName } from '../../src/openflow/index.ts'
import { examplesIn, flowsIn } from './support/examples.ts'

const SCRIPT = fileURLToPath(new URL('support/osken.py', import.meta.url))
/** Debian's own Python, which has Debian's packages. */
const PYTHON = '/usr/bin/python3'

/** The lines that the program answers. */
function osken(mode: 'build' | 'fields' | 'parse', input = ''): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, [SCRIPT, mode], { stdio: ['pipe', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (text: Buffer) => {
      out += text
    })
    child.stderr.on('data', (text: Buffer) => {
      err += text
    })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(out.trim().split('\n')) : reject(new Error(err))))
    child.stdin.end(input)
  })
}

const skip = await new Promise<string | false>((resolve) => {
  const child = spawn(PYTHON, ['-c', 'import os_ken'], { stdio: 'ignore' })
  child.on('error', () => resolve('python3 is not installed'))
  child.on('close', (code) => resolve(code === 0 ? false : 'python3-os-ken is not installed'))
})

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

t.test('every message that os-ken can write is read, known, and written the same', { skip }, async (t) => {
  const lines = await osken('build')
  t.ok(lines.length > 190, `${lines.length} messages`)
  for (const line of lines) {
    const [name = '', written = ''] = line.split(' ')
    const message = decode(octets(written))
    t.equal(hex(encode(message)), written, name)
    // Messages of an unknown experimenter.
    if (!name.startsWith('OFPExperimenter')) t.not(kindOf(message), 'unknown', name)
  }
})

t.test(
  'a rule of any one field, whatever it asks for and with whatever mask, goes out as it came',
  { skip },
  async (t) => {
    const lines = await osken('fields')
    t.ok(lines.length > 1500, `${lines.length} rules`)
    for (const line of lines) {
      const [name = '', written = ''] = line.split(' ')
      t.equal(hex(encode(decode(octets(written)))), written, name)
    }
  },
)

const kindOf = (message: Message): string => ('multipart' in message ? message.multipart : message.type)

/** Messages that a controller sends. os-ken is a controller itself, so it reads only a few of them. */
const isAsked = ({ type }: Message): boolean =>
  /_request$|_mod$|^set_|^packet_out$|^bundle_add$/.test(type) || type.startsWith('nx_')

/**
 * Answers that os-ken reads wrong. An assertion fails for an event of a flow monitor that contains no rule, and for two rules
 * of the list. It never stops reading those of controllers. It misreads meters as Open vSwitch reports them in 1.5.
 */
const MISREAD: readonly string[] = ['flow_monitor', 'flow', 'controller_status', 'meter_features']

for (const version of VERSIONS) {
  const name = versionName(version)
  const read = async (messages: readonly Message[]): Promise<string[]> =>
    await osken('parse', messages.map((message) => hex(encode({ ...message, version, xid: 7 }))).join('\n'))

  t.test(`os-ken reads our ${name}, and writes the same octets if it can`, { skip }, async (t) => {
    const { common, newest } = examplesIn(version)
    const messages = [...common, ...newest]
    const lines = await read(messages)
    t.equal(lines.length, messages.length)
    let same = 0
    for (const [index, line] of lines.entries()) {
      const message = messages[index]
      if (!message) continue
      const said = `${message.type} ${kindOf(message)}: ${line.slice(0, 200)}`
      const [name = '', written = ''] = line.split(' ')
      t.not(name, '!', said)
      if (!isAsked(message) && !MISREAD.includes(kindOf(message))) t.not(name, '?', said)
      if (written === '-') continue
      same += 1
      t.equal(written, hex(encode({ ...message, version, xid: 7 })), said)
    }
    t.ok(same > 20, `${same} are written again`)
  })

  t.test(`rules of ${name} in a dump, one by one, os-ken reads`, { skip }, async (t) => {
    const stats = { packets: 1n, bytes: 2n }
    const flows = flowsIn(version).map((flow) => ({ ...flow, stats }))
    const lines = await read(flows.map((flow) => ({ type: 'multipart_reply', multipart: 'flow', flows: [flow] })))
    const unread = lines.flatMap((line, index) => (/^[!?]/.test(line) ? [printFlow(flows[index] as Flow)] : []))
    t.ok(unread.length <= 3, `unread: ${unread.join('; ')}`)
  })
}
