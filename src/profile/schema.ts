// Our own JSON Schemas (schemas/), as a floor under the strict checks: they say what a document must look like, not
// what it does. ajv is loaded at the first use only, because it takes longer to load than most profiles to check.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ValidateFunction } from 'ajv'
import type { Ajv2020 } from 'ajv/dist/2020.js'

export type SchemaName = 'oci-profile' | 'docker-profile' | 'observations' | 'policy'

export interface SchemaError {
  /** RFC 6901, from the value that was given. */
  readonly pointer: string
  /** The schema's keyword that does not hold. */
  readonly keyword: string
  /** ajv's words, without the place. */
  readonly message: string
}

const validators = new Map<SchemaName, ValidateFunction>()

/** What in a value does not follow a schema; nothing for a valid one. Numbers beyond 2^53 must not be bigint here. */
export function schemaErrors(name: SchemaName, value: unknown): readonly SchemaError[] {
  let validate = validators.get(name)
  if (validate === undefined) {
    validate = compile(name)
    validators.set(name, validate)
  }
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, keyword, message }) => ({
    pointer: instancePath,
    keyword,
    message: message ?? keyword,
  }))
}

function compile(name: SchemaName): ValidateFunction {
  const require = createRequire(import.meta.url)
  const { Ajv2020 } = require('ajv/dist/2020.js') as { Ajv2020: new (options: object) => Ajv2020 }
  // src/ and dist/ both lie beside schemas/.
  const file = new URL(`../../schemas/${name}.schema.json`, import.meta.url)
  return new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(readFileSync(file, 'utf8')))
}
