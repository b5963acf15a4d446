/** The list of features, sorted by name. Answers show their fields in this order. */
import type { Feature } from '../core/feature.ts'
import * as features from './index.ts'

export const FEATURES: readonly Feature[] = Object.values(features)
