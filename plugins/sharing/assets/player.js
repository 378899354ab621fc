// Makes the list of the page a player, and writes days as the reader does. Without it each song has its own audio element.
const items = [...document.querySelectorAll('.track')].filter((item) => item.querySelector('audio'))
if (items.length > 0) start()
for (const time of document.querySelectorAll('time'))
  time.textContent = new Date(time.dateTime).toLocaleDateString(undefined, { dateStyle: 'long', timeZone: 'UTC' })

function start() {
  document.documentElement.classList.add('scripted')
  const audio = new Audio()
  audio.preload = 'auto'
  let current = -1
  // Set while the network is away: where the song goes on, and which try it is.
  let lost
  const FIRST_WAIT_MS = 1000
  const LONGEST_WAIT_MS = 15_000
  const STALL_MS = 15_000

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties)
    element.append(...children)
    return element
  }
  // Drawn, since fonts lack signs for them.
  const shapes = {
    play: 'M7 4v16l13-8z',
    pause: 'M6 4h4v16H6zM14 4h4v16h-4z',
    back: 'M5 4h3v16H5zM20 4v16L9 12z',
    next: 'M16 4h3v16h-3zM4 4v16l11-8z',
  }
  const icon = (shape) => {
    const [svg, path] = ['svg', 'path'].map((tag) => document.createElementNS('http://www.w3.org/2000/svg', tag))
    svg.setAttribute('viewBox', '0 0 24 24')
    svg.setAttribute('aria-hidden', 'true')
    path.setAttribute('d', shapes[shape])
    svg.append(path)
    return svg
  }
  const button = (shape, label, action) => {
    const element = make('button', { type: 'button' }, icon(shape))
    element.setAttribute('aria-label', label)
    element.addEventListener('click', action)
    return element
  }
  const clock = (seconds) => {
    if (!Number.isFinite(seconds)) return '0:00'
    const whole = Math.floor(seconds)
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
  }

  const cover = make('img', { alt: '', width: 48, height: 48 })
  const name = make('span', { className: 'name', dir: 'auto' })
  const under = make('span', { className: 'under', dir: 'auto' })
  const names = make('div', { className: 'names' }, name, under)
  names.setAttribute('aria-live', 'polite')
  const toggle = button('play', 'Play', () => {
    if (lost) giveUp()
    else if (!audio.paused) audio.pause()
    else if (audio.error) load(audio.currentTime)
    else audio.play().catch(() => {})
  })
  toggle.className = 'toggle'
  const back = button('back', 'Previous song', () => (audio.currentTime > 3 ? seekTo(0) : play(current - 1)))
  const next = button('next', 'Next song', () => play(current + 1))
  const volume = make('input', { type: 'range', className: 'volume', min: 0, max: 1, step: 0.05, value: 1 })
  volume.setAttribute('aria-label', 'Volume')
  volume.addEventListener('input', () => {
    audio.volume = Number(volume.value)
  })
  const seek = make('input', { type: 'range', min: 0, max: 1, step: 0.1, value: 0 })
  seek.setAttribute('aria-label', 'Position')
  const passed = make('span', { textContent: '0:00' })
  const whole = make('span', { textContent: '0:00' })
  const seekTo = (seconds) => {
    audio.currentTime = seconds
  }
  const showLength = (seconds) => {
    seek.max = seconds || 1
    whole.textContent = clock(seconds)
  }
  seek.addEventListener('input', () => seekTo(Number(seek.value)))
  const player = make(
    'section',
    { className: 'player', hidden: true },
    make(
      'div',
      { className: 'bar' },
      cover,
      names,
      make('div', { className: 'controls' }, volume, back, toggle, next),
      make('div', { className: 'seek' }, passed, seek, whole),
    ),
  )
  player.setAttribute('aria-label', 'Player')
  document.body.append(player)

  function play(index) {
    const item = items[index]
    if (!item) return
    mark(items[current], false)
    current = index
    mark(item, true)
    const { title, artist: by, album, cover: picture, seconds } = item.dataset
    name.textContent = title
    under.textContent = by
    under.classList.remove('problem')
    cover.src = picture.includes('?') ? `${picture}&size=150` : picture
    // The browser learns the length only with the first bytes: whoever seeks before must not end at the slider's old end.
    showLength(Number(seconds))
    player.hidden = false
    document.body.classList.add('has-player')
    back.disabled = index === 0
    next.disabled = index === items.length - 1
    forget()
    load(0)
    if ('mediaSession' in navigator) {
      const artwork = [{ src: new URL(picture, document.baseURI).href, sizes: '600x600' }]
      navigator.mediaSession.metadata = new MediaMetadata({ title, artist: by, album, artwork })
    }
  }

  /** Afresh, since an element that failed keeps its error; at the place where it was. */
  function load(seconds) {
    audio.src = items[current].querySelector('audio').src
    if (seconds > 0) audio.currentTime = seconds
    audio.play().catch(() => {})
  }

  function forget() {
    if (lost) clearTimeout(lost.timer)
    lost = undefined
  }

  const say = (text, isProblem) => {
    under.textContent = text
    under.classList.toggle('problem', isProblem)
  }

  /** Waits, longer each time, and goes on where the song stopped; at once when the browser says that the network is back. */
  function waitForNetwork() {
    const tries = lost ? lost.tries + 1 : 0
    const seconds = lost ? lost.seconds : audio.currentTime
    forget()
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries)
    lost = { tries, seconds, timer: setTimeout(tryAgain, wait) }
    say('No connection. It goes on by itself.', true)
    showState()
  }

  async function tryAgain() {
    if (!lost) return
    clearTimeout(lost.timer)
    const asked = lost
    const status = await fetch(items[current].querySelector('audio').src, { method: 'HEAD', cache: 'no-store' }).then(
      (reply) => reply.status,
      () => 0,
    )
    if (lost !== asked) return
    if (status === 0 || status >= 500 || status === 429) waitForNetwork()
    else if (status >= 400) {
      forget()
      say('This song can not be played now. Open the link again, or choose another.', true)
      showState()
    } else load(lost.seconds)
  }

  /** The listener does not want to wait. */
  function giveUp() {
    const { seconds } = lost
    forget()
    audio.pause()
    say('No connection.', true)
    showPaused(seconds)
  }

  function showPaused(seconds) {
    seek.value = seconds
    passed.textContent = clock(seconds)
    showState()
  }

  function mark(item, on) {
    if (!item) return
    item.classList.toggle('playing', on)
    item.classList.remove('sounding')
    const line = item.querySelector('.line')
    if (on) line.setAttribute('aria-current', 'true')
    else line.removeAttribute('aria-current')
  }

  const actions = {
    previoustrack: () => play(current - 1),
    nexttrack: () => play(current + 1),
    seekto: ({ seekTime }) => seekTo(seekTime),
    seekforward: ({ seekOffset }) => seekTo(audio.currentTime + (seekOffset || 10)),
    seekbackward: ({ seekOffset }) => seekTo(Math.max(0, audio.currentTime - (seekOffset || 10))),
  }
  for (const [action, handler] of Object.entries(actions)) {
    try {
      navigator.mediaSession?.setActionHandler(action, handler)
    } catch {
      // A browser that does not know the action.
    }
  }
  const showPosition = () => {
    const { duration, currentTime: position, playbackRate } = audio
    if (!Number.isFinite(duration) || position > duration) return
    navigator.mediaSession?.setPositionState?.({ duration, position, playbackRate })
  }

  const showState = () => {
    // Waiting for the network is playing, too: the button ends it.
    const paused = audio.paused && !lost
    toggle.replaceChildren(icon(paused ? 'play' : 'pause'))
    toggle.setAttribute('aria-label', paused ? 'Play' : 'Pause')
    items[current]?.classList.toggle('sounding', !audio.paused && !lost)
    showPosition()
  }
  // The network may be away, or the song's address may have died since the page was loaded: asking for it tells which.
  const onError = () => {
    if (current < 0 || !audio.error) return
    if (lost) waitForNetwork()
    else {
      lost = { tries: -1, seconds: audio.currentTime, timer: undefined }
      void tryAgain()
    }
  }
  audio.addEventListener('error', onError)
  // A network that went away without a word: the browser waits for ever.
  let stalled
  const watchStall = () => {
    clearTimeout(stalled)
    stalled = setTimeout(() => {
      if (!audio.paused && !lost && audio.readyState < 3) waitForNetwork()
    }, STALL_MS)
  }
  audio.addEventListener('waiting', watchStall)
  audio.addEventListener('playing', () => {
    clearTimeout(stalled)
    if (!lost) return
    forget()
    say(items[current].dataset.artist, false)
    showState()
  })
  addEventListener('online', () => tryAgain())
  audio.addEventListener('seeked', showPosition)
  audio.addEventListener('play', showState)
  audio.addEventListener('pause', showState)
  audio.addEventListener('ended', () => play(current + 1))
  audio.addEventListener('durationchange', () => {
    if (Number.isFinite(audio.duration)) showLength(audio.duration)
  })
  audio.addEventListener('timeupdate', () => {
    seek.value = audio.currentTime
    passed.textContent = clock(audio.currentTime)
    seek.setAttribute('aria-valuetext', clock(audio.currentTime))
  })

  for (const [index, item] of items.entries()) {
    const line = item.querySelector('.line')
    const control = make('button', { type: 'button', className: 'line' }, ...line.childNodes)
    control.addEventListener('click', () => (index === current ? toggle.click() : play(index)))
    line.replaceWith(control)
  }
  // Once something plays the key that pressed it pauses: it keeps the focus, and a song must not begin anew.
  const all = button('play', items.length === 1 ? 'Play song' : 'Play all', (event) => {
    if (event.detail === 0 && current >= 0) toggle.click()
    else play(0)
  })
  all.append(items.length === 1 ? ' Play song' : ' Play all')
  all.className = 'button main'
  document.getElementById('actions').prepend(all)

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|BUTTON|A|TEXTAREA)$/.test(event.target.tagName))
      return
    if (event.key === ' ') {
      event.preventDefault()
      if (current < 0) play(0)
      else toggle.click()
    } else if (event.key === 'ArrowRight') seekTo(audio.currentTime + 10)
    else if (event.key === 'ArrowLeft') seekTo(Math.max(0, audio.currentTime - 10))
    else if (event.key === 'n') play(current + 1)
    else if (event.key === 'p') play(current - 1)
  })
}
