package dispatch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// alertCalm is for how long a rule must be kept before its alert is over: a
// queue that goes up and down at the mark rings once.
const alertCalm = 30 * time.Second

// alarm is an alert that is on.
type alarm struct {
	value int64
	since time.Time
	// calm is since when the rule has been kept again; zero while it is broken.
	calm time.Time
}

// state is how an account's queue stands against its rules.
type state struct {
	// broken are the rules that are broken, and how badly.
	broken map[desk.AlertRule]int64
	// next is when that may change though nothing happens; zero for never. So
	// nobody needs to be looked at again and again.
	next time.Time
}

// against holds the queue against the account's rules.
func (p plan) against(now time.Time) state {
	rules, st := p.office.rules.alerts(), state{broken: make(map[desk.AlertRule]int64)}
	if p.office.watch() == watchNothing {
		return st
	}
	var oldest time.Time
	var becomesLate []time.Time
	waiting, late := 0, 0
	alone := make(map[desk.TeamID]int)
	for _, w := range p.queue {
		entry := p.entries[w.ID]
		if entry.Choice.Unhurried() {
			continue // they know that it will take a while
		}
		waiting++
		oldest = sooner(oldest, w.WaitingSince)
		switch within := p.office.rules.answerWithin(p.office.workOf(w.Team)); {
		case entry.Escalated || within > 0 && now.Sub(w.WaitingSince) > within:
			late++
		case within > 0:
			becomesLate = append(becomesLate, w.WaitingSince.Add(within))
		}
		alone[w.Team]++
	}
	if most := time.Duration(rules.LongestWaitSeconds) * time.Second; most > 0 && waiting > 0 {
		if longest := now.Sub(oldest); longest > most {
			st.broken[desk.AlertLongestWait] = int64(longest / time.Second)
		} else {
			st.next = sooner(st.next, after(oldest.Add(most)))
		}
	}
	if rules.Waiting > 0 && waiting > rules.Waiting {
		st.broken[desk.AlertWaiting] = int64(waiting)
	}
	switch lacks := rules.AtRisk - late; {
	case rules.AtRisk <= 0:
	case lacks <= 0:
		st.broken[desk.AlertAtRisk] = int64(late)
	case lacks <= len(becomesLate):
		slices.SortFunc(becomesLate, time.Time.Compare)
		st.next = sooner(st.next, after(becomesLate[lacks-1]))
	}
	if rules.Nobody {
		p.lonely(&st, alone, now)
	}
	return st
}

// after is a moment later: a limit is kept while it is just reached.
func after(t time.Time) time.Time { return t.Add(time.Millisecond) }

// lonely counts those who wait in working hours for a team of which nobody is
// there.
func (p plan) lonely(st *state, alone map[desk.TeamID]int, now time.Time) {
	n := 0
	for team, waiting := range alone {
		if p.crew(team).there > 0 {
			continue
		}
		opens, ok := p.office.opens(team, now)
		switch {
		case !ok:
		case opens.After(now):
			st.next = sooner(st.next, opens)
		default:
			n += waiting
			if closes, ok := p.office.closes(team, now); ok {
				st.next = sooner(st.next, closes)
			}
		}
	}
	if n > 0 {
		st.broken[desk.AlertNobody] = int64(n)
	}
}

// alert raises what has begun and ends what is over, and sees to it that
// somebody looks when that changes.
func (s *Service) alert(ctx context.Context, account desk.AccountID, p plan) error {
	now := s.deps.Clock.Now()
	st := p.against(now)
	news, calm := s.board.alarms(account, st.broken, now)
	s.board.again(account, sooner(st.next, calm))
	for _, a := range news {
		if err := s.ring(ctx, p.office, a); err != nil {
			return err
		}
		s.board.rang(account, a.fact)
	}
	return nil
}

// ringing is an alert to be told of.
type ringing struct {
	account desk.AccountID
	fact    desk.QueueAlert
}

// alarms compares what is broken with what was told. calm is when the first
// alert ends that is on and not broken any more; zero if there is none.
func (b *board) alarms(account desk.AccountID, broken map[desk.AlertRule]int64, now time.Time) (out []ringing, calm time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(account)
	for rule, value := range broken {
		on, rang := c.alarms[rule]
		if !rang {
			out = append(out, ringing{account, desk.QueueAlert{Rule: rule, On: true, Value: value, Since: now}})
			continue
		}
		on.calm = time.Time{}
		c.alarms[rule] = on
	}
	for rule, on := range c.alarms {
		if _, still := broken[rule]; still {
			continue
		}
		if on.calm.IsZero() || now.Before(on.calm) { // or the clock was put back
			on.calm = now
			c.alarms[rule] = on
		}
		if now.Sub(on.calm) >= alertCalm {
			out = append(out, ringing{account, desk.QueueAlert{Rule: rule, Since: on.since}})
		} else {
			calm = sooner(calm, on.calm.Add(alertCalm))
		}
	}
	slices.SortFunc(out, func(x, y ringing) int { return boolInt(x.fact.On) - boolInt(y.fact.On) })
	return out, calm
}

func boolInt(on bool) int {
	if on {
		return 1
	}
	return 0
}

// rang notes that everybody was told.
func (b *board) rang(account desk.AccountID, f desk.QueueAlert) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(account)
	if f.On {
		c.alarms[f.Rule] = alarm{value: f.Value, since: f.Since}
	} else {
		delete(c.alarms, f.Rule)
	}
}

// ring commits an alert, the news of it, and the robots' orders, at once.
func (s *Service) ring(ctx context.Context, o *office, a ringing) error {
	return s.deps.Store.Write(ctx, a.account, func(ctx context.Context, tx *store.Tx) error {
		if a.fact.On {
			row := store.QueueAlert{AccountID: a.account, Rule: a.fact.Rule, Value: a.fact.Value, Since: a.fact.Since}
			if err := tx.PutQueueAlert(ctx, row); err != nil {
				return err
			}
			if err := orderRobots(ctx, tx, a.account, a.fact.Rule, alertText(o.locale, a.fact.Rule, a.fact.Value), string(a.fact.Rule)); err != nil {
				return err
			}
		} else if on, err := tx.DeleteQueueAlert(ctx, a.account, a.fact.Rule); err != nil || !on {
			return err
		}
		return tx.Emit(desk.Event{AccountID: a.account, Actor: desk.Author{Kind: desk.BySystem}, Fact: a.fact})
	})
}

// alertText is what a robot says, in the account's language.
func alertText(locale desk.Locale, rule desk.AlertRule, value int64) string {
	if locale == desk.English {
		switch rule {
		case desk.AlertLongestWait:
			return fmt.Sprintf("[Yingda] A customer has been waiting for %s.", minutes(value, "%d min %d s"))
		case desk.AlertWaiting:
			return fmt.Sprintf("[Yingda] %d customers are waiting.", value)
		case desk.AlertAtRisk:
			return fmt.Sprintf("[Yingda] %d customers have waited longer than the time to answer.", value)
		case desk.AlertNobody:
			return fmt.Sprintf("[Yingda] %d customers are waiting in working hours and nobody is online.", value)
		case desk.AlertEscalated:
			return "[Yingda] A conversation was escalated."
		}
		return "[Yingda] Test message: this group will be told when customers wait too long."
	}
	switch rule {
	case desk.AlertLongestWait:
		return fmt.Sprintf("【应答】有客户已等待 %s。", minutes(value, "%d 分 %d 秒"))
	case desk.AlertWaiting:
		return fmt.Sprintf("【应答】当前有 %d 位客户排队。", value)
	case desk.AlertAtRisk:
		return fmt.Sprintf("【应答】有 %d 位客户的等待已超过应答时限。", value)
	case desk.AlertNobody:
		return fmt.Sprintf("【应答】工作时间内无人在线，%d 位客户正在等待。", value)
	case desk.AlertEscalated:
		return "【应答】有一个会话被升级。"
	}
	return "【应答】测试消息：客户等待过久等情况会通知到本群。"
}

func minutes(seconds int64, format string) string { return fmt.Sprintf(format, seconds/60, seconds%60) }

// Alerts lists what is on.
func (s *Service) Alerts(ctx context.Context, account desk.AccountID) ([]desk.QueueAlert, error) {
	rows, err := s.deps.Store.QueueAlerts(ctx, account)
	out := make([]desk.QueueAlert, len(rows))
	for i, r := range rows {
		out[i] = desk.QueueAlert{Rule: r.Rule, On: true, Value: r.Value, Since: r.Since}
	}
	return out, err
}

// Day is how waits ended since a time.
type Day struct {
	Assigned, Abandoned, Closed int64
	// Waited is how long those who got somebody had waited, on average.
	Waited time.Duration
}

// Day counts how waits ended since a time.
func (s *Service) Day(ctx context.Context, account desk.AccountID, since time.Time) (Day, error) {
	all, err := s.deps.Store.QueueOutcomes(ctx, account, since)
	d := Day{Assigned: all[store.QueueAssigned].Count, Abandoned: all[store.QueueAbandoned].Count, Closed: all[store.QueueClosed].Count}
	if d.Assigned > 0 {
		d.Waited = all[store.QueueAssigned].Waited / time.Duration(d.Assigned)
	}
	return d, err
}
