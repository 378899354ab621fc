// The least that uWebSockets.js can do: what the server's ping is compared with.
import { App, us_listen_socket_close, us_socket_local_port } from 'uWebSockets.js'

const body = JSON.stringify({
  'subsonic-response': { status: 'ok', version: '1.16.1', type: 'bare', openSubsonic: true },
})
const app = App()
app.any('/*', (response) => {
  response.writeHeader('content-type', 'application/json').end(body)
})
app.listen('127.0.0.1', 0, (socket) => {
  if (!socket) process.exit(1)
  process.on('disconnect', () => us_listen_socket_close(socket))
  process.send(us_socket_local_port(socket))
})
