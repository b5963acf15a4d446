/** The handshake of a new connection: HELLO, the version, FEATURES (OpenFlow 1.5.1, 6.3.1). */
import type { Socket } from 'node:net'
import type { Decoded } from '../messages/message.ts'
import { HELLO_INCOMPATIBLE } from '../wire/error-values.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'
import { VERSIONS, versionName } from '../wire/versions.ts'
import { Channel } from './channel.ts'
import { Requests } from './requests.ts'
import { Session } from './session.ts'

/** Options of a session. */
export interface SessionOptions {
  /**
   * Milliseconds of silence after which the switch is probed, and after the same time again the session is closed.
   * Default: 5000.
   */
  readonly echoInterval?: number
  /**
   * Milliseconds in which some part of an answer must come, and in which a switch must read some of what is sent.
   * Otherwise the connection is closed. Default: 60,000.
   */
  readonly requestTimeout?: number
  /**
   * The maximum number of octets that wait for the switch to read them, and of events that wait to be taken (16 MiB at
   * most). `Session.maxWaiting` changes it. Default: 256 MiB.
   */
  readonly maxWaiting?: number
  /** Wire versions to offer. Default: all that this library supports. */
  readonly versions?: readonly number[]
}

const ECHO_INTERVAL_MS = 5_000
const REQUEST_TIMEOUT_MS = 60_000
const MAX_WAITING_OCTETS = 256 * 1024 * 1024

/**
 * @throws OpenFlowError `no-common-version`; `closed` with the reason; `out-of-range` if `versions` has an
 *   unsupported one
 */
export async function handshake(socket: Socket, options: SessionOptions = {}): Promise<Session> {
  const {
    echoInterval = ECHO_INTERVAL_MS,
    requestTimeout = REQUEST_TIMEOUT_MS,
    maxWaiting = MAX_WAITING_OCTETS,
    versions = VERSIONS,
  } = options
  const unspoken = versions.find((version) => !VERSIONS.includes(version))
  if (unspoken !== undefined || versions.length === 0) {
    socket.destroy()
    const words = unspoken === undefined ? 'the list is empty' : `${versionName(unspoken)} is not supported`
    throw new OpenFlowError('out-of-range', `versions: ${words}`)
  }
  const version = Math.max(...versions)
  const channel = new Channel(socket, { echoInterval, version, timeoutMs: requestTimeout, maxWaiting })
  const late = setTimeout(() => channel.close('the handshake takes too long'), 2 * echoInterval)
  try {
    let version: number | undefined
    let offered = ''
    // Done synchronously, because a message right after the hello is already of the agreed version.
    const requests = new Requests(channel, (hello) => {
      version = commonVersion(hello, versions)
      offered = offerOf(hello)
      channel.version = version ?? (Math.min(highest(hello), Math.max(...versions)) || 1)
    })
    requests.send({ type: 'hello', versions })
    const { type } = await requests.first
    if (type !== 'hello') throw new OpenFlowError('malformed', `the first message is ${type}, not hello`)
    if (version === undefined) throw refuse(channel, versions, offered)
    const features = await requests.request({ type: 'features_request' })
    return new Session(requests, features)
  } catch (error) {
    channel.close(error instanceof Error ? error.message : String(error))
    throw error
  } finally {
    clearTimeout(late)
  }
}

/** The highest version in both bitmaps. Without a bitmap, the lower of the two highest versions. */
function commonVersion(hello: Decoded, ours: readonly number[]): number | undefined {
  if (hello.type !== 'hello') return undefined
  const { versions } = hello
  if (versions) return Math.max(...ours.filter((version) => versions.includes(version)), 0) || undefined
  const version = Math.min(hello.version, Math.max(...ours))
  return ours.includes(version) ? version : undefined
}

/**
 * The highest version of a peer that has none in common with us. If it is older than ours, the error is sent in it
 * (6.3.1).
 */
const highest = (hello: Decoded): number =>
  hello.type === 'hello' && hello.versions?.length
    ? Math.min(hello.version, Math.max(...hello.versions))
    : hello.version

/** The versions of a peer, in words. */
const offerOf = (hello: Decoded): string =>
  hello.type === 'hello' && hello.versions
    ? hello.versions.map(versionName).join(', ') || 'none'
    : `${versionName(hello.version)} at most`

function refuse(channel: Channel, versions: readonly number[], offered: string): OpenFlowError {
  const ours = versions.map(versionName).join(', ')
  const message = `no common OpenFlow version: this side speaks ${ours}, the peer ${offered}`
  if (!channel.isClosed)
    channel.send({ type: 'error', ...HELLO_INCOMPATIBLE, data: new TextEncoder().encode(message) }, 0)
  return new OpenFlowError('no-common-version', message)
}
