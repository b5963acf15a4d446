/** A test file with a scene of its own: skipped without root, patient, and with the controller's last words on failure. */
import t, { type Test } from 'tap'
import { whyNoLab } from './lab.ts'
import { type Scene, type SceneSettings, startScene } from './scene.ts'

/** A whole file may take so long on a busy machine; a single wait ends long before. */
const patience = 600_000

export async function onStage(
  title: string,
  settings: SceneSettings,
  play: (t: Test, scene: Scene) => Promise<void>,
): Promise<void> {
  t.setTimeout(patience)
  await t.test(title, { skip: whyNoLab() ?? false, timeout: patience }, async (t) => {
    const scene = await startScene(settings)
    try {
      await play(t, scene)
    } finally {
      if (!t.passing()) t.comment(await scene.lastLines())
      await scene.close()
    }
  })
}
