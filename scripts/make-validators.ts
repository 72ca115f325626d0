// Compiles the JSON Schemas of schemas/ ahead of time, one file each: loading ajv takes longer than checking most
// profiles. Run: npx tsx scripts/make-validators.ts
import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { readFileSync, writeFileSync } from 'node:fs'
import { schemaNames, type SchemaName } from '../src/check/schema-names.ts'

export function validatorFile(name: SchemaName): URL {
  return new URL(`../src/check/data/${name}.ts`, import.meta.url)
}

export function validatorText(name: SchemaName): string {
  const file = new URL(`../schemas/${name}.schema.json`, import.meta.url)
  const words = new Set(['title', 'description', '$comment'])
  const schema = JSON.parse(readFileSync(file, 'utf8'), (key, value: unknown) =>
    words.has(key) && typeof value === 'string' ? undefined : value,
  ) as object
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    code: { source: true, esm: true, lines: true },
  })
  const compile = standalone as unknown as (ajv: Ajv2020, validate: unknown) => string
  const code = compile(ajv, ajv.compile(schema))
    .replace(/^"use strict";\n?/, '')
    // ajv requires its own helpers, even in a module. Bun then gives the helper's default, Node the helper's module.
    .replaceAll(
      /const (\w+) = require\("([^"]+)"\)\.default;/g,
      'import $1Module from "$2.js";\nconst $1 = $1Module.default ?? $1Module;',
    )
  if (code.includes('require('))
    throw new Error(`${name}: the compiled schema takes a module in an unknown way`)
  return `// Made by scripts/make-validators.ts from schemas/${name}.schema.json.\n// @ts-nocheck\n${code}\n`
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const name of schemaNames) writeFileSync(validatorFile(name), validatorText(name))
}
