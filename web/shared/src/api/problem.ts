/** RFC 9457 problem details as the server sends them, plus the two ways in which no answer comes at all. */
export interface ProblemBody {
  type?: string
  title?: string
  status?: number
  detail?: string
  kind?: string
  field?: string
  errors?: { message?: string; location?: string }[]
}

/** Why a request failed, in the few kinds that people and code tell apart. */
export type ProblemKind =
  | 'invalid'
  | 'not_found'
  | 'conflict'
  | 'denied'
  | 'unauthenticated'
  | 'limited'
  | 'unavailable'
  | 'unsupported'
  | 'internal'
  | 'network'

const kindByStatus: Record<number, ProblemKind> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'denied',
  404: 'not_found',
  405: 'unsupported',
  409: 'conflict',
  410: 'not_found',
  412: 'conflict',
  413: 'invalid',
  415: 'unsupported',
  422: 'invalid',
  429: 'limited',
  501: 'unsupported',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
}

export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    readonly kind: ProblemKind,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    /** A sentence from the server for a person; may be empty. */
    readonly detail: string,
    /** Milliseconds after which the server is willing again; 0 means not said. */
    readonly retryAfterMs = 0,
    /** The field of the request that it is about; empty when it is about none. */
    readonly field = '',
  ) {
    super(detail || kind)
  }

  /** Whether the same request may well succeed later without anybody changing it. */
  get temporary(): boolean {
    return this.kind === 'network' || this.kind === 'unavailable' || this.kind === 'limited'
  }

  static network(): Problem {
    return new Problem('network', 0, '')
  }

  static async fromResponse(response: Response): Promise<Problem> {
    let body: ProblemBody = {}
    try {
      const parsed: unknown = await response.json()
      if (parsed !== null && typeof parsed === 'object') body = parsed as ProblemBody
    } catch {
      // A proxy's HTML page: the status is all there is.
    }
    const kind = kindByStatus[response.status] ?? (response.status >= 500 ? 'internal' : 'invalid')
    const seconds = Number(response.headers.get('Retry-After') ?? 0)
    const detail = body.detail ?? body.errors?.[0]?.message ?? ''
    return new Problem(kind, response.status, detail, Number.isFinite(seconds) ? seconds * 1000 : 0, body.field ?? '')
  }
}
