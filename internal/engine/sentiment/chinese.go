package sentiment

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/platform/text"
)

// What a word does to others, beside its own strength.
type role uint8

const (
	feels    role = iota // has a strength
	denies               // 不, 没
	raises               // 太, 非常
	lowers               // 有点
	closes               // 死了, 极了: raises what stands before
	but                  // 但是: what follows counts more
	wonders              // 如果, 会不会: the clause tells of no mood
	softens              // 吗 makes praise a question
	unlikely             // 难道 makes the clause a reproach
)

type entry struct {
	strength float32
	role     role
}

// chinese weighs Chinese by its lexicon and rules.
type chinese struct {
	words map[string]entry
	// longest is the length in characters of the longest entry that begins with a character.
	longest map[rune]int
}

// helpers are the words that steer others.
var helpers = map[role]string{
	denies:   "不 没 没有 别 无 未 非 并非 绝非 并不 毫无 毫不 从不 从没 不是 不太 不怎么 不够 不会 不能 不算 没那么 谈不上 冇 唔 勿 莫",
	raises:   "太 很 非常 特别 超 超级 超超 极其 极度 巨 贼 真 真的 真是 挺 十分 相当 最 更 更加 忒 老 根本 简直 特 无比 格外 尤其 完全 一直 那么 这么 实在 确实 好生 老是 总是 so very",
	lowers:   "有点 有点儿 有些 稍微 稍 略 略微 还算 比较 一点点 多少有点",
	closes:   "死了 死我 极了 透了 爆了 得很 得要命 要命 到家 炸了 坏我 煞了",
	but:      "但是 但 可是 然而 不过 只是 就是",
	wonders:  "如果 要是 假如 万一 会不会 是否 是不是 能不能 可不可以 怎样才 请问 怎么 想问 咨询 了解一下 流程",
	softens:  "吗 么 嘛",
	unlikely: "难道 岂",
}

func newChinese() (chinese, error) {
	c := chinese{words: make(map[string]entry, 1200), longest: make(map[rune]int, 600)}
	add := func(word string, e entry) {
		word = text.Normalize(word)
		first, _ := utf8.DecodeRuneInString(word)
		c.words[word] = e
		c.longest[first] = max(c.longest[first], utf8.RuneCountInString(word))
	}
	for r := denies; r <= unlikely; r++ {
		for w := range strings.FieldsSeq(helpers[r]) {
			add(w, entry{role: r})
		}
	}
	return c, pairs(chineseWords, func(word, strength string) error {
		v, err := strconv.ParseFloat(strength, 32)
		add(word, entry{strength: float32(v)})
		return err
	})
}

// finding is what the rules found in a text.
type finding struct {
	compound            float64 // -1 to 1
	pleased, displeased float64 // the strengths of each side
	exclaims, asks      int
}

// How helpers and marks change strengths, found on the corpus of this folder.
const (
	raised       = 1.4
	lowered      = 0.6
	deniedPraise = -0.8
	deniedBlame  = -0.4
	wondering    = 0.3
	softened     = 0.3
	beforeBut    = 0.6
	afterBut     = 1.3
	perExclaim   = 0.3
	perQuestion  = 0.4
	reach        = 4 // how far a helper reaches, in characters
	chineseAlpha = 8
)

// clause is a stretch of text without punctuation, as it is read.
type clause struct {
	felt              []float64
	last              int // where the last strength ended
	denied, degreed   int // where the last helper ended, plus one
	times             int // how often it is denied
	factor            float64
	wonders, softened bool
	reproach          bool
}

func newClause() clause { return clause{factor: 1} }

// weigh reads a normalised, simplified text.
func (c chinese) weigh(s string) finding {
	var f finding
	var done []float64
	now := newClause()
	finish := func() {
		done = append(done, now.sums()...)
		now = newClause()
	}
	at, before := 0, rune(0) // in characters
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		e, n, runes := c.longestAt(s[i:], r)
		if n == 0 {
			switch {
			case r == '!':
				f.exclaims++
				finish()
			case r == '?':
				f.asks++
				finish()
			case r != '\'' && (unicode.IsPunct(r) || r == '\n' || r == '~'):
				finish()
			}
			i, at, before = i+size, at+1, r
			continue
		}
		switch {
		case e.role == but:
			finish()
			for k := range done {
				done[k] *= beforeBut
			}
			now.factor = afterBut
		case e.role == denies && s[i:i+n] == "不" && follows(s[i+n:], before):
			now.wonders = true // 贵不贵
		default:
			now.take(e, at, runes)
		}
		last, _ := utf8.DecodeLastRuneInString(s[i : i+n])
		i, at, before = i+n, at+runes, last
	}
	finish()
	sum := 0.0
	for _, v := range done {
		sum += v
		f.pleased += max(v, 0)
		f.displeased += max(-v, 0)
	}
	f.compound = squash(f.emphasise(sum), chineseAlpha)
	return f
}

// longestAt finds the longest entry at the beginning of s.
func (c chinese) longestAt(s string, first rune) (e entry, n, runes int) {
	most := c.longest[first]
	if most == 0 {
		return entry{}, 0, 0
	}
	end, count := 0, 0
	for count < most && end < len(s) {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
		count++
		if w, ok := c.words[s[:end]]; ok && (first >= utf8.RuneSelf || !inWord(s[end:])) {
			e, n, runes = w, end, count
		}
	}
	return e, n, runes
}

// inWord reports whether a Latin word goes on.
func inWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return 'a' <= r && r <= 'z'
}

func follows(s string, r rune) bool {
	next, _ := utf8.DecodeRuneInString(s)
	return r != 0 && next == r
}

// take reads one word of a clause that begins at a character.
func (c *clause) take(e entry, at, runes int) {
	end := at + runes
	switch e.role {
	case denies:
		c.times++
		c.denied = end + 1
	case raises:
		if c.degreed == 0 || at-c.degreed+1 > reach {
			c.factor = c.base()
		}
		c.factor *= raised
		c.degreed = end + 1
	case lowers:
		c.factor = c.base() * lowered
		c.degreed = end + 1
	case closes:
		if n := len(c.felt); n > 0 && at-c.last <= reach {
			c.felt[n-1] *= raised
		}
	case wonders:
		c.wonders = true
	case softens:
		c.softened = true
	case unlikely:
		c.reproach = true
	case feels, but:
		if e.strength == 0 {
			return
		}
		v := float64(e.strength)
		if c.degreed > 0 && at-c.degreed+1 <= reach {
			v *= min(c.factor, 2)
		} else {
			v *= c.base()
		}
		if c.times%2 == 1 && at-c.denied+1 <= reach {
			if v > 0 {
				v *= deniedPraise
			} else {
				v *= deniedBlame
			}
		}
		c.times, c.degreed, c.factor = 0, 0, c.base()
		c.felt = append(c.felt, v)
		c.last = end
	}
}

// base is what a word in this clause counts without a degree.
func (c *clause) base() float64 {
	if c.factor == afterBut {
		return afterBut
	}
	return 1
}

// sums are the strengths of a clause after all of it is read.
func (c *clause) sums() []float64 {
	for i, v := range c.felt {
		switch {
		case c.reproach && v > 0:
			v = -v * lowered
		case c.wonders:
			v *= wondering
		case c.softened && v > 0:
			v *= softened
		}
		c.felt[i] = v
	}
	return c.felt
}

// emphasise adds what marks mean: "!!" makes more of what is said, "???" is
// impatience unless something nice was said.
func (f *finding) emphasise(sum float64) float64 {
	marks := float64(min(f.exclaims, 3)) * perExclaim
	switch {
	case sum > 0:
		return sum + marks
	case sum < 0:
		sum -= marks
	case f.exclaims > 1:
		sum -= perExclaim
	}
	if f.asks > 1 {
		sum -= float64(min(f.asks, 4)) * perQuestion
	}
	return sum
}
