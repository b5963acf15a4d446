/** The examples of src/ovsdb/README.md run unchanged. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { ERRORS } from '../../src/ovsdb/ovsdb-error.ts'
import { Server, skip } from './server.ts'

const README = new URL('../../src/ovsdb/README.md', import.meta.url)
const INDEX = new URL('../../src/ovsdb/index.ts', import.meta.url)

const examples = [...readFileSync(README, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) =>
  code.replace("'plugboard/ovsdb'", JSON.stringify(INDEX.href)),
)

const run = (server: Server, index: number): { child: ChildProcess; lines: AsyncIterator<string> } => {
  const file = join(server.directory, `example${index}.mts`)
  writeFileSync(file, examples[index] ?? '')
  const child = spawn(process.execPath, [file, `unix:${server.path}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return { child, lines }
}

t.test('the watcher', { skip }, async (t) => {
  await using server = await Server.start()
  server.vsctl('add-br', 'br0')
  const { child, lines } = run(server, 0)
  const line = async () => (await lines.next()).value
  t.equal(await line(), 'there is br0 internal null')
  server.vsctl('add-port', 'br0', 'tap1', '--', 'set', 'Interface', 'tap1', 'type=tap')
  t.equal(await line(), 'there is tap1 tap null')
  server.vsctl('set', 'Interface', 'tap1', 'ofport=3')
  t.equal(await line(), 'changed is tap1 tap 3')
  server.vsctl('del-port', 'tap1')
  t.equal(await line(), 'gone is tap1')
  await server.kill()
  t.match(await line(), /^no connection: .*; again in 1000 ms$/)
  await server.start()
  server.vsctl('add-port', 'br0', 'tap2')
  t.equal(await line(), 'there is tap2  null', 'without the earlier rows')
  child.kill()
})

t.test('the transaction', { skip }, async (t) => {
  await using server = await Server.start()
  const { child, lines } = run(server, 1)
  const exit = once(child, 'exit')
  const { value } = await lines.next()
  t.match(value, new RegExp(`^interface ${server.vsctl('get', 'Interface', 'br0', '_uuid')} is in \\[`))
  t.same(await exit, [0, null])
  t.equal(server.vsctl('get-fail-mode', 'br0'), 'secure')
})

t.test('every error is in its table', async (t) => {
  const page = readFileSync(README, 'utf8')
  for (const [code, meaning] of Object.entries(ERRORS))
    t.match(page, new RegExp(`^\\| \`${code}\` +\\| ${meaning} +\\|$`, 'm'))
})
