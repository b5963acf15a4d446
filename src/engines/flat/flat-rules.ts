/** Engine `flat`: the frames of a physical network that have no tag. */
import { uplinkRules } from '../ethernet/uplink-rules.ts'

export const flatRules = uplinkRules('flat', () => null)
