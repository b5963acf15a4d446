/** Engine `flat`: a network is the untagged frames of a physical network. */
import { uplinkRules } from '../ethernet/uplink-rules.ts'

export const flatRules = uplinkRules('flat', () => null)
