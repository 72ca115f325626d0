// Digests equal Node's own, for every length with a different padding, and for text beyond ASCII.
import { createHash } from 'node:crypto'
import t from 'tap'
import { sha256 } from '../src/sha256.ts'

const texts = [...Array.from({ length: 200 }, (_, length) => 'x'.repeat(length)), 'é✓🙂'.repeat(30)]

t.strictSame(
  texts.map(sha256),
  texts.map((text) => createHash('sha256').update(text).digest('hex')),
)
