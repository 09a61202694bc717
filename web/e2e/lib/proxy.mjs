// A TCP proxy in front of the program with the bad manners of real networks.
import { createServer, connect } from 'node:net'

export class Proxy {
  /** No WebSockets: connections that ask for one are cut. */
  upgrades = true
  /** Streams are held back until they end, which they never do. */
  streams = true
  /** Requests that wait are cut after a second. */
  waits = true
  /** Nothing gets through at all. */
  up = true
  #open = new Set()
  #server

  static async start(target) {
    const proxy = new Proxy()
    const to = new URL(target)
    proxy.#server = createServer((client) => {
      if (!proxy.up) return client.destroy()
      const server = connect(Number(to.port), to.hostname)
      const both = { client, server }
      proxy.#open.add(both)
      const end = () => {
        proxy.#open.delete(both)
        client.destroy()
        server.destroy()
      }
      let held = false
      client.on('data', (data) => {
        const text = data.toString('latin1')
        if (!proxy.upgrades && /^upgrade: *websocket/im.test(text)) return end()
        if (!proxy.streams && text.includes('POST /rpc/v1/stream')) held = true
        if (!proxy.waits && /"wait":[1-9]/.test(text)) setTimeout(end, 1_000)
        server.write(data)
      })
      server.on('data', (data) => {
        if (!held) client.write(data)
      })
      for (const socket of [client, server]) socket.on('error', end).on('close', end)
    })
    await new Promise((done) => proxy.#server.listen(0, '127.0.0.1', done))
    proxy.base = `http://127.0.0.1:${proxy.#server.address().port}`
    return proxy
  }

  /** Cuts every connection there is. */
  cut() {
    for (const { client, server } of this.#open) {
      client.destroy()
      server.destroy()
    }
  }

  stop() {
    this.cut()
    return new Promise((done) => this.#server.close(done))
  }
}
