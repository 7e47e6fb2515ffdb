import type { ClientRequest, RequestController } from '../../../../plugins/provider/http1/exchange-handler.ts'
import type { Fields } from '../../../../plugins/provider/http1/fields.ts'
import type { Pool } from '../../../../plugins/provider/http1/pool.ts'

export interface Received {
  readonly status: number
  readonly headers: Fields
  readonly body: string
}

export interface AskEvents {
  readonly onStart?: (controller: RequestController) => void
  readonly onData?: (pieces: readonly Buffer[], controller: RequestController) => void
}

/** One request; rejects with what the client reports, and for good if it reports twice. */
export function askPool(
  pool: Pool,
  request: Partial<ClientRequest> = {},
  events: AskEvents = {},
): Promise<Received> {
  return new Promise((resolve, reject) => {
    let controller: RequestController | undefined
    let head: Omit<Received, 'body'> | undefined
    let ends = 0
    const body: Buffer[] = []
    const end = (settle: () => void) => {
      ends += 1
      if (ends > 1) throw new Error('a request ended twice')
      settle()
    }
    pool.dispatch(
      { method: 'POST', path: '/', headers: [], body: Buffer.alloc(0), idleTimeoutMs: 5000, ...request },
      {
        onRequestStart(given) {
          controller = given
          events.onStart?.(given)
        },
        onResponseStart(status, headers) {
          head = { status, headers }
        },
        onResponseData(pieces) {
          body.push(...pieces)
          if (controller) events.onData?.(pieces, controller)
        },
        onResponseEnd() {
          end(() =>
            head ? resolve({ ...head, body: Buffer.concat(body).toString() }) : reject(new Error('no head')),
          )
        },
        onResponseError(error) {
          end(() => reject(error))
        },
      },
    )
  })
}
