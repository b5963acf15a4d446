/** Engine `vxlan`: each network is a VNI of VXLAN. */
import { overlayRules } from '../ethernet/overlay-rules.ts'

export const vxlanRules = overlayRules('vxlan')
