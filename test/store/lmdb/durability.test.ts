/** B30: writes that were confirmed exist after `kill -9`, whatever was in progress. */
import t from 'tap'
import { openStore } from '../../../src/store/lmdb/open.ts'
import { entriesOf } from '../support/entries.ts'
import { start } from '../support/process.ts'

const WRITER = new URL('../support/writer.ts', import.meta.url)

for (const kills of [1, 50, 200]) {
  t.test(`B30 kill -9 after ${kills} answers: nothing answered is lost, nothing is half there`, async (t) => {
    const path = t.testdir()
    const child = start(WRITER, [path])
    const answered: number[] = []
    for await (const line of child.lines) {
      if (line !== 'open') answered.push(Number(line))
      if (answered.length === kills) child.process.kill('SIGKILL')
    }
    t.equal(await child.ended, 'SIGKILL')

    const store = openStore(path)
    for (const number of answered) {
      t.equal((await store.get(`left/${number}`))?.value, number)
    }
    const numbersOf = async (prefix: string) =>
      (await entriesOf(store.range(prefix))).map(({ key }) => key.slice(prefix.length))
    t.same(await numbersOf('left/'), await numbersOf('right/'), 'both keys of a commit, or neither')
    t.match(await store.commit([{ put: 'after', value: true }]), { committed: true }, 'and it continues')
    await store.close()
  })
}
