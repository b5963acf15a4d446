/** The features, in the order in which answers show their fields: one line each. */
import type { Feature } from '../core/feature.ts'
import { addresses } from './addresses/address-book.ts'
import { rateLimit } from './rate-limit/rate-limit.ts'
import { trunk } from './trunk/trunk.ts'

export const FEATURES: readonly Feature[] = [rateLimit, trunk, addresses]
