// The compiled command may be run: npx and npm link do not always see to it in a clone of one's own.
import { chmodSync } from 'node:fs'

chmodSync(new URL('../dist/cli.js', import.meta.url), 0o755)
