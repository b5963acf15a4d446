/**
 * Keeps turns of the event loop short. Long work is given as a generator, which is run in slices; all such work together has one
 * slice of each turn. Work that fits into what is left of the slice is done at once, where it is asked for.
 */

const SLICE_MS = 8

/** Works until the slice is used up. @returns whether the work has come to its end */
type Task = () => boolean

/** Tasks that go on in a later turn, one after the other. */
const waiting: Task[] = []
/** When this turn's slice is used up, by the monotonic clock; 0: it has not begun. */
let until = 0

/** Run a generator to its end, letting others run whenever a slice is used up. @returns what the generator returns */
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
