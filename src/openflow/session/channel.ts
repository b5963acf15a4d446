/**
 * One connection, below the level of requests: octets to messages and back, echo in both directions, backpressure, and an
 * end with a reason. Messages of one turn of the event loop leave in one write.
 */
import type { Socket } from 'node:net'
import { asRefusal } from '../messages/codec.ts'
import { type Decoded, type Message, readMessage, writeMessage } from '../messages/message.ts'
import { reader, Writer } from '../wire/cursor.ts'
import { BAD_LEN, BAD_VERSION, type ErrorValue } from '../wire/error-values.ts'
import { Framer } from '../wire/framer.ts'
import { OpenFlowError } from '../wire/openflow-error.ts'

/** Why a connection has ended. */
export interface Closed {
  readonly reason: string
}

interface Options {
  /** Milliseconds of silence after which the peer is probed, and after which again it is given up. */
  readonly echoInterval: number
  /** The wire version to begin with. */
  readonly version: number
  /** Milliseconds in which a peer must answer a request, and read some of what waits for it. */
  readonly patience: number
}

/** Octets that are collected before they are handed to the socket. */
const BATCH = 65_536
/** Octets that may wait for a peer that does not read. */
const MOST_WAITING = 256 * 1024 * 1024
/** Errors that are told in a second: a peer that sends wrong messages only is not answered without end. */
const MOST_ERRORS = 100
/** Octets of a message that are sent back with an error. */
const ERROR_DATA = 64
/** Milliseconds in which the last octets must have gone when a connection is closed. */
const LAST_WORDS = 1_000
/** Milliseconds of one turn of the event loop that go into reading. */
const SLICE = 4
const ERROR_TYPE = 1

export class Wire {
  readonly closed: Promise<Closed>
  readonly remoteAddress: string
  readonly localAddress: string
  readonly patience: number
  /** Handed each message with its length, echo aside. */
  receive: (message: Decoded, octets: number) => void = () => {}
  /** Told of each message that could not be read. */
  unreadable: (xid: number, error: OpenFlowError, frame: Uint8Array) => void = () => {}
  readonly #socket: Socket
  readonly #framer = new Framer()
  readonly #probe: NodeJS.Timeout
  #out: Writer
  readonly #waiting: Array<() => void> = []
  /** Those for whom nothing is read. */
  readonly #holders = new Set<object>()
  #flushing = false
  #unread: NodeJS.Timeout | undefined
  /** Milliseconds of this turn of the event loop that went into reading. */
  #spent = 0
  /** When the second began in which errors are counted, and how many there were. */
  #second = 0
  #errors = 0
  #probing = false
  #end: Closed | undefined
  #resolveClosed: (closed: Closed) => void = () => {}

  constructor(socket: Socket, { echoInterval, version, patience }: Options) {
    this.#socket = socket
    this.patience = patience
    this.remoteAddress = `${socket.remoteAddress ?? 'local'}${socket.remotePort === undefined ? '' : `:${socket.remotePort}`}`
    this.localAddress = `${socket.localAddress ?? 'local'}${socket.localPort === undefined ? '' : `:${socket.localPort}`}`
    this.#out = new Writer(version, 2 * BATCH)
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

  /** From now on messages are of this version. */
  set version(version: number) {
    this.#flush()
    this.#out = new Writer(version, 2 * BATCH)
  }

  get isClosed(): boolean {
    return this.#end !== undefined
  }

  /** Does the peer lag behind in reading? */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain
  }

  /** @throws OpenFlowError if a field cannot hold its value: then nothing of the message is sent */
  send(message: Message, xid: number): void {
    if (this.#end) throw new OpenFlowError('closed', `the connection is closed: ${this.#end.reason}`)
    const start = this.#out.length
    try {
      writeMessage(this.#out, message, xid)
    } catch (error) {
      this.#out.rewind(start)
      throw asRefusal(message, error)
    }
    if (this.#out.length >= BATCH) this.#flush()
    else if (!this.#flushing) {
      this.#flushing = true
      queueMicrotask(() => this.#flush())
    }
  }

  /** Is reading stopped by those who must first take what has come? */
  get isHeld(): boolean {
    return this.#holders.size > 0
  }

  /** Read nothing more until `holder` lets go. */
  hold(holder: object): void {
    this.#holders.add(holder)
    this.#socket.pause()
  }

  release(holder: object): void {
    if (!this.#holders.delete(holder) || this.isHeld) return
    this.#heard()
    if (this.#spent <= SLICE) this.#socket.resume()
  }

  /** Resolves when the peer has read enough that more may be sent, or the connection has ended. */
  async drained(): Promise<void> {
    this.#flush()
    if (this.#end || !this.#socket.writableNeedDrain) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** End the connection once what was sent has gone. The first reason counts. */
  close(reason: string): void {
    if (this.#end) return
    this.#flush()
    this.#end = { reason }
    clearTimeout(this.#probe)
    this.#holders.clear()
    this.#socket.destroySoon()
    const cut = setTimeout(() => this.#socket.destroy(), LAST_WORDS)
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
    if (this.#socket.writableLength > MOST_WAITING) this.close(`the peer does not read: ${MOST_WAITING} octets wait`)
    else if (!taken && !this.#unread) this.#watchReading(this.#gone)
  }

  /** Octets that the peer has taken. */
  get #gone(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength
  }

  /** Octets wait to be read: some must be in time. */
  #watchReading(before: number): void {
    this.#unread = setTimeout(() => {
      // If this process was busy for long, that they are read may not be known yet.
      setImmediate(() => {
        if (this.#end || !this.#unread) return
        if (this.#gone > before) this.#watchReading(this.#gone)
        else this.close(`the peer has read nothing for ${this.patience} ms`)
      })
    }, this.patience)
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
      // Where the next message begins is not known any more.
      const told =
        error instanceof OpenFlowError ? error : new OpenFlowError('malformed', String(error), { cause: error })
      this.refuse(told.error ?? BAD_LEN, chunk, 0)
      this.close(told.message)
    }
    this.#yield(performance.now() - began)
  }

  /** Up to 32 chunks come in one turn of the event loop: after some milliseconds the rest waits for the next. */
  #yield(spent: number): void {
    if (this.#spent === 0) setImmediate(() => this.#next())
    this.#spent += spent
    if (this.#spent > SLICE) this.#socket.pause()
  }

  #next(): void {
    if (this.#spent > SLICE && !this.isHeld) this.#socket.resume()
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
      else if (version !== this.version && head.getUint8(1) > ERROR_TYPE + 2) this.refuse(BAD_VERSION, frame, xid)
      else this.receive(message, frame.length)
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error
      if (head.getUint8(1) !== ERROR_TYPE) this.refuse(error.error ?? BAD_LEN, frame, xid)
      this.unreadable(xid, error, frame)
    }
  }

  /** Answer a message with an error, unless there were many within this second. */
  refuse(error: ErrorValue, frame: Uint8Array, xid: number): void {
    const now = performance.now()
    if (now - this.#second >= 1000) [this.#second, this.#errors] = [now, 0]
    this.#errors += 1
    if (this.#end || this.#errors > MOST_ERRORS) return
    this.send({ type: 'error', ...error, data: frame.slice(0, ERROR_DATA) }, xid)
  }

  /** Nothing has come for a whole interval. */
  #silence(): void {
    if (this.#end) return
    // What it says is not read: its silence says nothing.
    if (this.isHeld) this.#probe.refresh()
    else if (!this.#probing) {
      this.#probing = true
      this.send({ type: 'echo_request' }, 0)
      this.#probe.refresh()
    } else {
      // If this process was busy for long, the answer may be waiting to be read.
      setImmediate(() => {
        if (this.#probing && !this.isHeld) this.close('no answer to an echo request: the connection is half open')
      })
    }
  }
}
