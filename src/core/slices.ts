/**
 * No long turn of the event loop: work given as generators is cut into slices, and all of it together has one slice a turn.
 * A little work is done at once, where it was asked for.
 */

/** Milliseconds a turn for all the work. */
const SLICE = 8

/** Works on for its slice; true when it has come to its end. */
type Task = () => boolean

/** Those who go on in a later turn, in turns. */
const waiting: Task[] = []
/** When this turn's slice is used up; 0: it has not begun. */
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
  until = performance.now() + SLICE
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
