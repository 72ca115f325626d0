// Looks a container's name up in the engines first, then in the pods. The engines know most containers. A container
// that no engine knows may belong to a pod, because a node may have no engine.
import { UserError, type ErrorCode } from '../errors.ts'

/** Throws the engine's error if the node's runtime knows no such container either. */
export async function engineFirst<T>(ofEngine: () => Promise<T>, ofPods: () => Promise<T>): Promise<T> {
  try {
    return await ofEngine()
  } catch (error) {
    if (!isUnknown(error, ['no-engine', 'no-such-container'])) throw error
    return ofPods().catch((other: unknown) => {
      throw isUnknown(other, ['no-runtime-socket', 'no-such-pod', 'runtime-silent']) ? error : other
    })
  }
}

function isUnknown(error: unknown, codes: readonly ErrorCode[]): boolean {
  return error instanceof UserError && codes.includes(error.code)
}
