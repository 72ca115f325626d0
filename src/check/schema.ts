// Our own JSON Schemas (schemas/), as a floor under the strict checks: they say what a document must look like, not
// what it does. They are compiled ahead of time (scripts/make-validators.ts), so that ajv itself need not be loaded.
import dockerProfile from './data/docker-profile.ts'
import ociProfile from './data/oci-profile.ts'
import type { SchemaName } from './schema-names.ts'

export interface SchemaError {
  /** RFC 6901, from the value that was given. */
  readonly pointer: string
  /** The schema's keyword that does not hold. */
  readonly keyword: string
  /** ajv's words, without the place. */
  readonly message: string
}

/** What ajv compiles a schema to: the errors of the last value stand at the function. */
interface Validate {
  (value: unknown): boolean
  errors?: readonly { instancePath: string; keyword: string; message?: string }[] | null
}

const validators: Readonly<Record<SchemaName, Validate>> = {
  'oci-profile': ociProfile,
  'docker-profile': dockerProfile,
}

/** What in a value does not follow a schema; nothing for a valid one. Numbers beyond 2^53 must not be bigint here. */
export function schemaErrors(name: SchemaName, value: unknown): readonly SchemaError[] {
  const validate = validators[name]
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, keyword, message }) => ({
    pointer: instancePath,
    keyword,
    message: message ?? keyword,
  }))
}
