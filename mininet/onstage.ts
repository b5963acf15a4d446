/** A test file with a scene of its own: skipped without root, patient, and with the controller's last words on failure. */
import t, { type Test } from 'tap'
import { whyNoLab } from './lab.ts'
import { type Scene, type SceneSettings, startScenes } from './scene.ts'

/** A whole file may take so long on a busy machine; a single wait ends long before. */
const patience = 600_000

export async function onStage(
  title: string,
  settings: SceneSettings,
  play: (t: Test, scene: Scene) => Promise<void>,
): Promise<void> {
  await onStages(title, 1, settings, (t, scene) => play(t, scene))
}

/** The same with several controllers, each with its share of the hypervisors, of which the first two are told. */
export async function onStages(
  title: string,
  count: number,
  settings: SceneSettings,
  play: (t: Test, scene: Scene, other: Scene) => Promise<void>,
): Promise<void> {
  t.setTimeout(patience)
  await t.test(title, { skip: whyNoLab() ?? false, timeout: patience }, async (t) => {
    const scenes = await startScenes(count, settings)
    const [scene = missing(), other = scene] = scenes
    try {
      await play(t, scene, other)
    } finally {
      if (!t.passing()) for (const each of scenes) t.comment(await each.lastLines())
      await scene.close()
    }
  })
}

function missing(): never {
  throw new RangeError('a stage has at least one controller')
}
