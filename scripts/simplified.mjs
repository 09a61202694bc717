// Makes internal/platform/text/simplified.txt: pairs of a traditional character and the simple one that stands for it.
//   node scripts/simplified.mjs Unihan_Variants.txt Unihan_OtherMappings.txt >internal/platform/text/simplified.txt
// Both files are of Unicode's Unihan database (Debian: package unicode-data, /usr/share/unicode). Of several simple forms
// the one that GB 2312 has is taken, never the character itself. The rest of the file says what was decided by hand.
import { readFileSync } from 'node:fs'

const [variants, mappings] = process.argv.slice(2).map((path) =>
  readFileSync(path, 'utf8').split('\n').filter((l) => l.startsWith('U+')).map((l) => l.split('\t')))
const point = (s) => parseInt(s.slice(2), 16)
const usual = new Set(mappings.filter(([, field]) => field === 'kGB0').map(([c]) => point(c)))
const table = new Map()
const common = (c) => c >= 0x4e00 && c <= 0x9fff

for (const [character, field, value] of variants) {
  const from = point(character)
  if (field !== 'kSimplifiedVariant' || !common(from)) continue
  const to = value.split(' ').map(point).filter((c) => c !== from && common(c))
  to.sort((a, b) => usual.has(b) - usual.has(a) || a - b)
  if (to.length) table.set(from, to[0])
}
// Forms that are the same word but not in the field, and 幺, which is a word of its own.
const more = `
  妳你 牠它 裏里 爲为 衆众 麽么 麴曲 槪概 旣既 內内 戶户 説说 稅税 脫脱 悅悦 靑青 録录 鬭斗 餘余 瞭了 喫吃 羣群 麪面 綫线 纔才
  週周 佔占 姪侄 啓启 牀床 峯峰 汙污 溼湿 鷄鸡 佈布 嚐尝 証证 汎泛 廻回 倖幸 僱雇 崑昆 巖岩 慾欲 託托 揹背 搾榨 擡抬 昇升 暱昵
  樑梁 殭僵 燻熏 痠酸 癡痴 痺痹 砲炮 祕秘 籤签 綵彩 脣唇 蓆席 蔘参 譭毁 鍊炼 鑑鉴 餵喂 鬨哄 盃杯 兇凶 讚赞 淨净 糉粽 菸烟`
for (const pair of more.trim().split(/\s+/)) table.set(pair.codePointAt(0), pair.codePointAt(1))
table.delete('幺'.codePointAt(0))

const end = (c) => {
  for (let n = 0; n < 4 && table.has(c); n++) c = table.get(c)
  return c
}
let line = ''
for (const from of [...table.keys()].sort((a, b) => a - b)) {
  const to = end(from)
  if (to === from) continue
  line += String.fromCodePoint(from, to)
  if (line.length === 80) {
    console.log(line)
    line = ''
  }
}
if (line) console.log(line)
