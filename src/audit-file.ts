/** Where the audit log goes: a file of its own, or the log. */
import { type Logger, pino } from 'pino'
import { ConfigError } from './config/config.ts'

export interface AuditFile {
  readonly log: Logger
  /** Opens the file anew, after it was moved away. */
  reopen(): void
}

/**
 * What is recorded does not depend on the level of the log, unless that is silent.
 * @param path undefined: into the log
 * @throws ConfigError if the file cannot be written
 */
export function openAudit(path: string | undefined, log: Logger): AuditFile {
  if (path === undefined) {
    const level = log.level === 'silent' ? 'silent' : 'info'
    return { log: log.child({ audit: true }, { level }), reopen: () => undefined }
  }
  try {
    // Written at once: a line must survive the end of the process.
    const file = pino.destination({ dest: path, append: true, sync: true, mode: 0o600 })
    file.on('error', (error) => log.error({ err: error, path }, 'the audit log cannot be written'))
    return { log: pino({ base: null }, file), reopen: () => file.reopen() }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(
      `audit.path holds "${path}": ${reason}; allowed: the path of a file that can be written`,
      error,
    )
  }
}
