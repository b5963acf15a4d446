/**
 * The OpenFlow channel: one connection, below the level of requests. It converts octets to messages and back, sends and
 * answers echo requests, applies backpressure, and ends with a reason. Messages that are sent in one turn of the event
 * loop leave in one write.
 */
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { asRefusal } from '../messages/codec.ts'
import { type Decoded, type Message, readMessage, writeMessage } from '../messages/message.ts'
import { reader, Writer } from '../wire/cursor.ts'
import { BAD_LEN, BAD_VERSION } from '../wire/error-values.ts'
import { Framer } from '../wire/framer.ts'
import type { ErrorValue } from '../wire/openflow-error.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'

/** Why a connection has ended. */
export interface Closed {
  readonly reason: string
}

interface Options {
  /** Milliseconds of silence after which the peer is probed, and after the same time again the connection is closed. */
  readonly echoInterval: number
  /** The initial wire version. */
  readonly version: number
  /** Milliseconds in which a peer must answer a request, and must read some of what waits for it. */
  readonly timeoutMs: number
  /** The maximum number of octets that wait for a peer that does not read. */
  readonly maxWaiting: number
}

/** Octets that are collected before they are written to the socket. */
const BATCH_OCTETS = 65_536
/** Limits the answers to a peer that sends only invalid messages. */
const MAX_ERRORS_PER_SECOND = 100
/** Octets of a refused message that are sent back with the error. */
const ERROR_DATA_OCTETS = 64
/** Milliseconds for the last octets to leave when a connection is closed. */
const CLOSE_TIMEOUT_MS = 1_000
/** Milliseconds of one turn of the event loop that may be spent on reading. */
const READ_SLICE_MS = 4
const ERROR_MESSAGE = 1

export class Channel {
  readonly closed: Promise<Closed>
  readonly remoteAddress: string
  readonly localAddress: string
  /** Undefined without TLS. */
  readonly certificate: X509Certificate | undefined
  readonly timeoutMs: number
  /** The maximum number of octets that wait for a peer that does not read. */
  maxWaiting: number
  /** Receives each message with its length, except echo messages. */
  receive: (message: Decoded, octets: number) => void = () => {}
  /** Receives each message that could not be decoded. */
  unreadable: (xid: number, error: OpenFlowError, frame: Uint8Array) => void = () => {}
  readonly #socket: Socket
  readonly #framer = new Framer()
  readonly #probe: NodeJS.Timeout
  #out: Writer
  readonly #waiting: Array<() => void> = []
  /** The holders that have stopped reading. */
  readonly #holders = new Set<object>()
  #flushing = false
  #unread: NodeJS.Timeout | undefined
  /** Milliseconds of this turn of the event loop that were spent on reading. */
  #spent = 0
  /** The start of the second in which errors are counted, and their number. */
  #second = 0
  #errors = 0
  #probing = false
  #end: Closed | undefined
  #resolveClosed: (closed: Closed) => void = () => {}

  constructor(socket: Socket, { echoInterval, version, timeoutMs, maxWaiting }: Options) {
    this.#socket = socket
    this.timeoutMs = timeoutMs
    this.maxWaiting = maxWaiting
    this.remoteAddress = `${socket.remoteAddress ?? 'local'}${socket.remotePort === undefined ? '' : `:${socket.remotePort}`}`
    this.localAddress = `${socket.localAddress ?? 'local'}${socket.localPort === undefined ? '' : `:${socket.localPort}`}`
    this.certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
    this.#out = new Writer(version)
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#probe = setTimeout(() => this.#silence(), echoInterval)
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#data(chunk))
    socket.on('error', (error) => this.close(`connection lost: ${error.message}`))
    socket.on('close', () => this.close('closed by the peer'))
    socket.on('drain', () => this.#drained())
    socket.on('end', () => this.close('closed by the peer'))
  }

  get version(): number {
    return this.#out.version
  }

  /** Sets the version of the messages from now on. */
  set version(version: number) {
    this.#flush()
    this.#out = new Writer(version)
  }

  get isClosed(): boolean {
    return this.#end !== undefined
  }

  /** Whether the peer does not read as fast as messages are sent. */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain
  }

  /** @throws OpenFlowError if a field cannot hold its value; then nothing of the message is sent */
  send(message: Message, xid: number): void {
    if (this.#end) throw new OpenFlowError('closed', `the connection is closed: ${this.#end.reason}`)
    const start = this.#out.length
    try {
      writeMessage(this.#out, message, xid)
    } catch (error) {
      this.#out.rewind(start)
      throw asRefusal(message, error)
    }
    if (this.#out.length >= BATCH_OCTETS) this.#flush()
    else if (!this.#flushing) {
      this.#flushing = true
      queueMicrotask(() => this.#flush())
    }
  }

  /** Whether a holder has stopped reading. */
  get isHeld(): boolean {
    return this.#holders.size > 0
  }

  /** Stops reading until `holder` calls `release`. */
  hold(holder: object): void {
    this.#holders.add(holder)
    this.#socket.pause()
  }

  release(holder: object): void {
    if (!this.#holders.delete(holder) || this.isHeld) return
    this.#heard()
    if (this.#spent <= READ_SLICE_MS) this.#socket.resume()
  }

  /** Resolves when the peer has read enough that more may be sent, or when the connection has ended. */
  async drained(): Promise<void> {
    this.#flush()
    if (this.#end || !this.#socket.writableNeedDrain) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Ends the connection after everything that was sent has left. The first reason counts. */
  close(reason: string): void {
    if (this.#end) return
    this.#flush()
    this.#end = { reason }
    clearTimeout(this.#probe)
    this.#holders.clear()
    this.#socket.destroySoon()
    const cut = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS)
    this.#socket.once('close', () => clearTimeout(cut))
    this.#drained()
    this.#resolveClosed(this.#end)
  }

  #drained(): void {
    clearTimeout(this.#unread)
    this.#unread = undefined
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #flush(): void {
    this.#flushing = false
    if (this.#end || this.#out.length === 0) return
    const taken = this.#socket.write(this.#out.take())
    if (this.#socket.writableLength > this.maxWaiting)
      this.close(`the peer does not read: more than ${this.maxWaiting} octets wait`)
    else if (!taken && !this.#unread) this.#watchReading(this.#gone)
  }

  /** The number of octets that the peer has accepted. */
  get #gone(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength
  }

  /** Closes the connection if the peer accepts nothing in time while octets wait. */
  #watchReading(before: number): void {
    this.#unread = setTimeout(() => {
      // If this process was busy, it may not know yet that octets were accepted.
      setImmediate(() => {
        if (this.#end || !this.#unread) return
        if (this.#gone > before) this.#watchReading(this.#gone)
        else this.close(`the peer has read nothing for ${this.timeoutMs} ms`)
      })
    }, this.timeoutMs)
  }

  #heard(): void {
    this.#probing = false
    if (!this.#end) this.#probe.refresh()
  }

  #data(chunk: Uint8Array): void {
    this.#heard()
    const began = performance.now()
    try {
      for (const frame of this.#framer.push(chunk)) {
        if (this.#end) return
        this.#message(frame)
      }
    } catch (error) {
      // The start of the next message is unknown after a framing error.
      const told =
        error instanceof OpenFlowError ? error : new OpenFlowError('malformed', String(error), { cause: error })
      this.refuse(told.error ?? BAD_LEN, chunk, 0)
      this.close(told.message)
    }
    this.#yield(performance.now() - began)
  }

  /** Up to 32 chunks come in one turn of the event loop. After some milliseconds the rest waits for the next turn. */
  #yield(spent: number): void {
    if (this.#spent === 0) setImmediate(() => this.#next())
    this.#spent += spent
    if (this.#spent > READ_SLICE_MS) this.#socket.pause()
  }

  #next(): void {
    if (this.#spent > READ_SLICE_MS && !this.isHeld) this.#socket.resume()
    this.#spent = 0
  }

  #message(frame: Uint8Array): void {
    const head = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
    const version = head.getUint8(0)
    const xid = head.getUint32(4)
    try {
      const message = readMessage(reader(version, frame))
      if (message.type === 'echo_request')
        this.send({ type: 'echo_reply', data: message.data ?? new Uint8Array() }, xid)
      else if (version !== this.version && head.getUint8(1) > ERROR_MESSAGE + 2) this.refuse(BAD_VERSION, frame, xid)
      else this.receive(message, frame.length)
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error
      if (head.getUint8(1) !== ERROR_MESSAGE) this.refuse(error.error ?? BAD_LEN, frame, xid)
      this.unreadable(xid, error, frame)
    }
  }

  /** Answers a message with an error, unless there were too many within this second. */
  refuse(error: ErrorValue, frame: Uint8Array, xid: number): void {
    const now = performance.now()
    if (now - this.#second >= 1000) [this.#second, this.#errors] = [now, 0]
    this.#errors += 1
    if (this.#end || this.#errors > MAX_ERRORS_PER_SECOND) return
    this.send({ type: 'error', ...error, data: frame.slice(0, ERROR_DATA_OCTETS) }, xid)
  }

  /** Called when nothing has come for a whole interval. */
  #silence(): void {
    if (this.#end) return
    // While reading is stopped, silence means nothing.
    if (this.isHeld) this.#probe.refresh()
    else if (!this.#probing) {
      this.#probing = true
      this.send({ type: 'echo_request' }, 0)
      this.#probe.refresh()
    } else {
      // If this process was busy, the answer may be waiting to be read.
      setImmediate(() => {
        if (this.#probing && !this.isHeld) this.close('no answer to an echo request: the connection is half open')
      })
    }
  }
}
