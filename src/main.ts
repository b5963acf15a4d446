#!/usr/bin/env node
/** The `plugboard` command: it reads the configuration, handles signals and sets the exit code. No other file does. */
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import { openAudit } from './audit-file.ts'
import { help, parseCommandLine, UsageError } from './cli.ts'
import { type Config, ConfigError } from './config/config.ts'
import { warnOfOpenDoors } from './open-doors.ts'
import { PkiError } from './pki/openssl.ts'
import { runPki } from './pki/pki-commands.ts'
import type { Server } from './server.ts'
import { readDump, writeDump } from './store/commands.ts'
import { StoreError } from './store/store.ts'
import { Systemd } from './systemd.ts'
import { version } from './version.ts'

/** Exit codes. */
const FAILED = 1
const MISUSED = 2

/** How long the end waits for the last lines of the log to be written. */
const MAX_LOG_FLUSH_MS = 300

async function main(): Promise<void> {
  const command = parseCommandLine(process.argv.slice(2), process.env)
  switch (command.name) {
    case 'help':
      return void process.stdout.write(help())
    case 'version':
      return void process.stdout.write(`${version()}\n`)
    case 'store dump':
      return await writeDump(command.config.store.path, process.stdout)
    case 'store load': {
      const { config, file } = command
      const entries = await readDump(config.store.path, file, process.stdin, process.stderr)
      return void process.stdout.write(`the store ${config.store.path} has ${entries} entries now\n`)
    }
    case 'pki':
      return void process.stdout.write(await runPki(command.make, command.directory, command.names))
    case 'run':
      return await run(command.config)
  }
}

async function run(config: Config): Promise<void> {
  const output = pino.destination({ fd: process.stdout.fd, sync: false })
  const log = pino({ level: config.log.level }, output)
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, `${event}: the state of the process is unknown, exiting`)
      process.exit(FAILED)
    })
  }
  // Warnings of Node and of packages go to the log, not to standard error.
  process.removeAllListeners('warning')
  process.on('warning', (warning) => log.warn({ err: warning }, 'runtime warning'))
  const stopping = stopSignal()
  const systemd = new Systemd(process.env, log)
  const hangups = new Hangups()
  // Imported here, so that the other commands do not wait for it to load.
  const { start } = await import('./server.ts')
  const audit = openAudit(config.audit.path, log)
  const server = await start(config, log, audit.log, version())
  warnOfOpenDoors(config, log)
  hangups.listen(() => {
    reload(server, log)
    audit.reopen()
  })
  log.info({ version: version(), ...server.addresses, store: config.store.path }, 'plugboard is ready')
  systemd.ready(`the API listens on ${server.addresses.http}`)
  log.info({ signal: await stopping }, 'stopping')
  systemd.stopping()
  const closed = await server.stop()
  log.info({ storeClosed: closed }, 'stopped')
  // Log lines are written in the background. If nobody reads them any more, the wait ends after a short time.
  output.end()
  await Promise.race([once(output, 'close'), setTimeout(MAX_LOG_FLUSH_MS)])
  process.exit(closed ? 0 : FAILED)
}

/** Reads the configuration again. With a mistake in it, everything stays as it is. */
function reload(server: Server, log: Logger): void {
  try {
    const command = parseCommandLine(process.argv.slice(2), process.env)
    if (command.name !== 'run') return
    const needRestart = server.reload(command.config)
    log.level = command.config.log.level
    log.info('the configuration was reloaded')
    if (needRestart.length > 0)
      log.warn({ keys: needRestart }, 'these keys have changed and take effect with a restart')
  } catch (error) {
    if (!(error instanceof ConfigError)) log.error({ err: error }, 'the configuration was not reloaded')
    else
      log.error(
        { reason: error.message },
        'the configuration was not reloaded: it has a mistake, and the old one stays',
      )
  }
}

/** The signal SIGHUP, which asks to read the configuration again. One that comes during the start is answered after it. */
class Hangups {
  #isPending = false
  #answer = () => {
    this.#isPending = true
  }

  constructor() {
    process.on('SIGHUP', () => this.#answer())
  }

  listen(answer: () => void): void {
    this.#answer = answer
    if (this.#isPending) answer()
  }
}

/**
 * Resolves with the first signal to stop. Further signals have no effect: stopping takes a limited time anyway, and under npm
 * a Ctrl-C arrives twice, from the terminal and from npm.
 */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal))
  })
}

try {
  await main()
} catch (error) {
  const expected =
    error instanceof UsageError ||
    error instanceof ConfigError ||
    error instanceof StoreError ||
    error instanceof PkiError ||
    isSystemError(error)
  process.stderr.write(
    expected ? `plugboard: ${error.message}\n` : `plugboard: ${error instanceof Error ? error.stack : String(error)}\n`,
  )
  process.exit(error instanceof UsageError ? MISUSED : FAILED)
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}
