import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { help, parseCommandLine, UsageError } from '../src/cli.ts'
import { flagOf, KEYS, variableOf } from '../src/config/keys.ts'

const path = (...argv: string[]) => {
  const command = parseCommandLine(argv, {})
  return 'config' in command ? [command.name, command.config.store.path] : [command.name]
}

t.test('commands', (t) => {
  t.same(path(), ['run', './plugboard-data'])
  t.same(path('--store-path', '/s'), ['run', '/s'])
  t.same(path('store', 'dump', '--store-path', '/s'), ['store dump', '/s'])
  t.same(path('--store-path=/s', 'store', 'dump'), ['store dump', '/s'], 'flags may come first')
  t.match(parseCommandLine(['store', 'load'], {}), { name: 'store load', file: undefined })
  t.match(parseCommandLine(['store', 'load', '-'], {}), { name: 'store load', file: undefined })
  t.match(parseCommandLine(['store', 'load', 'dump.jsonl'], {}), { name: 'store load', file: 'dump.jsonl' })
  for (const argv of [['--help'], ['-h'], ['store', 'dump', '--help'], ['--log-level', 'info', '--help']])
    t.same(path(...argv), ['help'])
  for (const argv of [['--version'], ['-V']]) t.same(path(...argv), ['version'])
  t.end()
})

t.test('the configuration file may come from a variable; the flag overrides it', (t) => {
  const directory = t.testdir()
  const [one = '', two = ''] = ['one', 'two'].map((name) => {
    const file = join(directory, `${name}.yaml`)
    writeFileSync(file, `store: { path: /${name} }`)
    return file
  })
  t.match(parseCommandLine([], { PLUGBOARD_CONFIG: one }), { config: { store: { path: '/one' } } })
  t.match(parseCommandLine(['--config', two], { PLUGBOARD_CONFIG: one }), { config: { store: { path: '/two' } } })
  t.end()
})

t.test('each mistake is one line with the right form', (t) => {
  const cases: Array<readonly [argv: string[], message: string]> = [
    [['--htpp-listen', 'x'], 'there is no flag --htpp-listen: did you mean --http-listen?'],
    [
      ['--no-such-thing-at-all'],
      'there is no flag --no-such-thing-at-all: it may be one of --config, --help, --version, --http-listen',
    ],
    [['-x'], 'there is no flag -x: '],
    [['--config'], '--config needs a value: FILE'],
    [['--http-listen', '--log-level', 'info'], '--http-listen needs a value: ADDRESS:PORT'],
    [['--physical-networks--vlans', '1'], 'there is no flag --physical-networks--vlans: '],
    [['stort', 'dump'], 'there is no command stort dump: did you mean store dump?'],
    [['store'], 'there is no command store: it may be one of store dump, store load'],
    [['store', 'dump', 'file'], 'there is no command store dump file: '],
    [['store', 'load', 'file', 'other'], 'there is no command store load file other: '],
    [['start'], 'there is no command start: '],
  ]
  for (const [argv, message] of cases) {
    try {
      parseCommandLine(argv, {})
      t.fail(`it is taken: ${argv.join(' ')}`)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      t.match(error.message, message)
      t.match(error.message, /\(--help tells more\)$/)
      t.notMatch(error.message, '\n')
    }
  }
  t.end()
})

t.test('the help has every flag, variable and default', (t) => {
  const text = help()
  for (const key of KEYS) {
    t.match(text, `${flagOf(key)} ${key.setting.form}\n  ${variableOf(key)}\n      ${key.setting.words}`)
  }
  for (const words of [
    'plugboard store dump',
    'plugboard store load',
    'PLUGBOARD_CONFIG',
    'Default: 127.0.0.1:9797',
    'Default: none',
  ]) {
    t.match(text, words)
  }
  t.ok(text.split('\n').every((line) => line.length <= 150))
  t.end()
})

t.test('a flag that switches something on needs no value', (t) => {
  for (const [argv, adopt] of [
    [['--store-adopt'], true],
    [['--store-adopt', 'true'], true],
    [['--store-adopt=false'], false],
    [['--store-adopt', '--log-level', 'warn'], true],
    [[], false],
  ] as const) {
    t.match(parseCommandLine(argv, {}), { name: 'run', config: { store: { adopt } } })
  }
  t.throws(() => parseCommandLine(['--store-adopt=yes'], {}), { message: /store\.adopt holds "yes".*true or false/ })
  t.end()
})
