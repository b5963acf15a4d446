/** The command line of the real program: refused arguments, its output, and dumping and loading stores. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { MAIN, run, runWith, send, start, storeIn } from './support/program.ts'

t.jobs = 3
t.setTimeout(600_000)

t.test('an address that is in use is reported in one line', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const place = taken.address()
  const address = `127.0.0.1:${typeof place === 'object' ? place?.port : ''}`
  for (const key of ['http', 'openflow', 'ovsdb']) {
    const plugboard = start(t, storeIn(t), `--${key}-listen`, address)
    t.equal(await plugboard.ended, 1)
    const words = 'another program listens there already; allowed: an address of this machine with a free port'
    t.equal(await plugboard.errors, `plugboard: ${key}.listen holds ${address}: ${words}\n`)
  }
  const plugboard = start(t, storeIn(t), '--ovsdb-listen', '192.0.2.1:6640')
  t.equal(await plugboard.ended, 1)
  t.match(
    await plugboard.errors,
    /^plugboard: ovsdb\.listen holds 192\.0\.2\.1:6640: this machine has no such address;/,
  )
})

t.test('a store that is in use or missing is reported in one line', async (t) => {
  const store = storeIn(t)
  const first = start(t, store)
  await first.ready()
  const second = start(t, store)
  t.equal(await second.ended, 1)
  t.match(
    await second.errors,
    /^plugboard: the store .* cannot be opened: another process has it open: stop that one first.*\n$/,
  )
  t.equal(await first.stop(), 0)
  const third = start(t, '/dev/null')
  t.equal(await third.ended, 1)
  t.equal(await third.errors, 'plugboard: the store /dev/null cannot be opened: it is not a directory\n')
})

t.test('a mistake on the command line or in the configuration is reported in one line', async (t) => {
  t.match(await run('--http-listen', '0.0.0.0:80'), {
    status: 1,
    stdout: '',
    stderr: /^plugboard: http\.listen holds "0\.0\.0\.0:80", and auth\.tokens is empty: [^\n]*\n$/,
  })
  t.match(await run('--log-level', 'loud'), {
    status: 1,
    stdout: '',
    stderr: /^plugboard: log\.level holds "loud" [^\n]*\n$/,
  })
  t.match(await run('--htpp-listen', 'x'), {
    status: 2,
    stdout: '',
    stderr: /^plugboard: there is no flag --htpp-listen: did you mean --http-listen\?[^\n]*\n$/,
  })
  t.match(await run('sotre', 'dump'), {
    status: 2,
    stdout: '',
    stderr: /^plugboard: there is no command sotre dump: did you mean store dump\?[^\n]*\n$/,
  })
})

t.test('--help and --version', async (t) => {
  t.match(await run('--help'), { status: 0, stdout: /--http-listen ADDRESS:PORT/, stderr: '' })
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  t.match(await run('--version'), { status: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('a store is dumped while it is in use, loaded elsewhere, and served from there', async (t) => {
  const store = storeIn(t)
  const first = start(t, store)
  const { body } = await send<{ id: string }>(`${await first.ready()}/v1/projects/p1/vnics`, 'POST', { name: 'eth0' })
  const dumped = await run('store', 'dump', '--store-path', store)
  t.match(dumped, { status: 0, stderr: '' })
  t.equal(await first.stop(), 0)

  const copy = `${store}-copy`
  const file = `${store}.jsonl`
  writeFileSync(file, dumped.stdout)
  const entries = dumped.stdout.trimEnd().split('\n').length - 1
  t.match(await run('store', 'load', '--store-path', copy, file), {
    status: 0,
    stdout: `the store ${copy} has ${entries} entries now\n`,
    stderr: '',
  })
  t.match(await run('store', 'load', '--store-path', copy, file), {
    status: 1,
    stdout: '',
    stderr: /^plugboard: the store .* is not empty: [^\n]*\n$/,
  })
  t.match(await run('store', 'load', '--store-path', copy, '/no/such/file'), {
    status: 1,
    stderr: /^plugboard: ENOENT: [^\n]*\/no\/such\/file'\n$/,
  })
  t.match(await run('store', 'dump', '--store-path', `${store}-none`), {
    status: 1,
    stdout: '',
    stderr: /cannot be opened: there is none\n$/,
  })

  const piped = await runWith(dumped.stdout, 'store', 'load', '--store-path', `${store}-piped`)
  t.match(piped, { status: 0, stderr: '' })
  t.equal((await run('store', 'dump', '--store-path', `${store}-piped`)).stdout, dumped.stdout)
  const broken = await runWith(`${dumped.stdout}nonsense`, 'store', 'load', '--store-path', `${store}-broken`)
  t.match(broken, {
    status: 1,
    stdout: '',
    stderr: new RegExp(`^plugboard: line ${entries + 2} of the dump is not right: [^\\n]*\\n$`),
  })

  const second = start(t, copy)
  t.match(await send(`${await second.ready()}/v1/projects/p1/vnics/${body.id}`, 'GET'), {
    status: 200,
    body: { name: 'eth0' },
  })
  t.equal(await second.stop(), 0)
})

t.test('a dump whose reader ends stops without a stack trace', async (t) => {
  const store = storeIn(t)
  const first = start(t, store)
  await first.ready()
  const child = spawn(process.execPath, [MAIN, 'store', 'dump', '--store-path', store], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  t.match(errors, /^(plugboard: write EPIPE\n)?$/)
  t.ok(code === 0 || code === 1)
  t.equal(await first.stop(), 0)
})
