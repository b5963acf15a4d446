/** Engine `vxlan`: a VNI of VXLAN carries each network. */
import { overlayRules } from '../ethernet/overlay-rules.ts'

export const vxlanRules = overlayRules('vxlan')
