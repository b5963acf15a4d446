/** A metric of the controller, in the terms of Prometheus. `src/status` collects the metrics, `src/http` exposes them. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  readonly samples: readonly Sample[]
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
