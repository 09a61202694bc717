// A mail server of our own: takes every mail and keeps it, so that tests can read what was sent.
import { createServer } from 'node:net'
import { until } from './browser.mjs'

export class Mailbox {
  /** What arrived: { to, text } with the whole mail, its base64 and quoted-printable parts decoded. */
  mails = []
  #server

  static async open() {
    const box = new Mailbox()
    box.#server = createServer((socket) => box.#talk(socket))
    await new Promise((done) => box.#server.listen(0, '127.0.0.1', done))
    box.port = box.#server.address().port
    return box
  }

  /** Waits for the first mail to somebody. */
  mailTo(address) {
    return until(() => this.mails.find((m) => m.to.some((line) => line.includes(address))), `a mail to ${address}`)
  }

  close() {
    return new Promise((done) => this.#server.close(done))
  }

  /** SMTP (RFC 5321), as much of it as a sender needs. */
  #talk(socket) {
    let waiting = ''
    let inData = false
    let mail = { to: [], lines: [] }
    const say = (line) => socket.write(`${line}\r\n`)
    const hear = (line) => {
      if (inData) {
        if (line !== '.') return void mail.lines.push(line.replace(/^\.\./, '.'))
        inData = false
        this.mails.push({ to: mail.to, text: decoded(mail.lines.join('\n')) })
        mail = { to: [], lines: [] }
        return say('250 kept')
      }
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'EHLO' || verb === 'HELO') say('250 mailbox')
      else if (verb === 'RCPT') say((mail.to.push(line), '250 fine'))
      else if (verb === 'DATA') say(((inData = true), '354 go on'))
      else if (verb === 'QUIT') socket.end('221 bye\r\n')
      else say('250 fine')
    }
    socket.on('data', (data) => {
      waiting += data.toString('utf8')
      for (let end; (end = waiting.indexOf('\r\n')) >= 0; waiting = waiting.slice(end + 2)) hear(waiting.slice(0, end))
    })
    socket.on('error', () => socket.destroy())
    say('220 mailbox')
  }
}

/** The parts of a mail as text: those in base64 or quoted-printable are opened. */
function decoded(mail) {
  return mail
    .split(/\n--/)
    .map((part) => {
      const [head, ...rest] = part.split('\n\n')
      const body = rest.join('\n\n')
      if (/transfer-encoding: *base64/i.test(head)) return `${head}\n\n${Buffer.from(body.replace(/\s/g, ''), 'base64').toString('utf8')}`
      if (!/transfer-encoding: *quoted-printable/i.test(head)) return part
      const bytes = body.replace(/=\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
      return `${head}\n\n${Buffer.from(bytes, 'latin1').toString('utf8')}`
    })
    .join('\n--')
}
