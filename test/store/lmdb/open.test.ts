import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import t from 'tap'
import { SCHEMA } from '../../../src/store/lmdb/head.ts'
import { openStore } from '../../../src/store/lmdb/open.ts'
import { StoreError } from '../../../src/store/store.ts'
import { entriesOf } from '../support/entries.ts'
import { start } from '../support/process.ts'

const WRITER = new URL('../support/writer.ts', import.meta.url)

function refusal(path: string): StoreError {
  try {
    openStore(path)
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
  throw new Error('it was opened')
}

t.test('a store is created with its directories, and is found when opened again', async (t) => {
  const path = join(t.testdir(), 'var/lib/plugboard')
  const store = openStore(path)
  t.same(await entriesOf(store.range('')), [])
  await store.commit([
    { put: 'vnic/1', value: { name: 'eth0', tags: [1, null, true] } },
    { put: 'ключ/🔌', value: 'ä' },
  ])
  await store.commit([{ put: 'vnic/1', value: 'again' }])
  await store.close()
  const again = openStore(path)
  t.same(await entriesOf(again.range('')), [
    { key: 'vnic/1', value: 'again', revision: 2 },
    { key: 'ключ/🔌', value: 'ä', revision: 1 },
  ])
  await again.commit([{ put: 'vnic/1', value: 'once more' }])
  t.equal((await again.get('vnic/1'))?.revision, 3, 'revisions continue')
  await again.close()
})

t.test('a store that another process has open is refused, until that process is gone: by kill -9 too', async (t) => {
  const path = t.testdir()
  const child = start(WRITER, [path, 'idle'])
  for await (const line of child.lines) {
    t.equal(line, 'open')
    const error = refusal(path)
    t.equal(error.code, 'cannot-open')
    t.match(error.message, path)
    t.match(error.message, 'another process has it open: stop that one first, or give this one another store.path')
    child.process.kill('SIGKILL')
  }
  t.equal(await child.ended, 'SIGKILL')
  const store = openStore(path)
  t.match(await store.commit([{ put: 'key', value: 1 }]), { committed: true })
  t.match(refusal(path).message, 'has it open', 'and not twice in one process')
  await store.close()
  await openStore(path).close()
})

t.test('a store with a newer schema is refused and not touched', async (t) => {
  const path = t.testdir()
  const store = openStore(path)
  await store.commit([{ put: 'key', value: 1 }])
  await store.close()
  const writeHead = async (schema: number) => {
    const database = open<string, Uint8Array>({
      path,
      noSubdir: false,
      encoding: 'string',
      keyEncoding: 'binary',
      useVersions: true,
      overlappingSync: false,
    })
    await database.put(Buffer.from([0]), JSON.stringify({ schema }), 1)
    await database.close()
  }
  await writeHead(SCHEMA + 1)
  const error = refusal(path)
  t.equal(error.code, 'newer-schema')
  t.match(error.message, `schema version ${SCHEMA + 1}`)
  t.match(error.message, `knows versions up to ${SCHEMA}`)
  t.match(error.message, 'run the newer Plugboard')
  await writeHead(SCHEMA)
  const again = openStore(path)
  t.equal((await again.get('key'))?.value, 1)
  await again.close()
})

t.test('a path that cannot be a store is refused with the reason', async (t) => {
  const directory = t.testdir({
    file: 'text',
    garbage: { 'data.mdb': 'x'.repeat(100_000) },
    short: { 'data.mdb': 'x' },
  })
  for (const [name, reason] of [
    ['file', 'it is not a directory'],
    ['file/below', 'it is not a directory'],
    ['garbage', 'is not a database, or a damaged one'],
    ['short', 'is cut short'],
  ] as const) {
    const error = refusal(join(directory, name))
    t.equal(error.code, 'cannot-open', name)
    t.match(error.message, `the store ${join(directory, name)} cannot be opened: `)
    t.match(error.message, reason)
  }
  t.equal(existsSync(join(directory, 'file/below')), false)
})

t.test('the database of another program is refused and not touched', async (t) => {
  const path = t.testdir()
  const other = open<string, string>({ path, noSubdir: false, overlappingSync: false })
  await other.put('theirs', 'data')
  await other.close()
  t.match(refusal(path), { code: 'cannot-open', message: /store\.path is a directory for Plugboard alone/ })
  const again = open<string, string>({ path, noSubdir: false, overlappingSync: false })
  t.equal(again.get('theirs'), 'data')
  await again.close()
})

t.test('without permission', async (t) => {
  const path = join(t.testdir(), 'closed')
  mkdirSync(path)
  chmodSync(path, 0o500)
  const asNobody = process.getuid?.() === 0
  // Root may open everything, so the process becomes another user for a moment.
  if (asNobody) process.seteuid?.(65534)
  try {
    t.match(refusal(path), { code: 'cannot-open', message: /no permission/ })
  } finally {
    if (asNobody) process.seteuid?.(0)
  }
})

t.test('a database that was not complete when its process was killed is made again', async (t) => {
  const path = t.testdir({ making: '', 'data.mdb': '' })
  const store = openStore(path)
  t.match(await store.commit([{ put: 'key', value: 1 }]), { committed: true })
  await store.close()
})
