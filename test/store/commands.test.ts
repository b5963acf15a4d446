import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { readDump, writeDump } from '../../src/store/commands.ts'
import { openStore } from '../../src/store/lmdb/open.ts'

const ENTRIES = 1500

/** A store with some entries. */
async function filled(path: string): Promise<string> {
  const store = openStore(path)
  await store.commit(Array.from({ length: ENTRIES }, (_, number) => ({ put: `key/${number}`, value: 'ä\n' })))
  await store.close()
  return path
}

async function dumpOf(path: string): Promise<string> {
  const output = new PassThrough()
  const [dump] = await Promise.all([text(output), writeDump(path, output).then(() => output.end())])
  return dump
}

const terminal = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY })

t.test('a dump is written line by line, and read from a stream or a file', async (t) => {
  const directory = t.testdir()
  const dump = await dumpOf(await filled(join(directory, 'store')))
  t.equal(dump.split('\n').length, 1 + ENTRIES + 1)
  const console = terminal(false)
  t.equal(await readDump(join(directory, 'piped'), undefined, Readable.from([dump]), console), ENTRIES)
  t.equal(await dumpOf(join(directory, 'piped')), dump)
  const file = join(directory, 'dump.jsonl')
  writeFileSync(file, dump)
  t.equal(await readDump(join(directory, 'from-file'), file, Readable.from([]), console), ENTRIES)
  t.equal(await dumpOf(join(directory, 'from-file')), dump)
  t.equal(console.read(), null, 'no progress without a terminal')
  await t.rejects(readDump(join(directory, 'none'), join(directory, 'no-such-file'), Readable.from([]), console), {
    code: 'ENOENT',
  })
})

t.test('on a terminal a load shows how far it is', async (t) => {
  const directory = t.testdir()
  const dump = await dumpOf(await filled(join(directory, 'store')))
  const console = terminal(true)
  await readDump(join(directory, 'copy'), undefined, Readable.from([dump]), console)
  t.equal(String(console.read()), '\r1000 of 1500 entries\r1500 of 1500 entries\n')
})

t.test('a dump waits for a slow reader, and fails if the reader ends', async (t) => {
  const path = await filled(t.testdir())
  let most = 0
  const slow = new Writable({
    write(_chunk: Buffer, _encoding, done) {
      most = Math.max(most, slow.writableLength)
      setImmediate(done)
    },
  })
  await writeDump(path, slow)
  t.ok(most <= slow.writableHighWaterMark + 1000, `${most} bytes waited at the most`)
  const gone = new Writable({ write: (_chunk, _encoding, done) => done(new Error('gone')) })
  await t.rejects(writeDump(path, gone), { message: 'gone' })
  await openStore(path).close()
})
