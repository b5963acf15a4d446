/** The built package in the node_modules of a project, as a user has it. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

/** Node without the hooks that tap adds to every program that a test starts. */
export const NODE = ['env', '-u', 'NODE_OPTIONS', process.execPath] as const
const [ENV, ...NODE_ARGS] = NODE

/** Runs the compiler in a directory. @returns its messages; empty if there are no errors */
export const tsc = (directory: string, ...args: string[]): string =>
  spawnSync(ENV, [...NODE_ARGS, TSC, ...args], { cwd: directory, encoding: 'utf8' }).stdout

/** @throws Error if the package does not build */
export function install(project: string): void {
  const installed = join(project, 'node_modules/plugboard')
  mkdirSync(installed, { recursive: true })
  copyFileSync(join(ROOT, 'package.json'), join(installed, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'))
  const words = tsc(project, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(installed, 'dist'))
  if (words !== '') throw new Error(`the package does not build:\n${words}`)
  const kit = join(installed, 'dist/mininet')
  mkdirSync(kit, { recursive: true })
  for (const file of globSync('mininet/*.py', { cwd: ROOT })) copyFileSync(join(ROOT, file), join(kit, basename(file)))
  for (const name of ['@types', 'undici-types']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name))
  }
}

/** A copy of the engine of this name, one of the examples, in a project. @returns its module */
export function copyEngine(project: string, name: 'line' | 'gre'): string {
  for (const file of ['package.json', `${name}.js`, `${name}.test.js`]) {
    copyFileSync(join(ROOT, `examples/${name}-engine`, file), join(project, file))
  }
  return join(project, `${name}.js`)
}
