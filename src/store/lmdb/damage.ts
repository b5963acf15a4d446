/**
 * Finds out whether a database file is whole, before LMDB opens it: every page that its trees lead to is there and well formed,
 * no page is both used and free, and the checksum of every entry is right.
 */
import { Damage, HEADER_OCTETS, numberOf, PageFile, type Tree } from './pages.ts'
import { isIntact } from './seal.ts'

const FLAGS = { branch: 0x01, leaf: 0x02, overflow: 0x04, fixed: 0x20 } as const
/** The part of the flags that says what a page is. */
const KINDS = FLAGS.branch | FLAGS.leaf | FLAGS.overflow | FLAGS.fixed
/** Of a node: its value is on pages of its own. */
const IS_LARGE = 0x01
/** Of a node: it is a tree, or several values. Plugboard has neither. */
const IS_TREE = 0x06
const NODE_OCTETS = 8
/** LMDB has no deeper trees. */
const MAX_DEPTH = 32

/** The number of the last transaction. @throws Damage; the system's error */
export function lastTransaction(file: string): bigint {
  const pages = new PageFile(file, 'r')
  pages.close()
  return pages.meta.transaction
}

/** Checks the whole file, as its last transaction has left it. @throws Damage; the system's error */
export function checkFile(file: string, flags: 'r' | 'r+'): void {
  const pages = new PageFile(file, flags)
  try {
    const used = new Uint8Array(pages.pages)
    const { main, free, transaction } = pages.meta
    // Every transaction writes the head, and so the root. Otherwise the first two pages describe an older state.
    if (main.root !== null && pages.read(main.root).readBigUInt64LE(8) !== transaction) {
      throw new Damage('is damaged: its first two pages do not describe the others')
    }
    new Walk(pages, used, checkEntry).tree(main)
    const lists: Buffer[] = []
    new Walk(pages, used, (_, value) => void lists.push(value)).tree(free)
    const { lastPage } = pages.meta
    const highest = lists.map((list) => checkFree(list, used, lastPage)).reduce((a, b) => Math.max(a, b), 0)
    // The file is shorter than the database only if its final pages are free.
    if (lastPage > Math.max(highest, pages.pages - 1)) throw new Damage('is cut short: pages at its end are missing')
  } finally {
    pages.close()
  }
}

function checkEntry(key: Buffer, value: Buffer): void {
  if (!isIntact(key, value)) throw new Damage(`is damaged: the entry ${JSON.stringify(key.toString())} has changed`)
}

/**
 * A list of free pages: its length, then numbers. A negative one is the length of the run that begins with the next one.
 * @returns the highest page
 */
function checkFree(list: Buffer, used: Uint8Array, lastPage: number): number {
  const length = list.length >= 8 ? list.readBigUInt64LE(0) : undefined
  // LMDB may have reserved more than it has used.
  if (length === undefined || 8n + 8n * length > BigInt(list.length)) {
    throw new Damage('is damaged: a list of its free pages is not right')
  }
  let highest = 0
  let run = 1
  for (let at = 8; at < 8 + 8 * Number(length); at += 8) {
    const value = list.readBigInt64LE(at)
    if (value < 0n) run = numberOf(-value)
    if (value <= 0n) continue
    const first = numberOf(value)
    if (first < 2 || first + run - 1 > lastPage)
      throw new Damage('is damaged: it lists a free page that it does not have')
    for (let page = first; page < Math.min(first + run, used.length); page++) {
      if (used[page]) throw new Damage(`is damaged: page ${page} is used, and listed as free`)
    }
    highest = Math.max(highest, first + run - 1)
    run = 1
  }
  return highest
}

class Walk {
  readonly #file: PageFile
  readonly #used: Uint8Array
  readonly #found: (key: Buffer, value: Buffer) => void
  #depth = 0
  #entries = 0

  /** @param used the pages that were met, which are marked @param found called with each entry */
  constructor(file: PageFile, used: Uint8Array, found: (key: Buffer, value: Buffer) => void) {
    this.#file = file
    this.#used = used
    this.#found = found
  }

  /** @throws Damage */
  tree({ root, depth, entries }: Tree): void {
    this.#depth = depth
    if (depth > MAX_DEPTH) throw new Damage('is damaged: a tree of it is too deep')
    if (root !== null) this.#page(root, 1)
    if (this.#entries !== entries)
      throw new Damage(`is damaged: it has ${this.#entries} entries in place of ${entries}`)
  }

  #page(number: number, level: number): void {
    const page = this.#file.read(number)
    this.#use(number)
    const kind = page.readUInt16LE(18) & KINDS
    const isLeaf = level === this.#depth
    // Only values of a tree within a tree are of a fixed size, and Plugboard has no such tree.
    if (kind !== (isLeaf ? FLAGS.leaf : FLAGS.branch)) throw malformed(number)
    const content = page.subarray(HEADER_OCTETS)
    const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)]
    if (lower % 2 !== 0 || lower > upper || upper > content.length || lower === 0) throw malformed(number)
    for (let at = 0; at < lower; at += 2) {
      const offset = content.readUInt16LE(at)
      if (offset < upper || offset + NODE_OCTETS > content.length) throw malformed(number)
      if (isLeaf) this.#entry(number, content.subarray(offset))
      else this.#page(childOf(content.subarray(offset), number), level + 1)
    }
  }

  #entry(number: number, node: Buffer): void {
    const [size, flags, keySize] = [node.readUInt32LE(0), node.readUInt16LE(4), node.readUInt16LE(6)]
    const isLarge = (flags & IS_LARGE) !== 0
    const end = NODE_OCTETS + keySize + (isLarge ? 8 : size)
    if (end > node.length) throw malformed(number)
    this.#entries += 1
    if ((flags & IS_TREE) !== 0) return
    const key = node.subarray(NODE_OCTETS, NODE_OCTETS + keySize)
    const value = node.subarray(NODE_OCTETS + keySize, end)
    this.#found(key, isLarge ? this.#large(numberOf(value.readBigUInt64LE(0)), size) : value)
  }

  /** A value on pages of its own. */
  #large(number: number, size: number): Buffer {
    const { pageOctets } = this.#file.meta
    const count = Math.ceil((HEADER_OCTETS + size) / pageOctets)
    const pages = this.#file.read(number, count)
    if ((pages.readUInt16LE(18) & KINDS) !== FLAGS.overflow || pages.readUInt32LE(20) < count) throw malformed(number)
    for (let page = number; page < number + count; page++) this.#use(page)
    return pages.subarray(HEADER_OCTETS, HEADER_OCTETS + size)
  }

  #use(page: number): void {
    if (this.#used[page]) throw new Damage(`is damaged: page ${page} is used twice`)
    this.#used[page] = 1
  }
}

/** The page that a node of a branch leads to: 48 bits. */
function childOf(node: Buffer, number: number): number {
  if (NODE_OCTETS + node.readUInt16LE(6) > node.length) throw malformed(number)
  return node.readUInt32LE(0) + node.readUInt16LE(4) * 2 ** 32
}

const malformed = (page: number): Damage => new Damage(`is damaged: page ${page} is not well formed`)
