// The names of artifacts. Authority: github.com/distribution/reference.
import t from 'tap'
import { parseReference, printReference } from '../../src/registry/index.ts'

const digest = `sha256:${'ab'.repeat(32)}`

t.test('a reference has its parts, and is printed as it was written', async (t) => {
  for (const [word, registry, repository, tag, hash] of [
    ['registry.example.org/app', 'registry.example.org', 'app', undefined, undefined],
    ['registry.example.org/team/app:1.4', 'registry.example.org', 'team/app', '1.4', undefined],
    ['localhost/app:x', 'localhost', 'app', 'x', undefined],
    ['localhost:5000/app', 'localhost:5000', 'app', undefined, undefined],
    ['[::1]:5000/a/b:T_1', '[::1]:5000', 'a/b', 'T_1', undefined],
    [`127.0.0.1:5000/a__b/c-d.e@${digest}`, '127.0.0.1:5000', 'a__b/c-d.e', undefined, digest],
    [`r.io/a:t@${digest}`, 'r.io', 'a', 't', digest],
    ['docker.io/library/app', 'docker.io', 'library/app', undefined, undefined],
  ] as const) {
    const reference = parseReference(word)
    t.same(reference, { registry, repository, tag, digest: hash }, word)
    t.equal(printReference(reference), word)
    t.same(parseReference(`oci://${word}`), reference, 'with the mark of an artifact')
  }
})

t.test('what is none is refused in one line', async (t) => {
  for (const [word, why] of [
    ['app', 'names no registry'],
    ['team/app:1', 'names no registry'],
    ['', 'names no registry'],
    ['oci://', 'names no registry'],
    ['r.io/', 'an invalid repository'],
    ['r.io/App', 'an invalid repository'],
    ['r.io/a//b', 'an invalid repository'],
    ['r.io/../etc', 'an invalid repository'],
    [`r.io/${'a/'.repeat(128)}a`, 'an invalid repository'],
    ['r.io/a:', 'an invalid tag'],
    ['r.io/a:b:c', 'an invalid tag'],
    [`r.io/a:${'x'.repeat(129)}`, 'an invalid tag'],
    ['r.io/a:../b', 'an invalid tag'],
    ['r.io/a@sha256:12', 'not a SHA-256'],
    [`r.io/a@${digest}@${digest}`, 'two digests'],
    ['user@r.io/a', 'not a SHA-256'],
    ['r.io:99999999/a', 'not a host'],
    ['r_.io/a', 'not a host'],
    ['r.io\n/a', 'not a host'],
  ] as const)
    t.throws(() => parseReference(word), new RegExp(why), JSON.stringify(word.slice(0, 30)))
})
