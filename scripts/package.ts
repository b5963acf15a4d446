/** `npm run package`: makes a Debian package. scripts/package.sh explains the options; packaging/ has the files of its own. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { argumentsOf } from './arguments.ts'

const ROOT = join(import.meta.dirname, '..')
/** Where the program is on the machine that installs the package. */
const HOME = 'usr/lib/plugboard'
const PAGES = ['README.md', 'CHANGELOG.md', 'docs']

interface Lock {
  /** By path, such as `node_modules/lmdb`. */
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>
}

const readJson = <T>(file: string): T => JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as T
const output = (command: string, ...args: string[]): string => execFileSync(command, args, { encoding: 'utf8' }).trim()

/** Copies a file or folder of the repository, with other permissions than those of this checkout. */
function place(from: string, to: string, mode?: number): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(join(ROOT, from), to, { recursive: true, dereference: true })
  if (mode !== undefined) chmodSync(to, mode)
}

/** Copies the npm packages that the program needs when it runs. @throws Error if one is not installed in this checkout */
function placeModules(home: string): void {
  const { packages } = readJson<Lock>('package-lock.json')
  for (const [path, { dev = false, optional = false }] of Object.entries(packages)) {
    const from = join(ROOT, path)
    if (path === '' || dev) continue
    if (!existsSync(from)) {
      // It may be for another platform.
      if (optional) continue
      throw new Error(`${path} is missing: run npm ci`)
    }
    const own = realpathSync(from)
    // Each package that is nested in another one has an entry of its own.
    const filter = (file: string) => file === own || basename(file) !== 'node_modules'
    cpSync(own, join(home, path), { recursive: true, filter })
  }
}

/** The configuration that is shipped, with its defaults, but with the store of the service. */
function configuration(): string {
  const text = readFileSync(join(ROOT, 'plugboard.yaml'), 'utf8')
  const changed = text.replace('path: ./plugboard-data', 'path: /var/lib/plugboard')
  if (changed === text) throw new Error('plugboard.yaml has no line `path: ./plugboard-data`')
  return changed.replaceAll('docs/', '/usr/share/doc/plugboard/docs/')
}

function fill(root: string): void {
  const home = join(root, HOME)
  const dist = join(home, 'dist')
  execFileSync('tsc', ['-p', 'tsconfig.build.json', '--outDir', dist], { cwd: ROOT, stdio: 'inherit' })
  // The kit that tests engines needs a laboratory, and is in the npm package.
  rmSync(join(dist, 'mininet'), { recursive: true })
  place('package.json', join(home, 'package.json'))
  place('node_modules/node/bin/node', join(home, 'bin/node'), 0o755)
  placeModules(home)
  place('packaging/plugboard', join(root, 'usr/bin/plugboard'), 0o755)
  place('packaging/plugboard.service', join(root, 'usr/lib/systemd/system/plugboard.service'))
  place('packaging/sysusers.conf', join(root, 'usr/lib/sysusers.d/plugboard.conf'))
  mkdirSync(join(root, 'etc/plugboard'), { recursive: true })
  writeFileSync(join(root, 'etc/plugboard/plugboard.yaml'), configuration())
  const pages = join(root, 'usr/share/doc/plugboard')
  for (const page of PAGES) place(page, join(pages, page))
  place('packaging/debian/copyright', join(pages, 'copyright'))
}

/** Writes what dpkg reads. */
function describe(root: string, version: string, architecture: string): void {
  const [kibibytes = ''] = output('du', '-sk', root).split('\t')
  const values: Readonly<Record<string, string>> = { version, architecture, size: kibibytes }
  const control = readFileSync(join(ROOT, 'packaging/debian/control'), 'utf8')
  mkdirSync(join(root, 'DEBIAN'))
  writeFileSync(
    join(root, 'DEBIAN/control'),
    control.replaceAll(/@(\w+)@/g, (_, name) => values[name] ?? ''),
  )
  writeFileSync(join(root, 'DEBIAN/conffiles'), '/etc/plugboard/plugboard.yaml\n')
  for (const script of ['postinst', 'prerm', 'postrm']) {
    place(`packaging/debian/${script}`, join(root, 'DEBIAN', script), 0o755)
  }
}

/** Everybody may read what the package has; its owner root alone may write it, whatever the umask is here. */
function allow(directory: string): void {
  chmodSync(directory, 0o755)
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    const stat = statSync(path)
    if (stat.isDirectory()) allow(path)
    else chmodSync(path, stat.mode & 0o100 ? 0o755 : 0o644)
  }
}

function main(): void {
  const target = resolve(argumentsOf({ to: { type: 'string', default: '.' } }).to)
  const { version } = readJson<{ readonly version: string }>('package.json')
  const architecture = output('dpkg', '--print-architecture')
  const root = mkdtempSync(join(tmpdir(), 'plugboard-package-'))
  try {
    fill(root)
    describe(root, version, architecture)
    allow(root)
    mkdirSync(target, { recursive: true })
    const file = join(target, `plugboard_${version}_${architecture}.deb`)
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '--build', root, file], { stdio: 'inherit' })
  } finally {
    rmSync(root, { recursive: true })
  }
}

main()
