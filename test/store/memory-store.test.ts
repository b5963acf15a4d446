import { MemoryStore } from '../support/memory-store.ts'
import { conforms } from './conformance.ts'

conforms('in memory', () => ({ store: new MemoryStore() }))
