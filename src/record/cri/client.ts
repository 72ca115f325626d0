// Unary gRPC on a unix socket: an HTTP/2 POST whose body is a message after five bytes, and whose status is in the
// trailers. Authority: grpc/doc/PROTOCOL-HTTP2.md. We use no library: the common one is 33 packages with its
// dependencies, for the four calls that we make.
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { Decoded, encode, type Message } from './wire.ts'

/** How long a whole answer may take. Milliseconds. */
const patience = 10_000
/** The kubelet's limit too. Bytes. */
const answerLimit = 16 << 20
/** The status code of gRPC for an unknown method. */
export const unimplemented = 12

export class GrpcError extends Error {
  /** The status code of gRPC; undefined if there was no gRPC answer. */
  readonly status: number | undefined
  constructor(message: string, status?: number) {
    super(message)
    this.status = status
  }
}

export class GrpcClient {
  readonly #socket: string
  #session: ClientHttp2Session | undefined
  #failure: Error | undefined

  constructor(socket: string) {
    this.#socket = socket
  }

  /** Connects again if the session is closed, because the runtime may restart meanwhile. */
  #connected(): ClientHttp2Session {
    if (this.#session?.closed === false && !this.#session.destroyed) return this.#session
    this.#failure = undefined
    const session = connectHttp2('http://localhost', { createConnection: () => connectSocket(this.#socket) })
    // The stream of each waiting call reports the error.
    session.on('error', (error: Error) => (this.#failure = error))
    return (this.#session = session)
  }

  /** Throws a GrpcError. */
  async call(method: string, message: Message = {}, time: number = patience): Promise<Decoded> {
    const { headers, body } = await this.#ask(method, encode(message), time)
    const status = headers['grpc-status']
    if (status !== '0') {
      const words = decoded(String(headers['grpc-message'] ?? ''))
      const http = headers[':status']
      throw status === undefined
        ? new GrpcError(`no answer of gRPC (HTTP status ${http ?? 'none'})`)
        : new GrpcError(words || `status ${String(status)}`, Number(status))
    }
    if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5)
      throw new GrpcError('an answer that is not a message of gRPC')
    try {
      return new Decoded(body.subarray(5))
    } catch (error) {
      throw new GrpcError((error as Error).message)
    }
  }

  #ask(
    method: string,
    message: Buffer,
    time: number,
  ): Promise<{ readonly headers: IncomingHttpHeaders; readonly body: Buffer }> {
    return new Promise((resolve, reject) => {
      const stream = this.#connected().request({
        ':method': 'POST',
        ':path': method,
        'content-type': 'application/grpc',
        te: 'trailers',
      })
      const pieces: Buffer[] = []
      let size = 0
      let headers: IncomingHttpHeaders = {}
      const fail = (error: Error): void => {
        reject(new GrpcError((this.#failure ?? error).message))
        stream.destroy()
      }
      const timer = setTimeout(() => fail(new Error(`no answer in ${time / 1000} s`)), time)
      stream.on('response', (given) => (headers = { ...headers, ...given }))
      stream.on('trailers', (given: IncomingHttpHeaders) => (headers = { ...headers, ...given }))
      stream.on('data', (piece: Buffer) => {
        pieces.push(piece)
        size += piece.length
        if (size > answerLimit) fail(new Error('an answer larger than 16 MiB'))
      })
      stream.on('error', fail)
      stream.on('close', () => {
        clearTimeout(timer)
        resolve({ headers, body: Buffer.concat(pieces) })
      })
      const frame = Buffer.alloc(5)
      frame.writeUInt32BE(message.length, 1)
      stream.end(Buffer.concat([frame, message]))
    })
  }

  close(): void {
    this.#session?.destroy()
  }
}

function decoded(words: string): string {
  try {
    return decodeURIComponent(words)
  } catch {
    return words
  }
}
