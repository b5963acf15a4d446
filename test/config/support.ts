/** Configurations for tests, read as the program reads them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parseCommandLine } from '../../src/cli.ts'
import type { Config } from '../../src/config/config.ts'

/** The sources of a configuration. */
export interface Sources {
  /** The text of the configuration file. */
  readonly yaml?: string
  readonly env?: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
}

/** @throws ConfigError */
export function configOf(t: Test, { yaml, env = {}, flags = [] }: Sources): Config {
  const file = join(t.testdir(), 'plugboard.yaml')
  if (yaml !== undefined) writeFileSync(file, yaml)
  const command = parseCommandLine([...(yaml === undefined ? [] : ['--config', file]), ...flags], env)
  if (command.name !== 'run') throw new Error(command.name)
  return command.config
}

/** The SHA-256 digest of a token. */
export const DIGEST = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
