// The examples of the playground: recordings and profiles of traces/. scripts/make-site.mjs bundles them.
import curl from '../traces/curl-x86_64/curl.strace'
import before from '../traces/curl-x86_64/golden/profile.json?text'
import after from '../traces/web-server/golden/profile.json?text'

export const examples = {
  trace: [{ name: 'curl.strace', text: curl }],
  profiles: [
    { name: 'curl.json', text: before },
    { name: 'web-server.json', text: after },
  ],
} as const
