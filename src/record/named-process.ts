// Finds the first process of a running container of an engine or a pod by name.
import { UserError } from '../errors.ts'
import { processOfContainer } from './containers/index.ts'
import { PodSearch, queryText } from './cri/find.ts'
import type { PodQuery } from './recording.ts'

/** Throws UserError: 125 if no such container runs here, 2 if the query matches several. */
export async function processOfQuery(
  query: PodQuery,
  env: Readonly<Record<string, string | undefined>>,
  cri?: string,
): Promise<number> {
  if ('container' in query && cri === undefined) {
    try {
      return await processOfContainer(query.container, env)
    } catch (error) {
      if (!(error instanceof UserError) || !['no-engine', 'no-such-container'].includes(error.code))
        throw error
      return processInPod(query, env, cri).catch(() => {
        throw error
      })
    }
  }
  return processInPod(query, env, cri)
}

async function processInPod(
  query: PodQuery,
  env: Readonly<Record<string, string | undefined>>,
  cri: string | undefined,
): Promise<number> {
  const search = await PodSearch.open(query, { cri, env })
  try {
    const [first, ...others] = await search.running()
    if (first === undefined || others.length > 0) {
      const containers = [...(first === undefined ? [] : [first]), ...others].map(
        ({ pod, name }) => `${pod}/${name}`,
      )
      throw new UserError('several-containers', { query: queryText(query), containers })
    }
    const { pid, fullName } = await search.described(first)
    if (pid === undefined)
      throw new UserError('runtime-silent', {
        socket: search.socket,
        why: `it tells no process of ${fullName}`,
      })
    return pid
  } finally {
    search.close()
  }
}
