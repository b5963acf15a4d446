/** Runs the tests of a file in their own scene. Without root they are skipped. After a failure the controller's log is printed. */
import t, { type Test } from 'tap'
import { checkpoint } from './checkpoint.ts'
import { whyNoLab } from './lab.ts'
import { type Scene, type SceneSettings, startScenes } from './scene.ts'

/** The longest time of a whole test file on a busy machine. A single wait has a much shorter limit. */
const MAX_FILE_MS = 600_000

export async function onStage(
  title: string,
  settings: SceneSettings,
  play: (t: Test, scene: Scene) => Promise<void>,
): Promise<void> {
  await onStages(title, 1, settings, (t, scene) => play(t, scene))
}

/** Starts several controllers, each with its share of the hypervisors. The test gets the scenes of the first two. */
export async function onStages(
  title: string,
  count: number,
  settings: SceneSettings,
  play: (t: Test, scene: Scene, other: Scene) => Promise<void>,
): Promise<void> {
  t.setTimeout(MAX_FILE_MS)
  await t.test(title, { skip: whyNoLab() ?? false, timeout: MAX_FILE_MS }, async (t) => {
    const scenes = await startScenes(count, settings)
    const [scene = missing(), other = scene] = scenes
    restoreAfterFailures(t, scenes)
    try {
      await play(t, scene, other)
    } catch (error) {
      t.fail('a step outside of the tests failed', { error })
    } finally {
      if (!t.passing()) for (const each of scenes) t.comment(await each.lastLines())
      await scene.close()
    }
  })
}

/** After a failed test, restores the clouds to their state before the test, so that the next test does not fail for that reason. */
function restoreAfterFailures(t: Test, scenes: readonly Scene[]): void {
  const restores = new Map<string, ReadonlyArray<() => Promise<void>>>()
  t.beforeEach(async ({ fullname }) => {
    // If a test begins without a running controller, there is no state to restore.
    const all = await Promise.all(scenes.map(checkpoint)).catch(() => [])
    restores.set(fullname, all)
  })
  t.afterEach(async (test) => {
    if (test.passing()) return
    for (const restore of restores.get(test.fullname) ?? []) {
      await restore().catch((error: unknown) => test.comment('the cloud cannot be restored after this failure:', error))
    }
  })
}

function missing(): never {
  throw new RangeError('a stage has at least one controller')
}
