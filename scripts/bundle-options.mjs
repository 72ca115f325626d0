// Options that bundle the command, for the package and for tests that start it dozens of times.
export const bundleOptions = {
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  // The CommonJS form of jsonc-parser requires its files by computed names, which esbuild cannot follow.
  mainFields: ['module', 'main'],
  target: 'node20',
  external: ['koffi'],
  // Packages in CommonJS load Node's own modules by require.
  banner: {
    js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
  },
}

// For a bundle without packages beside it.
export const yamlInside = {
  name: 'yaml inside',
  setup(build) {
    build.onResolve({ filter: /\/yaml-package\.(?:ts|js)$/ }, ({ path, resolveDir }) => ({
      path: `${resolveDir}/${path.replace('yaml-package', 'yaml-inside')}`,
    }))
  },
}
