/** A test file with a scene of its own: skipped without root, patient, and with the controller's last words on failure. */
import t, { type Test } from 'tap'
import { checkpoint } from './checkpoint.ts'
import { whyNoLab } from './lab.ts'
import { type Scene, type SceneSettings, startScenes } from './scene.ts'

/** A whole file may take this long on a busy machine; a single wait ends long before. */
const MAX_FILE_MS = 600_000

export async function onStage(
  title: string,
  settings: SceneSettings,
  play: (t: Test, scene: Scene) => Promise<void>,
): Promise<void> {
  await onStages(title, 1, settings, (t, scene) => play(t, scene))
}

/** Several controllers, each with its share of the hypervisors. The test gets the scenes of the first two. */
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

/** A test that fails leaves the clouds as it found them, so that the next one has a fair chance. */
function restoreAfterFailures(t: Test, scenes: readonly Scene[]): void {
  const restores = new Map<string, ReadonlyArray<() => Promise<void>>>()
  t.beforeEach(async ({ fullname }) => {
    // A test may begin without a controller. There is nothing to go back to then.
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
