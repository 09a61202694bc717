/** Copies text. navigator.clipboard is missing on plain-http hosts, where the old way still works. False when neither does. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const box = document.createElement('textarea')
    box.value = text
    box.setAttribute('readonly', '')
    box.style.position = 'fixed'
    box.style.opacity = '0'
    // Inside an open dialog, because a dialog keeps the focus.
    const host = document.querySelector('[role="dialog"]') ?? document.body
    host.append(box)
    box.select()
    const done = document.execCommand('copy')
    box.remove()
    return done
  }
}

/** Offers text as a file to keep. */
export function download(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
