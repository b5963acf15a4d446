/** The controller under test: the real program in its own namespace. This process can reach its HTTP API. */
import { open, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Channel } from './channel.ts'
import { LabError } from './channel.ts'
import { until } from './until.ts'

/** In the built package, the program is JavaScript. */
const main = fileURLToPath(new URL(`../src/main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url))

/** A machine for a controller, and the address at which hypervisors reach it. */
export interface ControllerPlace {
  readonly machine: string
  readonly address: string
}

/** The OVSDB address of the first controller of a lab. */
export const controllerAddress = '172.30.0.1:6640'
export const controllerPlace = (number: number): ControllerPlace => ({
  machine: number === 1 ? 'controller' : `controller${number}`,
  address: `172.30.0.${number}:6640`,
})

export interface ControllerSettings {
  /** The number of the lab's controller machine on which it runs, from 1. */
  readonly number?: number
  /** The text of the configuration file. The defaults suit the lab. */
  readonly config?: string
  readonly flags?: readonly string[]
  /** The file for its output. Default: a file that is removed with the lab. */
  readonly log?: string
}

export class Controller {
  readonly #channel: Channel
  readonly #arguments: readonly string[]
  readonly #relay: Server
  #process: { pid: number; exit: Promise<number> } | undefined
  readonly #place: ControllerPlace
  /** The directory of its store, unless `start` names another. */
  readonly store: string
  /** The file with its output, of all starts. */
  readonly log: string
  /** Its base URL on this machine's loopback. */
  readonly url: string

  /** The address for `set-manager` on a hypervisor that joins this controller. */
  get address(): string {
    return this.#place.address
  }

  get isRunning(): boolean {
    return this.#process !== undefined
  }

  static async create(
    channel: Channel,
    directory: string,
    { number = 1, config = '', flags = [], log }: ControllerSettings,
  ): Promise<Controller> {
    const place = controllerPlace(number)
    const own = `${directory}/${place.machine}`
    const file = `${own}.yaml`
    await writeFile(file, config)
    const socket = `${own}.sock`
    await channel.call('relay', { machine: place.machine, path: socket, port: 9797 })
    const relay = createServer((incoming) => {
      const onward = connect(socket)
      // If one end breaks, the relay closes the other one, too.
      incoming.on('error', () => onward.destroy()).on('close', () => onward.destroy())
      onward.on('error', () => incoming.destroy()).on('close', () => incoming.destroy())
      incoming.pipe(onward).pipe(incoming)
    })
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    const store = `${own}-store`
    const args = ['--config', file, '--store-path', store, ...flags]
    return new Controller(channel, place, relay, { log: log ?? `${own}.log`, store }, args)
  }

  private constructor(
    channel: Channel,
    place: ControllerPlace,
    relay: Server,
    { log, store }: { readonly log: string; readonly store: string },
    args: readonly string[],
  ) {
    this.#channel = channel
    this.#place = place
    this.#relay = relay
    this.#arguments = args
    this.log = log
    this.store = store
    const address = relay.address()
    this.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`
  }

  /**
   * Starts the controller, also after it was stopped or killed. Returns when `/readyz` reports that it is ready.
   * @param flags further flags, for this start only
   */
  async start(...flags: readonly string[]): Promise<void> {
    const argv = [process.execPath, main, ...this.#arguments, ...flags]
    const { pid } = await this.#channel.call<{ pid: number }>('spawn', {
      machine: this.#place.machine,
      argv,
      log: this.log,
      env: {},
    })
    let code: number | undefined
    const exit = this.#channel.exit(pid).then((ended) => {
      code = ended
      return ended
    })
    this.#process = { pid, exit }
    const ready = await until('the controller to be ready', async () => {
      if (code !== undefined) return 'ended'
      return (await fetch(`${this.url}/readyz`)).ok && 'ready'
    })
    if (ready === 'ended') throw new LabError(`the controller ended with ${code}:\n${await this.lastLines()}`)
  }

  /** Sends a signal, and waits for the end. @returns the exit code; negative: the signal that ended the process */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number> {
    const running = this.#process
    if (running === undefined) throw new LabError('the controller is not running')
    this.#process = undefined
    await this.#channel.call('kill', { pid: running.pid, signal_number: signal === 'SIGKILL' ? 9 : 15 })
    return await running.exit
  }

  /** Asks it to read its configuration again. Returns when the log says what became of that. */
  async reload(): Promise<Record<string, unknown>> {
    const running = this.#process
    if (running === undefined) throw new LabError('the controller is not running')
    const said = async () =>
      (await this.logLines()).filter(({ msg }) => String(msg).startsWith('the configuration was'))
    const before = (await said()).length
    await this.#channel.call('kill', { pid: running.pid, signal_number: 1 })
    return until('the controller to reload', async () => (await said())[before])
  }

  /** Closes the relay, so that this process can end. */
  close(): void {
    this.#relay.close()
    this.#relay.unref()
  }

  /** The last lines of its log, for the report of a failure. */
  async lastLines(count = 40): Promise<string> {
    const file = await open(this.log)
    try {
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read({
        buffer: Buffer.alloc(Math.min(size, 50_000)),
        position: Math.max(0, size - 50_000),
      })
      return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-count).join('\n')
    } finally {
      await file.close()
    }
  }

  /** All lines of its log, parsed. Lines that are not JSON are left out. */
  async logLines(): Promise<readonly Record<string, unknown>[]> {
    const text = await readFile(this.log, 'utf8')
    return text
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}
