/** Computes figures and formats them. */

/** Percentiles of times, in milliseconds. */
export interface Times {
  readonly count: number
  readonly p50: number
  readonly p99: number
}

/** The smallest value that this fraction of the values does not exceed. */
const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.max(Math.ceil(sorted.length * part) - 1, 0)] ?? Number.NaN

export function timesOf(values: readonly number[]): Times {
  const sorted = [...values].sort((a, b) => a - b)
  return { count: sorted.length, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) }
}

/** Measures `count` runs, one after the other. */
export async function timed(count: number, work: (n: number) => Promise<unknown>): Promise<Times> {
  const values: number[] = []
  for (let n = 0; n < count; n++) {
    const began = performance.now()
    await work(n)
    values.push(performance.now() - began)
  }
  return timesOf(values)
}

/** A figure to reach. Missing it is only reported, and does not make the benchmark fail. */
export interface Goal {
  readonly words: string
  readonly figure: number
  /** `at least` or `at most`. */
  readonly limit: readonly ['>=' | '<=', number]
}

export const reached = ({ figure, limit: [direction, bound] }: Goal): boolean =>
  direction === '>=' ? figure >= bound : figure <= bound

/** Rounds measured values to three significant digits. Whole numbers stay. */
export const round = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(3)))

/** A table whose columns are as wide as their widest cell. Numbers are aligned to the right. */
export function table(rows: ReadonlyArray<ReadonlyArray<string | number>>): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? String(round(cell)) : cell)))
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[], n: number) =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0, typeof rows[n]?.[column] === 'number')).join('  ')
  return cells.map(line).join('\n')
}

const pad = (cell: string, width: number, right: boolean): string => (right ? cell.padStart(width) : cell.padEnd(width))

export const say = (words: string): void => console.error(`bench: ${words}`)
