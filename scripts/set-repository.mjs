// Writes the project's home page into package.json for a release: `node scripts/set-repository.mjs PAGE`. The registry
// shows it and resolves the README's links against it; reports name it. PAGE: the repository's page, such as
// https://github.com/OWNER/NAME. Authority: docs.npmjs.com, package.json (repository, homepage, bugs).
import { readFileSync, writeFileSync } from 'node:fs'

const [, , page = '', file = 'package.json'] = process.argv
if (!/^https:\/\/[^/\s]+\/[^\s#?]+[^/\s#?]$/.test(page)) {
  process.stderr.write('usage: node scripts/set-repository.mjs https://HOST/OWNER/NAME\n')
  process.exit(2)
}
const { name, version, description, ...rest } = JSON.parse(readFileSync(file, 'utf8'))
const home = {
  repository: { type: 'git', url: `git+${page}.git` },
  homepage: `${page}#readme`,
  bugs: { url: `${page}/issues` },
}
writeFileSync(file, `${JSON.stringify({ name, version, description, ...home, ...rest }, null, 2)}\n`)
