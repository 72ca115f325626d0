// Removes the output of an earlier build, so that a deleted source file leaves no compiled file in the package.
import { rmSync } from 'node:fs'

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true })
