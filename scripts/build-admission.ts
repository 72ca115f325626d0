// Builds test/print/admission.go with the API server's own code from Debian's archive, for test/print/admission.test.ts:
//   npx tsx scripts/build-admission.ts DIRECTORY
//   SECCOMP_GEN_ADMISSION=DIRECTORY/admission npx tap test/print/admission.test.ts
// Unpacks Go and golang-k8s-apiserver-dev of sid below DIRECTORY (2 GB); some ten minutes on two cores.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { unpackPackages } from './debian-archive.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: npx tsx scripts/build-admission.ts DIRECTORY')
const directory = resolve(folder)
const packages = ['golang-go', 'golang-k8s-apiserver-dev']
const root = unpackPackages(directory, { suites: ['sid'], architecture: 'amd64', packages })
const [go = ''] = readdirSync(join(root, 'usr/lib')).filter((name) => /^go-\d/.test(name))
// Debian's packages are a GOPATH. Links in them lead to absolute paths, which Go does not need to build.
const own = join(directory, 'own/src/admission')
mkdirSync(own, { recursive: true })
copyFileSync(join(import.meta.dirname, '../test/print/admission.go'), join(own, 'main.go'))
const goroot = join(root, 'usr/lib', go)
execFileSync(join(goroot, 'bin/go'), ['build', '-o', join(directory, 'admission'), '.'], {
  cwd: own,
  stdio: 'inherit',
  env: {
    ...process.env,
    GOROOT: goroot,
    GOPATH: `${join(directory, 'own')}:${join(root, 'usr/share/gocode')}`,
    GOCACHE: join(directory, 'gocache'),
    GO111MODULE: 'off',
    GOTOOLCHAIN: 'local',
    CGO_ENABLED: '0',
  },
})
