import type { Store } from './store.ts'

/** `Store.takeBlock` for a store without counters: a read and a fenced write, repeated if another caller was faster. */
export async function takeBlock(
  store: Pick<Store, 'get' | 'commit'>,
  counter: string,
  size: number,
  start: number,
): Promise<number> {
  for (;;) {
    const entry = await store.get(counter)
    const first = typeof entry?.value === 'number' ? entry.value : start
    const fence = { key: counter, revision: entry?.revision ?? 0 }
    const { committed } = await store.commit([{ put: counter, value: first + size }], [fence])
    if (committed) return first
  }
}
