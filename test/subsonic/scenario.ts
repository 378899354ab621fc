import type { Ids } from './world.ts'

export type Query = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>

/** One request of the story that the golden answers tell. */
export interface Step {
  /** The name of its golden files. */
  readonly name: string
  readonly endpoint: string
  readonly query: Query
  readonly user: 'admin' | 'ann' | 'guest'
  /** Changes something: asked once, in JSON. */
  readonly writes: boolean
  /** The answer is data. */
  readonly binary: boolean
  /** Sent as JSON, by POST. */
  readonly body?: string
}

/** In a query: the `transcodeParams` that an answer before gave. */
export const GIVEN_PARAMS = '$transcodeParams'

type More = Partial<Pick<Step, 'user' | 'writes' | 'binary' | 'body'>> & { readonly as?: string }

/** Every endpoint at least once, in an order in which each finds what it needs. */
export function scenario(ids: Ids): readonly Step[] {
  return [
    ...system,
    ...browsing(ids),
    ...information(ids),
    ...annotations(ids),
    ...lists(ids),
    ...searching(ids),
    ...playlists(ids),
    ...retrieval(ids),
    ...radio,
    ...bookmarksAndQueue(ids),
    ...users(ids),
    ...scanning,
    ...absentFeatures,
    ...reports(ids),
    ...transcoding(ids),
    ...likeness(ids),
    ...timesOfWords(ids),
    ...withoutPlugins(ids),
  ]
}

function timesOfWords(ids: Ids): readonly Step[] {
  return [
    read('getLyricsBySongId', { id: ids.song('Left'), enhanced: true }, { as: 'getLyricsBySongId-enhanced' }),
    read('getLyricsBySongId', { id: ids.song('Left') }, { as: 'getLyricsBySongId-of-words' }),
    read('download', { id: ids.album('First') }, { as: 'download-album', binary: true }),
  ]
}

function read(endpoint: string, query: Query = {}, more: More = {}): Step {
  const { as, ...rest } = more
  return { name: as ?? endpoint, endpoint, query, user: 'admin', writes: false, binary: false, ...rest }
}

function write(endpoint: string, query: Query = {}, more: More = {}): Step {
  return read(endpoint, query, { ...more, writes: true })
}

const system: readonly Step[] = [
  read('ping'),
  read('getLicense'),
  read('getOpenSubsonicExtensions'),
  read('tokenInfo', {}, { as: 'tokenInfo-by-password' }),
]

function browsing(ids: Ids): readonly Step[] {
  return [
    read('getMusicFolders'),
    read('getMusicFolders', {}, { as: 'getMusicFolders-of-ann', user: 'ann' }),
    read('getIndexes'),
    read('getIndexes', { musicFolderId: ids.library('More') }, { as: 'getIndexes-one-library' }),
    read('getIndexes', { ifModifiedSince: 9_999_999_999_999 }, { as: 'getIndexes-unchanged' }),
    read('getIndexes', { musicFolderId: ids.library('More') }, { as: 'getIndexes-foreign-library', user: 'ann' }),
    read('getMusicDirectory', { id: ids.folder('Main/Ann') }, { as: 'getMusicDirectory-artist' }),
    read('getMusicDirectory', { id: ids.folder('Main/Ann/First') }, { as: 'getMusicDirectory-album' }),
    read('getMusicDirectory', { id: ids.folder('Main/Ann/Double') }, { as: 'getMusicDirectory-discs' }),
    read('getMusicDirectory', { id: ids.album('Best of') }, { as: 'getMusicDirectory-by-album-id' }),
    read('getMusicDirectory', { id: ids.artist('Ann') }, { as: 'getMusicDirectory-by-artist-id' }),
    read('getMusicDirectory', { id: ids.folder('More/Dee') }, { as: 'getMusicDirectory-foreign', user: 'ann' }),
    read('getGenres'),
    read('getGenres', {}, { as: 'getGenres-of-ann', user: 'ann' }),
    read('getArtists'),
    read(
      'getArtists',
      { musicFolderId: [ids.library('Main'), ids.library('More')] },
      { as: 'getArtists-both-libraries' },
    ),
    read('getArtist', { id: ids.artist('Ann') }),
    read('getArtist', { id: ids.artist('The Bob') }, { as: 'getArtist-appearing' }),
    read('getArtist', { id: ids.artist('Dee') }, { as: 'getArtist-across-libraries', user: 'ann' }),
    read('getAlbum', { id: ids.album('First') }),
    read('getAlbum', { id: ids.album('Double') }, { as: 'getAlbum-discs' }),
    read('getAlbum', { id: ids.album('Solo') }, { as: 'getAlbum-foreign', user: 'ann' }),
    read('getSong', { id: ids.song('One') }),
    read('getSong', { id: ids.song('loose') }, { as: 'getSong-untagged' }),
    read('getSong', {}, { as: 'getSong-without-id' }),
    read('getVideos'),
    read('getVideoInfo', { id: '1' }),
  ]
}

function information(ids: Ids): readonly Step[] {
  return [
    read('getArtistInfo', { id: ids.folder('Main/Ann') }),
    read('getArtistInfo2', { id: ids.artist('Ann') }),
    read('getAlbumInfo', { id: ids.folder('Main/Ann/First') }),
    read('getAlbumInfo2', { id: ids.album('First') }),
    read('getSimilarSongs', { id: ids.song('Left'), count: 0 }),
    read('getSimilarSongs2', { id: ids.artist('Dee'), count: 0 }),
    read('getTopSongs', { artist: 'die arzte' }),
    read('getTopSongs', { id: ids.artist('Dee') }, { as: 'getTopSongs-by-id' }),
  ]
}

function likeness(ids: Ids): readonly Step[] {
  return [
    read('getSimilarSongs', { id: ids.song('Left') }, { as: 'getSimilarSongs-of-song' }),
    read('getSimilarSongs2', { id: ids.artist('Ann'), count: 3 }, { as: 'getSimilarSongs2-of-artist' }),
    read('getSimilarSongs2', { id: ids.artist('Ann') }, { as: 'getSimilarSongs2-by-ann', user: 'ann' }),
  ]
}

function annotations(ids: Ids): readonly Step[] {
  return [
    write('star', { id: ids.song('One') }),
    write('star', { albumId: ids.album('First'), artistId: ids.artist('Ann') }, { as: 'star-album-and-artist' }),
    write('star', { id: [ids.folder('Main/Ann/Double'), ids.folder('Main/Ann/Double/CD2')] }, { as: 'star-folders' }),
    write('star', { id: ids.song('Two') }, { as: 'star-and-regret' }),
    write('unstar', { id: ids.song('Two') }),
    write('star', { id: ids.song('Only') }, { as: 'star-foreign', user: 'ann' }),
    write('setRating', { id: ids.song('One'), rating: 4 }),
    write('setRating', { id: ids.album('First'), rating: 5 }, { as: 'setRating-album' }),
    write('setRating', { id: ids.song('One'), rating: 6 }, { as: 'setRating-too-high' }),
    write('scrobble', { id: [ids.song('One'), ids.song('Two')], time: [1_700_000_000_000, 1_700_000_200_000] }),
    write('scrobble', { id: ids.song('Two'), submission: false }, { as: 'scrobble-now-playing', user: 'ann' }),
    read('getNowPlaying'),
    read('getStarred'),
    read('getStarred2'),
    read('getSong', { id: ids.song('One') }, { as: 'getSong-marked' }),
  ]
}

function lists(ids: Ids): readonly Step[] {
  const albumTypes = [
    'newest',
    'highest',
    'frequent',
    'recent',
    'alphabeticalByName',
    'alphabeticalByArtist',
    'starred',
  ]
  return [
    ...albumTypes.map((type) => read('getAlbumList2', { type, size: 2 }, { as: `getAlbumList2-${type}` })),
    read('getAlbumList2', { type: 'byYear', fromYear: 2005, toYear: 1990 }, { as: 'getAlbumList2-byYear' }),
    read('getAlbumList2', { type: 'byGenre', genre: 'jazz' }, { as: 'getAlbumList2-byGenre' }),
    read('getAlbumList2', { type: 'random', musicFolderId: ids.library('More') }, { as: 'getAlbumList2-random' }),
    read('getAlbumList2', { type: 'newest', offset: 50 }, { as: 'getAlbumList2-after-the-end' }),
    read('getAlbumList2', { type: 'byYear' }, { as: 'getAlbumList2-without-years' }),
    read('getAlbumList', { type: 'alphabeticalByName' }),
    read('getAlbumList', { type: 'starred' }, { as: 'getAlbumList-starred' }),
    read('getAlbumList', { type: 'nonsense' }, { as: 'getAlbumList-unknown-type' }),
    read('getRandomSongs', { genre: 'Folk' }),
    read('getSongsByGenre', { genre: 'Rock' }),
    read('getSongsByGenre', { genre: 'Folk' }, { as: 'getSongsByGenre-foreign', user: 'ann' }),
  ]
}

function searching(ids: Ids): readonly Step[] {
  return [
    read('search', { any: 'ann', title: 'two' }),
    read('search2', { query: 'double' }),
    read('search3', { query: 'arz' }),
    read(
      'search3',
      { query: '""', artistCount: 2, albumCount: 2, songCount: 3, songOffset: 6 },
      { as: 'search3-page' },
    ),
    read('search3', { query: '海' }, { as: 'search3-cjk' }),
    read('search3', { query: 'only', musicFolderId: ids.library('Main') }, { as: 'search3-other-library' }),
    read('search3', { query: 'only', musicFolderId: 77 }, { as: 'search3-unknown-library' }),
    read('search3', {}, { as: 'search3-without-query' }),
  ]
}

function playlists(ids: Ids): readonly Step[] {
  const [one, two, only] = [ids.song('One'), ids.song('Two'), ids.song('Only')]
  return [
    write('createPlaylist', { name: 'Mix', songId: [one, two, one, only] }),
    write('updatePlaylist', {
      playlistId: 'p1',
      songIndexToRemove: [0],
      songIdToAdd: two,
      comment: 'hi',
      public: true,
    }),
    read('getPlaylists'),
    read('getPlaylist', { id: 'p1' }),
    read('getPlaylist', { id: 'p1' }, { as: 'getPlaylist-of-another', user: 'ann' }),
    write('updatePlaylist', { playlistId: 'p1', name: 'Mine' }, { as: 'updatePlaylist-of-another', user: 'ann' }),
    write('createPlaylist', { playlistId: 'p1', songId: two }, { as: 'createPlaylist-replacing' }),
    write('deletePlaylist', { id: 'p1' }, { as: 'deletePlaylist-of-another', user: 'ann' }),
    write('deletePlaylist', { id: 'p1' }),
    read('getPlaylist', { id: 'p1' }, { as: 'getPlaylist-deleted' }),
  ]
}

function retrieval(ids: Ids): readonly Step[] {
  return [
    read('getLyrics', { artist: 'Ann', title: 'two' }),
    read('getLyrics', { artist: 'Ann', title: 'nothing' }, { as: 'getLyrics-unknown' }),
    read('getLyricsBySongId', { id: ids.song('Two') }),
    read('getLyricsBySongId', { id: ids.song('One') }, { as: 'getLyricsBySongId-plain' }),
    read('stream', { id: ids.song('One') }, { binary: true }),
    read('stream', { id: ids.song('Only') }, { as: 'stream-foreign', user: 'ann' }),
    read('stream', { id: ids.song('One') }, { as: 'stream-without-right', user: 'guest' }),
    read('download', { id: ids.song('One') }, { binary: true }),
    read('download', { id: ids.song('One') }, { as: 'download-without-right', user: 'guest' }),
    read('getCoverArt', { id: ids.album('First') }, { binary: true }),
    read('getCoverArt', { id: 'a999' }, { as: 'getCoverArt-unknown' }),
    read('getAvatar', { username: 'ann' }, { binary: true }),
    read('getCaptions', { id: ids.song('One') }),
  ]
}

const radio: readonly Step[] = [
  write('createInternetRadioStation', {
    name: 'FM',
    streamUrl: 'http://radio.example/a',
    homepageUrl: 'http://radio.example',
  }),
  write(
    'createInternetRadioStation',
    { name: 'X', streamUrl: 'javascript:alert(1)' },
    { as: 'createInternetRadioStation-script' },
  ),
  read('getInternetRadioStations'),
  write('updateInternetRadioStation', { id: 'i1', name: 'AM', streamUrl: 'http://radio.example/b' }),
  write('deleteInternetRadioStation', { id: 'i1' }, { as: 'deleteInternetRadioStation-by-ann', user: 'ann' }),
  write('deleteInternetRadioStation', { id: 'i1' }),
]

function bookmarksAndQueue(ids: Ids): readonly Step[] {
  const [one, two] = [ids.song('One'), ids.song('Two')]
  return [
    write('createBookmark', { id: one, position: 1500, comment: 'here' }),
    read('getBookmarks'),
    write('deleteBookmark', { id: one }),
    read('getPlayQueue', {}, { as: 'getPlayQueue-never-saved' }),
    write('savePlayQueue', { id: [one, two, one], current: two, position: 700 }),
    read('getPlayQueue'),
    read('getPlayQueueByIndex'),
    write('savePlayQueueByIndex', { id: [one, two, one], currentIndex: 2 }),
    read('getPlayQueueByIndex', {}, { as: 'getPlayQueueByIndex-duplicate' }),
    write('savePlayQueueByIndex', { id: [one, two], currentIndex: 2 }, { as: 'savePlayQueueByIndex-outside' }),
    write('savePlayQueue', {}, { as: 'savePlayQueue-clearing' }),
    read('getPlayQueue', {}, { as: 'getPlayQueue-cleared' }),
  ]
}

function users(ids: Ids): readonly Step[] {
  return [
    read('getUser', { username: 'ann' }),
    read('getUser', { username: 'admin' }, { as: 'getUser-another', user: 'ann' }),
    read('getUsers'),
    read('getUsers', {}, { as: 'getUsers-by-ann', user: 'ann' }),
    write('createUser', {
      username: 'new',
      password: 'enc:736573616d652073656564',
      email: 'new@example.org',
      shareRole: true,
      musicFolderId: ids.library('More'),
    }),
    write('updateUser', { username: 'new', maxBitRate: 192, streamRole: false }),
    read('getUser', { username: 'new' }, { as: 'getUser-updated' }),
    write('changePassword', { username: 'new', password: 'enc:6f70656e20736573616d65' }),
    write('changePassword', { username: 'admin', password: 'x' }, { as: 'changePassword-of-another', user: 'ann' }),
    write('deleteUser', { username: 'new' }),
    write('deleteUser', { username: 'admin' }, { as: 'deleteUser-oneself' }),
  ]
}

const scanning: readonly Step[] = [
  read('getScanStatus'),
  write('startScan', {}, { as: 'startScan-by-ann', user: 'ann' }),
  write('startScan'),
]

const absentFeatures: readonly Step[] = [
  read('getShares'),
  write('createShare', { id: 's1' }),
  write('updateShare', { id: '1' }),
  write('deleteShare', { id: '1' }),
  read('getPodcasts'),
  read('getNewestPodcasts'),
  write('refreshPodcasts'),
  write('createPodcastChannel', { url: 'http://x.example' }),
  write('deletePodcastChannel', { id: '1' }),
  write('deletePodcastEpisode', { id: '1' }),
  write('downloadPodcastEpisode', { id: '1' }),
  read('getChatMessages'),
  write('addChatMessage', { message: 'hi' }),
  write('jukeboxControl', { action: 'get' }),
  read('noSuchMethod', {}, { as: 'unknown-method' }),
]

function withoutPlugins(ids: Ids): readonly Step[] {
  return [
    read('getPodcastEpisode', { id: 'pe-1' }),
    read('getSonicSimilarTracks', { id: ids.song('One') }),
    read('getSonicSimilarTracks', { id: 'nothing' }, { as: 'getSonicSimilarTracks-unknown' }),
    read('findSonicPath', { startSongId: ids.song('One'), endSongId: ids.song('loose') }),
  ]
}

function reports(ids: Ids): readonly Step[] {
  const report = { mediaId: ids.song('One'), mediaType: 'song', positionMs: 0 }
  return [
    write('reportPlayback', { ...report, state: 'starting' }),
    write('reportPlayback', { ...report, state: 'paused', playbackRate: 1.5 }, { as: 'reportPlayback-paused' }),
    read('getNowPlaying', {}, { as: 'getNowPlaying-reported' }),
    write('reportPlayback', { ...report, state: 'sleeping' }, { as: 'reportPlayback-unknown-state' }),
    write('reportPlayback', { ...report, mediaId: 's999', state: 'playing' }, { as: 'reportPlayback-unknown-song' }),
    write('reportPlayback', { ...report, state: 'stopped' }, { as: 'reportPlayback-stopped' }),
  ]
}

function transcoding(ids: Ids): readonly Step[] {
  const song = { mediaId: ids.song('Two'), mediaType: 'song' }
  const plays = (container: string) => ({
    body: JSON.stringify({
      name: 'Player',
      platform: 'Test',
      directPlayProfiles: [{ containers: [container], audioCodecs: [], protocols: ['http'] }],
    }),
  })
  return [
    read('getTranscodeDecision', song, { ...plays('flac'), as: 'getTranscodeDecision-nothing-fits' }),
    read('getTranscodeDecision', song, { body: '{"name":7}', as: 'getTranscodeDecision-malformed' }),
    read('getTranscodeDecision', song, plays('mp3')),
    read('getTranscodeStream', { ...song, transcodeParams: GIVEN_PARAMS }, { binary: true }),
    read('hls.m3u8', { id: song.mediaId }, { as: 'hls-without-an-engine' }),
  ]
}
