/** Words for names, in scripts as a grown collection holds them: mostly Latin, some of each other. */
const LATIN =
  `love night blue river stone golden summer heart light dance fire dream silver shadow moon city road little black rain
  wild ocean morning last paper glass winter electric broken velvet north ghost garden sugar thunder crystal harbour
  yesterday forever machine island mirror letter holiday satellite parade cinema railway magnolia tangerine avenue
  the of and in my your from with for no one two seven thousand`.split(/\s+/)
const ACCENTED =
  `été cœur forêt señor corazón mañana über straße mädchen blå sjö øre łódź žena čas dívka ção saudade noël façade
  naïve größe fjörd hjärta tæt ñandú`.split(/\s+/)
const CYRILLIC = 'любовь ночь река город дорога весна сердце дождь огонь мечта звезда море'.split(' ')
const GREEK = 'αγάπη νύχτα θάλασσα ουρανός φως δρόμος καρδιά'.split(' ')
const HEBREW = 'אהבה לילה ים שמש דרך לב'.split(' ')
const ARABIC = 'حب ليل بحر شمس طريق قلب'.split(' ')
const JAPANESE = '東京 夜 恋 桜 夢 星空 海岸 さよなら カタカナ 約束 風'.split(' ')
const CHINESE = '北京 月亮 爱情 河流 春天 回忆 天空 时间'.split(' ')
const KOREAN = '사랑 밤 바다 별 서울 봄날'.split(' ')

const FIRST = 'Anna Miles Nina Otis Björk João Zoë Ravi Aretha Kurt Fela Joni Chet Édith Ólafur Sade Tove Nick'.split(
  ' ',
)
const LAST = 'Carter Nakamura Söderberg Okafor García Müller Dvořák Simone Lindqvist Moreau Silva Young Quinn'.split(
  ' ',
)

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export type Random = () => number

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T
}

function words(random: Random, list: readonly string[], count: number, joint: string): string {
  const text = Array.from({ length: count }, () => pick(random, list)).join(joint)
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A title or an album's name. */
export function titleFrom(random: Random): string {
  const script = random()
  if (script < 0.8) return words(random, LATIN, 1 + Math.floor(random() * 4), ' ')
  if (script < 0.88) return words(random, [...ACCENTED, ...LATIN], 1 + Math.floor(random() * 3), ' ')
  if (script < 0.91) return words(random, CYRILLIC, 1 + Math.floor(random() * 3), ' ')
  if (script < 0.92) return words(random, GREEK, 2, ' ')
  if (script < 0.93) return words(random, random() < 0.5 ? HEBREW : ARABIC, 2, ' ')
  if (script < 0.96) return words(random, JAPANESE, 1 + Math.floor(random() * 3), '')
  if (script < 0.98) return words(random, CHINESE, 1 + Math.floor(random() * 2), '')
  return words(random, KOREAN, 2, ' ')
}

export function artistFrom(random: Random, number: number): string {
  const kind = random()
  if (kind < 0.45) return `${pick(random, FIRST)} ${pick(random, LAST)} ${number.toString(36).toUpperCase()}`
  if (kind < 0.8) return `The ${words(random, LATIN, 2, ' ')} ${number.toString(36).toUpperCase()}`
  return `${titleFrom(random)} ${number.toString(36).toUpperCase()}`
}

export const GENRES =
  `Rock|Pop|Jazz|Electronic|Classical|Hip-Hop|Folk|Metal|Blues|Soul|R&B|Country|Reggae|Punk|Ambient|Indie Rock|House|
  Techno|Funk|Disco|Latin|Soundtrack|World|Singer/Songwriter|Hard Rock|New Wave|Trip-Hop|Drum & Bass|Chanson|J-Pop|K-Pop|
  Bossa Nova|Gospel|Ska|Opera|Baroque|Hörspiel|Spoken Word|Dub|Swing`
    .split('|')
    .map((name) => name.trim())
