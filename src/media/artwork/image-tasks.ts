/** What the image process is asked and answers. Only paths and small facts travel; bytes stay in files. */

/** Where a picture's bytes are: a picture file, the picture inside a music file, or a file of the cover cache. */
export interface PictureSource {
  readonly kind: 'file' | 'embedded' | 'stored'
  readonly path: string
  /** The real file must lie in this folder: links that lead out of it are refused. */
  readonly within?: string
}

export type ImageTask =
  /** Stores the bounded picture that all smaller sizes are made of, named by the hash of its source, in `folder`. */
  | { readonly kind: 'master'; readonly source: PictureSource; readonly edge: number; readonly folder: string }
  /** Longest edge at most `edge`, never enlarged; `square`: with clear edges where it is none. */
  | {
      readonly kind: 'resize'
      readonly source: PictureSource
      readonly edge: number
      readonly square?: boolean
      readonly target: string
    }
  /** Four pictures, two by two, on a square of `edge`. */
  | {
      readonly kind: 'grid'
      readonly sources: readonly PictureSource[]
      readonly edge: number
      readonly target: string
    }
  /** The picture's own bytes. */
  | { readonly kind: 'original'; readonly source: PictureSource; readonly target: string }

export interface ImageLimits {
  /** Of a source; more is not read. */
  readonly maxBytes: number
  /** Width times height; more is not decoded. */
  readonly maxPixels: number
  /** What decoding may hold in memory, by what the picture's header says; more is not decoded. */
  readonly maxDecodedBytes: number
  /** JPEG quality, 1 to 100. */
  readonly quality: number
  /** Without a resizer: the largest picture that is sent as it is. */
  readonly maxUnresizedBytes: number
}

/**
 * Why there is no picture. The first group is about the picture and is remembered with its version; 'unavailable' (the
 * disk, the file) and 'unwritable' (the cache) pass.
 */
export type ImageFailure =
  | 'broken'
  | 'too-large'
  | 'no-picture'
  | 'timeout'
  | 'crashed'
  | 'unresized'
  | 'unavailable'
  | 'unwritable'

export interface ImageDone {
  readonly ok: true
  /** Hash of the source's bytes (master only). */
  readonly content: string
  readonly width: number
  readonly height: number
  /** The stored picture is the source, byte for byte. */
  readonly original: boolean
  /** Written to the cache; 0 when it was there. */
  readonly written: number
}

export type ImageResult = ImageDone | { readonly ok: false; readonly reason: ImageFailure; readonly note?: string }

export interface ImageRequest {
  readonly id: number
  readonly task: ImageTask
}

/** The child's first message, then one answer a request. */
export type ImageMessage =
  | { readonly kind: 'ready'; readonly resizes: boolean; readonly note?: string }
  | { readonly kind: 'answer'; readonly id: number; readonly result: ImageResult }
