// schemas/: the program's output conforms to them, and the validators compiled ahead of time match them.
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { readFileSync } from 'node:fs'
import { derivePolicy, observe, printPolicy } from '../src/index.ts'
import { schemaNames } from '../src/check/schema-names.ts'
import { validatorFile, validatorText } from '../scripts/make-validators.ts'
import { cases, sourcesOfCase } from './goldens.ts'

function validator(name: string): (value: unknown) => readonly unknown[] {
  const file = new URL(`../schemas/${name}.schema.json`, import.meta.url)
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(file, 'utf8')) as object,
  )
  return (value) => (validate(value) ? [] : (validate.errors ?? []))
}

t.test('observations and policies follow their schemas', async (t) => {
  const observationsErrors = validator('observations')
  const policyErrors = validator('policy')
  for (const path of cases()) {
    const observations = await observe(sourcesOfCase(path))
    t.same(observationsErrors(JSON.parse(JSON.stringify(observations))), [], path)
    const policy = derivePolicy(observations, { logRefusals: true })
    t.same(policyErrors(JSON.parse(printPolicy(policy))), [], `${path}: policy`)
  }
  t.ok(observationsErrors({ version: 1 }).length > 0, 'and something else does not')
  t.ok(policyErrors({ version: 1 }).length > 0)
})

for (const name of schemaNames) {
  t.test(`${name} is compiled as it stands`, async (t) => {
    t.equal(readFileSync(validatorFile(name), 'utf8'), validatorText(name))
  })
}
