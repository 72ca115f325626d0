// Validates against the project's JSON Schemas (schemas/), as a safety net under the strict checks: a schema knows the
// form of a document, not its effect. scripts/make-validators.ts compiles the schemas ahead of time, so ajv is not
// loaded.
import dockerProfile from './data/docker-profile.ts'
import ociProfile from './data/oci-profile.ts'
import type { SchemaName } from './schema-names.ts'

export interface SchemaError {
  /** RFC 6901, relative to the given value. */
  readonly pointer: string
  /** The keyword of the schema that the value violates. */
  readonly keyword: string
  /** ajv's words, without the place. */
  readonly message: string
}

/** A schema compiled by ajv. The function's property `errors` has the errors of the last value. */
interface Validate {
  (value: unknown): boolean
  errors?: readonly { instancePath: string; keyword: string; message?: string }[] | null
}

const validators: Readonly<Record<SchemaName, Validate>> = {
  'oci-profile': ociProfile,
  'docker-profile': dockerProfile,
}

/** How a value violates a schema; empty for a valid value. Numbers must not be bigint. */
export function schemaErrors(name: SchemaName, value: unknown): readonly SchemaError[] {
  const validate = validators[name]
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, keyword, message }) => ({
    pointer: instancePath,
    keyword,
    message: message ?? keyword,
  }))
}
