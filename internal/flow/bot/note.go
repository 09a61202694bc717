package bot

import (
	"slices"
	"strings"

	"yingda.dev/internal/desk"
)

// note is what colleagues find when the bot hands over: why, what was said and
// collected, and replies that they may use. not names knowledge that is no reply.
func (w *work) note(reason string, v session, score float64, not ...string) desk.Content {
	c := desk.TextContent(summary(w.s.deps.Book.localeOf(w.ctx, w.turn.account), reason, v, score))
	for _, r := range w.replies(reason, v, append(not, w.session.Hit)) {
		c.Parts = append(c.Parts, desk.Part{Type: desk.ButtonsPart, Text: r.text, Buttons: []desk.Button{{Label: cut(r.title, 80)}}})
	}
	if c.Validate() != nil { // knowledge is longer than a message may be
		c.Parts = c.Parts[:1]
	}
	return c
}

type reply struct{ title, text string }

// replyAt is from which confidence on a reply is worth a look.
const replyAt = 0.2

// replies are what a colleague may answer: what nobody looked at in time, and
// what the knowledge says to the customer's questions and they have not heard.
func (w *work) replies(reason string, v session, not []string) (out []reply) {
	if w.expired.ID != "" {
		if d := w.s.open(w.ctx, w.keys, w.expired); d.Content.PlainText() != "" {
			return []reply{{d.Title, d.Content.PlainText()}}
		}
	}
	if reason == Failure || reason == ReviewExpired || w.s.deps.Knowledge == nil {
		return nil // what is broken is not asked once more
	}
	found := w.evidence.found
	if found.Confidence < replyAt { // "a person, please" is not what it is about
		var err error
		if len(v.Said) == 0 {
			return nil
		}
		text := cut(strings.Join(v.Said, " "), maxQuestion)
		found, err = w.s.deps.Knowledge.Find(w.ctx, w.turn.account, Ask{Text: text, Locale: w.question.locale, Channel: w.s.channel(w.ctx, w.turn), Limit: 5, Effort: w.s.load.effort()})
		if err != nil {
			return nil // people take over all the same
		}
	}
	for _, h := range found.Hits {
		text := h.Answer.PlainText()
		if len(out) < mostSuggestions && text != "" && found.Confidence*h.P >= replyAt*found.Hits[0].P && !slices.Contains(not, h.ID) {
			out = append(out, reply{h.Title, text})
		}
	}
	return out
}
