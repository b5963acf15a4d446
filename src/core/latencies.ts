/** The times that an operator watches, as histograms. Each part records its own; `src/http` exposes all of them. */
import { Histogram } from 'prom-client'

/** From a commit on a quick disk to a VNIC whose switch is slow. */
const BUCKETS_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60]

/** Records times. */
export interface Stopwatch {
  observe(seconds: number): void
}

const histogram = (name: string, help: string) => new Histogram({ name, help, buckets: BUCKETS_S, registers: [] })

export class Latencies {
  readonly commit = histogram('plugboard_commit_duration_seconds', 'Time until the store has made a commit durable.')
  readonly bundle = histogram(
    'plugboard_bundle_duration_seconds',
    'Time from sending changes to a switch until it has confirmed them by barrier.',
  )
  readonly realised = histogram(
    'plugboard_plug_realised_seconds',
    'Time from a plug, or from the interface that it waited for, until all switches concerned have confirmed its rules.',
  )

  get all(): readonly Histogram[] {
    return [this.commit, this.bundle, this.realised]
  }
}

/** The seconds since a time of `performance.now()`. */
export const secondsSince = (begin: number): number => (performance.now() - begin) / 1000
