package bot

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/sentiment"
)

// Kind is what the bot does about a question.
type Kind string

// What it can do.
const (
	Answer    Kind = "answer"
	Review    Kind = "review"
	AskBack   Kind = "ask_back"
	RunFlow   Kind = "flow"
	SmallTalk Kind = "smalltalk"
	HandOver  Kind = "hand_over"
)

// Why something is handed over.
const (
	WishForPerson = "wish"
	BadMood       = "mood"
	Unknown       = "unknown"
	Repeated      = "repeated"
	Policy        = "policy"
	FlowSaysSo    = "flow"
	NoText        = "no_text"
	Failure       = "failure"
	ThumbDown     = "thumb_down"
	ReviewExpired = "review_expired"
	ReviewRefused = "review_refused"
	SwitchedOff   = "switched_off"
)

// question is what the customer wrote since the bot last did something, read
// as one.
type question struct {
	text string
	// newest is the newest message of it.
	newest string
	// foreign says that there was something that is no text.
	foreign bool
	form    map[string]string
	locale  desk.Locale
	// settled says that nothing more can be expected: the window is over.
	settled bool
}

// evidence is what engines and stores have to say about a question.
type evidence struct {
	mood    sentiment.Reading
	trend   sentiment.Trend
	meaning Meaning
	found   Found
}

// decision is what is to be done.
type decision struct {
	kind   Kind
	reason string
	// confidence, topic and hit say what it rests on.
	confidence float64
	topic      string
	hit        *Hit
	intent     *Intent
	choices    []choice
	// escalate says that the best there is should look at it.
	escalate bool
	// sure says that nothing more the customer may be about to write is needed.
	sure bool
}

// wish finds who asks for a person in plain words. The model knows more ways to
// say it; these work without one.
var wish = regexp.MustCompile(`(?i)(转|找|要|叫|换|接|联系|需要|有没有|给我)(个|一?下|一个|位|到|你们|真)*(人工|真人|活人|客服人员|人工客服)|^\s*(人工|人工客服|真人|真人客服|客服|转接|转人工.{0,4})[\s!！。.~]*$` +
	`|\b(talk|speak|chat|connect|transfer|get)\b.{0,24}\b(human|person|agent|representative|someone real|operator)\b|^\s*(human|agent|representative|operator|real person)[\s!.]*$`)

// unless finds that somebody does not want one.
var unless = regexp.MustCompile(`(?i)(不用|不要|别|无需|不想|不需要)(转|找|要)?(人工|真人)|\b(don'?t|do not|no need)\b.{0,20}\b(human|agent|person)\b`)

const (
	// wishAt is from which confidence on the model's word for a wish counts.
	wishAt = 0.6
	// talkAt is from which confidence on small talk is answered as such.
	talkAt = 0.7
	// closeAt is how near the second of two answers is when the bot asks which.
	closeAt = 0.5
	// askAt is from which confidence on asking back makes sense at all.
	askAt = 0.35
	// sourAt is the mood below which a person should look at once.
	sourAt = 3
	// furyAt is the same within a flow.
	furyAt = 1
	// mostChoices is how many choices are offered.
	mostChoices = 3
)

// decide is pure: settings, session, question and evidence in, decision out.
// The order is the policy: a wish for a person before everything, anger before
// any answer, a running flow before new answers.
func decide(set Settings, v session, q question, e evidence) decision {
	if wantsPerson(q, e) {
		return decision{kind: HandOver, reason: WishForPerson, confidence: 1, sure: true}
	}
	if sour(len(v.Flow) > 0, q, e) {
		return decision{kind: HandOver, reason: BadMood, confidence: e.mood.Confidence, escalate: true, sure: true}
	}
	if len(v.Flow) > 0 {
		return decision{kind: RunFlow, reason: "running", confidence: 1, intent: nil, sure: true}
	}
	if strings.TrimSpace(q.text) == "" {
		return decision{kind: HandOver, reason: NoText, sure: true}
	}
	if name := aside(q.text); name != "" {
		return decision{kind: SmallTalk, reason: name, confidence: 1, intent: &Intent{Name: name}, sure: name == "@ack"}
	}
	if d, ok := chosen(v, q, e); ok {
		return d
	}
	d := weigh(set, v, q, e)
	if d.hit != nil && d.kind == Answer && d.hit.ID == v.Hit {
		// The same answer again did not help the first time.
		return decision{kind: HandOver, reason: Repeated, confidence: d.confidence, topic: d.topic, hit: d.hit, sure: true}
	}
	if d.kind != HandOver && set.of(d.topic).Person {
		return decision{kind: HandOver, reason: Policy, confidence: d.confidence, topic: d.topic, hit: d.hit, intent: d.intent, sure: d.sure}
	}
	return d
}

// sour tells whether a person should look at once. Within a flow much of what
// is said is an answer to its questions ("质量不好"), so only fury counts there.
func sour(inFlow bool, q question, e evidence) bool {
	if aside(q.text) == "@wordless" && !strings.ContainsFunc(q.text, isPicture) {
		return false // "？？？" asks whether anybody is there, no more
	}
	if e.mood.Label != sentiment.Negative {
		return false
	}
	if inFlow {
		return e.mood.Score < furyAt
	}
	return e.mood.Score < sourAt || e.trend.Sour()
}

func wantsPerson(q question, e evidence) bool {
	if unless.MatchString(q.text) {
		return false
	}
	if wish.MatchString(q.text) {
		return true
	}
	in, ok := first(e.meaning)
	return ok && in.Name == "@person" && e.meaning.Confidence >= wishAt
}

// acks says "good", which needs no answer from knowledge and no understanding.
var acks = regexp.MustCompile(`(?i)^\s*(好+的?(吧|呀|哦|呢|嘞)?|行(吧|的)?|可以了?|嗯+|哦+|噢+|明白了?|知道了?|了解了?|收到|懂了|ok(ay)?|all right|alright|i see|got it|fine|sure|great)[\s。.!！~]*$`)

// aside names what can be told without any engine: "@ack" a word that only says
// that one has heard, "@wordless" signs and pictures without a word; "" is the rest.
func aside(text string) string {
	if acks.MatchString(text) {
		return "@ack"
	}
	if strings.TrimSpace(text) != "" && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
		return "@wordless"
	}
	return ""
}

// isPicture tells an emoji from a sign of punctuation.
func isPicture(r rune) bool { return unicode.Is(unicode.So, r) }

func first(m Meaning) (Intent, bool) {
	if len(m.Intents) == 0 {
		return Intent{}, false
	}
	return m.Intents[0], true
}

// chosen is the answer to what the bot asked back.
func chosen(v session, q question, e evidence) (decision, bool) {
	for _, c := range v.Choices {
		if !strings.EqualFold(strings.TrimSpace(q.text), c.Label) {
			continue
		}
		for i := range e.found.Hits {
			if h := &e.found.Hits[i]; c.Hit != "" && h.ID == c.Hit {
				return decision{kind: Answer, reason: "chosen", confidence: 1, topic: h.Topic, hit: h, sure: true}, true
			}
		}
		for i := range e.meaning.Intents {
			if in := &e.meaning.Intents[i]; c.Intent != "" && in.Name == c.Intent {
				return decision{kind: RunFlow, reason: "chosen", confidence: 1, topic: in.Topic, intent: in, sure: true}, true
			}
		}
	}
	return decision{}, false
}

// weigh sets what the text may want against what is known about it.
func weigh(set Settings, v session, q question, e evidence) decision {
	in, some := first(e.meaning)
	small := some && strings.HasPrefix(in.Name, "@")
	meant := e.meaning.Confidence
	if small && meant >= talkAt && meant >= e.found.Confidence {
		kind := SmallTalk
		if in.Name == "@complaint" && len(in.Actions) > 0 {
			kind = RunFlow
		}
		// "在吗" is mostly followed by what it is about.
		return decision{kind: kind, reason: in.Name, confidence: meant, topic: in.Topic, intent: &in, sure: in.Name != "@greeting" && ends(q.newest)}
	}
	if some && !small && len(in.Actions) > 0 {
		t := set.of(in.Topic)
		best := meant >= e.found.Confidence
		switch {
		case best && meant >= t.AnswerAt:
			return decision{kind: RunFlow, reason: "intent", confidence: meant, topic: in.Topic, intent: &in, sure: ends(q.newest)}
		case best && meant >= t.ReviewAt && !v.Asked:
			return decision{
				kind: AskBack, reason: "intent", confidence: meant, topic: in.Topic, intent: &in,
				choices: offers(e), sure: false,
			}
		}
	}
	if len(e.found.Hits) == 0 {
		return decision{kind: HandOver, reason: Unknown, confidence: max(e.found.Confidence, 0)}
	}
	h := &e.found.Hits[0]
	t := set.of(h.Topic)
	d := decision{confidence: e.found.Confidence, topic: h.Topic, hit: h}
	near := len(e.found.Hits) > 1 && h.P > 0 && e.found.Hits[1].P/h.P >= closeAt
	switch {
	case e.found.Confidence >= t.AnswerAt:
		d.kind, d.reason, d.sure = Answer, "confident", ends(q.newest)
	case near && e.found.Confidence >= askAt && !v.Asked:
		d.kind, d.reason, d.choices = AskBack, "close", offers(e)
	case e.found.Confidence >= t.ReviewAt:
		d.kind, d.reason = Review, "unsure"
	default:
		d.kind, d.reason = HandOver, Unknown
	}
	return d
}

// offers are what the customer may have meant.
func offers(e evidence) (out []choice) {
	if in, ok := first(e.meaning); ok && len(in.Actions) > 0 && !strings.HasPrefix(in.Name, "@") && in.Title != "" && e.meaning.Confidence >= askAt {
		out = append(out, choice{Label: in.Title, Intent: in.Name})
	}
	for _, h := range e.found.Hits {
		if len(out) == mostChoices || h.P*2 < e.found.Hits[0].P {
			break
		}
		out = append(out, choice{Label: cut(h.Title, 80), Hit: h.ID})
	}
	return out
}

func cut(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes-1]) + "…"
}

// whole is the length from which on a text without an end is taken for one.
const whole = 6

// asking finds what makes a short text a question or a wish, which nothing has
// to follow: "怎么退货", "return policy?".
var asking = regexp.MustCompile(`(?i)怎么|怎样|咋|如何|多少|多久|多大|多长|几[天时点个号折年]|哪|什么|啥|能不能|可不可以|有没有|是不是|要不要|[能可]以?.{2,}|(我要|我想|想要|帮我|申请|取消|修改|更换|办理|开通|补开|开).{2,}` +
	`|^\s*(how|what|where|when|why|which|who|can|could|do|does|is|are|may)\b.+\s.+`)

// opening finds what only begins something, however it is put.
var opening = regexp.MustCompile(`(?i)^[\s，,]*(你好|您好|在吗|hi|hello|请问|想问|咨询|问|我|想|要|帮|麻烦|一下|下|那个|这个|就是|你们|吗|呀|啊|哦|\s|，|,)*$`)

// ends tells whether a text is a whole question rather than the beginning of one.
func ends(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(text)
	if strings.ContainsRune("?？!！。.~吗呢么吧嘛", last) {
		return true
	}
	if last == ',' || last == '，' || last == '、' || last == ':' || last == '：' {
		return false
	}
	han, words := 0, len(strings.Fields(text))
	for _, r := range text {
		if unicode.Is(unicode.Han, r) {
			han++
		}
	}
	if opening.MatchString(text) {
		return false
	}
	return han >= whole || han == 0 && words >= 4 || han+words >= 3 && asking.MatchString(text)
}

// plainly finds single words that nobody writes in Chinese.
var plainly = regexp.MustCompile(`(?i)^\W*(hi|hello|hey|thanks|bye|goodbye|help|please|refund|returns?|order|delivery|shipping|human|agent)\W*$`)

// localeOf is the language of a text; "" if it does not show.
func localeOf(text string) desk.Locale {
	latin := false
	for _, r := range text {
		if unicode.Is(unicode.Han, r) {
			return desk.Chinese
		}
		latin = latin || unicode.Is(unicode.Latin, r)
	}
	if latin && (len(strings.Fields(text)) > 1 || plainly.MatchString(text)) {
		return desk.English
	}
	return ""
}
