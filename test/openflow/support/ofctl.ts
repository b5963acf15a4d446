/** Records what `ovs-ofctl` sends to a switch for a line of text, with a listener that accepts all its messages. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Framer } from '../../../src/openflow/index.ts'

const run = promisify(execFile)

/** Why ovs-ofctl cannot be run here; false if it can. */
export const noOfctl: string | false = (() => {
  try {
    execFileSync('ovs-ofctl', ['--version'])
    return false
  } catch {
    return 'ovs-ofctl is not installed'
  }
})()

const [HELLO, EXPERIMENTER, FEATURES_REQUEST, BARRIER_REQUEST] = [0, 4, 5, 20]
/** A message with only a header; for features, a body of zeros follows. */
const answer = (asked: Uint8Array, type: number, length = 8): Uint8Array => {
  const octets = new Uint8Array(length)
  octets.set([asked[0] ?? 0, type, 0, length, ...asked.subarray(4, 8)])
  return octets
}

/** NXT_TLV_TABLE_REPLY: the first four tun_metadata are options of eight octets. */
function tlvTable(asked: Uint8Array): Uint8Array {
  const octets = answer(asked, EXPERIMENTER, 32 + 4 * 8)
  octets.set([0, 0, 0x23, 0x20, 0, 0, 0, 26, 0, 0, 1, 0, 0, 4], 8)
  for (let index = 0; index < 4; index += 1) octets.set([0xff, 0xff, index, 8, 0, index], 32 + 8 * index)
  return octets
}

/** Wire version -> its name for `-O`. */
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [4, 'OpenFlow13'],
  [5, 'OpenFlow14'],
  [6, 'OpenFlow15'],
])

/** The messages that a command of ovs-ofctl sends, without those that begin every connection. */
export async function sent(command: string, lines: readonly string[], version: number): Promise<Uint8Array[]> {
  const directory = await mkdtemp(join(tmpdir(), 'plugboard-ofctl-'))
  const messages: Uint8Array[] = []
  const serve = (socket: Socket): void => {
    const framer = new Framer()
    socket.write(Uint8Array.of(version, HELLO, 0, 8, 0, 0, 0, 1))
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (const message of framer.push(chunk)) {
        const type = message[1]
        if (type === BARRIER_REQUEST) socket.write(answer(message, BARRIER_REQUEST + 1))
        else if (type === FEATURES_REQUEST) socket.write(answer(message, FEATURES_REQUEST + 1, 32))
        else if (type === EXPERIMENTER) socket.write(tlvTable(message))
        else if (type !== HELLO) messages.push(message.slice())
      }
    })
  }
  const server = createServer(serve)
  try {
    const path = join(directory, 'switch.sock')
    await new Promise<void>((done) => server.listen(path, done))
    const file = join(directory, 'lines')
    await writeFile(file, lines.map((line) => `${line}\n`).join(''))
    await run('ovs-ofctl', [
      '-O',
      PROTOCOLS.get(version) ?? '',
      '--timeout=20',
      '--no-names',
      command,
      `unix:${path}`,
      file,
    ])
    return messages
  } finally {
    server.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** The flow_mod for each line. */
export const flowMods = (lines: readonly string[], version = 6): Promise<Uint8Array[]> =>
  sent('add-flows', lines, version)

/** What `ovs-ofctl ofp-parse` prints for messages, one line each, without the header. */
export async function printed(messages: readonly Uint8Array[]): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'plugboard-ofctl-'))
  try {
    const file = join(directory, 'messages')
    await writeFile(file, Buffer.concat(messages))
    const { stdout } = await run('ovs-ofctl', ['--no-names', 'ofp-parse', file], { maxBuffer: 2 ** 26 })
    return stdout.split('\n').flatMap((line) => {
      const found = /^\w+ \(OF[\d.]+\) \(xid=0x[\da-f]+\):(?: ADD)? ?(.*)$/.exec(line)
      return found ? [found[1] ?? ''] : []
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
