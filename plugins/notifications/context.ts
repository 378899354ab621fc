import { type PluginContext, Type } from 'tonearm/plugin'
import type { ChannelConfig } from './channel.ts'
import { MAIL_MODULES } from './channels/all-channels.ts'

export const PERMISSIONS = [
  'library:read',
  'users:read',
  'playback:read',
  'server:read',
  'admin',
  'db',
  'settings',
  'scheduler',
  'notify',
  'assets',
  'routes',
  'routes:public',
  'routes:root',
  'net:*',
  ...MAIL_MODULES,
] as const

export const REASONS = {
  'library:read': 'names new music, as each recipient sees it, and learns of scans',
  'users:read': 'knows who is to be told, and learns of logins',
  'playback:read': 'tells open pages how many are listening',
  'server:read': 'tells open pages when the server began',
  admin: 'counts missing files, and shows how scans go',
  db: 'keeps notes, preferences, and what waits to be delivered',
  settings: 'keeps the keys of Web Push and what was told already',
  scheduler: 'delivers when it is time',
  notify: 'takes the news of the server and of other plugins',
  assets: 'serves the page',
  routes: 'answers /api/notifications and /api/events',
  'routes:public': 'serves the page before the login',
  'routes:root': 'these paths are where clients look for them',
  'net:*': 'reaches the services that users choose, at public addresses; others are granted one by one',
  'node:fs': 'the mail library names it',
  'node:dns': 'the mail library names it; connections are made by ctx.connect',
  'node:http': 'the mail library names it',
  'node:https': 'the mail library names it',
  'node:net': 'the mail library names it',
  'node:os': 'the mail library names it',
  'node:stream': 'the mail library writes messages by it',
  'node:tls': 'talks to mail servers over encrypted connections',
} as const

const CHANNELS = ['webhook', 'ntfy', 'gotify', 'email', 'webpush']

export const CONFIG = {
  publicUrl: Type.String({
    default: '',
    pattern: '^(https?://\\S+[^/])?$',
    title: 'Address of this server for links in messages, such as https://music.example.org; empty = no links',
  }),
  smtpUrl: Type.String({
    default: '',
    pattern: '^(smtps?://\\S+)?$',
    title: 'Mail server, as smtp://mail.example.org:587 or smtps://mail.example.org; empty = no e-mail',
  }),
  smtpUser: Type.String({ default: '', title: 'Account at the mail server; empty = none needed' }),
  smtpPassword: Type.String({ default: '', secret: true, title: 'Password of this account' }),
  mailFrom: Type.String({ default: '', title: 'Sender, as Tonearm <tonearm@example.org>; empty = no e-mail' }),
  pushContact: Type.String({
    default: '',
    pattern: '^((mailto:|https://)\\S+)?$',
    title: 'mailto: or https: address that push services may write to; empty = the sender of e-mail',
  }),
  userChannels: Type.Array(Type.String({ enum: CHANNELS }), {
    default: CHANNELS,
    title: 'Channels that users may set up for themselves; administrators may use all',
  }),
  ratePerMinute: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 10_000,
    title: 'Messages a minute that one channel sends; more wait',
  }),
  concurrency: Type.Integer({ default: 4, minimum: 1, maximum: 32, title: 'Messages that are sent at the same time' }),
  settleSeconds: Type.Integer({
    default: 60,
    minimum: 0,
    maximum: 3_600,
    title: 'Seconds that news which may still grow wait before they go out, so that an album is one message',
  }),
  albumsApart: Type.Integer({
    default: 3,
    minimum: 0,
    maximum: 50,
    title: 'New albums of one scan that get a note each; more become one digest',
  }),
  keepPerUser: Type.Integer({ default: 500, minimum: 10, maximum: 10_000, title: 'Notes that are kept for each user' }),
  keepDays: Type.Integer({ default: 90, minimum: 1, maximum: 3_650, title: 'Days that notes are kept' }),
  failedLogins: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 1_000,
    title: 'Failed logins within ten minutes from one address after which people are told',
  }),
}

export interface Config extends ChannelConfig {
  readonly publicUrl: string
  readonly userChannels: readonly string[]
  readonly ratePerMinute: number
  readonly concurrency: number
  readonly settleSeconds: number
  readonly albumsApart: number
  readonly keepPerUser: number
  readonly keepDays: number
  readonly failedLogins: number
}

export type Context = PluginContext<Config, (typeof PERMISSIONS)[number]>
