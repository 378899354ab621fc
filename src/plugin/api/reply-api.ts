/** A description; the core moves the bytes, so that a reload cannot cut them. */
export type Reply =
  | { readonly kind: 'json'; readonly status?: number; readonly headers?: ReplyHeaders; readonly body: unknown }
  | {
      readonly kind: 'text'
      readonly status?: number
      readonly headers?: ReplyHeaders
      readonly type?: string
      readonly body: string
    }
  | {
      readonly kind: 'bytes'
      readonly status?: number
      readonly headers?: ReplyHeaders
      readonly type: string
      readonly body: Uint8Array
    }
  | { readonly kind: 'empty'; readonly status?: number; readonly headers?: ReplyHeaders }
  | {
      readonly kind: 'redirect'
      readonly to: string
      readonly status?: 301 | 302 | 303 | 307 | 308
      readonly headers?: ReplyHeaders
    }
  /** Music and pictures of the library, as this user may have them (`actAs`: a user's public id). */
  | {
      readonly kind: 'media'
      readonly mediaId: string
      readonly as?: 'stream' | 'download' | 'cover'
      readonly actAs: string
      readonly format?: string
      readonly maxBitRate?: number
      /** Longest edge in pixels, for covers. */
      readonly size?: number
      /** File name of a download; default: the song's file name. */
      readonly downloadName?: string
      readonly lease?: MediaLease
      readonly headers?: ReplyHeaders
    }
  /**
   * Songs as one ZIP, stored as they are and sent in constant memory. Each is opened when its turn has come, if the user
   * may have it then; those that can't be had are left out, and the archive's comment says so.
   */
  | {
      readonly kind: 'zip'
      readonly entries: readonly { readonly mediaId: string; readonly name: string }[]
      readonly actAs: string
      readonly downloadName: string
      readonly comment?: string
      readonly lease?: MediaLease
      readonly headers?: ReplyHeaders
    }
  /** Inside `storage.dir()` only; ranges work. */
  | {
      readonly kind: 'file'
      readonly path: string
      readonly type: string
      readonly downloadName?: string
      readonly headers?: ReplyHeaders
    }
  /** Made while it is sent; holds its generation until it ends, at most 10 minutes after a reload. */
  | {
      readonly kind: 'stream'
      readonly status?: number
      readonly type: string
      readonly headers?: ReplyHeaders
      readonly body: AsyncIterable<Uint8Array | string>
    }

/** What media are given for. They outlive reloads; `routes.endMedia(key)` ends those that are being sent. */
export interface MediaLease {
  readonly key: string
  /** ms since 1970: they break off then. */
  readonly until?: number
}

export type ReplyHeaders = Readonly<Record<string, string>>
