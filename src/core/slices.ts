/**
 * Keeps turns of the event loop short. Long work is a generator, which runs in slices. All such work shares one slice in each
 * turn. Work that fits into the rest of the current slice runs at once.
 */

const SLICE_MS = 8

/** Works until the slice is used up. @returns whether the work is finished */
type Task = () => boolean

/** Tasks that continue in a later turn, one after the other. */
const waiting: Task[] = []
/** The end of this turn's slice, by the monotonic clock; 0: the slice has not begun. */
let until = 0

/** Runs a generator to its end, and lets other work run whenever a slice is used up. @returns what the generator returns */
export function sliced<T>(work: Generator<unknown, T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const task: Task = () => {
      try {
        do {
          const step = work.next()
          if (step.done) {
            resolve(step.value)
            return true
          }
        } while (performance.now() < until)
        return false
      } catch (error) {
        reject(error)
        return true
      }
    }
    if (until === 0) begin()
    if (waiting.length > 0 || performance.now() >= until || !task()) waiting.push(task)
  })
}

/** Runs a generator to its end in one turn. @returns what the generator returns */
export function atOnce<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

function begin(): void {
  until = performance.now() + SLICE_MS
  setImmediate(turn)
}

function turn(): void {
  until = 0
  if (waiting.length === 0) return
  begin()
  for (let task = waiting.shift(); task; task = waiting.shift()) {
    if (!task()) {
      waiting.push(task)
      return
    }
    if (performance.now() >= until) return
  }
}
