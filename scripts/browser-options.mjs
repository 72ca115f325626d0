// Options that bundle the pure library for browsers: parts that use Node.js are replaced by parts that browsers have.
import { yamlInside } from './bundle-options.mjs'

/** The browser's own gunzip. `Buffer` is that of the package buffer (feross), a Uint8Array with Node's methods. */
const forBrowsers = {
  name: 'for browsers',
  setup(build) {
    build.onResolve({ filter: /\/gunzip\.(?:ts|js)$/ }, ({ path, resolveDir }) => ({
      path: `${resolveDir}/${path.replace('/gunzip', '/gunzip-web').replace('.js', '.ts')}`,
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
  inject: [new URL('browser-buffer.mjs', import.meta.url).pathname],
  plugins: [yamlInside, forBrowsers],
  logLevel: 'warning',
}
