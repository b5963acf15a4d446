/** Parses the command line into a command and its configuration. */

import { type Config, configure } from './config/config.ts'
import { FILE_VARIABLE } from './config/environment.ts'
import { findFlag, flagOf, fromText, type Given, KEYS, type Key, suggestion, variableOf } from './config/keys.ts'
import { PKI_COMMANDS, type PkiCommand } from './pki/pki-commands.ts'

export type Command =
  | { readonly name: 'run'; readonly config: Config }
  | { readonly name: 'store dump'; readonly config: Config }
  /** `file`: the path of the dump; undefined: standard input. */
  | { readonly name: 'store load'; readonly config: Config; readonly file: string | undefined }
  /** `names`: addresses of the controller, or system-ids. */
  | { readonly name: 'pki'; readonly make: PkiCommand; readonly directory: string; readonly names: readonly string[] }
  | { readonly name: 'help' }
  | { readonly name: 'version' }

/** The command line is wrong. The message is one line. */
export class UsageError extends Error {
  constructor(message: string) {
    super(`${message} (--help tells more)`)
    this.name = 'UsageError'
  }
}

/**
 * @param argv the arguments after the name of the program
 * @throws UsageError; ConfigError if the configuration is wrong
 */
export function parseCommandLine(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const words: string[] = []
  const given: Given[] = []
  let file = env[FILE_VARIABLE] || undefined
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    if (argument === '--help' || argument === '-h') return { name: 'help' }
    if (argument === '--version' || argument === '-V') return { name: 'version' }
    if (argument.startsWith('-') && argument !== '-') {
      const [flag = '', ...inline] = argument.split('=')
      const key = flag === '--config' ? undefined : keyOf(flag)
      const stands = key?.setting.isSwitch && inline.length === 0 && !/^(true|false)$/.test(argv[index + 1] ?? '')
      const text = stands ? 'true' : inline.length > 0 ? inline.join('=') : argv[++index]
      if (text === undefined || (inline.length === 0 && text.startsWith('--'))) {
        throw new UsageError(`${flag} needs a value: ${key ? key.setting.form : 'FILE'}`)
      }
      if (key) given.push(fromText(key, text, flag))
      else file = text
    } else words.push(argument)
  }
  return commandOf(words, () => configure(file, env, given))
}

function keyOf(flag: string): Key {
  const key = findFlag(flag)
  if (key) return key
  const known = ['--config', '--help', '--version', ...KEYS.map((key) => flagOf(key))]
  throw new UsageError(`there is no flag ${flag}${suggestion(flag, known)}`)
}

const COMMANDS = ['store dump', 'store load', ...PKI_COMMANDS.map((name) => `pki ${name}`)]

function commandOf(words: readonly string[], config: () => Config): Command {
  const [first, second, file, ...more] = words
  const name = [first, second].join(' ')
  if (first === undefined) return { name: 'run', config: config() }
  if (name === 'store dump' && file === undefined) return { name, config: config() }
  if (name === 'store load' && more.length === 0)
    return { name, config: config(), file: file === '-' ? undefined : file }
  const make = PKI_COMMANDS.find((each) => name === `pki ${each}`)
  if (make) return pkiCommand(make, words.slice(2))
  throw new UsageError(`there is no command ${words.join(' ')}${suggestion(words.join(' '), COMMANDS)}`)
}

function pkiCommand(make: PkiCommand, [directory, ...names]: readonly string[]): Command {
  if (directory === undefined) throw new UsageError(`pki ${make} needs the directory of the authority`)
  if (make === 'ca' && names.length > 0) throw new UsageError('pki ca takes a directory alone')
  if (make === 'controller' && names.length === 0)
    throw new UsageError('pki controller needs the addresses at which it is reached, after the directory')
  if (make === 'host' && names.length === 0)
    throw new UsageError('pki host needs the system-id of each hypervisor, after the directory')
  return { name: 'pki', make, directory, names }
}

export const help = (): string => `Plugboard: a network controller for clouds on Open vSwitch.

Usage:
  plugboard [--config FILE] [FLAG VALUE]...           run the controller
  plugboard store dump [FLAG VALUE]... > FILE         write the store as lines of JSON, also while the controller runs
  plugboard store load [FLAG VALUE]... [FILE]         fill an empty store from such lines; from standard input without FILE
  plugboard pki ca DIRECTORY                          make a certificate authority for TLS
  plugboard pki controller DIRECTORY ADDRESS...       make the certificate of the controller, for its addresses
  plugboard pki host DIRECTORY SYSTEM-ID...           make the certificate of each hypervisor
  plugboard --help | --version

Flags override variables, which override the configuration file (YAML), which overrides the defaults.

  --config FILE
  ${FILE_VARIABLE}
      The configuration file.

${KEYS.map(helpOf).join('\n')}`

const helpOf = (key: Key): string => `  ${flagOf(key)} ${key.setting.form}
  ${variableOf(key)}
      ${key.setting.words}${key.setting.structured ? ' As YAML or JSON.' : ''}
      Default: ${defaultOf(key)}
`

function defaultOf({ path, setting }: Key): string {
  if (setting.initial === undefined) return 'none'
  const text = typeof setting.initial === 'string' ? setting.initial : JSON.stringify(setting.initial)
  return path.includes('*') ? `${text} on the one named physnet1, if none is named` : text
}
