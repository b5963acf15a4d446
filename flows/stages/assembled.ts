import { pipelineOf } from '../pipeline/pipeline.ts'
import * as stages from './index.ts'

/** The pipeline of all stages. It is checked once, when the process starts. */
export const PIPELINE = pipelineOf(Object.values(stages))
