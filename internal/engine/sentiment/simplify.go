package sentiment

import (
	"strings"
	"unicode/utf8"
)

// traditional and simple are the same characters, pair by pair: those that the
// lexicon and the corpus are made of.
const (
	traditional = "謝謝滿評爛騙氣錢態劣惡壞錯誤遲賠償報復覆還沒這個麼為嗎訴訟處懶煩著難過憤貨質無語話說讚棒專業細負責歡愛開興驚喜動適漂亮價實惠划鮮淨乾靜寬敞便捷時應對讓給買賣賣後對發單訂運費係問題電視員幫換號碼斷網頁總點經營從來們請誰啟嚴違規關閉產虛偽傷臟髒亂詐輕鬆鐘禮貌務優體驗會員準確慘衝撞貴賤僅將絕對"
	simplified  = "谢谢满评烂骗气钱态劣恶坏错误迟赔偿报复复还没这个么为吗诉讼处懒烦着难过愤货质无语话说赞棒专业细负责欢爱开兴惊喜动适漂亮价实惠划鲜净干静宽敞便捷时应对让给买卖卖后对发单订运费系问题电视员帮换号码断网页总点经营从来们请谁启严违规关闭产虚伪伤脏脏乱诈轻松钟礼貌务优体验会员准确惨冲撞贵贱仅将绝对"
)

var simpler = func() map[rune]rune {
	out := make(map[rune]rune)
	to := []rune(simplified)
	for i, r := range []rune(traditional) {
		if r != to[i] {
			out[r] = to[i]
		}
	}
	return out
}()

// simplify makes traditional characters simple ones.
func simplify(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return r
		}
		if to, ok := simpler[r]; ok {
			return to
		}
		return r
	}, s)
}
