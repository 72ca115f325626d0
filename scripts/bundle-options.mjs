// How the command is bundled, for the package and for tests that start it dozens of times.
export const bundleOptions = {
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  // jsonc-parser's other form asks for its files by names that only it knows.
  mainFields: ['module', 'main'],
  target: 'node20',
  external: ['koffi'],
  // Packages in CommonJS ask for Node's own modules by require.
  banner: {
    js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
  },
}

// For a bundle that has no packages beside it.
export const yamlInside = {
  name: 'yaml inside',
  setup(build) {
    build.onResolve({ filter: /\/yaml-package\.(?:ts|js)$/ }, ({ path, resolveDir }) => ({
      path: `${resolveDir}/${path.replace('yaml-package', 'yaml-inside')}`,
    }))
  },
}
