/** Engine `geneve`: each network is a VNI of Geneve. */
import { overlayRules } from '../ethernet/overlay-rules.ts'

export const geneveRules = overlayRules('geneve')
