/** Lists in pages. The marker is the key of the last item, so deletions between two requests do not move a page. */
import { Type } from 'typebox'
import { PlugboardError } from '../../core/errors.ts'
import { quoted } from '../../core/quoted.ts'
import { sliced } from '../../core/slices.ts'
import type { Listed } from '../../core/views.ts'

const MAX_PAGE_ITEMS = 1000

export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_PAGE_ITEMS, default: MAX_PAGE_ITEMS, description: 'items on a page' }),
  ),
  marker: Type.Optional(Type.String({ description: '`next` of the page before' })),
}

export interface Page {
  readonly limit?: number
  readonly marker?: string
}

interface Collected {
  readonly views: readonly object[]
  readonly next: string | null
}

/**
 * Makes a page in slices: one of 1,000 items takes some milliseconds, and many callers may ask for one.
 * @param name the name of the collection, which is the field with the items
 */
export async function page(name: string, items: Iterable<Listed>, page: Page): Promise<object> {
  const { views, next } = await sliced(collect(items, page))
  return { [name]: await Promise.all(views), next }
}

function* collect(items: Iterable<Listed>, { limit = MAX_PAGE_ITEMS, marker }: Page): Generator<void, Collected> {
  const after = marker === undefined ? -1 : keyOf(marker)
  const views: object[] = []
  let last = after
  for (const { key, view } of items) {
    if (key <= after) continue
    if (views.length === limit) return { views, next: String(last) }
    views.push(view())
    last = key
    yield
  }
  return { views, next: null }
}

function keyOf(marker: string): number {
  if (/^\d{1,15}$/.test(marker)) return Number(marker)
  throw new PlugboardError('bad-request', `${quoted(marker)} is no marker: it must be the "next" of another page`, {
    field: 'marker',
  })
}
