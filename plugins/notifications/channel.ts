import type { PluginLogger } from 'tonearm/plugin'
import type { TSchema } from 'typebox'

export type ChannelName = 'webhook' | 'ntfy' | 'gotify' | 'email' | 'webpush'

/** What goes out by a channel: texts that this recipient may read. */
export interface Delivery {
  /** Stable over retries: a receiver knows by it what came twice. Letters, digits, `-`, `_`, `.`. */
  readonly id: string
  /** `share.received`, `music.new`, `digest` and so on. */
  readonly topic: string
  readonly title: string
  /** '' or plain text, lines parted by `\n`. */
  readonly body: string
  readonly level: 'info' | 'warn' | 'error'
  /** ms since 1970: when it happened. */
  readonly at: number
  /** Absolute, of this server; absent where the server does not know its own address. */
  readonly url?: string
}

/** Settings of the administrator that channels read; part of the plugin's configuration. */
export interface ChannelConfig {
  /** `smtp://mail.example.org:587` or `smtps://...`, name and password apart; '' = no e-mail. */
  readonly smtpUrl: string
  readonly smtpUser: string
  readonly smtpPassword: string
  /** `Tonearm <tonearm@example.org>`; '' = no e-mail. */
  readonly mailFrom: string
  /** `mailto:` or `https:` of whoever runs the server, for push services; '' = made from `mailFrom`. */
  readonly pushContact: string
}

/** The server's VAPID keys, made once and kept by the plugin; base64url as web-push has them. */
export interface VapidKeys {
  readonly publicKey: string
  readonly privateKey: string
}

export interface ChannelTools {
  /** The plugin's own: granted hosts only. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>
  /** Aborts at the deadline of one attempt, and when the plugin ends. */
  readonly signal: AbortSignal
  readonly log: PluginLogger
  now(): number
  readonly config: ChannelConfig
  /** For Web Push alone. */
  readonly vapid: VapidKeys
}

export interface ChannelKind<Target> {
  readonly kind: ChannelName
  /**
   * A TypeBox object with `additionalProperties: false`; what is `secret: true` is stored and never shown again. An update
   * that leaves a secret out keeps the one before.
   */
  readonly target: TSchema
  /** The hosts that this target would reach, for the grant's sentence; [] when the administrator's settings name them. */
  hosts(target: Target): readonly string[]
  /** Why this target can't be used as it stands, for whoever typed it; undefined when it can. */
  problem(target: Target, config: ChannelConfig): string | undefined
  /** What is shown of a target in lists; no secret in it: `ntfy.sh/my-topic`. */
  label(target: Target): string
  /** Resolves when the other side has taken it. Rejects with ChannelError. */
  send(target: Target, delivery: Delivery, tools: ChannelTools): Promise<void>
}

export interface ChannelFailure {
  /** It may work later. */
  readonly retry: boolean
  /** As the other side asked. */
  readonly retryAfterMs?: number
  /** The target is no more (a push subscription that ended): it is to be forgotten. */
  readonly gone?: true
}

/** A delivery that was not taken. The message is for people: no secret, no full address in it. */
export class ChannelError extends Error {
  readonly retry: boolean
  readonly retryAfterMs: number | undefined
  readonly gone: boolean

  constructor(message: string, failure: ChannelFailure, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ChannelError'
    this.retry = failure.retry
    this.retryAfterMs = failure.retryAfterMs
    this.gone = failure.gone === true
  }
}
