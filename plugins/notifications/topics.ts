import type { ChannelName } from './channel.ts'

export type Level = 'info' | 'warn' | 'error'
export type Mode = 'on' | 'off' | 'digest'
/** Where a note may go: the list in the app, or a channel. */
export type Place = 'app' | ChannelName
export const PLACES: readonly Place[] = ['app', 'webhook', 'ntfy', 'gotify', 'email', 'webpush']

export interface Topic {
  /** Who can get it at all: those whom it concerns, administrators, or both. */
  readonly for: 'users' | 'admins' | 'everybody'
  readonly level: Level
  /** By place; what is not named is on. */
  readonly defaults?: { readonly [P in Place]?: Mode }
}

/** What people can be told. `other` is what other plugins send under topics of their own. */
export const TOPICS = {
  'share.received': { for: 'users', level: 'info' },
  'share.changed': { for: 'users', level: 'info', defaults: { email: 'off' } },
  'share.revoked': { for: 'users', level: 'info', defaults: { email: 'off' } },
  'share.expiring': { for: 'users', level: 'info' },
  'share.firstUsed': { for: 'users', level: 'info' },
  'share.exhausted': { for: 'users', level: 'info' },
  'music.new': { for: 'users', level: 'info', defaults: { email: 'digest' } },
  'login.failed': { for: 'everybody', level: 'warn' },
  'login.newAddress': { for: 'users', level: 'warn' },
  'library.lost': {
    for: 'everybody',
    level: 'error',
  },
  'library.back': { for: 'everybody', level: 'info' },
  'scan.problems': { for: 'admins', level: 'warn' },
  'files.missing': { for: 'admins', level: 'warn' },
  'scan.failed': { for: 'admins', level: 'error' },
  'disk.low': { for: 'admins', level: 'error' },
  'disk.well': { for: 'admins', level: 'info' },
  'plugin.failed': { for: 'admins', level: 'error' },
  'plugin.needs-grant': { for: 'admins', level: 'warn' },
  'backup.failed': { for: 'admins', level: 'error' },
  other: { for: 'everybody', level: 'info' },
} as const satisfies Readonly<Record<string, Topic>>

export type TopicName = keyof typeof TOPICS

export function isTopic(name: string): name is TopicName {
  return Object.hasOwn(TOPICS, name)
}

/** The topic that people set: notes of other plugins share one. */
export function topicOf(name: string): TopicName {
  return isTopic(name) ? name : 'other'
}

/** What a user can be told at all. */
export function topicsFor(isAdmin: boolean): readonly TopicName[] {
  return (Object.keys(TOPICS) as TopicName[]).filter((name) => isAdmin || TOPICS[name].for !== 'admins')
}

export function defaultMode(topic: TopicName, place: Place): Mode {
  const { defaults } = TOPICS[topic] as Topic
  return defaults?.[place] ?? 'on'
}

/** The notes of shares by the names of the Pinakes API. */
export const PINAKES_TYPES = {
  'share.received': 'share_received',
  'share.changed': 'share_changed',
  'share.revoked': 'share_revoked',
  'share.expiring': 'share_expiring',
  'share.firstUsed': 'link_first_used',
  'share.exhausted': 'link_exhausted',
} as const satisfies { readonly [N in TopicName]?: string }
export type ShareTopic = keyof typeof PINAKES_TYPES
