/** The ways to put the widget on a site. */
export const ways = ['html', 'gtm', 'vue', 'react', 'wechat'] as const
export type Way = (typeof ways)[number]

/** The attribute's value, safe inside double quotes. Keys and origins never need it; a broken one must not break a page. */
function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}

/** The line to paste. Looks, texts and language come from the inbox, so the line never needs to change. */
export function line(origin: string, key: string): string {
  return `<script async src="${attribute(origin)}/loader.js" data-channel-key="${attribute(key)}"></script>`
}

/** The page of the chat alone. */
export function chatPage(origin: string, key: string): string {
  return `${origin}/chat/${encodeURIComponent(key)}`
}

/** What to copy for each way. */
export function snippet(way: Way, origin: string, key: string): string {
  const loader = [
    `const script = document.createElement('script')`,
    `script.async = true`,
    `script.src = ${JSON.stringify(`${origin}/loader.js`)}`,
    `script.dataset.channelKey = ${JSON.stringify(key)}`,
    `document.head.append(script)`,
  ]
  switch (way) {
    case 'html':
      return line(origin, key)
    case 'gtm':
      // The tag manager runs custom HTML; attributes of a script it inserts itself are lost, so the script makes it.
      return ['<script>', '(function () {', ...loader.map((l) => `  ${l.replace('const', 'var')};`), '})();', '</script>'].join('\n')
    case 'vue':
      return ['// main.ts', ...loader].join('\n')
    case 'react':
      return ['// main.tsx', ...loader].join('\n')
    case 'wechat':
      return chatPage(origin, key)
  }
}

/**
 * Origins from what a person typed: "shop.example", "https://shop.example/page", one a line. Answers the good ones without
 * repeats, and the lines that are none.
 */
export function readOrigins(text: string): { origins: string[]; refused: string[] } {
  const origins = new Set<string>()
  const refused: string[] = []
  for (const typed of text.split(/[\s,，;；]+/).filter(Boolean)) {
    const local = /^(localhost|127\.|\[::1\])/.test(typed)
    try {
      const url = new URL(/^[a-z]+:\/\//i.test(typed) ? typed : `${local ? 'http' : 'https'}://${typed}`)
      if (!/^https?:$/.test(url.protocol) || url.username || !/^[a-z0-9.\-:[\]]+$/i.test(url.host)) throw new TypeError('no origin')
      origins.add(url.origin)
    } catch {
      refused.push(typed)
    }
  }
  return { origins: [...origins], refused }
}
