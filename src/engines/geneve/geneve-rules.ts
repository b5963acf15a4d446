/** Engine `geneve`: a VNI of Geneve carries each network. */
import { overlayRules } from '../ethernet/overlay-rules.ts'

export const geneveRules = overlayRules('geneve')
