// Chooses the proxy of a request by the environment: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or their lower-case names.
// Authority: golang.org/x/net/http/httpproxy, whose rules docker, podman, skopeo and cosign follow.
import { BlockList, isIP } from 'node:net'
import { UserError } from '../errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The proxy for a URL; undefined for none. @throws UserError if the variable holds no URL of an HTTP proxy. */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const named = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const given = env[named] || env[named.toLowerCase()]
  if (!given || isExempt(url, env['NO_PROXY'] || env['no_proxy'] || '')) return undefined
  const text = given.includes('://') ? given : `http://${given}`
  const proxy = URL.canParse(text) ? new URL(text) : undefined
  if (proxy === undefined || !/^https?:$/.test(proxy.protocol))
    throw new UserError('proxy-unusable', { variable: named })
  return proxy
}

/** A URL has an IPv6 address in brackets; a connection takes it without them. */
export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

function isExempt({ hostname, port, protocol }: URL, list: string): boolean {
  const host = withoutBrackets(hostname).replace(/\.$/, '')
  const at = port || (protocol === 'https:' ? '443' : '80')
  const family = isIP(host)
  if (host === 'localhost' || (family === 4 && host.startsWith('127.')) || host === '::1') return true
  return list
    .split(',')
    .map((each) => each.trim().toLowerCase())
    .some((each) => each === '*' || (family === 0 ? isNamed(host, at, each) : isAddressed(host, at, each)))
}

/** Whether an entry names the host. `example.org` includes its subdomains; `.example.org` means only these. */
function isNamed(host: string, port: string, entry: string): boolean {
  const [, name = '', only] = /^(?:\*(?=\.))?([^:]*)(?::(\d+))?$/.exec(entry) ?? []
  if (name === '' || (only !== undefined && only !== port)) return false
  return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`)
}

/** Whether an entry contains the host: a network such as `10.0.0.0/8`, or an address with or without a port. */
function isAddressed(host: string, port: string, entry: string): boolean {
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4'
  const [, network = '', bits] = /^([\da-f.:]+)\/(\d{1,3})$/.exec(entry) ?? []
  if (bits !== undefined) {
    if (isIP(network) !== isIP(host) || Number(bits) > (family === 'ipv6' ? 128 : 32)) return false
    const block = new BlockList()
    block.addSubnet(network, Number(bits), family)
    return block.check(host, family)
  }
  const [, address = '', only] = /^\[?([\da-f:]*::?[\da-f]*|[\d.]+)\]?(?::(\d+))?$/.exec(entry) ?? []
  return address === host && (only === undefined || only === port)
}
