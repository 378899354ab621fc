/** Web Push: this browser as a target. */
{
  const { make, ask, button, say } = notifications
  const WORKER = 'plugins/notifications/assets/push-worker.js'

  function bytesOf(text) {
    const base64 = text.replace(/-/g, '+').replace(/_/g, '/')
    return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))
  }

  async function subscribe(vapidPublicKey) {
    if ((await Notification.requestPermission()) !== 'granted')
      throw new Error('This browser does not allow notifications of this site. Its settings can allow them.')
    const registration = await navigator.serviceWorker.register(WORKER)
    await new Promise((resolve) => {
      const worker = registration.active ?? registration.waiting ?? registration.installing
      const look = () => worker.state === 'activated' && resolve()
      worker.addEventListener('statechange', look)
      look()
    })
    const before = await registration.pushManager.getSubscription()
    const key = bytesOf(vapidPublicKey)
    const known = before?.options.applicationServerKey && new Uint8Array(before.options.applicationServerKey)
    // Made for another key: the server could not use it.
    if (known && (known.length !== key.length || known.some((byte, index) => byte !== key[index])))
      await before.unsubscribe()
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  }

  /** The button, or why there is none. */
  notifications.pushPart = (vapidPublicKey, changed) => {
    const isThere = 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window
    if (!isThere)
      return make(
        'p',
        { class: 'soft' },
        isSecureContext
          ? 'This browser has no Web Push. On an iPhone, put this page on the home screen first.'
          : 'Web Push needs an https address.',
      )
    return button('Notify this browser', async () => {
      const { endpoint, keys } = (await subscribe(vapidPublicKey)).toJSON()
      await ask('api/notifications/targets', {
        method: 'POST',
        body: { channel: 'webpush', name: browserName(), target: { endpoint, keys } },
      })
      say('This browser is notified from now on.')
      await changed()
    })
  }

  function browserName() {
    const agent = navigator.userAgent
    const browser = /Firefox|Edg|OPR|Chrome|Safari/.exec(agent)?.[0].replace('Edg', 'Edge').replace('OPR', 'Opera')
    const system = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent)?.[0]
    return [browser, system].filter(Boolean).join(', ') || 'Browser'
  }
}
