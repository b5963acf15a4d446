/**
 * The stores, one line each, by the setting of `store` in the configuration that selects them. The first setting with a value
 * decides. `path` has a default, so it must stay the last line.
 */
import { openStore as openLmdb } from './lmdb/open.ts'
import { type Store, StoreError } from './store.ts'

const STORES = {
  path: openLmdb,
} as const satisfies Readonly<Record<string, (setting: never) => Store | Promise<Store>>>

/** The store in the configuration: one of these settings. */
export type StoreSettings = {
  readonly [Setting in keyof typeof STORES]: Parameters<(typeof STORES)[Setting]>[0] | undefined
}

/** Opens the configured store. @throws StoreError `cannot-open`, `newer-schema` */
export async function openStore(settings: StoreSettings): Promise<Store> {
  for (const [setting, open] of Object.entries(STORES)) {
    const value = settings[setting as keyof StoreSettings]
    // The type of `settings` guarantees that `open` gets the value of its own setting.
    if (value !== undefined) return await (open as (value: unknown) => Store | Promise<Store>)(value)
  }
  throw new StoreError('cannot-open', `no store is configured: store must have ${Object.keys(STORES).join(' or ')}`)
}
