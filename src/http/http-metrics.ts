/** Metrics as Prometheus text: those of the process, of HTTP and of the controller. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { ERRORS, type ErrorCode } from '../core/errors.ts'
import type { Metric } from '../core/metric.ts'

/** The buckets of response times, from a fast read to a wait of a minute. */
const BUCKETS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60]

interface Sources {
  /** What is counted at the moment of a request. */
  readonly metrics: () => Promise<readonly Metric[]>
  readonly latencies: readonly Histogram[]
  /** The version of the program. */
  readonly version: string
}

export class HttpMetrics {
  readonly #registry = new Registry()
  readonly #requests: Histogram<'method' | 'route' | 'status'>
  readonly #errors: Counter<'code'>
  readonly #counted: Sources['metrics']

  constructor({ metrics, latencies, version }: Sources) {
    this.#counted = metrics
    collectDefaultMetrics({ register: this.#registry })
    for (const histogram of latencies) this.#registry.registerMetric(histogram)
    const registers = [this.#registry]
    const build = { version, node: process.version }
    const help = '1, with the versions of the program and of Node.'
    new Gauge({ name: 'plugboard_build_info', help, labelNames: Object.keys(build), registers }).set(build, 1)
    this.#errors = new Counter({
      name: 'plugboard_errors_total',
      help: 'Requests that were answered with a problem, by code.',
      labelNames: ['code'],
      registers,
    })
    // A counter that begins to exist with its first error would hide that error from rate().
    for (const code of Object.keys(ERRORS)) this.#errors.inc({ code }, 0)
    this.#requests = new Histogram({
      name: 'plugboard_http_request_duration_seconds',
      help: 'Time to the answer, held waits included.',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS_S,
      registers,
    })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** Records a request. @param route the path with the names of its parameters @param seconds the time to the answer */
  observe(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status: String(status) }, seconds)
  }

  /** Records that a request was answered with a problem. */
  failed(code: ErrorCode): void {
    this.#errors.inc({ code })
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
