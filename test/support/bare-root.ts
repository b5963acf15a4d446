/**
 * The smallest Debian system, in a directory: a bare machine for packages. Its programs run with chroot. mmdebstrap makes what
 * debootstrap makes, in half the time.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** In a mount namespace of its own, so that nothing stays mounted. It stays one process, so that signals reach the program. */
const ENTER = 'mount -t proc proc "$0/proc" && exec "$@"'
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
/** How this machine reaches its mirror. */
const PROXY = Object.entries(process.env).flatMap(([name, value]) =>
  /^(https?|no)_proxy$/i.test(name) ? [[name, value]] : [],
)

interface Mirror {
  readonly uri: string
  readonly codename: string
}

/** The mirror that this machine installs from; undefined: it has none for its own release. */
function mirrorOf(): Mirror | undefined {
  const own = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  const targets = ['indextargets', '--format', '$(CODENAME) $(REPO_URI)', 'Created-By: Packages', 'Component: main']
  const { stdout } = spawnSync('apt-get', targets, { encoding: 'utf8' })
  for (const line of (stdout ?? '').split('\n')) {
    const [codename = '', uri = ''] = line.split(' ')
    if (codename !== '' && codename === own) return { uri: uri.replace(/\/$/, ''), codename }
  }
  return undefined
}

/** Why there can be no bare root here; undefined: there can. */
export function whyNoRoot(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: it makes a Debian system in a directory'
  for (const program of ['mmdebstrap', 'dpkg-deb']) {
    if (spawnSync(program, ['--version']).error) return `needs ${program}`
  }
  const mirror = mirrorOf()
  if (!mirror) return 'apt knows no mirror of this release'
  const place = mkdtempSync(join(tmpdir(), 'plugboard-mirror-'))
  const fetched = ['download-file', `${mirror.uri}/dists/${mirror.codename}/Release`, join(place, 'Release')]
  const { status } = spawnSync('/usr/lib/apt/apt-helper', fetched)
  rmSync(place, { recursive: true })
  return status === 0 ? undefined : 'the mirror does not answer'
}

const directory = (): string => mkdtempSync(join(tmpdir(), 'plugboard-root-'))

interface Run {
  readonly user?: string
  readonly env?: Readonly<Record<string, string>>
}

export class BareRoot {
  readonly path: string

  private constructor(t: Test, path: string) {
    this.path = path
    // Its users must reach what is in it.
    chmodSync(path, 0o755)
    t.teardown(() => rmSync(path, { recursive: true, force: true }))
  }

  /** Installs the system from the mirror that this machine uses. */
  static make(t: Test): BareRoot {
    const mirror = mirrorOf()
    if (!mirror) throw new Error('apt knows no mirror of this release')
    const root = new BareRoot(t, directory())
    // The root is for one test, so it need not survive a power failure. Its lists of packages stay, to install more.
    const options = ['--quiet', '--variant=minbase', '--dpkgopt=force-unsafe-io', '--skip=cleanup/apt/lists']
    const { status, stderr } = spawnSync('mmdebstrap', [...options, mirror.codename, root.path, mirror.uri], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`mmdebstrap failed:\n${stderr}`)
    return root
  }

  /** Another root with the same content. */
  copy(t: Test): BareRoot {
    const root = new BareRoot(t, directory())
    execFileSync('cp', ['-a', `${this.path}/.`, root.path])
    return root
  }

  /** The path outside of the root of a path in it. */
  at(path: string): string {
    return join(this.path, path)
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8')
  }

  place(file: string, path: string): void {
    cpSync(file, this.at(path), { recursive: true })
  }

  /** Runs a program to its end. @returns what it prints @throws Error if it fails */
  run(argv: readonly string[], settings: Run = {}): string {
    const [command = '', ...args] = this.#argv(argv, settings)
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
    return stdout
  }

  start(t: Test, argv: readonly string[], settings: Run = {}): ChildProcess {
    const [command = '', ...args] = this.#argv(argv, settings)
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    t.teardown(() => child.kill('SIGKILL'))
    return child
  }

  /** Installs a package by apt, as an operator does. @param options further options of apt-get */
  install(path: string, ...options: readonly string[]): string {
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    return this.run(['apt-get', 'install', '--yes', ...options, path], {
      env: { ...env, ...Object.fromEntries(PROXY) },
    })
  }

  #argv(argv: readonly string[], { user, env = {} }: Run): string[] {
    const variables = Object.entries({ PATH, LC_ALL: 'C.UTF-8', ...env }).map(([name, value]) => `${name}=${value}`)
    const as = user === undefined ? [] : [`--userspec=${user}:${user}`]
    const inside = ['chroot', ...as, this.path, 'env', '-i', ...variables, ...argv]
    return ['unshare', '--mount', 'sh', '-c', ENTER, this.path, ...inside]
  }
}
