// The JSON Schemas that a profile is checked against, by the name of their file in schemas/.
export const schemaNames = ['oci-profile', 'docker-profile'] as const

export type SchemaName = (typeof schemaNames)[number]
