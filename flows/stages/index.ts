/** The stages of the pipeline, one line each. The pipeline sorts them by their tables, so the order here does not matter. */
export { answer } from './answer/answer-stage.ts'
export { classify } from './classify/classify-stage.ts'
export { egress } from './egress/egress-stage.ts'
export { forward } from './forward/forward-stage.ts'
export { guard } from './guard/guard-stage.ts'
export { nat } from './nat/nat-stage.ts'
export { rateLimit } from './rate-limit/rate-limit-stage.ts'
export { trunk } from './trunk/trunk-stage.ts'
