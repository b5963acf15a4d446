/** Metrics as Prometheus text: those of the process, of HTTP and of the controller. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Metric } from '../core/metric.ts'

/** The buckets of response times, from a fast read to a wait of a minute. */
const BUCKETS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60]

export class HttpMetrics {
  readonly #registry = new Registry()
  readonly #requests: Histogram<'method' | 'route' | 'status'>
  readonly #counted: () => Promise<readonly Metric[]>

  constructor(counted: () => Promise<readonly Metric[]>) {
    this.#counted = counted
    collectDefaultMetrics({ register: this.#registry })
    this.#requests = new Histogram({
      name: 'plugboard_http_request_duration_seconds',
      help: 'Time to the answer, held waits included.',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS_S,
      registers: [this.#registry],
    })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** Records a request. @param route the path with the names of its parameters @param seconds the time to the answer */
  observe(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status: String(status) }, seconds)
  }

  async text(): Promise<string> {
    const now = new Registry()
    for (const metric of await this.#counted()) {
      const { name, help, samples } = metric
      const labelNames = Object.keys(samples[0]?.labels ?? {})
      if (metric.type === 'gauge') {
        const gauge = new Gauge({ name, help, labelNames, registers: [now] })
        for (const { labels, value } of samples) gauge.set(labels, value)
      } else {
        const counter = new Counter({ name, help, labelNames, registers: [now] })
        for (const { labels, value } of samples) counter.inc(labels, value)
      }
    }
    return Registry.merge([this.#registry, now]).metrics()
  }
}
