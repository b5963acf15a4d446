/** The features: one line each. */
export { addresses } from './addresses/address-book.ts'
export { rateLimit } from './rate-limit/rate-limit.ts'
export { trunk } from './trunk/trunk.ts'
