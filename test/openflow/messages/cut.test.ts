/** Truncated messages: refused like Open vSwitch refuses them, and accepted if it accepts them. */
import t from 'tap'
import { decode, type ErrorValue, encode, type Message, VERSIONS, versionName } from '../../../src/openflow/index.ts'
import { examplesIn } from '../support/examples.ts'
import { output } from '../support/ovs.ts'

const noOfctl = await output('ovs-ofctl', ['--version']).then(
  () => false as const,
  () => 'ovs-ofctl is not installed',
)

/** The message without its last octets. Its length field is adjusted. */
function cut(message: Message, count: number): Buffer {
  const whole = encode(message)
  const octets = Buffer.from(whole.slice(0, whole.length - count))
  if (octets.length >= 8) octets.writeUInt16BE(octets.length, 2)
  return octets
}

/** The error to answer; undefined if the message is accepted. */
function refusal(octets: Uint8Array): ErrorValue | undefined {
  try {
    decode(octets)
    return undefined
  } catch (error) {
    return (error as { readonly error?: ErrorValue }).error
  }
}

const BAD_LEN = { errorType: 1, code: 6 }

/** Open vSwitch does not read the first two kinds. Of a HELLO and of long lists it prints the beginning. */
const OTHERWISE = ['controller_status', 'flow_stats', 'bundle_features', 'hello', 'flow']

for (const version of VERSIONS) {
  t.test(`${versionName(version)}: octets are missing at the end`, { skip: noOfctl }, async (t) => {
    const { common, newest } = examplesIn(version)
    for (const message of [...common, ...newest]) {
      const kind = 'multipart' in message ? message.multipart : message.type
      if (OTHERWISE.includes(kind)) continue
      for (const count of [1, 4, 5]) {
        const octets = cut({ ...message, version }, count)
        if (octets.length < 8) continue
        const text = await output('ovs-ofctl', ['ofp-print', octets.toString('hex')])
        const theirs = /decode error: (\w+)/.exec(text)?.[1]
        const said = `${kind} less ${count}: ${theirs}`
        const ours = refusal(octets)
        if (theirs === 'OFPBRC_BAD_LEN') t.same(ours, BAD_LEN, said)
        else t.equal(ours === undefined, theirs === undefined, said)
      }
    }
  })
}

t.test('a match without its padding', async (t) => {
  const mod = { type: 'flow_mod', command: 'add', table: 0, priority: 0, match: [] } as const
  for (const count of [1, 2, 3, 4]) t.same(refusal(cut(mod, count)), BAD_LEN)
  const packet = { bufferId: 0, totalLength: 0, reason: 'group', table: 0, cookie: 0n, match: [] } as const
  t.same(refusal(cut({ type: 'packet_in', ...packet, data: new Uint8Array() }, 5)), BAD_LEN)
})

t.test('an element of a hello without its padding is kept as octets', async (t) => {
  const elements = [{ code: 7, body: Uint8Array.of(1, 2, 3, 4, 5) }]
  const octets = cut({ type: 'hello', versions: [6], elements }, 3)
  t.match(decode(octets), { versions: [6], rest: Uint8Array.of(0, 7, 0, 9, 1, 2, 3, 4, 5) })
  t.same(Buffer.from(encode(decode(octets))), octets)
})

t.test('a message of an experimenter must contain the experimenter and the type', async (t) => {
  const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
  for (const version of ['04', '05', '06']) {
    t.same(refusal(octets(`${version}04000c0000000100002320`)), BAD_LEN)
    t.same(refusal(octets(`${version}12001400000001ffff00000000000000002320`)), BAD_LEN)
  }
  const body = new Uint8Array(7)
  t.throws(() => encode({ type: 'unknown', code: 4, body }), {
    code: 'out-of-range',
    message: /^the body .* alone has 8/,
  })
  const part = { multipart: 'unknown', code: 0xffff, body } as const
  t.throws(() => encode({ type: 'multipart_request', ...part }), {
    code: 'out-of-range',
    message: /^the body .* alone has 8/,
  })
})

t.test('errors that 1.4 has added are sent as errors of 1.3', async (t) => {
  const of = (version: number, type: string, body: string): ErrorValue | undefined => {
    const octets = Buffer.from(`0${version}${type}000000000001${body}`.replaceAll(' ', ''), 'hex')
    octets.writeUInt16BE(octets.length, 2)
    return refusal(octets)
  }
  // A packet_in2 with a property of two octets and an invalid reason.
  const property = '00002320 0000001e 0003 0002 00000000'
  t.same(of(6, '04', property), { errorType: 14, code: 1 })
  t.same(of(4, '04', property), { errorType: 13, code: 3 })
  const reason = '00002320 0000001e 0005 0005 63 000000'
  t.same(of(5, '04', reason), { errorType: 14, code: 2 })
  t.same(of(4, '04', reason), { errorType: 13, code: 4 })
  // A bundle message with an invalid step, which 1.3 has as a message of the ONF.
  const step = '00000001 0063 0000'
  t.same(of(6, '21', step), { errorType: 17, code: 6 })
  t.same(of(4, '04', `4f4e4600 000008fc ${step}`), { errorType: 0xffff, experimenter: 0x4f4e4600, code: 2306 })
})
