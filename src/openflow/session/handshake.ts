/** From a new connection to a session: HELLO, the version, FEATURES (OpenFlow 1.5.1, 6.3.1). */
import type { Socket } from 'node:net'
import type { Decoded } from '../messages/message.ts'
import { HELLO_INCOMPATIBLE } from '../wire/error-values.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { VERSIONS, versionName } from '../wire/versions.ts'
import { Wire } from './channel.ts'
import { Requests } from './requests.ts'
import { Session } from './session.ts'

/** What a session keeps to. */
export interface SessionOptions {
  /** Milliseconds of silence after which the switch is probed, and after which again it is given up. 5000 unless said. */
  readonly echoInterval?: number
  /**
   * Milliseconds in which something of an answer must come, and a switch must read something of what is sent; else the
   * connection is closed. 60,000 unless said.
   */
  readonly requestTimeout?: number
  /** Wire versions to offer; those that this library speaks unless said. */
  readonly versions?: readonly number[]
}

const ECHO_INTERVAL = 5_000
const REQUEST_TIMEOUT = 60_000

/** @throws OpenFlowError `no-common-version`, `closed` with the reason, or `out-of-range` if `versions` has others than ours */
export async function handshake(socket: Socket, options: SessionOptions = {}): Promise<Session> {
  const { echoInterval = ECHO_INTERVAL, requestTimeout = REQUEST_TIMEOUT, versions = VERSIONS } = options
  const unspoken = versions.find((version) => !VERSIONS.includes(version))
  if (unspoken !== undefined || versions.length === 0) {
    socket.destroy()
    const words = unspoken === undefined ? 'there is none' : `${versionName(unspoken)} is not spoken here`
    throw new OpenFlowError('out-of-range', `versions: ${words}`)
  }
  const wire = new Wire(socket, { echoInterval, version: Math.max(...versions), patience: requestTimeout })
  const late = setTimeout(() => wire.close('the handshake takes too long'), 2 * echoInterval)
  try {
    let version: number | undefined
    let offered = ''
    // At once, since what comes right behind a hello is of the version that it settles.
    const requests = new Requests(wire, (hello) => {
      version = commonVersion(hello, versions)
      offered = offerOf(hello)
      wire.version = version ?? (Math.min(highest(hello), Math.max(...versions)) || 1)
    })
    requests.send({ type: 'hello', versions })
    const { type } = await requests.first
    if (type !== 'hello') throw new OpenFlowError('malformed', `the first message is ${type}, not hello`)
    if (version === undefined) throw refuse(wire, versions, offered)
    const features = await requests.request({ type: 'features_request' })
    return new Session(requests, features)
  } catch (error) {
    wire.close(error instanceof Error ? error.message : String(error))
    throw error
  } finally {
    clearTimeout(late)
  }
}

/** The highest version in both bitmaps; without a bitmap a peer speaks the lower of the two highest. */
function commonVersion(hello: Decoded, ours: readonly number[]): number | undefined {
  if (hello.type !== 'hello') return undefined
  const { versions } = hello
  if (versions) return Math.max(...ours.filter((version) => versions.includes(version)), 0) || undefined
  const version = Math.min(hello.version, Math.max(...ours))
  return ours.includes(version) ? version : undefined
}

/** The highest version that a peer of none of ours speaks: in this it is told, if it is older (6.3.1). */
const highest = (hello: Decoded): number =>
  hello.type === 'hello' && hello.versions?.length
    ? Math.min(hello.version, Math.max(...hello.versions))
    : hello.version

/** What a peer says that it speaks, in words. */
const offerOf = (hello: Decoded): string =>
  hello.type === 'hello' && hello.versions
    ? hello.versions.map(versionName).join(', ') || 'none'
    : `${versionName(hello.version)} at most`

function refuse(wire: Wire, versions: readonly number[], offered: string): OpenFlowError {
  const ours = versions.map(versionName).join(', ')
  const message = `no common OpenFlow version: this side speaks ${ours}, the peer ${offered}`
  if (!wire.isClosed) wire.send({ type: 'error', ...HELLO_INCOMPATIBLE, data: new TextEncoder().encode(message) }, 0)
  return new OpenFlowError('no-common-version', message)
}
