/** Collects everything that an asynchronous iterable yields. */
export async function entriesOf<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const each of all) found.push(each)
  return found
}
