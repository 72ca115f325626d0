// Options that bundle the pure library for browsers: parts that use Node.js are replaced by parts that browsers have.
import { resolve } from 'node:path'
import { yamlInside } from './bundle-options.mjs'

/** What Node.js has in place of the web's gunzip and of the web's text of bytes. */
const forBrowsers = {
  name: 'for browsers',
  setup(build) {
    build.onResolve({ filter: /\/(?:byte-text|gunzip)\.(?:ts|js)$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.replace(/\.(?:ts|js)$/, '-web.ts')),
    }))
  },
}

export const browserOptions = {
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  minify: true,
  mainFields: ['module', 'main'],
  plugins: [yamlInside, forBrowsers],
  logLevel: 'warning',
}
