// Finds the first process of a running container of an engine or a pod by name.
import { UserError } from '../errors.ts'
import { processOfContainer } from './containers/index.ts'
import { PodSearch, queryText } from './cri/find.ts'
import { engineFirst } from './engine-first.ts'
import type { PodQuery } from './recording.ts'

/** Throws UserError: 125 if no such container runs here, 2 if the query matches several. */
export async function processOfQuery(
  query: PodQuery,
  env: Readonly<Record<string, string | undefined>>,
  cri?: string,
): Promise<number> {
  const ofPods = () => processInPod(query, env, cri)
  return 'container' in query && cri === undefined
    ? engineFirst(() => processOfContainer(query.container, env), ofPods)
    : ofPods()
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
