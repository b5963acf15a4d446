/**
 * A clock that stands still until a test moves it, so that a busy machine cannot make a time-out come too early. It drives the
 * timers of the process; sockets, promises and `setImmediate` work as always.
 */
import { type Clock, install } from '@sinonjs/fake-timers'

interface Teardown {
  teardown(stop: () => unknown): void
}

/** Stops the clock until the test ends. `tick(ms)` lets time pass. */
export function stopClock(t: Teardown): Pick<Clock, 'tick'> {
  const clock = install({
    shouldClearNativeTimers: true,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
  })
  t.teardown(() => clock.uninstall())
  return clock
}
