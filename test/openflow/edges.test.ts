/** Edge cases that a first-time user tried: each is refused with a reason, and nothing is lost. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { connect, decode, encode, Framer, type Message } from '../../src/openflow/index.ts'

t.test('a chunk is kept even if nobody iterates over its messages', async (t) => {
  const message = encode({ type: 'barrier_request', xid: 1 })
  const framer = new Framer()
  framer.push(message.subarray(0, 3))
  t.equal(framer.held, 3)
  t.strictSame([...framer.push(message.subarray(3))], [message])
  framer.push(message)
  t.strictSame([...framer.push(message)], [message, message])
})

t.test('encode refuses anything that is not a message', async (t) => {
  const rule = { type: 'flow_mod', command: 'add', table: 0, priority: 1 }
  const wrong: unknown[] = [
    {},
    null,
    undefined,
    { type: 'nope' },
    { type: 'constructor' },
    { type: 'multipart_request', multipart: 'nope' },
    { ...rule, match: null },
    { ...rule },
    { ...rule, match: [{ field: 'foo', value: 1 }] },
    { ...rule, match: [], priority: 1n },
    { ...rule, match: [], instructions: [{ type: 'apply_actions' }] },
    { ...rule, match: [], instructions: [{ type: 'apply_actions', actions: [{ type: 'foo' }] }] },
    { ...rule, match: [], instructions: [{ type: 'foo' }] },
  ]
  for (const each of wrong) {
    t.throws(
      () => encode(each as Message),
      { name: 'OpenFlowError', code: 'out-of-range' },
      String(JSON.stringify(each, text)),
    )
  }
  t.throws(() => encode({ type: 'nope' } as never), { message: 'type holds nope, which is not a type of message' })
  t.equal(encode({ type: 'barrier_request', xid: 1 }).length, 8, 'and no rules remain')
})

const text = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)

t.test('a message that ends within its padding is truncated', async (t) => {
  const whole = encode({
    type: 'flow_mod',
    command: 'add',
    table: 0,
    priority: 1,
    match: [{ field: 'in_port', value: 1 }],
  })
  for (let length = whole.length - 1; length > 48; length -= 1) {
    const cut = whole.slice(0, length)
    new DataView(cut.buffer).setUint16(2, length)
    const error = length > 60 ? { errorType: 1, code: 6 } : undefined
    t.throws(() => decode(cut), { code: 'malformed', ...(error && { error }) }, `${length} octets`)
  }
})

t.test(
  'a peer of an older version gets the error in its version, and both sides report what was offered',
  async (t) => {
    const server = createServer((socket) => socket.write(Buffer.from('0100000800000001', 'hex'))).listen(0, '127.0.0.1')
    t.teardown(() => server.close())
    await once(server, 'listening')
    const told = new Promise<Buffer>((resolve) =>
      server.on('connection', (socket) => {
        const chunks: Buffer[] = []
        socket.on('data', (chunk) => chunks.push(chunk))
        socket.on('close', () => resolve(Buffer.concat(chunks)))
      }),
    )
    const { port } = server.address() as AddressInfo
    const words = /this side speaks OpenFlow 1.3, OpenFlow 1.4, OpenFlow 1.5, the peer OpenFlow 1.0 at most/
    await t.rejects(connect({ host: '127.0.0.1', port }), { code: 'no-common-version', message: words })
    const [hello, error] = [...new Framer().push(await told)].map(decode)
    t.match(hello, { type: 'hello' })
    t.match(error, { type: 'error', version: 1 })
  },
)
